"""Reads rows, their conditions and the entries of gates."""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Final

from medsettle_gateway.domain.money import parse_fen, parse_ratio, parse_unit_price
from medsettle_gateway.policy.facts import (
    FACT_VALUES,
    FALSE,
    LINE_FACTS,
    SETTLEMENT_FACTS,
    SWITCH,
    TRUE,
    UNIT_PRICE_AT_LEAST,
)
from medsettle_gateway.policy.gates import Gate
from medsettle_gateway.policy.reading import Reader, child
from medsettle_gateway.policy.rows import (
    ALWAYS,
    Figure,
    FigureKind,
    Force,
    Row,
    RowAction,
    When,
)

ROWS_OF_LINES: Final = (*SETTLEMENT_FACTS, *LINE_FACTS, UNIT_PRICE_AT_LEAST)
ROWS_OF_BENEFITS: Final = SETTLEMENT_FACTS

LOCAL_FIGURE: Final = "本地参数 / local figure"
"""Stands for the clause of a row that a region or a case brings without one."""

_PARSERS: Final = {
    FigureKind.AMOUNT: parse_fen,
    FigureKind.LIMIT: parse_fen,
    FigureKind.RATIO: parse_ratio,
    FigureKind.SHARE: parse_ratio,
    FigureKind.UNIT_PRICE: parse_unit_price,
}


def read_figure(
    reader: Reader, rows: object, rows_path: str, figure: tuple[str, FigureKind], facts: Iterable[str]
) -> Figure:
    """Read a list of rows; ``figure`` is the path and kind of the figure that they make."""
    path, kind = figure
    entries = [] if rows is None else reader.items(rows, rows_path)
    read = tuple(_row(reader, entry, at, kind, tuple(facts)) for at, entry in entries)
    replaced = False
    for row in read:
        if row.action is RowAction.ADDS and not replaced:
            reader.fault(row.path, "a row with add needs a row before it that replaces")
        replaced = replaced or row.action is not RowAction.ADDS
    return Figure(path, kind, read)


def read_none(reader: Reader, data: Mapping[str, object], figure: tuple[str, FigureKind]) -> Figure:
    """Read the short form ``{none: true, clause: ...}`` of a figure with a single row."""
    path, kind = figure
    return Figure(path, kind, (_row(reader, data, path, kind, ()),))


def read_clause(reader: Reader, data: Mapping[str, object], path: str, *, required: bool) -> str:
    """The clause of an entry; a row that a region or a case brings needs none, and is called local."""
    if "clause" in data:
        return reader.text(data["clause"], child(path, "clause"))
    if not required:
        return ""
    if reader.needs_clause(path):
        reader.fault(path, "every row names its clause")
    return LOCAL_FIGURE


def read_when(reader: Reader, value: object, path: str, facts: tuple[str, ...]) -> When:
    """Read the condition of a row."""
    data = reader.mapping(value, path, facts)
    if isinstance(value, Mapping) and not value:
        reader.fault(path, "an empty condition; leave `when` out for a row that always applies")
    tests = read_tests(reader, data, path, facts)
    least = data.get(UNIT_PRICE_AT_LEAST)
    if least is None:
        return When(tests)
    return When(tests, reader.number(least, child(path, UNIT_PRICE_AT_LEAST), parse_unit_price))


def read_tests(
    reader: Reader, data: Mapping[str, object], path: str, order: Iterable[str]
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The facts named in ``data`` with their wanted values, in the given order of checks."""
    named = [fact for fact in order if fact in data and fact in FACT_VALUES]
    return tuple((fact, _wanted(reader, data[fact], child(path, fact), fact)) for fact in named)


def read_gate(
    reader: Reader, value: object, path: str, order: tuple[str, ...], switches: Iterable[str]
) -> Gate:
    """Read one entry of ``who`` or ``where``; ``switches`` are those that the pack declares."""
    data = reader.mapping(value, path, (*order, "clause"))
    switch = None
    if SWITCH in data:
        switch = reader.text(data[SWITCH], child(path, SWITCH))
        if switch and switch not in tuple(switches):
            reader.fault(child(path, SWITCH), f"no switch {switch!r} under `switches`")
    clause = read_clause(reader, data, path, required=False)
    return Gate(path, read_tests(reader, data, path, order), switch, clause)


def _wanted(reader: Reader, value: object, path: str, fact: str) -> tuple[str, ...]:
    one = not isinstance(value, list | tuple)
    entries = [(path, value)] if one else reader.items(value, path)
    if not entries:
        reader.fault(path, "an empty list matches nothing")
    return tuple(_fact_value(reader, entry, at, fact) for at, entry in entries)


def _fact_value(reader: Reader, value: object, path: str, fact: str) -> str:
    known = FACT_VALUES[fact]
    if known is None:
        return reader.id(value, path)
    text = value
    if known == (TRUE, FALSE):
        text = {True: TRUE, False: FALSE}.get(value) if isinstance(value, bool) else None
    if isinstance(text, str) and text in known:
        return text
    shown = "nothing" if value is None else repr(value)
    reader.fault(path, f"{fact} is one of {', '.join(known)}, not {shown}")
    return known[0]


def _row(reader: Reader, value: object, path: str, kind: FigureKind, facts: tuple[str, ...]) -> Row:
    data = reader.mapping(value, path, ("when", kind.row_key, "none", "add", "clause", "force"))
    actions = [key for key in (kind.row_key, "none", "add") if key in data]
    when = read_when(reader, data["when"], child(path, "when"), facts) if "when" in data else ALWAYS
    clause = read_clause(reader, data, path, required=True)
    force = Force.EXACT
    if "force" in data:
        force = reader.choice(data["force"], child(path, "force"), Force)
    if len(actions) != 1:
        reader.fault(path, f"a row has exactly one of {kind.row_key}, none, add")
        return Row(path, when, RowAction.NONE, 0, clause, force)
    action, number = _action(reader, data, path, kind, actions[0])
    return Row(path, when, action, number, clause, force)


def _action(
    reader: Reader, data: Mapping[str, object], path: str, kind: FigureKind, key: str
) -> tuple[RowAction, int]:
    at = child(path, key)
    if key == "none":
        if data[key] is not True:
            reader.fault(at, "none is written `none: true`, or left out")
        if kind is FigureKind.RATIO:
            reader.fault(at, 'a ratio has no `none`; write ratio: "0.00"')
        return RowAction.NONE, 0
    if key == "add":
        parse = partial(_PARSERS[kind], signed=True)
        return RowAction.ADDS, reader.number(data[key], at, parse)
    return RowAction.REPLACES, reader.number(data[key], at, _PARSERS[kind])
