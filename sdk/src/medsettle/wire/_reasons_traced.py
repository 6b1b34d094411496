"""Reasons of traceability codes, line by line of a sale: each pack is sold once."""

from typing import Final

from medsettle.wire._reason import Actor, Code, Reason, ReasonText, Retry


def _of_line(actor: Actor, *texts: str) -> ReasonText:
    zh, en, next_zh, next_en = texts
    return ReasonText(Code.FAILED_PRECONDITION, Retry.NO, actor, True, zh, en, next_zh, next_en)


OF_TRACED: Final[dict[Reason, ReasonText]] = {
    Reason.TRACE_CODE_SOLD: _of_line(
        Actor.STORE,
        "这个追溯码的药品已经售出,不能再卖一次。",
        "The pack with this traceability code was sold already and cannot be sold again.",
        "请换一盒扫码;若确未售出,请按所列机构和时间向经办机构核实,不要把这盒交给患者。",
        "Scan another pack; if this one was never sold, keep it and ask about the place and time named.",
    ),
    Reason.TRACE_CODE_SPLIT: _of_line(
        Actor.CASHIER,
        "这个追溯码的药品在本机构已经拆零销售,不能整盒再卖。",
        "The pack with this traceability code was opened here and sold in part: it is no whole pack now.",
        "拆零销售请勾选“拆零”;整盒请换一盒扫码。",
        "For a part of it declare a split pack; for a whole pack scan another one.",
    ),
    Reason.TRACE_CODE_USED_UP: _of_line(
        Actor.STORE,
        "这个追溯码的拆零销售次数已达上限。",
        "The pack with this traceability code was sold in as many parts as any pack may be.",
        "请换一盒扫码。",
        "Scan another pack.",
    ),
    Reason.TRACE_CODE_TWICE: _of_line(
        Actor.CASHIER,
        "同一个追溯码在本单中出现了两次。",
        "The same traceability code stands in this basket twice.",
        "请逐盒扫码,每盒只扫一次。",
        "Scan each pack once.",
    ),
    Reason.TRACE_CODES_TOO_MANY: _of_line(
        Actor.CASHIER,
        "追溯码的个数多于药品的数量。",
        "There are more traceability codes than packs.",
        "请核对数量,或删去多扫的追溯码。",
        "Correct the quantity, or take out the codes that are too many.",
    ),
    Reason.TRACE_CODE_REQUIRED: _of_line(
        Actor.CASHIER,
        "按本地规定,这种药品要扫追溯码才能医保结算。",
        "Here this item needs the traceability codes of its packs to be settled by insurance.",
        "请扫药盒上的追溯码;药盒上没有追溯码的,请联系经办机构列入无码目录。",
        "Scan the code on each pack; if a pack has none, ask for the item to be listed as one without.",
    ),
    Reason.TRACE_CODE_INVALID: _of_line(
        Actor.CASHIER,
        "追溯码的格式不对,可能扫到了别的码。",
        "This is no traceability code: another code may have been scanned.",
        "请重新扫药盒上的追溯码。",
        "Scan the traceability code on the pack again.",
    ),
}
"""Reasons of lines whose packs are sold, missing or named wrongly."""
