"""The words of a receipt: Chinese and English, one pair each."""

import re
from collections.abc import Mapping
from typing import Final

from medsettle.wire.called import FUND_NAMES, Pair, begun
from medsettle.wire.states import SaleState

TITLES: Final[dict[str, Pair]] = {
    SaleState.SETTLED: ("医保结算单", "Settlement receipt"),
    SaleState.REVERSED: ("医保结算撤销单", "Reversal receipt"),
    SaleState.REFUSED: ("未收费说明", "Nothing was charged"),
    SaleState.SEALED: ("未收费说明", "Nothing was charged"),
    SaleState.RELEASED: ("未收费说明", "Nothing was charged"),
}
OPEN_TITLE: Final[Pair] = ("结果未定", "Outcome not known yet")
NO_CHARGE_TITLE: Final[Pair] = ("未收费说明", "Nothing was charged")
CASH_ONLY: Final[Pair] = ("仅付现金", "cash only")
LOST_TITLE: Final[Pair] = ("待核实说明", "To be looked into")

NOTES: Final[dict[str, Pair]] = {
    SaleState.REVERSED: ("本次结算已撤销。", "This sale was reversed."),
    SaleState.REFUSED: (
        "没有动用医保基金和个人账户。", "No fund and no account was charged.",
    ),
    SaleState.SEALED: (
        "该流水号已封存,没有动用医保基金和个人账户。",
        "This id was sealed; no fund and no account was charged.",
    ),
    SaleState.RELEASED: (
        "预占已释放,没有动用医保基金和个人账户。",
        "The hold was released; no fund and no account was charged.",
    ),
}
SHARES_BACK: Final[Pair] = (
    "基金和账户支付的部分已原路退回。", "What funds and accounts paid went back to them.",
)
CASH_BACK: Final[Pair] = ("现金部分应退还患者。", "Give the cash part back to the patient.")
"""What a reversal means, as far as each had paid."""
OPEN_NOTE: Final[Pair] = (
    "尚不知道是否已收费。请勿再次收费,请按流水号查询。",
    "It is not known yet whether this was charged. Do not collect again: look it up by its id.",
)

QUOTED: Final[Pair] = (
    "这是预结算,尚未收费。", "This is what it would cost now; nothing is charged yet.",
)
AS_IT_WAS: Final[Pair] = ("撤销前的结算如下。", "This is what it was before.")
SEVERAL: Final[Pair] = ("本单按{}项待遇分别结算。", "This ticket is settled under {} benefits.")
IN_SCOPE: Final[Pair] = ("{0}全部符合政策范围,共{1}元。", "{0}: wholly within policy, {1} together.")

PARTS: Final[dict[str, Pair]] = {
    "in_scope_fen": ("符合政策范围", "In scope"),
    "self_pay_first_fen": ("先行自付", "Self-pay first"),
    "over_limit_fen": ("超限价自付", "Over the limit"),
    "fully_self_paid_fen": ("全自费", "Fully self-paid"),
    "provider_borne_fen": ("机构承担", "Borne by the provider"),
}
"""How a line and a total divide, in the order of a receipt."""

DIVISION: Final[dict[str, Pair]] = {
    "in_scope_fen": PARTS["in_scope_fen"],
    "deductible_fen": ("其中计入起付标准", "of it, deductible"),
    "over_cap_fen": ("其中超年度限额", "of it, above the cap"),
    "self_pay_first_fen": PARTS["self_pay_first_fen"],
    "over_limit_fen": PARTS["over_limit_fen"],
    "fully_self_paid_fen": PARTS["fully_self_paid_fen"],
}
"""How the total divides, before anybody pays."""

OWNERS: Final[dict[str, Pair]] = {
    "self": ("本人", "own"),
    "spouse": ("配偶", "spouse"),
    "parent": ("父母", "parent"),
    "child": ("子女", "child"),
    "sibling": ("兄弟姐妹", "sibling"),
    "other": ("其他", "other"),
}
SCHEMES: Final[dict[str, Pair]] = {
    "employee": ("职工医保", "employee"), "resident": ("居民医保", "resident"),
}
STANDINGS: Final[dict[str, Pair]] = {
    "active": ("在职", "active"),
    "retired": ("退休", "retired"),
    "flexible": ("灵活就业", "flexible"),
    "adult": ("成年", "adult"),
    "minor": ("未成年", "minor"),
}
CLASSES: Final[dict[str, Pair]] = {"A": ("甲", "A"), "B": ("乙", "B"), "C": ("丙", "C")}
LEFT: Final[dict[str, Pair]] = {
    "deductible": ("起付标准剩余", "Deductible left"),
    "paid": ("年度限额剩余", "Annual cap left"),
}
"""Yearly figures by what they measure."""
LEFT_OF_STAY: Final[dict[str, Pair]] = {
    "deductible": LEFT["deductible"],
    "paid": ("限额剩余", "Cap left"),
}

TICKET: Final[Pair] = ("流水号", "Request id")
SERVICE_DAY: Final[Pair] = ("日期", "Day")
PATIENT: Final[Pair] = ("患者", "Patient")
BENEFIT: Final[Pair] = ("待遇", "Benefit")
ORDER: Final[Pair] = ("应急措施", "Emergency order")
TOGETHER: Final[Pair] = ("{}项待遇合计", "All {} benefits together")
AFTERWARDS: Final[Pair] = (
    "另可事后申请,不计入本次:", "May be applied for afterwards, not part of this payment:",
)
OF_STAY: Final[Pair] = ("本次住院", "This stay")
TOTAL: Final[Pair] = ("合计", "Total")
OWN_ACCOUNT: Final[Pair] = ("个人账户支付", "Personal account")
FAMILY_ACCOUNT: Final[Pair] = ("家庭共济支付", "Family account")
CASH: Final[Pair] = ("现金支付", "Cash")
PROVIDER: Final[Pair] = ("机构承担", "Borne by the provider")
NAMED: Final[Pair] = ("{}({})", "{} ({})")
ALL_OF_IT: Final[Pair] = ("整行{}", "the whole line: {}")
WHY: Final[Pair] = ("为什么是这个数", "Why these amounts")
NEXT: Final[Pair] = ("下一步:", "Next: ")
CHECK_CODE: Final[Pair] = ("校验码", "Check code")
REPLACES: Final[Pair] = ("退货前的业务", "Sale before the return")
BACK: Final[Pair] = ("退回各付款方", "What goes back")
ACCOUNT_BACK: Final[Pair] = ("个人账户", "Account")
REFUND_DUE: Final[Pair] = ("应退还患者", "To give back")

_PARAGRAPH: Final = re.compile(r"¶([0-9]+)", re.ASCII)


def paying(fund: str, titles: Mapping[str, Pair]) -> Pair:
    """Returns the row of a fund that pays, as it is called here; one that nobody knows is shown by its id."""
    name = titles.get(fund) or FUND_NAMES.get(fund)
    if name is None:
        return fund, fund
    zh, en = name
    return f"{zh}支付", begun(en.removeprefix("the "))


def shared(counter: str) -> Pair:
    """Returns what a limit is called that came without a title: shared by benefits, under this name."""
    return f"共用限额 {counter}", f"Shared limit {counter}"


def clause(source: str) -> Pair:
    """Returns where a rule stands, as a patient can look it up: 三(四)¶2 is 三(四)第2款.

    The sign itself is in no printer that speaks GBK. A region's own figure says so in both languages.
    """
    zh, _, en = source.partition(" / ")
    if en and en.isascii():
        return zh, en
    whole = _PARAGRAPH.sub(r"第\1款", source)
    return whole, whole
