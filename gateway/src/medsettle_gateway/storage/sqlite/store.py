"""The embedded store: one writing connection, one reading connection, one thread that waits for the disk.

Statements take microseconds and run on the event loop; what may block (the commit's flush to disk, the
wait for another process) runs in the thread.
"""

import asyncio
import contextlib
import json
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final, TypeVar

from medsettle_gateway.domain.keys import AnyKey, Facts
from medsettle_gateway.domain.moves import Move
from medsettle_gateway.domain.sale import SaleRecord
from medsettle_gateway.domain.upstream import DueErrand
from medsettle_gateway.service.ports import SaleFilter, SalePosition, StoreUnavailableError
from medsettle_gateway.storage.instants import to_us
from medsettle_gateway.storage.key_ring import KeyAwaitedError
from medsettle_gateway.storage.rows import after_errand, errand_of
from medsettle_gateway.storage.sealing import Sealer
from medsettle_gateway.storage.sqlite.chaining import Chaining, add_block
from medsettle_gateway.storage.sqlite.database import connect, open_database
from medsettle_gateway.storage.sqlite.latest import last_committed_at
from medsettle_gateway.storage.sqlite.loading import Reading
from medsettle_gateway.storage.sqlite.writing import write

_T = TypeVar("_T")
_NEWEST: Final = (2**63 - 1, "")
"""Behind it stands every sale: the newest first."""


class SqliteTransaction:
    """What is loaded and written between begin and commit."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    @property
    def at(self) -> None:
        """The file has one writer at a time: its own clock is enough."""

    async def load(self, keys: Sequence[AnyKey]) -> Facts:
        """Returns the facts of the keys, this transaction's own moves included."""
        with _unavailable():
            try:
                return self._reading.load(keys)
            except KeyAwaitedError:
                await self._reading.sealer.renewed()
            return self._reading.load(keys)

    async def write(self, moves: Sequence[Move]) -> None:
        """Does the moves. Raises AssertionError if one breaks what the store asserts."""
        with _unavailable():
            write(self._reading.connection, self._reading.sealer, moves)


