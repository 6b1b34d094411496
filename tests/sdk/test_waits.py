"""How long a cashier waits for the gateway in one go, all calls of the sale together."""

from collections.abc import Callable
from pathlib import Path

import pytest

from medsettle._exchange.signed import Reply, Request
from medsettle.errors import GatewayAwayError, OutcomeUnknownError
from medsettle.models import Basket, Collect, Outcome, Split
from medsettle.tender import CashTender
from medsettle.till import Till
from tests.sdk.counterpart import TERMINAL_KEY, Counterpart
from tests.sdk.wires import DirectTransport, config_in

SHOWN = Split(4000, {"pooled": 8000})
METHODS = ("Settle", "Seal", "Confirm", "GetSale", "Release")
AN_HOUR_S = 3_600


def silent(_: Counterpart, request: Request, handle: Callable[[], Reply]) -> Reply:
    """Nothing comes back before the try is over."""
    del request, handle
    return Reply("DEADLINE_EXCEEDED")


def silenced(counterpart: Counterpart) -> None:
    for method in METHODS:
        counterpart.fault(method, *[silent] * 50)


def test_a_lost_settle_and_the_question_what_became_of_it_share_one_wait(
    till: Till, counterpart: Counterpart, basket: Basket
) -> None:
    silenced(counterpart)
    began = counterpart.clock.monotonic()
    with pytest.raises(OutcomeUnknownError):
        till.settle("1", "scanned", basket, expected=SHOWN)
    assert round(counterpart.clock.monotonic() - began) <= till.config.wait_ms / 1000
    assert counterpart.count("Seal") > 0


def test_after_the_cash_is_collected_the_wait_begins_anew(
    till: Till, counterpart: Counterpart, basket: Basket
) -> None:
    collected_at: list[float] = []

    def takes(_: int) -> bool:
        counterpart.clock.move(AN_HOUR_S)  # the patient looks for his purse
        collected_at.append(counterpart.clock.monotonic())
        silenced(counterpart)
        return True

    card = till.checkout(
        "1", "scanned", basket, show=lambda _: True, tender=CashTender(takes, lambda _: True)
    )
    assert card.outcome is Outcome.OPEN
    waited = counterpart.clock.monotonic() - collected_at[0]
    assert round(waited) <= till.config.wait_ms / 1000
    assert counterpart.count("Confirm") > 1


def test_a_wait_that_is_over_still_asks_once_what_became_of_the_sale(
    counterpart: Counterpart, basket: Basket, tmp_path: Path
) -> None:
    config = config_in(tmp_path, wait_ms=5_000)
    wire = DirectTransport(counterpart)
    counterpart.fault("Settle", *[silent] * 50)
    with (
        Till.open(config, clock=counterpart.clock, signer=TERMINAL_KEY, transport=wire) as till,
        pytest.raises(GatewayAwayError) as caught,
    ):
        till.settle("1", "scanned", basket, expected=SHOWN, collect=Collect.LATER)
    assert caught.value.card is not None
    assert caught.value.card.state == "SEALED"
    assert max(wire.timeouts_ms) <= config.wait_ms
