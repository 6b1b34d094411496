"""Sales in which supervision found something, for the operator."""

from collections.abc import Iterator
from datetime import datetime

from medsettle_gateway.domain.keys import SaleKey
from medsettle_gateway.domain.sale import SaleRecord
from medsettle_gateway.storage.connection import Connection
from medsettle_gateway.storage.facts import load
from medsettle_gateway.storage.instants import to_us
from medsettle_gateway.storage.sealing import Sealer

# By institution, whose index knows the time: of a large city a week is read, and not all years.
_FOUND = """SELECT request_id FROM institutions CROSS JOIN sales
WHERE sales.institution = institutions.code AND created_at_us >= :since_us AND created_at_us < :until_us
AND (:code = '' OR institutions.code = :code) AND body LIKE '%"findings":[[%'
ORDER BY created_at_us, request_id LIMIT :most"""


def supervised(
    connection: Connection, sealer: Sealer, since: datetime, until: datetime, institution: str, most: int
) -> Iterator[SaleRecord]:
    """Yields the sales from ``since`` to before ``until`` in which a rule found something, oldest first.

    Of one institution, or of all where it is empty; at most so many.
    """
    values = {"since_us": to_us(since), "until_us": to_us(until), "code": institution, "most": most}
    for (request_id,) in connection.execute(_FOUND, values).fetchall():
        key = SaleKey(request_id)
        sale = load(connection, sealer, (key,)).of(key)
        if sale is not None:
            yield sale
