"""An answer that is unsigned, wrong, or bound to another request counts as none."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from medsettle._exchange.signed import OK, Peer, Reply, Request, judge, sign
from medsettle.errors import GatewayAwayError, OutcomeUnknownError, RefusedError, TerminalNotReadyError
from medsettle.models import Basket, Collect, Outcome, Split
from medsettle.till import Till
from medsettle.wire import calls, signing
from medsettle.wire.reasons import Reason
from medsettle.wire.v1 import errors_pb2
from tests.sdk.counterpart import (
    ANSWERING,
    AUDIENCE,
    ROOT,
    TERMINAL,
    TERMINAL_KEY,
    Counterpart,
    FakeClock,
    Fault,
)
from tests.sdk.faults import (
    goes_wrong,
    refused,
    trailing,
    unsigned,
)

PEER = Peer(AUDIENCE, signing.verifier_of(ROOT.public_key))


def a_request(counterpart: Counterpart, call: calls.Call = calls.SEAL, body: bytes = b"body") -> Request:
    return sign(
        call, body, signer=TERMINAL_KEY, audience=AUDIENCE, terminal=TERMINAL,
        now_ms=counterpart.now_ms(), nonce="nonce-of-22-characters",
    )


def judged(counterpart: Counterpart, request: Request, reply: Reply) -> bool:
    return judge(request, reply, PEER, counterpart.now_ms()).valid


def test_a_signed_answer_counts_and_keeps_its_proof(counterpart: Counterpart) -> None:
    request = a_request(counterpart)
    verdict = judge(request, counterpart.sign(request, OK, b"answer"), PEER, counterpart.now_ms())
    assert verdict.valid
    proof = verdict.evidence
    assert proof is not None
    statement = signing.answer_statement(
        AUDIENCE, proof.method, proof.request_digest, proof.nonce, proof.key, proof.timestamp_ms,
        proof.code, proof.answer,
    )
    certificate = signing.Certificate.decode(proof.certificate)
    key = certificate.answering_key(PEER.root, AUDIENCE, counterpart.now_ms())
    assert key.verify(signing.decode(proof.signature), statement)


@pytest.mark.parametrize(
    "wrong",
    [
        {"audience": "another"}, {"method": calls.SETTLE.path}, {"request_digest": "0" * 64},
        {"nonce": "nonce-of-another-call"}, {"key": "0" * 16}, {"timestamp_ms": 1}, {"code": "NOT_FOUND"},
        {"body": b"another answer"},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_an_answer_signed_over_another_fact_counts_as_none(
    counterpart: Counterpart, wrong: dict[str, Any]
) -> None:
    request = a_request(counterpart)
    reply = counterpart.sign(request, OK, b"answer", wrong)
    assert not judged(counterpart, request, reply)


@pytest.mark.parametrize("name", ["key", "timestamp", "signature", "certificate"])
@pytest.mark.parametrize("text", ["", "x", "0", "AAAA", "AAAA.AAAA"])
def test_an_answer_with_a_broken_field_counts_as_none(
    counterpart: Counterpart, name: str, text: str
) -> None:
    request = a_request(counterpart)
    reply = counterpart.sign(request, OK, b"answer")
    assert judged(counterpart, request, reply)
    broken = Reply(OK, reply.body, {**reply.trailing, f"answer-{name}": text})
    assert not judged(counterpart, request, broken)


def test_an_answer_whose_bytes_changed_on_the_way_counts_as_none(counterpart: Counterpart) -> None:
    request = a_request(counterpart)
    reply = counterpart.sign(request, OK, b"answer")
    assert not judged(counterpart, request, Reply(OK, b"answes", reply.trailing))


def test_an_answer_to_another_request_counts_as_none(counterpart: Counterpart) -> None:
    reply = counterpart.sign(a_request(counterpart, body=b"another"), OK, b"answer")
    assert not judged(counterpart, a_request(counterpart), reply)


@pytest.mark.parametrize("who", ["root", "audience", "expired", "not_yet", "other_key"])
def test_an_answer_whose_certificate_does_not_hold_counts_as_none(
    counterpart: Counterpart, who: str
) -> None:
    now_ms, day_ms = counterpart.now_ms(), 86_400_000
    root = signing.KeySigner.generate() if who == "root" else ROOT
    answering = signing.KeySigner.generate() if who == "other_key" else ANSWERING
    audience = "another" if who == "audience" else AUDIENCE
    begin, end = {
        "expired": (now_ms - 2 * day_ms, now_ms - day_ms), "not_yet": (now_ms + day_ms, now_ms + 2 * day_ms)
    }.get(who, (now_ms - day_ms, now_ms + day_ms))
    certificate = signing.Certificate.issue(root, audience, answering, begin, end).encode()
    request = a_request(counterpart)
    reply = counterpart.sign(request, OK, b"answer")
    changed = Reply(OK, reply.body, {**reply.trailing, signing.ANSWER_CERTIFICATE: certificate})
    assert not judged(counterpart, request, changed)


def test_an_unsigned_refusal_is_a_hint_and_never_a_proof(counterpart: Counterpart) -> None:
    request = a_request(counterpart)
    reply = refused(Reason.CREDENTIAL_USED)(counterpart, request, lambda: Reply(OK))
    bare = Reply(reply.code, b"", {"grpc-status-details-bin": reply.details()})
    verdict = judge(request, bare, PEER, counterpart.now_ms())
    assert not verdict.valid
    assert verdict.facts is not None
    assert (verdict.facts.refusal.reason, verdict.facts.refusal.recorded) == ("CREDENTIAL_USED", False)


@pytest.mark.parametrize(
    "fault", [unsigned, goes_wrong(nonce="another"), trailing(answer_signature="AAAA")],
    ids=["unsigned", "of another request", "wrong"],
)
def test_a_sale_whose_answers_do_not_verify_stays_open_until_one_does(
    till: Till, counterpart: Counterpart, basket: Basket, fault: Fault
) -> None:
    for method in ("Settle", "Seal"):
        counterpart.fault(method, fault)
    with pytest.raises(OutcomeUnknownError, match="ANSWER_UNVERIFIED") as caught:
        till.settle("1", "scanned", basket, expected=Split(4000, {"pooled": 8000}), collect=Collect.NOW)
    card = caught.value.card
    assert card is not None
    assert card.outcome is Outcome.OPEN
    assert [each.outcome for each in till.recover()] == [Outcome.PAID]


def test_an_answer_about_another_sale_counts_as_none(
    till: Till, counterpart: Counterpart, basket: Basket
) -> None:
    counterpart.handle(a_request(counterpart, calls.SEAL, b"\x0a\x11P1-1-20260302-9-1"))
    other = counterpart.sale("P1-1-20260302-9-1")

    def mixed_up(side: Counterpart, request: Request, handle: Any) -> Reply:
        handle()
        return side.sign(request, OK, b"\x0a" + bytes([other.ByteSize()]) + other.SerializeToString())

    counterpart.fault("Settle", mixed_up)
    card = till.settle("1", "scanned", basket, expected=Split(4000, {"pooled": 8000}))
    assert card.outcome is Outcome.PAID
    assert counterpart.seen[-2:] == ["Settle", "Seal"]


@pytest.mark.parametrize("collect", Collect)
def test_a_sale_at_another_split_than_was_shown_is_undone(
    till: Till, counterpart: Counterpart, basket: Basket, collect: Collect
) -> None:
    def dearer(side: Counterpart, request: Request, handle: Callable[[], Reply]) -> Reply:
        del request
        handle()
        for kept in side.sales.values():
            kept.split.cash_fen += 1
        return handle()

    counterpart.fault("Settle", dearer)
    with pytest.raises(RefusedError, match="SPLIT_NOT_AS_SHOWN") as caught:
        till.settle("1", "scanned", basket, expected=Split(4000, {"pooled": 8000}), collect=collect)
    card = caught.value.card
    assert card is not None
    assert card.outcome is Outcome.NOT_PAID
    assert card.refund_due_fen == (4000 if collect is Collect.NOW else 0)
    assert counterpart.settled_fen() == 0


def test_a_clock_that_is_off_is_corrected_once(
    till: Till, counterpart: Counterpart, basket: Basket
) -> None:
    counterpart.skew = timedelta(hours=1)
    assert till.quote("scanned", basket).split.cash_fen == 4000
    assert counterpart.seen == ["Quote", "Quote"]
    assert till.clock_offset_ms == 3_600_000
    till.quote("scanned", basket)
    assert counterpart.count("Quote") == 3


def test_a_clock_that_stays_off_is_said_to_be(
    till: Till, counterpart: Counterpart, basket: Basket, clock: FakeClock
) -> None:
    from google.protobuf.timestamp_pb2 import Timestamp

    from medsettle.wire.v1 import errors_pb2

    gateway_at = Timestamp()
    gateway_at.FromDatetime(clock.now() + timedelta(hours=2))
    skew = refused(Reason.CLOCK_SKEW, errors_pb2.ClockSkew(gateway_at=gateway_at))
    counterpart.fault("Quote", skew, skew, skew)
    with pytest.raises(TerminalNotReadyError, match="CLOCK_SKEW"):
        till.quote("scanned", basket)
    assert counterpart.count("Quote") == 2


def test_a_status_that_cannot_be_read_is_shown_as_the_gateway_being_away(
    till: Till, counterpart: Counterpart, basket: Basket
) -> None:
    def garbled(_: Counterpart, request: Request, handle: Any) -> Reply:
        del request, handle
        return Reply("UNKNOWN", b"", {"grpc-status-details-bin": b"\xff\xff\xff"})

    counterpart.fault("Quote", garbled)
    with pytest.raises(GatewayAwayError, match="ANSWER_UNREADABLE"):
        till.quote("scanned", basket)


@pytest.mark.parametrize("signed", [True, False])
def test_a_refusal_with_a_time_of_no_calendar_breaks_no_till(
    till: Till, counterpart: Counterpart, basket: Basket, *, signed: bool
) -> None:
    of_no_calendar = errors_pb2.ClockSkew()
    of_no_calendar.gateway_at.seconds = 10**17
    says_so = refused(Reason.CLOCK_SKEW, of_no_calendar)

    def answered(side: Counterpart, request: Request, handle: Callable[[], Reply]) -> Reply:
        reply = says_so(side, request, handle)
        kept = {"grpc-status-details-bin": reply.trailing["grpc-status-details-bin"]}
        return reply if signed else Reply(reply.code, b"", kept)

    counterpart.fault("Quote", answered)
    with pytest.raises(TerminalNotReadyError, match="CLOCK_SKEW"):
        till.quote("scanned", basket)
    assert till.clock_offset_ms == 0
