"""Cash that goes back: once, by the till that took it, and never on a guess."""

from collections.abc import Callable
from typing import Any

import pytest

from medsettle.errors import OutcomeUnknownError, RefusedError
from medsettle.models import Basket, CashState, Collect, Outcome, SaleCard, SaleState, Split, Tendered
from medsettle.tender import CashTender, Collected
from medsettle.till import Till
from medsettle.wire.reasons import Reason
from tests.sdk.counterpart import Counterpart
from tests.sdk.faults import and_away, lost_before, refused

SHOWN = Split(4000, {"pooled": 8000})
CASH = (Tendered("cash", 4000),)
Opened = Callable[[], Till]


class PowerLossError(BaseException):
    """The till's machine is gone, at once."""


class Drawer:
    """Cash over the counter; ``giving`` is how giving back goes."""

    def __init__(self, giving: Callable[[], bool] = lambda: True) -> None:
        self.taken_count = self.given_count = 0
        self.giving = giving
        self.tender = CashTender(self._take, self._give)

    def _take(self, _: int) -> bool:
        self.taken_count += 1
        return True

    def _give(self, _: int) -> bool:
        self.given_count += 1
        return self.giving()


class Provider:
    """A tender that pays back once an id, however often it is asked."""

    refunds_once = True

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.breaks = True

    def collect(self, amount_fen: int, request_id: str) -> Collected:
        return Collected(CashState.COLLECTED, (Tendered("wechat", amount_fen, request_id[-8:]),))

    def refund(self, amount_fen: int, request_id: str, tenders: tuple[Tendered, ...]) -> bool:
        self.asked.append(request_id)
        if self.breaks:
            raise PowerLossError
        return True


def sell(till: Till, basket: Basket, tender: Any, number: str = "1") -> SaleCard:
    return till.checkout(number, "scanned", basket, show=lambda _: True, tender=tender)


def power_loss() -> bool:
    raise PowerLossError


def told(call: Callable[[], SaleCard]) -> SaleCard:
    """Returns the card, be it answered or raised."""
    try:
        return call()
    except RefusedError as error:
        if error.card is None:
            raise
        return error.card


def undone_by_another_till(counterpart: Counterpart, request_id: str, state: SaleState) -> None:
    counterpart.sales[request_id].state = state


def test_a_refund_that_was_cut_off_is_found_out_by_a_person_and_not_paid_again(
    open_till: Opened, counterpart: Counterpart, basket: Basket
) -> None:
    counterpart.fault("Confirm", refused(Reason.CONFIRM_TOO_LATE))
    drawer = Drawer(power_loss)
    with pytest.raises(PowerLossError):
        sell(open_till(), basket, drawer.tender)
    till = open_till()
    again = Drawer()
    (card,) = till.recover(again.tender)
    assert (card.cash, card.refund_due_fen, again.given_count) == (CashState.REFUND_ASKED, 0, 0)
    assert "是否已退给患者" in card.next_zh
    assert card.request_id is not None
    assert [each.request_id for each in till.open_sales()] == [card.request_id]
    assert till.cash_returned(card.request_id).cash is CashState.REFUNDED
    assert till.open_sales() == ()


def test_a_provider_that_pays_back_once_an_id_is_asked_again_after_a_crash(
    open_till: Opened, counterpart: Counterpart, basket: Basket
) -> None:
    counterpart.fault("Confirm", refused(Reason.CONFIRM_TOO_LATE))
    provider = Provider()
    with pytest.raises(PowerLossError):
        sell(open_till(), basket, provider)
    provider.breaks = False
    (card,) = open_till().recover(provider)
    assert (card.cash, len(provider.asked), len(set(provider.asked))) == (CashState.REFUNDED, 2, 1)


