"""A connection for commands: it waits for each answer, as the embedded database's does."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any, Final, TypeVar

import asyncpg
from asyncpg.prepared_stmt import PreparedStatement

from medsettle_gateway.domain.keys import AnyKey, Facts
from medsettle_gateway.domain.locks import Lock
from medsettle_gateway.domain.moves import Move
from medsettle_gateway.storage.connection import DatabaseFailedError, Parameters
from medsettle_gateway.storage.postgres.connecting import Connection, Waits, said
from medsettle_gateway.storage.postgres.database import open_database
from medsettle_gateway.storage.postgres.ending import commit
from medsettle_gateway.storage.postgres.failures import FAILURES
from medsettle_gateway.storage.postgres.latest import instant, last_committed_at
from medsettle_gateway.storage.postgres.loading import load
from medsettle_gateway.storage.postgres.locking import take
from medsettle_gateway.storage.postgres.placeholders import translated
from medsettle_gateway.storage.postgres.turns import TURNS, Turn
from medsettle_gateway.storage.postgres.writing import write
from medsettle_gateway.storage.sealing import Sealer

T = TypeVar("T")

_STATEMENTS_MOST: Final = 64
"""Statements that stay prepared; commands have few."""
_CONTROL: Final = ("BEGIN", "ROLLBACK", "SAVEPOINT", "RELEASE")


class FoundRows:
    """What a statement found; see :class:`medsettle_gateway.storage.connection.Rows`."""

    def __init__(self, rows: Iterable[Sequence[Any]] = (), rowcount: int = -1) -> None:
        self._rows = iter([tuple(row) for row in rows])
        self.rowcount = rowcount

    def __iter__(self) -> Iterator[Any]:
        """The rows that are left."""
        return self._rows

    def fetchone(self) -> Any:  # noqa: ANN401 - what the columns hold
        """Returns the next row as a tuple, or None."""
        return next(self._rows, None)

    def fetchmany(self, size: int, /) -> list[Any]:
        """Returns up to so many further rows."""
        return [row for row, _ in zip(self._rows, range(size), strict=False)]

    def fetchall(self) -> list[Any]:
        """Returns the rows that are left."""
        return list(self._rows)


class BlockingConnection:
    """See :class:`medsettle_gateway.storage.connection.ServerConnection`.

    Its event loop runs in a thread of its own, so that it works wherever it is called from.
    """

    def __init__(self, thread: "LoopThread", raw: Connection, sealer: Sealer) -> None:
        self._thread = thread
        self._raw = raw
        self._sealer = sealer
        self._prepared: dict[str, PreparedStatement[asyncpg.Record]] = {}

    @classmethod
    def open(cls, url: str, sealer: Sealer, *, root: str, busy_ms: int) -> "BlockingConnection":
        """Returns a connection to a database that fits and belongs to these keys. Raises ConfigError.

        A statement waits ``busy_ms`` for what others hold, and takes as long as it takes.
        """
        thread = LoopThread()
        try:
            waits = Waits(lock_ms=busy_ms, statement_ms=0, idle_ms=0)
            return cls(thread, thread.run(_session(url, sealer, root, waits)), sealer)
        except BaseException:
            thread.end()
            raise

    def begin(self) -> None:
        """Begins a writing transaction: commands that write wait for each other, but no gateway for them."""
        self.execute("BEGIN ISOLATION LEVEL READ COMMITTED")
        self.execute("SELECT pg_advisory_xact_lock(?, ?)", (TURNS, Turn.COMMAND))

    def execute(self, sql: str, parameters: Parameters = (), /) -> FoundRows:
        """Returns what the statement finds. Raises DatabaseFailedError.

        COMMIT also raises AssertionError, if a statement had failed before.
        """
        return self._wait(self._execute(sql, parameters))

    def executemany(self, sql: str, parameters: Iterable[Any], /) -> None:
        """Runs the statement with each of the parameters. Raises DatabaseFailedError."""
        statement = translated(sql)
        self._wait(self._raw.executemany(statement.text, [statement.arguments(each) for each in parameters]))

    def load(self, keys: Sequence[AnyKey]) -> Facts:
        """Returns the facts of the keys. Raises DatabaseFailedError."""
        return self._wait(load(self._raw, self._sealer, keys))

    def write(self, moves: Sequence[Move]) -> None:
        """Does the moves. Raises AssertionError if one breaks what the store asserts."""
        if moves:
            self._wait(write(self._raw, self._sealer, moves))

    def lock(self, locks: Iterable[Lock]) -> None:
        """Waits until no decision stands on any of these. Raises DatabaseFailedError."""
        self._wait(take(self._raw, sorted(set(locks))))

    def serve_alone(self) -> bool:
        """Keeps gateways from answering until the transaction ends; False, and nothing, where one does."""
        query = "SELECT pg_try_advisory_xact_lock(?, ?)"
        return bool(self.execute(query, (TURNS, Turn.SERVE)).fetchone()[0])

    def last_committed_at(self) -> datetime | None:
        """Returns the instant of the last entry in the books; None before the first."""
        return self._wait(last_committed_at(self._raw))

    def instant(self) -> datetime:
        """Returns the server's instant, not before the last entry in the books."""
        return self._wait(instant(self._raw))

    def close(self) -> None:
        """Ends the connection; a transaction that was not committed is undone."""
        self._thread.call(self._raw.terminate)
        self._thread.end()

    async def _execute(self, sql: str, parameters: Parameters) -> FoundRows:
        if sql == "COMMIT":
            await commit(self._raw)
            return FoundRows()
        if sql.startswith(_CONTROL):
            await self._raw.execute(sql)
            return FoundRows()
        statement = translated(sql)
        prepared = self._prepared.get(sql)
        if prepared is None:
            while len(self._prepared) >= _STATEMENTS_MOST:
                del self._prepared[next(iter(self._prepared))]
            prepared = self._prepared[sql] = await self._raw.prepare(statement.text)
        rows = await prepared.fetch(*statement.arguments(parameters))
        count = prepared.get_statusmsg().rpartition(" ")[2]
        return FoundRows(rows, int(count) if count.isdecimal() else -1)

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        """Returns what the work comes to; whoever is interrupted while he waits ends the connection."""
        try:
            return self._thread.run(work)
        except KeyboardInterrupt:
            self._thread.interrupt(self._raw.terminate)
            raise
        except FAILURES as error:
            raise DatabaseFailedError(said(error) or type(error).__name__) from error


class LoopThread:
    """An event loop in a thread of its own, for those who wait for each result."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = ThreadPoolExecutor(1, "database")

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Returns what the work comes to."""
        return self.call(lambda: self._loop.run_until_complete(work))

    def call(self, what: Callable[[], T]) -> T:
        """Returns what a call in the thread comes to."""
        return self._thread.submit(what).result()

    def interrupt(self, what: Callable[[], object]) -> None:
        """Calls it beside the work that runs."""
        self._loop.call_soon_threadsafe(what)

    def end(self) -> None:
        """Ends the thread, once nothing runs in it."""
        self.run(asyncio.sleep(0))  # a connection that was ended is closed in the loop's next turn
        self._thread.submit(self._loop.close)
        self._thread.shutdown()


async def _session(url: str, sealer: Sealer, root: str, waits: Waits) -> Connection:
    connection = await open_database(url, sealer, root=root, waits=waits)
    # Sums of whole numbers come as numerics.
    await connection.set_type_codec("numeric", schema="pg_catalog", encoder=str, decoder=int, format="text")
    # What is read between BEGIN and ROLLBACK is of one point in time.
    await connection.execute("SET default_transaction_isolation = 'repeatable read'")
    return connection
