"""From a sale's record to its card: what is known, what to tell the patient, what to do next."""

from datetime import datetime, timedelta
from typing import Final, NamedTuple

from medsettle.models import (
    CashState,
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

ASK_AGAIN_AFTER: Final = timedelta(seconds=60)


class Say(NamedTuple):
    """What to tell the patient, and what the cashier does next."""

    tell_zh: str
    tell_en: str
    next_zh: str
    next_en: str


_NOTHING: Final = (
    "没有结算,未动用医保基金和个人账户。", "No sale was made; no fund or account was charged.",
)
PAID: Final = Say(
    "医保结算成功。", "The sale is settled.",
    "请打印小票并交付商品。", "Print the receipt and hand over the goods.",
)
NOT_SENT: Final = Say(*_NOTHING, "可更改后重新结算。", "Correct what is named, then start again.")
_NOT_PAID: Final[dict[str, Say]] = {
    SaleState.REFUSED: Say(
        *_NOTHING, "可按提示处理后用下一次数重新结算。",
        "Do what the reason says, then settle the next attempt.",
    ),
    SaleState.SEALED: Say(
        *_NOTHING, "该流水号已封存;可用下一次数重新结算。",
        "The id is sealed; settle the next attempt.",
    ),
    SaleState.RELEASED: Say(
        "预占的医保额度和账户金额已释放,没有扣款。", "What was reserved is free again; nothing was charged.",
        "可用下一次数重新结算。", "Settle the next attempt if it is still wanted.",
    ),
    SaleState.REVERSED: Say(
        "结算已撤销,基金和个人账户部分已原路退回。",
        "The sale was reversed; funds and accounts have their parts back.",
        "请收回商品。", "Take the goods back.",
    ),
    Known.FOREIGN: Say(*_NOTHING, "请换一个新的票号重新结算。", "Start again with a new ticket number."),
}
_UNKNOWN: Final = Say(
    "结果正在确认,请稍候;不会重复扣款。", "The outcome is being found out; nobody is charged twice.",
    "请勿重复收费,也不要当作失败;稍后执行 medsettle recover。",
    "Neither charge again nor call it failed; run medsettle recover shortly.",
)
_OPEN: Final[dict[str, Say]] = {
    SaleState.HELD: Say(
        "医保部分已预占,等待收取自付部分。", "The insured part is reserved; the cash part is due.",
        "请收取自付部分后确认,或释放。", "Collect the cash part and confirm, or release it.",
    ),
    SaleState.EXPIRED: Say(
        "预占已过时效,尚未扣款。", "The hold has ended; nothing is charged yet.",
        "请执行 medsettle recover 了结。", "Run medsettle recover to end it.",
    ),
    SaleState.PENDING: Say(
        "医保中心正在处理,请稍候。", "The authority is deciding; please wait.",
        "请勿重复收费;稍后执行 medsettle recover。", "Do not charge again; run medsettle recover shortly.",
    ),
    SaleState.UNDOING: Say(
        "医保中心正在撤销,请稍候。", "The authority is undoing it; please wait.",
        "稍后执行 medsettle recover。", "Run medsettle recover shortly.",
    ),
}


def card_of(
    record: SaleRecord, now: datetime, sale: Sale | None = None, quote: Quote | None = None,
    trouble: Refusal | None = None,
) -> SaleCard:
    """Returns a record's card. ``sale``: its latest verified answer; ``trouble``: what stopped the till."""
    said, due_fen = outcome(record), refund_due_fen(record)
    words = _refunding(_words(record, said), record, due_fen)
    return SaleCard(
        request_id=record.request_id, outcome=said, state=_proven(record), legs=_legs(record, sale),
        cash=record.cash, tenders=record.tenders, refund_due_fen=due_fen, expected=record.expected,
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
        next_query_at=now + ASK_AGAIN_AFTER, **_UNKNOWN._asdict(),
    )


def _words(record: SaleRecord, said: Outcome) -> Say:
    if said is Outcome.PAID:
        return PAID
    if said is Outcome.NOT_PAID:
        return _NOT_PAID.get(record.state, NOT_SENT)
    return _UNKNOWN if record.stale else _OPEN.get(record.state, _UNKNOWN)


def _refunding(say: Say, record: SaleRecord, due_fen: int) -> Say:
    """Cash that is to be given back comes first."""
    if not due_fen:
        return say
    yuan = f"{due_fen // 100}.{due_fen % 100:02d}"
    zh, en = f"请退还现金部分 {yuan} 元。", f"Give back the cash part, {yuan} yuan. "
    if record.cash is CashState.ASKED:
        zh = f"请核对现金部分 {yuan} 元是否已收;已收则退还。"
        en = f"Find out whether the cash part, {yuan} yuan, was taken; if so, give it back. "
    return say._replace(next_zh=zh + say.next_zh, next_en=en + say.next_en)


def _proven(record: SaleRecord) -> str | None:
    return None if record.state in Known.__members__ else record.state


def _worth_saying(record: SaleRecord, said: Outcome) -> Refusal | None:
    """A trouble on the way is not told of a sale that went through, unless undoing it was refused."""
    undone = record.undo_reason != ""
    return record.refusal if said is not Outcome.PAID or undone else None


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
