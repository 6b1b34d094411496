"""The single calls: what each returns, what each raises, and that repeating is safe."""

import os
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from medsettle.errors import (
    GatewayAwayError,
    OtherSaleError,
    OutcomeUnknownError,
    QuoteChangedError,
    RefusedError,
    RequestError,
    TerminalNotReadyError,
    TillUnusableError,
)
from medsettle.models import (
    Answer,
    Basket,
    CashState,
    Collect,
    Credential,
    Line,
    Outcome,
    SaleCard,
    SaleState,
    Split,
    Tendered,
)
from medsettle.ticket import Ticket
from medsettle.till import Till
from medsettle.wire.reasons import Reason
from medsettle.wire.v1 import errors_pb2, sale_pb2
from tests.sdk.counterpart import TERMINAL_KEY, Counterpart
from tests.sdk.faults import lost_after, lost_before, refused

SHOWN = Split(4000, {"pooled": 8000})
CASH = (Tendered("cash", 4000),)
Opened = Callable[[], Till]


def held(till: Till, basket: Basket, number: str = "1") -> str:
    card = till.settle(number, "scanned", basket, expected=SHOWN, collect=Collect.LATER)
    assert (card.outcome, card.state) == (Outcome.OPEN, SaleState.HELD)
    assert card.request_id is not None
    return card.request_id


def paid(till: Till, basket: Basket, number: str = "1") -> str:
    card = till.settle(number, "scanned", basket, expected=SHOWN, collect=Collect.NOW)
    assert card.outcome is Outcome.PAID
    assert card.request_id is not None
    return card.request_id


def test_eligibility_is_answered_in_plain_values(till: Till) -> None:
    answer = till.check_eligibility("scanned")
    assert (answer.covered, answer.masked_name) == (Answer.YES, "张*")
    assert answer.accounts[0].balance_fen == 10_000
    assert answer.benefits[0].remainders[0].used_fen == 0
    assert answer.as_of == date(2026, 3, 2)


def test_a_quote_is_in_fen_and_adds_up(till: Till, basket: Basket) -> None:
    quote = till.quote(Credential("scanned"), basket)
    assert quote.split == SHOWN
    assert quote.split.total_fen == quote.settlements[0].breakdown.total_fen == 12_000


def test_a_hold_is_confirmed_with_its_tenders(till: Till, basket: Basket) -> None:
    request_id = held(till, basket)
    card = till.confirm(request_id, CASH)
    assert (card.outcome, card.tenders) == (Outcome.PAID, CASH)
    assert till.confirm(request_id, CASH).outcome is Outcome.PAID


def test_tenders_that_do_not_add_up_are_refused_before_anything_is_sent(
    till: Till, counterpart: Counterpart, basket: Basket
) -> None:
    request_id = held(till, basket)
    with pytest.raises(RequestError, match="TENDER_MISMATCH"):
        till.confirm(request_id, (Tendered("cash", 3999),))
    assert counterpart.count("Confirm") == 0
    assert till.confirm(request_id, CASH).outcome is Outcome.PAID


def test_a_hold_of_an_earlier_run_can_still_be_confirmed(
    open_till: Opened, counterpart: Counterpart, basket: Basket
) -> None:
    request_id = held(open_till(), basket)
    assert open_till().confirm(request_id, CASH).outcome is Outcome.PAID
    assert counterpart.count("Settle") == 1


def test_another_tills_hold_can_be_confirmed_and_reversed_here(
    till: Till, counterpart: Counterpart, basket: Basket
) -> None:
    request_id = held(till, basket)
    other = request_id.replace("-01-", "-02-")
    counterpart.sales[other] = counterpart.sales.pop(request_id)
    assert till.confirm(other, CASH).outcome is Outcome.PAID
    card = till.reverse(other, reason="goods returned")
    assert (card.outcome, card.state, card.refund_due_fen) == (Outcome.NOT_PAID, SaleState.REVERSED, 4000)


