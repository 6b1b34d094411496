"""A case may say everything that money depends on, and what it says wrongly has its line."""

from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from medsettle_gateway.files.packs import read_pack
from medsettle_gateway.files.yaml import read_yaml
from medsettle_gateway.policy import case_form
from medsettle_gateway.policy.case_expect import SUMS
from medsettle_gateway.policy.case_form import read_case
from medsettle_gateway.policy.case_sound import broken
from medsettle_gateway.policy.cases import CaseResult, CaseRunner
from medsettle_gateway.policy.loader import PackSource, digest_of
from medsettle_gateway.policy.trace import Step

EVERYTHING = read_pack(Path(__file__).with_name("everything.yaml"))
RUNNER = CaseRunner([EVERYTHING])

VISIT = """
case: T1
pack: test-everything
date: 2024-03-01
patient: {scheme: resident, standing: adult, enrolment: pool_only, conditions: [hypertension]}
institution: {kind: clinic, level: secondary}
"""
STAY = """
case: T2
pack: test-everything
date: 2024-03-10
patient: {scheme: resident, standing: adult, enrolment: pool_only}
institution: {kind: hospital, level: secondary}
"""


def run(text: str, runner: CaseRunner = RUNNER) -> CaseResult:
    document = read_yaml(text, "t.yaml")
    return runner.run(document.data, "t.yaml", document.lines)


def assert_holds(text: str, runner: CaseRunner = RUNNER) -> None:
    result = run(text, runner)
    found = [(each.key, each.expected, each.got) for each in result.differences]
    assert (found, result.faults) == ([], ())


def visit(extra: str, lines: str = '[{name: one, amount: "400.00"}]') -> str:
    return f"{VISIT}lines: {lines}\n{extra}"


def stay(extra: str, lines: str = '[{name: one, amount: "2000.00"}]') -> str:
    return f"{STAY}lines: {lines}\n{extra}"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{name: a, amount: "1.00", days_supply: 0}', "lines[0].days_supply: expected a whole number from 1"),
        ('{name: a, amount: "1.00", days_supply: 367}', "lines[0].days_supply: a supply lasts 1 to 366 days"),
        (
            '{name: a, amount: "1.00", class_in: {township: D}}',
            "lines[0].class_in.township: expected one of A",
        ),
        (
            '{name: a, amount: "1.00", class_in: C}',
            "lines[0].class_in: expected a mapping of lists to classes",
        ),
        ('{name: a, amount: "1.00", benefit: inpatient}', "only with encounter.benefit: assigned"),
    ],
)
def test_a_line_that_is_wrong_in_a_new_key_has_its_place(line: str, message: str) -> None:
    (fault,) = run(visit("expect: {refused: null}", f"[{line}]")).faults
    assert message in str(fault)
    assert str(fault).startswith("line 7, ")


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("encounter: {stay: s1}", "encounter.stay: only a stay has an id"),
        ("encounter: {emergency: 1}", "encounter.emergency: expected true or false"),
        ('stay_to_date: {paid: {inpatient: "1.00"}}', "stay_to_date: only a stay counts"),
        ('stay_to_date: {borne: {personal: "1.00"}}', "stay_to_date.borne: unknown key"),
        (
            'year_to_date: {borne: {pooled: "1.00"}}',
            "year_to_date.borne.pooled: what a patient bore is one of",
        ),
        ("dispensed: [{name: a}]", "dispensed[0]: missing key 'on'"),
        (
            "dispensed: [{name: a, on: 2024-03-02, days_supply: 400}]",
            "dispensed[0].days_supply: a supply lasts",
        ),
        (
            "order: {id: a, authority: b, waives: [limits], from: 2024-03-02, to: 2024-03-02}",
            "order.to: `to` is",
        ),
        ("order: {id: a, authority: b}", "order: missing key 'waives'"),
        ("order: {id: a, authority: b, waives: []}", "order.waives: an order that waives nothing"),
        ("order: {id: a, authority: b, waives: [all]}", "order.waives[0]: expected one of catalogue, limits"),
    ],
)
def test_a_new_key_that_is_wrong_has_its_place(key: str, message: str) -> None:
    found = [str(fault) for fault in run(visit(f"{key}\nexpect: {{refused: null}}")).faults]
    assert [fault for fault in found if message in fault and fault.startswith("line 8, ")], found


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("born_on: 2024-03-02", "patient.born_on: born later than the settlement"),
        ("attributes: [low]", "patient.attributes: expected a mapping of names to values"),
        ("attributes: {tier: null}", "patient.attributes.tier: expected a text, got nothing"),
    ],
)
def test_a_patient_who_is_wrong_in_a_new_key_has_a_place(change: str, message: str) -> None:
    text = visit("expect: {refused: null}").replace("enrolment: pool_only", f"enrolment: pool_only, {change}")
    (fault,) = run(text).faults
    assert str(fault) == f"line 5, {message}"


