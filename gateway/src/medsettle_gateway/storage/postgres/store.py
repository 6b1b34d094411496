"""The store on a server: one writing connection, a few that read, and one for duties.

Nothing is remembered in the process that another one would have to know.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import date, datetime
from typing import Final

from medsettle_gateway.domain.keys import AnyKey, Facts
from medsettle_gateway.domain.sale import SaleRecord
from medsettle_gateway.domain.upstream import DueErrand
from medsettle_gateway.service.ports import (
    ContendedError,
    SaleFilter,
    SalePosition,
    StoreUnavailableError,
)
from medsettle_gateway.storage.instants import to_us
from medsettle_gateway.storage.postgres.chaining import Chaining
from medsettle_gateway.storage.postgres.connecting import Connection, Waits
from medsettle_gateway.storage.postgres.duty import Duty
from medsettle_gateway.storage.postgres.ending import commit
from medsettle_gateway.storage.postgres.failures import FAILURES, to_its_end, unavailable
from medsettle_gateway.storage.postgres.latest import last_committed_at
from medsettle_gateway.storage.postgres.line import Line
from medsettle_gateway.storage.postgres.readers import Readers
from medsettle_gateway.storage.postgres.reading import sale_of
from medsettle_gateway.storage.postgres.soundness import refuse_unsound
from medsettle_gateway.storage.postgres.statements import SQL
from medsettle_gateway.storage.postgres.transaction import PostgresTransaction
from medsettle_gateway.storage.postgres.turns import Turn
from medsettle_gateway.storage.rows import after_errand, errand_of
from medsettle_gateway.storage.sealing import Sealer

_NEWEST: Final = (2**63 - 1, "")
"""Behind it stands every sale: the newest first."""


class PostgresStore:
    """See :class:`medsettle_gateway.service.ports.Store`."""

    def __init__(
        self, writing: Line, readers: Readers, sweeping: Duty, chaining: Chaining, sealer: Sealer,
        *, commit_ms: int,
    ) -> None:
        self._commit_s = commit_ms / 1000
        self._writing = writing
        self._readers = readers
        self._sweeping = sweeping
        self._chaining = chaining
        self._sealer = sealer
        self._turn = asyncio.Lock()

    @classmethod
    async def open(
        cls, url: str, sealer: Sealer, *, root: str, waits: Waits | None = None, readers_count: int = 2
    ) -> "PostgresStore":
        """Returns the store of a database. Raises ConfigError if it cannot be used.

        It holds ``readers_count`` connections and three more.
        """
        waits = waits or Waits()
        writing = Line(url, sealer, root, waits)
        try:
            await refuse_unsound(url, await writing.open())
        except BaseException:
            await writing.close()
            raise
        readers = Readers([Line(url, sealer, root, waits) for _ in range(readers_count)], sealer)
        sweeping = Duty(Line(url, sealer, root, waits), Turn.SWEEP)
        chaining = Chaining(Line(url, sealer, root, waits), commit_ms=waits.commit_ms)
        return cls(writing, readers, sweeping, chaining, sealer, commit_ms=waits.commit_ms)

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[PostgresTransaction]:
        """Begins this process's one writing transaction; leaving it commits to the disk.

        A commit whose answer was lost is StoreUnavailableError too: it may have been done.
        """
        async with self._turn:
            transaction, connection = await self._begin()
            try:
                yield transaction
                with unavailable():
                    await to_its_end(asyncio.ensure_future(commit(connection, self._commit_s)))
            except BaseException:
                await self._undo(connection)
                raise

    async def load(self, keys: Sequence[AnyKey]) -> Facts:
        """Returns the facts of the keys as last committed, all at one point in time."""
        return await self._readers.load(keys)

    async def list_sales(
        self, chosen: SaleFilter, page_size: int, after: SalePosition | None
    ) -> tuple[SaleRecord, ...]:
        """Returns up to ``page_size`` sales behind the position, newest first."""
        after_us, after_id = _NEWEST if after is None else (to_us(after.created_at), after.request_id)
        values = (
            chosen.institution, after_us, after_id, [each.value for each in chosen.states], chosen.terminal,
            _text(chosen.service_from), _text(chosen.service_to), page_size,
        )

        async def listed(connection: Connection) -> tuple[SaleRecord, ...]:
            return tuple(map(sale_of, await connection.fetch(SQL["list_sales"], *values)))

        return await self._readers.run(listed)

    async def due_sales(self, hold_due_at: datetime, day_due_at: datetime, limit: int) -> tuple[str, ...]:
        """Returns request ids whose time has come, longest due first; to one process among all that ask.

        The others get none, until that one is gone.
        """
        connection = await self._sweeping.connection()
        if connection is None:
            return ()
        values = (to_us(hold_due_at), to_us(day_due_at), limit)
        with unavailable():
            found = await connection.fetch(SQL["due_sales"], *values)
        return tuple(each["request_id"] for each in found)

    async def due_errands(
        self, due_at: datetime, limit: int, after: DueErrand | None = None
    ) -> tuple[DueErrand, ...]:
        """Returns errands that are due, longest due first, that come after that one."""

        async def due(connection: Connection) -> tuple[DueErrand, ...]:
            values = (to_us(due_at), *after_errand(after), limit)
            return tuple(map(errand_of, await connection.fetch(SQL["due_errands"], *values)))

        return await self._readers.run(due)

    async def last_committed_at(self) -> datetime | None:
        """Returns the latest instant of any entry in the books; None before the first."""
        return await self._readers.run(last_committed_at)

    async def chain(self, limit: int, at: datetime) -> int:
        """Covers the next entries by one block; returns how many, 0 if another process is at it."""
        return await self._chaining.chain(limit, at)

    async def close(self) -> None:
        """Waits for the transaction under way, then ends the connections."""
        async with self._turn:
            await self._chaining.close()
            await self._readers.close()
            await self._sweeping.close()
            await self._writing.close()

    async def _begin(self) -> tuple[PostgresTransaction, Connection]:
        """Begins once more on a new connection where the one at hand was lost."""
        try:
            return await self._begin_once()
        except StoreUnavailableError:
            self._writing.drop()
        try:
            return await self._begin_once()
        except (StoreUnavailableError, ContendedError):
            self._writing.drop()
            raise

    async def _begin_once(self) -> tuple[PostgresTransaction, Connection]:
        await self._sealer.ready()
        connection = await self._writing.connection()
        try:
            with unavailable():
                return await PostgresTransaction.begun(connection, self._sealer), connection
        except asyncio.CancelledError:
            self._writing.drop()
            raise

    async def _undo(self, connection: Connection) -> None:
        """Rolls back; a connection that cannot, or is not known to have, is ended, which does the same."""
        try:
            await to_its_end(asyncio.ensure_future(connection.execute("ROLLBACK")))
        except FAILURES:
            self._writing.drop()
        finally:
            if connection.is_closed() or connection.is_in_transaction():
                self._writing.drop()


def _text(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
