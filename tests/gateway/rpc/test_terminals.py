"""Enrolment and rotation: the two calls whose copies are refused, so their nonces reach the service."""

from datetime import timedelta

import pytest

from medsettle.wire.calls import ENROL, ROTATE_KEY
from medsettle.wire.signing import Certificate, KeySigner, answer_statement, decode, digest, verifier_of
from medsettle.wire.v1 import terminal_pb2
from medsettle_gateway.rpc.authentication import milliseconds
from medsettle_gateway.service import commands
from tests.gateway.rpc.stage import (
    AUDIENCE,
    INSTITUTION,
    NONCE,
    NOW,
    ROOT,
    TERMINAL,
    TILL,
    Refused,
    Stage,
    signed,
)

ENROLLED = commands.EnrolAnswer(
    terminal=TERMINAL, institution=INSTITUTION, institution_name="鞍山市某诊所", key=TILL.key,
    audience=AUDIENCE, root_public_key=ROOT.public_key, root_suite=ROOT.suite,
    not_after=NOW + timedelta(days=365),
)


def enrolment(signer: KeySigner, **changes: object) -> bytes:
    fields = {"code": "0123456789ABCDEF", "suite": signer.suite, "public_key": signer.public_key} | changes
    return terminal_pb2.EnrolRequest(**fields).SerializeToString()  # type: ignore[arg-type]


async def refused(body: bytes, signer: KeySigner = TILL, **changes: object) -> Refused:
    stage = Stage()
    answer = Refused.of(await stage.ask(ENROL, body, signed(ENROL, body, signer, terminal="", **changes)))
    assert stage.service.asked == []
    return answer


@pytest.mark.parametrize("suite", ["ed25519", "p256"])
@pytest.mark.parametrize("terminal", ["", "-", TERMINAL])
async def test_a_new_key_enrols_whatever_it_calls_itself(suite: str, terminal: str) -> None:
    stage, signer = Stage(), KeySigner.generate(suite)
    stage.service.line = ENROLLED
    body = enrolment(signer)
    answer = await stage.ask(ENROL, body, signed(ENROL, body, signer, terminal=terminal))
    ((command, _),) = stage.service.asked
    assert command == commands.Enrol("0123456789ABCDEF", suite, signer.public_key, NONCE, terminal)
    response = terminal_pb2.EnrolResponse.FromString(answer.body)
    assert response.institution_name == "鞍山市某诊所"
    assert response.not_after.ToDatetime(NOW.tzinfo) == ENROLLED.not_after


async def test_the_answer_to_an_enrolment_is_bound_to_the_audience_that_was_asked() -> None:
    stage = Stage()
    stage.service.line = ENROLLED
    body = enrolment(TILL)
    answer = await stage.ask(ENROL, body, signed(ENROL, body, terminal=""))
    trailer = dict(answer.trailer)
    key = Certificate.decode(trailer["answer-certificate"]).answering_key(
        verifier_of(ROOT.public_key), AUDIENCE, milliseconds(NOW)
    )
    statement = answer_statement(
        "enrol", ENROL.path, digest(body), NONCE, key.key, int(trailer["answer-timestamp"]), "OK", answer.body
    )
    assert key.verify(decode(trailer["answer-signature"]), statement)


async def test_an_enrolment_under_the_gateways_own_audience_is_refused() -> None:
    assert (await refused(enrolment(TILL), audience=AUDIENCE)).reason == "SIGNATURE_INVALID"


async def test_an_enrolment_signed_by_another_key_is_refused() -> None:
    other = KeySigner.generate()
    assert (await refused(enrolment(other), TILL)).reason == "SIGNATURE_INVALID"
    assert (await refused(enrolment(other), TILL, key=other.key)).reason == "SIGNATURE_INVALID"


async def test_an_enrolment_with_a_wrong_clock_is_told_the_time() -> None:
    hour_ms = 3_600_000
    answer = await refused(enrolment(TILL), timestamp=milliseconds(NOW) - hour_ms)
    assert answer.reason == "CLOCK_SKEW"


@pytest.mark.parametrize(("changes", "reason", "field"), [
    ({"code": ""}, "FIELD_REQUIRED", "code"),
    ({"code": "x" * 65}, "FIELD_INVALID", "code"),
    ({"suite": ""}, "FIELD_REQUIRED", "suite"),
    ({"suite": "rsa"}, "FIELD_INVALID", "suite"),
    ({"suite": "p256"}, "KEY_INVALID", "suite"),
    ({"public_key": b""}, "FIELD_REQUIRED", "public_key"),
    ({"public_key": b"no key"}, "KEY_INVALID", "public_key"),
    ({"public_key": bytes(257)}, "KEY_INVALID", "public_key"),
])
async def test_an_ill_formed_enrolment_names_its_field(
    changes: dict[str, object], reason: str, field: str
) -> None:
    answer = await refused(enrolment(TILL, **changes))
    assert (answer.reason, answer.said["field"]) == (reason, field)


def rotation(**changes: object) -> bytes:
    fields = {"suite": "ed25519", "public_key": KeySigner.generate().public_key, "proof": bytes(64)} | changes
    return terminal_pb2.RotateKeyRequest(**fields).SerializeToString()  # type: ignore[arg-type]


async def test_a_rotation_comes_from_a_known_terminal_and_brings_its_nonce() -> None:
    stage = Stage()
    stage.service.line = commands.RotateKeyAnswer("ab" * 8, NOW + timedelta(days=365), NOW)
    answer = await stage.ask(ROTATE_KEY, rotation())
    ((command, _),) = stage.service.asked
    assert isinstance(command, commands.RotateKey)
    assert (command.caller.terminal, command.nonce) == (TERMINAL, NONCE)
    assert terminal_pb2.RotateKeyResponse.FromString(answer.body).old_not_after.ToDatetime(NOW.tzinfo) == NOW


@pytest.mark.parametrize(("changes", "reason", "field"), [
    ({"proof": b""}, "FIELD_REQUIRED", "proof"),
    ({"proof": bytes(257)}, "FIELD_INVALID", "proof"),
    ({"suite": "sm2"}, "FIELD_INVALID", "suite"),
])
async def test_an_ill_formed_rotation_names_its_field(
    changes: dict[str, object], reason: str, field: str
) -> None:
    answer = Refused.of(await Stage().ask(ROTATE_KEY, rotation(**changes)))
    assert (answer.reason, answer.said["field"]) == (reason, field)


async def test_a_rotation_by_a_terminal_that_nobody_knows_is_refused() -> None:
    body = rotation()
    metadata = signed(ROTATE_KEY, body, terminal="H999-01")
    assert Refused.of(await Stage().ask(ROTATE_KEY, body, metadata)).reason == "TERMINAL_UNKNOWN"

