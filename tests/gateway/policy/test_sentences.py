"""Every step is told in Chinese and English, with the amounts that it has and in words of the house."""

import re
from typing import Any

import pytest

from medsettle_gateway.domain.money import format_fen
from medsettle_gateway.policy.sentences import ADDED, INPUTS, told, told_by_name
from medsettle_gateway.policy.trace import Step, TraceEntry
from tests.gateway.policy.told import AID, EXAMPLES, ILLNESS, SPECIAL, entry, of_line

AMOUNTS = re.compile(r"[0-9]+\.[0-9]{2}(?!%)")
IDS = re.compile(r"[a-z]+_[a-z_]+")

each_example = pytest.mark.parametrize(
    "step", EXAMPLES, ids=[f"{number}-{each.step.value}" for number, each in enumerate(EXAMPLES)]
)


def test_every_step_has_inputs_and_an_example() -> None:
    assert set(INPUTS) == {step.value for step in Step}
    assert {each.step for each in EXAMPLES} == set(Step)


@each_example
def test_a_step_is_told_in_whole_sentences_of_both_languages(step: TraceEntry) -> None:
    zh, en = step.sentences
    assert zh.endswith("。")
    assert en.endswith(".")
    assert en[0].isupper() or en[0].isdigit()
    assert re.search("[\u4e00-\u9fff]", zh)
    assert "  " not in zh + en
    assert not re.search(r"[,。;:]{2}|\.\.|,,| [,.;:]", zh + en)


@each_example
def test_no_sentence_has_a_hole_or_a_placeholder(step: TraceEntry) -> None:
    text = " ".join(step.sentences)
    assert "None" not in text
    assert not re.search(r"[{}]", text)
    assert "a-secret" not in text


@each_example
def test_both_languages_speak_of_the_same_amounts(step: TraceEntry) -> None:
    zh, en = step.sentences
    assert sorted(set(AMOUNTS.findall(zh))) == sorted(set(AMOUNTS.findall(en)))


@each_example
def test_a_sentence_names_the_amount_of_its_step(step: TraceEntry) -> None:
    zh, en = step.sentences
    if step.amount_fen:
        assert format_fen(step.amount_fen) in AMOUNTS.findall(zh)
        assert format_fen(step.amount_fen) in AMOUNTS.findall(en)


@each_example
def test_a_sentence_names_no_amount_that_its_step_does_not_have(step: TraceEntry) -> None:
    inputs: dict[str, Any] = dict(step.inputs)
    values = [value for value in inputs.values() if isinstance(value, int)]
    known = {format_fen(value) for value in (step.amount_fen, *values)} | {"0.00"}
    if step.step in {Step.PROVIDER_BORNE, Step.SESSION_OVER_LIMIT}:
        known.add(format_fen(inputs["limit_fen"] * inputs["sessions"]))
    if step.step is Step.LEAVES and inputs["before_fen"] is not None:
        known.add(format_fen(inputs["before_fen"] + inputs["left_fen"]))
    parts = re.findall("[0-9]+", str(inputs.get("parts") or ""))
    known |= {format_fen(int(part)) for part in parts}
    assert set(AMOUNTS.findall("".join(step.sentences))) <= known


@each_example
def test_a_sentence_about_a_line_begins_with_its_number_and_name(step: TraceEntry) -> None:
    if step.line is None:
        assert not step.zh.startswith("第")
        return
    name = dict(step.inputs).get("name")
    assert step.zh.startswith(f"第1行“{name}”:" if name else "第1行:")
    assert step.en.startswith(f"Line 1, {name}: " if name else "Line 1: ")


@each_example
def test_a_step_that_came_by_name_is_told_alike(step: TraceEntry) -> None:
    shuffled = dict(reversed(step.inputs))
    assert told_by_name(step.step.value, shuffled, step.amount_fen, step.line) == step.sentences


@pytest.mark.parametrize("step", ADDED)
def test_a_step_of_an_older_sale_is_told_without_what_came_later(step: str) -> None:
    (example, *_) = [each for each in EXAMPLES if each.step == step]
    names = INPUTS[step]
    always = names[: len(names) - ADDED[step]]
    inputs = dict(example.inputs)
    old = {name: inputs[name] for name in always}
    later_as_none = tuple((name, inputs[name] if name in always else None) for name in names)
    assert told_by_name(step, old, example.amount_fen, None) == told(
        step, later_as_none, example.amount_fen, None
    )
    if always:
        with pytest.raises(KeyError):
            told_by_name(step, {}, example.amount_fen, None)


