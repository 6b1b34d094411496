"""The steps explain the result in words, name their clauses, and rebuild it to the fen."""

import json
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from msgspec import structs

from medsettle_gateway.domain.basket import (
    PERSONAL_ACCOUNT_ONLY,
    CatalogueClass,
    EmergencyOrder,
    Encounter,
    Line,
    LineKind,
    Waiver,
)
from medsettle_gateway.domain.member import Enrolment, Owner
from medsettle_gateway.domain.place import Designation
from medsettle_gateway.files.packs import shipped_packs
from medsettle_gateway.policy import sentences
from medsettle_gateway.policy.engine import calculate
from medsettle_gateway.policy.inputs import CaseInput
from medsettle_gateway.policy.loader import load_pack
from medsettle_gateway.policy.pack import Pack
from medsettle_gateway.policy.trace import Step, TraceEntry, replay
from tests.gateway.policy.examples import (
    CLINIC,
    DEDUCTIBLE,
    EMPLOYEE,
    GENERAL,
    PAID,
    account,
    anshan,
    cases,
    drug,
    packs,
    visit,
)

RATIO = f"benefits.{GENERAL}.ratio.rows"


def steps(result_of: CaseInput, pack: Pack | None = None) -> dict[Step, TraceEntry]:
    return {entry.step: entry for entry in calculate(pack or anshan(), result_of).trace}


@given(packs, cases)
def test_replaying_the_steps_rebuilds_the_breakdown_to_the_fen(pack: Pack, case: CaseInput) -> None:
    result = calculate(pack, case)
    assert replay(result.trace) == result.breakdown


@given(packs, cases)
def test_every_step_has_a_sentence_in_both_languages(pack: Pack, case: CaseInput) -> None:
    for entry in calculate(pack, case).trace:
        assert entry.zh.endswith("。")
        assert entry.en.endswith(".")
        json.dumps(entry.as_plain())


@given(packs, cases)
def test_a_stored_step_is_told_as_it_was_when_it_was_made(pack: Pack, case: CaseInput) -> None:
    for entry in calculate(pack, case).trace:
        assert tuple(name for name, _ in entry.inputs) == sentences.INPUTS[entry.step]
        shuffled = dict(reversed(entry.inputs))
        stored = (entry.step.value, shuffled, entry.amount_fen, entry.line)
        assert sentences.told_by_name(*stored) == entry.sentences


def test_the_deductible_is_told_as_a_cashier_says_it() -> None:
    entry = steps(visit(drug(12_000), counters={DEDUCTIBLE: 28_000}))[Step.DEDUCTIBLE]
    assert entry.zh == "年度起付标准300.00元,此前已付280.00元,这次先由个人付20.00元。"
    assert entry.en == (
        "The yearly deductible is 300.00; 280.00 was met before; the patient pays 20.00 of it now."
    )
    assert entry.clause == "三(一)¶2"
    assert entry.rule == f"benefits.{GENERAL}.deductible.rows[0]"


def test_a_deductible_that_is_met_is_said_to_be_met() -> None:
    entry = steps(visit(drug(12_000), counters={DEDUCTIBLE: 30_000}))[Step.DEDUCTIBLE]
    assert entry.zh == "年度起付标准300.00元,已经付满。"
    assert entry.en == "The yearly deductible is 300.00 and has been met."


def test_a_reached_cap_says_what_is_left_and_who_bears_the_rest() -> None:
    entry = steps(visit(drug(10_000), counters={DEDUCTIBLE: 30_000, PAID: 298_000}))[Step.CAP]
    assert entry.zh == (
        "年度最高支付限额3000.00元,此前已支付2980.00元,还可支付20.00元,超出的30.00元由个人负担。"
    )
    assert entry.en == (
        "The annual cap is 3000.00; 2980.00 was paid before, 20.00 is left; "
        "the 30.00 above it stays with the patient."
    )


@pytest.mark.parametrize(
    ("amount_fen", "zh", "en"),
    [
        (100, "限额已用完。", "and the cap is used up."),
        (40_000, "限额已用完,50.00元由个人负担。", "and the cap is used up; 50.00 stays with the patient."),
    ],
)
def test_a_cap_that_was_used_up_before_is_said_to_be_used_up(amount_fen: int, zh: str, en: str) -> None:
    entry = steps(visit(drug(amount_fen), counters={PAID: 350_000}))[Step.CAP]
    assert entry.zh == f"年度最高支付限额3000.00元,此前已支付3500.00元,{zh}"
    assert entry.en == f"The annual cap is 3000.00; 3500.00 was paid before, {en}"


