"""What a hold counts for: it reserves what a fund may pay, and bears nothing before it is collected."""

from dataclasses import replace

import pytest

from medsettle.wire.states import SaleState
from medsettle_gateway.domain.facts import CounterState
from medsettle_gateway.domain.keys import CountersKey
from medsettle_gateway.domain.member import Scheme
from medsettle_gateway.domain.sale import SaleRecord
from medsettle_gateway.service.due import free_due
from medsettle_gateway.service.recompute import AND_MORE
from tests.gateway.service.books_hold import check_store
from tests.gateway.service.county import HONG, LAN, REGION, a_world, cold, pill, used
from tests.gateway.service.queued import AT_ONCE
from tests.gateway.service.world import World, basket


def deductible_fen(sale: SaleRecord) -> int:
    return sum(each.breakdown.deductible_fen for each in sale.settlements)


def funds_fen(sale: SaleRecord) -> int:
    return sum(share.amount_fen for each in sale.settlements for share in each.breakdown.funds)


async def held(world: World, amount_fen: int = 10_000, who: str = LAN) -> SaleRecord:
    sale = await world.held(who=who, basket=basket(cold(amount_fen)))
    world.clock.forward(seconds=1)
    return sale


async def settled(world: World, amount_fen: int = 20_000, who: str = LAN) -> SaleRecord:
    sale = await world.settled(who=who, basket=basket(cold(amount_fen)))
    world.clock.forward(seconds=1)
    return sale


@pytest.mark.parametrize("how", ["released", "expired"])
async def test_a_hold_that_comes_to_nothing_has_met_nobodys_deductible(how: str) -> None:
    world = await a_world()
    hold = await held(world)
    sale = await settled(world)
    if how == "released":
        await world.sale(world.release(hold.request_id))
    else:
        world.clock.forward(minutes=11)
        await world.swept(hold.request_id)
    assert deductible_fen(hold) == deductible_fen(sale) == 10_000
    assert used(world, "general_outpatient", "deductible") == 10_000
    check_store(world.store)


async def test_what_a_hold_would_bear_raises_no_warning_on_another_sale() -> None:
    world = await a_world()
    await held(world, 80_000)
    sale = await settled(world, 25_000)
    assert sale.settlements[0].raised == ()


async def test_what_a_fund_may_pay_is_reserved_by_a_hold() -> None:
    world = await a_world()
    hold = await held(world, 150_000)
    sale = await settled(world, 150_000)
    assert (hold.settlements[0].breakdown.funds[0], sale.settlements[0].breakdown.funds[0]) == (
        ("pooled", 70_000), ("pooled", 30_000)
    )
    await world.sale(world.confirm(hold))
    assert used(world, "outpatient") == 100_000
    check_store(world.store)


async def test_a_hold_that_ended_frees_nothing_under_the_scheme_that_its_member_has_changed_to() -> None:
    world = await a_world()
    hold = await held(world, 150_000)
    assert hold.effect is not None
    world.clock.forward(minutes=11)
    moved = replace(world.store.tables.members[LAN], scheme=Scheme.RESIDENT)
    there = CountersKey(LAN, REGION, moved.scheme.value, ("2026",))
    paid = {delta.key: delta.amount for delta in hold.effect.counters if delta.key.measure == "paid"}
    counters = {key: CounterState(used=amount_fen) for key, amount_fen in paid.items()}
    freed = free_due((hold,), moved, {there: counters}, world.clock.at)
    assert freed.moves
    assert freed.counters == paid


async def test_the_confirmation_of_a_hold_names_the_sales_that_bore_its_deductible_too() -> None:
    world = await a_world()
    await settled(world, who=HONG)
    hold = await held(world)
    meanwhile = [await settled(world), await settled(world)]
    confirmed = await world.sale(world.confirm(hold))
    assert confirmed.recompute_due == tuple(sale.request_id.text for sale in meanwhile)
    assert await world.sale(world.get(hold.request_id)) == confirmed
    assert used(world, "general_outpatient", "deductible") == 20_000
    check_store(world.store)


@pytest.mark.parametrize("first", [0, 1], ids=["in their order", "the later one first"])
async def test_of_two_holds_the_one_that_is_confirmed_last_names_the_other(first: int) -> None:
    world = await a_world()
    holds = [await held(world), await held(world, 20_000)]
    order = [holds[first], holds[1 - first]]
    confirmed = []
    for hold in order:
        confirmed.append(await world.sale(world.confirm(hold)))
        world.clock.forward(seconds=1)
    assert [sale.recompute_due for sale in confirmed] == [(), (order[0].request_id.text,)]


async def test_the_confirmation_of_a_hold_names_no_sale_that_it_knew_of_or_that_came_to_nothing() -> None:
    world = await a_world()
    await settled(world, 5_000)
    hold = await held(world, 20_000)
    undone = await settled(world)
    await world.sale(world.reverse(undone.request_id))
    assert (await world.sale(world.confirm(hold))).recompute_due == ()


async def test_sales_of_one_instant_are_told_of_rather_than_missed() -> None:
    """A coarse clock may give several decisions the same one."""
    world = await a_world()
    hold, sale = [await how(who=LAN, basket=basket(cold())) for how in (world.held, world.settled)]
    assert (await world.sale(world.confirm(hold))).recompute_due == (sale.request_id.text,)
    undone = await world.sale(world.reverse(sale.request_id))
    assert undone.recompute_due == (hold.request_id.text,)


@pytest.mark.parametrize("goods", ["deductible", "drugs"])
async def test_a_reversal_names_the_holds_that_stand_on_the_sale(goods: str) -> None:
    world = await a_world()
    bought = basket(cold() if goods == "deductible" else pill(days_supply=30))
    sale = await world.settled(who=LAN, basket=bought)
    world.clock.forward(seconds=1)
    hold = await world.held(who=LAN, basket=bought)
    await world.held(who=HONG, basket=bought)
    undone = await world.sale(world.reverse(sale.request_id))
    assert undone.recompute_due == (hold.request_id.text,)
    assert (await world.sale(world.confirm(hold))).state is SaleState.SETTLED
    check_store(world.store)


async def test_a_reversal_says_that_there_are_more_than_were_looked_through() -> None:
    world = await a_world(rules=replace(AT_ONCE, later_sales_count=3))
    first = await settled(world)
    later = [(await settled(world)).request_id.text for _ in range(2)]
    undone = await world.sale(world.reverse(first.request_id))
    assert undone.recompute_due == tuple(later)
    second = await settled(world)
    later = [(await settled(world)).request_id.text for _ in range(3)]
    undone = await world.sale(world.reverse(second.request_id))
    assert undone.recompute_due == (*later[:2], AND_MORE)


async def test_a_confirmation_says_that_there_are_more_than_were_looked_through() -> None:
    world = await a_world(rules=replace(AT_ONCE, later_sales_count=1))
    hold = await held(world)
    meanwhile = [(await settled(world)).request_id.text for _ in range(2)]
    confirmed = await world.sale(world.confirm(hold))
    assert confirmed.recompute_due == (meanwhile[0], AND_MORE)


async def test_a_hold_that_is_calculated_again_names_nobody() -> None:
    world = await a_world()
    hold = await world.held(who=LAN, basket=basket(pill()))
    world.clock.forward(minutes=11)
    await world.swept(hold.request_id)
    await settled(world)
    confirmed = await world.sale(world.confirm(hold))
    assert (confirmed.state, confirmed.recompute_due) == (SaleState.SETTLED, ())
    check_store(world.store)
