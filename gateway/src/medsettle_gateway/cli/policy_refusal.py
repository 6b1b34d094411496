"""A refusal for a policy officer: its words and what it speaks of, in Chinese and English."""

from collections.abc import Iterator
from typing import Final

import click

from medsettle.wire.reasons import REASONS, Reason
from medsettle_gateway.cli.policy_words import Words, fact_word, value_word
from medsettle_gateway.domain.errors import Refusal
from medsettle_gateway.domain.money import format_fen, parse_fen

_NOT_DESIGNATED_AT_ALL: Final = (
    ("本机构不是医保定点机构。", "This institution is not a designated institution at all."),
    ("非定点机构只能自费结算。", "Only a sale without insurance is possible here."),
)

_DETAIL_WORDS: Final[dict[str, Words]] = {
    "path": ("规则位置", "rule"),
    "clause": ("条款", "clause"),
    "pack": ("政策包", "pack"),
    "benefit": ("待遇", "benefit"),
    "switch": ("地区开关", "switch"),
    "facts": ("条件", "facts"),
    "bound": ("文件的限度", "bound"),
    "got": ("本地参数", "got"),
    "date": ("服务日期", "date"),
    "covered_to": ("待遇截止", "covered_to"),
    "line": ("行号", "line"),
    "amount": ("金额", "amount"),
    "computed": ("单价乘数量", "computed"),
    "standard": ("支付标准", "standard"),
    "name": ("药品", "drug"),
    "condition": ("病种", "condition"),
    "days": ("用量天数", "days"),
    "limit": ("限度", "limit"),
    "sessions": ("次数", "sessions"),
    "above": ("超出", "above"),
    "region": ("统筹区", "region"),
    "scheme": ("险种", "scheme"),
    "cause": ("原因", "cause"),
    "wanted": ("须为", "wanted"),
    "missing": ("缺少", "missing"),
    "institution": ("机构统筹区", "institution's region"),
    "covered_from": ("待遇起始", "covered_from"),
}
_OF_SESSIONS: Final = {"line", "limit", "sessions", "above"}
_NONE: Final = "-"


def refusal_lines(refusal: Refusal) -> Iterator[str]:
    """The code, both sentences with what to do next, and the facts, a line each."""
    yield click.style(f"不予结算 / refused: {refusal.reason.value}", fg="yellow", bold=True)
    (zh, en), (next_zh, next_en) = _texts(refusal)
    yield f"{zh}{next_zh}"
    yield f"{en} {next_en}"
    detail = dict(refusal.detail)
    if "fact" in detail:
        yield from _fact(detail.pop("fact"), detail.pop("value"), detail.pop("wanted"))
    if detail.keys() >= _OF_SESSIONS:
        yield from _sessions(*(detail.pop(name) for name in ("line", "limit", "sessions", "above")))
    for name, value in detail.items():
        label = " / ".join(dict.fromkeys(_DETAIL_WORDS.get(name, (name,))))
        yield f"  {label}: {_facts(value) if name == 'facts' else value}"


def _sessions(line: str, limit: str, sessions: str, above: str) -> Iterator[str]:
    """What was billed up to the line that went above the limit of all sessions, and how much above."""
    whole_fen = parse_fen(limit) * int(sessions)
    whole, billed = format_fen(whole_fen), format_fen(whole_fen + parse_fen(above))
    yield f"  到第{line}行费用合计{billed}元,限额{limit}元×{sessions}次={whole}元,超出{above}元"
    summed = f"{sessions} x {limit} = {whole}"
    yield f"  up to line {line} {billed} is billed; the limit is {summed}; {above} too much"


def _texts(refusal: Refusal) -> tuple[Words, Words]:
    path = refusal.detail.get("path")
    if refusal.reason is Reason.NOT_DESIGNATED and path == "eligibility.institution":
        return _NOT_DESIGNATED_AT_ALL
    text = REASONS[refusal.reason]
    return (text.zh, text.en), (text.next_zh, text.next_en)


def _fact(fact: str, value: str, wanted: str) -> Iterator[str]:
    zh, en = fact_word(fact)
    held_zh, wanted_zh = _values(fact, value, "+", "、"), _values(fact, wanted, "|", "或")
    held_en = "none" if value == _NONE else value.replace("+", " and ")
    yield f"  {zh}:{held_zh};须为:{wanted_zh}"
    yield f"  {en}: {held_en}; wanted: {wanted.replace('|', ' or ')}"


def _values(fact: str, values: str, sign: str, joined: str) -> str:
    if values == _NONE:
        return "无"
    return joined.join(value_word(fact, value) for value in values.split(sign))


def _facts(facts: str) -> str:
    """``level=primary at=clinic`` in words of both languages."""
    pairs = [each.partition("=") for each in facts.split(" ") if "=" in each]
    zh = ";".join(f"{fact_word(fact)[0]}为{_values(fact, held, '+', '、')}" for fact, _, held in pairs)
    return f"{zh} / {facts}" if zh else facts
