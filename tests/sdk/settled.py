"""Settlements as a gateway answers them with View.FULL: four lines of a county, and a dialysis."""

from dataclasses import replace
from datetime import date

from medsettle.models import (
    AccountShare,
    Breakdown,
    LineBreakdown,
    Quote,
    Remainder,
    Sale,
    Settlement,
    Split,
    TraceEntry,
)

REQUEST_ID = "H21030200001-01-20261122-1-1"
PARTS = ("provider_borne_fen", "fully_self_paid_fen", "over_limit_fen", "self_pay_first_fen", "in_scope_fen")


def step(
    kind: str, zh: str, en: str, amount_fen: int = 0, /, *, line: str = "", clause: str = "", **inputs: str
) -> TraceEntry:
    return TraceEntry(kind, "rule", clause, inputs, amount_fen, zh, en, line)


def line(line_id: str, name: str, amount_fen: int, **parts: int) -> LineBreakdown:
    return LineBreakdown(line_id, "X", name, "drug", "A", amount_fen, **dict.fromkeys(PARTS, 0) | parts)


def in_scope(line_id: str, name: str, amount: str, amount_fen: int) -> TraceEntry:
    return step("in_scope", f"第{line_id}行“{name}”:{amount}元符合政策范围。",
                f"Line {line_id}, {name}: {amount} is within policy.", amount_fen, line=line_id, name=name)


ILLNESS = {"layer": "serious_illness", "zh": "大病保险", "en": "serious illness insurance"}
AID = {"layer": "medical_aid", "zh": "医疗救助", "en": "medical aid"}
SPECIAL = {"layer": "special_aid", "zh": "特殊救助", "en": "special aid"}

