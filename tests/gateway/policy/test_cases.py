"""A case compares what it names, nothing else, and a broken case is a failed case with clear errors."""

from typing import Any

import pytest

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.breakdown import LineBreakdown
from medsettle_gateway.files.packs import shipped_packs
from medsettle_gateway.files.yaml import read_yaml
from medsettle_gateway.policy import cases as cases_module
from medsettle_gateway.policy.case_expect import REFUSALS
from medsettle_gateway.policy.cases import CaseResult, CaseRunner
from medsettle_gateway.policy.engine import calculate
from medsettle_gateway.policy.trace import Step

RUNNER = CaseRunner(shipped_packs())

TEXT = """
case: T1
title: a test
pack: anshan-employee-outpatient
date: 2023-03-01
patient: {scheme: employee, standing: active}
institution: {kind: clinic, level: primary, designations: [basic, pooled_outpatient]}
lines:
  - {name: one, kind: drug, class: A, amount: "400.00"}
accounts:
  - {owner: self, balance: "10.00"}
"""


def run(extra: str = "", text: str = TEXT) -> CaseResult:
    document = read_yaml(text + extra, "t1.yaml")
    return RUNNER.run(document.data, "t1.yaml", document.lines)


def keys(result: CaseResult) -> list[str]:
    return [difference.key for difference in result.differences]


def faults(result: CaseResult) -> list[str]:
    assert not result.passed
    return [str(fault) for fault in result.faults]


def test_only_the_keys_that_are_given_are_compared() -> None:
    assert run('expect: {total: "400.00"}').passed
    assert run("expect: {refused: null}").passed


@pytest.mark.parametrize(
    "expected", ["", "expect: {}", "expect: {total: null}", "expect: {after: {paid: {}}}"]
)
def test_a_case_that_expects_nothing_fails_and_is_still_calculated(expected: str) -> None:
    result = run(expected)
    assert "nothing is expected" in " ".join(faults(result))
    assert result.calculation is not None


@pytest.mark.parametrize("key", ["fully_self_paid", "over_limit", "self_pay_first"])
def test_a_part_that_came_out_as_0_is_told_by_the_steps_of_all_lines(key: str) -> None:
    (difference,) = run(f'expect: {{{key}: "1.00"}}').differences
    assert difference.got == "0.00"
    assert [step.step for step in difference.steps] == [Step.IN_SCOPE]


@pytest.mark.parametrize(
    ("code", "message"),
    [("NOT_DESIGNATE", "did you mean NOT_DESIGNATED?"), ("QUOTE_INVALID", "no reason that a pack can give")],
)
def test_only_reasons_that_a_pack_can_give_may_be_expected(code: str, message: str) -> None:
    (fault,) = faults(run(f"expect: {{refused: {code}}}"))
    assert message in fault
    assert len(fault) < 120


def test_the_reasons_that_a_pack_can_give_are_those_of_the_format() -> None:
    assert " ".join(REFUSALS) == (
        "POLICY_FLOOR POLICY_CEILING PACK_NOT_IN_FORCE NOT_COVERED NOT_DESIGNATED BENEFIT_UNKNOWN "
        "NOT_FOR_SCHEME NOT_FOR_STANDING NOT_FOR_ENROLMENT NOT_FOR_AID NOT_FOR_CONDITION NOT_FOR_ATTRIBUTE "
        "NOT_FILED NOT_AT_KIND NOT_AT_LEVEL NOT_AT_SPECIALTY NOT_A_STAY PRESCRIPTION_KIND NOT_CIRCULATED "
        "SWITCH_OFF LINE_AMOUNT_MISMATCH CONDITION_NOT_FILED DRUG_NOT_APPROVED DRUG_OVER_CEILING "
        "DRUG_KINDS_EXCEEDED DAYS_SUPPLY_EXCEEDED OVER_CEILING OVER_SESSION_LIMIT NO_RULE PARAMETER_ASSUMED"
    )


@pytest.mark.parametrize(
    ("stay", "path"),
    [
        ("admitted: 2023-03-01, discharged: 2023-02-20", "encounter.admitted: admitted later"),
        (
            "admitted: 2023-02-01, discharged: 2023-02-20",
            "date: the date of a stay is that of discharge, 2023-02-20",
        ),
        ("admitted: 2023-03-02", "encounter.admitted: admitted later"),
    ],
)
def test_the_dates_of_a_stay_must_agree(stay: str, path: str) -> None:
    found = faults(run(f"encounter: {{benefit: general_outpatient, {stay}}}\nexpect: {{refused: NO_RULE}}"))
    assert path in " ".join(found)


