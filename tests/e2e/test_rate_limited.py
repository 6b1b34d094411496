"""A till that the gateway slows down does as it is told: it comes back when it may, and ends in an answer."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from medsettle.config import TillConfig
from medsettle.errors import OutcomeUnknownError
from medsettle.hooks import HookEvent, Retrying
from medsettle.models import Outcome, Quote
from medsettle.testing import Gateway
from medsettle.till import Till
from tests.e2e.counter import CLINIC, GAO, HE, LI, WANG, ZHANG, Drawer, enrolled, visit

pytestmark = pytest.mark.e2e

SLOW = {"limits.terminal_calls_per_s": "4", "limits.terminal_burst_calls": "1", "limits.retry_ms": "50"}
SOON = {"Settle": 200, "Seal": 200, "GetSale": 200}
ASKED_COUNT = 200
"""A machine that is busy asks too slowly to be slowed down, but not so often."""
MEMBERS = [ZHANG, LI, WANG, HE, GAO]


@pytest.fixture(scope="module")
def slow() -> Iterator[tuple[Gateway, TillConfig]]:
    with Gateway(settings=SLOW) as gateway:
        yield gateway, enrolled(gateway, CLINIC)


def waits(events: list[HookEvent]) -> list[int]:
    return [event.wait_ms for event in events if isinstance(event, Retrying)]


def test_calls_in_a_row_are_answered_each_when_its_time_has_come(slow: tuple[Gateway, TillConfig]) -> None:
    gateway, config = slow
    events: list[HookEvent] = []
    with Till.open(config, hooks=(events.append,)) as till:
        for _ in range(ASKED_COUNT):
            assert till.probe().answering_key
            if waits(events):
                break
    assert waits(events)
    assert "RATE_LIMITED" in gateway.log


def test_sales_that_an_outage_left_open_are_all_ended_at_a_slow_gateway(
    slow: tuple[Gateway, TillConfig]
) -> None:
    gateway, config = slow
    quoted: list[tuple[str, Quote]] = []
    with Till.open(config) as till:
        for member in MEMBERS:
            credential = gateway.issue_credential(member)
            quoted.append((credential, till.quote(credential, visit("30.00"))))
    gateway.proxy.black_hole()
    with Till.open(replace(config, deadlines_ms=SOON)) as hasty:
        for number, (credential, quote) in enumerate(quoted, 1):
            with pytest.raises(OutcomeUnknownError):
                hasty.settle(str(number), credential, visit("30.00"), expected=quote.split)
        assert len(hasty.open_sales()) == len(MEMBERS)
    gateway.proxy.pass_through()
    events: list[HookEvent] = []
    with Till.open(config, hooks=(events.append,)) as till:
        cards = till.recover(Drawer().tender)
        assert [card.outcome for card in cards] == [Outcome.NOT_PAID] * len(MEMBERS)
        assert till.open_sales() == ()
    assert waits(events)
    books = gateway.books()
    assert (books["balanced"], books["open_sales"]) == (True, [])
