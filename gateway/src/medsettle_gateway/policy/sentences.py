"""What each step takes, and its sentence in Chinese and English, to be read aloud at a counter.

Both languages are told at once, since they speak of the same amounts. A sentence about a line
begins with the line's number, counted from 1, and its name.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from medsettle_gateway.domain.money import format_fen, format_percent

Inputs = tuple[tuple[str, Any], ...]
"""Names and values in the order of ``INPUTS``; a value is a text, an integer or None."""
Sentences = tuple[str, str]
"""Chinese, English."""
_Told = Callable[[str, int, Inputs], Sentences]
"""From the amount in yuan, the number of the line (0 without a line) and the inputs."""

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


def told_by_name(step: str, inputs: Mapping[str, object], amount_fen: int, line: int | None) -> Sentences:
    """Both sentences of a step whose inputs come by name. Raises KeyError for one that is missing."""
    return told(step, tuple((name, inputs[name]) for name in INPUTS[step]), amount_fen, line)


def told(step: str, inputs: Inputs, amount_fen: int, line: int | None) -> Sentences:
    """Both sentences of a step; ``line`` is the index of the line from 0, or None."""
    return _TOLD[step](format_fen(amount_fen), 0 if line is None else line + 1, inputs)


def fund_name(fund: object, language: int) -> str:
    """The fund's name, Chinese (0) or English (1); its id where it has no name here."""
    return FUND_NAMES.get(str(fund), (str(fund), str(fund)))[language]


def _cover_ended(amount: str, line: int, inputs: Inputs) -> Sentences:
    (_, name), (_, service_on), (_, covered_to) = inputs
    return (
        f"第{line}行“{name}”:服务日期{service_on},参保待遇已于{covered_to}终止,{amount}元全额自费。",
        (
            f"Line {line}, {name}: served on {service_on}, cover ended on {covered_to}; "
            f"the patient pays all of {amount}."
        ),
    )


def _excluded(amount: str, line: int, inputs: Inputs) -> Sentences:
    ((_, name),) = inputs
    return (
        f"第{line}行“{name}”:不属于医保支付范围,{amount}元全额自费。",
        f"Line {line}, {name}: the insurance does not cover it; the patient pays all of {amount}.",
    )


def _over_standard(amount: str, line: int, inputs: Inputs) -> Sentences:
    (_, name), (_, standard_fen) = inputs
    standard = format_fen(standard_fen)
    return (
        f"第{line}行“{name}”:金额{amount}元,超过支付标准{standard}元,按规定整行自费。",
        (
            f"Line {line}, {name}: {amount} is above the payment standard of {standard}; "
            "here the patient then pays the whole line."
        ),
    )


def _over_limit(amount: str, line: int, inputs: Inputs) -> Sentences:
    (_, name), (_, line_fen), (_, standard_fen) = inputs
    whole, standard = format_fen(line_fen), format_fen(standard_fen)
    return (
        f"第{line}行“{name}”:金额{whole}元,支付标准{standard}元,超出的{amount}元由个人自付。",
        (
            f"Line {line}, {name}: of {whole}, the payment standard covers {standard}; "
            f"the patient pays the {amount} above it."
        ),
    )


def _self_pay_first(amount: str, line: int, inputs: Inputs) -> Sentences:
    (_, name), (_, base_fen), (_, share_ppm) = inputs
    base, share = format_fen(base_fen), format_percent(share_ppm)
    return (
        f"第{line}行“{name}”:{base}元先由个人自付{share},即{amount}元。",
        f"Line {line}, {name}: of {base} the patient first pays {share}, that is {amount}.",
    )


def _in_scope(amount: str, line: int, inputs: Inputs) -> Sentences:
    ((_, name),) = inputs
    return (
        f"第{line}行“{name}”:{amount}元符合政策范围。",
        f"Line {line}, {name}: {amount} is within policy.",
    )


def _deductible(amount: str, _line: int, inputs: Inputs) -> Sentences:
    (_, limit_fen), (_, used_fen) = inputs
    limit = format_fen(limit_fen)
    if used_fen >= limit_fen:
        return f"起付标准{limit}元,本年度已经付满。", f"The yearly deductible of {limit} has been met."
    used = format_fen(used_fen)
    return (
        f"起付标准{limit}元,本年度已付{used}元,本次再付{amount}元。",
        f"The yearly deductible is {limit}; {used} was already met, {amount} applies now.",
    )


