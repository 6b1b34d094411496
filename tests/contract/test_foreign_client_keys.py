"""Who is believed: clocks, signatures, codes and keys, at the real gateway, by a client of another hand."""

import contextlib
import time
from collections.abc import Callable
from datetime import UTC

import pytest

from tests.contract.foreign_client import PACKAGE, ForeignTill, Key
from tests.contract.running import INSTITUTION, Running
from tests.contract.selling import act, reason_of

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("hours", [1, -1])
def test_a_clock_off_by_an_hour_is_told_the_time_and_may_correct_itself(
    untouched: ForeignTill, hours: int
) -> None:
    untouched.offset_ms = hours * 3_600_000
    skewed = reason_of(lambda: untouched.call("ListSales"))
    told = skewed.attached[f"{PACKAGE}.ClockSkew"]
    assert (skewed.reason, told.window_ms) == ("CLOCK_SKEW", 300_000)
    gateway_at_ms = round(told.gateway_at.ToDatetime(UTC).timestamp() * 1000)
    untouched.offset_ms = gateway_at_ms - round(time.time() * 1000)
    assert untouched.call("ListSales").sales is not None


@pytest.mark.parametrize(("name", "value", "reason"), [
    ("terminal", f"{INSTITUTION}-99", "TERMINAL_UNKNOWN"),
    ("key", "0123456789abcdef", "KEY_UNKNOWN"),
    ("nonce", "A" * 22, "SIGNATURE_INVALID"),
    ("signature", "A" * 86 + "==", "SIGNATURE_INVALID"),
    ("signature", "", "SIGNATURE_MISSING"),
])
def test_a_tampered_field_is_refused(untouched: ForeignTill, name: str, value: str, reason: str) -> None:
    untouched.tampering = {name: value}
    assert reason_of(lambda: untouched.call("ListSales")).reason == reason


def test_a_tampered_timestamp_is_refused(untouched: ForeignTill) -> None:
    untouched.tampering = {"timestamp": str(time.time_ns() // 1_000_000 + 60_000)}
    assert reason_of(lambda: untouched.call("ListSales")).reason == "SIGNATURE_INVALID"


def test_a_request_for_another_gateway_is_refused(untouched: ForeignTill) -> None:
    before = untouched.audience
    untouched.audience = "gateway.elsewhere"
    refused = reason_of(lambda: untouched.call("ListSales"))
    untouched.audience = before
    assert refused.reason == "SIGNATURE_INVALID"


def test_an_enrolment_code_serves_once_and_its_copy_is_recognised(
    gateway: Running, open_till: Callable[..., ForeignTill]
) -> None:
    code = gateway.enrol_code("11")
    first, second = open_till("p256"), open_till()
    first.enrol(code)
    assert reason_of(first.repeat).reason == "NONCE_REPLAYED"
    spent = reason_of(lambda: second.enrol(code))
    wrong = reason_of(lambda: second.enrol("0" * 16 + "." + code.partition(".")[2]))
    assert (spent.code, spent.reason) == ("PERMISSION_DENIED", "ENROL_CODE_INVALID")
    assert wrong.reason == "ENROL_CODE_INVALID"


def test_a_key_is_rotated_and_a_copy_of_the_rotation_is_refused(
    gateway: Running, open_till: Callable[..., ForeignTill]
) -> None:
    till = open_till()
    till.enrol(gateway.enrol_code("12"))
    old = till.key
    till.rotate(Key("p256"))
    assert reason_of(till.repeat).reason == "NONCE_REPLAYED"
    assert till.call("ListSales").sales is not None
    till.key = old
    assert till.call("ListSales").sales is not None, "both keys are valid for a while"


def test_a_new_key_must_prove_itself(gateway: Running, open_till: Callable[..., ForeignTill]) -> None:
    till = open_till()
    till.enrol(gateway.enrol_code("13"))
    new, other = Key("ed25519"), Key("ed25519")
    unproved = reason_of(lambda: till.call(
        "RotateKey", suite=new.suite, public_key=new.public, proof=other.sign(b"v1-key")
    ))
    assert (unproved.code, unproved.reason) == ("INVALID_ARGUMENT", "KEY_INVALID")


@pytest.mark.parametrize(
    ("till_name", "command", "reason"),
    [("14", "suspend", "TERMINAL_SUSPENDED"), ("16", "revoke-key", "KEY_NOT_ACTIVE")],
)
def test_a_revoked_key_and_a_suspended_terminal_are_refused(
    gateway: Running, open_till: Callable[..., ForeignTill], till_name: str, command: str, reason: str
) -> None:
    till = open_till()
    till.enrol(gateway.enrol_code(till_name))
    assert till.call("ListSales").sales is not None
    gateway.operator("terminal", command, till.key.id if command == "revoke-key" else till.terminal)
    at_once = reason_of(lambda: till.call("Seal", **act(f"{till.terminal}-20260302-1-1")))
    assert at_once.reason == reason
    assert soon(lambda: reason_of(lambda: till.call("ListSales")).reason, reason)


def soon(ask: Callable[[], str], wanted: str) -> bool:
    """Whether the wanted answer comes: what changes nothing may be answered by what stood a second ago."""
    ends = time.monotonic() + 30
    return any(_answered(ask) == wanted for _ in iter(lambda: time.monotonic() < ends, False))


def _answered(ask: Callable[[], str]) -> str:
    with contextlib.suppress(AssertionError, pytest.fail.Exception):
        return ask()
    return ""


def test_the_key_of_another_terminal_opens_nothing(
    gateway: Running, till: ForeignTill, open_till: Callable[..., ForeignTill]
) -> None:
    thief = open_till()
    thief.enrol(gateway.enrol_code("15"))
    thief.terminal = till.terminal
    assert reason_of(lambda: thief.call("ListSales")).reason == "KEY_UNKNOWN"
