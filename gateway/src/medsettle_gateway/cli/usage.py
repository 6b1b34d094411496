"""What was typed wrongly, in both languages: ours say why in each, click's own at least which it is."""

import re
from collections.abc import Sequence
from typing import Any, Final

import click


class WrongUsageError(click.UsageError):
    """What was typed does not fit together."""

    def __init__(self, zh: str, en: str) -> None:
        """Both are whole sentences without their end."""
        super().__init__(en)
        self.zh = zh


class WrongValueError(click.BadParameter):
    """One value is wrong: ``zh`` and ``en`` say why, and what it should be."""

    def __init__(self, zh: str, en: str, **where: Any) -> None:  # noqa: ANN401 - click's own
        """``where``: ``param``, or ``param_hint``, its name."""
        super().__init__(en, **where)
        self.zh = zh


_KINDS: Final[tuple[tuple[type[click.UsageError], str], ...]] = (
    (click.MissingParameter, "缺少参数"),
    (click.NoSuchOption, "没有这个选项"),
    (click.BadOptionUsage, "选项用法不正确"),
    (click.BadArgumentUsage, "参数用法不正确"),
    (click.BadParameter, "参数值不正确"),
)
"""From the narrowest kind to the widest."""
_CAUSES: Final[tuple[tuple[re.Pattern[str], str], ...]] = tuple((re.compile(text), zh) for text, zh in (
    (r"\w+ '(?P<what>.*)' does not exist\.", "{what} 不存在"),
    (r"\w+ '(?P<what>.*)' is a directory\.", "{what} 是目录,应为文件"),
    (r"\w+ '(?P<what>.*)' is a file\.", "{what} 是文件,应为目录"),
    (r"\w+ '(?P<what>.*)' is not (readable|writable)\.", "没有权限读写 {what}"),
    (r"'(?P<what>.*)' is not a valid integer( range)?\.", "应为整数,不是 {what}"),
    (r"(?P<value>\S+) is not in the range (?P<what>.*)\.", "{value} 不在范围 {what} 之内"),
    (r"'(?P<value>.*)' is not (one of )?(?P<what>'.*')\.", "应为 {what},不是 {value}"),
))
"""What click's own types say of a value; of what they say otherwise only the English remains."""


def in_both(error: click.UsageError) -> click.UsageError:
    """Returns the error with a line in Chinese before the English one; help that click shows as one stays."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        return error
    return click.UsageError(f"{_chinese(error)}。\n{error.format_message()}", error.ctx)


def _chinese(error: click.UsageError) -> str:
    if isinstance(error, WrongUsageError):
        return error.zh
    kind = next((zh for kind, zh in _KINDS if isinstance(error, kind)), "用法不正确")
    what = ": ".join(filter(None, (kind, _named(error))))
    why = error.zh if isinstance(error, WrongValueError) else _cause(error.message)
    return ",".join(filter(None, (what, why)))


def _cause(message: str) -> str:
    for pattern, zh in _CAUSES:
        found = pattern.fullmatch(message)
        if found:
            return zh.format(**found.groupdict())
    return ""


def _named(error: click.UsageError) -> str:
    """What the error is about, as it is typed."""
    if isinstance(error, click.NoSuchOption | click.BadOptionUsage):
        return error.option_name
    hint: str | Sequence[str] | None = getattr(error, "param_hint", None)
    param: click.Parameter | None = getattr(error, "param", None)
    if hint is None and param is not None and error.ctx is not None:
        hint = param.get_error_hint(error.ctx)
    if hint is None:
        return ""
    return hint.replace("'", "") if isinstance(hint, str) else ", ".join(hint)
