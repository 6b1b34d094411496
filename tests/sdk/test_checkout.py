"""The whole sale: what the counter is told of it, and what becomes of the cash."""

from pathlib import Path
from typing import Any

import pytest

from medsettle._desk.checkout import Wish
from medsettle._desk.driving import Asked
from medsettle.errors import RequestError
from medsettle.models import Basket, CashState, Credential, Line, Outcome, SaleState, Tendered
from medsettle.tender import Collected
from medsettle.till import Till
from medsettle.wire.reasons import Reason
from tests.sdk.counter import Drawer, sell
from tests.sdk.counterpart import Counterpart
from tests.sdk.faults import refused


def test_a_sale_is_held_collected_and_confirmed(
    till: Till, counterpart: Counterpart, basket: Basket
) -> None:
    drawer = Drawer()
    card = sell(till, basket, drawer)
    assert (card.outcome, card.state, card.refund_due_fen) == (Outcome.PAID, SaleState.SETTLED, 0)
    assert counterpart.seen == ["Quote", "Settle", "Confirm"]
    assert card.request_id == "P21030000001-01-20260302-1-1"
    assert drawer.taken_fen == 4000
    assert card.tenders == (Tendered("cash", 4000),)
    assert card.sale is not None
    assert [leg.amount_fen for leg in card.legs] == [8000, 4000]
    assert till.open_sales() == ()


def test_a_sale_without_a_cash_part_is_settled_at_once(
    till: Till, counterpart: Counterpart, basket: Basket
) -> None:
    counterpart.cash_fen = 0
    drawer = Drawer()
    card = sell(till, basket, drawer)
    assert card.outcome is Outcome.PAID
    assert counterpart.seen == ["Quote", "Settle"]
    assert drawer.taken_fen == 0


def test_a_declined_quote_sends_nothing_more(till: Till, counterpart: Counterpart, basket: Basket) -> None:
    card = sell(till, basket, show=lambda _: False)
    assert (card.outcome, card.request_id) == (Outcome.NOT_PAID, None)
    assert card.refusal is not None
    assert card.refusal.reason == "PATIENT_DECLINED"
    assert card.quote is not None
    assert counterpart.seen == ["Quote"]


def test_a_refused_quote_is_shown_with_its_reason(
    till: Till, counterpart: Counterpart, basket: Basket
) -> None:
    counterpart.fault("Quote", refused(Reason.CREDENTIAL_EXPIRED))
    card = sell(till, basket)
    assert card.outcome is Outcome.NOT_PAID
    assert card.refusal is not None
    assert (card.refusal.reason, card.refusal.zh) == ("CREDENTIAL_EXPIRED", "医保凭证已过期。")


def test_a_wrong_basket_stops_before_anything_is_sent(till: Till, counterpart: Counterpart) -> None:
    with pytest.raises(RequestError, match="LINE_AMOUNT_MISMATCH"):
        sell(till, Basket((Line("XA01", "2", "60.00", amount_fen=12_001),)))
    assert counterpart.seen == []


def test_cash_that_is_not_collected_releases_the_hold(
    till: Till, counterpart: Counterpart, basket: Basket
) -> None:
    card = sell(till, basket, Drawer(takes=False))
    assert (card.outcome, card.state) == (Outcome.NOT_PAID, SaleState.RELEASED)
    assert card.refusal is not None
    assert card.refusal.reason == "CASH_NOT_COLLECTED"
    assert (card.cash, card.refund_due_fen) == (CashState.NOT_COLLECTED, 0)
    assert counterpart.seen == ["Quote", "Settle", "Release"]


@pytest.mark.parametrize("collected", [None, Collected(CashState.ASKED), Collected(CashState.COLLECTED)])
def test_a_tender_that_does_not_know_is_asked_to_pay_back_after_the_release(
    till: Till, counterpart: Counterpart, basket: Basket, collected: Collected | None
) -> None:
    asked: list[tuple[str, int, str]] = []

    class Terminal:
        def collect(self, amount_fen: int, request_id: str) -> Collected:
            asked.append(("collect", amount_fen, request_id))
            if collected is None:
                raise TimeoutError
            return collected

        def refund(self, amount_fen: int, request_id: str, tenders: tuple[Tendered, ...]) -> bool:
            asked.append(("refund", amount_fen, request_id))
            assert counterpart.sales[request_id].state is SaleState.RELEASED
            return True

    card = sell(till, basket, tender=Terminal())
    assert (card.outcome, card.cash) == (Outcome.NOT_PAID, CashState.REFUNDED)
    assert asked == [("collect", 4000, card.request_id), ("refund", 4000, card.request_id)]


def test_a_late_confirmation_that_ends_released_gives_the_cash_back(
    till: Till, counterpart: Counterpart, basket: Basket
) -> None:
    def too_late(other: Counterpart, request: Any, handle: Any) -> Any:
        for kept in other.sales.values():
            kept.state = SaleState.RELEASED
        return handle()

    counterpart.fault("Confirm", too_late)
    drawer = Drawer()
    card = sell(till, basket, drawer)
    assert (card.outcome, card.state, card.cash) == (Outcome.NOT_PAID, "RELEASED", CashState.REFUNDED)
    assert drawer.taken_fen == 0


@pytest.mark.parametrize("recorded", [True, False])
def test_a_confirmation_refused_for_good_is_undone_and_the_cash_goes_back(
    till: Till, counterpart: Counterpart, basket: Basket, recorded: bool
) -> None:
    reason = Reason.CONFIRM_TOO_LATE if recorded else Reason.TENDER_MISMATCH
    counterpart.fault("Confirm", refused(reason))
    drawer = Drawer()
    card = sell(till, basket, drawer)
    assert (card.outcome, card.state, drawer.taken_fen) == (Outcome.NOT_PAID, SaleState.RELEASED, 0)
    assert card.refusal is not None
    assert card.refusal.reason == reason


def test_cash_that_could_not_be_given_back_is_on_the_card_until_it_is(
    till: Till, counterpart: Counterpart, basket: Basket
) -> None:
    counterpart.fault("Confirm", refused(Reason.CONFIRM_TOO_LATE))
    card = sell(till, basket, Drawer(gives=False))
    assert (card.outcome, card.refund_due_fen) == (Outcome.NOT_PAID, 4000)
    assert "40.00" in card.next_zh
    assert "40.00" in card.next_en
    assert card.request_id is not None
    assert [each.request_id for each in till.open_sales()] == [card.request_id]
    assert till.cash_returned(card.request_id).refund_due_fen == 0
    assert till.open_sales() == ()


def test_the_journal_never_holds_the_credential(
    till: Till, counterpart: Counterpart, basket: Basket, tmp_path: Path
) -> None:
    counterpart.fault("Settle", refused(Reason.INTERNAL_ERROR))
    sell(till, basket)
    card = sell(till, basket, ticket="0002")
    proofs = till._desk.journal.evidence(str(card.request_id))
    assert proofs
    assert b"scanned-token" not in b"".join(proof.answer for proof in proofs)
    till.close()
    for file in tmp_path.iterdir():
        assert b"scanned-token" not in file.read_bytes()


def test_the_credential_is_not_in_what_a_debugger_shows(till: Till) -> None:
    del till
    basket = Basket(())
    wish = Wish("1", "scanned-token", basket, lambda _: True, Drawer().tender, "001")
    asked = Asked(Credential("scanned-token"), basket, None, ())
    assert "scanned-token" not in repr((wish, asked))
