"""Prescriptions where a remote authority decides: what it was asked for is reserved until it has said no."""

from dataclasses import replace

from medsettle.wire.reasons import Reason
from medsettle.wire.states import SaleState
from medsettle_gateway.domain.asked import Collect
from medsettle_gateway.service.commands import RefusedAnswer, SaleAnswer, Settle
from tests.gateway.service.books_hold import check_store
from tests.gateway.service.remote_world import RemoteWorld
from tests.gateway.service.rx import circulating, drawn, one, register, rx_basket, rx_line
from tests.gateway.service.scripted import ANSWER_LOST
from tests.gateway.service.world import split

BOUGHT = rx_basket(rx_line(quantity=3))


def settle(world: RemoteWorld) -> Settle:
    command = world.settle(basket=BOUGHT, expected=split(15_000, 15_000))
    return replace(command, acknowledgements=("POSSIBLE_DUPLICATE",), collect=Collect.NOW)


async def test_what_an_authority_settles_is_dispensed_and_given_back_once_it_is_undone(
    world: RemoteWorld
) -> None:
    await circulating(world)
    answer = await world.ask(settle(world))
    assert isinstance(answer, SaleAnswer)
    assert (answer.sale.state, drawn(world)) == (SaleState.SETTLED, 3)
    undone = await world.ask(world.reverse(answer.sale.request_id))
    assert isinstance(undone, SaleAnswer)
    assert (undone.sale.state, drawn(world)) == (SaleState.REVERSED, 0)
    check_store(world.store)


async def test_while_nobody_knows_what_it_did_nobody_else_dispenses_it(world: RemoteWorld) -> None:
    await circulating(world)
    world.authority.script.append(ANSWER_LOST)
    pending = await world.ask(settle(world), deadline_s=2)
    assert isinstance(pending, SaleAnswer)
    assert (pending.sale.state, drawn(world)) == (SaleState.PENDING, 3)
    second = await world.ask(settle(world))
    assert isinstance(second, RefusedAnswer)
    assert second.refusal.reason is Reason.PRESCRIPTION_DISPENSED
    check_store(world.store)


async def test_what_it_refuses_is_given_back(world: RemoteWorld) -> None:
    await circulating(world)
    world.authority.refuses = lambda _: True
    answer = await world.ask(settle(world))
    assert isinstance(answer, RefusedAnswer)
    assert (answer.refusal.reason, drawn(world)) == (Reason.REFUSED_BY_AUTHORITY, 0)
    check_store(world.store)


async def test_it_is_not_asked_of_what_no_pharmacist_has_reviewed(world: RemoteWorld) -> None:
    await one(world, register(world))
    answer = await world.ask(settle(world))
    assert isinstance(answer, RefusedAnswer)
    assert answer.refusal.reason is Reason.PRESCRIPTION_NOT_REVIEWED
    assert world.authority.asked == []