def test_a_stay_that_is_settled_on_the_day_of_discharge_is_read() -> None:
    stay = "encounter: {benefit: general_outpatient, admitted: 2023-02-01, discharged: 2023-03-01}\n"
    assert run(stay + 'expect: {total: "400.00"}').passed


def test_price_times_quantity_beyond_the_largest_amount_is_a_fault() -> None:
    text = TEXT.replace('amount: "400.00"', 'unit_price: "9999999999.99", quantity: "2"')
    (fault,) = faults(run('expect: {total: "1.00"}', text))
    assert "lines[0]: unit_price x quantity is 19999999999.98, more than the largest amount" in fault


def test_too_many_combinations_are_counted_at_the_line_that_brings_them() -> None:
    rows = ", ".join(f"{{when: {{condition: c{n}}}, add: '0.01'}}" for n in range(30))
    brought = f"with:\n  benefits.general_outpatient.ratio.rows: [{{ratio: '0.50'}}, {rows}]\n"
    (fault,) = faults(run(brought + 'expect: {total: "400.00"}'))
    assert fault.startswith("line 13, with.benefits.general_outpatient.ratio.rows: too many to compare")
    assert f"{2**30} combinations of condition" in fault
    assert "at most 100000" in fault


def test_each_difference_says_what_was_expected_what_came_and_why() -> None:
    result = run('expect: {deductible: "250.00", cash: "340.00"}')
    assert keys(result) == ["deductible"]
    (difference,) = result.differences
    assert (difference.expected, difference.got) == ("250.00", "300.00")
    assert Step.DEDUCTIBLE in {step.step for step in difference.steps}


@pytest.mark.parametrize(
    ("expected", "wrong"),
    [
        ('funds: {pooled: "50.00"}', []),
        ("funds: {}", ["funds.pooled"]),
        ('funds: {pooled: "50.00", county: "0.00"}', []),
        ('funds: {pooled: "50.00", county: "1.00"}', ["funds.county"]),
        ("afterwards: {}", []),
        ('afterwards: {aid: "1.00"}', ["afterwards.aid"]),
        ('accounts: [{owner: self, amount: "10.00"}]', []),
        ("accounts: []", ["accounts"]),
        ('accounts: [{owner: spouse, amount: "10.00"}]', ["accounts"]),
        ('after: {deductible: {general_outpatient: "300.00"}}', []),
        ('after: {deductible: {inpatient: "0.00"}}', []),
        ('after: {deductible: {inpatient: "1.00"}}', ["after.deductible.inpatient"]),
        ('after: {paid: {general_outpatient: "0.00"}}', ["after.paid.general_outpatient"]),
        ("refused: null", []),
        ("refused: NO_RULE", ["refused"]),
        ('refused: NO_RULE\n  total: "1.00"', ["refused"]),
    ],
)
def test_maps_and_lists_are_compared_as_the_format_says(expected: str, wrong: list[str]) -> None:
    assert keys(run(f"expect:\n  {expected}")) == wrong


def test_a_refusal_is_always_compared_and_then_nothing_else_is() -> None:
    basic_only = TEXT.replace(", pooled_outpatient", "")
    assert run('expect: {refused: NOT_DESIGNATED, total: "1.00"}', basic_only).passed
    unexpected = run('expect: {total: "400.00"}', basic_only)
    assert keys(unexpected) == ["refused"]
    assert unexpected.refusal is not None
    assert unexpected.refusal.reason is Reason.NOT_DESIGNATED
    assert unexpected.differences[0].got == "NOT_DESIGNATED"


