"""Groups: one transaction for many commands, and each command has its own fate."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from medsettle.wire.reasons import Reason
from medsettle.wire.states import SaleState
from medsettle_gateway.service.commands import Answer, Command, SaleAnswer
from medsettle_gateway.service.desk import Rules
from medsettle_gateway.service.ports import ContendedError, StoreUnavailableError
from tests.gateway.service.odd_stores import Contended, Counting, Rejecting, SlowToLock
from tests.gateway.service.queued import AT_ONCE, BRITTLE_FEN, SPLITS, answers_of, city, states
from tests.gateway.service.world import DAUGHTER, World, a_city, basket, beside, line, spawn, split


async def test_what_waits_is_decided_in_one_transaction() -> None:
    world = await city()
    seals = [world.seal(world.request_id()) for _ in range(20)]
    assert states(await answers_of(world, seals)) == [SaleState.SEALED] * 20
    assert world.store.commits == 1


async def test_no_group_is_larger_than_its_limit() -> None:
    world = await city(replace(AT_ONCE, group_count=8))
    await answers_of(world, [world.seal(world.request_id()) for _ in range(20)])
    assert world.store.commits == 3


async def test_who_is_alone_does_not_wait() -> None:
    world = await city(Rules())
    before = world.clock.at
    await answers_of(world, [world.seal(world.request_id())])
    assert world.clock.at == before


async def test_where_there_is_company_the_group_waits_for_more() -> None:
    rules = Rules(group_wait=timedelta(milliseconds=3))
    world = await city(rules)
    before = world.clock.at
    late: list[asyncio.Task[Answer]] = []

    async def sleep(seconds: float) -> None:
        world.clock.at += timedelta(seconds=seconds)
        late.append(beside(world.service(world.seal(world.request_id()))))
        await asyncio.sleep(0)

    world.clock.sleep = sleep  # type: ignore[method-assign]
    await answers_of(world, [world.seal(world.request_id()) for _ in range(2)])
    assert [world.clock.at - before, world.store.commits] == [rules.group_wait, 1]
    assert states([await late[0]]) == [SaleState.SEALED]


async def test_of_one_ticket_in_one_group_one_attempt_is_settled() -> None:
    world = await city()
    first = world.settle(world.request_id(attempt=1))
    second = world.settle(replace(first.request_id, text=first.request_id.text[:-1] + "2", attempt=2))
    again = replace(first, credential=world.credential())
    answers = await answers_of(world, [first, second, again])
    assert states(answers) == [SaleState.SETTLED, Reason.EARLIER_ATTEMPT_OPEN, SaleState.SETTLED]
    assert world.store.commits == 1


async def test_of_one_member_in_one_group_the_second_sees_what_the_first_used() -> None:
    world = await city()
    acknowledged = ("POSSIBLE_DUPLICATE",)
    sales = [
        world.settle(expected=expected, acknowledgements=acknowledged)
        for expected in (SPLITS[0], SPLITS[0], SPLITS[1])
    ]
    answers = await answers_of(world, sales)
    assert states(answers) == [SaleState.SETTLED, Reason.QUOTE_CHANGED, SaleState.SETTLED]
    assert world.balance("a-father") == (35_000, 0)
    assert world.store.commits == 1


async def test_of_one_credential_in_one_group_one_sale_is_settled() -> None:
    world = await city()
    shown = world.credential()
    sales = [world.settle(credential=shown, acknowledgements=("POSSIBLE_DUPLICATE",)) for _ in range(2)]
    assert states(await answers_of(world, sales)) == [SaleState.SETTLED, Reason.CREDENTIAL_USED]


async def test_two_members_never_spend_a_shared_account_twice_in_one_group() -> None:
    world = await city()
    mine = world.settle(expected=split(10_000, 0, **{"a-father": 40_000}))
    hers = await world.quoted(DAUGHTER)
    theirs = world.settle(expected=hers.split, credential=world.credential(DAUGHTER))
    answers = await answers_of(world, [mine, theirs])
    assert states(answers) == [SaleState.SETTLED, SaleState.SETTLED]
    assert world.balance("a-father")[0] >= 0


async def test_a_decision_that_breaks_fails_alone() -> None:
    world = await city()
    broken = world.settle(basket=basket(line(amount_fen=BRITTLE_FEN)))
    commands: list[Command] = [world.seal(world.request_id()), broken, world.seal(world.request_id())]
    answers = await answers_of(world, commands)
    assert states(answers) == [SaleState.SEALED, Reason.INTERNAL_ERROR, SaleState.SEALED]
    assert world.store.commits == 1
    assert [what for what, _ in world.reports] == [f"AskedSettle {broken.request_id}"]


async def test_a_group_that_the_store_rejects_is_run_one_by_one() -> None:
    world = await city(store=Rejecting(a_city().tables))
    commands = [world.seal(world.request_id()) for _ in range(4)]
    rejected = commands[2].request_id.text
    assert isinstance(world.store, Rejecting)
    world.store.rejected = rejected
    answers = await answers_of(world, commands)
    assert states(answers) == [SaleState.SEALED, SaleState.SEALED, Reason.INTERNAL_ERROR, SaleState.SEALED]
    assert rejected not in world.store.tables.sales
    assert [what for what, _ in world.reports] == [
        f"Seal {commands[0].request_id} and 3 more", f"Seal {rejected}"
    ]


async def test_a_store_that_is_away_leaves_every_sale_of_the_group_open() -> None:
    world = await city()
    world.store.fault = StoreUnavailableError("disk full")
    answers = await answers_of(world, [world.seal(world.request_id()) for _ in range(3)])
    assert states(answers) == [Reason.STORE_UNAVAILABLE] * 3
    assert world.store.tables.sales == {}


async def test_a_group_that_meets_another_process_is_run_again() -> None:
    world = await city()
    world.store.fault = ContendedError("another process")
    answers = await answers_of(world, [world.seal(world.request_id()) for _ in range(3)])
    assert states(answers) == [SaleState.SEALED] * 3
    assert world.reports == []


async def test_what_always_meets_another_process_alone_too_is_given_up() -> None:
    world = World(store=Contended(a_city().tables), rules=AT_ONCE)
    answers = await answers_of(world, [world.seal(world.request_id()) for _ in range(3)])
    assert states(answers) == [Reason.STORE_UNAVAILABLE] * 3
    assert isinstance(world.store, Contended)
    assert world.store.begun_count == (1 + 3) * (world.rules.again_count + 1)
    assert world.store.tables.sales == {}


async def test_of_a_group_that_meets_another_process_only_that_command_is_given_up() -> None:
    world = World(store=Contended(a_city().tables), rules=AT_ONCE)
    commands = [world.seal(world.request_id()) for _ in range(3)]
    assert isinstance(world.store, Contended)
    world.store.about = commands[1].request_id.text
    answers = await answers_of(world, commands)
    assert states(answers) == [SaleState.SEALED, Reason.STORE_UNAVAILABLE, SaleState.SEALED]


async def test_only_what_is_late_is_left_out_of_a_group() -> None:
    world = await city()
    in_time, late = world.seal(world.request_id()), world.seal(world.request_id())
    waiting = [
        beside(world.service(command, world.clock.at + timedelta(seconds=seconds)))
        for command, seconds in ((in_time, 9), (late, 3))
    ]
    await asyncio.sleep(0)
    world.clock.forward(seconds=5)
    await world.started()
    assert states([await each for each in waiting]) == [SaleState.SEALED, Reason.DEADLINE_PASSED]
    assert late.request_id.text not in world.store.tables.sales


async def test_what_becomes_late_while_the_locks_are_awaited_is_not_done() -> None:
    world = World(store=SlowToLock(a_city().tables), rules=AT_ONCE)
    assert isinstance(world.store, SlowToLock)
    world.store.awaited = lambda: world.clock.forward(seconds=5)
    in_time, late = world.seal(world.request_id()), world.seal(world.request_id())
    waiting = [
        beside(world.service(command, world.clock.at + timedelta(seconds=seconds)))
        for command, seconds in ((in_time, 9), (late, 3))
    ]
    await asyncio.sleep(0)
    await world.started()
    assert states([await each for each in waiting]) == [SaleState.SEALED, Reason.DEADLINE_PASSED]
    assert late.request_id.text not in world.store.tables.sales


async def test_the_instant_of_a_store_that_has_one_stands_in_for_the_clock() -> None:
    noon = World().clock.at
    later = noon + timedelta(minutes=7)
    world = World(store=SlowToLock(a_city().tables, later), rules=AT_ONCE)
    await world.open("a-father", 100_000)
    settled = await answers_of(world, [world.settle(), world.seal(world.request_id())])
    assert [answer.sale.committed_at for answer in settled if isinstance(answer, SaleAnswer)] == [later] * 2


async def test_draining_ends_every_group_that_was_begun() -> None:
    world = await city(replace(AT_ONCE, group_count=2))
    waiting = [beside(world.service(world.seal(world.request_id()))) for _ in range(5)]
    await asyncio.sleep(0)
    world.writer.start(spawn)
    await world.writer.drain()
    assert states([await each for each in waiting]) == [SaleState.SEALED] * 5
    assert states([await world.ask(world.seal(world.request_id()))]) == [Reason.SHUTTING_DOWN]


async def test_whoever_is_in_a_group_that_is_stopped_is_told() -> None:
    world = await city()
    running = beside(world.writer._run())
    async with world.store.begin():
        waiting = [beside(world.writer.submit(world.seal(world.request_id()))) for _ in range(3)]
        for _ in range(5):
            await asyncio.sleep(0)
        running.cancel()
        assert states([await each for each in waiting]) == [Reason.SHUTTING_DOWN] * 3
    assert world.store.tables.sales == {}


async def test_callers_that_go_away_do_not_hold_up_their_group() -> None:
    world = await city()
    gone, stays = world.seal(world.request_id()), world.seal(world.request_id())
    first, second = beside(world.service(gone)), beside(world.service(stays))
    await asyncio.sleep(0)
    first.cancel()
    await world.started()
    assert states([await second]) == [SaleState.SEALED]
    assert gone.request_id.text in world.store.tables.sales


@pytest.mark.parametrize("of_one", [True, False])
async def test_what_is_loaded_for_a_group_grows_with_the_group_only(of_one: bool) -> None:
    world = await city(store=Counting(a_city().tables))
    request_id = world.request_id()
    seals = [world.seal(request_id if of_one else world.request_id()) for _ in range(40)]
    await answers_of(world, seals)
    assert isinstance(world.store, Counting)
    assert world.store.loaded_count <= 4 * len(seals)
