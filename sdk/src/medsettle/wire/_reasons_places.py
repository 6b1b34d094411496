"""Reasons that speak of places, of those who work there and of filings; each is a proof of no charge."""

from typing import Final

from medsettle.wire._reason import Actor, Code, Reason, ReasonText, Retry


def _recorded(actor: Actor, *texts: str) -> ReasonText:
    zh, en, next_zh, next_en = texts
    return ReasonText(Code.FAILED_PRECONDITION, Retry.NO, actor, True, zh, en, next_zh, next_en)


OF_PLACES: Final[dict[Reason, ReasonText]] = {
    Reason.INSTITUTION_EXITED: _recorded(
        Actor.STORE,
        "本机构已退出医保定点,不能进行医保结算。",
        "This place is no longer designated: nothing can be settled here.",
        "请患者到其他定点机构;机构对退出有异议的,请联系医保经办机构。",
        "Send the patient to another designated place; if the exit is wrong, ask the agency.",
    ),
    Reason.CARD_NOT_EQUIPPED: _recorded(
        Actor.STORE,
        "本机构尚不具备医保刷卡结算条件。",
        "This place is not equipped to settle by card.",
        "请患者到可以刷卡的定点机构,或自费购买。",
        "Send the patient to a place that takes the card, or sell without insurance.",
    ),
    Reason.PRESCRIBER_UNKNOWN: _recorded(
        Actor.CASHIER,
        "开方医师在当日没有在该机构登记医保医师资格,处方费用不予确认。",
        "The prescriber is not registered as an insurance physician there on that day.",
        "请核对处方上的医师代码;无误的,请由有资格的医师开方,或自费结算。",
        "Check the prescriber's code; if it is right, another physician must prescribe.",
    ),
    Reason.PRESCRIBER_SUSPENDED: _recorded(
        Actor.PATIENT,
        "开方医师的医保处方资格已暂停或取消,其处方不能医保结算。",
        "The prescriber's right to prescribe on insurance is suspended or cancelled.",
        "请患者另请有资格的医师开方。",
        "The patient needs a prescription of another physician.",
    ),
    Reason.PRESCRIBER_NOT_FILED: _recorded(
        Actor.PATIENT,
        "开方医师没有办理门诊统筹备案,其处方不能享受该待遇。",
        "The prescriber is not filed for the outpatient pool, so this benefit does not apply.",
        "请由已备案的医师开方,或改用个人账户、自费结算。",
        "A filed physician must prescribe, or pay from the account or in cash.",
    ),
    Reason.PRESCRIBER_MISSING: _recorded(
        Actor.CASHIER,
        "该待遇须注明开方医师,本次没有填写。",
        "This benefit needs the prescriber's code, and none was given.",
        "请在处方信息中填写医师代码后,换下一个尝试序号重新结算。",
        "Enter the prescriber's code of the prescription, then settle the next attempt.",
    ),
    Reason.PHARMACIST_UNKNOWN: _recorded(
        Actor.STORE,
        "审方药师当日没有在本机构登记。",
        "The pharmacist who reviewed is not registered here on that day.",
        "请由已登记的药师审方,并填写其代码。",
        "A registered pharmacist must review; enter that code.",
    ),
    Reason.PHARMACIST_SUSPENDED: _recorded(
        Actor.STORE,
        "审方药师的医保资格已暂停或取消。",
        "The pharmacist who reviewed is suspended.",
        "请由另一位药师重新审方。",
        "Another pharmacist must review.",
    ),
    Reason.FILING_ELSEWHERE: _recorded(
        Actor.PATIENT,
        "患者的备案定在其他机构,在本机构不能享受该待遇。",
        "The patient's filing is bound to other places: this benefit cannot be had here.",
        "请患者到备案的机构;也可改为其他待遇或自费结算,或向医保经办机构申请变更。",
        "Send the patient to the filed place, use another benefit, or ask the agency to change the filing.",
    ),
    Reason.FILING_REVIEW_OVERDUE: _recorded(
        Actor.PATIENT,
        "患者的门诊慢特病备案没有按时年审,待遇暂停。",
        "The yearly review of the patient's chronic condition was missed; the benefit rests.",
        "请患者到指定机构办理年审;办好后即可恢复。",
        "The patient has to pass the review at the place named for it; then the benefit is back.",
    ),
    Reason.FILING_REVIEW_FAILED: _recorded(
        Actor.PATIENT,
        "患者的门诊慢特病年审没有通过,待遇已终止。",
        "The patient did not pass the yearly review of the condition; the benefit has ended.",
        "病情复发的,请患者重新申请备案。",
        "If the condition comes back, the patient has to apply anew.",
    ),
    Reason.FILING_NOT_IN_FORCE: _recorded(
        Actor.PATIENT,
        "患者的备案当日不在有效期内。",
        "The patient's filing is not in force on that day.",
        "请核对备案的起止日期;已到期的,请患者到医保经办机构续办。",
        "Look at the days of the filing; if it has ended, the patient has to renew it with the agency.",
    ),
    Reason.OUT_OF_AREA_UNFILED: _recorded(
        Actor.PATIENT,
        "患者不是本统筹区参保,也没有异地就医备案,不能医保结算。",
        "The patient is insured in another region and has not filed for care here.",
        "请患者先办理异地就医备案或转诊;已自费的,回参保地按规定申请报销。",
        "The patient has to file for care elsewhere, or pay and claim in the region of insurance.",
    ),
    Reason.OUT_OF_AREA_CLAIM: _recorded(
        Actor.PATIENT,
        "患者的参保地不支持在这里直接结算。",
        "The patient's region of insurance does not settle at once at this place.",
        "请先自费结算并保存票据,由患者回参保地申请报销。",
        "Sell without insurance; the patient keeps the papers and claims in the region of insurance.",
    ),
    Reason.CLAIM_TOO_LATE: _recorded(
        Actor.PATIENT,
        "已超过补报期限,该日的费用不能再结算。",
        "The time in which this service could be claimed is over.",
        "有特殊情况的,请患者向医保经办机构申请延长期限。",
        "For a special case the patient may ask the agency for the longer time.",
    ),
}
