"""The same ticket again, and clicks while a sale is under way: it is charged once."""

import threading
from typing import Any

from medsettle.models import Basket, CashState, Line, Outcome, SaleCard, SaleState, Tendered
from medsettle.tender import Collected
from medsettle.till import Till
from medsettle.wire.reasons import Reason
from tests.sdk.counter import sell
from tests.sdk.counterpart import Counterpart
from tests.sdk.faults import refused


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