def _no_deductible(_amount: str, _line: int, _inputs: Inputs) -> Sentences:
    return "本待遇不设起付标准。", "This benefit has no deductible."


def _ratio(amount: str, _line: int, inputs: Inputs) -> Sentences:
    (_, base_fen), (_, ratio_ppm) = inputs
    base, ratio = format_fen(base_fen), format_percent(ratio_ppm)
    return (
        f"起付标准以上{base}元,按{ratio}支付,计{amount}元。",
        f"Of the {base} above the deductible, {ratio} is payable: {amount}.",
    )


def _cap(amount: str, _line: int, inputs: Inputs) -> Sentences:
    (_, limit_fen), (_, used_fen), (_, left_fen) = inputs
    if limit_fen is None:
        return "本待遇不设年度最高支付限额。", "This benefit has no annual cap."
    limit, used = format_fen(limit_fen), format_fen(used_fen)
    zh = f"年度最高支付限额{limit}元,本年度已支付{used}元"
    en = f"The annual cap is {limit}; {used} was already paid"
    if amount == "0.00":
        return f"{zh},本次没有超过限额。", f"{en}, and this visit stays within it."
    left = format_fen(left_fen)
    return (
        f"{zh},还可支付{left}元,超出的{amount}元由个人负担。",
        f"{en}, {left} is left; the {amount} above it stays with the patient.",
    )


def _fund(amount: str, _line: int, inputs: Inputs) -> Sentences:
    ((_, fund),) = inputs
    return f"{fund_name(fund, 0)}支付{amount}元。", f"{fund_name(fund, 1).capitalize()} pays {amount}."


def _personal(amount: str, _line: int, inputs: Inputs) -> Sentences:
    ((_, total_fen),) = inputs
    total = format_fen(total_fen)
    return (
        f"费用合计{total}元,个人负担{amount}元。",
        f"Of {total} in all, {amount} is for the patient to pay.",
    )


def _account(amount: str, _line: int, inputs: Inputs) -> Sentences:
    _, (_, owner), (_, balance_fen), (_, note) = inputs
    zh, en = OWNER_NAMES[owner]
    en = en.removeprefix("the ").capitalize()
    if note is not None:
        note_zh, note_en = NOTE_TEXTS[note]
        return f"{zh}账户:{note_zh}。", f"{en} account {note_en}."
    balance = format_fen(balance_fen)
    return (
        f"{zh}账户余额{balance}元,本次支付{amount}元。",
        f"{en} account holds {balance} and pays {amount}.",
    )


def _cash(amount: str, _line: int, _inputs: Inputs) -> Sentences:
    return f"还需现金支付{amount}元。", f"{amount} remains to be paid in cash."


INPUTS: Final[Mapping[str, tuple[str, ...]]] = {
    "cover_ended": ("name", "service_on", "covered_to"),
    "excluded": ("name",),
    "over_standard": ("name", "standard_fen"),
    "over_limit": ("name", "line_fen", "standard_fen"),
    "self_pay_first": ("name", "base_fen", "share_ppm"),
    "in_scope": ("name",),
    "deductible": ("limit_fen", "used_fen"),
    "no_deductible": (),
    "ratio": ("base_fen", "ratio_ppm"),
    "cap": ("limit_fen", "used_fen", "left_fen"),
    "fund": ("fund",),
    "personal": ("total_fen",),
    "account": ("account", "owner", "balance_fen", "note"),
    "cash": (),
}
"""The names of each step's inputs, in their order."""

_TOLD: Final[Mapping[str, _Told]] = {
    "cover_ended": _cover_ended,
    "excluded": _excluded,
    "over_standard": _over_standard,
    "over_limit": _over_limit,
    "self_pay_first": _self_pay_first,
    "in_scope": _in_scope,
    "deductible": _deductible,
    "no_deductible": _no_deductible,
    "ratio": _ratio,
    "cap": _cap,
    "fund": _fund,
    "personal": _personal,
    "account": _account,
    "cash": _cash,
}
