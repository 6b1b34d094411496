"""A sale explained: the paragraph for the patient, then every step once, in words that can be read aloud."""

import json
from dataclasses import replace

import pytest

from medsettle._columns import width
from medsettle.cli.as_json import as_json
from medsettle.explanation import explain, explanation
from medsettle.models import Breakdown, Refusal, Sale
from medsettle.wire.because import BECAUSE_MAX, because, reasons
from medsettle.wire.explained import explained, who_pays
from tests.sdk.settled import BOTH, DIALYSIS, QUOTE, REQUEST_ID, SALE, STAY, step

NOTHING = Breakdown(0, 0, 0, 0, 0, 0, 0, 0, {}, 0, (), 0)


def read(text: str) -> str:
    """Returns the text as it is heard: without the breaks of lines."""
    return "".join(row.strip() for row in text.splitlines())


def test_the_paragraph_says_who_pays_and_then_why() -> None:
    assert explanation(SALE).summary.zh == (
        "合计30000.00元,统筹基金支付13800.00元,大病保险支付120.00元,个人负担16080.00元,"
        "其中本人账户支付80.00元、现金16000.00元。原因:"
        "“缝线”、“棉签”不属于医保支付范围,6000.00元全额自费。"
        "本次住院起付标准1000.00元,这次先由个人付1000.00元。"
        "纳入支付的23000.00元,按60%支付,计13800.00元。"
        "大病保险:起付标准10000.00元,本次10200.00元中先扣10000.00元。"
        "政策范围内剩余的200.00元,按60%支付,计120.00元。"
        "特殊救助:可事后另行申请,预计500.00元,不计入本次结算。提醒:因病致贫风险。"
    )


def test_the_paragraph_is_told_in_english_too() -> None:
    assert explanation(SALE).summary.en.startswith(
        "Of 30000.00 in all, the pooled fund pays 13800.00, serious illness insurance pays 120.00 and "
        "16080.00 is for the patient: 80.00 from the patient's own account and 16000.00 in cash. "
        "Why: 缝线 and 棉签 are not covered by the insurance; the patient pays all of 6000.00. "
    )


def test_several_benefits_are_told_together_and_then_each() -> None:
    said = explanation(BOTH)
    zh, en = said.summary
    assert zh.startswith("本单按2项待遇分别结算。合计30372.00元,本机构承担22.00元,统筹基金支付14132.50元,")
    assert "个人负担16097.50元,其中本人账户支付90.00元、现金16007.50元。住院:合计30000.00元," in zh
    assert "门诊血液透析:合计372.00元," in zh
    assert en.startswith("This ticket is settled under 2 benefits. Of 30372.00 in all, this institution ")
    assert "Outpatient haemodialysis: Of 372.00 in all, " in en
    assert [each.benefit for each in said.settlements] == ["inpatient", "haemodialysis"]


def test_a_quote_says_that_nothing_is_charged_yet() -> None:
    said = explanation(QUOTE)
    assert (said.request_id, said.state) == (None, "QUOTE")
    assert said.summary.zh.startswith("这是预结算,尚未收费。合计30000.00元,")
    assert REQUEST_ID not in explain(QUOTE)


@pytest.mark.parametrize(("state", "zh"), [
    ("REVERSED", "本次结算已撤销。撤销前的结算如下。合计"),
    ("HELD", "尚不知道是否已收费。请勿再次收费,请按流水号查询。合计"),
    ("PENDING", "尚不知道是否已收费。请勿再次收费,请按流水号查询。"),
    ("A_NEWER_STATE", "尚不知道是否已收费。请勿再次收费,请按流水号查询。"),
    ("RELEASED", "预占已释放,没有动用医保基金和个人账户。"),
])
def test_what_is_not_paid_is_never_explained_as_if_it_were(state: str, zh: str) -> None:
    assert explanation(replace(SALE, state=state)).summary.zh.startswith(zh)


def test_a_refused_sale_is_explained_by_its_refusal_and_the_next_step() -> None:
    refusal = Refusal(
        "NOT_COVERED", True, "参保待遇已终止。", "Cover has ended.", "请先续保。", "Renew first."
    )
    said = explanation(replace(SALE, state="REFUSED", settlements=(), refusal=refusal))
    assert said.summary.zh == "没有动用医保基金和个人账户。参保待遇已终止。请先续保。"
    assert said.summary.en.endswith("Cover has ended. Renew first.")


def test_a_basic_view_still_says_who_pays() -> None:
    basic = replace(SALE, settlements=(replace(STAY, trace=(), lines=(), remainders=()),))
    (settled,) = explanation(basic).settlements
    assert (settled.because, settled.sections, settled.steps) == ((), (), ())
    assert read(explain(basic)).endswith("其中本人账户支付80.00元、现金16000.00元。")


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("columns", [32, 48, 64])
@pytest.mark.parametrize("sale", [SALE, BOTH, replace(SALE, state="REVERSED")], ids=["one", "two", "undone"])
def test_no_line_is_wider_than_the_paper(sale: Sale, columns: int, language: str) -> None:
    rows = explain(sale, language, columns).splitlines()
    assert max(width(row) for row in rows) <= columns
    explain(sale, language, columns).encode("gbk")