def test_a_cap_that_this_visit_reaches_and_does_not_pass_is_kept() -> None:
    entry = steps(visit(drug(10_000), counters={DEDUCTIBLE: 30_000, PAID: 295_000}))[Step.CAP]
    assert entry.zh == "年度最高支付限额3000.00元,此前已支付2950.00元,这次没有超过。"


def test_a_figure_to_which_rows_were_added_names_them() -> None:
    pack = anshan(
        {
            RATIO: [{"ratio": "0.60", "clause": "甲"}, {"when": {"at": "clinic"}, "add": "0.05"}],
            f"benefits.{GENERAL}.deductible.rows": [{"amount": "300.00"}, {"add": "-50.00"}],
        }
    )
    told = steps(visit(drug(45_000)), pack)
    assert told[Step.RATIO].zh == "纳入支付的200.00元,按65%(60%+5个百分点)支付,计130.00元。"
    assert told[Step.RATIO].en == (
        "65% (60% + 5 points) of the 200.00 that counts is payable: 130.00."
    )
    assert told[Step.DEDUCTIBLE].zh.startswith("年度起付标准250.00元(300.00-50.00),")


def test_a_figure_that_an_added_row_took_out_of_bounds_says_so() -> None:
    pack = anshan({RATIO: [{"ratio": "0.90"}, {"add": "0.30"}, {"add": "-0.10"}]})
    entry = steps(visit(drug(40_000)), pack)[Step.RATIO]
    assert "按90%(90%+30个百分点-10个百分点,每步限于0至100%)支付" in entry.zh


def test_a_row_of_a_region_without_a_clause_is_told_as_a_local_figure() -> None:
    pack = anshan({RATIO: [{"ratio": "0.60"}]})
    assert steps(visit(), pack)[Step.RATIO].clause == "本地参数 / local figure"


@pytest.mark.parametrize("own_share_ppm", [None, 100_000])
def test_a_share_that_the_benefit_waives_leaves_a_step(own_share_ppm: int | None) -> None:
    shares = [{"when": {"class": "B"}, "share": "0.10"}]
    pack = anshan({"lines.self_pay_first": shares, f"benefits.{GENERAL}.waives": ["self_pay_first"]})
    line = Line("x", LineKind.DRUG, CatalogueClass.B, 40_000, self_pay_share_ppm=own_share_ppm)
    told = steps(visit(line), pack)
    entry = told[Step.SELF_PAY_WAIVED]
    assert entry.zh == "第1行“x”:本待遇免除先行自付(原为10%)。"
    assert (entry.rule, entry.amount_fen, entry.line) == (f"benefits.{GENERAL}.waives", 0, 0)
    assert Step.SELF_PAY_FIRST not in told
    assert Step.SELF_PAY_WAIVED not in steps(visit(drug(40_000)), pack)


def test_a_sale_without_a_benefit_says_that_no_fund_pays() -> None:
    alone = visit(drug(100), encounter=Encounter(PERSONAL_ACCOUNT_ONLY))
    assert steps(alone)[Step.ACCOUNT_ONLY].zh == "按要求只用个人账户和现金,统筹基金不支付。"
    assert Step.ACCOUNT_ONLY not in steps(visit(drug(100)))


def test_accounts_that_may_not_pay_for_everything_say_how_much_they_may_pay() -> None:
    test = Line("test", LineKind.TEST, CatalogueClass.A, 6_000)
    pays = {"accounts.at": [{"at": "clinic", "kind": "drug"}]}
    own = (account(Owner.SELF, 50_000),)
    told = steps(visit(drug(4_000), test, accounts=own), anshan(pays))
    assert told[Step.PAYABLE].zh == (
        "个人负担100.00元中,本次可由个人账户支付40.00元,“test”不能用个人账户支付。"
    )
    assert told[Step.ACCOUNT].amount_fen == told[Step.PAYABLE].amount_fen == 4_000
    assert Step.PAYABLE not in steps(visit(drug(4_000), test, accounts=own))


