"""Reasons of supervision at the counter: each is a proof that nothing was charged."""

from typing import Final

from medsettle.wire._reason import Actor, Code, Reason, ReasonText, Retry


def _of_cashier(*texts: str) -> ReasonText:
    zh, en, next_zh, next_en = texts
    return ReasonText(Code.FAILED_PRECONDITION, Retry.NO, Actor.CASHIER, True, zh, en, next_zh, next_en)


OF_SUPERVISION: Final[dict[Reason, ReasonText]] = {
    Reason.SUPERVISION_WARNING: _of_cashier(
        "智能监控有预警,尚未确认,没有扣款。",
        "Supervision warns of this sale, and nobody has accepted that; nothing was charged.",
        "请逐条核对所列预警;确需继续的,填写理由确认后换下一个尝试序号结算。",
        "Look at each warning that is listed; to go on, accept it with a reason and settle the next attempt.",
    ),
    Reason.SUPERVISION_BLOCKED: _of_cashier(
        "按智能监控规则,本单不能结算,没有扣款。",
        "A rule of supervision does not let this sale settle; nothing was charged.",
        "请按所列提示调整商品或价格,再换下一个尝试序号结算。",
        "Change the goods or prices as each finding says, then settle the next attempt.",
    ),
}