def test_age_and_attributes_and_area_decide() -> None:
    encounter = "encounter: {benefit: inpatient, admitted: 2024-03-01, discharged: 2024-03-10"
    old = stay(f'{encounter}}}\nexpect: {{deductible: "0.00"}}')
    assert_holds(old.replace("enrolment", "born_on: 1954-03-10, enrolment"))
    young = old.replace("enrolment", "born_on: 1954-03-11, enrolment")
    assert_holds(young.replace('"0.00"', '"500.00"'))
    assert_holds(stay(f'{encounter}, area: unfiled}}\nexpect: {{deductible: "700.00"}}'))
    low = stay(
        f'{encounter}}}\nexpect: {{funds: {{pooled: "16500.00"}}}}', '[{name: one, amount: "20500.00"}]'
    )
    assert_holds(low.replace("enrolment", "attributes: {tier: low}, enrolment"))
    assert_holds(low.replace("16500", "17000").replace("enrolment", "attributes: {tier: high}, enrolment"))


def test_a_bill_before_discharge_counts_in_its_stay_and_leaves_no_mark_in_the_year() -> None:
    assert_holds(
        stay("""encounter: {benefit: inpatient, admitted: 2024-03-01, stay: s1}
expect:
  deductible: "500.00"
  funds: {pooled: "1200.00"}
  after: {deductible: {inpatient: "0.00"}, paid: {inpatient: "1200.00", basic_annual: "1200.00"}}
  after_stay: {deductible: {inpatient: "500.00"}, paid: {inpatient: "0.00"}}
""")
    )


def test_a_second_bill_knows_what_the_first_one_took() -> None:
    assert_holds(
        stay("""encounter: {benefit: inpatient, admitted: 2024-03-01, discharged: 2024-03-10}
stay_to_date: {deductible: {inpatient: "450.00"}}
expect: {deductible: "50.00", after_stay: {deductible: {inpatient: "500.00"}}}
""")
    )


def test_what_was_borne_is_counted_and_raises_a_warning() -> None:
    text = visit("""year_to_date:
  deductible: {general_outpatient: "100.00"}
  borne: {personal: "100.00", in_scope: "4900.00"}
expect:
  raised: [poverty_risk]
  after: {borne: {personal: "300.00", in_scope: "5100.00"}}
""")
    assert_holds(text)
    (difference,) = run(text.replace("[poverty_risk]", "[]")).differences
    assert (difference.key, difference.expected, difference.got) == ("raised", "none", "poverty_risk")
    assert Step.WARNING in {step.step for step in difference.steps}


def test_what_was_dispensed_before_counts_in_the_window() -> None:
    drug = '[{name: 氨氯地平片, amount: "30.00", condition: hypertension, days_supply: 10}]'
    before = "dispensed: [{name: 氨氯地平片, on: 2024-02-20, days_supply: 10, condition: hypertension}]\n"
    chronic = 'encounter: {benefit: chronic_outpatient}\nexpect: {fully_self_paid: "30.00"}'
    assert_holds(visit(before + chronic, drug))
    assert_holds(visit(before.replace("02-20", "02-10") + chronic.replace("30.00", "0.00"), drug))


def test_an_order_lifts_what_it_names() -> None:
    order = "order: {id: YJ-1, authority: 某市医保局, waives: [catalogue]}\n"
    drug = '[{name: one, class: C, amount: "400.00"}]'
    assert_holds(visit('expect: {fully_self_paid: "400.00"}', drug))
    assert_holds(visit(order + 'expect: {fully_self_paid: "0.00", in_scope: "400.00"}', drug))


def test_an_item_may_stand_differently_in_another_list() -> None:
    drug = '[{name: one, amount: "400.00", class_in: {township: C}}]'
    text = visit('expect: {fully_self_paid: "0.00"}', drug)
    assert_holds(text)
    assert_holds(text.replace("level: secondary", "level: primary").replace('"0.00"', '"400.00"'))


MIXED = visit(
    """encounter: {benefit: assigned}
accounts: [{owner: self, balance: "20.00"}]
expect:
  total: "150.00"
  funds: {pooled: "45.00"}
  accounts: [{owner: self, amount: "20.00"}]
  cash: "85.00"
  settlements:
    - {benefit: chronic_outpatient, total: "50.00", funds: {pooled: "35.00"}, cash: "0.00"}
    - {benefit: general_outpatient, in_scope: "100.00", deductible: "80.00", cash: "85.00"}
year_to_date: {deductible: {general_outpatient: "20.00"}}
""",
    '[{name: cold, amount: "100.00"}, {name: b, amount: "50.00", condition: hypertension, days_supply: 7}]',
)


def test_a_basket_that_is_shared_out_is_judged_as_a_whole_and_by_its_settlements() -> None:
    assert_holds(MIXED)
    found = run(MIXED.replace('"35.00"}', '"36.00"}').replace('funds: {pooled: "45.00"}', "funds: {}"))
    assert [each.key for each in found.differences] == ["funds.pooled", "settlements[0].funds.pooled"]


def test_the_settlements_are_expected_in_their_order() -> None:
    (difference,) = run(MIXED.replace("benefit: chronic", "benefit: other")).differences
    assert (difference.key, difference.got) == ("settlements", "chronic_outpatient, general_outpatient")


