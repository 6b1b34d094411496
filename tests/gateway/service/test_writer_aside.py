"""What another process holds: whoever stands on it is put aside and comes back, and the others go on."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from medsettle.wire.reasons import Reason
from medsettle.wire.states import SaleState
from medsettle_gateway.bootstrap.process import Spawner
from medsettle_gateway.domain.keys import SaleKey
from medsettle_gateway.domain.moves import PutSale
from medsettle_gateway.service import group
from medsettle_gateway.service.aside import Aside
from medsettle_gateway.service.commands import Answer, RefusedAnswer, Seal
from medsettle_gateway.service.desk import Rules
from medsettle_gateway.service.group import Waiting
from medsettle_gateway.service.ports import Spawn
from tests.gateway.service.odd_stores import Held
from tests.gateway.service.queued import AT_ONCE, states
from tests.gateway.service.world import World, a_city, beside, spawn

PATIENT = replace(AT_ONCE, aside_again_count=1_000)


def held_at(*numbers: int, rules: Rules = PATIENT) -> tuple[World, Held, list[Seal]]:
    """A gateway of whose five commands some meet what another process holds."""
    store = Held(a_city().tables)
    world = World(store=store, rules=rules)
    commands = [world.seal(world.request_id()) for _ in range(5)]
    store.held = [SaleKey(commands[number].request_id.text) for number in numbers]
    return world, store, commands


async def asked(
    world: World, commands: list[Seal], spawn: Spawn = spawn
) -> list["asyncio.Task[Answer]"]:
    """All stand in the queue before the writer begins."""
    waiting = [beside(world.service(command)) for command in commands]
    for _ in range(3):
        await asyncio.sleep(0)
    world.writer.start(spawn)
    return waiting


async def turns(count: int = 50) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_only_who_stands_on_what_is_held_waits_for_it() -> None:
    world, store, commands = held_at(0, 3)
    first, second, third, fourth, fifth = await asked(world, commands)
    assert states([await second, await third, await fifth]) == [SaleState.SEALED] * 3
    assert [first.done(), fourth.done()] == [False, False]
    del store.held[0]
    assert states([await first]) == [SaleState.SEALED]
    assert not fourth.done()
    store.held.clear()
    assert states([await fourth]) == [SaleState.SEALED]
    assert world.reports == []


async def test_what_comes_later_goes_before_what_is_held() -> None:
    world, store, commands = held_at(0)
    held, *_ = await asked(world, commands[:1])
    assert states([await world.ask(command) for command in commands[1:]]) == [SaleState.SEALED] * 4
    assert not held.done()
    store.held.clear()
    assert states([await held]) == [SaleState.SEALED]


async def test_what_comes_back_together_comes_in_groups_of_limited_size() -> None:
    world, store, commands = held_at(0, 1, 2, 3, 4, rules=replace(PATIENT, group_count=2))
    waiting = await asked(world, commands)
    await turns(5)
    assert not any(each.done() for each in waiting)
    sizes: list[int] = []
    store.written = lambda done: sizes.append(sum(isinstance(move, PutSale) for move in done))
    store.held.clear()
    assert states([await each for each in waiting]) == [SaleState.SEALED] * 5
    assert sum(sizes) == 5
    assert max(sizes) <= 2


async def test_who_is_put_aside_in_the_last_round_of_asking_fails_of_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world, store, commands = held_at(0, 1, 2, 3, 4)
    monkeypatch.setattr(group, "ROUNDS_COUNT", 1)
    waiting = await asked(world, commands)
    await turns(5)
    assert store.refused_count > 0
    assert world.reports == []
    monkeypatch.undo()
    store.held.clear()
    assert states([await each for each in waiting]) == [SaleState.SEALED] * 5


async def test_what_is_held_for_ever_is_given_up_unrecorded_after_so_many_tries() -> None:
    rules = replace(AT_ONCE, aside_again_count=7)
    world, store, commands = held_at(2, rules=rules)
    answers = [await each for each in await asked(world, commands)]
    assert states(answers) == [*[SaleState.SEALED] * 2, Reason.STORE_UNAVAILABLE, *[SaleState.SEALED] * 2]
    assert isinstance(answers[2], RefusedAnswer)
    assert not answers[2].recorded
    assert store.refused_count == 1 + rules.aside_again_count
    assert [what for what, _ in world.reports] == [f"Seal {commands[2].request_id}"]


async def test_it_is_tried_again_ever_more_rarely_but_not_ever_more_so() -> None:
    rules = replace(
        AT_ONCE, aside_wait=timedelta(seconds=1), aside_wait_most=timedelta(seconds=4), aside_again_count=5
    )
    world, store, commands = held_at(0, rules=rules)
    tried_at: list[float] = []
    began_at = world.clock.at

    class Noted(list[object]):
        def __contains__(self, key: object) -> bool:
            found = super().__contains__(key)
            if found:
                tried_at.append((world.clock.at - began_at).total_seconds())
            return found

    store.held = Noted(store.held)  # type: ignore[assignment]
    await (await asked(world, commands[:1]))[0]
    assert tried_at == [0, 1, 3, 7, 11, 15]


async def test_where_there_is_no_room_aside_who_meets_it_asks_to_come_back() -> None:
    rules = replace(PATIENT, aside_count=2, retry_ms=70)
    world, store, commands = held_at(0, 1, 2, rules=rules)
    waiting = await asked(world, commands)
    answer = await waiting[2]
    assert isinstance(answer, RefusedAnswer)
    assert (answer.refusal.reason, answer.recorded, answer.retry_after_ms) == (Reason.OVERLOADED, False, 70)
    await turns()
    assert [each.done() for each in waiting] == [False, False, True, True, True]
    store.held.clear()
    assert states([await each for each in waiting[:2]]) == [SaleState.SEALED] * 2


async def test_whoever_is_tried_again_and_put_aside_again_takes_one_place(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Three wait and there is room for four: one more finds it while they are tried again."""
    world, store, commands = held_at(0, 1, 2, 3, rules=replace(PATIENT, aside_count=4, group_count=1))
    rooms: list[bool] = []
    put = Aside.put

    def noting(aside: Aside, waiting: Waiting) -> bool:
        kept = put(aside, waiting)
        rooms.append(aside.room())
        return kept

    monkeypatch.setattr(Aside, "put", noting)
    waiting = await asked(world, commands[:3])
    await turns(5)
    assert store.refused_count > 3, "they were tried again"
    assert all(rooms)
    store.held.clear()
    assert states([await each for each in waiting]) == [SaleState.SEALED] * 3


