"""The chainer covers whatever waits, in bounded steps, and goes on after whatever goes wrong."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from medsettle_gateway.domain.entry import Entry, Posting
from medsettle_gateway.service.chainer import STEPS_MOST, Chainer
from medsettle_gateway.service.desk import Rules
from medsettle_gateway.service.ports import StoreUnavailableError
from tests.gateway.service.memory_store import MemoryStore

NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)


class Clock:
    """Time passes while somebody sleeps; after the last sleep the work is told to stop."""

    def __init__(self) -> None:
        self.at = NOW
        self.chainer: Chainer | None = None
        self.sleeps: Iterator[float] = iter(())
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += timedelta(seconds=seconds)
        if next(self.sleeps, None) is None:
            assert self.chainer is not None
            await self.chainer.stop()


def entry(*postings: Posting) -> Entry:
    return Entry("SEALED", "H1-01-20260302-1-1", NOW, NOW.date(), "", "", "", postings)


def made(store: MemoryStore, clock: Clock, **rules: object) -> tuple[Chainer, list[BaseException]]:
    heard: list[BaseException] = []
    chainer = Chainer(store, clock, Rules(**rules), lambda _, error: heard.append(error))  # type: ignore[arg-type]
    clock.chainer = chainer
    return chainer, heard


async def run(chainer: Chainer) -> None:
    await chainer._run()


async def test_everything_that_waits_is_covered_by_blocks_of_a_limited_size() -> None:
    store = MemoryStore()
    store.tables.entries.update({number: entry() for number in range(1, 8)})
    chainer, _ = made(store, Clock(), chain_count=3)
    assert await chainer.chain() == 7
    assert [block.entry_count for block in store.tables.blocks] == [3, 3, 1]
    assert await chainer.chain() == 0


async def test_one_run_takes_a_limited_number_of_steps() -> None:
    store = MemoryStore()
    store.tables.entries.update({number: entry() for number in range(1, STEPS_MOST + 3)})
    chainer, _ = made(store, Clock(), chain_count=1)
    assert await chainer.chain() == STEPS_MOST
    assert await chainer.chain() == 2


async def test_what_was_written_last_is_chained_when_it_stops() -> None:
    store, clock = MemoryStore(), Clock()
    chainer, _ = made(store, clock)
    await run(chainer)
    store.tables.entries[1] = entry()
    await chainer.stop()
    assert store.tables.blocks[-1].last_position == 1


async def test_it_waits_between_its_runs() -> None:
    clock = Clock()
    clock.sleeps = iter([1.0, 1.0])
    chainer, _ = made(MemoryStore(), clock, chain_interval=timedelta(seconds=2))
    await run(chainer)
    assert clock.slept == [2.0, 2.0, 2.0]


@pytest.mark.parametrize("error", [StoreUnavailableError("gone"), AssertionError("broken")])
async def test_it_goes_on_after_a_run_that_failed(error: Exception) -> None:
    class Failing(MemoryStore):
        async def chain(self, limit: int, at: datetime) -> int:
            if not heard:
                raise error
            return await super().chain(limit, at)

    store, clock = Failing(), Clock()
    clock.sleeps = iter([1.0])
    store.tables.entries[1] = entry()
    chainer, heard = made(store, clock)
    await run(chainer)
    assert heard == [error]
    assert store.tables.blocks[-1].last_position == 1