class SqliteStore:
    """See :class:`medsettle_gateway.service.ports.Store`."""

    def __init__(self, writing: Reading, reading: Reading, chaining: Chaining, busy_ms: int) -> None:
        self._writing = writing
        self._reading = reading
        self._chaining = chaining
        self._busy_ms = busy_ms
        self._turn = asyncio.Lock()
        self._disk = ThreadPoolExecutor(1, "store")

    @classmethod
    def open(cls, path: Path, sealer: Sealer, *, root: str, busy_ms: int) -> "SqliteStore":
        """Returns the store of a database file. Raises ConfigError if it cannot be used."""
        writing = open_database(path, sealer, root=root)
        try:
            reading = connect(path)
        except sqlite3.Error:
            writing.close()
            raise
        return cls(Reading(writing, sealer), Reading(reading, sealer), Chaining(path), busy_ms)

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[SqliteTransaction]:
        """Begins the writing transaction, alone among all processes; leaving it commits to the disk."""
        async with self._turn:
            await self._writing.sealer.ready()
            try:
                await self._begin()
                yield SqliteTransaction(self._writing)
                await self._in_thread(lambda: self._writing.connection.execute("COMMIT"))
            except BaseException:
                await self._undo()
                raise

    async def load(self, keys: Sequence[AnyKey]) -> Facts:
        """Returns the facts of the keys as last committed, all at one point in time."""
        try:
            return self._read(lambda reading: reading.load(keys))
        except KeyAwaitedError:
            await self._reading.sealer.renewed()
        return self._read(lambda reading: reading.load(keys))

    async def list_sales(
        self, chosen: SaleFilter, page_size: int, after: SalePosition | None
    ) -> tuple[SaleRecord, ...]:
        """Returns up to ``page_size`` sales behind the position, newest first."""
        after_us, after_id = _NEWEST if after is None else (to_us(after.created_at), after.request_id)
        values = {
            "institution": chosen.institution,
            "states": json.dumps(chosen.states),
            "terminal": chosen.terminal,
            "service_from": None if chosen.service_from is None else chosen.service_from.isoformat(),
            "service_to": None if chosen.service_to is None else chosen.service_to.isoformat(),
            "after_us": after_us,
            "after_id": after_id,
            "page_size": page_size,
        }
        return self._read(lambda reading: reading.sales(reading.rows("list_sales", **values)))

    async def due_sales(self, hold_due_at: datetime, day_due_at: datetime, limit: int) -> tuple[str, ...]:
        """Returns request ids whose time has come, longest due first."""
        values = {"hold_due_us": to_us(hold_due_at), "day_due_us": to_us(day_due_at), "limit": limit}
        return self._read(lambda reading: tuple(row[0] for row in reading.rows("due_sales", **values)))

    async def due_errands(
        self, due_at: datetime, limit: int, after: DueErrand | None = None
    ) -> tuple[DueErrand, ...]:
        """Returns errands that are due, longest due first, that come after that one."""
        after_us, after_id = after_errand(after)
        values = {"due_us": to_us(due_at), "limit": limit, "after_us": after_us, "after_id": after_id}
        return self._read(lambda reading: tuple(map(errand_of, reading.rows("due_errands", **values))))

    async def last_committed_at(self) -> datetime | None:
        """Returns the instant of the last entry in the books; None before the first."""
        return self._read(lambda reading: last_committed_at(reading.connection))

    async def chain(self, limit: int, at: datetime) -> int:
        """Covers the next entries by one block, which is made beside the writer; returns how many."""
        with _unavailable():
            block = await self._chaining.next_block(limit, at)
        if block is None:
            return 0
        async with self.begin():
            with _unavailable():
                return block.entry_count if add_block(self._writing.connection, block) else 0

    async def close(self) -> None:
        """Waits for the transaction under way, then closes the file."""
        async with self._turn:
            self._chaining.close()
            self._disk.shutdown()
            for each in (self._reading, self._writing):
                with contextlib.suppress(sqlite3.Error):
                    each.connection.close()

    def _read(self, ask: Callable[[Reading], _T]) -> _T:
        with _unavailable():
            self._reading.connection.execute("BEGIN")
            try:
                return ask(self._reading)
            finally:
                self._reading.connection.execute("ROLLBACK")

    async def _begin(self) -> None:
        """Takes the database at once where it is free, else waits for another process in the thread."""
        with _unavailable():
            try:
                self._writing.connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                    raise
            else:
                return
        await self._in_thread(self._begin_when_free)

    def _begin_when_free(self) -> None:
        connection = self._writing.connection
        connection.execute(f"PRAGMA busy_timeout = {self._busy_ms}")
        try:
            connection.execute("BEGIN IMMEDIATE")
        finally:
            connection.execute("PRAGMA busy_timeout = 0")

    async def _in_thread(self, work: Callable[[], object]) -> None:
        """Runs what may block; a cancelled caller still waits for its end."""
        future = asyncio.get_running_loop().run_in_executor(self._disk, work)
        cancelled: asyncio.CancelledError | None = None
        while not future.done():
            try:
                await asyncio.shield(future)
            except asyncio.CancelledError as error:
                cancelled = error
            except sqlite3.Error:
                break
        with _unavailable():
            future.result()
        if cancelled is not None:
            raise cancelled

    async def _undo(self) -> None:
        """Rolls back; a full disk may have done so already."""
        if self._writing.connection.in_transaction:
            with contextlib.suppress(sqlite3.Error):
                self._writing.connection.execute("ROLLBACK")


@contextmanager
def _unavailable() -> Iterator[None]:
    try:
        yield
    except sqlite3.DatabaseError as error:
        msg = f"the database cannot be used: {error}"
        raise StoreUnavailableError(msg) from error
