"""Who is asking: whoever cannot prove it is refused before anything is read, and changes nothing."""

import dataclasses
from datetime import timedelta

import pytest

from medsettle.wire.calls import CALLS, GET_SALE, SEAL, Call
from medsettle.wire.signing import WINDOW_MS, KeySigner, encode
from medsettle.wire.v1 import errors_pb2
from medsettle_gateway.domain.facts import State
from medsettle_gateway.rpc.authentication import milliseconds
from tests.gateway.rpc.stage import (
    INSTITUTION,
    NOW,
    OTHER_TILL,
    TERMINAL,
    TILL,
    Refused,
    Stage,
    seal,
    signed,
)

OTHER_TERMINAL = f"{INSTITUTION}-02"


async def refused(stage: Stage, metadata: dict[str, str], call: Call = SEAL) -> Refused:
    answer = Refused.of(await stage.ask(call, seal(), metadata))
    assert answer.said["recorded"] == "false"
    assert stage.service.asked == []
    return answer


async def test_a_signed_request_reaches_the_service_with_who_signed_it() -> None:
    stage = Stage()
    answer = await stage.ask(SEAL, seal())
    assert answer.status is None
    ((command, _),) = stage.service.asked
    assert dataclasses.asdict(command)["caller"] == {
        "terminal": TERMINAL, "institution": INSTITUTION, "key": TILL.key,
    }


@pytest.mark.parametrize("name", ["terminal", "key", "timestamp", "nonce", "signature"])
async def test_a_missing_field_is_named(name: str) -> None:
    metadata = signed(SEAL, seal())
    del metadata[name]
    answer = await refused(stage := Stage(), metadata)
    assert (answer.reason, answer.said["field"]) == ("SIGNATURE_MISSING", name)
    assert stage.handled[-1].reason == "SIGNATURE_MISSING"


@pytest.mark.parametrize("name", ["terminal", "key", "timestamp", "nonce", "signature"])
async def test_a_field_that_is_sent_twice_counts_as_missing(name: str) -> None:
    body = seal()
    metadata = [*signed(SEAL, body).items(), (name, signed(SEAL, body)[name])]
    answer = Refused.of(await Stage().calls.handle(SEAL.path, metadata, body, None))
    assert (answer.reason, answer.said["field"]) == ("SIGNATURE_MISSING", name)


@pytest.mark.parametrize(("name", "value"), [
    ("key", "XYZ"), ("key", "a" * 17), ("timestamp", "1e3"), ("timestamp", "-5"), ("timestamp", "٣"),
    ("timestamp", "9" * 400), ("nonce", "short"), ("nonce", "A" * 23), ("nonce", "AAAAAAAAAAAAAAAAAAAAA\n"),
    ("signature", "not base64!"), ("signature", "A" * 5000), ("terminal", "x" * 65), ("terminal", "a b"),
])
async def test_a_field_of_another_form_counts_as_missing(name: str, value: str) -> None:
    answer = await refused(Stage(), signed(SEAL, seal()) | {name: value})
    assert (answer.reason, answer.said["field"]) == ("SIGNATURE_MISSING", name)


@pytest.mark.parametrize("tampered", ["terminal", "key", "timestamp", "nonce", "signature", "body"])
async def test_whatever_was_changed_after_signing_the_signature_fails(tampered: str) -> None:
    stage = Stage()
    stage.register.add(OTHER_TERMINAL, OTHER_TILL)
    stage.register.keys[OTHER_TILL.key] = dataclasses.replace(
        stage.register.keys[OTHER_TILL.key], terminal=TERMINAL
    )
    body = seal()
    metadata = signed(SEAL, body)
    changed = {
        "terminal": metadata,
        "key": metadata | {"key": OTHER_TILL.key},
        "timestamp": metadata | {"timestamp": str(milliseconds(NOW) + 1)},
        "nonce": metadata | {"nonce": "B" * 22},
        "signature": metadata | {"signature": encode(bytes(64))},
        "body": metadata,
    }[tampered]
    if tampered == "terminal":
        stage.register.add(OTHER_TERMINAL, TILL)
        changed = metadata | {"terminal": OTHER_TERMINAL}
    sent = body + b"\x00\x00" if tampered == "body" else body
    answer = Refused.of(await stage.ask(SEAL, sent, changed))
    assert answer.reason == "SIGNATURE_INVALID"
    assert stage.service.asked == []


async def test_a_signature_for_another_call_fails() -> None:
    assert (await refused(Stage(), signed(GET_SALE, seal()))).reason == "SIGNATURE_INVALID"


async def test_a_signature_for_another_gateway_fails() -> None:
    metadata = signed(SEAL, seal(), audience="gateway.elsewhere")
    assert (await refused(Stage(), metadata)).reason == "SIGNATURE_INVALID"


