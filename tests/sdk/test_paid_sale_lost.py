"""A sale that the gateway signed as paid and does not have any more: nobody says that it was never made."""

import pytest

from medsettle.errors import RefusedError
from medsettle.models import Basket, CashState, Outcome, SaleCard, SaleState
from medsettle.receipt import render_card
from medsettle.till import Till
from tests.sdk.counter import Drawer
from tests.sdk.counterpart import Counterpart
from tests.sdk.faults import lost_before
from tests.sdk.test_calls import paid


def sealed_elsewhere(till: Till, basket: Basket, counterpart: Counterpart) -> str:
    sold = paid(till, basket)
    counterpart.sales[sold].state = SaleState.SEALED
    return sold


def test_it_is_not_sealed_by_a_reversal_and_stays_paid_in_the_journal(
    till: Till, counterpart: Counterpart, basket: Basket
) -> None:
    sold = paid(till, basket)
    del counterpart.sales[sold]
    with pytest.raises(RefusedError, match="PAID_SALE_LOST") as refused:
        till.reverse(sold, reason="wrong goods")
    assert "The gateway once signed this sale as paid" in refused.value.en
    assert "the manager's to decide" in refused.value.next_en
    assert refused.value.card is not None
    assert refused.value.card.outcome is Outcome.PAID
    assert (counterpart.count("Reverse"), counterpart.count("Seal")) == (0, 0)
    assert till.open_sales() == ()


def test_it_is_reversed_once_the_gateway_has_it_again(
    till: Till, counterpart: Counterpart, basket: Basket
) -> None:
    sold = paid(till, basket)
    kept = counterpart.sales.pop(sold)
    with pytest.raises(RefusedError):
        till.reverse(sold, reason="wrong goods")
    counterpart.sales[sold] = kept
    assert till.reverse(sold, reason="wrong goods").state == SaleState.REVERSED


def assert_left_to_people(card: SaleCard) -> None:
    assert (card.state, card.cash, card.refund_due_fen) == ("SEALED", CashState.UNDONE_ELSEWHERE, 0)
    assert card.refusal is not None
    assert card.refusal.reason == "PAID_SALE_LOST"
    assert "This sale was paid" in card.tell_en
    assert "No sale was made" not in card.tell_en
    assert "40.00 yuan, back is the manager's to decide" in card.next_en


def test_sealed_by_another_till_it_is_told_as_one_that_was_paid(
    till: Till, counterpart: Counterpart, basket: Basket
) -> None:
    assert_left_to_people(till.status(sealed_elsewhere(till, basket, counterpart)))


def test_its_cash_goes_back_by_nobody_but_a_person(
    till: Till, counterpart: Counterpart, basket: Basket
) -> None:
    sold = sealed_elsewhere(till, basket, counterpart)
    till.status(sold)
    drawer = Drawer()
    (card,) = till.recover(drawer.tender)
    assert_left_to_people(card)
    assert drawer.taken_fen == 0
    assert till.cash_returned(sold).cash is CashState.REFUNDED
    assert till.open_sales() == ()


def test_a_reversal_that_finds_it_sealed_leaves_its_cash_to_people(
    till: Till, counterpart: Counterpart, basket: Basket
) -> None:
    sold = paid(till, basket)
    del counterpart.sales[sold]
    counterpart.fault("GetSale", *[lost_before] * 200)
    assert_left_to_people(till.reverse(sold, reason="wrong goods"))


def test_its_paper_does_not_say_that_nothing_was_charged(
    till: Till, counterpart: Counterpart, basket: Basket
) -> None:
    card = till.status(sealed_elsewhere(till, basket, counterpart))
    paper = render_card(card)
    assert "待核实说明" in paper
    assert "未收费说明" not in paper
    assert "没有结算" not in paper