def test_a_released_hold_is_not_paid_and_owes_nothing(till: Till, basket: Basket) -> None:
    request_id = held(till, basket)
    for _ in range(2):
        card = till.release(request_id)
        assert (card.outcome, card.state, card.refund_due_fen) == (Outcome.NOT_PAID, "RELEASED", 0)


def test_a_settled_sale_is_not_released(till: Till, counterpart: Counterpart, basket: Basket) -> None:
    request_id = paid(till, basket)
    with pytest.raises(RefusedError, match="STEP_NOT_ALLOWED"):
        till.release(request_id)
    assert counterpart.sales[request_id].state is SaleState.SETTLED


def test_a_reversal_gives_the_cash_part_back_until_it_is_written_down(till: Till, basket: Basket) -> None:
    request_id = paid(till, basket)
    card = till.reverse(request_id, reason="wrong goods")
    assert (card.outcome, card.refund_due_fen) == (Outcome.NOT_PAID, 4000)
    assert till.cash_returned(request_id).cash is CashState.REFUNDED


def test_a_refused_reversal_leaves_the_sale_paid_and_names_the_other_one(
    till: Till, counterpart: Counterpart, basket: Basket
) -> None:
    request_id = paid(till, basket)
    later = errors_pb2.OtherSale(request_id="P21030000001-01-20260302-9-1", state=sale_pb2.SALE_STATE_SETTLED)
    counterpart.fault("Reverse", refused(Reason.LATER_SALE_EXISTS, later))
    with pytest.raises(OtherSaleError) as caught:
        till.reverse(request_id, reason="wrong goods")
    assert (caught.value.other_request_id, caught.value.other_state) == (later.request_id, "SETTLED")
    assert caught.value.card is not None
    assert caught.value.card.outcome is Outcome.PAID
    assert request_id in str(caught.value)
    assert till.open_sales() == ()
    assert till.reverse(request_id, reason="again").outcome is Outcome.NOT_PAID


def test_a_reversal_whose_answer_is_lost_is_carried_out_by_recover(
    open_till: Opened, counterpart: Counterpart, basket: Basket
) -> None:
    till = open_till()
    request_id = paid(till, basket)
    counterpart.away = True
    with pytest.raises(OutcomeUnknownError) as caught:
        till.reverse(request_id, reason="wrong goods")
    assert caught.value.card is not None
    assert caught.value.card.outcome is Outcome.OPEN
    counterpart.away = False
    (card,) = open_till().recover()
    assert (card.outcome, card.state) == (Outcome.NOT_PAID, SaleState.REVERSED)


def test_a_sealed_ticket_refuses_a_late_settle(till: Till, counterpart: Counterpart, basket: Basket) -> None:
    card = till.seal("P21030000001-01-20260302-5-1")
    assert (card.outcome, card.state) == (Outcome.NOT_PAID, SaleState.SEALED)
    counterpart.fault("Settle", refused(Reason.SEALED))
    with pytest.raises(RefusedError, match="SEALED") as caught:
        till.settle("6", "scanned", basket, expected=SHOWN)
    assert caught.value.recorded


def test_a_sealed_sale_of_this_till_is_told_as_it_stands(till: Till, basket: Basket) -> None:
    assert till.seal(paid(till, basket)).outcome is Outcome.PAID
    assert till.seal(held(till, basket, "2")).state == SaleState.HELD


def test_a_changed_quote_brings_both_splits(till: Till, basket: Basket) -> None:
    shown = Split(5000, {"pooled": 7000})
    with pytest.raises(QuoteChangedError) as caught:
        till.settle("1", "scanned", basket, expected=shown)
    error = caught.value
    assert error.expected is not None
    assert error.now is not None
    assert error.expected.same_as(shown)
    assert error.now.same_as(SHOWN)
    assert error.card is not None
    assert error.card.outcome is Outcome.NOT_PAID


def test_a_second_settle_of_an_open_ticket_gets_the_first_ones_sale(
    till: Till, counterpart: Counterpart, basket: Basket
) -> None:
    first = held(till, basket)
    assert held(till, basket) == first
    assert counterpart.count("Settle") == 1


