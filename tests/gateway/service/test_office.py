"""What operators do with a sale when tills can do no more."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from msgspec import structs

from medsettle.wire.reasons import Reason
from medsettle.wire.states import SaleState
from medsettle_gateway.domain.facts import AccountState
from medsettle_gateway.domain.ids import RequestId
from medsettle_gateway.domain.moves import EndRecovery
from medsettle_gateway.domain.sale import SaleRecord
from medsettle_gateway.ledger import books
from medsettle_gateway.service.commands import Quote, RefusedAnswer, Shown
from medsettle_gateway.service.desk import Rules
from medsettle_gateway.service.office import (
    NotAllowedError,
    PayAsShown,
    SettleAgain,
    repaired_as,
)
from tests.gateway.service.books_hold import check_store
from tests.gateway.service.operators import TWO, repairs, reverses
from tests.gateway.service.world import FATHER, REGION, World, basket, caller

S = SaleState


async def late_refused(world: World) -> SaleRecord:
    """A hold whose account was emptied by another sale before the late confirmation came."""
    held = await world.held(60_000)
    assert held.split
    world.clock.forward(minutes=11)
    await world.swept(held.request_id)
    await world.settled(40_000)
    refused = await world.sale(world.confirm(held))
    assert refused.state is S.RELEASED
    assert refused.refusal
    assert refused.refusal.reason is Reason.CONFIRM_TOO_LATE
    return refused


async def a_world(balance_fen: int = 45_000, **rules: Any) -> World:
    return await World(rules=Rules(**rules)).started(a_father=balance_fen)


def posted(world: World, account: str) -> int:
    return sum(
        posting.amount_fen
        for entry in world.store.tables.entries.values() for posting in entry.postings
        if posting.account == account
    )


async def test_the_new_amounts_are_settled_with_the_patients_consent_on_record() -> None:
    world = await a_world()
    late = await late_refused(world)
    repaired = await repairs(world, SettleAgain(late.request_id, "by telephone, 11:20", ("wang",)))
    assert (repaired.state, repaired.repairs) == (S.SETTLED, late.request_id.text)
    assert repaired.split != late.split
    assert repaired.split
    assert repaired.receipt_token
    assert [tender.amount_fen for tender in repaired.tenders] == [repaired.split.cash_fen]
    entry = world.store.tables.entries[len(world.store.tables.entries)]
    assert (entry.operator, entry.terminal) == ("wang", "")
    assert entry.reason == f"repairs {late.request_id}: patient's consent: by telephone, 11:20"
    assert world.store.tables.sales[late.request_id.text] == late
    assert posted(world, books.VARIANCE) == 0


async def test_what_was_shown_is_paid_and_the_difference_goes_to_variance() -> None:
    world = await a_world(variance_fen=10_000_000)
    late = await late_refused(world)
    assert late.split
    before = world.balance("a-father")
    repaired = await repairs(world, PayAsShown(late.request_id, "the patient has left", ("wang",)))
    assert (repaired.state, repaired.split) == (S.SETTLED, late.split)
    shown = dict(late.split.accounts)["a-father"]
    assert world.balance("a-father") == (max(0, before[0] - shown), 0)
    assert posted(world, books.VARIANCE) == shown - min(before[0], shown) > 0


async def test_of_what_was_paid_as_shown_no_part_comes_back_that_the_account_would_not_pay_for() -> None:
    world = await a_world(variance_fen=10_000_000)
    late = await late_refused(world)
    sale = await repairs(world, PayAsShown(late.request_id, "the patient has left", ("wang",)))
    assert sale.basket
    stays = basket(structs.replace(sale.basket.lines[0], quantity_e4=9_000, amount_fen=54_000))
    nobody = Shown("", "")
    answer = await world.ask(Quote(caller("1"), nobody, stays, replaces=sale.request_id))
    assert isinstance(answer, RefusedAnswer)
    assert answer.refusal.reason is Reason.RETURN_NOT_POSSIBLE
    assert answer.refusal.detail["cause"] == "more_cash"
    check_store(world.store)


async def test_a_fund_bears_no_more_than_it_would_today() -> None:
    world = await a_world(100_000, variance_fen=10_000_000)
    held = await world.held(60_000)
    world.clock.forward(minutes=11)
    await world.swept(held.request_id)
    for _ in range(4):
        await world.settled(300_000)
    late = await world.sale(world.confirm(held))
    assert late.state is S.RELEASED
    repaired = await repairs(world, PayAsShown(late.request_id, "left", ("wang",)))
    assert repaired.effect
    assert late.effect
    assert repaired.effect.funds == late.effect.funds
    borne = repaired.effect.funds[0].amount_fen - repaired.effect.varied_fen("pooled")
    assert 0 <= borne < repaired.effect.funds[0].amount_fen
    undone = await reverses(world, repaired.request_id)
    assert undone.state is S.REVERSED
    assert posted(world, books.VARIANCE) == 0


async def test_a_frozen_account_pays_nothing_of_it() -> None:
    world = await a_world(variance_fen=10_000_000)
    late = await late_refused(world)
    member = world.store.tables.members[FATHER]
    (own,) = member.accounts
    frozen = replace(own, state=AccountState.FROZEN)
    world.store.tables.members[FATHER] = replace(member, accounts=(frozen,))
    before = world.balance("a-father")
    repaired = await repairs(world, PayAsShown(late.request_id, "left", ("wang",)))
    assert world.balance("a-father") == before
    assert late.split
    assert repaired.effect
    assert repaired.effect.accounts[0].variance_fen == dict(late.split.accounts)["a-father"]


async def test_above_the_limit_it_takes_two_people() -> None:
    world = await a_world(variance_fen=0)
    late = await late_refused(world)
    same = (("wang", " Wang "), ("wang", "ＷＡＮＧ"), ("li wang", "Li-Wang"))
    for authors in (("wang",), ("wang", ""), *same):
        with pytest.raises(NotAllowedError, match="takes two people"):
            await repairs(world, PayAsShown(late.request_id, "left", authors))
    repaired = await repairs(world, PayAsShown(late.request_id, "left", TWO))
    assert repaired.operator == "wang, zhao"


async def test_a_repaired_sale_is_not_repaired_again_and_its_ticket_is_taken() -> None:
    world = await a_world()
    late = await late_refused(world)
    await repairs(world, SettleAgain(late.request_id, "here", ("wang",)))
    with pytest.raises(NotAllowedError, match="another sale already"):
        await repairs(world, SettleAgain(late.request_id, "here", ("wang",)))
    again = await world.refused(world.settle(RequestId.parse(late.request_id.text[:-1] + "2")))
    assert again.refusal.reason is Reason.EARLIER_ATTEMPT_OPEN
    taken = await world.refused(world.settle(repaired_as(late.request_id)))
    assert taken.refusal.reason is Reason.REQUEST_ID_REUSED


async def test_a_ticket_that_the_till_settled_again_is_not_repaired() -> None:
    world = await a_world()
    late = await late_refused(world)
    second = RequestId.parse(late.request_id.text[:-1] + "2")
    quote = await world.quoted(basket=late.basket)
    await world.sale(world.settle(
        second, expected=quote.split, basket=late.basket, acknowledgements=("POSSIBLE_DUPLICATE",)
    ))
    with pytest.raises(NotAllowedError, match="another sale already"):
        await repairs(world, PayAsShown(late.request_id, "left", TWO))


async def test_what_was_not_refused_late_is_not_repaired() -> None:
    world = await a_world()
    settled = await world.settled(10_000)
    for request_id, why in ((settled.request_id, "SETTLED"), (world.request_id(), "Nothing is recorded")):
        with pytest.raises(NotAllowedError, match=why):
            await repairs(world, SettleAgain(request_id, "here", ("wang",)))


async def test_what_can_no_longer_be_calculated_can_still_be_paid_as_shown() -> None:
    world = await a_world()
    late = await late_refused(world)
    settlements = tuple(structs.replace(each, pack_digest="gone") for each in late.settlements)
    world.store.tables.sales[late.request_id.text] = structs.replace(late, settlements=settlements)
    with pytest.raises(NotAllowedError, match="as it was shown"):
        await repairs(world, SettleAgain(late.request_id, "here", ("wang",)))
    repaired = await repairs(world, PayAsShown(late.request_id, "left", TWO))
    assert repaired.effect
    assert repaired.effect.counters == ()
    assert repaired.effect.fund_variance == repaired.effect.funds
    assert posted(world, books.VARIANCE) > 0
    benefit = books.fund_book(REGION, "employee", "pooled")
    last = world.store.tables.entries[len(world.store.tables.entries)]
    assert not [each for each in last.postings if (each.book, each.account) == (benefit, books.BENEFIT)]


async def test_a_patient_who_is_gone_from_the_register_is_said_to_be() -> None:
    world = await a_world()
    late = await late_refused(world)
    del world.store.tables.members[FATHER]
    with pytest.raises(NotAllowedError, match="not in the register"):
        await repairs(world, SettleAgain(late.request_id, "here", ("wang",)))


async def test_two_people_reverse_a_sale_after_the_tills_time_on_todays_day() -> None:
    world = await a_world()
    settled = await world.settled(10_000)
    world.clock.forward(days=40)
    refused = await world.refused(world.reverse(settled.request_id))
    assert refused.refusal.reason is Reason.REVERSE_TOO_LATE
    undone = await reverses(world, settled.request_id)
    assert (undone.state, undone.reverse_reason) == (S.REVERSED, "counted twice")
    entry = world.store.tables.entries[len(world.store.tables.entries)]
    assert (entry.operator, entry.reason) == ("wang, zhao", "counted twice")
    assert entry.business_on == world.clock.at.date()


def restored(world: World) -> None:
    """As if everything so far came from a backup, and a day was lost."""
    at = world.clock.at
    world.store.tables.recoveries.begin(at.date() + timedelta(days=1), at - timedelta(days=1), at)
    world.clock.forward(minutes=1)


async def test_what_a_till_may_have_reversed_in_what_was_lost_is_not_reversed_again() -> None:
    world = await a_world()
    settled = await world.settled(10_000)
    restored(world)
    with pytest.raises(NotAllowedError, match="have not compared: CLINIC-1") as refused:
        await reverses(world, settled.request_id)
    assert "CLINIC-1" in refused.value.zh
    world.store.tables.recoveries.end(EndRecovery(1, "", world.clock.at))
    assert (await reverses(world, settled.request_id)).state is S.REVERSED


async def test_a_ticket_that_its_till_may_have_settled_in_what_was_lost_is_not_repaired() -> None:
    world = await a_world()
    late = await late_refused(world)
    restored(world)
    with pytest.raises(NotAllowedError, match="have not compared: CLINIC-1"):
        await repairs(world, SettleAgain(late.request_id, "here", ("wang",)))
    world.store.tables.recoveries.end(EndRecovery(1, late.terminal, world.clock.at))
    assert (await repairs(world, SettleAgain(late.request_id, "here", ("wang",)))).state is S.SETTLED


async def test_one_person_reverses_nothing() -> None:
    world = await a_world()
    settled = await world.settled(10_000)
    with pytest.raises(NotAllowedError, match="takes two people"):
        await reverses(world, settled.request_id, ("wang",))


async def test_only_what_is_settled_is_reversed() -> None:
    world = await a_world()
    sealed = await world.sale(world.seal(world.request_id()))
    with pytest.raises(NotAllowedError, match="SEALED"):
        await reverses(world, sealed.request_id)


def test_sales_of_one_ticket_are_repaired_under_ids_of_their_own() -> None:
    first, second = (RequestId.parse(f"CLINIC-1-20260702-7-{attempt}") for attempt in (1, 2))
    assert (repaired_as(first).text, repaired_as(second).text) == (
        "CLINIC-1-20260702-7-99", "CLINIC-1-20260702-7-98"
    )
