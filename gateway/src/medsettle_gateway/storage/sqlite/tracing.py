"""Traceability codes in the embedded database."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any, Final

from medsettle_gateway.domain.keys import TraceCodesKey
from medsettle_gateway.domain.moves import ReturnCodes, SellCodes
from medsettle_gateway.domain.tracing import CodeState
from medsettle_gateway.storage.statements import read_statements
from medsettle_gateway.storage.tracing import event_rows, sell_rows, state_of

SQL: Final[Mapping[str, str]] = read_statements("medsettle_gateway.storage.sqlite", "tracing.sql")
"""Statement by name."""


def load_codes(connection: sqlite3.Connection, key: TraceCodesKey) -> dict[str, CodeState]:
    """Returns where the codes stand sold."""
    asked = {"codes": json.dumps(key.codes)}
    return {row[0]: state_of(row) for row in connection.execute(SQL["trace_codes"], asked)}


def sell_codes(connection: sqlite3.Connection, move: SellCodes) -> None:
    """Says that a sale takes the codes. Raises AssertionError for one that stands sold otherwise."""
    _each(connection, "sell_code", sell_rows(move))
    connection.executemany(SQL["trace_event"], event_rows(move))


def return_codes(connection: sqlite3.Connection, move: ReturnCodes) -> None:
    """Gives codes back. Raises AssertionError for one that does not stand sold."""
    _each(connection, "return_code", [(each.code,) for each in move.codes])
    connection.executemany(SQL["trace_event"], event_rows(move))


def _each(connection: sqlite3.Connection, name: str, rows: Sequence[tuple[Any, ...]]) -> None:
    if connection.executemany(SQL[name], rows).rowcount != len(rows):
        msg = f"the store refuses {name}: a code does not stand as it should"
        raise AssertionError(msg)
