"""Requests that do something to a sale, and the one that looks it up."""

from datetime import datetime
from typing import Final, NamedTuple

from google.protobuf.message import Message

from medsettle.wire.v1 import sale_pb2, settlement_pb2
from medsettle_gateway.domain.ids import RequestId
from medsettle_gateway.domain.money import LARGEST_FEN
from medsettle_gateway.domain.sale import TenderRecord
from medsettle_gateway.rpc.codec import form
from medsettle_gateway.rpc.codec.parts import Asked, Limits, full, of_institution, request_id
from medsettle_gateway.service.commands import Caller, Confirm, GetSale, Release, Reverse, Seal

_OPERATOR_CHARS: Final = 40
_REASON_CHARS: Final = 200
_TENDER_COUNT: Final = 8
_TENDER_KIND_CHARS: Final = 16
_TENDER_REFERENCE_CHARS: Final = 64


def confirm(body: bytes, caller: Caller, _: Limits) -> Asked:
    """Returns what a confirmation asks for. Raises Refused."""
    wire = form.parsed(settlement_pb2.ConfirmRequest, body)
    form.within(len(wire.tenders), _TENDER_COUNT, "tenders")
    tenders = tuple(_tender(each, f"tenders[{number}]") for number, each in enumerate(wire.tenders, 1))
    act = _act(wire, wire.request_id, wire.operator, wire.view, caller)
    return Asked(Confirm(caller, act.request_id, tenders, act.operator, act.requested_at), act.full)


def release(body: bytes, caller: Caller, _: Limits) -> Asked:
    """Returns what a release asks for. Raises Refused."""
    wire = form.parsed(settlement_pb2.ReleaseRequest, body)
    act = _act(wire, wire.request_id, wire.operator, wire.view, caller)
    return Asked(Release(caller, act.request_id, act.operator, act.requested_at), act.full)


def reverse(body: bytes, caller: Caller, _: Limits) -> Asked:
    """Returns what a reversal asks for. Raises Refused."""
    wire = form.parsed(settlement_pb2.ReverseRequest, body)
    reason = form.text(wire.reason, _REASON_CHARS, "reason")
    act = _act(wire, wire.request_id, wire.operator, wire.view, caller)
    return Asked(Reverse(caller, act.request_id, reason, act.operator, act.requested_at), act.full)


def seal(body: bytes, caller: Caller, _: Limits) -> Asked:
    """Returns what a seal asks for. Raises Refused."""
    wire = form.parsed(settlement_pb2.SealRequest, body)
    act = _act(wire, wire.request_id, wire.operator, wire.view, caller)
    return Asked(Seal(caller, act.request_id, act.operator, act.requested_at), act.full)


def get_sale(body: bytes, caller: Caller, _: Limits) -> Asked:
    """Returns what a look-up asks for. Raises Refused."""
    wire = form.parsed(settlement_pb2.GetSaleRequest, body)
    sale_id, whole = request_id(wire.request_id), full(wire.view)
    return Asked(GetSale(caller, of_institution(sale_id, caller)), whole)


class _Act(NamedTuple):
    """What every request has that does something to a sale."""

    request_id: RequestId
    operator: str
    requested_at: datetime
    full: bool


def _act(wire: Message, id_text: str, operator: str, view: int, caller: Caller) -> _Act:
    sale_id = request_id(id_text)
    return _Act(
        request_id=of_institution(sale_id, caller),
        operator=form.text(operator, _OPERATOR_CHARS, "operator"),
        requested_at=form.instant_of(wire, "requested_at"),
        full=full(view),
    )


def _tender(wire: sale_pb2.Tender, path: str) -> TenderRecord:
    return TenderRecord(
        kind=form.text(wire.kind, _TENDER_KIND_CHARS, f"{path}.kind"),
        # As much as a whole basket may come to: what could be held can be confirmed.
        amount_fen=form.amount_of(wire, "amount_fen", path, least=1, most=LARGEST_FEN),
        reference=form.optional_text(wire.reference, _TENDER_REFERENCE_CHARS, f"{path}.reference"),
    )
