"""How far the books have come."""

from datetime import datetime

from medsettle_gateway.storage.instants import from_us, from_us_or_none
from medsettle_gateway.storage.postgres.connecting import Connection
from medsettle_gateway.storage.postgres.statements import SQL


async def last_committed_at(connection: Connection) -> datetime | None:
    """Returns the latest instant of any entry in the books; None before the first."""
    return from_us_or_none(await connection.fetchval(SQL["last_entry"]))


async def instant(connection: Connection) -> datetime:
    """Returns the server's instant, not before the last entry in the books."""
    return from_us(await connection.fetchval(SQL["begun"]))
