"""The sentence of each step, in Chinese and English, to be read aloud at a counter."""

from collections.abc import Callable, Mapping
from typing import Final

from medsettle_gateway.domain.money import format_fen, format_percent

Inputs = Mapping[str, str | int | None]
_Sentence = Callable[[Inputs, str], str]

FUND_NAMES: Final = {"pooled": ("统筹基金", "the pooled fund")}
OWNER_NAMES: Final = {
    "self": ("本人", "the patient's own"),
    "spouse": ("配偶", "the spouse's"),
    "parent": ("父母", "the parent's"),
    "child": ("子女", "the child's"),
    "sibling": ("兄弟姐妹", "the sibling's"),
    "other": ("其他人", "another person's"),
}
NOTE_TEXTS: Final = {
    "owner_not_allowed": (
        "该账户不在可共济的亲属范围内,不能支付",
        "may not pay: this relative is not one who may",
    ),
    "no_own_account": (
        "按参保方式没有个人账户,不能支付",
        "may not pay: this enrolment has no personal account",
    ),
    "nothing_payable": (
        "本次没有个人账户可以支付的项目",
        "may not pay: nothing here may be paid from an account",
    ),
    "balance_zero": ("账户余额为0.00元,支付0.00元", "has a balance of 0.00 and pays nothing"),
}


def zh(step: str, inputs: Inputs, amount_fen: int, line: int | None) -> str:
    """The Chinese sentence of a step."""
    head = "" if line is None else f"第{line + 1}行“{inputs['name']}”:"
    return head + _ZH[step](inputs, format_fen(amount_fen))


def en(step: str, inputs: Inputs, amount_fen: int, line: int | None) -> str:
    """The English sentence of a step."""
    head = "" if line is None else f"Line {line + 1}, {inputs['name']}: "
    return head + _EN[step](inputs, format_fen(amount_fen))


def fund_name(fund: object, language: int) -> str:
    """The fund's name, Chinese (0) or English (1); its id where it has no name here."""
    return FUND_NAMES.get(str(fund), (str(fund), str(fund)))[language]


def _yuan(inputs: Inputs, name: str) -> str:
    amount_fen = inputs[name]
    return format_fen(amount_fen) if isinstance(amount_fen, int) else "-"


def _percent(inputs: Inputs, name: str) -> str:
    ratio_ppm = inputs[name]
    return format_percent(ratio_ppm) if isinstance(ratio_ppm, int) else "-"


def _deductible_zh(i: Inputs, amount: str) -> str:
    limit, used = _yuan(i, "limit_fen"), _yuan(i, "used_fen")
    if _is_met(i):
        return f"起付线{limit}元,今年已经付满。"
    return f"起付线{limit}元,今年已付{used}元,本次再付{amount}元。"


def _deductible_en(i: Inputs, amount: str) -> str:
    limit, used = _yuan(i, "limit_fen"), _yuan(i, "used_fen")
    if _is_met(i):
        return f"The yearly deductible of {limit} has been met."
    return f"The yearly deductible is {limit}; {used} was already met, {amount} applies now."


def _is_met(i: Inputs) -> bool:
    limit_fen, used_fen = i["limit_fen"], i["used_fen"]
    return isinstance(limit_fen, int) and isinstance(used_fen, int) and used_fen >= limit_fen


def _cap_zh(i: Inputs, amount: str) -> str:
    if i["limit_fen"] is None:
        return "本待遇不设年度最高支付限额。"
    start = f"年度最高支付限额{_yuan(i, 'limit_fen')}元,今年已支付{_yuan(i, 'used_fen')}元"
    if amount == "0.00":
        return f"{start},本次没有超过限额。"
    return f"{start},还可支付{_yuan(i, 'left_fen')}元,超出的{amount}元由个人负担。"


def _cap_en(i: Inputs, amount: str) -> str:
    if i["limit_fen"] is None:
        return "This benefit has no annual cap."
    start = f"The annual cap is {_yuan(i, 'limit_fen')}; {_yuan(i, 'used_fen')} was already paid"
    if amount == "0.00":
        return f"{start}, and this visit stays within it."
    left = _yuan(i, "left_fen")
    return f"{start}, {left} is left; the {amount} above it stays with the patient."


