"""A refusal as gRPC carries it: a code, one line of text, and google.rpc.Status in under 4 KB."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from google.protobuf.any_pb2 import Any as Packed
from google.protobuf.message import Message
from google.rpc.code_pb2 import Code as WireCode
from google.rpc.error_details_pb2 import ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status as WireStatus

from medsettle.wire.reasons import DOMAIN, REASONS, Code, Retry
from medsettle_gateway.rpc.codec.details import attached
from medsettle_gateway.service.commands import RefusedAnswer

LARGEST_STATUS_BYTES: Final = 4_000
"""Metadata of an answer must stay below 8 KB with certificate and signature, base64 included."""
_PACKING_BYTES: Final = 100
_LARGEST_FACTS_BYTES: Final = 1_000
_LONGEST_FACT_CHARS: Final = 120
_PAIR_BYTES: Final = 8


@dataclass(frozen=True, slots=True)
class Status:
    """A refused call: ``details`` are the bytes of google.rpc.Status."""

    code: Code
    message: str
    details: bytes


def status_of(refused: RefusedAnswer) -> Status:
    """Returns the status of a refused call. What a till acts on is attached while it fits."""
    refusal = refused.refusal
    text = REASONS[refusal.reason]
    status = WireStatus(code=WireCode.Value(text.code.value), message=f"{refusal.reason.value}: {text.en}")
    _pack(status, ErrorInfo(reason=refusal.reason.value, domain=DOMAIN, metadata=_metadata(refused)))
    if refused.retry_after_ms is not None and text.retry is not Retry.NO:
        retry = RetryInfo()
        retry.retry_delay.FromMilliseconds(refused.retry_after_ms)
        _pack(status, retry)
    room_bytes = LARGEST_STATUS_BYTES - status.ByteSize() - _PACKING_BYTES
    for message in attached(refusal, room_bytes):
        if message.ByteSize() < room_bytes:
            _pack(status, message)
    return Status(text.code, status.message, status.SerializeToString())


def _pack(status: WireStatus, message: Message) -> None:
    packed = Packed()
    packed.Pack(message)
    status.details.append(packed)


def _metadata(refused: RefusedAnswer) -> dict[str, str]:
    """The facts to act on and the sentences; a fact never hides a sentence."""
    text = REASONS[refused.refusal.reason]
    facts = {"request_id": refused.request_id} if refused.request_id else {}
    return {
        **_trimmed(refused.refusal.detail),
        **facts,
        "recorded": "true" if refused.recorded else "false",
        "zh": text.zh,
        "en": text.en,
        "next_zh": text.next_zh,
        "next_en": text.next_en,
        "actor": text.actor.value,
        "retry": text.retry.value,
    }


def _trimmed(detail: Mapping[str, str]) -> dict[str, str]:
    """The facts of a refusal, as far as there is room: the first ones, whole or cut short."""
    kept: dict[str, str] = {}
    room = _LARGEST_FACTS_BYTES
    for name, value in detail.items():
        short = value[:_LONGEST_FACT_CHARS]
        room -= len(name.encode()) + len(short.encode()) + _PAIR_BYTES
        if room < 0:
            break
        kept[name] = short
    return kept