def test_every_step_belongs_to_one_section() -> None:
    for settled in explanation(BOTH).settlements:
        steps = [index for section in settled.sections for index in section.steps]
        assert sorted(steps) == list(range(len(settled.steps)))


def test_steps_are_gathered_by_line_and_by_fund_in_their_order() -> None:
    stay, dialysis = explanation(BOTH).settlements
    assert [(section.about, section.id) for section in stay.sections] == [
        ("lines", ""), ("benefit", ""), ("layer", "serious_illness"), ("layer", "medical_aid"),
        ("afterwards", "special_aid"), ("warnings", ""), ("patient", ""),
    ]
    assert [section.about for section in dialysis.sections] == ["order", "lines", "benefit", "patient"]


def test_a_layer_is_named_once_and_its_clauses_follow() -> None:
    text = read(explain(SALE, columns=96))
    assert (
        "大病保险:起付标准10000.00元,本次10200.00元中先扣10000.00元。政策范围内剩余的200.00元,"
        "按60%支付,计120.00元。大病保险支付120.00元。 (四; 五)"
    ) in text


def test_a_limit_that_binds_nothing_and_what_was_said_already_is_not_read_out() -> None:
    text = explain(SALE)
    assert "50000.00" not in text
    assert "医疗救助:患者不在适用人群内,不支付。" in text
    assert "医疗救助本次不支付" not in text


def test_lines_wholly_in_scope_are_told_together_and_the_others_each() -> None:
    text = read(explain(SALE, columns=96))
    assert "“手术”、“药品”全部符合政策范围,共24000.00元。" in text
    assert "第3行“缝线”:不属于医保支付范围,4000.00元全额自费。 (三(一)第1款)" in text
    assert "手术, 药品: wholly within policy, 24000.00 together." in explain(SALE, "en", 96)


def test_a_line_is_named_once_however_many_steps_it_took() -> None:
    text = read(explain(replace(SALE, settlements=(DIALYSIS,)), columns=96))
    assert (
        "第5行“血液透析”:每次限额350.00元,超出的22.00元由本机构承担,不向患者收取。"
        "350.00元符合政策范围。"
    ) in text


def test_what_an_order_lifts_for_a_line_is_told_after_the_line_is_named() -> None:
    lifted = step(
        "limit_waived", "第1行:按应急措施“E-1”,不限药品种类。",
        "Line 1: under emergency order E-1, the kinds of drugs are not limited.", line="1",
    )
    counted = step("in_scope", "第1行“药”:5.00元符合政策范围。", "Line 1, 药: 5.00 is within policy.", 500,
                   line="1", name="药")
    sale = replace(SALE, settlements=(replace(STAY, trace=(lifted, counted)),))
    assert "第1行“药”:5.00元符合政策范围。按应急措施“E-1”,不限药品种类。" in read(explain(sale))
    assert "5.00 is within policy. Under emergency order E-1, the kinds" in explain(sale, "en", 96)


def test_an_excluded_line_names_the_list_that_decided_its_class() -> None:
    listed = step(
        "catalogue", "第1行“药”:这里适用基层目录,按丙类计算。", "Line 1, 药: here the list applies.",
        line="1", clause="第七条", name="药",
    )
    excluded = step("excluded", "第1行“药”:不支付。", "Line 1, 药: not covered.", 500, line="1", name="药")
    (reason,) = because((listed, excluded))
    assert reason.zh == "第1行“药”:这里适用基层目录,按丙类计算。不支付。"
    assert reason.en == "Line 1, 药: here the list applies. Not covered."
    assert (reason.clauses, reason.steps) == (("第七条",), (0, 1))


def test_a_figure_of_the_region_is_told_in_the_language_of_the_text() -> None:
    assert "(本地参数)" in read(explain(SALE))
    assert "(local figure)" in read(explain(SALE, "en"))


def test_the_json_has_stable_keys() -> None:
    said = json.loads(as_json(explanation(SALE)))
    assert list(said) == ["request_id", "state", "summary", "settlements"]
    assert list(said["summary"]) == ["zh", "en"]
    (settled,) = said["settlements"]
    assert list(settled) == ["number", "benefit", "title", "summary", "because", "sections", "steps"]
    assert list(settled["because"][0]) == ["zh", "en", "clauses", "amount_fen", "steps"]
    assert list(settled["sections"][0]) == ["about", "id", "zh", "en", "steps"]
    assert settled["because"][0]["steps"] == [2, 3]
    assert settled["steps"][5]["inputs"]["base_fen"] == "2300000"


