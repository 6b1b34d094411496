"""Verifying the ledger: everything recomputed from the entries of many sales; and the blocks of its chain."""

import asyncio
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from medsettle_gateway.storage.audit.processes import sharing
from medsettle_gateway.storage.audit.verifying import verify
from tests.bench.ledger_books import fill
from tests.bench.rows import Row, median
from tests.gateway.storage.stand import NOW, SqliteStand

if TYPE_CHECKING:
    from tests.gateway.storage.postgres_stand import PostgresStand

SALES: Final = 200_000
ROUNDS: Final = 3
BLOCK_COUNT: Final = 1_000
"""Entries of a block, as the gateway makes them."""


def measure() -> Iterator[Row]:
    """Yields entries a second, by the clock: chained, and verified by one reader and by two."""
    with TemporaryDirectory() as folder:
        yield from rows("a file", SqliteStand(Path(folder)))
    try:
        with on_a_server() as stand:
            yield from rows("PostgreSQL", stand)
    except ImportError as error:
        yield Row(f"on PostgreSQL: not measured, {error.name} is not installed")


@contextmanager
def on_a_server() -> Iterator["PostgresStand"]:
    """Yields a database on a server of one's own, or on the one that DATABASE_URL names."""
    from medsettle_gateway.storage.postgres.database import migrate
    from tests.gateway.storage.postgres_stand import PostgresStand
    from tests.postgres import databases

    with databases() as made:
        url = made.new()
        asyncio.run(migrate(url))
        yield PostgresStand(url)


def rows(where: str, stand: "SqliteStand | PostgresStand") -> Iterator[Row]:
    """Yields the rows of one kind of store."""
    with stand.reading() as connection:
        connection.execute("BEGIN")
        entries_count = fill(connection, SALES)
        connection.execute("COMMIT")
    started = time.perf_counter()
    asyncio.run(chain(stand))
    chained = entries_count / (time.perf_counter() - started)
    yield Row(f"chained, {where}", chained, note=f"{entries_count:,} entries")
    first: float | None = None
    for readers_count in (1, 2):
        before = busy()
        rate = median(entries_count / seconds(stand, readers_count) for _ in range(ROUNDS))
        busy_us = (busy() - before) / ROUNDS / entries_count * 1_000_000
        yield Row(
            f"verified, {where}, readers: {readers_count}", rate, first,
            note=f"{busy_us:.1f} us of the readers' processors an entry, a server's not counted",
        )
        first = first or rate


def busy() -> float:
    """Returns the seconds of the processor that this process and those that it ended have had."""
    return sum(os.times()[:4])


async def chain(stand: "SqliteStand | PostgresStand") -> None:
    """Covers every entry by blocks."""
    store = await stand.opened()
    while await store.chain(BLOCK_COUNT, NOW):
        pass
    await store.close()


def seconds(stand: "SqliteStand | PostgresStand", readers_count: int) -> float:
    """Returns how long it takes to verify everything; it must hold."""
    started = time.perf_counter()
    with sharing(stand.reading, readers_count) as connections:
        verdict = verify(connections)
        took = time.perf_counter() - started
    assert (verdict.findings, verdict.waiting_count) == ((), 0)
    return took
