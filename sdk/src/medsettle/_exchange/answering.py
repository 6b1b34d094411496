"""From the bytes of an answer to the till's values. What cannot be read in full counts as no answer."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TypeVar

from google.protobuf.message import DecodeError, Message
from google.protobuf.timestamp_pb2 import Timestamp

from medsettle.models import (
    AccountShare,
    Advisory,
    Breakdown,
    Difference,
    Leg,
    LineBreakdown,
    LineRefusal,
    Quote,
    Refusal,
    Remainder,
    Sale,
    Settlement,
    Split,
    Tendered,
    TraceEntry,
    Verdict,
)
from medsettle.wire.v1 import credential_pb2, reasons_pb2, sale_pb2, settlement_pb2

_M = TypeVar("_M", bound=Message)


class UnreadableError(ValueError):
    """An answer that lacks what the contract promises, or whose amounts do not add up."""


def parsed(message: type[_M], body: bytes) -> _M:
    """Returns the message of the bytes. Raises UnreadableError."""
    try:
        return message.FromString(body)
    except DecodeError as error:
        raise UnreadableError(f"not a {message.DESCRIPTOR.name}") from error


def fen(message: Message, field: str) -> int:
    """Returns an amount that must be there, in fen. Raises UnreadableError: absent is not zero."""
    if not message.HasField(field):
        raise UnreadableError(f"{message.DESCRIPTOR.name}.{field} is absent")
    amount: int = getattr(message, field)
    return amount


def optional_fen(message: Message, field: str) -> int | None:
    """Returns an amount in fen, or None where there is none."""
    return fen(message, field) if message.HasField(field) else None


def day(text: str) -> date | None:
    """Returns the day of an ISO date; None for an empty text. Raises UnreadableError."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise UnreadableError("not a date") from error


def instant(message: Message, field: str) -> datetime | None:
    """Returns an aware instant, or None where it is absent. Raises UnreadableError for one of no calendar."""
    if not message.HasField(field):
        return None
    stamp: Timestamp = getattr(message, field)
    try:
        return stamp.ToDatetime(UTC)
    except (ValueError, OverflowError) as error:
        raise UnreadableError(f"{message.DESCRIPTOR.name}.{field} is no time") from error


def name_of(enum: str, number: int) -> str:
    """Returns a value of an enum without its prefix; one that this release does not know keeps its number.

    Raises UnreadableError for the value that is never sent.
    """
    kind, prefix = _ENUMS[enum]
    if number == 0:
        raise UnreadableError(f"{enum} is absent")
    known = kind.DESCRIPTOR.values_by_number.get(number)
    return f"{prefix}{number}" if known is None else known.name.removeprefix(prefix)


_ENUMS = {
    "SaleState": (sale_pb2.SaleState, "SALE_STATE_"),
    "LegKind": (sale_pb2.LegKind, "LEG_KIND_"),
    "LegState": (sale_pb2.LegState, "LEG_STATE_"),
    "Reason": (reasons_pb2.Reason, "REASON_"),
}


def sale(body: bytes) -> Sale:
    """Returns the sale of any money call's answer: they have one form. Raises UnreadableError."""
    answer = parsed(settlement_pb2.GetSaleResponse, body)
    if not answer.HasField("sale"):
        raise UnreadableError("the answer has no sale")
    return _sale(answer.sale)


def sales_page(body: bytes) -> tuple[tuple[Sale, ...], str]:
    """Returns a page of sales and the token of the next, empty on the last. Raises UnreadableError."""
    page = parsed(settlement_pb2.ListSalesResponse, body)
    return tuple(_sale(each) for each in page.sales), page.next_page_token


def quote(body: bytes) -> Quote:
    """Returns a quote whose split is that of its settlements. Raises UnreadableError."""
    answer = parsed(settlement_pb2.QuoteResponse, body)
    if not answer.settlements:
        raise UnreadableError("the quote has no settlement")
    read = Quote(
        settlements=tuple(_settlement(each) for each in answer.settlements), split=split(answer.split),
        quote_token=answer.quote_token, expires_at=instant(answer, "expires_at"),
        service_on=day(answer.service_on), masked_name=answer.masked_name,
        advisories=advisories(answer.advisories), difference=_difference(answer),
    )
    if not read.split.same_as(_split_of(read.settlements)):
        raise UnreadableError("the quote's split is not that of its settlements")
    return read


def split(message: sale_pb2.Split) -> Split:
    """Returns who pays what. Raises UnreadableError."""
    return Split(fen(message, "cash_fen"), _shares(message.funds), _shares(message.accounts))


def breakdown(message: sale_pb2.Breakdown) -> Breakdown:
    """Returns how a total divides, its identities checked. Raises UnreadableError."""
    read = Breakdown(
        **{name: fen(message, name) for name in _AMOUNTS}, funds=_shares(message.funds),
        accounts=tuple(
            AccountShare(each.account, each.owner, fen(each, "amount_fen"), each.note_zh, each.note_en)
            for each in message.accounts
        ),
        afterwards=_shares(message.afterwards),
    )
    broken = read.broken_identity()
    if broken is not None:
        raise UnreadableError(f"the breakdown does not add up: {broken}")
    return read


_AMOUNTS = (
    "total_fen", "provider_borne_fen", "fully_self_paid_fen", "over_limit_fen", "self_pay_first_fen",
    "in_scope_fen", "deductible_fen", "over_cap_fen", "personal_fen", "cash_fen",
)


def refusal(message: sale_pb2.Refusal) -> Refusal:
    """Returns why something was refused."""
    return Refusal(
        name_of("Reason", message.reason), message.recorded, message.zh, message.en, message.next_zh,
        message.next_en, dict(message.details), line_refusals(message.lines), len(message.lines),
    )