@pytest.mark.parametrize(("breakdown", "zh", "en"), [
    (
        NOTHING,
        "合计0.00元,基金不支付,个人不用付钱。",
        "Of 0.00 in all, no fund pays and the patient pays nothing.",
    ),
    (
        replace(NOTHING, total_fen=500, personal_fen=500, cash_fen=500),
        "合计5.00元,基金不支付,个人负担5.00元,全部付现金。",
        "Of 5.00 in all, no fund pays and 5.00 is for the patient, all of it in cash.",
    ),
    (
        replace(NOTHING, total_fen=500, provider_borne_fen=100, funds={"own": 400}),
        "合计5.00元,本机构承担1.00元,own支付4.00元,个人不用付钱。",
        "Of 5.00 in all, this institution bears 1.00, own pays 4.00 and the patient pays nothing.",
    ),
], ids=["nothing", "cash", "provider"])
def test_who_pays_is_one_sentence(breakdown: Breakdown, zh: str, en: str) -> None:
    assert who_pays(breakdown, {}) == (zh, en)


def test_only_the_weightiest_reasons_are_given_in_the_order_of_the_steps() -> None:
    trace = [
        step("outside", f"原因{amount}。", f"Reason {amount}.", amount, line="1", name="x")
        for amount in (1, 70, 50, 2, 60, 80)
    ]
    found = because(trace)
    assert [each.amount_fen for each in found] == [70, 50, 60, 80]
    assert len(found) == BECAUSE_MAX


def test_every_fund_that_pays_has_its_reason_and_others_that_are_left_out_are_owned_up_to() -> None:
    lines = [
        step("outside", f"原因{amount}。", f"Reason {amount}.", amount, line="1", name="x")
        for amount in (900, 800, 700)
    ]
    fund = [
        step("ratio", "按比例。", "By ratio.", 5, base_fen="10"),
        step("fund", "支付。", "Pays.", 5, fund="pooled"),
    ]
    layers = [
        each
        for layer in ("a", "b", "c")
        for each in (
            step("layer_ratio", f"{layer}:计1元。", f"{layer}: 1.", 1, layer=layer, zh=layer, en=layer),
            step("layer", f"{layer}支付。", f"{layer} pays.", 1, layer=layer, zh=layer, en=layer, fund=layer),
        )
    ]
    said = [each.zh for each in because([*lines, *fund, *layers])]
    assert said == ["原因900。", "原因800。", "按比例。", "a:计1元。", "b:计1元。", "c:计1元。"]
    assert reasons([*lines, *fund, *layers]).others
    assert not reasons(lines).others
    said_of = explained(STAY.breakdown, [*lines, *fund, *layers])
    assert "主要原因:原因900。" in said_of.zh
    assert "Why, among others: Reason 900." in said_of.en


def test_where_no_fund_is_asked_it_says_nothing_how_lines_would_have_divided() -> None:
    first = step("self_pay_first", "先付10%。", "First pays 10%.", 240, line="1", name="x")
    alone = step("account_only", "只用账户。", "Accounts only.")
    strict = step("payable", "可付。", "May pay.", 1)
    assert [each.zh for each in because([first, alone])] == ["只用账户。"]
    strict = replace(strict, inputs={"in_scope_only": "1", "personal_fen": "100"})
    assert [each.zh for each in because([first, alone, strict])] == ["先付10%。", "只用账户。", "可付。"]


def test_what_must_be_said_is_said_however_little_it_moves() -> None:
    trace = [step("outside", "甲。", "A.", 100 + each, line="1", name="x") for each in range(5)]
    always = [
        step("emergency_order", "应急。", "Order."), step("warning", "提醒。", "Note."),
        step("account_only", "只用账户。", "Accounts only."),
    ]
    assert {each.zh for each in because([*always, *trace])} >= {"应急。", "提醒。", "只用账户。"}


def test_many_lines_with_one_fate_are_one_reason_with_two_names() -> None:
    trace = [
        step("excluded", "不支付。", "Not paid.", 100, line=str(number), name=name, clause="三")
        for number, name in enumerate(("甲", "乙", "丙", "丁"), 1)
    ]
    (reason,) = because(trace)
    assert reason.zh == "“甲”、“乙”等4项不属于医保支付范围,4.00元全额自费。"
    assert reason.en == "甲, 乙 and 2 others are not covered by the insurance; the patient pays all of 4.00."
    assert (reason.clauses, reason.amount_fen, reason.steps) == (("三",), 400, (0, 1, 2, 3))


def test_a_layer_that_acts_afterwards_is_no_reason_for_what_is_paid_now() -> None:
    told = [STAY.trace[index] for each in because(STAY.trace) for index in each.steps]
    assert [each.step for each in told if each.inputs.get("layer") == "special_aid"] == ["afterwards"]


def test_steps_that_this_release_does_not_know_are_read_out_and_decide_nothing() -> None:
    newer = step("of_a_later_release", "以后的步骤。", "A later step.", 99)
    sale = replace(SALE, settlements=(replace(STAY, trace=(newer,)),))
    assert "以后的步骤。" in explain(sale)
    assert explanation(sale).settlements[0].because == ()