@pytest.mark.parametrize("signature", [b"", b"\x00", b"\x30\x02\x02\x00", bytes(64), bytes(100)])
@pytest.mark.parametrize("suite", ["ed25519", "p256"])
async def test_bytes_that_are_no_signature_at_all_fail_the_same_way(suite: str, signature: bytes) -> None:
    stage, signer = Stage(), KeySigner.generate(suite)
    stage.register.add(OTHER_TERMINAL, signer)
    metadata = signed(SEAL, seal(), signer, terminal=OTHER_TERMINAL)
    answer = await refused(stage, metadata | {"signature": encode(signature) or "===="})
    assert answer.reason == "SIGNATURE_INVALID"


async def test_a_p256_key_signs_as_well() -> None:
    stage = Stage()
    stage.register.add(OTHER_TERMINAL, OTHER_TILL)
    answer = await stage.ask(SEAL, seal(), signed(SEAL, seal(), OTHER_TILL, terminal=OTHER_TERMINAL))
    assert answer.status is None


async def test_an_unknown_terminal_is_told_so() -> None:
    answer = await refused(Stage(), signed(SEAL, seal(), terminal="H999-01"))
    assert answer.reason == "TERMINAL_UNKNOWN"


async def test_an_unknown_key_is_told_so() -> None:
    assert (await refused(Stage(), signed(SEAL, seal(), KeySigner.generate()))).reason == "KEY_UNKNOWN"


async def test_the_key_of_another_terminal_is_as_good_as_unknown() -> None:
    stage = Stage()
    stage.register.add(OTHER_TERMINAL, OTHER_TILL)
    assert (await refused(stage, signed(SEAL, seal(), OTHER_TILL))).reason == "KEY_UNKNOWN"


@pytest.mark.parametrize("changes", [
    {"revoked_at": NOW - timedelta(seconds=1)},
    {"compromised_at": NOW - timedelta(seconds=1)},
    {"not_after": NOW},
    {"not_before": NOW + timedelta(milliseconds=WINDOW_MS + 1)},
])
async def test_a_key_that_is_not_active_is_told_so(changes: dict[str, object]) -> None:
    stage = Stage()
    stage.register.add(TERMINAL, TILL, **changes)
    assert (await refused(stage, signed(SEAL, seal()))).reason == "KEY_NOT_ACTIVE"


async def test_a_key_that_a_gateway_with_a_faster_clock_has_just_registered_is_active() -> None:
    stage = Stage()
    stage.register.add(TERMINAL, TILL, not_before=NOW + timedelta(milliseconds=WINDOW_MS))
    assert (await stage.ask(SEAL, seal(), signed(SEAL, seal()))).status is None


async def test_who_cannot_sign_does_not_learn_that_a_key_was_revoked() -> None:
    stage = Stage()
    stage.register.add(TERMINAL, TILL, revoked_at=NOW)
    metadata = signed(SEAL, seal()) | {"signature": encode(bytes(64))}
    assert (await refused(stage, metadata)).reason == "SIGNATURE_INVALID"


async def test_a_suspended_terminal_is_told_so() -> None:
    stage = Stage()
    stage.register.terminals[TERMINAL] = dataclasses.replace(
        stage.register.terminals[TERMINAL], state=State.SUSPENDED
    )
    assert (await refused(stage, signed(SEAL, seal()))).reason == "TERMINAL_SUSPENDED"


@pytest.mark.parametrize("off", [timedelta(hours=1), timedelta(hours=-1), timedelta(seconds=301)])
async def test_a_clock_outside_the_window_is_told_the_gateways_time(off: timedelta) -> None:
    answer = await refused(Stage(), signed(SEAL, seal(), timestamp=milliseconds(NOW + off)))
    skew = errors_pb2.ClockSkew.FromString(answer.details["medsettle.wire.v1.ClockSkew"])
    assert answer.reason == "CLOCK_SKEW"
    assert skew.gateway_at.ToMilliseconds() == milliseconds(NOW)
    assert skew.window_ms == 300_000


@pytest.mark.parametrize("off", [timedelta(seconds=300), timedelta(seconds=-300)])
async def test_a_clock_at_the_edge_of_the_window_is_accepted(off: timedelta) -> None:
    body = seal()
    answer = await Stage().ask(SEAL, body, signed(SEAL, body, timestamp=milliseconds(NOW + off)))
    assert answer.status is None


async def test_no_call_is_answered_without_a_signature() -> None:
    for call in CALLS:
        stage = Stage()
        answer = Refused.of(await stage.ask(call, b"", {}))
        assert answer.reason == "SIGNATURE_MISSING"
        assert stage.service.asked == []


async def test_a_request_that_no_one_signed_is_not_even_read() -> None:
    metadata = signed(SEAL, b"other") | {"signature": encode(bytes(64))}
    answer = Refused.of(await Stage().ask(SEAL, b"\xff\xff\xff", metadata))
    assert answer.reason == "SIGNATURE_INVALID"
