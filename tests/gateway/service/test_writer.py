"""The writer: one queue, answers after the commit, deadlines, and how it ends."""

import asyncio
import re
from datetime import datetime, timedelta

import pytest

from medsettle.wire.reasons import Reason
from medsettle.wire.states import SaleState
from medsettle_gateway.service.commands import RefusedAnswer
from medsettle_gateway.service.desk import Rules
from medsettle_gateway.service.ports import ContendedError, StoreUnavailableError
from medsettle_gateway.service.sweeper import Sweeper
from tests.gateway.service.memory_store import MemoryStore
from tests.gateway.service.odd_stores import SlowToLock
from tests.gateway.service.world import World, beside, spawn


def reason_of(answer: object) -> Reason:
    assert isinstance(answer, RefusedAnswer)
    assert not answer.recorded
    return answer.refusal.reason


async def test_an_answer_leaves_only_after_its_commit() -> None:
    world = await World().started(a_father=100_000)
    world.store.fault = StoreUnavailableError("disk full")
    command = world.settle()
    assert reason_of(await world.ask(command)) is Reason.STORE_UNAVAILABLE
    assert world.store.tables.sales == {}
    assert (await world.sale(command)).state is SaleState.SETTLED


async def test_a_fault_tells_the_log_not_the_client() -> None:
    world = await World().started(a_father=100_000)
    world.store.fault = RuntimeError("secret path")
    command = world.settle()
    answer = await world.ask(command)
    assert reason_of(answer) is Reason.INTERNAL_ERROR
    assert "secret" not in repr(answer)
    assert [what for what, _ in world.reports] == [f"AskedSettle {command.request_id}"]
    assert world.store.tables.sales == {}


async def test_a_move_that_would_break_the_books_is_undone_whole() -> None:
    world = await World().started(a_father=100_000)
    held = await world.held()
    world.store.tables.balances["a-father"] = (60_000, 0)
    before = world.store.tables
    assert reason_of(await world.ask(world.confirm(held))) is Reason.INTERNAL_ERROR
    assert world.store.tables is before


async def test_a_full_queue_asks_to_come_back() -> None:
    world = await World(rules=Rules(queue_count=1, retry_ms=70)).started(a_father=100_000)
    answers = [beside(world.service(world.seal(world.request_id()))) for _ in range(3)]
    full = [answer for answer in [await each for each in answers] if isinstance(answer, RefusedAnswer)]
    assert full
    assert {reason_of(answer) for answer in full} == {Reason.OVERLOADED}
    assert {answer.retry_after_ms for answer in full} == {70}


async def test_what_waited_too_long_is_not_begun() -> None:
    world = await World().started(a_father=100_000)
    command = world.settle()
    answer = await world.service(command, world.clock.at)
    assert reason_of(answer) is Reason.DEADLINE_PASSED
    assert world.store.tables.sales == {}
    await world.service(command, world.clock.at + timedelta(seconds=1))
    assert command.request_id.text in world.store.tables.sales


async def test_not_even_a_look_up_is_begun_after_its_deadline() -> None:
    world = await World().started(a_father=100_000)
    sale = await world.settled()
    answer = await world.service(world.get(sale.request_id), world.clock.at)
    assert reason_of(answer) is Reason.DEADLINE_PASSED


async def test_what_was_in_time_but_waited_too_long_in_the_queue_is_not_begun() -> None:
    world = World()
    in_time = world.clock.at + timedelta(seconds=1)
    waiting = beside(world.service(world.seal(world.request_id()), in_time))
    await asyncio.sleep(0)
    world.clock.at = in_time
    await world.started()
    assert reason_of(await waiting) is Reason.DEADLINE_PASSED
    assert world.store.tables.sales == {}


async def test_what_waited_too_long_for_the_database_is_not_done() -> None:
    world = await World().started(a_father=100_000)
    in_time = world.clock.at + timedelta(seconds=1)
    async with world.store.begin():
        waiting = beside(world.service(world.seal(world.request_id()), in_time))
        for _ in range(5):
            await asyncio.sleep(0)
        world.clock.at = in_time
    assert reason_of(await waiting) is Reason.DEADLINE_PASSED
    assert world.store.tables.sales == {}


async def test_draining_finishes_what_is_in_the_queue_and_refuses_the_rest() -> None:
    world = await World().started(a_father=100_000)
    command = world.settle()
    waiting = beside(world.service(command))
    await world.resolver.asked.wait()
    await world.writer.drain()
    assert not isinstance(await waiting, RefusedAnswer)
    assert reason_of(await world.ask(world.settle())) is Reason.SHUTTING_DOWN
    await world.writer.drain()


async def test_a_caller_that_goes_away_does_not_stop_its_command() -> None:
    world = await World().started(a_father=100_000)
    command = world.settle()
    waiting = beside(world.service(command))
    await world.resolver.asked.wait()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await world.writer.drain()
    assert world.store.tables.sales[command.request_id.text].state is SaleState.SETTLED


async def test_whoever_waits_is_told_when_the_writer_is_stopped() -> None:
    world = World()
    running = spawn(world.writer._run(), name="writer")
    await asyncio.sleep(0)
    running.cancel()
    waiting = beside(world.writer.submit(world.seal(world.request_id())))
    assert reason_of(await waiting) is Reason.SHUTTING_DOWN


async def test_time_never_goes_back_in_the_books() -> None:
    world = await World().started(a_father=100_000)
    first = await world.settled()
    world.clock.forward(hours=-2)
    undone = await world.sale(world.reverse(first.request_id))
    assert undone.committed_at > first.committed_at


