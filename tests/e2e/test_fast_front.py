"""A till behind the fast front: it sells, and loses nothing when the gateway dies."""

from collections.abc import Iterator

import pytest

from medsettle.errors import OutcomeUnknownError
from medsettle.models import Outcome
from medsettle.testing import Gateway
from medsettle.till import Till
from tests.e2e.counter import CLINIC, GAO, ZHANG, Drawer, Waiting, enrolled, sell, split, visit

pytest.importorskip("pygrpc_native", reason="there is no fast front for this machine")
pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    with Gateway(settings={"listen.front": "fast"}) as running:
        yield running


def test_a_sale_is_paid_and_undone_behind_the_fast_front(gateway: Gateway) -> None:
    with Till.open(enrolled(gateway, CLINIC)) as till:
        paid = sell(gateway, till, ZHANG, visit("350.00"))
        assert paid.outcome is Outcome.PAID
        undone = till.reverse(paid.request_id or "", reason="wrong goods")
        assert (undone.outcome, undone.state) == (Outcome.NOT_PAID, "REVERSED")
    assert gateway.books()["balanced"]


def test_an_answer_lost_behind_the_fast_front_is_found_paid(gateway: Gateway) -> None:
    config = enrolled(gateway, CLINIC, "02")
    with Till.open(config, clock=Waiting()) as till:
        credential = gateway.issue_credential(GAO)
        quote = till.quote(credential, visit("350.00"))
        gateway.proxy.swallow_answer(then=gateway.kill)
        with pytest.raises(OutcomeUnknownError):
            till.settle("1", credential, visit("350.00"), expected=quote.split)
    gateway.restart()
    with Till.open(config) as till:
        (card,) = till.recover(Drawer().tender)
        assert (card.outcome, split(card)) == (Outcome.PAID, ("25.00", "150.00", "175.00"))


def test_told_to_end_it_ends_in_order(gateway: Gateway) -> None:
    assert gateway.stop() == 0
