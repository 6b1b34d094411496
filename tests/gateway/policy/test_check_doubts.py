"""A check doubts conditions that look misspelt, gaps of the five fixed, and a stay without a clause."""

from typing import Any

import pytest

from medsettle_gateway.policy.check_conditions import is_slip
from medsettle_gateway.policy.checking import check_files
from medsettle_gateway.policy.finding import Level
from tests.gateway.policy.test_checking import (
    EVERYTHING,
    OVERLAY,
    check,
    chronic,
    everything,
    only,
    overlay,
    told,
)


def test_an_overlay_is_warned_of_a_condition_that_its_pack_spells_otherwise() -> None:
    rows = '[{amount: "1.00"}, {when: {condition: [diabetes, hypertenson]}, amount: "2.00"}]'
    head = OVERLAY.partition("benefits:")[0]
    source = overlay(f"{head}benefits: {{chronic_outpatient: {{cap: {{rows: {rows}}}}}}}\n")
    (said,) = [each for each in check_files([source], [EVERYTHING]) if "did you mean" in each.message]
    assert (said.level, said.line) == (Level.WARNING, 8)
    assert said.message == "no other row names hypertenson; did you mean hypertension?"


@pytest.mark.parametrize(
    ("written", "meant"),
    [("hypertenson", "hypertension"), ("haemodialisys", None), ("hepatitis_c", None), ("diabetes_2", None)],
)
def test_a_condition_is_doubted_only_where_one_letter_of_a_longer_word_differs(
    written: str, meant: str | None
) -> None:
    found = check(everything(benefits__chronic_outpatient__cap__rows__0__when={"condition": written}))
    assert [message for _, _, message in found if "did you mean" in message] == (
        [] if meant is None else [f"no other row names {written}; did you mean {meant}?"]
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [("hyperthyroidism", "hypothyroidism"), ("hepatitis_b", "hepatitis_c"), ("type_1", "type_2")],
)
def test_conditions_that_do_differ_are_not_taken_for_a_slip(one: str, other: str) -> None:
    assert not is_slip(one, other)


@pytest.mark.parametrize("written", ["diabets", "diabeetes", "diabates", "diabtees", "daibetes"])
def test_a_slip_is_one_letter_more_or_less_or_another_or_two_swapped(written: str) -> None:
    assert is_slip(written, "diabetes")
    assert is_slip("diabetes", written)


def five_fixed(**changes: object) -> dict[str, Any]:
    return {**chronic()["five_fixed"], **changes}


@pytest.mark.parametrize(
    ("change", "key", "message"),
    [
        ({"drug_kinds": {"1": 3, "3": 5}}, "drug_kinds", "for 2 filed conditions: 3 kinds"),
        ({"drug_kinds": {"2": 4}}, "drug_kinds", "for 1 filed condition: 4 kinds"),
        ({"days_supply": 30}, "window_days", "every 15 days, 30 days of supply"),
    ],
)
def test_gaps_of_the_five_fixed_are_warnings(change: dict[str, object], key: str, message: str) -> None:
    found = check(everything(benefits__chronic_outpatient__five_fixed=five_fixed(**change)))
    level, said = only(found, f"benefits.chronic_outpatient.five_fixed.{key}")
    assert level is Level.WARNING
    assert message in said


def test_a_rule_for_stays_over_new_year_without_a_clause_is_a_warning() -> None:
    rule = {"deductible_by": "admitted", "cap_by": "discharged"}
    level, message = only(check(everything(benefits__inpatient__stay=rule)), "benefits.inpatient.stay")
    assert level is Level.WARNING
    assert "no clause" in message
    assert told(check(everything()), "benefits.inpatient.stay") == []