async def test_time_never_goes_back_over_a_restart() -> None:
    before = await World().started(a_father=100_000)
    first = await before.settled()
    after = World(store=before.store, numbers=before.numbers)
    after.clock.forward(minutes=-2)
    await after.started()
    second = await after.settled()
    committed = [entry.committed_at for entry in after.store.tables.entries.values()]
    assert committed == sorted(committed)
    undone = await after.sale(after.reverse(first.request_id))
    assert undone.recompute_due == (second.request_id.text,)
    assert after.reports == []


async def test_a_clock_far_behind_the_books_is_reported_once_a_minute() -> None:
    world = await World().started(a_father=100_000)
    await world.settled()
    world.clock.forward(minutes=-30)
    for _ in range(3):
        await world.settled()
    ((what, error),) = world.reports
    assert what == "clock"
    assert re.search("clock is 0:30:00 behind the last entry .* set the clocks right", str(error))
    world.clock.forward(minutes=1)
    await world.settled()
    assert [what for what, _ in world.reports] == ["clock", "clock"]


async def test_books_that_lie_in_the_future_are_reported_before_anybody_asks() -> None:
    before = await World().started(a_father=100_000)
    await before.settled()
    after = World(store=before.store)
    after.clock.forward(hours=-1)
    await after.started()
    await after.writer.drain()
    assert [what for what, _ in after.reports] == ["clock"]


async def test_a_stores_instant_far_ahead_of_this_machines_clock_is_reported() -> None:
    """Its clock was once ahead, and the books with it; or it is now."""
    world = World()
    ahead = SlowToLock(world.store.tables, world.clock.at + timedelta(days=2))
    world = World(store=ahead)
    await world.started()
    assert world.reports == []
    sale = await world.sale(world.seal(world.request_id()))
    assert sale.committed_at == world.clock.at + timedelta(days=2)
    assert [what for what, _ in world.reports] == ["clock"]
    assert "2 days, 0:00:00 behind" in str(world.reports[0][1])


@pytest.mark.parametrize("fault", [StoreUnavailableError("away"), ContendedError("once more")])
async def test_a_look_at_the_clock_that_fails_does_not_end_the_writer(
    fault: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World()
    faults = [fault]
    look = world.store.last_committed_at

    async def failing() -> datetime | None:
        if faults:
            raise faults.pop()
        return await look()

    monkeypatch.setattr(world.store, "last_committed_at", failing)
    await world.started(a_father=100_000)
    assert (await world.settled()).state is SaleState.SETTLED
    assert world.reports == [("clock", fault)]


async def test_a_sweep_frees_what_is_due_in_bounded_batches() -> None:
    world = await World(rules=Rules(sweep_count=2)).started(a_father=100_000)
    held = [await world.held(1_000, acknowledgements=("POSSIBLE_DUPLICATE",)) for _ in range(3)]
    sweeper = Sweeper(world.store, world.clock, world.writer, world.rules, world.report)
    assert await sweeper.sweep() == 0
    world.clock.forward(minutes=10)
    assert [await sweeper.sweep() for _ in range(3)] == [2, 1, 0]
    states = {world.store.tables.sales[sale.request_id.text].state for sale in held}
    assert states == {SaleState.EXPIRED}


async def test_what_stays_due_keeps_no_other_hold_from_ending() -> None:
    """Sales whose tills have not compared after a restore: they are tried again, behind the others."""
    world = await World(rules=Rules(sweep_count=2)).started(a_father=100_000)
    left = [await world.held(1_000, acknowledgements=("POSSIBLE_DUPLICATE",)) for _ in range(2)]
    world.clock.forward(minutes=10)
    sweeper = Sweeper(world.store, world.clock, world.writer, world.rules, world.report)
    assert [await sweeper.sweep() for _ in range(2)] == [2, 0]
    world.clock.forward(hours=24)
    held = await world.held()
    at = world.clock.at
    world.store.tables.recoveries.begin(at.date() + timedelta(days=1), at - timedelta(days=1), at)
    world.clock.forward(minutes=10)
    assert [await sweeper.sweep() for _ in range(3)] == [2, 1, 2]
    assert [world.store.tables.sales[sale.request_id.text].state for sale in (*left, held)] == [
        SaleState.EXPIRED, SaleState.EXPIRED, SaleState.EXPIRED
    ]


async def test_the_sweeper_goes_on_after_a_fault_until_it_is_stopped() -> None:
    world = await World().started(a_father=100_000)
    held = await world.held()
    sweeper = Sweeper(FailingOnce(world.store), world.clock, world.writer, world.rules, world.report)
    running = spawn(stop_when_released(sweeper, world, held.request_id.text), name="watch")
    sweeper.start(spawn)
    await running
    assert [what for what, _ in world.reports] == ["sweep"]


async def stop_when_released(sweeper: Sweeper, world: World, request_id: str) -> None:
    while world.store.tables.sales[request_id].state is not SaleState.RELEASED:
        await asyncio.sleep(0)
        world.clock.forward(hours=1)
    sweeper.stop()


class FailingOnce(MemoryStore):
    """The same sales, but the first look for due ones fails."""

    def __init__(self, store: MemoryStore) -> None:
        super().__init__()
        self._store = store
        self._failed = False

    async def due_sales(self, hold_due_at: datetime, day_due_at: datetime, limit: int) -> tuple[str, ...]:
        if not self._failed:
            self._failed = True
            raise StoreUnavailableError("away")
        return await self._store.due_sales(hold_due_at, day_due_at, limit)
