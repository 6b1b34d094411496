"""Two tills undo one sale: the patient gets the cash back from one of them."""

import pytest

from medsettle.errors import OutcomeUnknownError
from medsettle.models import Basket, CashState, Line, Outcome
from medsettle.testing import Gateway
from medsettle.till import Till
from tests.e2e.counter import CLINIC, ZHANG, Drawer, Waiting, agree, enrolled

pytestmark = pytest.mark.e2e

SCAN = Line("002203020010000-220302001", "1", "150.00")


def test_a_till_whose_reversal_was_lost_pays_nothing_back_where_another_till_has_reversed() -> None:
    with Gateway() as gateway:
        config = enrolled(gateway, CLINIC)
        here, there = Drawer(), Drawer()
        with Till.open(config, clock=Waiting()) as till:
            sold = till.checkout(
                till.next_number(), gateway.issue_credential(ZHANG),
                Basket((SCAN,), without_accounts=True), show=agree, tender=here.tender,
            )
            request_id = sold.request_id or ""
            gateway.proxy.swallow_request(then=gateway.kill)
            with pytest.raises(OutcomeUnknownError):
                till.reverse(request_id, reason="the wrong goods")
        gateway.restart()
        with Till.open(config) as till, Till.open(enrolled(gateway, CLINIC, "02")) as other:
            due = other.reverse(request_id, reason="the same goods")
            assert due.refund_due_fen == 15_000
            other.recover(there.tender)
            till.recover(here.tender)
            found = till.status(request_id)
    assert (here.given_back_fen, there.given_back_fen) == (0, 15_000)
    assert (found.outcome, found.cash) == (Outcome.NOT_PAID, CashState.UNDONE_ELSEWHERE)


def test_a_till_whose_own_reversal_went_through_unheard_pays_back() -> None:
    with Gateway() as gateway:
        config = enrolled(gateway, CLINIC)
        drawer = Drawer()
        with Till.open(config, clock=Waiting()) as till:
            sold = till.checkout(
                till.next_number(), gateway.issue_credential(ZHANG),
                Basket((SCAN,), without_accounts=True), show=agree, tender=drawer.tender,
            )
            gateway.proxy.swallow_answer(then=gateway.kill)
            with pytest.raises(OutcomeUnknownError):
                till.reverse(sold.request_id or "", reason="the wrong goods")
        gateway.restart()
        with Till.open(config) as till:
            till.recover(drawer.tender)
            assert till.open_sales() == ()
    assert drawer.given_back_fen == 15_000
