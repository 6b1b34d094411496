"""The till's clock is moved by nobody but the gateway, not far, and never to before what was proven."""

import contextlib
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from medsettle._exchange.signed import OK, Reply, Request
from medsettle.clock import CorrectedClock
from medsettle.errors import MedsettleError, TerminalNotReadyError
from medsettle.models import Basket, Outcome, Split
from medsettle.till import Till
from medsettle.wire import signing
from medsettle.wire.reasons import Reason
from medsettle.wire.v1 import errors_pb2
from tests.sdk.counterpart import TERMINAL_KEY, Counterpart, FakeClock, Fault
from tests.sdk.faults import refused
from tests.sdk.wires import DirectTransport, config_in

SHOWN = Split(4000, {"pooled": 8000})


def skewed_to(at: datetime) -> Fault:
    """A signed CLOCK_SKEW that states another time than the counterpart's."""
    skew = errors_pb2.ClockSkew()
    skew.gateway_at.FromDatetime(at)
    return refused(Reason.CLOCK_SKEW, skew)


def without_signature(fault: Fault) -> Fault:
    def bare(side: Counterpart, request: Request, handle: Callable[[], Reply]) -> Reply:
        reply = fault(side, request, handle)
        return Reply(reply.code, b"", {"grpc-status-details-bin": reply.details()})

    return bare


@pytest.mark.parametrize("method", ["Quote", "Settle", "GetSale"])
def test_an_unsigned_refusal_does_not_move_the_clock(
    till: Till, counterpart: Counterpart, basket: Basket, clock: FakeClock, method: str
) -> None:
    counterpart.fault(method, without_signature(skewed_to(clock.now() + timedelta(hours=1))))
    ask: dict[str, Callable[[], object]] = {
        "Quote": lambda: till.quote("scanned", basket),
        "Settle": lambda: till.settle("1", "scanned", basket, expected=SHOWN),
        "GetSale": till.probe,
    }
    with contextlib.suppress(MedsettleError):
        ask[method]()
    assert till.clock_offset_ms == 0
    assert counterpart.count(method) == 1


@pytest.mark.parametrize("days", [-800, -4, 4, 800])
def test_a_jump_of_days_is_the_stores_to_make(
    till: Till, counterpart: Counterpart, basket: Basket, days: int
) -> None:
    counterpart.skew = timedelta(days=days)
    with pytest.raises(TerminalNotReadyError, match="three days") as caught:
        till.quote("scanned", basket)
    assert caught.value.reason == "CLOCK_SKEW"
    assert "校准" in caught.value.next_zh
    assert till.clock_offset_ms == 0
    assert counterpart.count("Quote") == 1


def test_corrections_do_not_add_up_to_a_jump(clock: FakeClock) -> None:
    corrected = CorrectedClock(clock)
    assert corrected.correct(clock.now() + timedelta(days=2))
    assert not corrected.correct(corrected.now() + timedelta(days=2))
    assert corrected.offset_ms == 2 * 86_400_000


def test_the_clock_is_not_moved_to_before_what_was_proven(
    till: Till, counterpart: Counterpart, basket: Basket, clock: FakeClock
) -> None:
    till.settle("1", "scanned", basket, expected=SHOWN)
    counterpart.fault("Quote", skewed_to(clock.now() - timedelta(hours=1)))
    with pytest.raises(TerminalNotReadyError, match="CLOCK_SKEW"):
        till.quote("scanned", basket)
    assert till.clock_offset_ms == 0


class Thief:
    """Between till and gateway, with an answering key that leaked when its certificate had ended."""

    def __init__(self, clock: FakeClock, ended: timedelta) -> None:
        self.then = FakeClock()
        self.then.at = clock.at - ended - timedelta(days=1)
        self.side = Counterpart(self.then)
        self.side._check = lambda request: None  # type: ignore[method-assign]
        self.skews = 1

    def call(self, request: Request, timeout_ms: int) -> Reply:
        if self.skews:
            self.skews -= 1
            return skewed_to(self.then.at)(self.side, request, lambda: Reply(OK))
        return self.side.answer(request)

    def close(self) -> None: ...


@pytest.mark.parametrize("ended", [timedelta(days=730), timedelta(days=1)])
def test_an_answering_key_that_has_ended_proves_nothing_whatever_time_it_states(
    open_till: Callable[[], Till], clock: FakeClock, basket: Basket, ended: timedelta
) -> None:
    open_till().settle("1", "scanned", basket, expected=SHOWN)
    till = open_till()
    till._transport = Thief(clock, ended)
    with pytest.raises(MedsettleError) as caught:
        till.settle("2", "scanned", basket, expected=SHOWN)
    assert caught.value.card is not None
    assert caught.value.card.outcome is Outcome.OPEN
    assert till.clock_offset_ms == 0


def test_a_machine_whose_clock_was_set_back_still_believes_no_key_that_has_ended(
    open_till: Callable[[], Till], clock: FakeClock, basket: Basket
) -> None:
    open_till().settle("1", "scanned", basket, expected=SHOWN)
    clock.at -= timedelta(days=730)
    till = open_till()
    thief = Thief(clock, timedelta(days=-1))
    thief.skews = 0
    till._transport = thief
    with pytest.raises(MedsettleError) as caught:
        till.settle("2", "scanned", basket, expected=SHOWN)
    assert caught.value.card is not None
    assert caught.value.card.outcome is Outcome.OPEN


def test_a_key_proves_no_time_beyond_its_certificate(
    till: Till, counterpart: Counterpart, basket: Basket
) -> None:
    at_ms = counterpart.now_ms() + 800 * 86_400_000

    def from_afar(side: Counterpart, request: Request, handle: Callable[[], Reply]) -> Reply:
        reply: Any = side.sign(request, OK, handle().body, {"timestamp_ms": at_ms})
        return Reply(OK, reply.body, {**reply.trailing, signing.ANSWER_TIMESTAMP: str(at_ms)})

    counterpart.fault("Settle", from_afar)
    till.settle("1", "scanned", basket, expected=SHOWN)
    assert counterpart.seen == ["Settle", "Seal"]
    assert till._desk.clock.proven_ms == counterpart.now_ms()


def test_what_was_proven_is_known_after_a_restart(
    open_till: Callable[[], Till], counterpart: Counterpart, basket: Basket
) -> None:
    open_till().settle("1", "scanned", basket, expected=SHOWN)
    assert open_till()._desk.clock.proven_ms == counterpart.now_ms()


def test_a_clock_that_ran_ahead_costs_no_proof(
    tmp_path: Path, counterpart: Counterpart, basket: Basket, clock: FakeClock
) -> None:
    class Ahead(FakeClock):
        def now(self) -> datetime:
            return clock.now() + self.off

        off = timedelta()

    machine = Ahead()
    with Till.open(
        config_in(tmp_path), clock=machine, signer=TERMINAL_KEY, transport=DirectTransport(counterpart)
    ) as till:
        card = till.settle("1", "scanned", basket, expected=SHOWN)
        assert card.request_id is not None
        machine.off = timedelta(days=800)
        with pytest.raises(MedsettleError, match="CLOCK_SKEW"):
            till.settle("2", "scanned", basket, expected=SHOWN)
        assert len(till._desk.journal.evidence(card.request_id)) == 1
        assert till._desk.journal.load(card.request_id) is not None
