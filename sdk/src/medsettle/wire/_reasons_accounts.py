"""Reasons of personal and family accounts: each is a proof that nothing was charged."""

from typing import Final

from medsettle.wire._reason import Actor, Code, Reason, ReasonText, Retry

_OTHER: Final = ("请换用其他账户或现金。", "Use another account, or cash.")


def _of_patient(*texts: str) -> ReasonText:
    zh, en, next_zh, next_en = texts
    return ReasonText(Code.FAILED_PRECONDITION, Retry.NO, Actor.PATIENT, True, zh, en, next_zh, next_en)


OF_ACCOUNTS: Final[dict[Reason, ReasonText]] = {
    Reason.STANDING_CONSENT_NOT_GIVEN: _of_patient(
        "账户所有人没有登记过长期同意。",
        "The owner of the account has given no standing consent.",
        "请其本人当场同意并在付款人中注明,或先为其登记长期同意。",
        "Get the owner's consent here and now and state it so, or have a standing consent entered first.",
    ),
    Reason.BINDING_NOT_BEGUN: _of_patient(
        "家庭共济绑定尚未生效。",
        "The family binding does not hold yet.",
        "请等到所列的生效日,或换用其他账户或现金。",
        "Wait for the day that is named, or use another account, or cash.",
    ),
    Reason.BINDING_ENDED: _of_patient(
        "家庭共济绑定已经解除或到期。",
        "The family binding has ended.",
        "请账户所有人重新办理绑定,或换用其他账户或现金。",
        "Have the owner bind the account again, or use another account, or cash.",
    ),
    Reason.FAMILY_LIMIT_REACHED: _of_patient(
        "账户所有人为患者设定的本年额度已经用完。",
        "What the owner allows this patient for the year is used up.",
        "请账户所有人提高额度,或换用其他账户或现金。",
        "Have the owner raise the limit, or use another account, or cash.",
    ),
    Reason.NO_OWN_ACCOUNT: _of_patient(
        "这位参保人没有个人账户,不同于余额为零。",
        "This person has no personal account, which is not a balance of 0.",
        "请用现金,或用家人已绑定的共济账户。",
        "Use cash, or the account of a relative who has bound it.",
    ),
    Reason.RELATIVE_NOT_ALLOWED: _of_patient(
        "按本地规定,该账户不能为这位患者支付。",
        "The region's rules do not let this account pay for this patient.",
        *_OTHER,
    ),
}