def test_a_second_settle_with_other_goods_is_refused(till: Till, basket: Basket) -> None:
    held(till, basket)
    with pytest.raises(RequestError, match="TICKET_REUSED"):
        till.settle("1", "scanned", Basket((Line("XB02", "1", "1.00"),)), expected=Split(100))


def test_a_settle_without_an_answer_is_unknown_and_never_sent_again(
    till: Till, counterpart: Counterpart, basket: Basket
) -> None:
    counterpart.away = True
    with pytest.raises(OutcomeUnknownError) as caught:
        till.settle("1", "scanned", basket, expected=SHOWN)
    assert caught.value.card is not None
    assert caught.value.card.outcome is Outcome.OPEN
    counterpart.away = False
    settles = counterpart.count("Settle")
    with pytest.raises(GatewayAwayError) as ended:
        till.settle("1", "scanned", basket, expected=SHOWN)
    assert ended.value.card is not None
    assert (ended.value.card.outcome, ended.value.card.state) == (Outcome.NOT_PAID, SaleState.SEALED)
    assert counterpart.count("Settle") == settles


@pytest.mark.parametrize(
    ("reason", "kind"),
    [(Reason.KEY_NOT_ACTIVE, TerminalNotReadyError), (Reason.NOT_COVERED, RefusedError),
     (Reason.FIELD_REQUIRED, RequestError)],
)
def test_a_refusal_is_raised_by_what_the_till_must_do(
    till: Till, counterpart: Counterpart, basket: Basket, reason: Reason, kind: type[Exception]
) -> None:
    counterpart.fault("Settle", refused(reason))
    with pytest.raises(kind, match=reason):
        till.settle("1", "scanned", basket, expected=SHOWN)


def test_status_asks_the_gateway_and_keeps_what_it_says(
    till: Till, counterpart: Counterpart, basket: Basket
) -> None:
    request_id = held(till, basket)
    counterpart.sales[request_id].state = SaleState.EXPIRED
    assert till.status(request_id).state == SaleState.EXPIRED
    counterpart.away = True
    card = till.status(request_id)
    assert (card.outcome, card.state) == (Outcome.OPEN, SaleState.EXPIRED)
    assert card.refusal is not None
    assert card.refusal.reason == "GATEWAY_AWAY"


def test_status_of_a_paid_sale_is_known_without_the_gateway(
    till: Till, counterpart: Counterpart, basket: Basket
) -> None:
    request_id = paid(till, basket)
    counterpart.away = True
    card = till.status(request_id)
    assert (card.outcome, card.refusal) == (Outcome.PAID, None)
    assert card.sale is not None


def test_status_of_an_id_that_nobody_knows_does_not_say_that_it_failed(till: Till) -> None:
    with pytest.raises(RefusedError, match="SALE_NOT_FOUND"):
        till.status("P21030000001-01-20260302-77-1")


def test_a_list_is_read_page_by_page(till: Till, counterpart: Counterpart, basket: Basket) -> None:
    for number in range(1, 6):
        paid(till, basket, str(number))
    counterpart.seen.clear()
    listing = till.list_sales(page_size=2)
    assert next(listing).request_id.endswith("-5-1")
    assert counterpart.seen == ["ListSales"]
    assert len(list(listing)) == 4
    assert counterpart.count("ListSales") == 3


def test_recover_goes_from_the_oldest_and_stops_asking_when_the_gateway_is_away(
    open_till: Opened, counterpart: Counterpart, basket: Basket
) -> None:
    till = open_till()
    first, second = held(till, basket, "8"), held(till, basket, "2")
    counterpart.away = True
    till = open_till()
    counterpart.seen.clear()
    cards = till.recover()
    assert [card.request_id for card in cards] == [first, second]
    assert {card.outcome for card in cards} == {Outcome.OPEN}
    assert set(counterpart.seen) == {"Reassert"}
    counterpart.away = False
    assert {card.state for card in till.recover()} == {SaleState.RELEASED}
    assert till.recover() == ()


