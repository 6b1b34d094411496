"""The stand of the store on a server: a database of its own for each test."""

import itertools
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import asyncpg

from medsettle_gateway.storage.postgres.blocking import BlockingConnection
from medsettle_gateway.storage.postgres.connecting import Waits
from medsettle_gateway.storage.postgres.store import PostgresStore
from medsettle_gateway.storage.sealing import Sealer
from tests.gateway.storage.stand import ROOT_KEY, SEALER, InDatabase

WAITS = Waits(connect_ms=30_000, lock_ms=1_000, statement_ms=30_000, idle_ms=30_000)
"""Time enough for a machine that is busy; whoever wants to see a wait end names a shorter one."""


@dataclass
class PostgresStand(InDatabase):
    """A database on a server."""

    url: str
    sealer: Sealer = field(default=SEALER)
    _numbers: Any = field(default_factory=itertools.count)

    async def opened(self, waits: Waits = WAITS) -> PostgresStore:
        return await PostgresStore.open(self.url, self.sealer, root=ROOT_KEY, waits=waits)

    @contextmanager
    def writing(self) -> Iterator[BlockingConnection]:
        connection = BlockingConnection.open(self.url, self.sealer, root=ROOT_KEY, busy_ms=1_000)
        try:
            connection.begin()
            yield connection
            connection.execute("COMMIT")
        finally:
            connection.close()

    @contextmanager
    def reading(self) -> Iterator[BlockingConnection]:
        """A connection that looks at what is recorded."""
        with closing(
            BlockingConnection.open(self.url, self.sealer, root=ROOT_KEY, busy_ms=1_000)
        ) as connection:
            yield connection

    async def execute(self, statement: str, *values: object) -> None:
        """Runs a statement as the database's owner."""
        connection = await asyncpg.connect(self.url)
        try:
            await connection.execute(statement, *values)
        finally:
            await connection.close()

    async def stop_clock(self, at: datetime) -> None:
        """The server's clock stands still for whoever connects from now on: another is found before it."""
        name = urlsplit(self.url).path.lstrip("/")
        await self.execute("""
            CREATE SCHEMA by_hand;
            CREATE TABLE by_hand.clock (at TIMESTAMPTZ);
            CREATE FUNCTION by_hand.clock_timestamp() RETURNS TIMESTAMPTZ LANGUAGE sql VOLATILE
              AS 'SELECT at FROM by_hand.clock';
        """)
        await self.execute(f"ALTER DATABASE {name} SET search_path = by_hand, public, pg_catalog")
        await self.execute("INSERT INTO by_hand.clock VALUES ($1)", at)

    async def set_clock(self, at: datetime) -> None:
        """Sets the clock that was stopped."""
        await self.execute("UPDATE by_hand.clock SET at = $1", at)


@dataclass
class Pair:
    """Two stores, as two processes have them."""

    one: PostgresStore
    other: PostgresStore
