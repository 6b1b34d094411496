"""From a call's error status to a refusal: ErrorInfo, RetryInfo and the message of its reason."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2

from medsettle._exchange.answering import (
    UnreadableError,
    advisories,
    breakdown,
    instant,
    line_refusals,
    name_of,
    split,
)
from medsettle.errors import refusal_of
from medsettle.models import Breakdown, Refusal, Split
from medsettle.ticket import china_time
from medsettle.till_reasons import TillReason
from medsettle.wire.reasons import DOMAIN, Code
from medsettle.wire.v1 import errors_pb2

DETAILS_BYTES_MAX: Final = 16_384
"""Details of an error are small (the contract keeps them under 4 KB); larger ones are not read."""

_TEXTS: Final = ("recorded", "zh", "en", "next_zh", "next_en", "actor", "retry")
_AWAY: Final = frozenset({Code.UNAVAILABLE, Code.DEADLINE_EXCEEDED, Code.RESOURCE_EXHAUSTED})


@dataclass(frozen=True, slots=True)
class Facts:
    """A refusal and what the till acts on: a delay, the gateway's time, another split, another sale."""

    refusal: Refusal
    retry_after_ms: int | None = None
    gateway_at: datetime | None = None
    expected: Split | None = None
    now: Split | None = None
    breakdown: Breakdown | None = None
    other_request_id: str | None = None
    other_state: str | None = None
    other_created_at: datetime | None = None


def facts_of(code: str, details: bytes) -> Facts:
    """Returns what the status of a refused call says; what cannot be read is left out."""
    facts = Facts(_nameless(code))
    try:
        status = status_pb2.Status.FromString(details[:DETAILS_BYTES_MAX])
        for each in status.details:
            facts = _with(facts, each.TypeName(), each.value)
    except (DecodeError, UnreadableError):
        return facts
    return _naming_the_other_sale(facts)


def _naming_the_other_sale(facts: Facts) -> Facts:
    """The other sale is told with the refusal too: a card has nothing else of it."""
    if facts.other_request_id is None or facts.other_state is None:
        return facts
    other = {"other_request_id": facts.other_request_id, "other_state": facts.other_state}
    if facts.other_created_at is not None:
        other["other_created_at"] = china_time(facts.other_created_at).isoformat(timespec="seconds")
    refusal = replace(facts.refusal, details={**facts.refusal.details, **other})
    return replace(facts, refusal=refusal)


def _nameless(code: str) -> Refusal:
    """What a status without details means: mostly that nobody was there to answer."""
    reason = TillReason.GATEWAY_AWAY if code in _AWAY else TillReason.ANSWER_UNREADABLE
    return refusal_of(reason, code=code)


def _with(facts: Facts, kind: str, value: bytes) -> Facts:
    match kind:
        case "google.rpc.ErrorInfo":
            return _with_info(facts, error_details_pb2.ErrorInfo.FromString(value))
        case "google.rpc.RetryInfo":
            delay = error_details_pb2.RetryInfo.FromString(value).retry_delay
            return replace(facts, retry_after_ms=max(0, delay.ToMilliseconds()))
        case "medsettle.wire.v1.QuoteChanged":
            return _with_quote(facts, errors_pb2.QuoteChanged.FromString(value))
        case "medsettle.wire.v1.OtherSale":
            other = errors_pb2.OtherSale.FromString(value)
            state = name_of("SaleState", other.state)
            return replace(
                facts, other_request_id=other.request_id, other_state=state,
                other_created_at=instant(other, "created_at"),
            )
        case "medsettle.wire.v1.LinesRefused":
            return _with_lines(facts, errors_pb2.LinesRefused.FromString(value))
        case "medsettle.wire.v1.SupervisionFound":
            return _with_findings(facts, errors_pb2.SupervisionFound.FromString(value))
        case "medsettle.wire.v1.ClockSkew":
            skew = errors_pb2.ClockSkew.FromString(value)
            return replace(facts, gateway_at=instant(skew, "gateway_at"))
        case _:
            return facts


def _with_lines(facts: Facts, said: errors_pb2.LinesRefused) -> Facts:
    lines = line_refusals(said.lines)
    count = max(said.lines_count, len(lines))
    return replace(facts, refusal=replace(facts.refusal, lines=lines, lines_count=count))


def _with_findings(facts: Facts, said: errors_pb2.SupervisionFound) -> Facts:
    found = advisories(said.findings)
    count = max(said.findings_count, len(found))
    return replace(facts, refusal=replace(facts.refusal, findings=found, findings_count=count))


def _with_info(facts: Facts, info: error_details_pb2.ErrorInfo) -> Facts:
    if info.domain != DOMAIN:
        return facts
    said = dict(info.metadata)
    refusal = Refusal(
        _of_the_contract(info.reason), said.get("recorded") == "true", said.get("zh", ""),
        said.get("en", ""), said.get("next_zh", ""), said.get("next_en", ""),
        {key: value for key, value in said.items() if key not in _TEXTS},
        facts.refusal.lines, facts.refusal.lines_count, facts.refusal.findings, facts.refusal.findings_count,
    )
    return replace(facts, refusal=refusal)


def _of_the_contract(reason: str) -> str:
    """The till's own reasons are never sent: a gateway's of such a name is one that is not known here."""
    return f"GATEWAY_{reason}" if reason in TillReason.__members__ else reason


def _with_quote(facts: Facts, changed: errors_pb2.QuoteChanged) -> Facts:
    read = breakdown(changed.breakdown) if changed.HasField("breakdown") else None
    return replace(facts, expected=split(changed.expected), now=split(changed.now), breakdown=read)
