"""The whole sale: what the counter is told, whatever goes wrong between the first byte and the last."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from medsettle.errors import RequestError
from medsettle.models import Basket, CashState, LegState, Line, Outcome, SaleCard, SaleState, Tendered
from medsettle.tender import CashTender, Collected
from medsettle.till import Till
from medsettle.wire.reasons import Reason
from medsettle.wire.v1 import errors_pb2, sale_pb2
from tests.sdk.counterpart import Counterpart
from tests.sdk.faults import lost_after, lost_before, refused

Opened = Callable[[], Till]


class Drawer:
    """Cash over the counter, as it went."""

    def __init__(self, *, takes: bool = True, gives: bool = True) -> None:
        self.taken_fen = 0
        self.takes, self.gives = takes, gives
        self.tender = CashTender(self._take, self._give)

    def _take(self, amount_fen: int) -> bool:
        self.taken_fen += amount_fen if self.takes else 0
        return self.takes

    def _give(self, amount_fen: int) -> bool:
        self.taken_fen -= amount_fen if self.gives else 0
        return self.gives


def sell(till: Till, basket: Basket, drawer: Drawer | None = None, **more: Any) -> SaleCard:
    facts = {"show": lambda _: True, "tender": (drawer or Drawer()).tender, **more}
    return till.checkout(facts.pop("ticket", "0001"), "scanned-token", basket, **facts)


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


@pytest.mark.parametrize("method", ["Settle", "Confirm"])
@pytest.mark.parametrize("lost", [lost_before, lost_after])
def test_a_lost_answer_is_asked_for_again_under_the_same_id(
    till: Till, counterpart: Counterpart, basket: Basket, method: str, lost: Any
) -> None:
    counterpart.fault(method, lost, lost)
    drawer = Drawer()
    card = sell(till, basket, drawer)
    assert (card.outcome, len(counterpart.sales)) == (Outcome.PAID, 1)
    assert counterpart.count(method) == 3
    assert counterpart.settled_fen() == 8000
    assert drawer.taken_fen == 4000


def test_every_sending_is_signed_anew(till: Till, counterpart: Counterpart, basket: Basket) -> None:
    counterpart.fault("Settle", lost_after, lost_after)
    sell(till, basket)
    assert len(set(counterpart.nonces)) == len(counterpart.nonces)
    sent = zip(counterpart.seen, counterpart.bodies, strict=True)
    settles = {body for name, body in sent if name == "Settle"}
    assert len(settles) == 1


def test_when_settle_has_no_answer_the_id_is_sealed_and_the_sale_goes_on_where_it_stands(
    till: Till, counterpart: Counterpart, basket: Basket
) -> None:
    counterpart.fault("Settle", *[lost_after] * 200)
    card = sell(till, basket)
    assert card.outcome is Outcome.PAID
    assert counterpart.seen[-2:] == ["Seal", "Confirm"]


def test_when_settle_never_arrived_the_seal_proves_it(
    till: Till, counterpart: Counterpart, basket: Basket
) -> None:
    counterpart.fault("Settle", *[lost_before] * 200)
    drawer = Drawer()
    card = sell(till, basket, drawer)
    assert (card.outcome, card.state, drawer.taken_fen) == (Outcome.NOT_PAID, SaleState.SEALED, 0)
    assert card.refusal is not None
    assert card.refusal.reason == "GATEWAY_AWAY"


def test_with_the_gateway_away_the_sale_is_open_and_a_new_till_ends_it(
    open_till: Opened, counterpart: Counterpart, basket: Basket
) -> None:
    def goes_away(other: Counterpart, request: Any, handle: Any) -> Any:
        other.away = True
        return lost_after(other, request, handle)

    counterpart.fault("Settle", goes_away)
    drawer = Drawer()
    card = sell(open_till(), basket, drawer)
    assert (card.outcome, card.state, drawer.taken_fen) == (Outcome.OPEN, None, 0)
    assert card.next_query_at is not None
    assert {leg.state for leg in card.legs} == {LegState.UNKNOWN}
    counterpart.away = False
    settles = counterpart.count("Settle")
    (ended,) = open_till().recover(drawer.tender)
    assert (ended.outcome, ended.state) == (Outcome.NOT_PAID, SaleState.RELEASED)
    assert counterpart.count("Settle") == settles
    assert counterpart.settled_fen() == 0


def test_cash_that_was_journalled_as_collected_is_confirmed_after_a_restart(
    open_till: Opened, counterpart: Counterpart, basket: Basket
) -> None:
    def goes_away(other: Counterpart, request: Any, handle: Any) -> Any:
        other.away = True
        return lost_before(other, request, handle)

    counterpart.fault("Confirm", goes_away)
    drawer = Drawer()
    assert sell(open_till(), basket, drawer).outcome is Outcome.OPEN
    counterpart.away = False
    (ended,) = open_till().recover()
    assert (ended.outcome, ended.state, drawer.taken_fen) == (Outcome.PAID, SaleState.SETTLED, 4000)
    assert ended.sale is not None
    assert counterpart.seen[-2:] == ["Seal", "Confirm"]


def test_an_unrecorded_refusal_of_settle_is_sealed_to_be_proven(
    till: Till, counterpart: Counterpart, basket: Basket
) -> None:
    counterpart.fault("Settle", refused(Reason.FIELD_INVALID, field="basket"))
    card = sell(till, basket)
    assert (card.outcome, card.state) == (Outcome.NOT_PAID, SaleState.SEALED)
    assert card.refusal is not None
    assert (card.refusal.reason, card.refusal.details) == ("FIELD_INVALID", {"field": "basket"})


def test_a_recorded_refusal_of_settle_is_proof_at_once(
    till: Till, counterpart: Counterpart, basket: Basket
) -> None:
    other = errors_pb2.OtherSale(request_id="X", state=sale_pb2.SALE_STATE_HELD)
    other.created_at.FromDatetime(datetime(2026, 3, 1, 23, 30, 7, tzinfo=UTC))
    counterpart.fault("Settle", refused(Reason.POSSIBLE_DUPLICATE, other))
    card = sell(till, basket)
    assert (card.outcome, card.state) == (Outcome.NOT_PAID, SaleState.REFUSED)
    assert card.refusal is not None
    assert tuple(card.refusal.details.values()) == ("X", "HELD", "2026-03-02T07:30:07+08:00")
    assert counterpart.seen == ["Quote", "Settle"]


def test_an_id_that_stands_for_another_sale_is_not_paid_by_it(
    till: Till, counterpart: Counterpart, basket: Basket
) -> None:
    counterpart.fault("Settle", refused(Reason.REQUEST_ID_REUSED))
    card = sell(till, basket)
    assert (card.outcome, card.state) == (Outcome.NOT_PAID, None)
    assert card.refusal is not None
    assert card.refusal.reason == Reason.REQUEST_ID_REUSED


def test_a_second_click_on_a_paid_ticket_gives_the_same_sale_back(
    till: Till, counterpart: Counterpart, basket: Basket
) -> None:
    first = sell(till, basket)
    again = sell(till, basket)
    assert (again.request_id, again.outcome) == (first.request_id, Outcome.PAID)
    assert again.sale == first.sale
    assert counterpart.count("Settle") == 1


def test_a_paid_ticket_number_with_other_goods_is_refused(
    till: Till, counterpart: Counterpart, basket: Basket
) -> None:
    sell(till, basket)
    card = sell(till, Basket((Line("XB02", "1", "9.90"),)))
    assert card.refusal is not None
    assert card.refusal.reason == "TICKET_REUSED"
    assert counterpart.count("Settle") == 1


def test_after_a_proven_refusal_the_ticket_has_a_next_attempt(
    till: Till, counterpart: Counterpart, basket: Basket
) -> None:
    counterpart.fault("Settle", refused(Reason.CREDENTIAL_USED))
    assert sell(till, basket).outcome is Outcome.NOT_PAID
    card = sell(till, basket)
    assert (card.outcome, card.request_id) == (Outcome.PAID, "P21030000001-01-20260302-1-2")


def test_two_clicks_at_the_same_time_charge_once(
    till: Till, counterpart: Counterpart, basket: Basket
) -> None:
    inside, both = threading.Event(), threading.Event()

    def slow(_: Counterpart, request: Any, handle: Any) -> Any:
        inside.set()
        assert both.wait(10)
        return handle()

    counterpart.fault("Settle", slow)
    cards: list[SaleCard] = []
    clicks = [threading.Thread(target=lambda: cards.append(sell(till, basket))) for _ in range(2)]
    clicks[0].start()
    assert inside.wait(10)

    def first_ends() -> None:
        both.set()
        clicks[0].join(10)

    counterpart.clock.on_sleep = first_ends  # the second click waits
    clicks[1].start()
    for click in clicks:
        click.join(10)
    assert [card.outcome for card in cards] == [Outcome.PAID, Outcome.PAID]
    assert len({card.request_id for card in cards}) == 1
    assert counterpart.settled_fen() == 8000


def test_a_click_that_waits_too_long_is_told_that_the_sale_is_open(
    till: Till, counterpart: Counterpart, basket: Basket
) -> None:
    cards: list[SaleCard] = []

    class Slow:
        def collect(self, amount_fen: int, request_id: str) -> Collected:
            cards.append(sell(till, basket))
            return Collected(CashState.COLLECTED, (Tendered("cash", amount_fen),))

        def refund(self, amount_fen: int, request_id: str, tenders: tuple[Tendered, ...]) -> bool:
            return True

    assert sell(till, basket, tender=Slow()).outcome is Outcome.PAID
    (second,) = cards
    assert (second.outcome, second.state) == (Outcome.OPEN, SaleState.HELD)
    assert second.refusal is not None
    assert second.refusal.reason == "TICKET_BUSY"


def test_a_click_on_a_ticket_that_is_only_being_quoted_is_not_told_that_it_is_unpaid(
    till: Till, basket: Basket
) -> None:
    cards: list[SaleCard] = []

    def clicked_again(_: object) -> bool:
        cards.append(sell(till, basket))
        return True

    assert sell(till, basket, show=clicked_again).outcome is Outcome.PAID
    assert [(card.outcome, card.request_id) for card in cards] == [(Outcome.OPEN, None)]


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
    from medsettle._desk.checkout import Wish
    from medsettle._desk.driving import Asked
    from medsettle.models import Credential

    basket = Basket(())
    wish = Wish("1", "scanned-token", basket, lambda _: True, Drawer().tender, "001")
    asked = Asked(Credential("scanned-token"), basket, None, ())
    assert "scanned-token" not in repr((wish, asked))
