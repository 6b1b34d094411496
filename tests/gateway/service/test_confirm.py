"""Confirm, Release, Reverse and Seal, and what time does to a hold."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from msgspec import structs

from medsettle.wire.reasons import Reason
from medsettle.wire.states import SaleState
from medsettle_gateway.domain.asked import Consent, Payer
from medsettle_gateway.domain.calendar import CST
from medsettle_gateway.domain.sale import TenderRecord
from tests.gateway.service.books_hold import check_store
from tests.gateway.service.world import (
    DAUGHTER,
    NO_ACCOUNT,
    World,
    basket,
    caller,
    line,
    split,
)


async def a_world() -> World:
    return await World().started(a_father=100_000, a_daughter=5_000)


async def test_a_confirmed_hold_is_booked_with_its_tenders() -> None:
    world = await a_world()
    held = await world.held(who=NO_ACCOUNT)
    tenders = (TenderRecord("cash", 30_000), TenderRecord("wechat", 10_000, "w-1"))
    sale = await world.sale(world.confirm(held, *tenders))
    assert (sale.first_state, sale.state) == (SaleState.HELD, SaleState.SETTLED)
    assert sale.tenders == tenders
    assert sale.receipt_token
    check_store(world.store)


async def test_confirming_twice_books_once() -> None:
    world = await a_world()
    held = await world.held()
    first, second = await world.sale(world.confirm(held)), await world.sale(world.confirm(held))
    assert first == second
    assert world.balance("a-father") == (60_000, 0)


@pytest.mark.parametrize("tendered_fen", [39_999, 40_001])
async def test_tenders_that_are_not_the_cash_part_change_nothing(tendered_fen: int) -> None:
    world = await a_world()
    held = await world.held(who=NO_ACCOUNT)
    answer = await world.refused(world.confirm(held, TenderRecord("cash", tendered_fen)))
    assert (answer.refusal.reason, answer.recorded) == (Reason.TENDER_MISMATCH, False)
    assert await world.sale(world.get(held.request_id)) == held


async def test_any_terminal_of_the_institution_confirms_and_is_recorded() -> None:
    world = await a_world()
    held = await world.held()
    sale = await world.sale(replace(world.confirm(held), caller=caller("9")))
    assert sale.state is SaleState.SETTLED
    assert max(world.store.tables.entries.items())[1].terminal == "CLINIC-9"


async def test_another_institution_may_not_touch_the_sale() -> None:
    world = await a_world()
    held = await world.held()
    stranger = caller("1", "PHARMACY")
    for command in (world.confirm(held), world.release(held.request_id), world.seal(held.request_id),
                    world.reverse(held.request_id), world.get(held.request_id)):
        answer = await world.refused(replace(command, caller=stranger))
        assert (answer.refusal.reason, answer.recorded) == (Reason.NOT_YOURS, False)
    assert await world.sale(world.get(held.request_id)) == held


async def test_confirming_what_nobody_has_seen_is_not_found_and_seals_nothing() -> None:
    world = await a_world()
    sale = await world.settled()
    unknown = structs.replace(sale, request_id=world.request_id())
    assert (await world.refused(world.confirm(unknown))).refusal.reason is Reason.SALE_NOT_FOUND
    assert unknown.request_id.text not in world.store.tables.sales


async def test_a_clock_alone_refuses_nothing() -> None:
    world = await a_world()
    held = await world.held()
    world.clock.forward(minutes=30)
    assert (await world.sale(world.confirm(held))).state is SaleState.SETTLED


async def test_an_ended_hold_is_freed_by_the_sweeper_and_not_before() -> None:
    world = await a_world()
    held = await world.held()
    world.clock.forward(minutes=9, seconds=59)
    assert (await world.swept(held.request_id)).state is SaleState.HELD
    world.clock.forward(seconds=1)
    assert (await world.swept(held.request_id)).state is SaleState.EXPIRED
    assert world.balance("a-father") == (100_000, 0)
    check_store(world.store)


async def test_an_ended_hold_is_given_up_a_day_later() -> None:
    world = await a_world()
    held = await world.held()
    world.clock.forward(minutes=10)
    await world.swept(held.request_id)
    world.clock.forward(hours=23, minutes=59)
    assert (await world.swept(held.request_id)).state is SaleState.EXPIRED
    world.clock.forward(minutes=1)
    assert (await world.swept(held.request_id)).state is SaleState.RELEASED
    check_store(world.store)


async def test_a_late_confirm_settles_what_was_shown() -> None:
    world = await a_world()
    held = await world.held()
    world.clock.forward(minutes=10)
    await world.swept(held.request_id)
    world.clock.forward(hours=3)
    sale = await world.sale(world.confirm(held))
    assert (sale.state, sale.split) == (SaleState.SETTLED, held.split)
    assert sale.calculated_at == world.clock.at
    assert world.balance("a-father") == (60_000, 0)
    check_store(world.store)


async def test_a_late_confirm_keeps_the_day_of_service() -> None:
    world = await a_world()
    world.clock.at = datetime(2026, 12, 31, 23, 55, tzinfo=CST)
    held = await world.held()
    world.clock.forward(minutes=20)
    await world.swept(held.request_id)
    sale = await world.sale(world.confirm(held))
    assert sale.state is SaleState.SETTLED
    assert (str(sale.service_on), str(sale.business_on)) == ("2026-12-31", "2027-01-01")
    assert {key.period for *_, key in world.store.tables.counters} == {"2026"}


async def test_a_late_confirm_that_comes_to_another_split_is_refused_for_good() -> None:
    world = await a_world()
    held = await world.held()
    world.clock.forward(minutes=10)
    await world.swept(held.request_id)
    await world.settled(20_000)
    before = world.balance("a-father")
    sale = await world.sale(world.confirm(held))
    assert sale.state is SaleState.RELEASED
    assert sale.refusal is not None
    assert sale.refusal.reason is Reason.CONFIRM_TOO_LATE
    assert world.balance("a-father") == before
    assert await world.sale(world.confirm(held)) == sale
    check_store(world.store)


async def test_a_late_confirm_after_the_balance_was_spent_is_refused_for_good() -> None:
    world = await a_world()
    held = await world.held()
    world.clock.forward(minutes=10)
    await world.swept(held.request_id)
    world.store.tables.balances["a-father"] = (39_999, 0)
    assert (await world.sale(world.confirm(held))).state is SaleState.RELEASED


async def test_a_confirm_more_than_a_day_after_the_hold_ended_is_too_late() -> None:
    world = await a_world()
    held = await world.held()
    world.clock.forward(minutes=10)
    await world.swept(held.request_id)
    world.clock.forward(hours=24)
    assert (await world.sale(world.confirm(held))).state is SaleState.RELEASED
    check_store(world.store)


async def test_a_hold_that_has_ended_reserves_nothing_in_the_next_decision_unswept() -> None:
    world = await a_world()
    held = await world.held(300_000)
    assert world.balance("a-father") == (0, 100_000)
    world.clock.forward(minutes=10)
    quote = await world.quoted(basket=basket(line(amount_fen=60_000)))
    assert quote.split == split(15_000, 0, **{"a-father": 45_000})
    sale = await world.settled(60_000)
    assert sale.split == quote.split
    assert (await world.sale(world.get(held.request_id))).state is SaleState.EXPIRED
    assert world.balance("a-father") == (55_000, 0)
    check_store(world.store)


async def test_a_relatives_hold_that_has_ended_frees_the_shared_account() -> None:
    world = await a_world()
    await world.held(300_000)
    world.clock.forward(minutes=10)
    bought = basket(payers=(Payer("a-daughter"), Payer("a-father", Consent.STANDING)))
    quote = await world.quoted(DAUGHTER, basket=bought)
    assert quote.split == split(10_000, 0, **{"a-daughter": 5_000, "a-father": 35_000})
    await world.settled(who=DAUGHTER, basket=bought)
    assert world.balance("a-father") == (65_000, 0)
    check_store(world.store)


@pytest.mark.parametrize("how", ["release", "reverse"])
@pytest.mark.parametrize("ended", [False, True])
async def test_a_hold_is_given_up_ended_or_not(how: str, ended: bool) -> None:
    world = await a_world()
    held = await world.held()
    if ended:
        world.clock.forward(minutes=10)
        await world.swept(held.request_id)
    command = world.release(held.request_id) if how == "release" else world.reverse(held.request_id)
    first = await world.sale(command)
    assert first.state is SaleState.RELEASED
    assert await world.sale(command) == first
    assert world.balance("a-father") == (100_000, 0)
    check_store(world.store)


async def test_a_reversal_gives_everything_back_where_it_came_from() -> None:
    world = await a_world()
    settled = await world.settled()
    sale = await world.sale(world.reverse(settled.request_id))
    assert (sale.state, sale.reverse_reason) == (SaleState.REVERSED, "wrong goods")
    assert world.balance("a-father") == (100_000, 0)
    check_store(world.store)
    assert (await world.quoted()).split == settled.split


async def test_a_release_does_not_undo_a_settled_sale() -> None:
    world = await a_world()
    settled = await world.settled()
    assert await world.sale(world.release(settled.request_id)) == settled


@pytest.mark.parametrize(("late", "state"), [(False, SaleState.REVERSED), (True, SaleState.SETTLED)])
async def test_a_till_reverses_until_the_end_of_the_next_business_day(late: bool, state: SaleState) -> None:
    world = await a_world()
    settled = await world.settled()
    world.clock.at = datetime(2026, 7, 4, tzinfo=CST) - timedelta(seconds=0 if late else 1)
    answer = await world.ask(world.reverse(settled.request_id))
    assert (await world.sale(world.get(settled.request_id))).state is state
    if late:
        refused = await world.refused(world.reverse(settled.request_id))
        assert answer == refused
        assert (refused.refusal.reason, refused.recorded) == (Reason.REVERSE_TOO_LATE, False)
        assert refused.refusal.detail == {"until": "2026-07-04T00:00:00+08:00"}


async def test_a_reversal_lists_later_sales_on_the_same_counters_and_leaves_them_alone() -> None:
    world = await a_world()
    first = await world.settled()
    world.clock.forward(minutes=1)
    second = await world.settled(30_000)
    world.clock.forward(minutes=1)
    await world.settled(30_000, who=DAUGHTER)
    only_account = basket(line("TONIC"), benefit="personal_account_only")
    await world.settled(basket=only_account)
    reversed_ = await world.sale(world.reverse(first.request_id))
    assert reversed_.recompute_due == (second.request_id.text,)
    assert await world.sale(world.get(second.request_id)) == second
    check_store(world.store)


@pytest.mark.parametrize("how", ["release", "reverse", "seal"])
async def test_whatever_undoes_an_unknown_id_leaves_a_tombstone(how: str) -> None:
    world = await a_world()
    command = world.settle()
    sale = await world.sale(getattr(world, how)(command.request_id))
    assert (sale.state, sale.first_state) == (SaleState.SEALED, SaleState.SEALED)
    assert sale.member is None
    assert (await world.refused(command)).refusal.reason is Reason.SEALED
    assert await world.sale(getattr(world, how)(command.request_id)) == sale
    check_store(world.store)


@pytest.mark.parametrize("make", ["settled", "held"])
async def test_a_seal_on_a_known_id_changes_nothing(make: str) -> None:
    world = await a_world()
    sale = await getattr(world, make)()
    assert await world.sale(world.seal(sale.request_id)) == sale
