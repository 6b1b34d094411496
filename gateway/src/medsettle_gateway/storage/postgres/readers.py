"""Reading without locks: what many ask for at once is asked in one round.

While a round is under way the next one gathers. So a process keeps few connections, and a request that looks
its key up waits for one round at most, however many others do.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from medsettle_gateway.domain.keys import AnyKey, Facts
from medsettle_gateway.service.ports import ContendedError, StoreUnavailableError
from medsettle_gateway.storage.postgres.connecting import Connection
from medsettle_gateway.storage.postgres.failures import unavailable
from medsettle_gateway.storage.postgres.line import Line
from medsettle_gateway.storage.postgres.loading import load
from medsettle_gateway.storage.sealing import Sealer

T = TypeVar("T")
_KEYS_MOST: Final = 4_000
"""Keys of one round; what is above waits for the next. The calls that a front lets in bound what waits."""


@dataclass(frozen=True, slots=True, eq=False)
class _Asked:
    """What somebody waits for: facts of keys, or else something of a kind of its own."""

    keys: tuple[AnyKey, ...]
    work: Callable[[Connection], Awaitable[Any]] | None
    answer: "asyncio.Future[Any]"


class Readers:
    """Connections that read, each with a task that asks what has gathered."""

    def __init__(self, lines: Sequence[Line], sealer: Sealer) -> None:
        self._lines = lines
        self._sealer = sealer
        self._waiting: deque[_Asked] = deque()
        self._some = asyncio.Event()
        self._closed = False
        self._tasks = [
            asyncio.get_running_loop().create_task(self._serve(line), name=f"medsettle-reader-{number}")
            for number, line in enumerate(lines)
        ]

    async def load(self, wanted: Sequence[AnyKey]) -> Facts:
        """Returns the facts of the keys, all at one point in time. Raises StoreUnavailableError."""
        found: Facts = await self._ask(tuple(wanted), None)
        return found

    async def run(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """Returns what the work reads, all at one point in time. Raises StoreUnavailableError."""
        found: T = await self._ask((), work)
        return found

    async def close(self) -> None:
        """Ends the connections; whoever still waits is told that the store is unavailable."""
        self._closed = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        _fail(self._waiting, StoreUnavailableError("the store is closed"))
        for line in self._lines:
            await line.close()

    async def _ask(
        self, wanted: tuple[AnyKey, ...], work: Callable[[Connection], Awaitable[Any]] | None
    ) -> Any:  # noqa: ANN401 - facts, or what the work returns
        if self._closed:
            msg = "the store is closed"
            raise StoreUnavailableError(msg)
        asked = _Asked(wanted, work, asyncio.get_running_loop().create_future())
        self._waiting.append(asked)
        self._some.set()
        return await asked.answer

    async def _serve(self, line: Line) -> None:
        round_: list[_Asked] = []
        try:
            while True:
                await self._some.wait()
                round_ = self._next()
                await self._answer(line, round_)
        finally:
            _fail(round_, StoreUnavailableError("the store is closed"))

    def _next(self) -> list[_Asked]:
        """Takes all that ask for keys, or one that has work of its own."""
        taken: list[_Asked] = []
        keys_count = 0
        while self._waiting and keys_count < _KEYS_MOST:
            if taken and (self._waiting[0].work or taken[0].work):
                break
            asked = self._waiting.popleft()
            if not asked.answer.done():  # whoever waited may have gone
                taken.append(asked)
                keys_count += len(asked.keys)
        if not self._waiting:
            self._some.clear()
        return taken

    async def _answer(self, line: Line, round_: Sequence[_Asked]) -> None:
        """Answers all; where what is read for one is no sound fact, the others must not suffer for it."""
        if not round_:
            return
        try:
            answers = await self._read(line, round_)
        except StoreUnavailableError as error:
            _fail(round_, error)
        except Exception as error:  # noqa: BLE001 - it belongs to whoever asked for it
            if len(round_) == 1:
                _fail(round_, error)
                return
            for asked in round_:
                await self._answer(line, (asked,))
        else:
            for asked, answer in zip(round_, answers, strict=True):
                if not asked.answer.done():
                    asked.answer.set_result(answer)

    async def _read(self, line: Line, round_: Sequence[_Asked]) -> list[Any]:
        """Reads once more on a new connection where the one at hand fails: nothing was changed by it."""
        try:
            return await self._read_once(line, round_)
        except (StoreUnavailableError, ContendedError):
            line.drop()
        try:
            return await self._read_once(line, round_)
        except ContendedError as error:
            raise StoreUnavailableError(*error.args) from error
        except StoreUnavailableError:
            line.drop()
            raise

    async def _read_once(self, line: Line, round_: Sequence[_Asked]) -> list[Any]:
        connection = await line.connection()
        with unavailable():
            await connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        try:
            with unavailable():
                work = round_[0].work
                if work is not None:
                    return [await work(connection)]
                wanted = tuple(dict.fromkeys(key for asked in round_ for key in asked.keys))
                facts = (await load(connection, self._sealer, wanted)).known()
                return [Facts({key: facts[key] for key in asked.keys}) for asked in round_]
        finally:
            await _end(line, connection)


async def _end(line: Line, connection: Connection) -> None:
    """Leaves the snapshot; a connection that cannot is of no use."""
    try:
        with unavailable():
            await connection.execute("ROLLBACK")
    except BaseException:
        line.drop()
        raise


def _fail(asked: Iterable[_Asked], error: Exception) -> None:
    for each in asked:
        if not each.answer.done():
            each.answer.set_exception(error)
