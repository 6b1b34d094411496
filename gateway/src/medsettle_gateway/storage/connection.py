"""What operators' commands work on: SQL that both stores understand, facts and moves as decisions know them.

Statements name their parameters ``?`` or ``:name``; columns are called and typed alike in both stores. What
one of the two lacks (``json_each``, ``ANY``, ``INSERT OR``, ``max`` of two values) is not used here.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Protocol

from medsettle_gateway.domain.keys import AnyKey, Facts
from medsettle_gateway.domain.locks import Lock
from medsettle_gateway.domain.moves import Move
from medsettle_gateway.storage.instants import from_us

Parameters = Sequence[Any] | Mapping[str, Any]


class DatabaseFailedError(Exception):
    """The database server cannot be read or written; nothing of the transaction was done."""


class CommitUnknownError(Exception):
    """A commit was not answered, or not waited for: all of the transaction was done, or nothing of it."""


class Rows(Protocol):
    """What a statement found, and how many rows it found or changed."""

    @property
    def rowcount(self) -> int:
        """How many rows were changed."""

    def fetchone(self) -> Any:  # noqa: ANN401 - what the columns hold
        """Returns the next row as a tuple, or None."""

    def fetchmany(self, size: int, /) -> list[Any]:
        """Returns up to so many further rows."""

    def fetchall(self) -> list[Any]:
        """Returns the rows that are left."""

    def __iter__(self) -> Iterator[Any]:
        """The rows that are left, one by one."""


class ServerConnection(Protocol):
    """A connection to a database server. Every method raises DatabaseFailedError."""

    def begin(self) -> None:
        """Begins a writing transaction: other commands that write wait for it, gateways go on."""

    def execute(self, sql: str, parameters: Parameters = (), /) -> Rows:
        """Returns what the statement finds."""

    def executemany(self, sql: str, parameters: Iterable[Any], /) -> object:
        """Runs the statement with each of the parameters, in few round trips."""

    def load(self, keys: Sequence[AnyKey]) -> Facts:
        """Returns the facts of the keys."""

    def write(self, moves: Sequence[Move]) -> None:
        """Does the moves as one set. Raises AssertionError if one breaks what the store asserts."""

    def lock(self, locks: Iterable[Lock]) -> None:
        """Waits until no decision stands on any of these, and keeps it so to the end of the transaction."""

    def serve_alone(self) -> bool:
        """Keeps gateways from answering until the transaction ends; False, and nothing, where one does."""

    def last_committed_at(self) -> datetime | None:
        """Returns the instant of the last entry in the books; None before the first."""

    def instant(self) -> datetime:
        """Returns the server's instant, not before the last entry in the books."""

    def close(self) -> None:
        """Ends the connection; a transaction that was not committed is undone."""


Connection = sqlite3.Connection | ServerConnection
"""The embedded database or a server."""


def begin(connection: Connection) -> None:
    """Begins a writing transaction."""
    if isinstance(connection, sqlite3.Connection):
        connection.execute("BEGIN IMMEDIATE")
    else:
        connection.begin()


def lock(connection: Connection, locks: Iterable[Lock]) -> None:
    """Keeps gateways from deciding about these until the writing transaction ends.

    In the embedded database whoever writes is alone.
    """
    if not isinstance(connection, sqlite3.Connection):
        connection.lock(locks)


def last_committed_at(connection: Connection) -> datetime | None:
    """Returns the instant of the last entry in the books; None before the first."""
    if not isinstance(connection, sqlite3.Connection):
        return connection.last_committed_at()
    row = connection.execute("SELECT committed_at_us FROM entries ORDER BY position DESC LIMIT 1").fetchone()
    return None if row is None else from_us(row[0])


def instant(connection: Connection, at: datetime) -> datetime:
    """Returns when something is entered: not before the last entry in the books, even while the clock is.

    Where gateways share a server, by the server's clock: one that is wrong at an operator's desk would set
    that of all of them. Else it is ``at``.
    """
    if not isinstance(connection, sqlite3.Connection):
        return connection.instant()
    return max(at, last_committed_at(connection) or at)


def entry_column(connection: Connection) -> str:
    """Returns the column that names an entry in ``entries``, ``postings`` and ``entry_counters``.

    Positions are given at once where there is one writer, and behind open transactions where there are many.
    """
    return "position" if isinstance(connection, sqlite3.Connection) else "entry"


@contextmanager
def snapshot(connection: Connection) -> Iterator[None]:
    """Whatever is read inside is of one point in time; nothing is written."""
    connection.execute("BEGIN")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
