"""A sale and its settlements, for the wire."""

from collections.abc import Sequence
from typing import Final

from medsettle.wire.reasons import REASONS
from medsettle.wire.states import SaleState
from medsettle.wire.v1 import credential_pb2, reasons_pb2, sale_pb2
from medsettle_gateway.domain.breakdown import AccountNote, AccountShare, Breakdown, LineBreakdown
from medsettle_gateway.domain.counters import Remainder
from medsettle_gateway.domain.errors import LineFault
from medsettle_gateway.domain.finding import Finding, Verdict
from medsettle_gateway.domain.legs import Leg, LegKind, LegState, legs_of
from medsettle_gateway.domain.sale import (
    LineRecord,
    RefusalRecord,
    SettlementRecord,
    TraceStep,
    findings_of,
)
from medsettle_gateway.domain.split import Difference, Split
from medsettle_gateway.policy import sentences
from medsettle_gateway.rpc.codec import form
from medsettle_gateway.rpc.codec.booked import booked
from medsettle_gateway.service.advice import warned
from medsettle_gateway.service.checked import Advisory
from medsettle_gateway.service.commands import SaleAnswer

NOTES: Final[dict[AccountNote, tuple[str, str]]] = {
    AccountNote.OWNER_NOT_ALLOWED: (
        "该账户按本地规定不能支付。", "This account may not pay under the region's rules.",
    ),
    AccountNote.NO_OWN_ACCOUNT: (
        "患者的参保方式没有个人账户。", "The patient's enrolment has no personal account.",
    ),
    AccountNote.NOTHING_PAYABLE: (
        "本单没有可用个人账户支付的项目。", "Nothing in this basket may be paid from an account here.",
    ),
    AccountNote.BALANCE_ZERO: ("账户余额为零。", "The account's balance is 0."),
    AccountNote.LIMIT_REACHED: (
        "账户所有人为患者设定的本年额度已经用完。",
        "What the owner allows this patient for the year is used up.",
    ),
}
"""Why an account paid nothing although something was asked of it."""

VERDICTS: Final[dict[Verdict | None, credential_pb2.Verdict.ValueType]] = {
    None: credential_pb2.VERDICT_UNSPECIFIED,
    Verdict.REMIND: credential_pb2.VERDICT_REMIND,
    Verdict.WARN: credential_pb2.VERDICT_WARN,
    Verdict.BLOCK: credential_pb2.VERDICT_BLOCK,
}
_LINE_DIGITS: Final = 4
_STATES: Final[dict[SaleState, sale_pb2.SaleState.ValueType]] = {
    state: sale_pb2.SaleState.Value(f"SALE_STATE_{state.value}")
    for state in SaleState if state is not SaleState.ABSENT
}
_LEG_KINDS: Final = {kind: sale_pb2.LegKind.Value(f"LEG_KIND_{kind.value}") for kind in LegKind}
_LEG_STATES: Final = {each: sale_pb2.LegState.Value(f"LEG_STATE_{each.value}") for each in LegState}


def sale(answer: SaleAnswer, *, full: bool) -> sale_pb2.Sale:
    """Returns a sale; ``full`` with lines, trace and remainders."""
    record = answer.sale
    wire = sale_pb2.Sale(
        request_id=record.request_id.text,
        state=_STATES[record.state],
        first_state=_STATES[record.first_state],
        legs=map(_leg, legs_of(record)),
        settlements=[settlement(each, full=full) for each in record.settlements],
        member=record.member or "",
        masked_name=answer.masked_name,
        institution=record.institution,
        terminal=record.terminal,
        operator=record.operator,
        service_on=record.service_on.isoformat(),
        business_on=record.business_on.isoformat() if record.business_on else "",
        requested_at=form.timestamp(record.requested_at),
        committed_at=form.timestamp(record.committed_at),
        tenders=[sale_pb2.Tender(kind=k, amount_fen=a, reference=r) for k, a, r in record.tenders],
        receipt_token=record.receipt_token,
        replaces=record.replaces,
        replaced_by=record.replaced_by,
        undone_by=record.undone_by,
        recompute_due=_of_institution(record.recompute_due, record.institution),
        advisories=[*map(advisory, findings_of(record)), *map(advisory, warned(record.settlements))],
        epoch=answer.epoch,
    )
    if record.difference is not None:
        wire.difference.CopyFrom(difference(record.difference))
    if record.effect is not None or record.state is SaleState.PENDING:
        wire.booked.CopyFrom(booked(record))
    if record.refusal is not None:
        wire.refusal.CopyFrom(refusal(record.refusal, recorded=True))
    if record.state is SaleState.HELD and record.hold_expires_at is not None:
        wire.hold_expires_at.CopyFrom(form.timestamp(record.hold_expires_at))
    return wire


def _of_institution(request_ids: Sequence[str], institution: str) -> list[str]:
    """A till hears of no other institution's sales; the operator finds them all in the record."""
    return [text for text in request_ids if text.startswith(f"{institution}-")]


def state(value: SaleState) -> sale_pb2.SaleState.ValueType:
    """Returns a sale's state; never ABSENT, which no reader is sent."""
    return _STATES[value]


def _leg(leg: Leg) -> sale_pb2.Leg:
    return sale_pb2.Leg(
        kind=_LEG_KINDS[leg.kind], id=leg.id, amount_fen=leg.amount_fen, state=_LEG_STATES[leg.state]
    )


def refusal(record: RefusalRecord, *, recorded: bool) -> sale_pb2.Refusal:
    """Returns why a sale, a benefit or a patient was refused, with its sentences."""
    text = REASONS[record.reason]
    return sale_pb2.Refusal(
        reason=reasons_pb2.Reason.Value(f"REASON_{record.reason.value}"),
        recorded=recorded,
        zh=text.zh,
        en=text.en,
        next_zh=text.next_zh,
        next_en=text.next_en,
        details=record.detail,
        lines=map(line_refusal, record.lines),
    )


