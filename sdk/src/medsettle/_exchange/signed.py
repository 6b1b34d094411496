"""One call without input or output: what is sent and signed, and what a reply is worth."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from medsettle._exchange.refusing import Facts, facts_of
from medsettle.errors import refusal_of
from medsettle.evidence import Evidence
from medsettle.till_reasons import TillReason
from medsettle.wire import signing
from medsettle.wire.calls import CORRECTED_ONCE, Call

OK: Final = "OK"
STATUS_DETAILS: Final = "grpc-status-details-bin"


@dataclass(frozen=True, slots=True)
class Request:
    """A signed request: the bytes on the wire and the metadata beside them."""

    call: Call
    body: bytes
    nonce: str
    metadata: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back over the wire, or in its place: code by name, body on OK, trailing metadata."""

    code: str
    body: bytes = b""
    trailing: Mapping[str, str | bytes] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """Returns a trailing field; an empty text if it is absent."""
        value = self.trailing.get(name, "")
        return value if isinstance(value, str) else ""

    def details(self) -> bytes:
        """Returns the bytes of the status details; empty if there are none."""
        value = self.trailing.get(STATUS_DETAILS, b"")
        return value if isinstance(value, bytes) else b""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a reply is worth.

    ``valid``: an answer or a refusal that counts. Otherwise it counts as none, and ``facts`` is only
    a hint for the screen. ``body`` is empty unless a valid answer was given.
    """

    code: str
    valid: bool
    body: bytes = b""
    facts: Facts | None = None
    evidence: Evidence | None = None


@dataclass(frozen=True, slots=True)
class Peer:
    """Whom the till talks to: the gateway's id and the root that vouches for its answering keys.

    ``read_key`` reads the public key of a certificate. Raises KeyInvalidError.
    """

    audience: str
    root: signing.Verifier
    read_key: Callable[[bytes], signing.Verifier] = signing.verifier_of


def sign(
    call: Call, body: bytes, *, signer: signing.Signer, audience: str, terminal: str, now_ms: int, nonce: str
) -> Request:
    """Returns the request with its five fields of metadata."""
    statement = signing.request_statement(
        audience, call.path, terminal, signer.key, now_ms, nonce, body
    )
    metadata = (
        (signing.TERMINAL, terminal), (signing.KEY, signer.key), (signing.TIMESTAMP, str(now_ms)),
        (signing.NONCE, nonce), (signing.SIGNATURE, signing.encode(signer.sign(statement))),
    )
    return Request(call, body, nonce, metadata)


def judge(request: Request, reply: Reply, peer: Peer, now_ms: int, proven_ms: int = 0) -> Verdict:
    """Returns what the reply to this request is worth.

    On a call with signed answers, one that is unsigned, wrong, or bound to another request counts
    as none; so does, on every call, a refusal that would move the till's clock. ``proven_ms`` is the
    latest time that the peer has signed before: no certificate is believed for a time before it.
    """
    facts = None if reply.code == OK else facts_of(reply.code, reply.details())
    at_ms = max(_stated_ms(facts) or now_ms, proven_ms)
    evidence = evidence_of(request, reply, peer.audience, peer, at_ms)
    valid = evidence is not None or not (request.call.signed_answer or _moves_clock(facts))
    if facts is None:
        if valid:
            return Verdict(OK, valid=True, body=reply.body, evidence=evidence)
        return Verdict(OK, valid=False, facts=Facts(refusal_of(TillReason.ANSWER_UNVERIFIED)))
    if not valid:
        facts = replace(facts, refusal=replace(facts.refusal, recorded=False), gateway_at=None)
    return Verdict(reply.code, valid, facts=facts, evidence=evidence)


def _moves_clock(facts: Facts | None) -> bool:
    return facts is not None and facts.refusal.reason == CORRECTED_ONCE


def _stated_ms(facts: Facts | None) -> int | None:
    """The gateway's time, in milliseconds since 1970, if the till is refused for its clock."""
    if facts is None or facts.gateway_at is None or not _moves_clock(facts):
        return None
    return (facts.gateway_at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def evidence_of(
    request: Request, reply: Reply, audience: str, peer: Peer, now_ms: int
) -> Evidence | None:
    """Returns the proof of the reply; None if it is not signed for this request by the peer.

    ``audience`` is the one in the answer's statement: the gateway's id, but for Enrol. The certificate
    must hold now and at the time that the answer states: no key can prove a time beyond its own.
    """
    try:
        certificate = signing.Certificate.decode(reply.text(signing.ANSWER_CERTIFICATE))
        at_ms = int(reply.text(signing.ANSWER_TIMESTAMP))
        answering = certificate.answering_key(peer.root, peer.audience, now_ms, peer.read_key)
    except ValueError:
        return None
    earliest_ms = certificate.not_before_ms - signing.WINDOW_MS
    if not earliest_ms <= at_ms <= certificate.not_after_ms + signing.WINDOW_MS:
        return None
    signed = reply.body if reply.code == OK else reply.details()
    statement = signing.answer_statement(
        audience, request.call.path, signing.digest(request.body), request.nonce, answering.key, at_ms,
        reply.code, signed,
    )
    signature = reply.text(signing.ANSWER_SIGNATURE)
    named = reply.text(signing.ANSWER_KEY) == answering.key
    if not (named and answering.verify(signing.decode(signature), statement)):
        return None
    return Evidence(
        request.call.path, signing.digest(request.body), request.nonce, answering.key, at_ms, reply.code,
        signed, signature, reply.text(signing.ANSWER_CERTIFICATE),
    )
