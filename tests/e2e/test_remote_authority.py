"""A till, the line, a gateway and an authority beyond it that misbehaves: whole sales over real gRPC."""

import asyncio
import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pytest

from medsettle import testing
from medsettle.errors import OutcomeUnknownError
from medsettle.models import CashState, Collect, Outcome, SaleCard, SaleState
from medsettle.till import Till
from medsettle_gateway.bootstrap.gateway import Gateway
from medsettle_gateway.bootstrap.process import SystemClock
from medsettle_gateway.files.toml import read_config
from medsettle_gateway.service.remote import Remotes
from tests.e2e.counter import CLINIC, ZHANG, Drawer, enrolled, sell, split, visit
from tests.gateway.service.scripted import (
    ANSWER_LOST,
    NAME,
    NOT_PROVEN,
    SMOOTH,
    Fate,
    Scripted,
    shifted,
)
from tests.gateway.service.virtual_time import Process

pytestmark = pytest.mark.e2e

REGION = "210300"
SETTINGS = {
    "LISTEN__ADDRESS": "127.0.0.1:0", "LIMITS__AUTHORITY_WAIT_MS": "500", "LIMITS__ERRAND_INTERVAL_MS": "50",
}
S = SaleState
TRIES_COUNT = 500
BASKET = visit("68.00")


@dataclass
class Served:
    """A gateway in a thread, with an authority that the test scripts between calls."""

    config: Path
    authority: Scripted = field(init=False)
    port: int = 0
    ready: threading.Event = field(default_factory=threading.Event)
    loop: asyncio.AbstractEventLoop = field(init=False)
    ends: asyncio.Event = field(init=False)
    numbers_count: int = 0

    def run(self) -> None:
        asyncio.run(self._run())

    def scripted(self, *fates: Fate) -> None:
        """Says what becomes of the next calls, after the quote's."""
        self.authority.script = deque((SMOOTH, *fates))

    def asked(self) -> list[str]:
        return [what for what, _ in self.authority.asked]

    async def _run(self) -> None:
        self.loop, self.ends, beyond = asyncio.get_running_loop(), asyncio.Event(), Process()
        self.authority = Scripted(SystemClock(), beyond.spawn)
        environment = {f"MEDSETTLE_GATEWAY__{name}": value for name, value in SETTINGS.items()}
        remotes = Remotes({NAME: self.authority}, {REGION: NAME}, self._number)
        gateway = await Gateway.of(read_config(self.config, environment), remotes)
        self.port = await gateway.start()
        self.ready.set()
        await self.ends.wait()
        await gateway.stop()
        await beyond.crash()

    def _number(self, institution: str, at: datetime) -> str:
        self.numbers_count += 1
        return f"{institution}{at:%Y%m%d%H%M%S}{self.numbers_count:04}"


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[testing.Gateway]:
    """A demo city, whose own process is never started."""
    made = testing.Gateway(tmp_path_factory.mktemp("remote") / "city")
    made.run("demo-city", str(made.directory))
    yield made
    made.close()


@pytest.fixture(scope="module")
def served(city: testing.Gateway) -> Iterator[Served]:
    gateway = Served(city.config_path)
    thread = threading.Thread(target=gateway.run)
    thread.start()
    assert gateway.ready.wait(120)
    city.proxy.gateway_port = gateway.port
    yield gateway
    gateway.loop.call_soon_threadsafe(gateway.ends.set)
    thread.join()


@pytest.fixture(scope="module")
def only_till(city: testing.Gateway, served: Served) -> Iterator[Till]:
    assert served.port
    with Till.open(enrolled(city, CLINIC)) as till:
        yield till


@pytest.fixture
def till(only_till: Till, served: Served) -> Till:
    served.authority.script.clear()
    served.authority.charging = None
    served.authority.asked.clear()
    served.authority.numbers.clear()
    return only_till


