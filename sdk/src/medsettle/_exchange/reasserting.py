"""Reassert on the wire: the gateway's own answers shown to it again, and what became of them."""

import zlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from google.protobuf.timestamp_pb2 import Timestamp

from medsettle._exchange import answering
from medsettle._exchange.answering import UnreadableError, instant, optional_fen, parsed
from medsettle._exchange.refusing import facts_of
from medsettle._exchange.signed import OK
from medsettle.evidence import Evidence
from medsettle.models import Outcome, SaleState
from medsettle.wire import calls
from medsettle.wire.states import outcome_of
from medsettle.wire.v1 import reasons_pb2, settlement_pb2

ANSWERS_MAX: Final = 20
PACKED_BYTES_MAX: Final = 200_000
"""Of all answers of one request: it must stay below what a gateway reads."""
UNPACKED_BYTES_MAX: Final = 4_194_304
_PROVING: Final = frozenset({
    call.path
    for call in (calls.SETTLE, calls.CONFIRM, calls.RELEASE, calls.REVERSE, calls.SEAL, calls.GET_SALE)
})
_SAYS_NOTHING: Final = -1
_FAR: Final[dict[str, int]] = {SaleState.SETTLED: 1, SaleState.UNDOING: 2}
_ENDED: Final = 3
FAILED: Final = "FAILED"
_FOR_GOOD: Final = frozenset({reasons_pb2.REASON_EVIDENCE_INVALID, reasons_pb2.REASON_NOT_YOURS})
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


Packed = settlement_pb2.SignedAnswer
"""An answer as it is shown."""


class Standing(NamedTuple):
    """How far the comparison is. ``since_ms``: answers before it need not be shown. ``became`` has one name
    an answer that was shown: KNOWN, ENTERED, MOVED, LEFT_TO_OPERATOR, REFUSED or FAILED. What was refused
    is so for good; what failed is shown again another time.
    """

    epoch: int
    compared: bool
    since_ms: int
    became: tuple[str, ...]


def furthest(evidence: Sequence[Evidence], request_id: str) -> Evidence | None:
    """Returns the answer by which the sale has come furthest, of several the latest; None if none says.

    Not simply the latest: a gateway that was restored may have answered an older state since.
    """
    ranked = [(_rank(each, request_id), number) for number, each in enumerate(evidence)]
    rank, number = max(ranked, default=(_SAYS_NOTHING, 0))
    return None if rank == _SAYS_NOTHING else evidence[number]


def _rank(evidence: Evidence, request_id: str) -> int:
    """How far the sale had come: an answer says so on OK, and as a recorded refusal."""
    if evidence.method not in _PROVING:
        return _SAYS_NOTHING
    if evidence.code != OK:
        recorded = facts_of(evidence.code, evidence.answer).refusal.recorded
        return _ENDED if recorded else _SAYS_NOTHING
    try:
        sale = answering.sale(evidence.answer)
    except UnreadableError:
        return _SAYS_NOTHING
    if sale.request_id != request_id:
        return _SAYS_NOTHING
    return _ENDED if outcome_of(sale.state) is Outcome.NOT_PAID else _FAR.get(sale.state, 0)


def batch(evidence: Sequence[Evidence]) -> tuple[list[Packed], int]:
    """Returns as many of the first answers as fit into one request, and how many they are; none if the first
    one fits into no request.
    """
    packed: list[Packed] = []
    room, whole = PACKED_BYTES_MAX, UNPACKED_BYTES_MAX
    for each in evidence[:ANSWERS_MAX]:
        message = _signed(each)
        room, whole = room - message.ByteSize(), whole - len(each.answer)
        if min(room, whole) < 0:
            break
        packed.append(message)
    return packed, len(packed)


def request(
    answers: Sequence[Packed], now: datetime, over: tuple[int, int] | None = None
) -> bytes:
    """Returns a ReassertRequest. ``over``: everything was shown, of the epoch, by a journal since that ms."""
    asked = settlement_pb2.ReassertRequest(answers=answers)
    asked.requested_at.FromDatetime(now)
    if over is not None:
        asked.complete, asked.epoch = True, over[0]
        began = Timestamp()
        began.FromMilliseconds(over[1])
        asked.journal_began_at.CopyFrom(began)
    return asked.SerializeToString()


def standing(body: bytes) -> Standing:
    """Returns what a ReassertResponse says. Raises UnreadableError."""
    answer = parsed(settlement_pb2.ReassertResponse, body)
    since = instant(answer, "compare_since_at")
    since_ms = 0 if since is None else (since - _EPOCH) // timedelta(milliseconds=1)
    return Standing(
        optional_fen(answer, "epoch") or 0, answer.compared, since_ms,
        tuple(map(_name, answer.results)),
    )


def _name(result: settlement_pb2.ReassertedSale) -> str:
    number = result.outcome
    if number == settlement_pb2.REASSERTED_REFUSED and result.refusal.reason not in _FOR_GOOD:
        return FAILED
    known = settlement_pb2.Reasserted.DESCRIPTOR.values_by_number.get(number)
    return str(number) if known is None else known.name.removeprefix("REASSERTED_")


def _signed(each: Evidence) -> Packed:
    return Packed(
        method=each.method, request_digest=each.request_digest, nonce=each.nonce, key=each.key,
        timestamp_ms=each.timestamp_ms, code=each.code, answer_zlib=zlib.compress(each.answer),
        signature=each.signature, certificate=each.certificate,
    )
