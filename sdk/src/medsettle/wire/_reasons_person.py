"""Reasons of a person's cover on a day: each is a proof that nothing was charged."""

from typing import Final

from medsettle.wire._reason import Actor, Code, Reason, ReasonText, Retry


def _of(actor: Actor, *texts: str) -> ReasonText:
    zh, en, next_zh, next_en = texts
    return ReasonText(Code.FAILED_PRECONDITION, Retry.NO, actor, True, zh, en, next_zh, next_en)


OF_PERSONS: Final[dict[Reason, ReasonText]] = {
    Reason.COVER_INTERRUPTED: _of(
        Actor.PATIENT,
        "服务日期在患者参保中断期间,中断期间的费用医保不支付。",
        "On the service date the patient's cover was interrupted, and nothing is paid for such days.",
        "请自费结算;对中断时间有疑问的,请患者向参保地经办机构查询。",
        "Sell without insurance; a patient who doubts the dates asks the insurer.",
    ),
    Reason.COVER_IN_ARREARS: _of(
        Actor.PATIENT,
        "患者的医保费欠缴,自欠费当月起停止享受医保待遇。",
        "Contributions are in arrears: benefits have stopped from the month in which that began.",
        "请自费结算并保留票据;在期限内足额补缴后,可补报这段时间的费用。",
        "Sell without insurance and keep the receipt: once all is paid within the time, it can be claimed.",
    ),
    Reason.ARREARS_NOT_RESTORED: _of(
        Actor.PATIENT,
        "服务日期在欠费期间,且未在规定期限内足额补缴,这段时间的费用医保不支付。",
        "The service date lies in arrears that were not paid in full in time, and nothing is paid for it.",
        "请自费结算;有疑问请患者或其单位向参保地经办机构查询。",
        "Sell without insurance; the patient or the employer may ask the insurer.",
    ),
    Reason.IN_WAITING_PERIOD: _of(
        Actor.PATIENT,
        "患者参保后仍在待遇等待期内,暂不享受医保待遇。",
        "The patient has enrolled and is still in the waiting period, before benefits begin.",
        "请自费结算;等待期满后即可使用医保。",
        "Sell without insurance; benefits begin when the waiting period is over.",
    ),
    Reason.YEAR_NOT_PAID: _of(
        Actor.PATIENT,
        "没有查到患者本年度的参保缴费,本年度不享受医保待遇。",
        "No premium is recorded that covers the patient in this year.",
        "请自费结算;已缴费的,请患者持缴费凭证向参保地经办机构查询。",
        "Sell without insurance; a patient who has paid shows the receipt to the insurer.",
    ),
    Reason.YEAR_NOT_BEGUN: _of(
        Actor.PATIENT,
        "患者已缴费,待遇从下一年度1月1日开始,现在还不能享受。",
        "The premium is paid, and benefits begin on 1 January of the next year, not before.",
        "请自费结算;明年1月1日起即可使用医保。",
        "Sell without insurance; benefits can be used from 1 January on.",
    ),
    Reason.BENEFITS_SUSPENDED: _of(
        Actor.PATIENT,
        "患者的医保待遇已被暂停。",
        "The patient's benefits are suspended.",
        "请自费结算;暂停的原因和期限请患者向参保地经办机构查询。",
        "Sell without insurance; the patient asks the insurer why and until when.",
    ),
    Reason.DOUBLE_COVER: _of(
        Actor.OPERATOR,
        "患者在服务日期同时登记了职工医保和居民医保,不能重复享受。",
        "The patient is registered in two schemes on the service date, and may hold only one.",
        "请自费结算,并请患者向参保地经办机构办理,保留其中一种参保关系。",
        "Sell without insurance; the patient has the insurer end one of the two.",
    ),
    Reason.AID_CERTIFICATE_NOT_VALID: _of(
        Actor.PATIENT,
        "患者的救助证件在服务日期无效,不享受医疗救助待遇。",
        "The patient's certificate of aid does not hold on the service date.",
        "请不使用救助待遇结算;请患者到民政部门换发证件。",
        "Settle without aid; the patient has the certificate renewed by civil affairs.",
    ),
    Reason.AID_OF_OTHER_DISTRICT: _of(
        Actor.PATIENT,
        "患者的救助证件不是本地签发的,在本地不享受医疗救助待遇。",
        "The patient's certificate of aid was issued by another district and does not count here.",
        "请不使用救助待遇结算;请患者向发证地民政部门申请救助。",
        "Settle without aid; the patient applies to the district that issued the certificate.",
    ),
    Reason.OUTSIDE_AGE_BOUND: _of(
        Actor.PATIENT,
        "患者的年龄超过了这种参保方式的规定。",
        "The patient is past the age up to which this kind of cover is given.",
        "请自费结算;请患者向参保地经办机构办理退休或转保。",
        "Sell without insurance; the patient asks the insurer to retire or to change the scheme.",
    ),
}
