"""How a call is repeated: by the table, inside its deadline, as the gateway asks."""

from typing import Any

import pytest

from medsettle._exchange.signed import Reply
from medsettle.errors import GatewayAwayError, MedsettleError
from medsettle.hooks import HookEvent, Received, Retrying, Sent, StateChanged
from medsettle.models import Basket, Split
from medsettle.till import Till
from medsettle.wire.reasons import REASONS, Code, Reason
from medsettle.wire.reasons import Retry as MayRetry
from tests.sdk.counterpart import TERMINAL_KEY, Counterpart, FakeClock
from tests.sdk.faults import lost_before, refused, retry_after
from tests.sdk.wires import DirectTransport, config_in


def silence(_: Counterpart, request: Any, handle: Any) -> Reply:
    del request, handle
    return Reply("DEADLINE_EXCEEDED")


def test_a_call_ends_at_its_deadline_and_waits_longer_each_time(
    till: Till, counterpart: Counterpart, basket: Basket, clock: FakeClock
) -> None:
    counterpart.away = True
    began = clock.monotonic()
    with pytest.raises(GatewayAwayError):
        till.quote("scanned", basket)
    assert clock.monotonic() - began <= 10
    assert counterpart.count("Quote") > 3
    assert all(0 <= wait <= 3 for wait in clock.slept)


def test_a_silent_try_leaves_time_for_another(
    till: Till, counterpart: Counterpart, basket: Basket, clock: FakeClock
) -> None:
    counterpart.fault("Quote", silence)
    began = clock.monotonic()
    till.quote("scanned", basket)
    assert clock.monotonic() - began < 10
    transport = till._transport
    assert isinstance(transport, DirectTransport)
    assert transport.timeouts_ms[0] == 5000


def test_the_gateway_says_when_to_come_back(
    till: Till, counterpart: Counterpart, basket: Basket, clock: FakeClock
) -> None:
    counterpart.fault("Quote", refused(Reason.OVERLOADED, retry_after(2500)))
    till.quote("scanned", basket)
    (wait,) = clock.slept
    assert 2.5 <= wait <= 2.6


def test_a_busy_gateway_that_names_no_delay_is_left_alone(
    till: Till, counterpart: Counterpart, basket: Basket
) -> None:
    counterpart.fault("Quote", refused(Reason.OVERLOADED))
    with pytest.raises(GatewayAwayError, match="OVERLOADED"):
        till.quote("scanned", basket)
    assert counterpart.count("Quote") == 1


def test_a_delay_beyond_the_deadline_is_not_waited_for(
    till: Till, counterpart: Counterpart, basket: Basket, clock: FakeClock
) -> None:
    counterpart.fault("Quote", refused(Reason.OVERLOADED, retry_after(60_000)))
    with pytest.raises(GatewayAwayError):
        till.quote("scanned", basket)
    assert clock.slept == []


@pytest.mark.parametrize("reason", [r for r in Reason if REASONS[r].retry is MayRetry.NO])
def test_what_may_not_be_retried_is_not(
    till: Till, counterpart: Counterpart, basket: Basket, reason: Reason
) -> None:
    counterpart.fault("Quote", refused(reason))
    with pytest.raises(MedsettleError, match=reason):
        till.quote("scanned", basket)
    assert counterpart.count("Quote") == 1


@pytest.mark.parametrize("reason", [Reason.SHUTTING_DOWN, Reason.STORE_UNAVAILABLE, Reason.DEADLINE_PASSED])
def test_what_passes_is_retried(till: Till, counterpart: Counterpart, basket: Basket, reason: Reason) -> None:
    assert REASONS[reason].code in {Code.UNAVAILABLE, Code.DEADLINE_EXCEEDED}
    counterpart.fault("Quote", refused(reason), refused(reason))
    till.quote("scanned", basket)
    assert counterpart.count("Quote") == 3


def test_hooks_see_what_happens_and_no_person(
    tmp_path: Any, counterpart: Counterpart, basket: Basket
) -> None:
    events: list[HookEvent] = []

    def breaks(_: HookEvent) -> None:
        raise RuntimeError("the owner's mistake")

    with Till.open(
        config_in(tmp_path), clock=counterpart.clock, signer=TERMINAL_KEY, hooks=(breaks, events.append),
        transport=DirectTransport(counterpart),
    ) as till:
        counterpart.fault("Settle", lost_before)
        till.settle("1", "scanned-token", basket, expected=Split(4000, {"pooled": 8000}))
    kinds = [type(event) for event in events]
    assert kinds == [Sent, Received, Retrying, Sent, Received, StateChanged]
    assert "scanned-token" not in repr(events)
    assert events[-1] == StateChanged("P21030000001-01-20260302-1-1", "INTENDED", "SETTLED")
