"""Some sales of a patient are decided by a remote authority, others by the rules here: each minds its own."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from medsettle.wire.reasons import Reason
from medsettle.wire.states import SaleState
from medsettle_gateway.domain.asked import Collect
from medsettle_gateway.service.commands import RefusedAnswer, SaleAnswer
from medsettle_gateway.service.writer import Writer
from tests.gateway.service.books_hold import check_store
from tests.gateway.service.remote_world import RemoteWorld
from tests.gateway.service.world import World, basket, line, split

S = SaleState


@pytest.fixture
async def here(world: RemoteWorld) -> AsyncIterator[World]:
    """The gateway as it was before a remote authority decided, over the same store."""
    begun = await World(store=world.store, clock=world.clock, numbers=world.numbers).started(a_father=100_000)
    yield begun
    await world.clock.until(begun.writer.drain())


async def test_a_sale_decided_here_is_reversed_after_another_was_decided_there(
    world: RemoteWorld, here: World
) -> None:
    sale = await here.settled(50_000)
    there = await world.ask(world.settle(basket=basket(line("DRUG2")), expected=split(25_000, 25_000)))
    assert isinstance(there, SaleAnswer)
    assert there.sale.state is S.SETTLED
    answer = await world.ask(world.reverse(sale.request_id))
    assert isinstance(answer, SaleAnswer), answer
    assert (answer.sale.state, answer.sale.recompute_due) == (S.REVERSED, ())
    check_store(world.store)


async def test_a_sale_for_an_authority_that_is_not_set_up_is_not_begun(world: RemoteWorld) -> None:
    """It could not be sent, and would be open until somebody sets the authority up."""
    world.desk = replace(world.desk, remotes=replace(world.desk.remotes, authorities={}))
    writer = Writer(world.store, world.clock, world.desk, world.report)
    writer.start(world.process.spawn)
    service = replace(world.service, desk=world.desk, writer=writer, courier=None)
    answer = await world.clock.until(service(world.settle()))
    assert isinstance(answer, RefusedAnswer)
    assert (answer.refusal.reason, answer.recorded) == (Reason.AUTHORITY_UNAVAILABLE, False)
    assert world.store.tables.sales == {}


async def test_a_hold_is_confirmed_after_another_sale_was_decided_there_meanwhile(world: RemoteWorld) -> None:
    held = await world.ask(world.settle(collect=Collect.LATER))
    assert isinstance(held, SaleAnswer)
    other = await world.ask(world.settle(basket=basket(line("DRUG2")), expected=split(25_000, 25_000)))
    assert isinstance(other, SaleAnswer)
    answer = await world.ask(world.confirm(held.sale))
    assert isinstance(answer, SaleAnswer), answer
    assert (answer.sale.state, answer.sale.recompute_due) == (S.SETTLED, ())