@pytest.mark.parametrize(("step", "zh", "en"), [
    (
        entry(Step.EMERGENCY_ORDER, "E-1", "省医保局", "limits+quantities", "quantities"),
        "本次按应急措施“E-1”结算,不限药品种类和供药天数。",
        (
            "This is settled under emergency order E-1; "
            "kinds of drugs and days of supply are not limited."
        ),
    ),
    (
        entry(Step.EMERGENCY_ORDER, "E-1", "省医保局", "limits+quantities", ""),
        "应急措施“E-1”有效,没有影响本次金额。",
        "Emergency order E-1 holds and changes nothing here.",
    ),
    (
        entry(Step.ACCOUNT_ONLY, "condition_not_filed", "替米沙坦片", 2, "hypertension", None, None),
        (
            "“替米沙坦片”等2项:所治病种(高血压)没有备案,只用个人账户和现金,统筹基金不支付。"
            "可先办理病种备案,以后再买就能按慢特病结算。"
        ),
        (
            "For 替米沙坦片 and 1 other: the condition that this treats (hypertension) is not filed; "
            "only personal accounts and cash pay, and no fund. "
            "Once it is filed, later purchases can be covered."
        ),
    ),
    (
        entry(Step.PAYABLE, 43_430, "蛋白粉", 2, 0, amount_fen=17_730),
        "个人负担434.30元中,本次可由个人账户支付177.30元,“蛋白粉”等2项不能用个人账户支付。",
        (
            "Of the 434.30 for the patient, personal accounts may pay 177.30 here, "
            "and nothing for 蛋白粉 and 1 other."
        ),
    ),
    (
        of_line(
            Step.OUTSIDE, "药", "days_supply_exceeded", 30, 20, 35, 30, "2024-06-19", amount_fen=2_500,
        ),
        (
            "第1行“药”:超过慢特病用药的供药天数(30天内已配15天,本次20天,合计35天,最多30天),"
            "25.00元全额自费。本次最多可配15天;2024-06-19起可配20天。"
        ),
        (
            "Line 1, 药: it is more than the days of supply allowed (15 within 30 days and 20 now make 35; "
            "30 are allowed); the patient pays all of 25.00. Up to 15 days may be had now, and 20 from "
            "2024-06-19 on."
        ),
    ),
    (
        of_line(Step.CATALOGUE, "药", "township", "C"),
        "第1行“药”:这里适用基层目录,按丙类(目录外)计算。",
        "Line 1, 药: here the township list applies, which puts it in class C, outside the catalogue.",
    ),
    (
        of_line(
            Step.OUTSIDE, "药", "drug_kinds_exceeded", 3, None, None, None, None, amount_fen=2_500, line=3,
        ),
        "第4行“药”:超过慢特病用药的种类数(最多3种),25.00元全额自费。可请医生在规定种类内调整用药。",
        (
            "Line 4, 药: it is one kind of drug too many for the patient's conditions (3 allowed); "
            "the patient pays all of 25.00. Ask the doctor to keep to the kinds allowed."
        ),
    ),
    (
        of_line(Step.PROVIDER_BORNE, "血液透析", 35_000, 2, amount_fen=5_000),
        "第1行“血液透析”:每次限额350.00元,2次共700.00元,超出的50.00元由本机构承担,不向患者收取。",
        (
            "Line 1, 血液透析: the limit is 350.00 a session, 700.00 for 2; the 50.00 above it "
            "is borne by this institution, and the patient is not charged for it."
        ),
    ),
    (
        entry(Step.DEDUCTIBLE, 80_000, 20_000, None, "stay", amount_fen=60_000),
        "本次住院起付标准800.00元,此前已付200.00元,这次先由个人付600.00元。",
        "The deductible of this stay is 800.00; 200.00 was met before; the patient pays 600.00 of it now.",
    ),
    (
        entry(Step.RATIO, 7_500, 650_000, None, "hypertension", amount_fen=4_875),
        "高血压纳入支付的75.00元,按65%支付,计48.75元。",
        "For hypertension, 65% of the 75.00 that counts is payable: 48.75.",
    ),
    (
        entry(Step.BAND, 0, 1_000_000, 200_000, 800_000, None, None, 800_000),
        "10000.00元以内部分此前已计8000.00元,本次有2000.00元,按80%支付。",
        "Up to 10000.00 there was 8000.00 before, and now 2000.00; 80% of it is payable.",
    ),
    (
        entry(Step.BAND, 1_000_000, 2_000_000, 300_000, 850_000, None, None, 0),
        "10000.00元至20000.00元部分有3000.00元,按85%支付。",
        "Between 10000.00 and 20000.00 there is 3000.00; 85% of it is payable.",
    ),
    (
        entry(Step.CAP, 200_000, 196_000, 4_000, None, "year", "hypertension", None, None, amount_fen=875),
        "高血压年度最高支付限额2000.00元,此前已支付1960.00元,还可支付40.00元,超出的8.75元由个人负担。",
        (
            "For hypertension, the annual cap is 2000.00; 1960.00 was paid before, 40.00 is left; "
            "the 8.75 above it stays with the patient."
        ),
    ),
    (
        entry(Step.LAYER_THRESHOLD, *ILLNESS, 1_080_000, 500_000, 0, None, amount_fen=500_000),
        "大病保险:起付标准5000.00元,本次10800.00元中先扣5000.00元。",
        (
            "Serious illness insurance: its threshold is 5000.00, "
            "and 5000.00 is first taken off this time's 10800.00."
        ),
    ),
    (
        entry(Step.LAYER_RATIO, *AID, "in_scope_left", 70_300, 750_000, None, amount_fen=52_725),
        "医疗救助:政策范围内剩余的703.00元,按75%支付,计527.25元。",
        "Medical aid: 75% of the 703.00 left to the patient within policy is payable: 527.25.",
    ),
    (
        entry(Step.LAYER_THRESHOLD, *ILLNESS, 900, 1_200_000, 0, None, amount_fen=900),
        "大病保险:起付标准12000.00元,本次9.00元,起付标准未到。",
        "Serious illness insurance: its threshold is 12000.00, and it is not reached with this time's 9.00.",
    ),
    (
        entry(
            Step.LEAVES, "ceiling", "个人负担封顶", "burden ceiling", 14_000_000, 0, 5_000_000,
            10_000_000, "特殊救助", "special aid", amount_fen=9_000_000,
        ),
        "个人负担封顶:扣除预计的特殊救助100000.00元后,本年度个人负担140000.00元,超过50000.00元,可支付90000.00元。",
        (
            "Burden ceiling: less the 100000.00 expected of special aid, the patient bears 140000.00 this "
            "year, which is above 50000.00: 90000.00 is payable."
        ),
    ),
    (
        entry(Step.AFTERWARDS, *SPECIAL, "special_aid", amount_fen=10_000_000),
        "特殊救助:可事后另行申请,预计100000.00元,不计入本次结算。",
        "Special aid may be applied for afterwards: about 100000.00, no part of this payment.",
    ),
], ids=lambda value: f"{value.step.value}-{len(value.zh)}" if isinstance(value, TraceEntry) else "")
def test_a_step_is_told_as_a_cashier_says_it(step: TraceEntry, zh: str, en: str) -> None:
    assert step.sentences == (zh, en)


def test_names_that_the_house_does_not_know_are_told_by_their_ids() -> None:
    assert entry(Step.FUND, "own_fund", None, amount_fen=100).zh == "own_fund支付1.00元。"
    paid = entry(Step.FUND, "pooled", "rare_disease", amount_fen=100)
    assert paid.en == "The pooled fund pays 1.00 for rare disease."
    of_group = entry(Step.RATIO, 100, 1_000_000, None, "M01", amount_fen=100)
    assert of_group.zh.startswith("M01纳入支付的1.00元,")


def test_only_names_of_a_region_are_told_as_ids() -> None:
    for each in EXAMPLES:
        own = {"own_list", "of_a_region", "of_a_later_release", "some_condition"}
        assert set(IDS.findall(" ".join(each.sentences))) <= own
