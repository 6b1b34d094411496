"""From the gateway's own answers, as tills show them again, to the sales that they are about.

Nothing here is believed yet: the signature is checked by the service.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2

from medsettle.wire.reasons import DOMAIN, Reason
from medsettle.wire.states import SaleState
from medsettle.wire.v1 import credential_pb2, reasons_pb2, sale_pb2, settlement_pb2
from medsettle_gateway.domain.asked import Collect
from medsettle_gateway.domain.breakdown import (
    AccountNote,
    AccountShare,
    Breakdown,
    FundShare,
    LineBreakdown,
)
from medsettle_gateway.domain.counters import CounterKey, Remainder
from medsettle_gateway.domain.errors import LineFault
from medsettle_gateway.domain.finding import Finding
from medsettle_gateway.domain.ids import RequestId
from medsettle_gateway.domain.member import Owner
from medsettle_gateway.domain.recovery import Evidence
from medsettle_gateway.domain.sale import (
    NO_INPUT,
    AccountBooking,
    Effect,
    LineRecord,
    RefusalRecord,
    SaleRecord,
    SettlementRecord,
    TenderRecord,
    TraceStep,
)
from medsettle_gateway.domain.split import AccountPart, Difference, Split
from medsettle_gateway.domain.upstream import UpstreamRecord
from medsettle_gateway.rpc.codec import booked
from medsettle_gateway.rpc.codec.sale import NOTES, VERDICTS

_OK: Final = "OK"
_TEXTS: Final = frozenset({
    "recorded", "request_id", "zh", "en", "next_zh", "next_en", "actor", "retry",
})
_VERDICTS: Final = {number: verdict for verdict, number in VERDICTS.items() if verdict is not None}
_NOTE_BY_TEXT: Final = {en: note for note, (_, en) in NOTES.items()}


def sale_of(evidence: Evidence) -> SaleRecord | None:
    """Returns the sale that an answer is about, version 0; None if it says where none stands."""
    try:
        if evidence.code != _OK:
            return _refused(evidence)
        wire = settlement_pb2.GetSaleResponse.FromString(evidence.answer)
        return _sale(wire.sale) if wire.HasField("sale") else None
    except (DecodeError, ValueError, KeyError, OverflowError):
        return None


def _refused(evidence: Evidence) -> SaleRecord | None:
    """A refusal that was recorded under an id; None for any other."""
    for each in status_pb2.Status.FromString(evidence.answer).details:
        info = error_details_pb2.ErrorInfo()
        if each.Unpack(info) and info.domain == DOMAIN and info.metadata.get("recorded") == "true":
            break
    else:
        return None
    reason = Reason(info.reason)
    state = SaleState.SEALED if reason is Reason.SEALED else SaleState.REFUSED
    said = {name: text for name, text in info.metadata.items() if name not in _TEXTS}
    request_id = RequestId.parse(info.metadata["request_id"])
    at = datetime.fromtimestamp(evidence.timestamp_ms / 1000, UTC)
    return SaleRecord(
        request_id=request_id, state=state, first_state=state, version=0, operator="",
        service_on=request_id.ticket.day, requested_at=at, created_at=at, committed_at=at,
        refusal=RefusalRecord(reason, said) if state is SaleState.REFUSED else None,
    )


def _sale(wire: sale_pb2.Sale) -> SaleRecord:
    member, request_id = wire.member or None, RequestId.parse(wire.request_id)
    state, first = _state(wire.state), _state(wire.first_state)
    settlements = tuple(map(_settlement, wire.settlements))
    committed_at = wire.committed_at.ToDatetime(UTC)
    business_on, moves = booked.day_or_none(wire.business_on), wire.booked
    upstream = booked.upstream(moves)
    calculated_at = moves.calculated_at.ToDatetime(UTC) if moves.HasField("calculated_at") else committed_at
    return SaleRecord(
        request_id=request_id,
        state=state,
        first_state=first,
        version=0,
        operator=wire.operator,
        service_on=booked.day_or_none(wire.service_on) or request_id.ticket.day,
        requested_at=wire.requested_at.ToDatetime(UTC),
        created_at=moves.created_at.ToDatetime(UTC) if moves.HasField("created_at") else committed_at,
        committed_at=committed_at,
        fingerprint=booked.fingerprint(moves, member) if settlements or upstream else None,
        basket=booked.stay(moves),
        basket_digest=moves.goods_digest.hex(),
        collect=_collect(first, upstream),
        member=member,
        refusal=_refusal(wire.refusal) if wire.HasField("refusal") else None,
        settlements=settlements,
        split=Split.of(each.breakdown for each in settlements) if settlements else None,
        effect=_effect(wire) if settlements else None,
        calculated_at=calculated_at if settlements else None,
        hold_expires_at=wire.hold_expires_at.ToDatetime(UTC) if wire.HasField("hold_expires_at") else None,
        business_on=business_on,
        settled_on=business_on if state is SaleState.SETTLED else None,
        tenders=tuple(TenderRecord(each.kind, each.amount_fen, each.reference) for each in wire.tenders),
        receipt_token=wire.receipt_token,
        replaces=wire.replaces,
        replaced_by=wire.replaced_by,
        undone_by=wire.undone_by,
        findings=tuple(map(_finding, filter(_is_finding, wire.advisories))),
        difference=_difference(wire.difference) if wire.HasField("difference") else None,
        upstream=upstream,
        codes=booked.codes(moves),
        drawn=booked.drawn(moves),
        accepted=booked.accepted(moves),
        proxied=moves.proxied,
    )


def _collect(first: SaleState, upstream: UpstreamRecord | None) -> Collect:
    if upstream is not None:
        return upstream.collect
    return Collect.LATER if first is SaleState.HELD else Collect.NOW


def _state(number: sale_pb2.SaleState.ValueType) -> SaleState:
    return SaleState(sale_pb2.SaleState.Name(number).removeprefix("SALE_STATE_"))


def _difference(wire: sale_pb2.Difference) -> Difference:
    return Difference(
        tuple(FundShare(each.id, each.amount_fen) for each in wire.funds),
        tuple(AccountPart(each.id, each.amount_fen) for each in wire.accounts),
        wire.cash_fen,
    )


def _is_finding(wire: credential_pb2.Advisory) -> bool:
    return wire.verdict in _VERDICTS


def _finding(wire: credential_pb2.Advisory) -> Finding:
    return Finding(
        wire.code, _VERDICTS[wire.verdict], wire.zh, wire.en, tuple(wire.line_ids), wire.clause
    )


def _refusal(wire: sale_pb2.Refusal) -> RefusalRecord:
    reason = Reason(reasons_pb2.Reason.Name(wire.reason).removeprefix("REASON_"))
    return RefusalRecord(reason, dict(wire.details), lines=tuple(map(_line_fault, wire.lines)))


def _line_fault(wire: sale_pb2.LineRefusal) -> LineFault:
    reason = Reason(reasons_pb2.Reason.Name(wire.reason).removeprefix("REASON_"))
    return LineFault(wire.line_id, wire.item_code, reason, dict(wire.details))


def _effect(wire: sale_pb2.Sale) -> Effect:
    """Funds, accounts, cash and provider as the legs have them; the books of accounts are found later."""
    moves = wire.booked

    def of(kind: sale_pb2.LegKind.ValueType) -> list[tuple[str, int]]:
        return [(leg.id, leg.amount_fen) for leg in wire.legs if leg.kind == kind]

    return Effect(
        region=moves.region,
        scheme=moves.scheme,
        funds=tuple(FundShare(fund, amount_fen) for fund, amount_fen in of(sale_pb2.LEG_KIND_FUND)),
        accounts=tuple(
            AccountBooking(account, moves.region, moves.scheme, amount_fen)
            for account, amount_fen in of(sale_pb2.LEG_KIND_ACCOUNT)
        ),
        cash_fen=sum(amount_fen for _, amount_fen in of(sale_pb2.LEG_KIND_CASH)),
        provider_borne_fen=sum(amount_fen for _, amount_fen in of(sale_pb2.LEG_KIND_PROVIDER)),
        counters=booked.counters(moves),
        dispensed=booked.dispensed(moves.dispensed),
        upstream=moves.upstream,
        fund_variance=booked.variances(moves),
    )


def _settlement(wire: sale_pb2.Settlement) -> SettlementRecord:
    """One benefit's calculation, without its input: that is lost with the books."""
    numbers = {line.line_id: number for number, line in enumerate(wire.lines)}
    return SettlementRecord(
        number=wire.number,
        benefit=wire.benefit,
        title_zh=wire.title_zh,
        title_en=wire.title_en,
        breakdown=_breakdown(wire.breakdown, wire.lines),
        lines=tuple(
            LineRecord(each.line_id, each.item_code, each.name, each.kind, each.item_class)
            for each in wire.lines
        ),
        trace=tuple(
            TraceStep(
                each.step, each.rule, each.clause,
                {name: _value(text) for name, text in each.inputs.items()}, each.amount_fen,
                numbers.get(each.line_id),
            )
            for each in wire.trace
        ),
        remainders=tuple(map(_remainder, wire.remainders)),
        pack=wire.pack,
        pack_digest=wire.pack_digest,
        catalogue_digest=wire.catalogue_digest,
        engine_version=wire.engine_version,
        input_json=NO_INPUT,
        order=wire.emergency_order,
    )