def sold(city: testing.Gateway, till: Till, drawer: Drawer) -> SaleCard:
    return sell(city, till, ZHANG, BASKET, drawer, ("POSSIBLE_DUPLICATE",))


def ended(till: Till, drawer: Drawer) -> SaleCard:
    """Recovers until the one open sale has ended."""
    for _ in range(TRIES_COUNT):
        cards = till.recover(tender=drawer.tender)
        if cards and cards[0].outcome is not Outcome.OPEN:
            return cards[0]
    raise AssertionError(till.open_sales())


def given_up(till: Till, request_id: str) -> SaleCard:
    try:
        return till.release(request_id, operator="7")
    except OutcomeUnknownError:
        return ended(till, Drawer())


def test_a_sale_is_decided_held_and_confirmed(city: testing.Gateway, served: Served, till: Till) -> None:
    drawer = Drawer()
    card = sold(city, till, drawer)
    assert (card.outcome, card.state) == (Outcome.PAID, S.SETTLED)
    assert split(card) == ("34.00", "0.00", "34.00")
    assert drawer.taken_fen == 3400
    assert len(served.authority.charged()) == 1
    assert city.books()["balanced"] is True


def test_a_lost_answer_of_the_authority_is_found_out_while_the_patient_waits(
    city: testing.Gateway, served: Served, till: Till
) -> None:
    served.scripted(ANSWER_LOST)
    assert sold(city, till, Drawer()).outcome is Outcome.PAID
    assert served.asked()[:3] == ["quote", "decide", "resolve"]
    assert served.asked().count("decide") == 1


def test_other_amounts_than_were_shown_charge_nobody(
    city: testing.Gateway, served: Served, till: Till
) -> None:
    served.authority.charging = shifted
    drawer = Drawer()
    card = sold(city, till, drawer)
    assert (card.outcome, card.state) == (Outcome.NOT_PAID, S.REFUSED)
    assert card.refusal is not None
    assert card.refusal.reason == "QUOTE_CHANGED"
    assert (drawer.taken_fen, served.authority.charged()) == (0, frozenset())
    assert city.books()["balanced"] is True


def test_a_reversal_whose_undo_is_not_proven_at_once_ends_reversed_and_the_cash_goes_back(
    city: testing.Gateway, served: Served, till: Till
) -> None:
    drawer = Drawer()
    paid = sold(city, till, drawer)
    assert paid.request_id is not None
    served.authority.script = deque([NOT_PROVEN])
    card = till.reverse(paid.request_id, reason="wrong goods", operator="7")
    assert (card.outcome, card.state, card.refund_due_fen) == (Outcome.NOT_PAID, S.REVERSED, 3400)
    assert served.asked().count("undo") > 1
    assert ended(till, drawer).cash is CashState.REFUNDED
    assert drawer.given_back_fen == 3400
    assert not served.authority.charged()
    assert city.books()["balanced"] is True


def test_a_patient_who_leaves_while_it_is_decided_is_charged_nothing(
    city: testing.Gateway, served: Served, till: Till
) -> None:
    credential = city.issue_credential(ZHANG)
    quote = till.quote(credential, BASKET)
    served.authority.script = deque([ANSWER_LOST, *[NOT_PROVEN] * 2])
    number = till.next_number()
    with Till.open(enrolled(city, CLINIC, "02", wait_ms=5_000)) as hasty:
        with pytest.raises(OutcomeUnknownError) as caught:
            hasty.settle(
                number, credential, BASKET, expected=quote.split, collect=Collect.LATER,
                acknowledgements=("POSSIBLE_DUPLICATE",),
            )
        card = caught.value.card
        assert card is not None
        assert card.request_id is not None
        last = given_up(hasty, card.request_id)
    assert last.outcome is Outcome.NOT_PAID
    assert last.state in {S.SEALED, S.RELEASED}
    assert not served.authority.charged()
    assert city.books()["balanced"] is True
