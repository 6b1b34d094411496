"""Reassert: signed answers that a till shows, and what became of them."""

import re
import zlib
from functools import partial
from typing import Final

from medsettle.wire.states import SaleState
from medsettle.wire.v1 import sale_pb2, settlement_pb2
from medsettle_gateway.domain.recovery import Became, Evidence, ShownSale
from medsettle_gateway.rpc.codec import form, sale
from medsettle_gateway.rpc.codec.parts import Asked, Limits
from medsettle_gateway.rpc.codec.shown import sale_of
from medsettle_gateway.service.commands import (
    Caller,
    Reassert,
    ReassertAnswer,
    ReassertedAnswer,
    RefusedAnswer,
)

_ANSWERS_COUNT: Final = 20
_ANSWER_BYTES: Final = 1_048_576
"""Of one answer, unpacked."""
_ANSWERS_BYTES: Final = 4 * _ANSWER_BYTES
"""Of all of a request."""
_METHOD_CHARS: Final = 128
_CODE_CHARS: Final = 32
_SIGNATURE_CHARS: Final = 256
_CERTIFICATE_CHARS: Final = 2_048
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_NONCE: Final = re.compile(r"[A-Za-z0-9_-]{22}")
_KEY: Final = re.compile(r"[0-9a-f]{16}")
_LATEST_MS: Final = 253_402_300_799_999
_BECAME: Final = {
    each: settlement_pb2.Reasserted.Value(f"REASSERTED_{each.value}") for each in Became
}


def reassert(body: bytes, caller: Caller, _: Limits) -> Asked:
    """Returns what a till shows. Raises Refused."""
    wire = form.parsed(settlement_pb2.ReassertRequest, body)
    form.within(len(wire.answers), _ANSWERS_COUNT, "answers")
    form.instant_of(wire, "requested_at")
    shown = tuple(_shown(each, f"answers[{number}]") for number, each in enumerate(wire.answers, 1))
    if sum(len(each.evidence.answer) for each in shown) > _ANSWERS_BYTES:
        raise form.invalid("answers", f"up to {_ANSWERS_BYTES} bytes unpacked, all together")
    if not wire.complete:
        return Asked(Reassert(caller, shown))
    if not wire.HasField("epoch"):
        raise form.required("epoch")
    return Asked(Reassert(caller, shown, wire.epoch, form.instant_of(wire, "journal_began_at")))


def to_wire(answer: ReassertAnswer) -> settlement_pb2.ReassertResponse:
    """Returns what became of everything that was shown."""
    compared = answer.compared
    wire = settlement_pb2.ReassertResponse(
        epoch=compared.epoch, compared=compared.compared, results=map(_result, answer.results)
    )
    if compared.since is not None:
        wire.compare_since_at.CopyFrom(form.timestamp(compared.since))
    return wire


def _result(result: ReassertedAnswer | RefusedAnswer) -> settlement_pb2.ReassertedSale:
    if isinstance(result, RefusedAnswer):
        return settlement_pb2.ReassertedSale(
            request_id=result.request_id, outcome=settlement_pb2.REASSERTED_REFUSED,
            refusal=sale.refusal(result.refusal, recorded=False),
        )
    unrecorded = result.state is SaleState.ABSENT
    state = sale_pb2.SALE_STATE_UNSPECIFIED if unrecorded else sale.state(result.state)
    return settlement_pb2.ReassertedSale(
        request_id=result.request_id, outcome=_BECAME[result.became], state=state
    )


def _shown(wire: settlement_pb2.SignedAnswer, path: str) -> ShownSale:
    evidence = Evidence(
        method=form.text(wire.method, _METHOD_CHARS, f"{path}.method"),
        request_digest=_formed(wire.request_digest, _DIGEST, f"{path}.request_digest"),
        nonce=_formed(wire.nonce, _NONCE, f"{path}.nonce"),
        key=_formed(wire.key, _KEY, f"{path}.key"),
        timestamp_ms=form.amount_of(wire, "timestamp_ms", path, most=_LATEST_MS),
        code=form.text(wire.code, _CODE_CHARS, f"{path}.code"),
        answer=_unpacked(wire.answer_zlib, f"{path}.answer_zlib"),
        signature=form.text(wire.signature, _SIGNATURE_CHARS, f"{path}.signature"),
        certificate=form.text(wire.certificate, _CERTIFICATE_CHARS, f"{path}.certificate"),
    )
    return ShownSale(evidence, partial(sale_of, evidence))


def _formed(value: str, pattern: re.Pattern[str], path: str) -> str:
    if not value:
        raise form.required(path)
    if pattern.fullmatch(value) is None:
        raise form.invalid(path, "as it was sent or came")
    return value


def _unpacked(packed: bytes, path: str) -> bytes:
    """The bytes of an answer; no more of a small text that unpacks to a large one than is allowed."""
    if not packed:
        raise form.required(path)
    unpacking = zlib.decompressobj()
    try:
        answer = unpacking.decompress(packed, _ANSWER_BYTES)
    except zlib.error as error:
        raise form.invalid(path, "zlib (RFC 1950)") from error
    if not unpacking.eof:
        raise form.invalid(path, f"zlib (RFC 1950) of up to {_ANSWER_BYTES} bytes")
    return answer
