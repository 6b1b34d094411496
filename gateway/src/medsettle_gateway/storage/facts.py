"""Facts and moves, as decisions know them, for commands on either store."""

import sqlite3
from collections.abc import Sequence

from medsettle_gateway.domain.keys import AnyKey, Facts
from medsettle_gateway.domain.moves import Move
from medsettle_gateway.storage.connection import Connection
from medsettle_gateway.storage.sealing import Sealer
from medsettle_gateway.storage.sqlite.loading import Reading
from medsettle_gateway.storage.sqlite.writing import write as write_embedded


def load(connection: Connection, sealer: Sealer, keys: Sequence[AnyKey]) -> Facts:
    """Returns the facts of the keys."""
    if isinstance(connection, sqlite3.Connection):
        return Reading(connection, sealer).load(keys)
    return connection.load(keys)


def write(connection: Connection, sealer: Sealer, moves: Sequence[Move]) -> None:
    """Does the moves, inside a writing transaction. Raises AssertionError if the store refuses one."""
    if isinstance(connection, sqlite3.Connection):
        write_embedded(connection, sealer, moves)
    else:
        connection.write(moves)
