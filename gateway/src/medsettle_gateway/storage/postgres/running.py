"""Statements of moves: run over rows, and what the server refuses of them said in a word."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import asyncpg

from medsettle_gateway.storage.postgres.connecting import Connection, said
from medsettle_gateway.storage.postgres.reading import columns_of

Rows = Sequence[tuple[Any, ...]]


@contextmanager
def refusals(name: str) -> Iterator[None]:
    """Raises AssertionError, naming the statement, for what a constraint of a table refuses."""
    try:
        yield
    except (asyncpg.IntegrityConstraintViolationError, asyncpg.DataError) as error:
        msg = f"the store refuses {name}: {said(error)}"
        raise AssertionError(msg) from None  # the server's own error shows the row


async def run(connection: Connection, name: str, statement: str, rows: Rows) -> int:
    """Runs a statement over rows, each a place of ``unnest``; returns how many it changed.

    Raises AssertionError for what the store asserts; else asyncpg's errors and OSError.
    """
    if not rows:
        return 0
    with refusals(name):
        status = await connection.execute(statement, *columns_of(rows, len(rows[0])))
    return int(status.rpartition(" ")[2])


async def run_for_each(connection: Connection, name: str, statement: str, rows: Rows) -> None:
    """The same, where each row must be met by one of the table's (asserted)."""
    changed = await run(connection, name, statement, rows)
    if changed != len(rows):
        missed = len(rows) - changed
        msg = f"the store refuses {name}: {missed} of {len(rows)} from {rows[0][0]} are not as they should be"
        raise AssertionError(msg)
