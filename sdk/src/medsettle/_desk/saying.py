"""What a card says: what to tell the patient by the sale's state, and what to do by state and cash."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from medsettle.models import CashState, Outcome, SaleState
from medsettle.record import Goal, Known, SaleRecord
from medsettle.sale import outcome
from medsettle.till_reasons import TillReason


class Say(NamedTuple):
    """What to tell the patient, and what the cashier does next."""

    tell_zh: str
    tell_en: str
    next_zh: str
    next_en: str


class Words(NamedTuple):
    """One thing in both languages; ``{yuan}`` is the cash part, ``{id}`` the request id."""

    zh: str
    en: str


_C = CashState
_NOTHING: Final = Words(
    "没有结算,未动用医保基金和个人账户。", "No sale was made; no fund or account was charged.",
)
UNKNOWN: Final = Say(
    "结果正在确认,请稍候;不会重复扣款。", "The outcome is being found out; nobody is charged twice.",
    "请勿重复收费,也不要当作失败;稍后执行 medsettle recover。",
    "Neither charge again nor call it failed; run medsettle recover shortly.",
)
NOT_SENT: Final = Say(*_NOTHING, "可更改后重新结算。", "Correct what is named, then start again.")
OF_ANOTHER: Final = Say(
    "这个票号已用于此前的一笔业务;本次没有发送,没有扣款。",
    "This ticket number stands for an earlier sale; nothing was sent or charged for this click.",
    "请勿收款。另一位患者请换一个新的票号;同一位患者请先执行 medsettle recover,再查询那一笔。",
    "Collect nothing. Another patient: use a new ticket number. The same patient: run medsettle recover "
    "first, then look that sale up.",
)

_TELL: Final[Mapping[str, Words]] = {
    SaleState.SETTLED: Words("医保结算成功。", "The sale is settled."),
    SaleState.HELD: Words(
        "医保部分已预占,尚未结算。", "The insured part is reserved; nothing is settled yet.",
    ),
    SaleState.EXPIRED: Words("预占已过时效,尚未扣款。", "The hold has ended; nothing is charged yet."),
    SaleState.PENDING: Words("医保中心正在处理,请稍候。", "The authority is deciding; please wait."),
    SaleState.UNDOING: Words("医保中心正在撤销,请稍候。", "The authority is undoing it; please wait."),
    SaleState.REFUSED: _NOTHING,
    SaleState.SEALED: _NOTHING,
    SaleState.RELEASED: Words(
        "预占的医保额度和账户金额已释放,没有扣款。",
        "What was reserved is free again; nothing was charged.",
    ),
    SaleState.REVERSED: Words(
        "结算已撤销,基金和账户支付的部分已原路退回。",
        "The sale was reversed; what funds and accounts paid went back to them.",
    ),
    Known.FOREIGN: _NOTHING,
}
_PARTED: Final = Words(
    "部分商品已退货,留下的商品已按 {left} 结算。",
    "Part of the goods came back; what stays is settled as {left}.",
)
_TAKE_PART: Final = Words("请只收回退货。", "Take back only what was returned.")
_REVERSED_CASH_ONLY: Final = Words("结算已撤销。", "The sale was reversed.")
_UNDOING: Final = Words("撤销尚未完成,请稍候。", "The sale is settled; undoing it is not finished.")
_UNWANTED: Final = Words(
    "已放弃这笔业务;医保中心如已记账会撤回,请稍候。",
    "The sale is given up; if the authority has charged it, that is taken back. Please wait.",
)

_ENDED: Final[Mapping[str, Words]] = {
    SaleState.REFUSED: Words(
        "可按提示处理后换下一个尝试序号重新结算。", "Do what the reason says, then settle the next attempt.",
    ),
    SaleState.SEALED: Words(
        "该流水号已封存;可换下一个尝试序号重新结算。", "The id is sealed; settle the next attempt.",
    ),
    SaleState.RELEASED: Words(
        "可换下一个尝试序号重新结算。", "Settle the next attempt if it is still wanted.",
    ),
    SaleState.REVERSED: Words("请收回商品。", "Take the goods back."),
    Known.FOREIGN: Words(
        "请让收银机另取一个票号(next_number)重新结算;收银日志可能已丢失,请执行 medsettle doctor。",
        "Let the till give another ticket number (next_number) and start again; its journal may have been "
        "lost: run medsettle doctor.",
    ),
}

CASH_WHILE_OPEN: Final[Mapping[CashState, Words]] = {
    _C.NOT_DUE: Words("请勿收款。", "Collect nothing."),
    _C.NOT_ASKED: Words("结果确认前请勿收款。", "Collect nothing before the outcome is known."),
    _C.ASKED: Words(
        "请核对现金部分 {yuan} 元是否已收;请勿再次收取。",
        "Find out whether the cash part, {yuan} yuan, was taken; do not collect it again.",
    ),
    _C.COLLECTED: Words(
        "现金部分 {yuan} 元已收,请勿再次收取,也先不要退。",
        "The cash part, {yuan} yuan, is taken: do not collect it again, and do not give it back yet.",
    ),
    _C.NOT_COLLECTED: Words(
        "现金部分没有收,请勿收款。", "The cash part was not taken; do not collect it now.",
    ),
    _C.REFUND_ASKED: Words(
        "请核对现金部分 {yuan} 元是否已退;请勿再次收取。",
        "Find out whether the cash part, {yuan} yuan, was given back; do not collect it again.",
    ),
    _C.UNDONE_ELSEWHERE: Words(
        "请核对现金部分 {yuan} 元是否已在别处退还;请勿再次收取。",
        "Find out whether the cash part, {yuan} yuan, was given back elsewhere; do not collect it again.",
    ),
    _C.REFUNDED: Words(
        "现金部分已退,请勿再次收取。", "The cash part was given back; do not collect it again.",
    ),
}
_THEN_RECOVER: Final = Words(
    "不要当作失败;稍后执行 medsettle recover。", "Do not call it failed; run medsettle recover shortly.",
)
_COLLECT: Final = Words(
    "请收取自付部分后确认,或释放;已收的不要再收。",
    "Collect the cash part, unless it was taken already, and confirm; or release it.",
)

_CONFIRM: Final = Words("请确认或释放;没有自付部分。", "Confirm or release it; there is no cash part.")

_WRITE_DOWN: Final = Words(
    "退清或核实无需退后,执行 medsettle refunded {id}。",
    "Once nothing is owed to the patient any more, run medsettle refunded {id}.",
)
CASH_AT_THE_END: Final[Mapping[CashState, Words]] = {
    _C.NOT_DUE: Words("", ""),
    _C.NOT_ASKED: Words("", ""),
    _C.ASKED: Words(
        "请核对现金部分 {yuan} 元是否已收;已收则退还。",
        "Find out whether the cash part, {yuan} yuan, was taken; if so, give it back.",
    ),
    _C.COLLECTED: Words("请退还现金部分 {yuan} 元。", "Give back the cash part, {yuan} yuan."),
    _C.NOT_COLLECTED: Words("", ""),
    _C.REFUND_ASKED: Words(
        "请核对现金部分 {yuan} 元是否已退给患者;未退才退还。",
        "Find out whether the cash part, {yuan} yuan, was given back; only if not, give it back.",
    ),
    _C.UNDONE_ELSEWHERE: Words(
        "这笔业务不是由本机撤销的:请核对现金部分 {yuan} 元是否已在别处退还;未退才退还。",
        "The sale was undone elsewhere: find out whether the cash part, {yuan} yuan, was given back; "
        "only if not, give it back.",
    ),
    _C.REFUNDED: Words("现金部分已退还。", "The cash part was given back."),
}
_IF_TAKEN: Final = Words(
    "如已为这张小票收取现金部分 {yuan} 元且未退,请退还。",
    "If the cash part, {yuan} yuan, was taken for this ticket and not given back, give it back.",
)
_TO_WRITE_DOWN: Final = frozenset({_C.ASKED, _C.COLLECTED, _C.REFUND_ASKED, _C.UNDONE_ELSEWHERE})
_NEVER_ASKED: Final = frozenset({_C.NOT_DUE, _C.NOT_ASKED})

_WAS_IT_TAKEN: Final = Words(
    "请核对现金部分 {yuan} 元是否已收。", "Find out whether the cash part, {yuan} yuan, was taken.",
)
_WAS_IT_RETURNED: Final = Words(
    "请核对现金部分 {yuan} 元是否已退。", "Find out whether the cash part, {yuan} yuan, was given back.",
)
CASH_WHEN_PAID: Final[Mapping[CashState, Words]] = {
    _C.NOT_DUE: Words("", ""),
    _C.NOT_ASKED: _WAS_IT_TAKEN,
    _C.ASKED: _WAS_IT_TAKEN,
    _C.COLLECTED: Words("", ""),
    _C.NOT_COLLECTED: Words(
        "现金部分 {yuan} 元没有收,请核对。", "The cash part, {yuan} yuan, was not taken: look into it.",
    ),
    _C.REFUND_ASKED: _WAS_IT_RETURNED,
    _C.UNDONE_ELSEWHERE: _WAS_IT_RETURNED,
    _C.REFUNDED: Words(
        "现金部分 {yuan} 元已退,请核对。", "The cash part, {yuan} yuan, was given back: look into it.",
    ),
}
_HAND_OVER: Final = Words("请打印小票并交付商品。", "Print the receipt and hand over the goods.")


_LOST: Final = Words(
    "这笔业务曾经支付,网关现在没有它,流水号已封存。",
    "This sale was paid; the gateway does not have it now, and its id is sealed.",
)
_LOST_CASH: Final = Words(
    "现金部分 {yuan} 元是否退还患者,由店长决定;请先核对是否已退,勿再收取。",
    "Whether the patient gets the cash part, {yuan} yuan, back is the manager's to decide: first find out "
    "whether it was given back, and do not collect it again.",
)
_CALL: Final = Words("请联系网关运营方。", "Call the gateway's operator.")


def is_lost(record: SaleRecord) -> bool:
    """Returns whether the gateway sealed, as one that was never made, what it had signed as paid."""
    refusal = record.refusal
    sealed = record.state == SaleState.SEALED
    return sealed and refusal is not None and refusal.reason == TillReason.PAID_SALE_LOST


def say(record: SaleRecord, left: str = "") -> Say:
    """Returns what to say of the sale and its cash part; ``left``: the id of what a return has left of it."""
    said = outcome(record)
    if left and record.state == SaleState.REVERSED:
        tell = Words(*(each.format(left=left) for each in _PARTED))
        return _joined(record, tell, (*_when_ended(record)[:-1], _TAKE_PART))
    if said is Outcome.PAID:
        return _joined(record, _TELL[SaleState.SETTLED], (CASH_WHEN_PAID[record.cash], _HAND_OVER))
    if is_lost(record):
        cash = (_LOST_CASH, _WRITE_DOWN) if record.cash in _TO_WRITE_DOWN else ()
        return _joined(record, _LOST, (*cash, _CALL))
    if said is Outcome.NOT_PAID:
        return _joined(record, _tell_ended(record), _when_ended(record))
    return _joined(record, _tell_open(record), _while_open(record))


def _when_ended(record: SaleRecord) -> tuple[Words, ...]:
    """Cash that is to be given back comes first."""
    then = _ENDED.get(record.state, Words(NOT_SENT.next_zh, NOT_SENT.next_en))
    if not record.cash_fen:
        return (then,)
    if record.cash in _NEVER_ASKED:
        was_held = record.state in (SaleState.RELEASED, SaleState.REVERSED)
        return (_IF_TAKEN, then) if was_held else (then,)
    written = (_WRITE_DOWN,) if record.cash in _TO_WRITE_DOWN else ()
    return (CASH_AT_THE_END[record.cash], *written, then)


def given_back(due_fen: int, request_id: str) -> Words:
    """Returns what to do once a return is settled: cash goes back, or nothing does."""
    if not due_fen:
        return Words(
            "请收回退货;没有现金要退给患者。", "Take the goods back; no cash goes back to the patient."
        )
    yuan = f"{due_fen // 100}.{due_fen % 100:02d}"
    return Words(
        f"请收回退货,退给患者现金 {yuan} 元,再执行 medsettle refunded {request_id}。",
        f"Take the goods back and give the patient {yuan} yuan in cash, then run medsettle refunded "
        f"{request_id}.",
    )


CASH_LATER: Final = Words(
    "请收回退货。退货已结算,不要重做;请执行 medsettle recover,并按其提示退还现金。",
    "Take the goods back. The return is settled, do not repeat it; run medsettle recover: it says what cash "
    "goes back.",
)


def _tell_ended(record: SaleRecord) -> Words:
    """Nothing went back where no fund and no account had paid."""
    split = record.expected
    if record.state == SaleState.REVERSED and split is not None and split.total_fen == split.cash_fen:
        return _REVERSED_CASH_ONLY
    return _TELL.get(record.state, _NOTHING)


def _tell_open(record: SaleRecord) -> Words:
    if record.stale:
        return Words(UNKNOWN.tell_zh, UNKNOWN.tell_en)
    if record.state == SaleState.SETTLED:
        return _UNDOING
    if record.state == SaleState.PENDING and record.goal is not Goal.SELL:
        return _UNWANTED
    return _TELL.get(record.state, Words(UNKNOWN.tell_zh, UNKNOWN.tell_en))


def _while_open(record: SaleRecord) -> tuple[Words, ...]:
    collects = record.state == SaleState.HELD and record.goal is Goal.SELL and not record.stale
    if collects and record.cash is CashState.NOT_ASKED:
        return (_COLLECT,)
    if collects and record.cash is CashState.NOT_DUE:
        return (_COLLECT if record.cash_fen else _CONFIRM,)
    return CASH_WHILE_OPEN[record.cash], _THEN_RECOVER


def _joined(record: SaleRecord, tell: Words, then: tuple[Words, ...]) -> Say:
    fen = record.cash_fen
    facts = {"yuan": f"{fen // 100}.{fen % 100:02d}", "id": record.request_id}
    filled = [Words(*(each.format(**facts) for each in words)) for words in then]
    zh = "".join(words.zh for words in filled)
    en = " ".join(words.en for words in filled if words.en)
    return Say(tell.zh, tell.en, zh, en)
