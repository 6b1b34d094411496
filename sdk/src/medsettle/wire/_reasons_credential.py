"""Reasons that speak of what the patient showed; recorded: each is a proof that nothing was charged."""

from typing import Final

from medsettle.wire._reason import Actor, Code, Reason, ReasonText, Retry


def _recorded(actor: Actor, *texts: str) -> ReasonText:
    zh, en, next_zh, next_en = texts
    return ReasonText(Code.FAILED_PRECONDITION, Retry.NO, actor, True, zh, en, next_zh, next_en)


OF_CREDENTIALS: Final[dict[Reason, ReasonText]] = {
    Reason.CREDENTIAL_INVALID: _recorded(
        Actor.PATIENT,
        "医保凭证无法识别。",
        "The credential cannot be recognised.",
        "请患者重新出示;号码是手工输入的,请核对后重新输入。",
        "Ask the patient to show it again; look at a number that was typed, and type it anew.",
    ),
    Reason.CREDENTIAL_EXPIRED: _recorded(
        Actor.PATIENT,
        "医保凭证已过期。",
        "The credential has expired.",
        "请患者刷新后重新出示。",
        "Ask the patient to refresh it and show it again.",
    ),
    Reason.CREDENTIAL_USED: _recorded(
        Actor.PATIENT,
        "医保凭证已经用过一次。",
        "The credential was used before.",
        "请患者刷新后重新出示。",
        "Ask the patient to refresh it and show it again.",
    ),
    Reason.CREDENTIAL_NOT_ACCEPTED: _recorded(
        Actor.PATIENT,
        "这里不受理这种就诊凭证。",
        "This kind of credential is not accepted here.",
        "请患者改用其他凭证,例如医保电子凭证或社保卡。",
        "Ask for another one, such as the electronic credential or the social card.",
    ),
    Reason.CREDENTIAL_CODE_UNKNOWN: _recorded(
        Actor.PATIENT,
        "这里不能识读这种码。",
        "Codes of this type are not read here.",
        "请患者改为出示医保电子凭证的码。",
        "Ask the patient to show the code of the electronic credential.",
    ),
    Reason.CREDENTIAL_OTHER_REGION: _recorded(
        Actor.PATIENT,
        "患者参保地不在本统筹区,这里不能结算。",
        "The patient is insured in another region, for which this gateway does not settle.",
        "请患者按异地就医办理,或自费结算。",
        "Let the patient claim as one insured elsewhere, or sell without insurance.",
    ),
    Reason.CREDENTIAL_AMBIGUOUS: _recorded(
        Actor.OPERATOR,
        "这个证件号码对应不止一位参保人,不能确定是谁。",
        "The number stands for more than one insured person, so it cannot be said for whom.",
        "请患者改用医保电子凭证,并请经办机构核对参保登记。",
        "Ask for the electronic credential, and have the insurer correct the register.",
    ),
}
