"""What a restore with loss left open, in the embedded database."""

import sqlite3
from collections.abc import Mapping
from typing import Final

from medsettle_gateway.domain.keys import AwaitedKey, RecoveryKey
from medsettle_gateway.domain.moves import EndRecovery, KeepReassertion
from medsettle_gateway.domain.recovery import Awaited, Recovery
from medsettle_gateway.storage.recovery import (
    AWAITED_MOST,
    awaited_of,
    end_row,
    reassertion_row,
    recovery_of,
)
from medsettle_gateway.storage.sealing import Sealer
from medsettle_gateway.storage.statements import read_statements

SQL: Final[Mapping[str, str]] = read_statements("medsettle_gateway.storage.sqlite", "recovery.sql")
"""Statement by name."""


def load_recovery(connection: sqlite3.Connection, key: RecoveryKey) -> Recovery:
    """Returns what is open for whom the key names."""
    values = {"institution": key.institution, "terminal": key.terminal, "own": key.own}
    return recovery_of(connection.execute(SQL["recovery"], values).fetchone())


def load_awaited(connection: sqlite3.Connection, key: AwaitedKey) -> Awaited:
    """Returns which terminals of the institution have not compared."""
    values = {"institution": key.institution, "limit": AWAITED_MOST}
    return awaited_of(connection.execute(SQL["awaited"], values).fetchall())


def keep_reassertion(connection: sqlite3.Connection, sealer: Sealer, move: KeepReassertion) -> None:
    """Keeps what was shown of a sale."""
    connection.execute(SQL["keep_reassertion"], reassertion_row(move.shown, sealer))


def end_recovery(connection: sqlite3.Connection, move: EndRecovery) -> None:
    """Says that a till has compared."""
    connection.execute(SQL["end_recovery"], end_row(move))
