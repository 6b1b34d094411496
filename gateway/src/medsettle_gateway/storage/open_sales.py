"""Sales that an operator should know of: open for whatever cause, or refused late and not made up for."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from medsettle_gateway.domain.keys import ErrandKey, SaleKey
from medsettle_gateway.domain.sale import SaleRecord
from medsettle_gateway.domain.upstream import Errand
from medsettle_gateway.storage.connection import Connection
from medsettle_gateway.storage.facts import load
from medsettle_gateway.storage.instants import to_us
from medsettle_gateway.storage.sealing import Sealer

_OPEN = """SELECT request_id FROM sales WHERE state IN ('PENDING', 'HELD', 'EXPIRED', 'UNDOING')
ORDER BY created_at_us, request_id LIMIT :most"""
_RELEASED = """SELECT request_id FROM sales WHERE state = 'RELEASED' AND created_at_us >= :since_us
AND body LIKE '%"CONFIRM_TOO_LATE"%' ORDER BY created_at_us, request_id LIMIT :most"""


class Open(NamedTuple):
    """One sale, and what is still to be asked of its authority, if one decides it."""

    sale: SaleRecord
    errand: Errand | None


def open_sales(connection: Connection, sealer: Sealer, most: int) -> tuple[Open, ...]:
    """Returns the sales that are open, oldest first, at most so many."""
    return tuple(_read(connection, sealer, _OPEN, {"most": most}))


def refused_late(
    connection: Connection, sealer: Sealer, since: datetime, most: int
) -> tuple[SaleRecord, ...]:
    """Returns the sales since the instant that were released with a late confirmation's refusal on record."""
    values = {"most": most, "since_us": to_us(since)}
    return tuple(each.sale for each in _read(connection, sealer, _RELEASED, values))


def recorded(connection: Connection, sealer: Sealer, request_id: str) -> SaleRecord | None:
    """Returns the sale under an id, or None."""
    key = SaleKey(request_id)
    return load(connection, sealer, (key,)).of(key)


def _read(connection: Connection, sealer: Sealer, sql: str, values: dict[str, int]) -> Iterator[Open]:
    for (request_id,) in connection.execute(sql, values).fetchall():
        sale_key, errand_key = SaleKey(request_id), ErrandKey(request_id)
        facts = load(connection, sealer, (sale_key, errand_key))
        sale = facts.of(sale_key)
        if sale is not None:
            yield Open(sale, facts.of(errand_key))