def test_a_tender_that_fails_while_paying_back_may_have_paid(
    till: Till, counterpart: Counterpart, basket: Basket
) -> None:
    counterpart.fault("Confirm", refused(Reason.CONFIRM_TOO_LATE))
    card = sell(till, basket, Drawer(lambda: 1 // 0 == 0).tender)
    assert (card.cash, card.refund_due_fen) == (CashState.REFUND_ASKED, 0)


def test_a_refund_that_the_cashier_did_not_make_stays_due_and_is_asked_for_again(
    till: Till, counterpart: Counterpart, basket: Basket
) -> None:
    counterpart.fault("Confirm", refused(Reason.CONFIRM_TOO_LATE))
    card = sell(till, basket, Drawer(lambda: False).tender)
    assert (card.cash, card.refund_due_fen) == (CashState.COLLECTED, 4000)
    (card,) = till.recover(Drawer().tender)
    assert card.cash is CashState.REFUNDED


@pytest.mark.parametrize("asked", ["checkout", "confirm", "settle", "status", "reverse"])
def test_a_paid_sale_that_another_till_reversed_is_not_paid_any_more_and_nothing_is_given_back_here(
    till: Till, counterpart: Counterpart, basket: Basket, asked: str
) -> None:
    drawer = Drawer()
    first = till.settle("1", "scanned", basket, expected=SHOWN)
    request_id = str(first.request_id)
    undone_by_another_till(counterpart, request_id, SaleState.REVERSED)
    card = told({
        "checkout": lambda: sell(till, basket, drawer.tender),
        "confirm": lambda: till.confirm(request_id, CASH),
        "settle": lambda: till.settle("1", "scanned", basket, expected=SHOWN),
        "status": lambda: till.status(request_id),
        "reverse": lambda: till.reverse(request_id, reason="wrong goods"),
    }[asked])
    assert (card.outcome, card.state, card.cash) == (
        Outcome.NOT_PAID, SaleState.REVERSED, CashState.UNDONE_ELSEWHERE,
    )
    assert card.refund_due_fen == 0
    assert "undone elsewhere" in card.next_en
    (kept,) = till.recover(drawer.tender)
    assert (kept.cash, drawer.given_count) == (CashState.UNDONE_ELSEWHERE, 0)
    till.cash_returned(request_id)
    assert till.open_sales() == ()


def test_a_hold_that_somebody_else_released_gives_no_cash_back_by_itself(
    open_till: Opened, counterpart: Counterpart, basket: Basket
) -> None:
    counterpart.fault("Confirm", and_away(lost_before))
    drawer = Drawer()
    card = sell(open_till(), basket, drawer.tender)
    assert "is taken: do not collect it again" in card.next_en
    counterpart.away = False
    undone_by_another_till(counterpart, str(card.request_id), SaleState.RELEASED)
    (ended,) = open_till().recover(drawer.tender)
    assert (ended.cash, drawer.given_count) == (CashState.UNDONE_ELSEWHERE, 0)


def test_with_the_gateway_away_a_paid_ticket_is_paid_as_of_then(
    till: Till, counterpart: Counterpart, basket: Basket
) -> None:
    first = till.settle("1", "scanned", basket, expected=SHOWN)
    counterpart.away = True
    for card in (till.settle("1", "scanned", basket, expected=SHOWN), till.status(str(first.request_id))):
        assert card.outcome is Outcome.PAID
        assert "记录当时的状态" in card.tell_zh
        assert "as of then" in card.tell_en
    assert "as of then" not in first.tell_en


def test_release_leaves_a_sale_settled_that_another_till_confirmed(
    till: Till, counterpart: Counterpart, basket: Basket
) -> None:
    held = till.settle("1", "scanned", basket, expected=SHOWN, collect=Collect.LATER)
    request_id = str(held.request_id)
    counterpart.sales[request_id].state = SaleState.SETTLED
    with pytest.raises(RefusedError, match="STEP_NOT_ALLOWED") as caught:
        till.release(request_id)
    assert caught.value.card is not None
    assert (caught.value.card.outcome, caught.value.card.state) == (Outcome.PAID, SaleState.SETTLED)
    assert counterpart.count("Reverse") == 0
    assert till.recover() == ()
    assert counterpart.sales[request_id].state is SaleState.SETTLED


def test_a_release_without_an_answer_never_becomes_a_reversal(
    open_till: Opened, counterpart: Counterpart, basket: Basket
) -> None:
    till = open_till()
    held = till.settle("1", "scanned", basket, expected=SHOWN, collect=Collect.LATER)
    counterpart.away = True
    with pytest.raises(OutcomeUnknownError):
        till.release(str(held.request_id))
    counterpart.away = False
    counterpart.sales[str(held.request_id)].state = SaleState.SETTLED
    (card,) = open_till().recover()
    assert (card.outcome, counterpart.count("Reverse")) == (Outcome.PAID, 0)


def test_a_released_hold_of_a_vendor_that_collects_itself_says_that_cash_may_have_been_taken(
    open_till: Opened, basket: Basket
) -> None:
    open_till().settle("1", "scanned", basket, expected=SHOWN, collect=Collect.LATER)
    (card,) = open_till().recover()
    assert (card.outcome, card.state) == (Outcome.NOT_PAID, SaleState.RELEASED)
    assert "如已为这张小票收取现金部分 40.00 元且未退,请退还。" in card.next_zh


def test_while_cash_of_an_attempt_is_not_given_back_the_next_one_does_not_start(
    till: Till, counterpart: Counterpart, basket: Basket
) -> None:
    counterpart.fault("Confirm", refused(Reason.CONFIRM_TOO_LATE))
    drawer = Drawer(lambda: False)
    first = sell(till, basket, drawer.tender)
    card = sell(till, basket, drawer.tender)
    assert (card.request_id, card.refund_due_fen, drawer.taken_count) == (first.request_id, 4000, 1)
    assert card.refusal is not None
    assert card.refusal.reason == "REFUND_FIRST"
    assert f"medsettle refunded {card.request_id}" in card.next_zh
    with pytest.raises(RefusedError, match="REFUND_FIRST"):
        till.settle("1", "scanned", basket, expected=SHOWN)
    till.cash_returned(str(first.request_id))
    assert sell(till, basket, drawer.tender).outcome is Outcome.PAID


def test_a_reversal_refused_to_a_suspended_terminal_is_carried_out_when_it_is_resumed(
    till: Till, counterpart: Counterpart, basket: Basket
) -> None:
    request_id = str(till.settle("1", "scanned", basket, expected=SHOWN).request_id)
    counterpart.fault("Reverse", refused(Reason.TERMINAL_SUSPENDED))
    with pytest.raises(OutcomeUnknownError, match="TERMINAL_SUSPENDED") as caught:
        till.reverse(request_id, reason="wrong goods")
    assert caught.value.card is not None
    assert "do not give it back yet" in caught.value.card.next_en
    (card,) = till.recover()
    assert (card.state, card.refund_due_fen) == (SaleState.REVERSED, 4000)


def test_one_record_that_cannot_be_recovered_does_not_keep_the_others_open(
    open_till: Opened, counterpart: Counterpart, basket: Basket, monkeypatch: pytest.MonkeyPatch
) -> None:
    from medsettle._exchange import asking

    till = open_till()
    for number in ("1", "2"):
        till.settle(number, "scanned", basket, expected=SHOWN, collect=Collect.LATER)
    release = asking.release

    def breaks(request_id: str, *rest: Any) -> bytes:
        if request_id.endswith("-1-1"):
            raise TypeError
        return release(request_id, *rest)

    monkeypatch.setattr(asking, "release", breaks)
    bad, good = open_till().recover()
    assert (bad.outcome, good.outcome) == (Outcome.OPEN, Outcome.NOT_PAID)
    assert bad.refusal is not None
    assert bad.refusal.reason == "TILL_FAILED"


@pytest.mark.parametrize("amount", [4000.0, True, "4000"])
def test_a_tender_that_counts_in_anything_but_whole_fen_is_not_believed(
    till: Till, counterpart: Counterpart, basket: Basket, amount: Any
) -> None:
    class Odd(Drawer):
        def collect(self, amount_fen: int, request_id: str) -> Collected:
            return Collected(CashState.COLLECTED, (Tendered("card", amount),))

        def refund(self, amount_fen: int, request_id: str, tenders: tuple[Tendered, ...]) -> bool:
            return True

    card = sell(till, basket, Odd())
    assert (card.outcome, card.cash) == (Outcome.NOT_PAID, CashState.REFUNDED)
    assert counterpart.count("Confirm") == 0