STAY = Settlement(
    1, "inpatient", "住院", "inpatient care",
    Breakdown(
        3_000_000, 0, 600_000, 0, 0, 2_400_000, 100_000, 0,
        {"pooled": 1_380_000, "serious_illness": 12_000}, 1_608_000,
        (AccountShare("own", "self", 8_000),), 1_600_000, {"special_aid": 50_000, "ceiling": 0},
    ),
    (
        line("1", "手术", 1_400_000, in_scope_fen=1_400_000),
        line("2", "药品", 1_000_000, in_scope_fen=1_000_000),
        line("3", "缝线", 400_000, fully_self_paid_fen=400_000),
        line("4", "棉签", 200_000, fully_self_paid_fen=200_000),
    ),
    (
        in_scope("1", "手术", "14000.00", 1_400_000),
        in_scope("2", "药品", "10000.00", 1_000_000),
        step("excluded", "第3行“缝线”:不属于医保支付范围,4000.00元全额自费。",
             "Line 3, 缝线: the insurance does not cover it; the patient pays all of 4000.00.", 400_000,
             line="3", clause="三(一)¶1", name="缝线"),
        step("excluded", "第4行“棉签”:不属于医保支付范围,2000.00元全额自费。",
             "Line 4, 棉签: the insurance does not cover it; the patient pays all of 2000.00.", 200_000,
             line="4", clause="三(一)¶1", name="棉签"),
        step("deductible", "本次住院起付标准1000.00元,这次先由个人付1000.00元。",
             "The deductible of this stay is 1000.00; the patient pays 1000.00 of it now.", 100_000,
             clause="本地参数 / local figure", limit_fen="100000", used_fen="0", parts="", period="stay"),
        step("ratio", "纳入支付的23000.00元,按60%支付,计13800.00元。",
             "60% of the 23000.00 that counts is payable: 13800.00.", 1_380_000, clause="二",
             base_fen="2300000", ratio_ppm="600000", parts="", condition=""),
        step("cap", "年度最高支付限额20000.00元,这次没有超过。",
             "The annual cap is 20000.00, and this stays within it.", 0, clause="二"),
        step("fund", "统筹基金支付13800.00元。", "The pooled fund pays 13800.00.", 1_380_000, fund="pooled"),
        step("layer_threshold", "大病保险:起付标准10000.00元,本次10200.00元中先扣10000.00元。",
             "Serious illness insurance: its threshold is 10000.00, "
             "and 10000.00 is first taken off this time's 10200.00.",
             1_000_000, clause="四", **ILLNESS),
        step("layer_ratio", "大病保险:政策范围内剩余的200.00元,按60%支付,计120.00元。",
             "Serious illness insurance: 60% of the 200.00 left to the patient within policy, "
             "that is 120.00.", 12_000, clause="五", **ILLNESS),
        step("layer_cap", "大病保险:最高支付限额50000.00元,还剩50000.00元,本次没有超过。",
             "Serious illness insurance: its limit is 50000.00, 50000.00 is left, and this stays within it.",
             0, clause="五", **ILLNESS),
        step("layer", "大病保险支付120.00元。", "Serious illness insurance pays 120.00.", 12_000,
             fund="serious_illness", **ILLNESS),
        step("layer_outside", "医疗救助:患者不在适用人群内,不支付。",
             "Medical aid is not for this patient and pays nothing.", **AID),
        step("layer", "医疗救助本次不支付。", "Medical aid pays nothing this time.", fund="medical_aid",
             **AID),
        step("layer_ratio", "特殊救助:个人负担中剩余的16080.00元,按50%支付,计8040.00元。",
             "Special aid: 50% of the 16080.00 left to the patient in all, that is 8040.00.", 804_000,
             **SPECIAL),
        step("afterwards", "特殊救助:可事后另行申请,预计500.00元,不计入本次结算。",
             "Special aid may be applied for afterwards: about 500.00, no part of this payment.", 50_000,
             fund="special_aid", **SPECIAL),
        step("warning", "提醒:因病致贫风险。", "Note: risk of poverty.", warning="poverty"),
        step("personal", "费用合计30000.00元,个人负担16080.00元。",
             "Of 30000.00 in all, 16080.00 is for the patient to pay.", 1_608_000, total_fen="3000000"),
        step("account", "本人账户余额80.00元,本次支付80.00元。",
             "Patient's own account holds 80.00 and pays 80.00.", 8_000, owner="self", note=""),
        step("cash", "还需现金支付16000.00元。", "16000.00 remains to be paid in cash.", 1_600_000),
    ),
    (
        Remainder("inpatient", "deductible", "stay/7", 100_000, 100_000, 0),
        Remainder("inpatient", "paid", "2026", 1_380_000, 2_000_000, 620_000),
        Remainder("serious_illness", "deductible", "2026", 1_000_000, 1_000_000, 0),
        Remainder("medical_aid/outpatient", "paid", "2026", 0, 2_000_000, 2_000_000),
        Remainder("special_aid", "paid", "2026", 0, 0, 0),
        Remainder("personal", "borne", "2026", 1_608_000),
    ),
)
DIALYSIS = Settlement(
    2, "haemodialysis", "门诊血液透析", "outpatient haemodialysis",
    Breakdown(
        37_200, 2_200, 0, 0, 0, 35_000, 0, 0, {"pooled": 33_250}, 1_750,
        (AccountShare("own", "self", 1_000),), 750,
    ),
    (line("5", "血液透析", 37_200, provider_borne_fen=2_200, in_scope_fen=35_000),),
    (
        step("emergency_order", "本次按应急措施“E-1”结算,由省医保局决定。",
             "This is settled under emergency order E-1, given by 省医保局.", order="E-1"),
        step("provider_borne", "第5行“血液透析”:每次限额350.00元,超出的22.00元由本机构承担,不向患者收取。",
             "Line 5, 血液透析: the limit is 350.00 a session; the 22.00 above it is borne by this "
             "institution, and the patient is not charged for it.", 2_200, line="5", clause="七",
             name="血液透析"),
        in_scope("5", "血液透析", "350.00", 35_000),
        step("ratio", "高血压纳入支付的350.00元,按95%支付,计332.50元。",
             "For hypertension, 95% of the 350.00 that counts is payable: 332.50.", 33_250, clause="七",
             base_fen="35000"),
        step("fund", "统筹基金支付332.50元。", "The pooled fund pays 332.50.", 33_250, fund="pooled"),
        step("personal", "费用合计372.00元,个人负担17.50元。",
             "Of 372.00 in all, 17.50 is for the patient to pay.", 1_750, total_fen="37200"),
        step("cash", "还需现金支付7.50元。", "7.50 remains to be paid in cash.", 750),
    ),
    (Remainder("haemodialysis/hypertension", "paid", "2026", 33_250, 100_000, 66_750),),
    emergency_order="E-1",
)
SALE = Sale(
    request_id=REQUEST_ID, state="SETTLED", first_state="SETTLED", refusal=None, legs=(),
    settlements=(STAY,), member="m-1", masked_name="张*", institution="H21030200001",
    terminal="H21030200001-01", operator="7", service_on=date(2026, 11, 22), business_on=date(2026, 11, 22),
    requested_at=None, committed_at=None, hold_expires_at=None, tenders=(), receipt_token="MS1.a.b.c",
    replaces="", recompute_due=(), epoch=1,
)
BOTH = replace(SALE, settlements=(STAY, DIALYSIS))
QUOTE = Quote((STAY,), Split(1_600_000), "MSQ1.x", None, date(2026, 11, 22), "张*")
