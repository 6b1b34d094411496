"""The sales of one member by days: a person's ledger of expenses (个人费用台账)."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final, NamedTuple

from medsettle_gateway.domain.keys import SaleKey
from medsettle_gateway.domain.sale import SaleRecord
from medsettle_gateway.storage.connection import Connection
from medsettle_gateway.storage.facts import load
from medsettle_gateway.storage.instants import to_us
from medsettle_gateway.storage.sealing import Sealer

# What was refused, or never charged, is no expense; what was undone since stays to be seen.
_OF_MEMBER: Final = """SELECT request_id FROM sales
WHERE member = :member AND created_at_us >= :since_us AND created_at_us < :until_us
AND state IN ('PENDING', 'HELD', 'SETTLED', 'UNDOING', 'REVERSED')
ORDER BY created_at_us, request_id LIMIT :most"""


class Span(NamedTuple):
    """From ``since`` to before ``until``."""

    since: datetime
    until: datetime


def sales_of(
    connection: Connection, sealer: Sealer, member: str, span: Span, most: int
) -> Iterator[SaleRecord]:
    """Yields what was settled for the member, or is still open, oldest first, at most so many."""
    values = {"member": member, "since_us": to_us(span.since), "until_us": to_us(span.until), "most": most}
    for (request_id,) in connection.execute(_OF_MEMBER, values).fetchall():
        key = SaleKey(request_id)
        sale = load(connection, sealer, (key,)).of(key)
        if sale is not None:
            yield sale
