"""A sale of a registered prescription that is repaired after a late confirmation was refused."""

import pytest

from medsettle.wire.reasons import Reason
from medsettle.wire.states import SaleState
from medsettle_gateway.service.office import NotAllowedError, PayAsShown, SettleAgain
from tests.gateway.service.books_hold import check_store
from tests.gateway.service.operators import repairs
from tests.gateway.service.rx import circulating, dispensed, drawn, rx_basket, rx_line
from tests.gateway.service.test_dispensing import faults
from tests.gateway.service.world import PHARMACY, World


async def test_a_repair_draws_again_what_is_left_and_nothing_where_others_took_it() -> None:
    world = await World().started()
    await circulating(world)
    hold = await world.held(basket=rx_basket(rx_line(quantity=3)), place=PHARMACY)
    world.clock.forward(minutes=11)
    await world.swept(hold.request_id)
    other = await dispensed(world, rx_line(quantity=1))
    await world.sale(world.confirm(hold))
    again = SettleAgain(hold.request_id, "by phone", ("chen",))
    with pytest.raises(NotAllowedError, match="as it was shown"):
        await repairs(world, again)
    await world.sale(world.reverse(other.request_id))
    repaired = await repairs(world, again)
    assert (repaired.state, drawn(world)) == (SaleState.SETTLED, 3)


async def test_what_is_paid_as_shown_draws_what_others_have_left_so_that_nobody_dispenses_it_again() -> None:
    world = await World().started()
    await circulating(world)
    hold = await world.held(basket=rx_basket(rx_line(quantity=3)), place=PHARMACY)
    world.clock.forward(minutes=11)
    await world.swept(hold.request_id)
    await dispensed(world, rx_line(quantity=1))
    await world.sale(world.confirm(hold))
    paid = await repairs(world, PayAsShown(hold.request_id, "goods were handed out", ("chen", "wu")))
    assert (paid.state, drawn(world)) == (SaleState.SETTLED, 3)
    assert [each.quantity_e4 for each in paid.drawn] == [20_000]
    assert await faults(world, rx_basket()) == [("1", Reason.PRESCRIPTION_DISPENSED)]
    check_store(world.store)
