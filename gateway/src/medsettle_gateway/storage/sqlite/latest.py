"""How far the books have come."""

import sqlite3
from datetime import datetime

from medsettle_gateway.storage.instants import from_us
from medsettle_gateway.storage.sqlite.statements import SQL


def last_committed_at(connection: sqlite3.Connection) -> datetime | None:
    """Returns the instant of the last entry in the books; None before the first."""
    row = connection.execute(SQL["last_entry"]).fetchone()
    return None if row is None else from_us(row[0])
