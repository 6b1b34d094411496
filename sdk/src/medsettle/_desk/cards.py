"""From a sale's record to its card: what is known, what to tell the patient, what to do next."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from medsettle._desk.saying import NOT_SENT, OF_ANOTHER, UNKNOWN, say
from medsettle.errors import GatewayAwayError, error_class
from medsettle.models import (
    Leg,
    LegKind,
    LegState,
    Outcome,
    Quote,
    Refusal,
    Sale,
    SaleCard,
    SaleState,
)
from medsettle.record import Known, SaleRecord
from medsettle.sale import outcome, refund_due_fen
from medsettle.wire.reasons import Reason

_UNDONE: Final = frozenset({SaleState.RELEASED, SaleState.REVERSED})
ASK_AGAIN_AFTER: Final = timedelta(seconds=60)


def card_of(
    record: SaleRecord, now: datetime, sale: Sale | None = None, quote: Quote | None = None,
    trouble: Refusal | None = None,
) -> SaleCard:
    """Returns a record's card. ``sale``: its latest verified answer; ``trouble``: what stopped the till."""
    said, words = outcome(record), say(record, sale.replaced_by if sale else "")
    return SaleCard(
        request_id=record.request_id, outcome=said, state=_proven(record), legs=_legs(record, sale),
        cash=record.cash, tenders=record.tenders, refund_due_fen=refund_due_fen(record),
        expected=record.expected,
        refusal=trouble or _worth_saying(record, said), sale=sale, quote=quote,
        next_query_at=now + ASK_AGAIN_AFTER if said is Outcome.OPEN else None, **words._asdict(),
    )


def card_not_sent(refusal: Refusal, quote: Quote | None = None) -> SaleCard:
    """Returns the card of a sale that never left the till."""
    return SaleCard(
        request_id=None, outcome=Outcome.NOT_PAID, state=None, refusal=refusal, quote=quote,
        **NOT_SENT._asdict(),
    )


def card_busy(refusal: Refusal, now: datetime) -> SaleCard:
    """Returns the card of a ticket that another click is at: nothing is known of it yet."""
    return SaleCard(
        request_id=None, outcome=Outcome.OPEN, state=None, refusal=refusal,
        next_query_at=now + ASK_AGAIN_AFTER, **UNKNOWN._asdict(),
    )


def card_of_another(record: SaleRecord, refusal: Refusal, now: datetime) -> SaleCard:
    """Returns the card of a click that is not the one that this sale belongs to: nothing was sent for it.

    OPEN while the sale is: it may be the same patient with a new credential.
    """
    is_open = outcome(record) is Outcome.OPEN
    return SaleCard(
        request_id=None, outcome=Outcome.OPEN if is_open else Outcome.NOT_PAID, state=None, refusal=refusal,
        next_query_at=now + ASK_AGAIN_AFTER if is_open else None, **OF_ANOTHER._asdict(),
    )


def as_earlier(card: SaleCard) -> SaleCard:
    """Returns the card of a paid sale, told to somebody who may not be its patient."""
    name = card.sale.masked_name if card.sale else ""
    of_zh, of_en = (f"(患者 {name})", f" by {name}") if name else ("", "")
    return replace(
        card, earlier=True, tell_zh=f"这张小票此前已经结算{of_zh};本次没有收费。",
        tell_en=f"This ticket was already paid{of_en}; nothing was charged now.",
        next_zh="请核对患者:同一位患者不要再收款、不要重复交付商品;另一位患者请换一个新的票号。",
        next_en="Check who it is. The same patient: collect nothing, hand nothing over twice. "
                "Another patient: use a new ticket number.",
    )