def line_refusal(fault: LineFault, *, told: bool = False) -> sale_pb2.LineRefusal:
    """Returns why a line was refused, with its sentences unless they are ``told`` already."""
    text = REASONS[fault.reason]
    wire = sale_pb2.LineRefusal(
        line_id=fault.line_id,
        item_code=fault.item_code,
        reason=reasons_pb2.Reason.Value(f"REASON_{fault.reason.value}"),
        details=fault.detail,
    )
    if not told:
        wire.zh, wire.en, wire.next_zh, wire.next_en = text.zh, text.en, text.next_zh, text.next_en
    return wire


def settlement(record: SettlementRecord, *, full: bool) -> sale_pb2.Settlement:
    """Returns one benefit's calculation; ``full`` with lines, trace and remainders."""
    wire = sale_pb2.Settlement(
        number=record.number,
        benefit=record.benefit,
        title_zh=record.title_zh,
        title_en=record.title_en,
        breakdown=breakdown(record.breakdown),
        pack=record.pack,
        pack_digest=record.pack_digest,
        catalogue_digest=record.catalogue_digest,
        engine_version=record.engine_version,
        emergency_order=record.order,
    )
    if full:
        wire.lines.extend(map(_line, record.lines, record.breakdown.lines))
        wire.trace.extend(_step(each, record.lines) for each in record.trace)
        wire.remainders.extend(map(remainder, record.remainders))
    return wire


def breakdown(record: Breakdown) -> sale_pb2.Breakdown:
    """Returns how a total divides, without its lines."""
    return sale_pb2.Breakdown(
        total_fen=record.total_fen,
        provider_borne_fen=record.provider_borne_fen,
        fully_self_paid_fen=record.fully_self_paid_fen,
        over_limit_fen=record.over_limit_fen,
        self_pay_first_fen=record.self_pay_first_fen,
        in_scope_fen=record.in_scope_fen,
        deductible_fen=record.deductible_fen,
        over_cap_fen=record.over_cap_fen,
        funds=[sale_pb2.Share(id=fund, amount_fen=amount_fen) for fund, amount_fen in record.funds],
        personal_fen=record.personal_fen,
        accounts=map(_account_share, record.accounts),
        cash_fen=record.cash_fen,
        afterwards=[sale_pb2.Share(id=layer, amount_fen=fen) for layer, fen in record.afterwards],
    )


def advisory(each: Advisory | Finding) -> credential_pb2.Advisory:
    """Returns something that the cashier should know."""
    return credential_pb2.Advisory(
        code=each.code,
        zh=each.zh,
        en=each.en,
        verdict=VERDICTS[each.verdict],
        line_ids=each.line_ids,
        clause=each.clause,
    )


def _account_share(share: AccountShare) -> sale_pb2.AccountShare:
    zh, en = ("", "") if share.note is None else NOTES[share.note]
    return sale_pb2.AccountShare(
        account=share.account, owner=share.owner.value, amount_fen=share.amount_fen, note_zh=zh, note_en=en
    )


def split(record: Split) -> sale_pb2.Split:
    """Returns who pays what."""
    return sale_pb2.Split(
        funds=[sale_pb2.Share(id=fund, amount_fen=amount_fen) for fund, amount_fen in record.funds],
        accounts=[sale_pb2.Share(id=part.account, amount_fen=part.amount_fen) for part in record.accounts],
        cash_fen=record.cash_fen,
    )


def difference(record: Difference) -> sale_pb2.Difference:
    """Returns what goes back to each payer."""
    return sale_pb2.Difference(
        funds=[sale_pb2.Share(id=fund, amount_fen=amount_fen) for fund, amount_fen in record.funds],
        accounts=[sale_pb2.Share(id=part.account, amount_fen=part.amount_fen) for part in record.accounts],
        cash_fen=record.cash_fen,
    )


def _line(said: LineRecord, divided: LineBreakdown) -> sale_pb2.LineBreakdown:
    return sale_pb2.LineBreakdown(
        line_id=said.line_id,
        item_code=said.item_code,
        name=said.name,
        kind=said.kind,
        item_class=said.item_class,
        **divided._asdict(),
    )


def _step(record: TraceStep, lines: Sequence[LineRecord]) -> sale_pb2.TraceEntry:
    step, rule, clause, inputs, amount_fen, line = record
    line_id = "" if line is None else lines[line].line_id
    zh, en = sentences.told_by_name(step, inputs, amount_fen, _index_on_ticket(line_id, line))
    return sale_pb2.TraceEntry(
        step=step,
        rule=rule,
        clause=clause,
        inputs={name: "" if value is None else str(value) for name, value in inputs.items()},
        amount_fen=amount_fen,
        zh=zh,
        en=en,
        line_id=line_id,
    )


def _index_on_ticket(line_id: str, line: int | None) -> int | None:
    """Where the till numbers its lines, a sentence says that number, not the place in one settlement."""
    numbered = line_id.isascii() and line_id.isdigit() and len(line_id) <= _LINE_DIGITS and int(line_id) > 0
    return int(line_id) - 1 if numbered else line


def remainder(record: Remainder) -> sale_pb2.Remainder:
    """Returns what is used and left of one yearly figure."""
    return sale_pb2.Remainder(
        counter=record.key.counter,
        measure=record.key.measure,
        period=record.key.period,
        used_fen=record.used_fen,
        limit_fen=record.limit_fen,
        left_fen=record.left_fen,
        title_zh=record.title_zh,
        title_en=record.title_en,
    )