async def test_what_becomes_late_aside_is_not_begun() -> None:
    world, store, commands = held_at(0)
    world.writer.start(spawn)
    waiting = beside(world.service(commands[0], world.clock.at + timedelta(hours=1)))
    await turns(5)
    assert not waiting.done()
    world.clock.forward(hours=2)
    assert states([await waiting]) == [Reason.DEADLINE_PASSED]
    assert commands[0].request_id.text not in store.tables.sales


async def test_a_clock_that_fails_ends_the_waiting_aside_and_nobody_waits_for_it_at_the_end() -> None:
    world, store, commands = held_at(0)

    async def fails(seconds: float) -> None:
        raise OSError(seconds)

    failures: list[str] = []
    world.clock.sleep = fails  # type: ignore[method-assign]
    held, *others = await asked(world, commands, Spawner(lambda what, _: failures.append(what)))
    assert states([await each for each in others]) == [SaleState.SEALED] * 4
    await turns(5)
    assert failures == ["medsettle-writer-aside"]
    later = world.seal(world.request_id())
    store.held.append(SaleKey(later.request_id.text))
    assert states([await world.service(later)]) == [Reason.STORE_UNAVAILABLE]
    assert not held.done()
    await world.writer.drain()
    assert states([await held]) == [Reason.SHUTTING_DOWN]


async def test_a_clock_that_is_set_back_keeps_nobody_aside() -> None:
    world, store, commands = held_at(0)
    (waiting,) = await asked(world, commands[:1])
    await turns(5)
    world.clock.forward(hours=-5)
    store.held.clear()
    assert states([await waiting]) == [SaleState.SEALED]


async def test_draining_ends_what_is_aside_too() -> None:
    world, store, commands = held_at(0)
    (waiting,) = await asked(world, commands[:1])
    await turns(5)
    drained = beside(world.writer.drain())
    await turns(5)
    assert not drained.done()
    store.held.clear()
    await drained
    assert states([await waiting]) == [SaleState.SEALED]


async def test_a_drained_writer_leaves_nothing_running() -> None:
    failed: list[str] = []
    world, spawner = World(store=a_city()), Spawner(lambda name, _: failed.append(name))
    world.writer.start(spawner)
    await turns(5)
    assert len(spawner._running) == 2
    await world.writer.drain()
    await turns(5)
    assert (len(spawner._running), failed) == (0, [])


async def test_whoever_is_aside_when_the_writer_is_stopped_is_told() -> None:
    world, _, commands = held_at(0)
    running = [beside(world.writer._run()), beside(world.writer._aside.run())]
    waiting = beside(world.writer.submit(commands[0]))
    await turns(5)
    for each in running:
        each.cancel()
    assert states([await waiting]) == [Reason.SHUTTING_DOWN]
