"""The gateway dies at every point of a sale; the till recovers and says what is true.

Each time the till's program is started anew as well: what it knows is in its journal.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from medsettle.config import TillConfig
from medsettle.errors import MedsettleError, OutcomeUnknownError
from medsettle.models import Collect, Outcome, SaleCard, Tendered
from medsettle.testing import Gateway
from medsettle.till import Till
from tests.e2e.counter import (
    CLINIC,
    GAO,
    OUYANG_MING,
    ZHANG,
    Drawer,
    Waiting,
    agree,
    enrolled,
    split,
    visit,
)

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def config(gateway: Gateway) -> TillConfig:
    read: TillConfig = enrolled(gateway, CLINIC)
    return read


@pytest.fixture(scope="module")
def numbers() -> Iterator[str]:
    return (str(number) for number in range(1, 100))


@dataclass
class Counter:
    """A till that gives up without any time, and the drawer beside it."""

    gateway: Gateway
    till: Till
    drawer: Drawer
    number: str

    def quoted(self, member: str, amount_yuan: str) -> tuple[str, SaleCard]:
        """Returns a credential and a HELD sale."""
        credential = self.gateway.issue_credential(member)
        quote = self.till.quote(credential, visit(amount_yuan))
        held = self.till.settle(
            self.number, credential, visit(amount_yuan), expected=quote.split, collect=Collect.LATER
        )
        return held.request_id or "", held

    def settle_now(self, member: str, amount_yuan: str, *, fault: Callable[[], object]) -> None:
        credential = self.gateway.issue_credential(member)
        quote = self.till.quote(credential, visit(amount_yuan))
        fault()
        self.till.settle(self.number, credential, visit(amount_yuan), expected=quote.split)

    def answer_lost(self) -> None:
        self.gateway.proxy.swallow_answer(then=self.gateway.kill)

    def request_lost(self) -> None:
        self.gateway.proxy.swallow_request(then=self.gateway.kill)


@pytest.fixture
def counter(gateway: Gateway, config: TillConfig, numbers: Iterator[str]) -> Iterator[Counter]:
    with Till.open(config, clock=Waiting()) as till:
        yield Counter(gateway, till, Drawer(), next(numbers))


def recovered(counter: Counter, config: TillConfig) -> SaleCard:
    """Starts gateway and till anew; returns what became of the one sale that was open."""
    counter.till.close()
    counter.gateway.restart()
    with Till.open(config) as till:
        (card,) = till.recover(counter.drawer.tender)
        assert till.open_sales() == ()
        assert till.recover() == ()
        assert till.status(card.request_id or "").outcome is card.outcome
    books = counter.gateway.books()
    assert (books["balanced"], books["open_sales"]) == (True, [])
    return card


def test_a_settle_that_was_booked_is_found_paid(counter: Counter, config: TillConfig) -> None:
    with pytest.raises(OutcomeUnknownError) as caught:
        counter.settle_now(GAO, "350.00", fault=counter.answer_lost)
    assert caught.value.card is not None
    assert caught.value.card.outcome is Outcome.OPEN
    card = recovered(counter, config)
    assert (card.outcome, split(card)) == (Outcome.PAID, ("25.00", "150.00", "175.00"))


def test_a_settle_that_never_arrived_is_sealed_and_its_cash_goes_back(
    counter: Counter, config: TillConfig
) -> None:
    before = counter.gateway.books()["funds"]
    with pytest.raises(OutcomeUnknownError):
        counter.settle_now(GAO, "351.00", fault=counter.request_lost)
    card = recovered(counter, config)
    assert (card.outcome, card.state) == (Outcome.NOT_PAID, "SEALED")
    assert card.expected is not None
    assert counter.drawer.given_back_fen == card.expected.cash_fen > 0
    assert counter.gateway.books()["funds"] == before


def test_a_hold_whose_answer_was_lost_is_released(counter: Counter, config: TillConfig) -> None:
    """Quote passes; the answer to Settle does not. No cash was asked for yet."""
    credential = counter.gateway.issue_credential(OUYANG_MING)
    counter.gateway.proxy.swallow_answer(after_count=1, then=counter.gateway.kill)
    open_card = counter.till.checkout(
        counter.number, credential, visit("352.00"), show=agree, tender=counter.drawer.tender
    )
    assert open_card.outcome is Outcome.OPEN
    card = recovered(counter, config)
    assert (card.outcome, card.state) == (Outcome.NOT_PAID, "RELEASED")
    assert (counter.drawer.taken_fen, counter.drawer.given_back_fen) == (0, 0)


@pytest.mark.parametrize("arrived", [True, False], ids=["answer lost", "request lost"])
def test_collected_cash_is_confirmed_once_wherever_the_confirm_was_lost(
    counter: Counter, config: TillConfig, arrived: bool
) -> None:
    credential = counter.gateway.issue_credential(OUYANG_MING)
    lose = counter.gateway.proxy.swallow_answer if arrived else counter.gateway.proxy.swallow_request
    lose(after_count=2, then=counter.gateway.kill)
    amount = "353.00" if arrived else "354.00"
    open_card = counter.till.checkout(
        counter.number, credential, visit(amount), show=agree, tender=counter.drawer.tender
    )
    assert open_card.outcome is Outcome.OPEN
    assert counter.drawer.taken_fen > 0
    card = recovered(counter, config)
    assert card.outcome is Outcome.PAID
    assert card.expected is not None
    assert (counter.drawer.taken_fen, counter.drawer.given_back_fen) == (card.expected.cash_fen, 0)


@pytest.mark.parametrize("arrived", [True, False], ids=["answer lost", "request lost"])
def test_a_release_is_finished(counter: Counter, config: TillConfig, arrived: bool) -> None:
    request_id, _ = counter.quoted(ZHANG, "355.00" if arrived else "356.00")
    (counter.answer_lost if arrived else counter.request_lost)()
    with pytest.raises(OutcomeUnknownError):
        counter.till.release(request_id)
    card = recovered(counter, config)
    assert (card.outcome, card.state) == (Outcome.NOT_PAID, "RELEASED")


@pytest.mark.parametrize("arrived", [True, False], ids=["answer lost", "request lost"])
def test_a_reversal_is_finished_and_counted_once(
    counter: Counter, config: TillConfig, arrived: bool
) -> None:
    before = counter.gateway.books()["accounts"]
    request_id, held = counter.quoted(ZHANG, "357.00" if arrived else "358.00")
    assert held.expected is not None
    cash = held.expected.cash_fen
    paid = counter.till.confirm(request_id, (Tendered("cash", cash),) if cash else ())
    assert paid.outcome is Outcome.PAID
    (counter.answer_lost if arrived else counter.request_lost)()
    with pytest.raises(OutcomeUnknownError):
        counter.till.reverse(request_id, reason="the goods came back")
    card = recovered(counter, config)
    assert (card.outcome, card.state) == (Outcome.NOT_PAID, "REVERSED")
    assert counter.gateway.books()["accounts"] == before


def test_with_the_gateway_dead_from_the_start_nothing_is_open(
    counter: Counter, config: TillConfig
) -> None:
    counter.till.close()
    counter.gateway.kill()
    with Till.open(config, clock=Waiting()) as till:
        with pytest.raises(MedsettleError, match="GATEWAY_AWAY"):
            till.quote("scanned", visit("359.00"))
        assert till.open_sales() == ()
    counter.gateway.restart()


def test_while_the_gateway_is_away_recover_keeps_the_sale_open(
    counter: Counter, config: TillConfig
) -> None:
    with pytest.raises(OutcomeUnknownError):
        counter.settle_now(ZHANG, "360.00", fault=counter.answer_lost)
    (still,) = counter.till.recover()
    assert still.outcome is Outcome.OPEN
    assert still.next_query_at is not None
    assert recovered(counter, config).outcome is Outcome.PAID


def test_a_drained_gateway_loses_nothing(gateway: Gateway, config: TillConfig, tmp_path: Path) -> None:
    with Till.open(replace(config, journal=tmp_path / "drained.journal")) as till:
        credential = gateway.issue_credential(ZHANG)
        quote = till.quote(credential, visit("361.00"))
        card = till.settle("800", credential, visit("361.00"), expected=quote.split)
        assert gateway.stop() == 0
        gateway.restart()
        assert till.status(card.request_id or "").outcome is Outcome.PAID
