"""The gateway's database as a machine of its own: one writer at a time, durable once it has said so.

A gateway may die while it writes: before the commit, and then nothing of it stands, or after it and before
anybody knows. What was acknowledged is never lost.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from random import Random

from medsettle_gateway.domain.calendar import day_of
from medsettle_gateway.domain.keys import AnyKey, Facts
from medsettle_gateway.domain.sale import SaleRecord
from medsettle_gateway.domain.upstream import DueErrand
from medsettle_gateway.service.ports import (
    ContendedError,
    LockedError,
    SaleFilter,
    SalePosition,
    StoreUnavailableError,
)
from tests.gateway.service.memory_chain import seal_next
from tests.gateway.service.memory_store import MemoryStore, MemoryTransaction, Tables
from tests.simulation.city import BEGIN
from tests.simulation.events import Note
from tests.simulation.loop import Process, current

_POLL_S = 0.001
_BACKUPS_MOST = 30
"""Commits that the last backup may be behind."""


class SharedTransaction(MemoryTransaction):
    """A transaction of a database that several gateways share: it tells the time, and what others hold."""

    def __init__(self, tables: Tables, at: datetime, locked: Callable[[], bool]) -> None:
        super().__init__(tables)
        self._at = at
        self._locked = locked

    @property
    def at(self) -> datetime:
        return self._at

    async def load(self, asked: Sequence[AnyKey]) -> Facts:
        if asked and self._locked():
            raise LockedError(asked[:1])
        return await super().load(asked)


class Database:
    """The tables, whose turn it is to write, and what goes wrong.

    ``shared``: several gateways write, and its clock counts for all of them.
    """

    def __init__(self, tables: Tables, chance: Random, note: Note, *, shared: bool = False) -> None:
        self.shared = shared
        self.contended_rate = 0.0
        self.tables = tables
        self.chance = chance
        self.note = note
        self.turn: Process | None = None
        self.dies_rate = 0.0
        self.fails_rate = 0.0
        self.slow_s = 0.001
        self.backups: deque[tuple[datetime, Tables]] = deque(maxlen=_BACKUPS_MOST)
        self.restored = False

    def happens(self, rate: float) -> bool:
        return rate > 0 and self.chance.random() < rate

    def transaction(self) -> MemoryTransaction:
        """Returns a transaction over what stands now."""
        tables = self.tables.copied()
        if not self.shared:
            return MemoryTransaction(tables)
        return SharedTransaction(tables, self.now(), self.locked)

    def locked(self) -> bool:
        """Returns whether another gateway holds what is asked for now."""
        found = self.happens(self.contended_rate)
        if found:
            self.note("another gateway holds what a sale stands on", "a sale was put aside")
        return found

    def now(self) -> datetime:
        """Returns the time of the machine that the database runs on: nobody sets its clock."""
        return BEGIN + timedelta(seconds=asyncio.get_running_loop().time())

    def restore(self) -> None:
        """Puts an earlier state in place of what stands, as an operator does whose disks are gone.

        Whoever uses the database must be dead.
        """
        lost_at, tables = self.chance.choice(self.backups)
        self.note(f"restored as of {lost_at}", "a database was restored with loss")
        self.restored = True
        self.backups.clear()
        self.tables = tables.copied()
        now = self.now()
        self.tables.recoveries.begin(day_of(now) + timedelta(days=1), lost_at, now)

    def end_recovery_for(self, terminals: set[str]) -> None:
        """Two people end the comparison for tills that nobody has."""
        recoveries = self.tables.recoveries
        recoveries.ended |= dict.fromkeys(sorted(terminals), len(recoveries.begun))

    async def takes_time(self) -> None:
        await asyncio.sleep(self.chance.random() * self.slow_s)


class SimulatedStore:
    """One process's connection to the database."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[MemoryTransaction]:
        database, me = self.database, current()
        while database.turn is not None and database.turn.alive:  # noqa: ASYNC110 - the dead wake nobody
            await asyncio.sleep(_POLL_S)
        database.turn = me
        try:
            if database.happens(database.fails_rate):
                raise StoreUnavailableError
            transaction = database.transaction()
            await database.takes_time()
            if database.shared and database.happens(database.contended_rate):
                database.note("another gateway is in the way", "gateways were in each other's way")
                raise ContendedError
            yield transaction
            await self._commit(transaction, me)
        finally:
            if me.alive:
                database.turn = None

    async def _commit(self, transaction: MemoryTransaction, me: Process) -> None:
        database = self.database
        await database.takes_time()
        if database.happens(database.fails_rate):
            database.note("a commit fails", "a commit failed")
            raise StoreUnavailableError
        if database.happens(database.dies_rate):
            await self._dies(me, "before the commit")
        before = len(database.tables.entries)
        database.backups.append((database.now(), database.tables))
        database.tables = transaction.tables
        for number in range(before + 1, len(database.tables.entries) + 1):
            entry = database.tables.entries[number]
            database.note(f"commit {number} {entry.kind} {entry.request_id}", entry.kind)
        if database.happens(database.dies_rate):
            await self._dies(me, "after the commit")
        await database.takes_time()

    async def _dies(self, me: Process, when: str) -> None:
        self.database.note(f"{me.name} dies {when}", f"a gateway died {when}")
        me.die()
        await asyncio.get_running_loop().create_future()

    async def load(self, asked: Sequence[AnyKey]) -> Facts:
        await self.database.takes_time()
        if self.database.happens(self.database.fails_rate):
            raise StoreUnavailableError
        return await self._read().load(asked)

    async def list_sales(
        self, chosen: SaleFilter, page_size: int, after: SalePosition | None
    ) -> tuple[SaleRecord, ...]:
        return await self._read().list_sales(chosen, page_size, after)

    async def due_sales(self, hold_due_at: datetime, day_due_at: datetime, limit: int) -> tuple[str, ...]:
        return await self._read().due_sales(hold_due_at, day_due_at, limit)

    async def due_errands(
        self, due_at: datetime, limit: int, after: DueErrand | None = None
    ) -> tuple[DueErrand, ...]:
        return await self._read().due_errands(due_at, limit, after)

    async def chain(self, limit: int, at: datetime) -> int:
        async with self.begin() as transaction:
            return seal_next(transaction.tables.entries, transaction.tables.blocks, limit, at)

    async def last_committed_at(self) -> datetime | None:
        return await self._read().last_committed_at()

    async def close(self) -> None:
        """Nothing to finish."""

    def _read(self) -> MemoryStore:
        return MemoryStore(self.database.tables)
