"""Stays: interim bills, lines of their own days, one deductible, and never another stay's."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from msgspec import structs

from medsettle.wire.reasons import Reason
from medsettle.wire.states import SaleState
from medsettle_gateway.domain.asked import AskedLine, Basket
from medsettle_gateway.domain.calendar import CST
from medsettle_gateway.domain.sale import SaleRecord
from medsettle_gateway.service.commands import Quote, SaleAnswer
from tests.gateway.service.books_hold import check_store
from tests.gateway.service.county import BED, HONG, HOSPITAL, LAN, REGION, a_world, day, used
from tests.gateway.service.world import HandClock, World, basket, caller, caller_of, line


def bed(amount_fen: int, on: date | None = None, number: str = "1") -> AskedLine:
    return structs.replace(line(BED, amount_fen, number), service_on=on)


async def billed(world: World, bought: Basket) -> SaleRecord:
    return await world.settled(who=LAN, basket=bought, place=HOSPITAL)


async def refused(world: World, bought: Basket) -> tuple[Reason, bool]:
    command = world.settle(world.request_id(HOSPITAL), basket=bought, credential=world.credential(LAN))
    answer = await world.refused(replace(command, caller=caller_of(command.request_id)))
    return answer.refusal.reason, answer.recorded


async def test_the_deductible_is_taken_once_over_all_bills_of_a_stay() -> None:
    world = await a_world()
    interim = await billed(world, basket(bed(20_000), admitted_on=day(1)))
    last = await billed(world, basket(bed(30_000), admitted_on=day(1), discharged_on=day(2)))
    (first,), (second,) = interim.settlements, last.settlements
    assert (first.benefit, first.breakdown.deductible_fen, dict(first.breakdown.funds)) == (
        "inpatient", 20_000, {}
    )
    assert (second.breakdown.deductible_fen, dict(second.breakdown.funds)) == (10_000, {"pooled": 16_000})
    assert used(world, "inpatient", "deductible", f"stay/{HOSPITAL}-2026-07-01") == 30_000
    check_store(world.store)


async def test_another_stay_has_a_deductible_of_its_own() -> None:
    world = await a_world()
    await billed(world, basket(bed(40_000), admitted_on=date(2026, 6, 1)))
    again = await billed(world, basket(bed(40_000), admitted_on=day(1)))
    assert again.settlements[0].breakdown.deductible_fen == 30_000


async def test_the_cap_is_that_of_the_year_of_discharge_and_the_deductible_that_of_admission() -> None:
    clock = HandClock(datetime(2026, 1, 5, 12, 0, tzinfo=CST))
    world = await a_world(clock=clock)
    lines = (bed(50_000, date(2025, 12, 30)), bed(50_000, date(2026, 1, 4), "2"))
    await billed(world, basket(*lines, admitted_on=date(2025, 12, 30), discharged_on=day(5, 1)))
    assert used(world, "inpatient", "paid", "2026") == 56_000
    assert used(world, "inpatient", "paid", "2025") == 0


@pytest.mark.parametrize("on", [day(1), day(2), None])
async def test_a_line_is_of_any_day_of_the_stay(on: date | None) -> None:
    world = await a_world()
    sale = await billed(world, basket(bed(40_000, on), admitted_on=day(1)))
    assert sale.service_on == day(2)


@pytest.mark.parametrize(
    "bought",
    [
        basket(bed(1_000, day(30, 6)), admitted_on=day(1)),
        basket(bed(1_000, day(3)), admitted_on=day(1)),
        basket(bed(1_000), admitted_on=day(3)),
        basket(bed(1_000), admitted_on=day(1), discharged_on=day(3)),
        basket(bed(1_000), admitted_on=day(1), discharged_on=day(1), service_on=day(2)),
        basket(bed(1_000), admitted_on=day(1), discharged_on=day(1)),
        basket(bed(1_000, day(1))),
    ],
    ids=[
        "before admission", "after the bill", "admitted tomorrow", "discharged tomorrow",
        "billed on another day than discharged", "discharged yesterday, no reason", "no stay",
    ],
)
async def test_a_day_outside_the_stay_or_its_bill_is_refused(bought: Basket) -> None:
    world = await a_world()
    assert await refused(world, bought) == (Reason.SERVICE_DATE_INVALID, True)


async def test_a_stay_that_ended_before_is_billed_late_with_a_reason() -> None:
    world = await a_world()
    late = basket(bed(40_000), admitted_on=day(1, 6), discharged_on=day(9, 6), late_reason="line was down")
    sale = await billed(world, late)
    assert sale.service_on == day(9, 6)


async def test_an_item_is_the_one_that_was_valid_on_the_lines_day() -> None:
    world = await a_world()
    (old,) = world.store.tables.catalogue[REGION, BED]
    new = replace(old, ceiling_micro=10_000_000, valid_from=day(2))
    world.store.tables.catalogue[REGION, BED] = (replace(old, valid_to=day(1)), new)
    lines = (bed(2_000, day(1)), bed(2_000, day(2), "2"))
    sale = await billed(world, basket(*lines, admitted_on=day(1)))
    assert [each.over_limit_fen for each in sale.settlements[0].breakdown.lines] == [0, 1_000]


@pytest.mark.parametrize(("from_day", "covered"), [(day(2), False), (day(1), True)])
async def test_who_was_not_yet_insured_on_admission_has_no_cover(from_day: date, covered: bool) -> None:
    world = await a_world()
    members = world.store.tables.members
    members[LAN] = replace(members[LAN], covered_from=from_day)
    bought = basket(bed(40_000), admitted_on=day(1))
    if covered:
        assert (await billed(world, bought)).service_on == day(2)
    else:
        assert await refused(world, bought) == (Reason.NOT_COVERED, True)


async def test_cover_that_ended_during_the_stay_leaves_later_lines_to_the_patient() -> None:
    world = await a_world()
    members = world.store.tables.members
    members[LAN] = replace(members[LAN], covered_to=day(1))
    lines = (bed(40_000, day(1)), bed(10_000, day(2), "2"))
    sale = await billed(world, basket(*lines, admitted_on=day(1)))
    assert sale.settlements[0].breakdown.fully_self_paid_fen == 10_000


async def test_the_reversal_of_an_interim_bill_names_the_later_bills_of_its_stay() -> None:
    world = await a_world()
    interim = await billed(world, basket(bed(20_000), admitted_on=day(1)))
    world.clock.forward(minutes=1)
    other = await billed(world, basket(bed(20_000), admitted_on=date(2026, 6, 1)))
    world.clock.forward(minutes=1)
    last = await billed(world, basket(bed(40_000), admitted_on=day(1), discharged_on=day(2)))
    answer = await world.ask(world.reverse(interim.request_id))
    assert isinstance(answer, SaleAnswer)
    assert last.request_id.text in answer.sale.recompute_due
    # What all bills of the year count together (the warning's sum) makes the other stay due as well.
    assert other.request_id.text in answer.sale.recompute_due


FINAL = basket(bed(40_000), admitted_on=day(1), discharged_on=day(2))
INTERIM = basket(bed(50_000), admitted_on=day(1))


@pytest.mark.parametrize("live", ["settled", "held"])
@pytest.mark.parametrize(
    "bought",
    [
        INTERIM,
        FINAL,
        basket(bed(50_000), admitted_on=day(1), discharged_on=day(1), late_reason="left out"),
    ],
    ids=["an interim bill", "the same day of discharge", "another day of discharge"],
)
async def test_a_stay_that_has_its_final_bill_takes_no_further_one(bought: Basket, live: str) -> None:
    world = await a_world()
    final = await (world.settled if live == "settled" else world.held)(who=LAN, basket=FINAL, place=HOSPITAL)
    command = world.settle(world.request_id(HOSPITAL), basket=bought, credential=world.credential(LAN))
    command = replace(command, acknowledgements=("POSSIBLE_DUPLICATE",))
    answer = await world.refused(command)
    assert (answer.refusal.reason, answer.recorded) == (Reason.STAY_ENDED, True)
    assert answer.refusal.detail == {"request_id": final.request_id.text, "admitted_on": "2026-07-01"}
    quoted = await world.refused(Quote(caller("1", HOSPITAL), world.credential(LAN), bought))
    assert (quoted.refusal.reason, quoted.recorded) == (Reason.STAY_ENDED, False)


async def test_the_final_bill_ends_no_other_stay_and_nobody_elses() -> None:
    world = await a_world()
    await billed(world, FINAL)
    await billed(world, basket(bed(50_000), admitted_on=day(2)))
    await world.settled(who=HONG, basket=FINAL, place=HOSPITAL)
    check_store(world.store)


@pytest.mark.parametrize("how", ["reversed", "released", "expired", "ended and not yet swept"])
async def test_a_final_bill_that_came_to_nothing_leaves_the_stay_open(how: str) -> None:
    world = await a_world()
    if how == "reversed":
        await world.sale(world.reverse((await billed(world, FINAL)).request_id))
    else:
        final = await world.held(who=LAN, basket=FINAL, place=HOSPITAL)
        if how == "released":
            await world.sale(world.release(final.request_id))
        else:
            world.clock.forward(minutes=11)
        if how == "expired":
            await world.swept(final.request_id)
    await billed(world, INTERIM)
    again = await billed(world, FINAL)
    assert again.settlements[0].breakdown.deductible_fen == 0
    check_store(world.store)


@pytest.mark.parametrize("bought", [FINAL, INTERIM], ids=["final", "interim"])
async def test_a_late_confirmation_finds_the_stay_ended_meanwhile(bought: Basket) -> None:
    world = await a_world()
    held = await world.held(who=LAN, basket=bought, place=HOSPITAL)
    world.clock.forward(minutes=11)
    await world.swept(held.request_id)
    # It leaves what the held bill would have met as it was.
    await world.settled(who=LAN, basket=replace(FINAL, lines=(bed(0),)), place=HOSPITAL)
    released = await world.sale(world.confirm(held))
    assert released.state is SaleState.RELEASED
    check_store(world.store)


async def test_a_late_confirmation_of_the_final_bill_ends_its_own_stay() -> None:
    world = await a_world()
    held = await world.held(who=LAN, basket=FINAL, place=HOSPITAL)
    world.clock.forward(minutes=11)
    await world.swept(held.request_id)
    assert (await world.sale(world.confirm(held))).state is SaleState.SETTLED
    assert await refused(world, INTERIM) == (Reason.STAY_ENDED, True)


@pytest.mark.parametrize(("days", "accepted"), [(400, True), (401, False)])
async def test_a_stay_began_a_bounded_time_before_its_bill(days: int, accepted: bool) -> None:
    world = await a_world()
    bought = basket(bed(40_000), admitted_on=day(2) - timedelta(days=days))
    if accepted:
        assert (await billed(world, bought)).service_on == day(2)
    else:
        assert await refused(world, bought) == (Reason.SERVICE_DATE_INVALID, True)


async def test_a_late_confirmation_of_a_bill_counts_in_its_own_stay() -> None:
    world = await a_world()
    held = await world.held(who=LAN, basket=basket(bed(20_000), admitted_on=day(1)), place=HOSPITAL)
    world.clock.forward(minutes=11)
    await world.swept(held.request_id)
    await billed(world, basket(bed(50_000), admitted_on=day(1, 6)))
    settled = await world.sale(world.confirm(held))
    assert settled.state.value == "SETTLED"
    check_store(world.store)
