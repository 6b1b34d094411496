"""Several readers that see the books at one point in time."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Final

from medsettle_gateway.storage.audit.asking import Books
from medsettle_gateway.storage.audit.head import Bounds, bounds_of
from medsettle_gateway.storage.audit.processes import Reader, ReaderProcess
from medsettle_gateway.storage.connection import Connection

SNAPSHOTS_MOST: Final = 1_000
"""Times that several readers are asked to see the same, while a gateway writes."""


@contextmanager
def same_moment(connections: Sequence[Connection | ReaderProcess]) -> Iterator[list[Reader]]:
    """Yields readers: whatever any of them reads is of one point in time. Nothing is written.

    Raises sqlite3.Error or DatabaseFailedError.
    """
    readers: list[Reader] = [
        each if isinstance(each, ReaderProcess) else Books.of(each) for each in connections
    ]
    servers = [each for each in connections if not isinstance(each, ReaderProcess | sqlite3.Connection)]
    with ExitStack() as stack:
        for reader in readers:
            stack.callback(reader.do, _end)
        if servers:
            _import_snapshot(servers)
        else:
            _meet(readers)
        yield readers


def _meet(readers: Sequence[Reader]) -> None:
    """Every transaction that moves money writes an entry: who sees the same last one sees the same books."""
    for _ in range(SNAPSHOTS_MOST):
        seen = [reader.do(_begin) for reader in readers]
        if all(other == seen[0] for other in seen):
            return
    msg = "the books change too fast to be read by several at once: read with one"
    raise sqlite3.OperationalError(msg)


def _begin(books: Books) -> Bounds:
    connection = books.connection
    if isinstance(connection, sqlite3.Connection):
        # A text that somebody made unreadable is a finding and no reason to stop.
        connection.text_factory = _readable
    _end(books)
    connection.execute("BEGIN")
    return bounds_of(books)


def _end(books: Books) -> None:
    connection = books.connection
    if not isinstance(connection, sqlite3.Connection) or connection.in_transaction:
        connection.execute("ROLLBACK")


def _readable(text: bytes) -> str:
    return text.decode(errors="surrogateescape")


def _import_snapshot(connections: Sequence[Connection]) -> None:
    begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
    first, *others = connections
    first.execute(begin)
    ((snapshot,),) = first.execute("SELECT pg_export_snapshot()").fetchall()
    for each in others:
        each.execute(f"{begin}; SET TRANSACTION SNAPSHOT '{snapshot}'")
