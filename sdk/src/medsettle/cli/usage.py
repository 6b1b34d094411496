"""What was typed wrongly, in a line of each language: ours say why in both, argparse's own at least where."""

import re
from typing import Final

_PATTERNS: Final[tuple[tuple[re.Pattern[str], str], ...]] = tuple((re.compile(text), zh) for text, zh in (
    (r"the following arguments are required: (?P<what>.*)", "缺少参数 {what}"),
    (r"one of the arguments (?P<what>.*) is required", "须给出其中一个:{what}"),
    (r"argument (?P<what>\S+): not allowed with argument (?P<other>\S+)", "{what} 和 {other} 不能同时给出"),
    (r"unrecognized arguments: (?P<what>.*)", "没有这样的参数:{what}"),
    (r"argument (?P<what>\S+): expected .*", "参数 {what} 后面缺少值"),
    (r"argument COMMAND: invalid choice: (?P<what>'[^']*').*", "没有命令 {what}"),
    (r"argument (?P<what>\S+): invalid choice: (?P<value>'[^']*').*", "参数 {what} 不能是 {value}"),
    (r"argument (?P<what>\S+): ", "参数 {what} 的值不正确"),
))
_BETWEEN: Final = "\n"


def both(zh: str, en: str) -> str:
    """Returns the message of a wrong value, for ``ArgumentTypeError``: why, in both languages."""
    return f"{zh}{_BETWEEN}{en}"


def told(message: str, program: str) -> str:
    """Returns what to print for argparse's message: one line in Chinese, one in English."""
    head, _, why_en = message.partition(_BETWEEN)
    if not why_en:
        return _lines(_chinese(message), message, program)
    name, _, why_zh = head.partition(": ")
    return _lines(f"{_chinese(f'{name}: ')}:{why_zh}", f"{name}: {why_en}", program)


def _chinese(message: str) -> str:
    for pattern, zh in _PATTERNS:
        found = pattern.match(message)
        if found:
            return zh.format(**found.groupdict())
    return "写法不正确"


def _lines(zh: str, en: str, program: str) -> str:
    zh, en = zh.rstrip("。"), en.rstrip(".")
    return f"命令有误:{zh}。请看 {program} --help。\n{program}: {en}. See {program} --help.\n"
