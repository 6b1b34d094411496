"""A right that ends while a request waits: what is written is decided by the right at its commit."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from medsettle.wire.reasons import Reason
from medsettle.wire.states import SaleState
from medsettle_gateway.domain.asked import Collect
from medsettle_gateway.domain.facts import State
from medsettle_gateway.domain.sale import SaleRecord
from medsettle_gateway.service.commands import Command, RefusedAnswer
from tests.gateway.service.world import KEY, World, beside

End = Callable[[World], None]


def revoked(world: World) -> None:
    keys = world.store.tables.terminal_keys
    keys[KEY] = replace(keys[KEY], revoked_at=world.clock.at)


def suspended(world: World) -> None:
    terminals = world.store.tables.terminals
    terminals["CLINIC-1"] = replace(terminals["CLINIC-1"], state=State.SUSPENDED)


ENDS = pytest.mark.parametrize(("end", "reason"), [
    (revoked, Reason.KEY_NOT_ACTIVE),
    (suspended, Reason.TERMINAL_SUSPENDED),
])


async def a_world() -> World:
    return await World().started(a_father=100_000)


@ENDS
async def test_a_settle_that_waits_while_its_right_ends_charges_nothing(end: End, reason: Reason) -> None:
    world = World()
    command = world.settle()
    waiting = beside(world.ask(command))
    await world.resolver.asked.wait()
    end(world)
    await world.started(a_father=100_000)
    answer = await waiting
    assert isinstance(answer, RefusedAnswer)
    assert (answer.refusal.reason, answer.recorded) == (reason, False)
    assert world.store.tables.sales == {}


ACTS: list[Callable[[World, SaleRecord], Command]] = [
    lambda world, held: world.confirm(held),
    lambda world, held: world.release(held.request_id),
    lambda world, held: world.reverse(held.request_id),
    lambda world, _: world.seal(world.request_id()),
]


@ENDS
@pytest.mark.parametrize("act", ACTS, ids=["confirm", "release", "reverse", "seal"])
async def test_no_act_is_done_once_its_right_has_ended(
    act: Callable[[World, SaleRecord], Command], end: End, reason: Reason
) -> None:
    world = await a_world()
    held = await world.held()
    command = act(world, held)
    end(world)
    before = dict(world.store.tables.sales)
    answer = await world.refused(command)
    assert (answer.refusal.reason, answer.recorded) == (reason, False)
    assert world.store.tables.sales == before


@pytest.mark.parametrize("end", [revoked, suspended])
@pytest.mark.parametrize("collect", [Collect.NOW, Collect.LATER])
async def test_a_known_id_still_gets_its_first_answer(end: End, collect: Collect) -> None:
    world = await a_world()
    command = world.settle(collect=collect)
    first = await world.sale(command)
    end(world)
    assert await world.sale(command) == first


@ENDS
async def test_an_act_that_changes_nothing_is_answered_whoever_asks(end: End, reason: Reason) -> None:
    world = await a_world()
    sale = await world.settled()
    end(world)
    for command in (world.confirm(sale), world.seal(sale.request_id), world.release(sale.request_id)):
        assert (await world.sale(command)).state is SaleState.SETTLED
    assert (await world.refused(world.reverse(sale.request_id))).refusal.reason is reason
