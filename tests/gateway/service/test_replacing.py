"""Part of the goods comes back: what stays is settled as if nothing else had ever been sold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from medsettle.wire.reasons import Reason
from medsettle.wire.states import SaleState
from medsettle_gateway.domain.asked import AskedLine, Consent, Payer
from medsettle_gateway.domain.facts import AccountState
from medsettle_gateway.domain.ids import RequestId
from medsettle_gateway.domain.sale import SaleRecord
from medsettle_gateway.domain.split import Difference, Split
from medsettle_gateway.service.authority import Decided, Today
from medsettle_gateway.service.commands import Quote, QuoteAnswer, RefusedAnswer, SaleAnswer, Settle, Shown
from medsettle_gateway.service.embedded import Embedded
from tests.gateway.service.books_hold import check_store
from tests.gateway.service.world import (
    CLINIC,
    DAUGHTER,
    FATHER,
    PHARMACY,
    World,
    basket,
    beside,
    caller,
    line,
    split,
)

NOBODY = Shown("", "")
BOUGHT = (line(amount_fen=50_000), line("DRUG2", 30_000, "2"), line("TONIC", 8_000, "3"))


def less(each: AskedLine, quantity_e4: int) -> AskedLine:
    """The line with that quantity, of the ten thousand ten-thousandths that were bought."""
    amount_fen = (each.amount_fen * quantity_e4 + 5_000) // 10_000
    return structs.replace(each, quantity_e4=quantity_e4, amount_fen=amount_fen)


def returning(world: World, of: SaleRecord, *stay: AskedLine, **changes: Any) -> Settle:
    command = world.settle(
        basket=basket(*stay), credential=NOBODY, replaces=of.request_id, expected=split(0, 0)
    )
    return replace(command, **changes)


async def quoted(world: World, of: SaleRecord, *stay: AskedLine) -> QuoteAnswer:
    asked = Quote(caller("1"), NOBODY, basket(*stay), replaces=of.request_id)
    answer = await world.ask(asked)
    assert isinstance(answer, QuoteAnswer), answer
    return answer


async def returned(world: World, of: SaleRecord, *stay: AskedLine, **changes: Any) -> SaleRecord:
    quote = await quoted(world, of, *stay)
    return await world.sale(returning(world, of, *stay, expected=quote.split, **changes))


async def a_sale(**changes: Any) -> tuple[World, SaleRecord]:
    world = await World().started(a_father=40_000)
    return world, await world.settled(basket=basket(*BOUGHT), **changes)


def now(world: World, of: SaleRecord) -> SaleRecord:
    return world.store.tables.sales[of.request_id.text]


async def test_the_sale_is_reversed_and_what_stays_is_settled_together() -> None:
    world, sale = await a_sale()
    commits = world.store.commits
    left = await returned(world, sale, BOUGHT[0])
    assert world.store.commits == commits + 1
    before = now(world, sale)
    assert (before.state, before.replaced_by) == (SaleState.REVERSED, left.request_id.text)
    assert (left.state, left.replaces) == (SaleState.SETTLED, sale.request_id.text)
    assert (left.service_on, left.member) == (sale.service_on, sale.member)
    assert left.receipt_token
    check_store(world.store)


async def test_what_went_back_is_stated_for_each_payer() -> None:
    world, sale = await a_sale()
    quote = await quoted(world, sale, BOUGHT[0])
    left = await world.sale(returning(world, sale, BOUGHT[0], expected=quote.split))
    assert sale.split is not None
    assert left.split is not None
    assert left.difference == quote.difference == Difference.between(sale.split, left.split)
    back = left.difference
    assert sum(fen for _, fen in back.funds) + sum(fen for _, fen in back.accounts) + back.cash_fen == 38_000


async def test_a_quote_of_a_return_changes_nothing() -> None:
    world, sale = await a_sale()
    before = world.store.tables
    await quoted(world, sale, BOUGHT[0])
    assert world.store.tables is before


async def test_no_credential_is_looked_at_or_used_up() -> None:
    world, sale = await a_sale()
    used = dict(world.store.tables.credentials)
    world.resolver.fault = RuntimeError("nobody asks")
    await returned(world, sale, BOUGHT[0])
    assert world.store.tables.credentials == used
    assert not world.reports


async def test_another_split_than_was_shown_is_refused_with_the_totals_and_the_sale_stands() -> None:
    world, sale = await a_sale()
    answer = await world.refused(returning(world, sale, BOUGHT[0], expected=split(1, 2)))
    assert (answer.refusal.reason, answer.recorded) == (Reason.QUOTE_CHANGED, True)
    quote = await quoted(world, sale, BOUGHT[0])
    assert answer.refusal.now == quote.split
    assert now(world, sale).state is SaleState.SETTLED


async def test_a_repeat_gets_the_first_answer_and_moves_nothing() -> None:
    world, sale = await a_sale()
    quote = await quoted(world, sale, BOUGHT[0])
    command = returning(world, sale, BOUGHT[0], expected=quote.split)
    first = await world.sale(command)
    entries = len(world.store.tables.entries)
    assert await world.sale(command) == first
    assert len(world.store.tables.entries) == entries


async def test_the_same_id_for_another_return_is_not_the_same_sale() -> None:
    world, sale = await a_sale()
    left = await returned(world, sale, *BOUGHT[:2])
    assert left.split is not None
    other = returning(
        world, left, *BOUGHT[:2], request_id=left.request_id, expected=left.split, caller=caller("1")
    )
    answer = await world.refused(other)
    assert (answer.refusal.reason, answer.recorded) == (Reason.REQUEST_ID_REUSED, False)


async def test_of_two_returns_at_once_the_second_is_told_by_what_the_sale_was_replaced() -> None:
    world, sale = await a_sale()
    quote = await quoted(world, sale, BOUGHT[0])
    tasks = [
        beside(world.ask(returning(world, sale, BOUGHT[0], expected=quote.split))) for _ in range(2)
    ]
    first, second = [await task for task in tasks]
    assert isinstance(first, SaleAnswer)
    assert isinstance(second, RefusedAnswer)
    assert second.refusal.reason is Reason.RETURN_NOT_SETTLED
    assert second.refusal.detail["replaced_by"] == first.sale.request_id.text
    check_store(world.store)


async def test_more_can_be_returned_of_what_is_left() -> None:
    world, sale = await a_sale()
    left = await returned(world, sale, *BOUGHT[:2])
    last = await returned(world, left, less(BOUGHT[0], 5_000))
    assert last.replaces == left.request_id.text
    assert last.split is not None
    assert sum(b.breakdown.total_fen for b in last.settlements) == 25_000
    check_store(world.store)


async def test_a_late_reversal_of_the_replaced_sale_finds_it_reversed_and_touches_the_new_one_not() -> None:
    world, sale = await a_sale()
    left = await returned(world, sale, BOUGHT[0])
    assert (await world.sale(world.reverse(sale.request_id))).state is SaleState.REVERSED
    assert now(world, left).state is SaleState.SETTLED


async def test_what_is_left_may_be_the_next_attempt_of_the_same_ticket() -> None:
    world, sale = await a_sale()
    again = RequestId.parse(f"{sale.request_id.text.rpartition('-')[0]}-2")
    left = await returned(world, sale, BOUGHT[0], request_id=again)
    assert left.request_id == again


async def test_another_till_of_the_institution_may_take_goods_back() -> None:
    world, sale = await a_sale()
    elsewhere = world.request_id(till="2")
    left = await returned(world, sale, BOUGHT[0], request_id=elsewhere, caller=caller("2"))
    assert left.terminal == f"{CLINIC}-2"


STAYING: Mapping[str, tuple[AskedLine, ...]] = {
    "nothing_returned": BOUGHT,
    "another_line": (structs.replace(BOUGHT[0], line_id="9"),),
    "more_than_was_sold": (less(BOUGHT[0], 20_000),),
    "another_traceability_code": (structs.replace(BOUGHT[0], traceability_codes=("81234567890123456789",)),),
}


async def test_lines_in_another_order_are_no_return() -> None:
    world, sale = await a_sale()
    answer = await world.refused(returning(world, sale, *BOUGHT[::-1]))
    assert answer.refusal.detail["cause"] == "nothing_returned"
    assert now(world, sale).state is SaleState.SETTLED


@pytest.mark.parametrize("cause", STAYING)
async def test_what_stays_is_part_of_what_was_sold(cause: str) -> None:
    world, sale = await a_sale()
    answer = await world.refused(returning(world, sale, *STAYING[cause]))
    assert (answer.refusal.reason, answer.recorded) == (Reason.RETURN_NOT_OF_SALE, True)
    assert answer.refusal.detail["cause"] == cause
    assert now(world, sale).state is SaleState.SETTLED
    check_store(world.store)


@pytest.mark.parametrize("change", [{"item_code": "DRUG2"}, {"unit_price_micro": 1}])
async def test_goods_and_price_of_a_line_stay(change: dict[str, Any]) -> None:
    world, sale = await a_sale()
    answer = await world.refused(returning(world, sale, structs.replace(BOUGHT[0], **change)))
    assert answer.refusal.reason is Reason.RETURN_NOT_OF_SALE


async def test_a_sale_that_does_not_stand_settled_has_nothing_to_return() -> None:
    world, sale = await a_sale()
    held = await world.held(2_000, DAUGHTER)
    unknown = world.request_id()
    await world.ask(world.reverse(sale.request_id))
    for of, state in ((sale.request_id, "REVERSED"), (held.request_id, "HELD"), (unknown, "ABSENT")):
        answer = await world.refused(returning(world, structs.replace(sale, request_id=of), BOUGHT[0]))
        assert (answer.refusal.reason, answer.recorded) == (Reason.RETURN_NOT_SETTLED, True)
        assert answer.refusal.detail["state"] == state


async def test_another_institution_s_sale_is_not_returned_here() -> None:
    world, sale = await a_sale()
    elsewhere = world.request_id(PHARMACY)
    command = returning(world, sale, BOUGHT[0], request_id=elsewhere, caller=caller("1", PHARMACY))
    answer = await world.refused(command)
    assert (answer.refusal.reason, answer.recorded) == (Reason.NOT_YOURS, False)


async def test_a_till_takes_goods_back_as_long_as_it_may_reverse() -> None:
    world, sale = await a_sale()
    world.clock.forward(days=1)
    quote = await quoted(world, sale, BOUGHT[0])
    world.clock.forward(days=1)
    command = returning(world, sale, BOUGHT[0], expected=quote.split)
    answer = await world.refused(command)
    assert (answer.refusal.reason, answer.recorded) == (Reason.RETURN_TOO_LATE, True)


async def test_a_return_gives_no_more_time_to_undo_what_is_left() -> None:
    world, sale = await a_sale()
    world.clock.forward(days=1)
    left = await returned(world, sale, BOUGHT[0])
    world.clock.forward(days=1)
    assert (await world.refused(world.reverse(left.request_id))).refusal.reason is Reason.REVERSE_TOO_LATE


async def test_of_a_stay_no_part_is_returned() -> None:
    world, sale = await a_sale()
    stay = structs.replace(sale, basket=replace(basket(*BOUGHT), admitted_on=sale.service_on))
    world.store.tables.sales[sale.request_id.text] = stay
    answer = await world.refused(returning(world, sale, BOUGHT[0]))
    assert answer.refusal.reason is Reason.RETURN_NOT_POSSIBLE
    assert answer.refusal.detail["cause"] == "stay"


async def test_of_a_sale_that_came_back_after_a_restore_no_part_is_returned() -> None:
    """Its lines were lost."""
    world, sale = await a_sale()
    world.store.tables.sales[sale.request_id.text] = structs.replace(sale, basket=None)
    answer = await world.refused(returning(world, sale, BOUGHT[0]))
    assert answer.refusal.reason is Reason.RETURN_NOT_POSSIBLE
    assert answer.refusal.detail["cause"] == "restored"


async def test_an_account_that_was_frozen_since_gets_its_part_back_and_still_pays_for_what_stays() -> None:
    world, sale = await a_sale()
    member = world.store.tables.members[FATHER]
    frozen = replace(member.accounts[0], state=AccountState.FROZEN)
    world.store.tables.members[FATHER] = replace(member, accounts=(frozen,))
    left = await returned(world, sale, *BOUGHT[:2])
    assert left.split is not None
    assert left.split.accounts
    check_store(world.store)


async def test_what_was_credited_to_an_account_since_does_not_come_back_as_cash() -> None:
    world = await World().started(a_father=10_000)
    sale = await world.settled(basket=basket(*BOUGHT))
    await world.open("a-father", 500_000)
    left = await returned(world, sale, less(BOUGHT[0], 9_990), *BOUGHT[1:])
    assert left.difference is not None
    assert (left.difference.accounts, left.difference.cash_fen) == ((), 25)
    assert world.balance("a-father") == (500_000, 0)
    check_store(world.store)


async def test_an_account_that_paid_nothing_pays_nothing_of_what_stays() -> None:
    payers = (Payer("a-daughter"), Payer("a-father", Consent.STANDING))
    world = await World().started(a_daughter=0, a_father=90_000)
    sale = await world.settled(who=DAUGHTER, basket=basket(*BOUGHT, payers=payers))
    await world.open("a-daughter", 500_000)
    left = await returned(world, sale, *BOUGHT[:2])
    assert left.split is not None
    assert [part.account for part in left.split.accounts] == ["a-father"]
    check_store(world.store)


@dataclass(frozen=True)
class Dearer(Embedded):
    """Rules by which less may cost the patient more."""

    def left(self, sale: SaleRecord, kept: Sequence[AskedLine], today: Today) -> Decided:
        found = super().left(sale, kept, today)
        more = Split(found.split.funds, found.split.accounts, found.split.cash_fen + 10_000_000)
        return found._replace(split=more)


async def test_a_return_after_which_the_patient_had_to_pay_is_a_reversal_and_a_new_sale() -> None:
    world = await World(deciding=Dearer).started(a_father=40_000)
    sale = await world.settled(basket=basket(*BOUGHT))
    answer = await world.refused(returning(world, sale, BOUGHT[0]))
    assert answer.refusal.reason is Reason.RETURN_NOT_POSSIBLE
    assert answer.refusal.detail["cause"] == "more_cash"
    assert now(world, sale).state is SaleState.SETTLED


async def test_later_sales_on_the_same_counters_are_listed_for_recalculation() -> None:
    world, sale = await a_sale()
    world.clock.forward(minutes=20)
    later = await world.settled(7_000)
    left = await returned(world, sale, BOUGHT[0])
    assert left.recompute_due == now(world, sale).recompute_due == (later.request_id.text,)


async def test_a_till_that_lost_its_right_returns_nothing() -> None:
    world, sale = await a_sale()
    quote = await quoted(world, sale, BOUGHT[0])
    key = world.store.tables.terminal_keys["key"]
    world.store.tables.terminal_keys["key"] = replace(key, not_after=world.clock.at - timedelta(seconds=1))
    answer = await world.refused(returning(world, sale, BOUGHT[0], expected=quote.split))
    assert (answer.refusal.reason, answer.recorded) == (Reason.KEY_NOT_ACTIVE, False)


quantities = st.tuples(*(st.integers(0, 10_000) for _ in BOUGHT)).filter(
    lambda each: any(each) and min(each) < 10_000
)


@settings(max_examples=40)
@given(quantities=quantities, father_fen=st.integers(0, 90_000), earlier_fen=st.integers(0, 400_000))
async def test_books_are_as_if_only_what_stays_had_been_sold(
    quantities: tuple[int, ...], father_fen: int, earlier_fen: int
) -> None:
    stay = tuple(
        less(each, quantity) for each, quantity in zip(BOUGHT, quantities, strict=True) if quantity
    )
    stay = tuple(each for each in stay if each.amount_fen)
    if not stay or stay == BOUGHT:
        return
    returning_world = await _sold(father_fen, earlier_fen, *BOUGHT)
    sale = list(returning_world.store.tables.sales.values())[-1]
    left = await returned(returning_world, sale, *stay)
    plain = await _sold(father_fen, earlier_fen, *stay)
    sold = list(plain.store.tables.sales.values())[-1]
    assert left.split == sold.split
    assert [each.breakdown for each in left.settlements] == [each.breakdown for each in sold.settlements]
    assert returning_world.store.tables.balances == plain.store.tables.balances
    assert _used(returning_world) == _used(plain)
    check_store(returning_world.store)


async def _sold(father_fen: int, earlier_fen: int, *lines: AskedLine) -> World:
    world = await World().started(a_father=father_fen)
    if earlier_fen:
        await world.settled(earlier_fen)
    await world.settled(basket=basket(*lines))
    return world


def _used(world: World) -> dict[Any, Any]:
    return {key: state for key, state in world.store.tables.counters.items() if state.used or state.held}


def test_a_difference_is_what_was_less_what_is() -> None:
    before = Split.make({"pooled": 500, "aid": 20}, {"a": 300}, 200)
    after = Split.make({"pooled": 200}, {"a": 300, "b": 5}, 0)
    back = Difference.between(before, after)
    assert dict(back.funds) == {"pooled": 300, "aid": 20}
    assert dict(back.accounts) == {"b": -5}
    assert back.cash_fen == 200