def _breakdown(wire: sale_pb2.Breakdown, lines: Sequence[sale_pb2.LineBreakdown]) -> Breakdown:
    return Breakdown(
        total_fen=wire.total_fen,
        provider_borne_fen=wire.provider_borne_fen,
        fully_self_paid_fen=wire.fully_self_paid_fen,
        over_limit_fen=wire.over_limit_fen,
        self_pay_first_fen=wire.self_pay_first_fen,
        in_scope_fen=wire.in_scope_fen,
        deductible_fen=wire.deductible_fen,
        over_cap_fen=wire.over_cap_fen,
        funds=tuple(FundShare(each.id, each.amount_fen) for each in wire.funds),
        personal_fen=wire.personal_fen,
        accounts=tuple(map(_account_share, wire.accounts)),
        cash_fen=wire.cash_fen,
        lines=tuple(
            LineBreakdown(*(getattr(line, name) for name in LineBreakdown._fields)) for line in lines
        ),
        afterwards=tuple(FundShare(each.id, each.amount_fen) for each in wire.afterwards),
    )


def _account_share(wire: sale_pb2.AccountShare) -> AccountShare:
    note: AccountNote | None = _NOTE_BY_TEXT.get(wire.note_en)
    return AccountShare(wire.account, Owner(wire.owner), wire.amount_fen, note)


def _remainder(wire: sale_pb2.Remainder) -> Remainder:
    return Remainder(
        CounterKey(wire.period, wire.counter, booked.measure(wire.measure)),
        wire.used_fen,
        wire.limit_fen if wire.HasField("limit_fen") else None,
        wire.left_fen if wire.HasField("left_fen") else None,
        wire.title_zh,
        wire.title_en,
    )


def _value(text: str) -> str | int | None:
    """A value of a trace, as it was before it became text."""
    digits = text.removeprefix("-")
    if digits.isascii() and digits.isdigit() and str(int(text)) == text:
        return int(text)
    return text or None
