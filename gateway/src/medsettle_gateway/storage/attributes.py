"""What operators enter of a region's own facts about members: dated, and never overwritten."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any, Final

from medsettle_gateway.domain.keys import ATTRIBUTES_MOST
from medsettle_gateway.domain.register import AttributeRow, Rows
from medsettle_gateway.storage.batches import asked_of, batches
from medsettle_gateway.storage.connection import Connection
from medsettle_gateway.storage.entering import Entered, Tally
from medsettle_gateway.storage.instants import to_us
from medsettle_gateway.storage.register import People

Misfit = Callable[[str, AttributeRow], tuple[str, str] | None]
"""Why a row does not fit the rules of its member's region, in Chinese and English; None: it does."""

_FULL: Final = (
    f"已有{ATTRIBUTES_MOST}条本地属性,不能再录入",
    f"has {ATTRIBUTES_MOST} rows of the region's own facts already, and takes no more",
)
_UNKNOWN: Final = ("member_no 没有这个个人编号", "member_no: no member has this number")
_FIND: Final = (
    "SELECT member, name, valid_from, value, valid_to FROM member_attributes WHERE member IN (:among) "
    "ORDER BY position"
)
_PUT: Final = (
    "INSERT INTO member_attributes (member, name, valid_from, value, valid_to, entered_at_us, source) "
    "VALUES (?, ?, ?, ?, ?, ?, ?)"
)


def enter_attributes(
    people: People, rows: Rows[AttributeRow], misfit: Misfit = lambda _region, _row: None
) -> Entered:
    """Enters attributes, inside a writing transaction; what stood before stays readable.

    A row counts as changed if another one of the member and name begins on its day: from now on the new one
    holds. Raises NotEnteredError with every row that names nobody or does not fit.
    """
    tally = Tally()
    for batch in batches(rows):
        found = people.found(row.number for _, row in batch)
        members = (each.member for each in found.values())
        held, counts = _held(people.connection, members)
        put: list[tuple[Any, ...]] = []
        for line, row in batch:
            member = found.get(row.number)
            fault = _UNKNOWN if member is None else misfit(member.region, row)
            if member is None or fault is not None:
                tally.fault(line, *(fault or _UNKNOWN))
                continue
            valid_to = None if row.valid_to is None else row.valid_to.isoformat()
            key, facts = (member.member, row.name, row.valid_from.isoformat()), (row.value, valid_to)
            before = held.get(key)
            if before != facts and counts[member.member] >= ATTRIBUTES_MOST:
                tally.fault(line, *_FULL)
                continue
            tally.count("new" if before is None else "same" if before == facts else "changed")
            if before != facts:
                held[key] = facts
                counts[member.member] += 1
                put.append((*key, *facts, to_us(people.now), people.source))
        if put:
            people.connection.executemany(_PUT, put)
    return tally.entered()


def _held(
    connection: Connection, members: Iterable[str]
) -> tuple[dict[tuple[str, ...], tuple[Any, ...]], defaultdict[str, int]]:
    """What holds by member, name and first day, and how many rows each member has."""
    held: dict[tuple[str, ...], tuple[Any, ...]] = {}
    counts: defaultdict[str, int] = defaultdict(int)
    for member, name, valid_from, *facts in asked_of(connection, _FIND, members):
        held[member, name, valid_from] = tuple(facts)
        counts[member] += 1
    return held, counts
