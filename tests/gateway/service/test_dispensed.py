"""Drugs of the days before: they count while their sale stands, and no longer."""

from dataclasses import replace
from datetime import timedelta

import pytest

from medsettle.wire.states import SaleState
from medsettle_gateway.domain.place import Level
from medsettle_gateway.domain.sale import SaleRecord
from tests.gateway.service.books_hold import check_store
from tests.gateway.service.county import LAN, PILL, PILL2, REGION, a_world, cold, day, other_class, pill
from tests.gateway.service.world import CLINIC, World, basket


def chronic_fen(sale: SaleRecord) -> int:
    return sale.split.cash_fen if sale.split else -1


async def sold(world: World, code: str = PILL, days: int = 20) -> SaleRecord:
    bought = basket(pill(code=code, days_supply=days))
    return await world.settled(who=LAN, basket=bought)


async def test_what_was_handed_out_yesterday_counts_to_the_days_of_supply() -> None:
    world = await a_world()
    assert chronic_fen(await sold(world)) == 4_000
    world.clock.forward(days=1)
    assert chronic_fen(await sold(world)) == 10_000
    check_store(world.store)


async def test_after_the_window_it_does_not_count_any_more() -> None:
    world = await a_world()
    await sold(world)
    world.clock.forward(days=15)
    assert chronic_fen(await sold(world)) == 4_000


@pytest.mark.parametrize(("days_ago", "cash_fen"), [(0, 10_000), (1, 10_000), (14, 10_000), (15, 4_000)])
async def test_a_late_claim_finds_what_was_handed_out_after_its_day(days_ago: int, cash_fen: int) -> None:
    world = await a_world()
    await sold(world, days=30)
    late = basket(pill(), service_on=day(2) - timedelta(days=days_ago), late_reason="line was down")
    assert chronic_fen(await world.settled(who=LAN, basket=late)) == cash_fen


async def test_a_late_confirmation_of_a_late_claim_finds_them_too() -> None:
    world = await a_world()
    late = basket(pill(), service_on=day(1), late_reason="line was down")
    held = await world.held(who=LAN, basket=late)
    world.clock.forward(minutes=11)
    await world.swept(held.request_id)
    await sold(world, days=30)
    assert (await world.sale(world.confirm(held))).state is SaleState.RELEASED
    check_store(world.store)


async def test_kinds_of_drugs_are_counted_over_the_window() -> None:
    world = await a_world()
    await sold(world, PILL, 1)
    await sold(world, PILL2, 1)
    third = replace(world.store.tables.catalogue[REGION, PILL][0], code="PILL3", name="PILL3")
    world.store.tables.catalogue[REGION, "PILL3"] = (third,)
    assert chronic_fen(await sold(world, "PILL3", 1)) == 10_000
    assert chronic_fen(await sold(world, PILL2, 1)) == 4_000


async def test_kinds_are_counted_whatever_a_till_leaves_out() -> None:
    world = await a_world()
    (drug,) = world.store.tables.catalogue[REGION, PILL]
    paid = []
    for code in (PILL, PILL2, "PILL3"):
        world.store.tables.catalogue[REGION, code] = (replace(drug, code=code, name=code),)
        bare = pill(code=code, condition=None, days_supply=1)
        sale = await world.settled(who=LAN, basket=basket(bare, benefit="chronic_outpatient"))
        paid.append(chronic_fen(sale))
    assert paid == [4_000, 4_000, 10_000]
    check_store(world.store)


async def test_drugs_of_a_hold_count_until_it_ends() -> None:
    world = await a_world()
    bought = basket(pill(days_supply=20))
    held = await world.held(who=LAN, basket=bought)
    assert chronic_fen(await sold(world, days=21)) == 10_000
    world.clock.forward(minutes=11)
    assert chronic_fen(await sold(world, days=9)) == 4_000
    assert world.store.tables.sales[held.request_id.text].state is SaleState.EXPIRED
    check_store(world.store)


@pytest.mark.parametrize("how", ["reversed", "released", "expired"])
async def test_drugs_of_a_sale_that_came_to_nothing_do_not_count(how: str) -> None:
    world = await a_world()
    bought = basket(pill(days_supply=20))
    if how == "reversed":
        sale = await world.settled(who=LAN, basket=bought)
        await world.ask(world.reverse(sale.request_id))
    else:
        sale = await world.held(who=LAN, basket=bought)
        if how == "released":
            await world.ask(world.release(sale.request_id))
        else:
            world.clock.forward(minutes=11)
            await world.swept(sale.request_id)
    assert chronic_fen(await sold(world)) == 4_000
    check_store(world.store)


async def test_a_late_confirmation_finds_the_drugs_that_others_handed_out_meanwhile() -> None:
    world = await a_world()
    bought = basket(pill(days_supply=20))
    held = await world.held(who=LAN, basket=bought)
    world.clock.forward(minutes=11)
    await world.swept(held.request_id)
    await sold(world, days=20)
    released = await world.sale(world.confirm(held))
    assert released.state is SaleState.RELEASED
    check_store(world.store)


async def test_a_late_confirmation_does_not_count_its_own_drugs() -> None:
    world = await a_world()
    held = await world.held(who=LAN, basket=basket(pill(days_supply=20)))
    world.clock.forward(minutes=11)
    await world.swept(held.request_id)
    assert (await world.sale(world.confirm(held))).state is SaleState.SETTLED
    check_store(world.store)


async def test_a_drug_without_condition_and_days_is_not_kept() -> None:
    world = await a_world()
    await world.settled(who=LAN, basket=basket(cold()))
    assert world.store.tables.dispensings == {}


async def test_a_drug_outside_the_list_that_holds_here_is_paid_by_the_patient_and_not_kept() -> None:
    world = await a_world()
    (drug,) = world.store.tables.catalogue[REGION, PILL]
    world.store.tables.catalogue[REGION, PILL] = (other_class(drug),)
    sale = await sold(world)
    assert chronic_fen(sale) == 10_000
    assert world.store.tables.dispensings == {}
    clinic = world.store.tables.institutions[CLINIC]
    world.store.tables.institutions[CLINIC] = replace(clinic, level=Level.SECONDARY)
    assert chronic_fen(await sold(world)) == 4_000


async def test_the_reversal_of_a_sale_names_those_that_looked_at_its_drugs() -> None:
    world = await a_world()
    first = await sold(world, days=1)
    world.clock.forward(minutes=1)
    second = await sold(world, PILL2, 1)
    undone = await world.sale(world.reverse(first.request_id))
    assert undone.recompute_due == (second.request_id.text,)
