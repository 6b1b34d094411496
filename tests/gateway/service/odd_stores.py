"""Stores that reject, contend, wait for locks, or count: each the model with one trouble."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

from medsettle_gateway.domain.keys import AnyKey, Facts
from medsettle_gateway.domain.moves import Move
from medsettle_gateway.service.ports import ContendedError, LockedError
from tests.gateway.service.memory_store import MemoryStore, MemoryTransaction, Tables


class Rejecting(MemoryStore):
    """Rejects the transaction in which one sale is written."""

    rejected = ""

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[MemoryTransaction]:
        async with super().begin() as transaction:
            yield transaction
            if self.rejected in transaction.tables.sales:
                raise AssertionError("the store refuses it")


class Contended(MemoryStore):
    """Meets another process every time, or only about one sale."""

    begun_count = 0
    about = ""

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[MemoryTransaction]:
        self.begun_count += 1
        async with super().begin() as transaction:
            yield transaction
            if not self.about or self.about in transaction.tables.sales:
                raise ContendedError("always")


class HeldTransaction(MemoryTransaction):
    def __init__(self, tables: Tables, store: "Held") -> None:
        super().__init__(tables)
        self._store = store

    async def load(self, asked: Sequence[AnyKey]) -> Facts:
        held = [key for key in asked if key in self._store.held]
        if held:
            self._store.refused_count += 1
            raise LockedError(held)
        return await super().load(asked)

    async def write(self, done: Sequence[Move]) -> None:
        self._store.written(done)
        await super().write(done)


class Held(MemoryStore):
    """Another process holds what some keys stand for."""

    refused_count = 0

    def __init__(self, tables: Tables) -> None:
        super().__init__(tables)
        self.held: list[AnyKey] = []
        self.written: Callable[[Sequence[Move]], None] = lambda _: None

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[MemoryTransaction]:
        async with super().begin() as transaction:
            held = HeldTransaction(transaction.tables, self)
            yield held


class LockingTransaction(MemoryTransaction):
    """Waits in its first load."""

    def __init__(self, tables: Tables, awaited: Callable[[], None], at: datetime | None) -> None:
        super().__init__(tables)
        self._awaited: Callable[[], None] | None = awaited
        self._at = at

    @property
    def at(self) -> datetime | None:
        return None if self._awaited else self._at

    async def load(self, asked: Sequence[AnyKey]) -> Facts:
        if self._awaited is not None:
            self._awaited()
            self._awaited = None
        return await super().load(asked)


class SlowToLock(MemoryStore):
    """Has an instant of its own once its locks are taken."""

    def __init__(self, tables: Tables, at: datetime | None = None) -> None:
        super().__init__(tables)
        self.awaited: Callable[[], None] = lambda: None
        self._at = at

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[MemoryTransaction]:
        async with super().begin() as transaction:
            locking = LockingTransaction(transaction.tables, self.awaited, self._at)
            yield locking


class CountingTransaction(MemoryTransaction):
    def __init__(self, tables: Tables, store: "Counting") -> None:
        super().__init__(tables)
        self._store = store

    async def load(self, asked: Sequence[AnyKey]) -> Facts:
        self._store.loaded_count += len(asked)
        return await super().load(asked)

    async def write(self, done: Sequence[Move]) -> None:
        assert done, "an empty write"
        await super().write(done)


class Counting(MemoryStore):
    """Counts the facts that are loaded."""

    loaded_count = 0

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[MemoryTransaction]:
        async with super().begin() as transaction:
            yield CountingTransaction(transaction.tables, self)
