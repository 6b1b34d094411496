"""Reads rows, their conditions and the entries of gates."""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Final

from medsettle_gateway.domain.money import parse_fen, parse_ratio, parse_unit_price
from medsettle_gateway.policy.facts import FALSE, SWITCH, TRUE, UNIT_PRICE_AT_LEAST
from medsettle_gateway.policy.gates import Gate
from medsettle_gateway.policy.load_facts import AT_LEAST, NOTHING, Askable
from medsettle_gateway.policy.reading import Reader, child
from medsettle_gateway.policy.rows import ALWAYS, Figure, FigureKind, Force, Row, RowAction, When

_PARSERS: Final = {
    FigureKind.AMOUNT: parse_fen,
    FigureKind.LIMIT: parse_fen,
    FigureKind.RATIO: parse_ratio,
    FigureKind.SHARE: parse_ratio,
    FigureKind.UNIT_PRICE: parse_unit_price,
}

_DECLARED: Final = "; a fact of the region's own is declared first, under `facts` at the top of the file"


def read_figure(
    reader: Reader, rows: object, rows_path: str, figure: tuple[str, FigureKind], facts: Askable
) -> Figure:
    """Read a list of rows; ``figure`` is the path and kind of the figure that they make."""
    path, kind = figure
    entries = [] if rows is None else reader.items(rows, rows_path)
    read = tuple(_row(reader, entry, at, kind, facts) for at, entry in entries)
    replaced = False
    for row in read:
        if row.action is RowAction.ADDS and not replaced:
            reader.fault(row.path, "a row with add needs a row before it that replaces")
        replaced = replaced or row.action is not RowAction.ADDS
    return Figure(path, kind, read)


def single_keys(kind: FigureKind) -> tuple[str, ...]:
    """The keys of a section that may write its figure as one row, or as ``rows``."""
    return (kind.row_key, "none", "rows", "clause", "force")


def read_single(
    reader: Reader, data: Mapping[str, object], figure: tuple[str, FigureKind], facts: Askable
) -> Figure:
    """Read a figure that is written as one row in its section, or as ``rows``.

    ``data`` may hold other keys of the section: they are left to the caller.
    """
    path, kind = figure
    if "rows" in data:
        for key in (kind.row_key, "none", "clause", "force"):
            if key in data:
                reader.fault(child(path, key), "it stands in each of the `rows`, not beside them")
        return read_figure(reader, data["rows"], child(path, "rows"), figure, facts)
    if kind.row_key not in data and "none" not in data:
        reader.fault(path, f"missing key {kind.row_key!r}, or `rows`")
        return Figure(path, kind)
    row = {key: entry for key, entry in data.items() if key in single_keys(kind)}
    return Figure(path, kind, (_row(reader, row, path, kind, NOTHING),))


def read_clause(reader: Reader, data: Mapping[str, object], path: str, *, required: bool) -> str:
    """The clause of an entry; a row that a region or a case brings needs none, and is called local."""
    if "clause" in data:
        return reader.text(data["clause"], child(path, "clause"))
    if not required:
        return ""
    if reader.needs_clause(path):
        reader.fault(path, "every row names its clause")
    return reader.local_clause


def read_condition(reader: Reader, data: Mapping[str, object], path: str, facts: Askable) -> When:
    """The ``when`` of an entry; without one it always applies."""
    return read_when(reader, data["when"], child(path, "when"), facts) if "when" in data else ALWAYS


def read_when(reader: Reader, value: object, path: str, facts: Askable) -> When:
    """Read the facts that a row, or an entry of ``takes``, asks for."""
    data = reader.mapping(value, path, facts.keys, hint=_DECLARED)
    if isinstance(value, Mapping) and not value:
        reader.fault(path, "an empty condition; leave it out for what always applies")
    tests, least = read_tests(reader, data, path, facts), read_least(reader, data, path, facts)
    price = data.get(UNIT_PRICE_AT_LEAST)
    if price is None:
        return When(tests, None, least)
    return When(tests, reader.number(price, child(path, UNIT_PRICE_AT_LEAST), parse_unit_price), least)


def read_tests(
    reader: Reader, data: Mapping[str, object], path: str, facts: Askable
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The facts named in ``data`` with their wanted values, in the order of checks."""
    named = [fact for fact in facts.facts if fact in data]
    return tuple((fact, _wanted(reader, data[fact], child(path, fact), fact, facts)) for fact in named)


def read_least(
    reader: Reader, data: Mapping[str, object], path: str, facts: Askable
) -> tuple[tuple[str, int], ...]:
    """The numbers named in ``data`` as ``<fact>_at_least``, in the order of checks."""
    asked = [(fact, fact + AT_LEAST) for fact in facts.numbers if fact + AT_LEAST in data]
    return tuple((fact, reader.count(data[key], child(path, key), 0)) for fact, key in asked)


def read_gate(reader: Reader, value: object, path: str, facts: Askable, switches: Iterable[str] = ()) -> Gate:
    """Read one entry of ``who`` or ``where``; ``switches`` are those that the pack declares."""
    data = reader.mapping(value, path, (*facts.keys, "clause"), hint=_DECLARED)
    switch = None
    if SWITCH in data:
        switch = reader.text(data[SWITCH], child(path, SWITCH))
        if switch and switch not in tuple(switches):
            reader.fault(child(path, SWITCH), f"no switch {switch!r} under `switches`")
    clause = read_clause(reader, data, path, required=False)
    tests, least = read_tests(reader, data, path, facts), read_least(reader, data, path, facts)
    return Gate(path, tests, switch, clause, least)


def read_gates(
    reader: Reader, data: Mapping[str, object], path: str, facts: Askable, switches: Iterable[str] = ()
) -> tuple[Gate, ...]:
    """Read the entries under the last key of ``path``; absent: everybody, everywhere."""
    key = path.rpartition(".")[2]
    if key not in data:
        return ()
    entries = reader.items(data[key], path)
    if not entries:
        reader.fault(path, f"no entry; leave {key!r} out where it does not matter")
    return tuple(read_gate(reader, entry, at, facts, switches) for at, entry in entries)


def _wanted(reader: Reader, value: object, path: str, fact: str, facts: Askable) -> tuple[str, ...]:
    one = not isinstance(value, list | tuple)
    entries = [(path, value)] if one else reader.items(value, path)
    if not entries:
        reader.fault(path, "an empty list matches nothing")
    if fact in facts.numbers:
        return tuple(str(reader.count(entry, at, 0)) for at, entry in entries)
    return tuple(_fact_value(reader, entry, at, fact, facts.facts[fact]) for at, entry in entries)


def _fact_value(reader: Reader, value: object, path: str, fact: str, known: tuple[str, ...] | None) -> str:
    if known is None:
        return reader.id(value, path)
    if not known:
        return ""  # its declaration is at fault, and says so
    text = value
    if known == (TRUE, FALSE):
        text = {True: TRUE, False: FALSE}.get(value) if isinstance(value, bool) else None
    if isinstance(text, str) and text in known:
        return text
    shown = "nothing" if value is None else repr(value)
    reader.fault(path, f"{fact} is one of {', '.join(known)}, not {shown}")
    return known[0]


def _row(reader: Reader, value: object, path: str, kind: FigureKind, facts: Askable) -> Row:
    data = reader.mapping(value, path, ("when", kind.row_key, "none", "add", "clause", "force"))
    actions = [key for key in (kind.row_key, "none", "add") if key in data]
    when = read_condition(reader, data, path, facts)
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
