"""What no counter could see shows once the sales are looked at again, and stops nobody."""

from datetime import date, timedelta

from medsettle.wire.states import SaleState
from medsettle_gateway.domain.keys import Facts
from medsettle_gateway.domain.sale import SaleRecord
from medsettle_gateway.service.desk import Now, Rules
from medsettle_gateway.service.trying import afterwards, needs_afterwards
from tests.gateway.service.test_watching import EARLY, a_world, asked, buys, codes, drug
from tests.gateway.service.world import NOON, World, basket

TODAY = NOON.date()
DAY = timedelta(days=1)


async def shown(world: World, *sales: SaleRecord) -> list[list[str] | None]:
    """What is found in each of them now that was not found at the counter."""
    found = []
    for sale in sales:
        facts, now = Facts(), Now(world.desk, sale.created_at)
        for _ in range(8):
            missing = [key for key in needs_afterwards(sale, facts, now) if key not in facts]
            facts = facts.joined(await world.store.load(missing)) if missing else facts
        seen = afterwards(sale, facts, now)
        found.append(None if seen is None else [each.code for each in seen])
    return found


async def claims(world: World, on: date) -> SaleRecord:
    """A late claim of the drug for a day gone by."""
    bought = basket(drug(), service_on=on, late_reason="line was down")
    sale = await world.settled(basket=bought)
    assert sale.service_on == on
    return sale


async def test_beside_a_hold_that_was_confirmed_late_the_sale_between_is_found() -> None:
    """The hold had ended, so that nothing was on the way when the drug was bought again."""
    world = await a_world()
    held = await world.held(basket=basket(drug()))
    world.clock.forward(minutes=11)
    between = await buys(world)
    assert codes(between) == []
    late = await world.sale(world.confirm(held))
    assert late.state is SaleState.SETTLED
    assert await shown(world, between, late) == [["REPEATED_DRUG"], []]


async def test_beside_a_claim_for_a_day_gone_by_the_sale_of_the_next_day_is_found() -> None:
    world = await a_world()
    bought = await buys(world)
    claimed = await claims(world, TODAY - DAY)
    assert (codes(bought), codes(claimed)) == ([], [])
    assert await shown(world, bought, claimed) == [["REPEATED_DRUG"], []]


async def test_what_was_found_at_the_counter_is_not_found_again() -> None:
    world = await a_world()
    first = await buys(world)
    second = await world.sale(await asked(world, accepted_warnings=(EARLY,)))
    assert codes(second) == ["REPEATED_DRUG"]
    assert await shown(world, first, second) == [[], []]


async def test_what_was_reversed_meanwhile_is_beside_nothing() -> None:
    world = await a_world()
    bought = await buys(world)
    claimed = await claims(world, TODAY - DAY)
    await world.sale(world.reverse(claimed.request_id))
    assert await shown(world, bought) == [[]]


async def test_sales_far_apart_are_in_order() -> None:
    world = await a_world()
    bought = await buys(world)
    await claims(world, TODAY - 20 * DAY)
    assert await shown(world, bought) == [[]]


async def test_what_was_bought_since_then_hides_nothing_that_was_before() -> None:
    """A counter looks at the latest sales only, and of these there were none yet."""
    world = await a_world(rules=Rules(past_sales_count=2))
    bought = await buys(world)
    await claims(world, TODAY - DAY)
    for _ in range(3):
        world.clock.forward(days=20)
        await buys(world)
    assert await shown(world, bought) == [["REPEATED_DRUG"]]


async def test_of_a_person_who_is_not_known_any_more_nothing_is_said() -> None:
    world = await a_world()
    bought = await buys(world)
    world.store.tables.members.clear()
    assert await shown(world, bought) == [None]
