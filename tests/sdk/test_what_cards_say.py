"""What a card says of the cash part, for every state of sale and cash: never collect what is taken."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import product

import pytest

from medsettle._desk.cards import card_of
from medsettle._desk.saying import say
from medsettle.errors import refusal_of
from medsettle.models import CashState, Outcome, SaleCard, SaleState, Split
from medsettle.record import Goal, Known, SaleRecord
from medsettle.till_reasons import TillReason

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)
RECORD = SaleRecord("P1-1-20260302-1-1", "run-1", "001", NOON)
EVERY = list(product([*Known, *SaleState], CashState, Goal, [True, False]))
NOT_PAID = {SaleState.REFUSED, SaleState.SEALED, SaleState.RELEASED, SaleState.REVERSED, Known.FOREIGN}
WAS_IT_TAKEN = ("请核对现金部分 40.00 元是否已收", "Find out whether the cash part, 40.00 yuan, was taken")

WHILE_OPEN = {
    CashState.NOT_DUE: ("请勿收款", "Collect nothing"),
    CashState.NOT_ASKED: ("请勿收款", "Collect nothing"),
    CashState.ASKED: WAS_IT_TAKEN,
    CashState.COLLECTED: ("已收,请勿再次收取", "is taken: do not collect it again"),
    CashState.NOT_COLLECTED: ("请勿收款", "do not collect"),
    CashState.REFUND_ASKED: ("是否已退;请勿再次收取", "was given back; do not collect it again"),
    CashState.UNDONE_ELSEWHERE: ("是否已在别处退还", "was given back elsewhere; do not collect it again"),
    CashState.REFUNDED: ("请勿再次收取", "do not collect it again"),
}
AT_THE_END = {
    CashState.ASKED: WAS_IT_TAKEN,
    CashState.COLLECTED: ("请退还现金部分 40.00 元", "Give back the cash part, 40.00 yuan."),
    CashState.REFUND_ASKED: ("是否已退给患者", "was given back; only if not"),
    CashState.UNDONE_ELSEWHERE: ("不是由本机撤销的", "was undone elsewhere: find out whether"),
    CashState.REFUNDED: ("已退还", "was given back."),
}


def card(state: str, cash: CashState, goal: Goal = Goal.SELL, *, stale: bool = False) -> SaleCard:
    return card_of(SaleRecord(
        "P1-1-20260302-1-1", "run-1", "001", NOON, cash_fen=4000, cash=cash, goal=goal, state=state,
        stale=stale,
    ), NOON)


@pytest.mark.parametrize(("state", "cash", "goal", "stale"), EVERY)
def test_every_state_of_sale_and_cash_has_a_fitting_sentence(
    state: str, cash: CashState, goal: Goal, stale: bool
) -> None:
    told = card(state, cash, goal, stale=stale)
    assert all((told.tell_zh, told.tell_en, told.next_zh, told.next_en))
    assert "{" not in told.next_zh + told.next_en
    collects = "Collect the cash part" in told.next_en
    assert collects == ("请收取" in told.next_zh)
    assert not collects or (state, goal, stale) == (SaleState.HELD, Goal.SELL, False)
    assert not collects or cash in (CashState.NOT_ASKED, CashState.NOT_DUE)
    if told.outcome is Outcome.OPEN and not collects:
        zh, en = WHILE_OPEN[cash]
        assert zh in told.next_zh
        assert en in told.next_en
        assert "medsettle recover" in told.next_zh
    if told.outcome is Outcome.NOT_PAID:
        zh, en = AT_THE_END.get(cash, ("", ""))
        assert zh in told.next_zh
        assert en in told.next_en


@pytest.mark.parametrize("state", sorted(NOT_PAID))
@pytest.mark.parametrize("cash", [
    CashState.ASKED, CashState.COLLECTED, CashState.REFUND_ASKED, CashState.UNDONE_ELSEWHERE,
])
def test_cash_that_may_be_owed_names_the_command_that_closes_it(state: str, cash: CashState) -> None:
    told = card(state, cash)
    assert "medsettle refunded P1-1-20260302-1-1" in told.next_zh
    assert "medsettle refunded P1-1-20260302-1-1" in told.next_en


@pytest.mark.parametrize("cash", [CashState.NOT_ASKED, CashState.NOT_DUE])
def test_a_hold_that_is_over_says_what_to_do_with_cash_that_the_till_does_not_know_of(
    cash: CashState,
) -> None:
    told = card(SaleState.RELEASED, cash)
    assert told.refund_due_fen == 0
    assert told.next_zh.startswith("如已为这张小票收取现金部分 40.00 元且未退,请退还。")
    assert told.next_en.startswith("If the cash part, 40.00 yuan, was taken for this ticket")


def test_cash_that_was_asked_for_is_looked_into_even_if_the_sale_is_paid() -> None:
    assert WAS_IT_TAKEN[1] in card(SaleState.SETTLED, CashState.ASKED).next_en
    paid = card(SaleState.SETTLED, CashState.COLLECTED)
    assert paid.next_en == "Print the receipt and hand over the goods."


def test_a_sale_without_a_cash_part_asks_for_none() -> None:
    record = SaleRecord("P1-1-20260302-1-1", "run-1", "001", NOON, state=SaleState.HELD)
    assert card_of(record, NOON).next_en == "Confirm or release it; there is no cash part."


@pytest.mark.parametrize(("split", "went_back"), [
    (Split(4_000), False), (Split(4_000, {"pooled": 0}), False), (Split(4_000, {"pooled": 1}), True),
    (Split(0, {}, {"acct-1": 8_000}), True), (None, True),
], ids=["cash only", "zero", "fund", "account", "not known"])
def test_only_what_a_fund_or_an_account_had_paid_went_back(split: Split | None, went_back: bool) -> None:
    told = card_of(replace(RECORD, state=SaleState.REVERSED, goal=Goal.UNDO, expected=split), NOON)
    assert ("已原路退回" in told.tell_zh) is went_back
    assert ("went back" in told.tell_en) is went_back


@pytest.mark.parametrize(("state", "told_of"), [
    (Known.UNSURE, True), (SaleState.SEALED, True), (SaleState.REVERSED, False),
    (SaleState.RELEASED, False), (SaleState.SETTLED, False),
])
def test_that_nobody_answered_is_not_told_of_a_sale_that_was_undone(state: str, told_of: bool) -> None:
    away = replace(RECORD, state=state, refusal=refusal_of(TillReason.GATEWAY_AWAY))
    assert (card_of(away, NOON).refusal is not None) is told_of


def test_why_a_sale_was_given_up_is_told_to_the_end() -> None:
    given_up = replace(
        RECORD, state=SaleState.RELEASED, refusal=refusal_of(TillReason.CASH_NOT_COLLECTED)
    )
    assert card_of(given_up, NOON).refusal == given_up.refusal


@pytest.mark.parametrize("cash", [CashState.COLLECTED, CashState.REFUNDED, CashState.NOT_DUE])
def test_of_a_sale_whose_goods_came_back_in_part_only_those_are_taken_back(cash: CashState) -> None:
    record = replace(RECORD, state=SaleState.REVERSED, cash=cash, cash_fen=4000)
    told = say(record, "P1-1-20260302-2-1")
    assert "P1-1-20260302-2-1" in told.tell_zh
    assert "what stays is settled as P1-1-20260302-2-1." in told.tell_en
    assert ("请只收回退货。" in told.next_zh, "请收回商品" in told.next_zh) == (True, False)
    assert told.next_en.endswith("Take back only what was returned.")
    assert say(record).next_en.endswith("Take the goods back.")
