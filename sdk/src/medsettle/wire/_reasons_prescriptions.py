"""Reasons of prescriptions that were registered: at their own calls, and line by line of a sale."""

from typing import Final

from medsettle.wire._reason import Actor, Code, Reason, ReasonText, Retry


def _of_line(actor: Actor, *texts: str) -> ReasonText:
    zh, en, next_zh, next_en = texts
    return ReasonText(Code.FAILED_PRECONDITION, Retry.NO, actor, True, zh, en, next_zh, next_en)


def _of_call(code: Code, actor: Actor, *texts: str, retry: Retry = Retry.NO) -> ReasonText:
    zh, en, next_zh, next_en = texts
    return ReasonText(code, retry, actor, False, zh, en, next_zh, next_en)


OF_CALLS: Final[dict[Reason, ReasonText]] = {
    Reason.PRESCRIPTION_NUMBER_USED: _of_call(
        Code.ALREADY_EXISTS, Actor.VENDOR,
        "本机构已用这个处方号登记过另一张处方。",
        "This institution has registered another prescription under this number.",
        "请换一个新的处方号;要改处方,先撤回原处方再用新号登记。",
        "Use a new number; to change a prescription, withdraw it and register another under a new number.",
    ),
    Reason.PRESCRIPTION_UNKNOWN: _of_call(
        Code.NOT_FOUND, Actor.CASHIER,
        "没有找到这张处方。",
        "There is no such prescription.",
        "请核对处方号和开方机构;没有上传的纸质处方请按纸质处方办理。",
        "Check number and institution; a paper prescription that was not registered is handled as paper.",
    ),
    Reason.PRESCRIPTION_NOT_BY_PHARMACY: _of_call(
        Code.PERMISSION_DENIED, Actor.STORE,
        "药店不能登记处方:开方的机构和配药的药店要分开。",
        "A pharmacy registers no prescriptions: who prescribes and who dispenses are kept apart.",
        "请由开方的医院或诊所登记。",
        "Let the hospital or clinic that prescribed register it.",
    ),
    Reason.PRESCRIPTION_NOT_SHOWN: _of_call(
        Code.PERMISSION_DENIED, Actor.CASHIER,
        "患者今天没有在本机构出示凭证,不能查看或审核这张处方。",
        "The patient has shown no credential here today: the prescription is not looked at or reviewed.",
        "请用患者的就诊凭证查询处方,再审核。",
        "Fetch the prescriptions with the patient's credential, then review.",
        retry=Retry.AFTER,
    ),
}
"""Reasons of the calls about prescriptions: they are never recorded under a request id."""

OF_SALES: Final[dict[Reason, ReasonText]] = {
    Reason.PRESCRIPTION_NOT_PATIENTS: _of_line(
        Actor.CASHIER,
        "这张处方不是开给这位患者的。",
        "The prescription is not this patient's.",
        "请用处方上那位患者的就诊凭证,或重新查询这位患者的处方。",
        "Take the credential of the patient on it, or fetch this patient's prescriptions again.",
    ),
    Reason.PRESCRIPTION_WITHDRAWN: _of_line(
        Actor.PATIENT,
        "这张处方已被开方机构撤回。",
        "The prescription was withdrawn by who wrote it.",
        "请患者联系开方医生。",
        "Ask the patient to see the prescriber.",
    ),
    Reason.PRESCRIPTION_EXPIRED: _of_line(
        Actor.PATIENT,
        "这张处方已过有效期。",
        "The prescription's last day has passed.",
        "请患者联系医生重新开方。",
        "Ask the patient to get a new prescription.",
    ),
    Reason.PRESCRIPTION_NOT_YET_VALID: _of_line(
        Actor.CASHIER,
        "购药日期早于处方的开具日期。",
        "The day of the sale is before the day on which it was prescribed.",
        "请核对购药日期。",
        "Check the day of the sale.",
    ),
    Reason.PRESCRIPTION_REJECTED: _of_line(
        Actor.PATIENT,
        "药师审核没有通过这张处方。",
        "A pharmacist has reviewed the prescription and rejected it.",
        "请患者带药师的意见联系开方医生。",
        "Ask the patient to see the prescriber about what the pharmacist noted.",
    ),
    Reason.PRESCRIPTION_NOT_REVIEWED: _of_line(
        Actor.STORE,
        "这张处方还没有药师审核。",
        "No pharmacist has reviewed the prescription yet.",
        "请本店药师先审核,再结算。",
        "Let the pharmacist review it first, then settle.",
    ),
    Reason.PRESCRIPTION_NOT_FOR_ITEM: _of_line(
        Actor.CASHIER,
        "处方上没有这种药。",
        "The prescription does not have this drug.",
        "请按处方配药;其他药品不要挂在这张处方下。",
        "Dispense what is prescribed; do not put other goods under this prescription.",
    ),
    Reason.PRESCRIPTION_DISPENSED: _of_line(
        Actor.PATIENT,
        "处方上的这种药已经配完。",
        "This drug of the prescription is dispensed already.",
        "请告诉患者已在别处或以前配过;需要再用请联系医生。",
        "Tell the patient that it was dispensed before; for more, a prescriber must be seen.",
    ),
    Reason.PRESCRIPTION_QUANTITY_EXCEEDED: _of_line(
        Actor.CASHIER,
        "数量超过处方上这种药现在可配的数量。",
        "The quantity is more than may be dispensed of this drug now.",
        "请减少到可配数量。",
        "Take no more than what is left.",
    ),
}
"""Reasons of a sale that dispenses prescriptions: recorded under its id, a proof that nothing was charged."""