def test_recover_leaves_the_sale_alone_that_a_cashier_is_at(
    till: Till, counterpart: Counterpart, basket: Basket
) -> None:
    cards: list[SaleCard] = []

    class InBetween:
        def collect(self, amount_fen: int, request_id: str) -> Any:
            cards.extend(till.recover())
            raise TimeoutError

        def refund(self, amount_fen: int, request_id: str, tenders: Any) -> bool:
            return True

    till.checkout("1", "scanned", basket, show=lambda _: True, tender=InBetween())
    assert [card.state for card in cards] == [SaleState.HELD]
    assert counterpart.count("Seal") == 0


@pytest.mark.parametrize("cash_fen", [4000, 0])
def test_a_hold_of_this_run_is_the_cashiers_to_confirm_and_not_recovers(
    till: Till, counterpart: Counterpart, basket: Basket, cash_fen: int
) -> None:
    counterpart.cash_fen = cash_fen
    shown = Split(cash_fen, {"pooled": 12_000 - cash_fen})
    request_id = till.settle("1", "scanned", basket, expected=shown, collect=Collect.LATER).request_id or ""
    (card,) = till.recover()
    assert (card.state, card.outcome) == (SaleState.HELD, Outcome.OPEN)
    assert till.confirm(request_id, CASH if cash_fen else ()).outcome is Outcome.PAID


@pytest.mark.parametrize("lost", [lost_before, lost_after])
def test_a_read_is_repeated(till: Till, counterpart: Counterpart, basket: Basket, lost: Any) -> None:
    counterpart.fault("Quote", lost, lost)
    till.quote("scanned", basket)
    assert counterpart.count("Quote") == 3


def test_a_rotated_key_signs_from_then_on(till: Till, counterpart: Counterpart, basket: Basket) -> None:
    rotation = till.rotate_key()
    assert rotation.old_key == TERMINAL_KEY.key
    assert till.config.key_file.exists()
    del counterpart.terminal_keys[TERMINAL_KEY.key]
    assert till.quote("scanned", basket).split == SHOWN
    assert till.probe().terminal_key == rotation.key


def test_a_rotation_without_an_answer_keeps_the_old_key_and_is_not_repeated(
    till: Till, counterpart: Counterpart, basket: Basket
) -> None:
    counterpart.fault("RotateKey", lost_after)
    with pytest.raises(GatewayAwayError):
        till.rotate_key()
    assert counterpart.count("RotateKey") == 1
    assert not till.config.key_file.exists()
    till.quote("scanned", basket)


def test_a_probe_tells_the_way_and_the_clocks(till: Till, counterpart: Counterpart) -> None:
    counterpart.skew = timedelta(seconds=7)
    probe = till.probe()
    assert (probe.clock_offset_ms, probe.terminal_key) == (7000, TERMINAL_KEY.key)


def test_a_closed_till_says_so(till: Till, basket: Basket) -> None:
    till.close()
    with pytest.raises(TillUnusableError, match="TILL_CLOSED"):
        till.quote("scanned", basket)
    till.close()


def test_a_till_that_came_over_a_fork_refuses(
    till: Till, basket: Basket, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = os.getpid()
    monkeypatch.setattr(os, "getpid", lambda: here + 1)
    with pytest.raises(TillUnusableError, match="USED_AFTER_FORK"):
        till.quote("scanned", basket)
    monkeypatch.undo()
    till.quote("scanned", basket)


def test_a_till_has_at_most_one_operator_to_name(till: Till, basket: Basket) -> None:
    with pytest.raises(RequestError, match="operator"):
        till.settle("1", "scanned", basket, expected=SHOWN, operator="")


def test_a_ticket_of_an_earlier_day_keeps_its_day(till: Till, basket: Basket) -> None:
    card = till.settle(Ticket("0012", date(2026, 3, 1)), "scanned", basket, expected=SHOWN)
    assert card.request_id == "P21030000001-01-20260301-12-1"


def test_ticket_numbers_count_up(till: Till) -> None:
    assert [till.next_number() for _ in range(3)] == ["1", "2", "3"]