def as_anothers(card: SaleCard, standing: Sale | None) -> SaleCard:
    """Returns the card of a click whose id stands for an earlier sale that the journal does not know.

    Nothing was sold now, but the id must not be taken for one that is not paid. ``standing``: that sale,
    if the gateway said where it stands.
    """
    state, zh, en = "", "", ""
    if standing is not None:
        state, total = standing.state, standing.split().total_fen
        amount = f"{total // 100}.{total % 100:02d}"
        zh = f"({state},患者 {standing.masked_name or '-'},{amount} 元)"
        en = f" ({state}, {standing.masked_name or '-'}, {amount} yuan)"
    details = {"other_request_id": card.request_id or "", "other_state": state}
    refusal = card.refusal and replace(card.refusal, details={**card.refusal.details, **details})
    return replace(
        card, refusal=refusal,
        tell_zh=f"本次没有结算。流水号 {card.request_id} 是此前的另一笔业务{zh},那一笔不受影响。",
        tell_en=f"Nothing was sold now. {card.request_id} is another, earlier sale{en}; it stands as it was.",
    )


def as_noted(card: SaleCard) -> SaleCard:
    """Returns the card of a sale whose cash was written down as given back before: a second click."""
    return replace(
        card, next_zh=f"此前已经登记,本次没有更改。{card.next_zh}",
        next_en=f"It was written down before; nothing was changed now. {card.next_en}",
    )


def as_journalled(card: SaleCard, *, recovering: bool = False, missing: bool = False) -> SaleCard:
    """Returns the card of a sale that was paid by the journal, when nobody could say how it is today.

    ``recovering``: the gateway was asked, and has yet to compare after a restore. ``missing``: it said by its
    signature that it has no such sale.
    """
    why_zh, why_en = "现在未能向网关核实", "the gateway could not be asked now"
    if recovering:
        why_zh, why_en = "网关刚从备份恢复,尚未与本机核对", "the gateway was restored and has yet to compare"
    if missing:
        why_zh, why_en = "网关现在没有这笔业务", "the gateway has no such sale now"
        card = replace(
            card, next_zh="请保留小票和收银日志,不要撤销或重新结算,并联系网关运营方。",
            next_en="Keep the receipt and the till's journal, neither reverse nor sell it again, and call "
                    "the gateway's operator.",
        )
    return replace(
        card, tell_zh=f"{card.tell_zh}这是收银日志记录当时的状态,{why_zh}。",
        tell_en=f"{card.tell_en} So the journal has it, as of then; {why_en}.",
    )


def _proven(record: SaleRecord) -> str | None:
    return None if record.state in Known.__members__ else record.state


def _worth_saying(record: SaleRecord, said: Outcome) -> Refusal | None:
    """A trouble on the way is not told of a sale that went through, unless undoing it was refused; nor
    that nobody answered, of one that is undone; nor that nothing is known yet, once it is.
    """
    refusal = record.refusal
    if refusal is None or (said is Outcome.PAID and not record.undo_reason):
        return None
    if refusal.reason == Reason.RECOVERING and said is not Outcome.OPEN and not _was_put_off(record, refusal):
        return None
    undone = said is not Outcome.OPEN and record.state in _UNDONE
    return None if undone and issubclass(error_class(refusal.reason), GatewayAwayError) else refusal


def _was_put_off(record: SaleRecord, refusal: Refusal) -> bool:
    """A return that waits for other tills is closed unsettled, and that is why."""
    return record.state == SaleState.SEALED and "awaited" in refusal.details


def _legs(record: SaleRecord, sale: Sale | None) -> tuple[Leg, ...]:
    if sale is not None and sale.legs:
        if not record.stale:
            return sale.legs
        return tuple(Leg(leg.kind, leg.id, leg.amount_fen, LegState.UNKNOWN) for leg in sale.legs)
    if record.expected is None:
        return ()
    split = record.expected
    shares = [(LegKind.FUND, key, fen) for key, fen in split.funds.items()]
    shares += [(LegKind.ACCOUNT, key, fen) for key, fen in split.accounts.items()]
    shares.append((LegKind.CASH, "cash", split.cash_fen))
    return tuple(Leg(kind, key, fen, LegState.UNKNOWN) for kind, key, fen in shares if fen)
