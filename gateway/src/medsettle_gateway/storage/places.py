"""What operators enter of places: rows of the register of institutions, dated and only ever added to.

What an institution is on a day, its records say. The table ``institutions`` has what was so on the day of the
last import, for what needs no day: which institutions there are, in which region, and what they are called.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Final

from medsettle_gateway.domain.calendar import day_of
from medsettle_gateway.domain.facts import State
from medsettle_gateway.domain.place import PlaceFact, RegisteredPlace
from medsettle_gateway.domain.records import SINCE_EVER, DatedRecord, Subject, known
from medsettle_gateway.domain.register import InstitutionRecord, Rows
from medsettle_gateway.storage.batches import asked_of, batches
from medsettle_gateway.storage.connection import Connection
from medsettle_gateway.storage.entering import Entered, Tally
from medsettle_gateway.storage.records import NewRecord, enter_records, put_records
from medsettle_gateway.storage.rows import institution_of, record_of

_COLUMNS: Final = "code, name, region, kind, level, specialty, designations, state"
_FIND: Final = f"SELECT {_COLUMNS} FROM institutions WHERE code IN (:among)"  # noqa: S608 - our own columns
_PUT: Final = (
    f"INSERT INTO institutions ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (code) DO UPDATE SET "  # noqa: S608
    "(name, region, kind, level, specialty, designations, state) = (excluded.name, excluded.region, "
    "excluded.kind, excluded.level, excluded.specialty, excluded.designations, excluded.state)"
)
_REGISTERED: Final = PlaceFact.REGISTERED.value
_ROWS: Final = (
    "SELECT subject, kind, key, valid_from, valid_to, body, withdrawn, entered_at_us FROM records "  # noqa: S608
    f"WHERE kind = '{_REGISTERED}' AND subject IN (:among) ORDER BY position"
)
_NOBODY_KNOWS: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""When a row was entered that had no record yet."""
_HAS_DAYS: Final = (
    "机构已有自某日起的登记,且与今天有效的内容不同;请在 from 列写明自何日起",
    "the institution has rows that begin on a day, and today's is another one: state `from` of this one",
)
_ONLY: Final = (
    "withdrawn 不能撤回仅有的一条登记;机构退出请用 institution suspend --exit",
    "withdrawn: it is the institution's only row; one that leaves does so by `institution suspend --exit`",
)

Values = tuple[str, ...]
History = Mapping[str, Sequence[DatedRecord]]


def enter_institutions(
    connection: Connection, rows: Rows[InstitutionRecord], now: datetime, source: str
) -> Entered:
    """Enters rows of institutions, inside a writing transaction: what stood before stays readable.

    A row takes the place of the one of the institution that began on the same day. Raises NotEnteredError
    with every row that does not fit what is known.
    """
    tally, today = Tally(), day_of(now)
    withdrawn: dict[str, int] = {}
    for batch in batches(rows):
        codes = list(dict.fromkeys(record.code for _, record in batch))
        table, history = _table(connection, codes), _history(connection, codes)
        first = [_first(values) for code, values in table.items() if code not in history]
        put_records(connection, first, _NOBODY_KNOWS, "institution import")
        wanted: list[tuple[int, NewRecord]] = []
        for line, record in batch:
            held = known(history.get(record.code, ()))
            if not record.keeps_from or all(each.valid_from == SINCE_EVER for each in held):
                wanted.append((line, _record(record)))
            elif _on(held, today).read(RegisteredPlace) == _body(record):
                tally.count("same")
            else:
                tally.fault(line, *_HAS_DAYS)
            if record.withdrawn:
                withdrawn[record.code] = line
        enter_records(connection, wanted, now, source, tally)
        _bring_up(connection, codes, table, today)
    _refuse_gone(connection, withdrawn, tally)
    return tally.entered()


def _refuse_gone(connection: Connection, withdrawn: Mapping[str, int], tally: Tally) -> None:
    """Notes those of whom no row is left: whatever names them would name nothing.

    Of whom there never was one it is said already that there is nothing to withdraw.
    """
    history = _history(connection, withdrawn)
    for code, line in withdrawn.items():
        if code in history and not known(history[code]):
            tally.fault(line, *_ONLY)


def _bring_up(connection: Connection, codes: Iterable[str], table: Mapping[str, Values], today: date) -> None:
    """Brings the table up to what its rows say of today."""
    history = _history(connection, codes)
    changed: list[Values] = []
    for code, rows in history.items():
        held = known(rows)
        values = _values(code, _on(held, today).read(RegisteredPlace)) if held else None
        if values is not None and table.get(code) != values:
            changed.append(values)
    if changed:
        connection.executemany(_PUT, changed)


def _table(connection: Connection, codes: Iterable[str]) -> dict[str, Values]:
    return {row[0]: tuple(row) for row in asked_of(connection, _FIND, codes)}


def _history(connection: Connection, codes: Iterable[str]) -> History:
    """The rows that were ever entered, by code, in the order of entry."""
    code_of = {Subject.INSTITUTION.named(code): code for code in codes}
    found: defaultdict[str, list[DatedRecord]] = defaultdict(list)
    for subject, *columns in asked_of(connection, _ROWS, code_of):
        found[code_of[subject]].append(record_of(columns))
    return found


def _on(held: Sequence[DatedRecord], on: date) -> DatedRecord:
    """Of rows in the order in which they begin the one of the day; before all of them the first."""
    begun = [each for each in held if each.valid_from <= on]
    return begun[-1] if begun else held[0]


def _record(record: InstitutionRecord) -> NewRecord:
    first_on = record.valid_from or SINCE_EVER
    return _new(record.code, first_on, _body(record), withdrawn=record.withdrawn)


def _first(values: Values) -> NewRecord:
    """The row as the table has it, of an institution that was entered before rows were kept."""
    facts = institution_of(values)
    body = RegisteredPlace(
        facts.name, facts.region, facts.kind, facts.level, facts.specialty, facts.designations,
        facts.state is State.SUSPENDED,
    )
    return _new(facts.code, SINCE_EVER, body)


def _new(code: str, first_on: date, body: RegisteredPlace, *, withdrawn: bool = False) -> NewRecord:
    subject = Subject.INSTITUTION.named(code)
    return NewRecord(subject, _REGISTERED, first_on.isoformat(), first_on, None, body, withdrawn)


def _body(record: InstitutionRecord) -> RegisteredPlace:
    place = record.place
    return RegisteredPlace(
        record.name, record.region, place.kind, place.level, place.specialty, place.designations,
        record.suspended,
    )


def _values(code: str, row: RegisteredPlace) -> Values:
    return (
        code, row.name, row.region, row.kind.value, row.level.value, row.specialty.value,
        json.dumps(row.designations), "suspended" if row.suspended else "active",
    )