def test_no_account_is_said_and_is_not_a_balance_of_0() -> None:
    assert steps(visit())[Step.NO_ACCOUNT].zh == "这次不用个人账户支付。"
    pool_only = replace(EMPLOYEE, enrolment=Enrolment.POOL_ONLY)
    assert steps(visit(patient=pool_only))[Step.NO_ACCOUNT].zh == "按参保方式没有个人账户。"
    empty = steps(visit(accounts=(account(Owner.SELF, 0),)))
    assert Step.NO_ACCOUNT not in empty
    assert "余额为0.00元" in empty[Step.ACCOUNT].zh


def test_an_own_account_that_local_policy_does_not_admit_is_no_relatives() -> None:
    pack = anshan({"accounts.owners": ["spouse"]})
    entry = steps(visit(accounts=(account(Owner.SELF, 100),)), pack)[Step.ACCOUNT]
    assert entry.zh == "本人账户:本地政策不允许使用该账户。"


def test_an_excluded_line_names_the_clause_that_excludes_it() -> None:
    entry = steps(visit(drug(8_000, CatalogueClass.C, "润喉喷雾")))[Step.EXCLUDED]
    assert entry.zh == "第1行“润喉喷雾”:不属于医保支付范围,80.00元全额自费。"
    assert (entry.rule, entry.clause, entry.line) == ("lines.excluded[0]", "三(一)¶1", 0)


def test_a_step_names_the_row_or_the_item_whose_figure_it_used() -> None:
    shares = {"lines.self_pay_first": [{"when": {"class": "B"}, "share": "0.10", "clause": "甲"}]}
    pack = anshan(shares)
    of_pack = steps(visit(drug(100, CatalogueClass.B)), pack)[Step.SELF_PAY_FIRST]
    assert (of_pack.rule, of_pack.clause) == ("lines.self_pay_first[0]", "甲")
    own = Line("x", LineKind.DRUG, CatalogueClass.B, 100, self_pay_share_ppm=300_000)
    of_item = steps(visit(own), pack)[Step.SELF_PAY_FIRST]
    assert (of_item.rule, of_item.clause) == ("line", "")


def test_an_account_is_told_by_whose_it_is_and_never_by_its_number() -> None:
    entries = [
        entry
        for entry in calculate(
            anshan(), visit(drug(50), accounts=(account(Owner.PARENT, 20, "secret"), account(Owner.OTHER, 9)))
        ).trace
        if entry.step is Step.ACCOUNT
    ]
    assert entries[0].zh == "父母账户余额0.20元,本次支付0.20元。"
    assert entries[0].en == "Parent's account holds 0.20 and pays 0.20."
    assert entries[1].zh == "其他人账户:该账户不在可共济的亲属范围内,不能支付。"
    assert not any("secret" in entry.zh + entry.en for entry in entries)


def test_an_order_that_lifted_nothing_says_so_in_one_short_line() -> None:
    order = EmergencyOrder("E-1", "省医保局", tuple(Waiver), visit().service_on)
    told = steps(visit(drug(100), orders=(order,), encounter=Encounter(PERSONAL_ACCOUNT_ONLY)))
    assert told[Step.EMERGENCY_ORDER].zh == "应急措施“E-1”有效,没有影响本次金额。"
    capped = steps(visit(drug(100), orders=(order,)))[Step.EMERGENCY_ORDER]
    assert capped.zh == "本次按应急措施“E-1”结算,不受最高支付限额和每次限额限制。"
    assert capped.clause == "省医保局"


def test_a_line_for_a_condition_that_is_not_filed_says_why_no_benefit_takes_it() -> None:
    source = next(each for each in shipped_packs() if each.data["pack"] == "zibo-employee-chronic")
    zibo = load_pack(source)
    filed = visit(
        structs.replace(drug(100), condition="diabetes"), encounter=Encounter(PERSONAL_ACCOUNT_ONLY),
        institution=replace(CLINIC, designations=(Designation.BASIC, Designation.CHRONIC)),
        patient=replace(EMPLOYEE, conditions=("hypertension",)), service_on=date(2025, 6, 1),
    )
    assert steps(filed, zibo)[Step.ACCOUNT_ONLY].zh.startswith("“drug”:所治病种(糖尿病)没有备案,")
    cold = structs.replace(filed, lines=(drug(100),))
    assert "没有注明用于备案病种(高血压),不属于门诊慢特病" in steps(cold, zibo)[Step.ACCOUNT_ONLY].zh