def test_a_line_of_a_shared_basket_gets_the_benefit_that_it_asks_for() -> None:
    asked = MIXED.partition("accounts:")[0].replace(
        "condition: hyper", "benefit: general_outpatient, condition: hyper"
    )
    assert_holds(asked + "expect: {settlements: [{benefit: general_outpatient}]}")


def test_a_fund_that_pays_more_than_the_parts_of_its_base_is_found() -> None:
    encounter = "encounter: {benefit: inpatient, admitted: 2024-03-01, discharged: 2024-03-10}\n"
    text = stay(encounter + "expect: {refused: null}").replace("enrolment", "aid: poor, enrolment")
    calculation = run(text).calculation
    assert calculation is not None
    steps = {entry.step for entry in calculation.trace}
    assert {Step.BANDED, Step.GUARANTEE, Step.LEAVES} <= steps
    for step in (Step.FUND, Step.LAYER, Step.AFTERWARDS):
        dearer = tuple(
            entry._replace(amount_fen=10**9) if entry.step is step else entry for entry in calculation.trace
        )
        said = [
            expected for kind, expected, *_ in broken(calculation.breakdown, dearer) if kind == "identity"
        ]
        assert said.count("no fund pays more than its base") >= 1, step


def versions(**later: Any) -> CaseRunner:
    """The pack in two versions: the second is in force from 2024-03-05."""
    first = dict(EVERYTHING.data) | {"effective": {"from": "2024-01-01", "to": "2024-03-05"}}
    second = dict(EVERYTHING.data) | {"effective": {"from": "2024-03-05"}, "known_from": "2024-03-05"} | later
    sources = [PackSource(name, data) for name, data in (("v1", first), ("v2", second))]
    return CaseRunner(sources)


def test_each_line_of_a_stay_follows_the_version_of_its_day_with_the_figures_of_the_case() -> None:
    lines = '[{name: a, amount: "1000.00", service_on: 2024-03-01}, {name: b, amount: "1000.00"}]'
    text = stay(
        """encounter: {benefit: inpatient, admitted: 2024-03-01, discharged: 2024-03-10}
with: {lines.excluded: []}
expect: {fully_self_paid: "0.00", in_scope: "2000.00"}
""",
        lines.replace("amount", "class: C, amount"),
    )
    assert_holds(text, versions())
    no_list = EVERYTHING.data["lines"]
    assert isinstance(no_list, dict)
    plain = {key: value for key, value in no_list.items() if key != "catalogues"}
    placed = text.replace("lines.excluded: []", "lines.catalogues.0.list: other")
    result = run(placed.replace('"0.00", in_scope: "2000.00"', '"2000.00"'), versions(lines=plain))
    assert "no key 'catalogues' under lines" in str(result.faults)
    early = placed.replace("2024-03-10", "2024-03-04").replace('"0.00", in_scope: "2000.00"', '"2000.00"')
    assert_holds(early, versions(lines=plain))


def test_a_bound_of_a_version_that_the_case_does_not_run_through_does_not_bind() -> None:
    below = visit(
        'with: {benefits.general_outpatient.ratio.rows: [{ratio: "0.55"}]}\nexpect: {refused: null}'
    )
    benefits = EVERYTHING.data["benefits"]
    assert isinstance(benefits, dict)
    firmer = {"ratio": {"rows": [{"ratio": "0.60", "force": "floor", "clause": "x"}]}}
    later = benefits | {"general_outpatient": benefits["general_outpatient"] | firmer}
    assert_holds(below, versions(benefits=later))
    assert_holds(
        below.replace("2024-03-01", "2024-03-05").replace("refused: null", "refused: POLICY_FLOOR"),
        versions(benefits=later),
    )


def test_a_correction_decides_from_the_day_on_which_it_is_known() -> None:
    first = EVERYTHING
    correction = dict(EVERYTHING.data) | {
        "known_from": "2024-02-01",
        "supersedes": digest_of(first.data)[:12],
        "lines": {"excluded": []},
    }
    runner = CaseRunner([first, PackSource("corrected", correction)])
    text = visit('expect: {fully_self_paid: "400.00"}', '[{name: one, class: C, amount: "400.00"}]')
    assert_holds(text.replace("2024-03-01", "2024-01-31"), runner)
    assert_holds(text.replace('paid: "400.00"', 'paid: "0.00"'), runner)


def test_the_written_format_is_the_one_that_is_read() -> None:
    page = (files("medsettle_gateway") / "policies" / "CASES.md").read_text("utf-8")
    block = page.split("```yaml\n")[1].split("```")[0]
    document = read_yaml(block, "CASES.md")
    case = read_case(document.data, "CASES.md", document.lines)
    assert isinstance(document.data, dict)
    assert set(document.data) == set(case_form._KNOWN)
    assert case.expect.settlements is not None
    expected = document.data["expect"]
    assert set(expected["settlements"][0]) | set(SUMS) <= {*expected, "benefit"}
