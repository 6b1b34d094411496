"""What operators enter of a region's own facts about members: dated, and never overwritten."""

import sqlite3
from collections.abc import Callable
from datetime import datetime
from typing import Final

from medsettle_gateway.domain.register import AttributeRow, Rows
from medsettle_gateway.storage.entering import Entered, Tally
from medsettle_gateway.storage.instants import to_us

Misfit = Callable[[str, AttributeRow], tuple[str, str] | None]
"""Why a row does not fit the rules of its member's region, in Chinese and English; None: it does."""

_UNKNOWN: Final = ("member_no 没有这个个人编号", "member_no: no member has this number")


def enter_attributes(
    connection: sqlite3.Connection,
    member_of: Callable[[str], str | None],
    rows: Rows[AttributeRow],
    now: datetime,
    source: str,
    misfit: Misfit = lambda _region, _row: None,
) -> Entered:
    """Enters attributes, inside a writing transaction; what stood before stays readable.

    A row counts as changed if another one of the member and name begins on its day: from now on the new one
    holds. Raises NotEnteredError with every row that names nobody or does not fit.
    """
    tally = Tally()
    for line, row in rows:
        member = member_of(row.number)
        if member is None:
            tally.fault(line, *_UNKNOWN)
            continue
        (region,) = connection.execute("SELECT region FROM members WHERE member = ?", (member,)).fetchone()
        fault = misfit(region, row)
        if fault is not None:
            tally.fault(line, *fault)
            continue
        valid_to = None if row.valid_to is None else row.valid_to.isoformat()
        key, facts = (member, row.name, row.valid_from.isoformat()), (row.value, valid_to)
        before = connection.execute(
            "SELECT value, valid_to FROM member_attributes WHERE (member, name, valid_from) = (?, ?, ?) "
            "ORDER BY position DESC LIMIT 1",
            key,
        ).fetchone()
        if before == facts:
            tally.count("same")
            continue
        connection.execute(
            "INSERT INTO member_attributes "
            "(member, name, valid_from, value, valid_to, entered_at_us, source) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (*key, *facts, to_us(now), source),
        )
        tally.count("new" if before is None else "changed")
    return tally.entered()
