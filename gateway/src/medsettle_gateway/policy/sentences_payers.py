"""The sentences of the last steps: what is left to the patient, and how accounts and cash pay it."""

from collections.abc import Mapping
from typing import Final

from medsettle.wire.called import OWNER_NAMES
from medsettle_gateway.domain.money import format_fen
from medsettle_gateway.policy.sentences_alone import goods
from medsettle_gateway.policy.sentences_lines import Sentences, Values

NOTE_TEXTS: Final[Mapping[str, Sentences]] = {
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
    "limit_reached": (
        "所有人设定的本年额度已经用完,不能支付",
        "may not pay: what its owner allows for the year is used up",
    ),
}


def personal(amount: str, _line: int, values: Values) -> Sentences:
    """What is left to the patient."""
    (total_fen,) = values
    total = format_fen(total_fen)
    return (
        f"费用合计{total}元,个人负担{amount}元。",
        f"Of {total} in all, {amount} is for the patient to pay.",
    )


def no_account(_amount: str, _line: int, values: Values) -> Sentences:
    """No account pays: there is none, or none was to."""
    (enrolled,) = values
    if not enrolled:
        return "按参保方式没有个人账户。", "This enrolment has no personal account."
    return "这次不用个人账户支付。", "No personal account pays this time."


def payable(amount: str, _line: int, values: Values) -> Sentences:
    """How much of it accounts may pay."""
    personal_fen, name, count, in_scope_only = values
    left = format_fen(personal_fen)
    zh, en = "", ""
    if name is not None:
        zh_goods, en_goods = goods(name, count)
        zh, en = f",{zh_goods}不能用个人账户支付", f", and nothing for {en_goods}"
    if in_scope_only:
        zh, en = f"{zh},只限政策范围内的部分", f"{en}, only what is within policy"
    return (
        f"个人负担{left}元中,本次可由个人账户支付{amount}元{zh}。",
        f"Of the {left} for the patient, personal accounts may pay {amount} here{en}.",
    )


def account(amount: str, _line: int, values: Values) -> Sentences:
    """What one account pays, or why it does not."""
    _, owner, balance_fen, note, limit_left_fen = values
    zh, en = OWNER_NAMES[owner]
    en = en.removeprefix("the ").capitalize()
    if note is not None:
        own = note == "owner_not_allowed" and owner == "self"
        note_zh, note_en = NOTE_TEXTS["own_not_allowed" if own else note]
        return f"{zh}账户:{note_zh}。", f"{en} account {note_en}."
    balance, limited = format_fen(balance_fen), ("", "")
    if limit_left_fen is not None:
        left = format_fen(limit_left_fen)
        limited = (f",本年还可使用{left}元", f", of which {left} may be used this year,")
    return (
        f"{zh}账户余额{balance}元{limited[0]},本次支付{amount}元。",
        f"{en} account holds {balance}{limited[1]} and pays {amount}.",
    )


def cash(amount: str, _line: int, _values: Values) -> Sentences:
    """What is left to pay at the till."""
    if amount == "0.00":
        return "不用再付现金。", "Nothing remains to be paid in cash."
    return f"还需现金支付{amount}元。", f"{amount} remains to be paid in cash."
