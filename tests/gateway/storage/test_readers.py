"""Reading in rounds: who asks is answered, or told that the database is away, whenever the line is lost."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import pytest

from medsettle_gateway.domain.keys import SaleKey
from medsettle_gateway.service.ports import StoreUnavailableError
from medsettle_gateway.storage.postgres.readers import Readers
from tests.gateway.storage.stand import SEALER

LOST = (
    asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation"),
    asyncpg.InterfaceError("the underlying connection is closed"),
    ConnectionResetError(104, "Connection reset by peer"),
    TimeoutError(),
)


@dataclass
class ScriptedLine:
    """Connections of which each fails at one word; the last of ``failing`` stands for all that follow."""

    failing: list[tuple[str, Exception | None]]
    dropped_count: int = 0
    made_count: int = 0
    loaded: list[int] = field(default_factory=list)
    _whole: bool = False

    async def connection(self) -> "ScriptedLine":
        if not self._whole:
            self.made_count += 1
            self._whole = True
        return self

    async def execute(self, statement: str) -> None:
        await asyncio.sleep(0)
        word = statement.split(maxsplit=1)[0]
        at, error = self.failing[min(self.made_count, len(self.failing)) - 1]
        if word == at and error is not None:
            raise error

    async def fetch(self, _: str, request_ids: list[str]) -> list[Any]:
        self.loaded.append(len(request_ids))
        await self.execute("SELECT")
        return []

    def drop(self) -> None:
        self.dropped_count += 1
        self._whole = False

    async def close(self) -> None:
        self._whole = False


@asynccontextmanager
async def reading(line: ScriptedLine) -> AsyncIterator[Readers]:
    readers = Readers([line], SEALER)  # type: ignore[list-item]
    yield readers
    await readers.close()


async def seven(connection: Any) -> int:
    await connection.execute("SELECT 7")
    return 7


@pytest.mark.parametrize("at", ["BEGIN", "SELECT", "ROLLBACK"])
@pytest.mark.parametrize("error", LOST, ids=lambda error: type(error).__name__)
async def test_a_line_that_is_lost_anywhere_is_made_again_and_the_question_answered(
    at: str, error: Exception
) -> None:
    line = ScriptedLine([(at, error), ("", None)])
    async with reading(line) as readers:
        assert await readers.run(seven) == 7
    assert (line.made_count, line.dropped_count >= 1) == (2, True)


@pytest.mark.parametrize("at", ["BEGIN", "SELECT", "ROLLBACK"])
@pytest.mark.parametrize("error", LOST, ids=lambda error: type(error).__name__)
async def test_a_line_that_stays_lost_is_told_as_a_database_that_is_away(at: str, error: Exception) -> None:
    line = ScriptedLine([(at, error)])
    async with reading(line) as readers:
        with pytest.raises(StoreUnavailableError, match="the database cannot be used"):
            await readers.run(seven)
        with pytest.raises(StoreUnavailableError):
            await readers.load((SaleKey("x"),))
    assert line.made_count == 4


async def test_whoever_asks_while_a_round_is_under_way_is_answered_by_one_more() -> None:
    line = ScriptedLine([("", None)])
    async with reading(line) as readers:
        asked = [asyncio.ensure_future(readers.load((SaleKey("first"),)))]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        asked += [asyncio.ensure_future(readers.load((SaleKey(f"{number}"),))) for number in range(9)]
        found = [(await each).known() for each in asked]
    assert found == [{SaleKey("first"): None}, *({SaleKey(f"{number}"): None} for number in range(9))]
    assert line.loaded == [1, 9]


async def broken(_: Any) -> int:
    raise ValueError("unsound")


@pytest.mark.parametrize(("work", "error"), [(broken, ValueError), (seven, None)])
async def test_who_asks_for_something_of_its_own_has_its_own_fate(
    work: Callable[[Any], Any], error: type[Exception] | None
) -> None:
    line = ScriptedLine([("", None)])
    async with reading(line) as readers:
        others = [asyncio.ensure_future(readers.run(seven)) for _ in range(3)]
        if error is None:
            assert await readers.run(work) == 7
        else:
            with pytest.raises(error):
                await readers.run(work)
        assert [await each for each in others] == [7] * 3
    assert line.made_count == 1


async def test_who_is_being_answered_or_waits_when_the_store_is_closed_is_told() -> None:
    line = ScriptedLine([("", None)])
    begun = asyncio.Event()

    async def endless(_: Any) -> None:
        begun.set()
        await asyncio.Event().wait()

    async with reading(line) as readers:
        asked = [asyncio.ensure_future(readers.run(work)) for work in (endless, seven)]
        await begun.wait()
    for each in asked:
        with pytest.raises(StoreUnavailableError, match="closed"):
            await each
    with pytest.raises(StoreUnavailableError, match="closed"):
        await readers.run(seven)


async def test_who_went_away_is_not_asked_for() -> None:
    line = ScriptedLine([("", None)])
    async with reading(line) as readers:
        gone, stays = (asyncio.ensure_future(readers.load((SaleKey(name),))) for name in ("gone", "stays"))
        await asyncio.sleep(0)
        gone.cancel()
        assert (await stays).known() == {SaleKey("stays"): None}
    assert line.loaded == [1]