def _account_zh(i: Inputs, amount: str) -> str:
    owner = OWNER_NAMES[str(i["owner"])][0]
    if i["note"] is not None:
        return f"{owner}账户:{NOTE_TEXTS[str(i['note'])][0]}。"
    return f"{owner}账户余额{_yuan(i, 'balance_fen')}元,本次支付{amount}元。"


def _account_en(i: Inputs, amount: str) -> str:
    owner = OWNER_NAMES[str(i["owner"])][1].removeprefix("the ").capitalize()
    if i["note"] is not None:
        return f"{owner} account {NOTE_TEXTS[str(i['note'])][1]}."
    return f"{owner} account holds {_yuan(i, 'balance_fen')} and pays {amount}."


_ZH: Final[Mapping[str, _Sentence]] = {
    "cover_ended": lambda i, a: (
        f"服务日期{i['service_on']},参保待遇已于{i['covered_to']}终止,{a}元全额自费。"
    ),
    "excluded": lambda _, a: f"不属于医保支付范围,{a}元全额自费。",
    "over_standard": lambda i, a: f"金额{a}元,超过支付标准{_yuan(i, 'standard_fen')}元,按规定整行自费。",
    "over_limit": lambda i, a: (
        f"金额{_yuan(i, 'line_fen')}元,支付标准{_yuan(i, 'standard_fen')}元,超出的{a}元由个人自付。"
    ),
    "self_pay_first": lambda i, a: (
        f"{_yuan(i, 'base_fen')}元先由个人自付{_percent(i, 'share_ppm')},即{a}元。"
    ),
    "in_scope": lambda _, a: f"{a}元符合政策范围。",
    "deductible": _deductible_zh,
    "no_deductible": lambda _, __: "本待遇不设起付线。",
    "ratio": lambda i, a: f"起付线以上{_yuan(i, 'base_fen')}元,按{_percent(i, 'ratio_ppm')}支付,计{a}元。",
    "cap": _cap_zh,
    "fund": lambda i, a: f"{fund_name(i['fund'], 0)}支付{a}元。",
    "personal": lambda i, a: f"费用合计{_yuan(i, 'total_fen')}元,个人负担{a}元。",
    "account": _account_zh,
    "cash": lambda _, a: f"还需现金支付{a}元。",
}

_EN: Final[Mapping[str, _Sentence]] = {
    "cover_ended": lambda i, a: (
        f"served on {i['service_on']}, cover ended on {i['covered_to']}; the patient pays all of {a}."
    ),
    "excluded": lambda _, a: f"the insurance does not cover it; the patient pays all of {a}.",
    "over_standard": lambda i, a: (
        f"{a} is above the payment standard of {_yuan(i, 'standard_fen')}; "
        "here the patient then pays the whole line."
    ),
    "over_limit": lambda i, a: (
        f"of {_yuan(i, 'line_fen')}, the payment standard covers {_yuan(i, 'standard_fen')}; "
        f"the patient pays the {a} above it."
    ),
    "self_pay_first": lambda i, a: (
        f"of {_yuan(i, 'base_fen')} the patient first pays {_percent(i, 'share_ppm')}, that is {a}."
    ),
    "in_scope": lambda _, a: f"{a} is within policy.",
    "deductible": _deductible_en,
    "no_deductible": lambda _, __: "This benefit has no deductible.",
    "ratio": lambda i, a: (
        f"Of the {_yuan(i, 'base_fen')} above the deductible, {_percent(i, 'ratio_ppm')} is payable: {a}."
    ),
    "cap": _cap_en,
    "fund": lambda i, a: f"{fund_name(i['fund'], 1).capitalize()} pays {a}.",
    "personal": lambda i, a: f"Of {_yuan(i, 'total_fen')} in all, {a} is for the patient to pay.",
    "account": _account_en,
    "cash": lambda _, a: f"{a} remains to be paid in cash.",
}
