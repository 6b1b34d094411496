"""What a refused call carries besides its reason: one message for each refusal that a till acts on."""

from typing import Final

from google.protobuf.message import Message

from medsettle.wire.reasons import Reason
from medsettle.wire.v1 import errors_pb2
from medsettle_gateway.domain.sale import RefusalRecord, SaleHead
from medsettle_gateway.rpc.codec import sale

_FRAME_BYTES: Final = 4
"""Tag and length of a line in its list."""


def attached(refusal: RefusalRecord, room_bytes: int) -> tuple[Message, ...]:
    """Returns the messages that go with a refusal; for most reasons none. Lines as far as there is room."""
    if refusal.lines:
        return (_lines_refused(refusal, room_bytes),)
    if refusal.findings:
        return (_supervision_found(refusal, room_bytes),)
    if refusal.reason is Reason.QUOTE_CHANGED:
        return (_quote_changed(refusal),)
    if refusal.other is not None:
        return (_other_sale(refusal.other),)
    if refusal.reason is Reason.CLOCK_SKEW:
        return (_clock_skew(refusal),)
    return ()


def _lines_refused(refusal: RefusalRecord, room_bytes: int) -> errors_pb2.LinesRefused:
    """The first lines that fit, each reason's sentences at its first line: there may be two hundred."""
    wire = errors_pb2.LinesRefused(lines_count=len(refusal.lines))
    told: list[Reason] = []
    for fault in refusal.lines:
        line = sale.line_refusal(fault, told=fault.reason in told)
        if wire.ByteSize() + line.ByteSize() + _FRAME_BYTES > room_bytes:
            break
        wire.lines.append(line)
        told.append(fault.reason)
    return wire


def _supervision_found(refusal: RefusalRecord, room_bytes: int) -> errors_pb2.SupervisionFound:
    """The first findings that fit: those that stop the sale come first."""
    wire = errors_pb2.SupervisionFound(findings_count=len(refusal.findings))
    for finding in refusal.findings:
        found = sale.advisory(finding)
        if wire.ByteSize() + found.ByteSize() + _FRAME_BYTES > room_bytes:
            break
        wire.findings.append(found)
    return wire


def _other_sale(other: SaleHead) -> errors_pb2.OtherSale:
    wire = errors_pb2.OtherSale(request_id=other.request_id, state=sale.state(other.state))
    if other.created_at is not None:
        wire.created_at.FromDatetime(other.created_at)
    return wire


def _quote_changed(refusal: RefusalRecord) -> errors_pb2.QuoteChanged:
    return errors_pb2.QuoteChanged(
        expected=sale.split(refusal.expected) if refusal.expected else None,
        now=sale.split(refusal.now) if refusal.now else None,
        breakdown=sale.breakdown(refusal.breakdown) if refusal.breakdown else None,
    )


def _clock_skew(refusal: RefusalRecord) -> errors_pb2.ClockSkew:
    wire = errors_pb2.ClockSkew(window_ms=int(refusal.detail["window_ms"]))
    wire.gateway_at.FromMilliseconds(int(refusal.detail["gateway_at_ms"]))
    return wire
