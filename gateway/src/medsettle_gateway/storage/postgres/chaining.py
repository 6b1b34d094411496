"""The chain on a server: one process at a time gives positions and makes blocks, whichever it is.

Positions are given to whatever is committed and has none, in the order of ids. An entry that rests on
another one was inserted after that one's commit, so it has the greater id and is never seen without it:
positions keep the order of what rests on what, and nothing is ever put before a position that was given.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final, NamedTuple

from medsettle_gateway.storage.audit.asking import SERVER, Rows
from medsettle_gateway.storage.audit.chaining import next_block
from medsettle_gateway.storage.postgres.connecting import Connection
from medsettle_gateway.storage.postgres.ending import commit
from medsettle_gateway.storage.postgres.failures import to_its_end, unavailable
from medsettle_gateway.storage.postgres.line import Line
from medsettle_gateway.storage.postgres.placeholders import translated
from medsettle_gateway.storage.postgres.turns import TURNS, Turn

POSITIONS_MOST: Final = 20_000
"""Positions that are given at once."""
POSITIONS_MOST_SLOWLY: Final = 1_000_000
"""The same, where all entries had to be looked through for them."""
_TRY: Final = "SELECT pg_try_advisory_xact_lock($1, $2)"
_EVERYTHING: Final = "0"
_SLOW_S: Final = 24 * 3_600.0
"""How long it may take to look through all entries."""
_SLOWLY: Final = (
    "SET LOCAL statement_timeout = 0", "SET LOCAL enable_seqscan = on", "SET LOCAL enable_hashjoin = on",
    # One pass over both tables, even where the server does not know yet that they are large.
    "SET LOCAL enable_nestloop = off",
)


class _Behind(NamedTuple):
    """Every entry that an older transaction of the cluster wrote has its position."""

    cluster: str
    transaction: str


class Chaining:
    """Gives positions and makes blocks on a connection of its own."""

    def __init__(self, line: Line, *, commit_ms: int) -> None:
        self._line = line
        self._commit_s = commit_ms / 1000
        self._known_on: Connection | None = None
        self._behind: _Behind | None = None

    async def chain(self, limit: int, at: datetime) -> int:
        """Covers up to ``limit`` of the next entries by one block; returns how many, 0 if another is at it.

        Raises StoreUnavailableError, and AssertionError where what waits is broken.
        """
        async with self._turn() as connection:
            if connection is not None and await _few_wait(connection, limit):
                await self._give_positions(connection)
        async with self._turn() as connection:
            return 0 if connection is None else await _add_block(connection, limit, at)

    async def close(self) -> None:
        """Ends the connection."""
        await self._line.close()

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[Connection | None]:
        """Begins a transaction that no other process is in; None while one is. Leaving it commits."""
        connection = await self._line.connection()
        try:
            with unavailable():
                await connection.execute("BEGIN ISOLATION LEVEL READ COMMITTED")
                yield connection if await connection.fetchval(_TRY, TURNS, Turn.CHAIN) else None
                await to_its_end(asyncio.ensure_future(commit(connection, self._commit_s)))
        except (Exception, asyncio.CancelledError):
            self._line.drop()
            raise

    async def _give_positions(self, connection: Connection) -> None:
        if connection is not self._known_on:
            # Another server may answer now, which lost what it had not received: it knows how far it came.
            self._known_on, self._behind = connection, None
        cluster = await _cluster(connection)
        behind = self._behind or await _kept(connection)
        known = behind is not None and behind.cluster == cluster
        if not known:
            for setting in _SLOWLY:
                await connection.execute(setting)
        after = behind.transaction if behind is not None and known else _EVERYTHING
        most = POSITIONS_MOST if known else POSITIONS_MOST_SLOWLY
        ((given_count, oldest),) = await _ask(
            connection, "give_positions", {"behind": after, "most": most}, None if known else _SLOW_S
        )
        if given_count == most:
            return
        self._behind = _Behind(cluster, oldest)
        if cluster and (given_count or not known):
            await _ask(connection, "put_behind", {"value": "/".join(self._behind)})


async def _few_wait(connection: Connection, limit: int) -> bool:
    """Are there fewer positions without a block than the next one may cover?"""
    ((waiting_count,),) = await _ask(connection, "waiting_positions")
    return bool(waiting_count < limit)


async def _cluster(connection: Connection) -> str:
    """Which cluster it is: numbers of transactions mean nothing in another one. Empty if that is a secret."""
    ((allowed,),) = await _ask(connection, "may_see_cluster")
    return str((await _ask(connection, "cluster"))[0][0]) if allowed else ""


async def _kept(connection: Connection) -> _Behind | None:
    rows = await _ask(connection, "behind")
    return _Behind(*rows[0][0].split("/")) if rows else None


async def _add_block(connection: Connection, limit: int, at: datetime) -> int:
    async def ask(question: str, **values: object) -> Rows:
        return await _ask(connection, question, values)

    block = await next_block(ask, limit, at)
    if block is None:
        return 0
    await ask("add_block", **block._asdict())
    return block.entry_count


async def _ask(
    connection: Connection, question: str, values: Mapping[str, object] | None = None,
    timeout_s: float | None = None,
) -> Rows:
    statement = translated(SERVER[question])
    found = await connection.fetch(statement.text, *statement.arguments(values or {}), timeout=timeout_s)
    return [tuple(row) for row in found]
