"""What each step takes, and its sentence in Chinese and English, to be read aloud at a counter.

Both languages are told at once, since they speak of the same amounts. A sentence about a line
begins with the line's number, counted from 1, and its name. ``parts`` of a figure that several
rows make are those rows, ``"600000+50000"``, and None where one row makes it.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from medsettle_gateway.domain.money import format_fen, format_percent
from medsettle_gateway.policy.composed import rows_of_amount, rows_of_ratio

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
    "own_not_allowed": (
        "本地政策不允许使用该账户",
        "may not pay: local policy does not allow its use",
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
    (_, name), (_, base_fen), (_, share_ppm), (_, parts) = inputs
    base, share = format_fen(base_fen), format_percent(share_ppm)
    zh, en = rows_of_ratio(share_ppm, parts)
    return (
        f"第{line}行“{name}”:{base}元先由个人自付{share}{zh},即{amount}元。",
        f"Line {line}, {name}: of {base} the patient first pays {share}{en}, that is {amount}.",
    )


def _self_pay_waived(_amount: str, line: int, inputs: Inputs) -> Sentences:
    (_, name), (_, share_ppm) = inputs
    share = format_percent(share_ppm)
    return (
        f"第{line}行“{name}”:本待遇免除先行自付(原为{share})。",
        f"Line {line}, {name}: this benefit waives the share of {share} that the patient would first pay.",
    )


def _in_scope(amount: str, line: int, inputs: Inputs) -> Sentences:
    ((_, name),) = inputs
    return (
        f"第{line}行“{name}”:{amount}元符合政策范围。",
        f"Line {line}, {name}: {amount} is within policy.",
    )


def _deductible(amount: str, _line: int, inputs: Inputs) -> Sentences:
    (_, limit_fen), (_, used_fen), (_, parts) = inputs
    if limit_fen == 0:
        return _no_deductible(amount, _line, ())
    limit, (zh, en) = format_fen(limit_fen), rows_of_amount(limit_fen, parts)
    if used_fen >= limit_fen:
        return (
            f"起付标准{limit}元{zh},本年度已经付满。",
            f"The yearly deductible of {limit}{en} has been met.",
        )
    used = format_fen(used_fen)
    return (
        f"起付标准{limit}元{zh},本年度已付{used}元,本次再付{amount}元。",
        f"The yearly deductible is {limit}{en}; {used} was already met, {amount} applies now.",
    )


def _no_deductible(_amount: str, _line: int, _inputs: Inputs) -> Sentences:
    return "本待遇不设起付标准。", "This benefit has no deductible."


def _ratio(amount: str, _line: int, inputs: Inputs) -> Sentences:
    (_, base_fen), (_, ratio_ppm), (_, parts) = inputs
    base, ratio = format_fen(base_fen), format_percent(ratio_ppm)
    zh, en = rows_of_ratio(ratio_ppm, parts)
    return (
        f"起付标准以上{base}元,按{ratio}支付{zh},计{amount}元。",
        f"Of the {base} above the deductible, {ratio}{en} is payable: {amount}.",
    )


def _cap(amount: str, _line: int, inputs: Inputs) -> Sentences:
    (_, limit_fen), (_, used_fen), (_, left_fen), (_, parts) = inputs
    if limit_fen is None:
        return "本待遇不设年度最高支付限额。", "This benefit has no annual cap."
    limit, used = format_fen(limit_fen), format_fen(used_fen)
    zh, en = rows_of_amount(limit_fen, parts)
    zh = f"年度最高支付限额{limit}元{zh},本年度已支付{used}元"
    en = f"The annual cap is {limit}{en}; {used} was already paid"
    if used_fen >= limit_fen:
        zh, en = f"{zh},限额已用完", f"{en}, and the cap is used up"
        if amount == "0.00":
            return f"{zh}。", f"{en}."
        return f"{zh},{amount}元由个人负担。", f"{en}; {amount} stays with the patient."
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


def _account_only(_amount: str, _line: int, _inputs: Inputs) -> Sentences:
    return (
        "本次只用个人账户和现金,统筹基金不支付。",
        "Only personal accounts and cash are used; the pooled fund pays nothing.",
    )


def _personal(amount: str, _line: int, inputs: Inputs) -> Sentences:
    ((_, total_fen),) = inputs
    total = format_fen(total_fen)
    return (
        f"费用合计{total}元,个人负担{amount}元。",
        f"Of {total} in all, {amount} is for the patient to pay.",
    )


def _no_account(_amount: str, _line: int, inputs: Inputs) -> Sentences:
    ((_, enrolled),) = inputs
    if not enrolled:
        return "按参保方式没有个人账户。", "This enrolment has no personal account."
    return "没有个人账户可以支付。", "There is no personal account to pay from."


def _payable(amount: str, _line: int, inputs: Inputs) -> Sentences:
    ((_, personal_fen),) = inputs
    personal = format_fen(personal_fen)
    return (
        f"个人负担{personal}元中,本次可由个人账户支付{amount}元。",
        f"Of the {personal} for the patient, personal accounts may pay {amount} here.",
    )


def _account(amount: str, _line: int, inputs: Inputs) -> Sentences:
    _, (_, owner), (_, balance_fen), (_, note) = inputs
    zh, en = OWNER_NAMES[owner]
    en = en.removeprefix("the ").capitalize()
    if note is not None:
        own = note == "owner_not_allowed" and owner == "self"
        note_zh, note_en = NOTE_TEXTS["own_not_allowed" if own else note]
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
    "self_pay_first": ("name", "base_fen", "share_ppm", "parts"),
    "self_pay_waived": ("name", "share_ppm"),
    "in_scope": ("name",),
    "deductible": ("limit_fen", "used_fen", "parts"),
    "no_deductible": (),
    "ratio": ("base_fen", "ratio_ppm", "parts"),
    "cap": ("limit_fen", "used_fen", "left_fen", "parts"),
    "fund": ("fund",),
    "account_only": (),
    "personal": ("total_fen",),
    "no_account": ("enrolled",),
    "payable": ("personal_fen",),
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
    "self_pay_waived": _self_pay_waived,
    "in_scope": _in_scope,
    "deductible": _deductible,
    "no_deductible": _no_deductible,
    "ratio": _ratio,
    "cap": _cap,
    "fund": _fund,
    "account_only": _account_only,
    "personal": _personal,
    "no_account": _no_account,
    "payable": _payable,
    "account": _account,
    "cash": _cash,
}
