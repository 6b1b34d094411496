"""Entering dated facts about members, institutions and staff: they are only ever added to."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, Final, NamedTuple

import msgspec

from medsettle_gateway.domain.keys import RECORDS_MOST
from medsettle_gateway.domain.plain import to_json
from medsettle_gateway.storage.batches import asked_of
from medsettle_gateway.storage.connection import Connection
from medsettle_gateway.storage.entering import Tally
from medsettle_gateway.storage.instants import to_us

_FIND: Final = (
    "SELECT subject, kind, key, valid_from, valid_to, body, withdrawn FROM records WHERE subject IN (:among) "
    "ORDER BY position"
)
_MANY: Final = (
    "SELECT subject FROM records WHERE subject IN (:among) GROUP BY subject HAVING count(*) >= :most"
)
_PUT: Final = (
    "INSERT INTO records (subject, kind, key, valid_from, valid_to, body, withdrawn, entered_at_us, source) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
FULL: Final = (
    f"已有{RECORDS_MOST}条记录,不能再录入",
    f"has {RECORDS_MOST} records already, and takes no more",
)
_NOTHING: Final = (
    "没有可撤回的记录,请核对起始日期等键值",
    "there is nothing to withdraw: no record has this first day and key",
)


class NewRecord(NamedTuple):
    """A dated fact to enter. ``body`` is a value of the type that belongs to the kind."""

    subject: str
    kind: str
    key: str
    valid_from: date
    valid_to: date | None
    body: object
    withdrawn: bool = False


def put_records(connection: Connection, records: Sequence[NewRecord], now: datetime, source: str) -> None:
    """Adds records as they are, whatever is known already, inside a writing transaction."""
    if records:
        connection.executemany(
            _PUT,
            [
                (record.subject, record.kind, record.key, *_facts(record), to_us(now), source)
                for record in records
            ],
        )


def full(connection: Connection, subjects: Iterable[str]) -> frozenset[str]:
    """Returns those of the subjects that have as many records as are read: with more the first are lost."""
    return frozenset(row[0] for row in asked_of(connection, _MANY, subjects, {"most": RECORDS_MOST}))


def enter_records(
    connection: Connection, rows: Sequence[tuple[int, NewRecord]], now: datetime, source: str, tally: Tally
) -> None:
    """Enters a batch of records, each with its line, inside a writing transaction, and tallies each.

    New: nothing was known of its kind and key. Changed: it takes the place of what was. Same: it says what is
    known, and is not entered again. What was never known is not withdrawn: that is a fault.
    """
    held, counts = _held(connection, (record.subject for _, record in rows))
    put: list[tuple[Any, ...]] = []
    for line, record in rows:
        key, facts = (record.subject, record.kind, record.key), _facts(record)
        before = held.get(key)
        if before == facts:
            tally.count("same")
            continue
        if before is None and record.withdrawn:
            tally.fault(line, *_NOTHING)  # a slip in the key would leave in force what is to end
            continue
        if counts[record.subject] >= RECORDS_MOST:
            tally.fault(line, *FULL)
            continue
        tally.count("new" if before is None else "changed")
        held[key] = facts
        counts[record.subject] += 1
        put.append((*key, *facts, to_us(now), source))
    if put:
        connection.executemany(_PUT, put)


Facts = tuple[str, str | None, str, bool]


def _held(
    connection: Connection, subjects: Iterable[str]
) -> tuple[dict[tuple[str, str, str], Facts], dict[str, int]]:
    """What holds by subject, kind and key, and how many rows each subject has."""
    held: dict[tuple[str, str, str], Facts] = {}
    counts: defaultdict[str, int] = defaultdict(int)
    for subject, kind, key, valid_from, valid_to, body, withdrawn in asked_of(connection, _FIND, subjects):
        held[subject, kind, key] = (valid_from, valid_to, body, bool(withdrawn))
        counts[subject] += 1
    return held, counts


def _facts(record: NewRecord) -> Facts:
    body = record.body
    text = bytes(body).decode() if isinstance(body, msgspec.Raw) else to_json(body)
    valid_to = None if record.valid_to is None else record.valid_to.isoformat()
    return (record.valid_from.isoformat(), valid_to, text, record.withdrawn)
