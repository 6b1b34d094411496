"""Sales that an operator looks through for supervision: by days, of one institution or of all."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final, NamedTuple

from medsettle_gateway.domain.keys import SaleKey
from medsettle_gateway.domain.sale import SaleRecord
from medsettle_gateway.storage.connection import Connection
from medsettle_gateway.storage.facts import load
from medsettle_gateway.storage.instants import to_us
from medsettle_gateway.storage.sealing import Sealer

# By institution, whose index knows the time: of a large city a week is read, and not all years.
_OF_DAYS: Final = """SELECT request_id FROM institutions CROSS JOIN sales
WHERE sales.institution = institutions.code AND created_at_us >= :since_us AND created_at_us < :until_us
AND (:code = '' OR institutions.code = :code) AND {condition}
ORDER BY created_at_us, request_id LIMIT :most"""
_FOUND: Final = _OF_DAYS.format(condition="""body LIKE '%"findings":[[%'""")
_SETTLED: Final = _OF_DAYS.format(condition="sales.state = 'SETTLED'")


class Days(NamedTuple):
    """Sales from ``since`` to before ``until``, of one institution, or of all where it is empty."""

    since: datetime
    until: datetime
    institution: str = ""


def supervised(connection: Connection, sealer: Sealer, days: Days, most: int) -> Iterator[SaleRecord]:
    """Yields the sales in which a rule found something, oldest first, at most so many."""
    return _sales(connection, sealer, _FOUND, days, most)


def settled(connection: Connection, sealer: Sealer, days: Days, most: int) -> Iterator[SaleRecord]:
    """Yields the sales that stand settled, oldest first, at most so many."""
    return _sales(connection, sealer, _SETTLED, days, most)


def _sales(
    connection: Connection, sealer: Sealer, sql: str, days: Days, most: int
) -> Iterator[SaleRecord]:
    values = {
        "since_us": to_us(days.since), "until_us": to_us(days.until), "code": days.institution, "most": most
    }
    for (request_id,) in connection.execute(sql, values).fetchall():
        key = SaleKey(request_id)
        sale = load(connection, sealer, (key,)).of(key)
        if sale is not None:
            yield sale
