"""Every answer to a money call is signed, refusals too, and bound to the request that it answers."""

from datetime import timedelta

import pytest
from msgspec import structs

from medsettle.wire.calls import (
    CALLS,
    CHECK_ELIGIBILITY,
    ENROL,
    FETCH_PRESCRIPTIONS,
    LIST_SALES,
    QUOTE,
    SEAL,
    Call,
)
from medsettle.wire.signing import (
    Certificate,
    KeySigner,
    Verifier,
    answer_statement,
    decode,
    digest,
    verifier_of,
)
from medsettle_gateway.rpc.answering import AnsweringKey
from medsettle_gateway.rpc.authentication import milliseconds
from medsettle_gateway.rpc.calls import Answer
from tests.gateway.rpc.stage import AUDIENCE, NONCE, NOW, ROOT, TILL, Stage, certify, seal, signed
from tests.gateway.rpc.test_terminals import enrolment

UNSIGNED = [CHECK_ELIGIBILITY, QUOTE, LIST_SALES, FETCH_PRESCRIPTIONS]
SIGNED = [call for call in CALLS if call not in UNSIGNED]


def name_of(call: Call) -> str:
    return call.method


def answering_key(answer: Answer) -> Verifier:
    certificate = Certificate.decode(dict(answer.trailer)["answer-certificate"])
    key = certificate.answering_key(verifier_of(ROOT.public_key), AUDIENCE, milliseconds(NOW))
    assert dict(answer.trailer)["answer-key"] == key.key
    return key


def verifies(answer: Answer, call: Call, body: bytes, nonce: str = NONCE, code: str = "OK") -> bool:
    said = answer.body if answer.status is None else answer.status.details
    trailer, key = dict(answer.trailer), answering_key(answer)
    statement = answer_statement(
        "enrol" if call.method == "Enrol" else AUDIENCE, call.path, digest(body), nonce, key.key,
        int(trailer["answer-timestamp"]), code, said,
    )
    return key.verify(decode(trailer["answer-signature"]), statement)


async def test_an_answer_verifies_against_the_root() -> None:
    answer = await Stage().ask(SEAL, seal())
    assert verifies(answer, SEAL, seal())


@pytest.mark.parametrize("call", SIGNED, ids=name_of)
async def test_a_refusal_is_signed_over_its_details(call: Call) -> None:
    body = b"\xff"
    answer = await Stage().ask(call, body, signed(call, body))
    assert answer.status is not None
    assert verifies(answer, call, body, code=answer.status.code.value)


@pytest.mark.parametrize("call", CALLS, ids=name_of)
async def test_a_refusal_that_moves_a_tills_clock_is_signed_on_every_call(call: Call) -> None:
    body = enrolment(TILL) if call is ENROL else seal()
    late = signed(call, body, timestamp=milliseconds(NOW + timedelta(hours=1)))
    answer = await Stage().ask(call, body, late)
    assert answer.status is not None
    assert b"CLOCK_SKEW" in answer.status.details
    assert verifies(answer, call, body, code=answer.status.code.value)


@pytest.mark.parametrize("call", UNSIGNED, ids=name_of)
async def test_reads_that_prove_nothing_are_not_signed(call: Call) -> None:
    assert (await Stage().ask(call, b"")).trailer == ()


async def test_an_answer_to_another_request_does_not_verify() -> None:
    answer = await Stage().ask(SEAL, seal())
    assert not verifies(answer, SEAL, seal() + b"\x00")
    assert not verifies(answer, SEAL, seal(), nonce="B" * 22)
    assert not verifies(structs.replace(answer, body=answer.body + b"\x00"), SEAL, seal())
    assert not verifies(answer, SEAL, seal(), code="NOT_FOUND")


async def test_a_request_without_a_nonce_gets_an_answer_that_is_bound_to_none() -> None:
    body = seal()
    metadata = signed(SEAL, body) | {"nonce": "x\ny"}
    answer = await Stage().ask(SEAL, body, metadata)
    assert verifies(answer, SEAL, body, nonce="", code="UNAUTHENTICATED")


async def test_a_renewed_certificate_is_used_at_once() -> None:
    stage, body = Stage(), seal()
    before = dict((await stage.ask(SEAL, body)).trailer)
    stage.answering = AnsweringKey.of(renewed := KeySigner.generate(), certify(renewed))
    answer = await stage.ask(SEAL, body)
    assert dict(answer.trailer)["answer-key"] == renewed.key != before["answer-key"]
    assert verifies(answer, SEAL, body)