def line_refusals(messages: Iterable[sale_pb2.LineRefusal]) -> tuple[LineRefusal, ...]:
    """Returns why lines were refused; the sentences at the first line of a reason hold for all its lines."""
    read: list[LineRefusal] = []
    said: dict[str, LineRefusal] = {}
    for each in messages:
        reason = name_of("Reason", each.reason)
        line = LineRefusal(
            each.line_id, each.item_code, reason, each.zh, each.en, each.next_zh, each.next_en,
            dict(each.details),
        )
        first = said.setdefault(reason, line)
        if not (each.zh or each.en):
            line = replace(
                line, zh=first.zh, en=first.en, next_zh=first.next_zh, next_en=first.next_en
            )
        read.append(line)
    return tuple(read)


def remainders(messages: Iterable[sale_pb2.Remainder]) -> tuple[Remainder, ...]:
    """Returns what is used and left of the year's figures. Raises UnreadableError."""
    return tuple(
        Remainder(
            each.counter, each.measure, each.period, fen(each, "used_fen"),
            optional_fen(each, "limit_fen"), optional_fen(each, "left_fen"),
            each.title_zh, each.title_en,
        )
        for each in messages
    )


def advisories(messages: Iterable[credential_pb2.Advisory]) -> tuple[Advisory, ...]:
    """Returns what the cashier should know."""
    return tuple(
        Advisory(
            each.code, each.zh, each.en, _VERDICTS.get(each.verdict, Verdict.REMIND), tuple(each.line_ids),
            each.clause,
        )
        for each in messages
    )


_VERDICTS = {
    credential_pb2.VERDICT_UNSPECIFIED: Verdict.NOTE,
    credential_pb2.VERDICT_REMIND: Verdict.REMIND,
    credential_pb2.VERDICT_WARN: Verdict.WARN,
    credential_pb2.VERDICT_BLOCK: Verdict.BLOCK,
}


def _sale(message: sale_pb2.Sale) -> Sale:
    state = name_of("SaleState", message.state)
    return Sale(
        request_id=message.request_id, state=state,
        first_state=name_of("SaleState", message.first_state) if message.first_state else state,
        refusal=refusal(message.refusal) if message.HasField("refusal") else None,
        legs=tuple(_leg(each) for each in message.legs),
        settlements=tuple(_settlement(each) for each in message.settlements),
        member=message.member, masked_name=message.masked_name, institution=message.institution,
        terminal=message.terminal, operator=message.operator, service_on=day(message.service_on),
        business_on=day(message.business_on), requested_at=instant(message, "requested_at"),
        committed_at=instant(message, "committed_at"),
        hold_expires_at=instant(message, "hold_expires_at"),
        tenders=tuple(
            Tendered(each.kind, fen(each, "amount_fen"), each.reference) for each in message.tenders
        ),
        receipt_token=message.receipt_token, replaces=message.replaces,
        recompute_due=tuple(message.recompute_due), epoch=optional_fen(message, "epoch"),
        advisories=advisories(message.advisories), replaced_by=message.replaced_by,
        undone_by=message.undone_by,
        difference=_difference(message),
    )


def _difference(message: sale_pb2.Sale | settlement_pb2.QuoteResponse) -> Difference | None:
    if not message.HasField("difference"):
        return None
    read = message.difference
    return Difference(fen(read, "cash_fen"), _shares(read.funds), _shares(read.accounts))


def _leg(message: sale_pb2.Leg) -> Leg:
    kind, state = name_of("LegKind", message.kind), name_of("LegState", message.state)
    return Leg(kind, message.id, fen(message, "amount_fen"), state)


def _settlement(message: sale_pb2.Settlement) -> Settlement:
    return Settlement(
        number=message.number or 1, benefit=message.benefit, title_zh=message.title_zh,
        title_en=message.title_en, breakdown=breakdown(message.breakdown),
        lines=tuple(_line(each) for each in message.lines),
        trace=tuple(_entry(each) for each in message.trace), remainders=remainders(message.remainders),
        pack=message.pack, pack_digest=message.pack_digest, catalogue_digest=message.catalogue_digest,
        engine_version=message.engine_version, emergency_order=message.emergency_order,
    )


def _line(message: sale_pb2.LineBreakdown) -> LineBreakdown:
    amounts = ("amount_fen", *_AMOUNTS[1:6])
    return LineBreakdown(
        message.line_id, message.item_code, message.name, message.kind, message.item_class,
        **{name: fen(message, name) for name in amounts},
    )


def _entry(message: sale_pb2.TraceEntry) -> TraceEntry:
    return TraceEntry(
        message.step, message.rule, message.clause, dict(message.inputs),
        optional_fen(message, "amount_fen"), message.zh, message.en, message.line_id,
    )


def _shares(messages: Iterable[sale_pb2.Share]) -> dict[str, int]:
    shares: dict[str, int] = {}
    for each in messages:
        if each.id in shares:
            raise UnreadableError(f"{each.id} pays twice")
        shares[each.id] = fen(each, "amount_fen")
    return shares


def _split_of(settlements: tuple[Settlement, ...]) -> Split:
    funds: dict[str, int] = {}
    accounts: dict[str, int] = {}
    for breakdown_ in (each.breakdown for each in settlements):
        for key, amount in breakdown_.funds.items():
            funds[key] = funds.get(key, 0) + amount
        for share in breakdown_.accounts:
            accounts[share.account] = accounts.get(share.account, 0) + share.amount_fen
    return Split(sum(each.breakdown.cash_fen for each in settlements), funds, accounts)
