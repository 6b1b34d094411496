"""Rows and conditions of a pack in Chinese and English, for people who read packs."""

from collections.abc import Iterable, Iterator, Mapping

import click

from medsettle.wire.called import named
from medsettle_gateway.cli.policy_words import FORCE_WORDS, YES_NO_WORDS, Words, fact_word, value_word
from medsettle_gateway.domain.money import format_fen, format_percent, format_unit_price
from medsettle_gateway.policy.facts import SEVERAL_VALUED
from medsettle_gateway.policy.gates import Gate
from medsettle_gateway.policy.rows import Figure, FigureKind, Row, RowAction, When

Tests = Iterable[tuple[str, tuple[str, ...]]]
Least = Iterable[tuple[str, int]]

_INDENT = "  "


def section(zh: str, en: str) -> str:
    """The heading of a part of a page."""
    return click.style(f"{zh} / {en}", bold=True)


def clause_mark(clause: str) -> str:
    """The clause in its brackets; nothing where there is none."""
    return click.style(f"〔{clause}〕", fg="cyan") if clause else ""


def said(words: Words, clause: str = "") -> str:
    """One statement in both languages with its clause."""
    return f"{_INDENT}{words[0]} / {words[1]}{clause_mark(clause)}"


def name_words(names: Mapping[str, Words], id_: str) -> str:
    """What something is called in Chinese, and its id."""
    zh, _ = named(names, id_)
    return id_ if zh == id_ else f"{zh} / {id_}"


def gate_lines(zh: str, en: str, gates: Iterable[Gate]) -> Iterator[str]:
    """Every entry of ``who`` or ``where``, a line each."""
    for gate in gates:
        words_zh, words_en = gate_words(gate)
        yield f"{_INDENT}{zh} / {en}: {words_zh} / {words_en}{clause_mark(gate.clause)}"


def gate_words(gate: Gate, more: Tests = ()) -> Words:
    """What an entry of ``who``, ``where`` or ``at`` asks for."""
    zh, en = facts_words((*gate.tests, *more), gate.least)
    if gate.switch is None:
        return zh, en
    return f"{zh};开关 {gate.switch}", f"{en}; switch {gate.switch}"


def figure_lines(zh: str, en: str, figure: Figure) -> Iterator[str]:
    """A figure with all of its rows, each in Chinese and below it in English."""
    if not figure.rows:
        yield f"{_INDENT}{zh} / {en}: 文件未规定,由统筹区确定 / not in the document, a region's to set"
        return
    yield f"{_INDENT}{zh} / {en}:"
    for index, row in enumerate(figure.rows):
        yield from row_lines(figure.kind, row)
        if row.action is RowAction.ADDS and not any(_may_meet(each, row) for each in figure.rows[:index]):
            zh, en = "基数文件未载,须由统筹区确定", "what this changes is not in the document"
            yield click.style(f"      {zh} / {en}: a region's to set", fg="yellow")


def _may_meet(before: Row, row: Row) -> bool:
    """May a row before one that adds have given the figure that it adds to?"""
    if before.action is RowAction.ADDS:
        return False
    wanted = dict(row.when.tests)
    return all(
        fact in SEVERAL_VALUED or fact not in wanted or not set(values).isdisjoint(wanted[fact])
        for fact, values in before.when.tests
    )


def row_lines(kind: FigureKind, row: Row) -> Iterator[str]:
    """One row: what it says, for whom, how firmly, and from which clause."""
    value_zh, value_en = value_words(kind, row)
    when_zh, when_en = when_words(row.when)
    force_zh, force_en = FORCE_WORDS[row.force.value]
    yield f"    {value_zh}  {when_zh}  {force_zh}{clause_mark(row.clause)}"
    yield f"    {value_en}  {when_en}  ({force_en})"


def value_words(kind: FigureKind, row: Row) -> Words:
    """What a row says, with its unit."""
    if row.action is RowAction.NONE:
        return "不设", "none"
    unit_zh, unit_en = ("", "") if kind.is_share else ("元", "")
    if row.action is RowAction.ADDS:
        more_zh, more_en = ("再加", "plus") if row.value >= 0 else ("再减", "less")
        number = _number(kind, abs(row.value))
        if kind.is_share:
            number, unit_zh, unit_en = number.rstrip("%"), "个百分点", " points"
        return f"{more_zh}{number}{unit_zh}", f"{more_en} {number}{unit_en}"
    number = _number(kind, row.value)
    return f"{number}{unit_zh}", f"{number}{unit_en}"


def _number(kind: FigureKind, value: int) -> str:
    if kind.is_share:
        return format_percent(value)
    return format_unit_price(value) if kind is FigureKind.UNIT_PRICE else format_fen(value)


def when_words(when: When) -> Words:
    """The condition of a row."""
    named = when.tests or when.least
    zh, en = facts_words(when.tests, when.least) if named else ("", "")
    if when.unit_price_at_least_micro is not None:
        price = format_unit_price(when.unit_price_at_least_micro)
        zh = ";".join(filter(None, (zh, f"单价{price}元以上")))
        en = "; ".join(filter(None, (en, f"unit price {price} or more")))
    return (zh, en) if zh else ("一律适用", "always")


def facts_words(tests: Tests, least: Least = ()) -> Words:
    """Facts and the values that fit them; ``least`` are numbers that must be reached."""
    zh, en = [], []
    for fact, values in tests:
        if (fact, values) in YES_NO_WORDS:
            said_zh, said_en = YES_NO_WORDS[fact, values]
            zh.append(said_zh)
            en.append(said_en)
            continue
        fact_zh, fact_en = fact_word(fact)
        zh.append(f"{fact_zh}为{'、'.join(value_word(fact, value) for value in values)}")
        en.append(f"{fact_en} {' or '.join(values)}")
    for fact, number in least:
        fact_zh, fact_en = fact_word(fact)
        zh.append(f"{fact_zh}不低于{number}")
        en.append(f"{fact_en} {number} or more")
    return (";".join(zh) or "不限", "; ".join(en) or "any")