def test_identities_are_checked_whatever_a_case_expects(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = calculate

    def dishonest(*args: Any, **kwargs: Any) -> Any:
        result = honest(*args, **kwargs)
        lines = (LineBreakdown(1, 0, 0, 0, 0, 1),)
        return result._replace(breakdown=result.breakdown._replace(cash_fen=1, lines=lines))

    monkeypatch.setattr(cases_module, "calculate", dishonest)
    assert keys(run("expect: {refused: null}")) == ["identity", "identity", "trace"]


def test_a_fund_that_pays_more_than_its_base_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def generous(*args: Any, **kwargs: Any) -> Any:
        result = calculate(*args, **kwargs)
        changed = (
            (*step[:5], "base_fen", 4_999, "ratio_ppm", 500_000) if step[0] is Step.RATIO else step
            for step in result.steps
        )
        return result._replace(steps=tuple(changed))

    monkeypatch.setattr(cases_module, "calculate", generous)
    (difference,) = run("expect: {refused: null}").differences
    assert difference.expected == "no fund pays more than its base"


def test_defaults_are_those_of_the_format() -> None:
    text = """
case: T2
pack: anshan-employee-outpatient
date: 2023-03-01
institution: {designations: [basic, pooled_outpatient]}
lines: [{name: one, amount: "400.00"}]
expect: {funds: {pooled: "50.00"}, accounts: []}
"""
    assert run(text=text).passed


def test_an_account_that_is_not_given_is_not_the_same_as_one_with_nothing_on_it() -> None:
    without = TEXT.partition("accounts:")[0]
    assert run("expect: {accounts: []}", without).passed
    assert run('accounts: [{owner: self, balance: "0.00"}]\nexpect: {accounts: []}', without).differences


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("pack: anshan-employee-outpatient", "pack: moon"), "line 4, pack: no pack 'moon'"),
        (("date: 2023-03-01", "date: 2023-02-30"), "line 5, date: there is no such day: 2023-02-30"),
        (("date: 2023-03-01\n", ""), "missing key 'date'"),
        (('amount: "400.00"', "amount: 400.00"), "lines[0].amount: write the number in quotes"),
        (('amount: "400.00"', 'amount: "400"'), "two places"),
        ((', amount: "400.00"', ""), "a line has an amount, or a unit_price"),
        (('amount: "400.00"', 'amount: "1.00", colour: red'), "lines[0].colour: unknown key"),
        (("scheme: employee", "scheme: employed"), "patient.scheme: expected one of employee, resident"),
        (("accounts:\n", "accounts:\n  - {owner: uncle}\n"), "accounts[0].owner: expected one of"),
        (("class: A", "class: D"), "lines[0].class: expected one of A, B, C"),
        (("title: a test", "titel: a test"), "titel: unknown key"),
        (("  - {name: one", "  - {nam: one"), "lines[0]: missing key 'name'"),
    ],
)
def test_a_broken_case_says_where_and_what(change: tuple[str, str], message: str) -> None:
    assert change[0] in TEXT
    assert [fault for fault in faults(run(text=TEXT.replace(*change))) if message in fault]


def test_a_case_without_lines_is_broken() -> None:
    text = TEXT.replace('  - {name: one, kind: drug, class: A, amount: "400.00"}\n', "")
    assert "lines" in " ".join(faults(run(text=text)))
    assert "at least one line" in " ".join(faults(run(text=text.replace("lines:\n", "lines: []\n"))))


def test_every_mistake_of_a_case_is_reported() -> None:
    text = TEXT.replace("employee, standing", "x, standing").replace("clinic", "y").replace('"10.00"', "10")
    assert len(faults(run(text=text))) == 3


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("benefits.chronic.ratio.rows: []", "no key 'chronic' under benefits"),
        ('benefits.general_outpatient.ratio.rows: [{rate: "0.60"}]', "rows[0].rate: unknown key"),
        ("benefits.general_outpatient.five_fixed: {outside: all}", "expected one of self_pay, refuse"),
        ("accounts.pays: everything", "expected one of personal, in_scope"),
        ("layers: [{id: county}]", "a layer has `base` and `ratio`, or one of"),
    ],
)
def test_a_wrong_override_is_reported_at_its_line_of_the_case(override: str, message: str) -> None:
    found = faults(run(f"with:\n  {override}\nexpect: {{}}"))
    assert all(fault.startswith("line 13, with.") for fault in found)
    assert message in " ".join(found)


@pytest.mark.parametrize(
    "text", ["[]", "3", "text", "case: 1", "{}", "lines: {a: b}", "with: [1]", "expect: x"]
)
def test_whatever_stands_in_a_file_it_is_a_failed_case_and_no_crash(text: str) -> None:
    assert not run(text=text).passed
