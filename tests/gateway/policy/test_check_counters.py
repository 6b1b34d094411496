"""The check of a pack names what is counted under one name, and names that look like a mistake."""

from typing import Any

import pytest

from medsettle_gateway.policy.check_counters import check_counters
from medsettle_gateway.policy.checking import check_files
from medsettle_gateway.policy.finding import Level
from medsettle_gateway.policy.loader import PackSource
from tests.gateway.policy.whole_pack import UNBOUNDED, whole, whole_source

CAP, CHRONIC = "benefits.inpatient.cap", "benefits.chronic.cap"
ALIKE = [{"amount": "100000.00", "clause": "三"}]
ALONE = {"benefits.inpatient.deductible.counters": ["inpatient"]}


def told(changes: dict[str, Any], path: str) -> list[tuple[Level, str]]:
    found = check_counters(whole({**ALONE, **changes}).rules)
    return [(level, message) for where, level, message in found if where == path]


def test_limits_that_count_under_their_own_names_are_not_spoken_of() -> None:
    assert list(check_counters(whole(ALONE).rules)) == []


def test_a_counter_that_limits_share_is_named_once_with_all_of_them() -> None:
    shared = {f"{CAP}.counters": ["basic"], CHRONIC: {"counters": ["basic"], "rows": ALIKE}}
    (said,) = told(shared, CAP)
    assert said == (Level.INFO, f"basic is counted by {CHRONIC} too: what one takes is gone for all")
    assert told(shared, CHRONIC) == []


def test_a_shared_counter_with_other_amounts_is_a_warning_that_names_limits_around_a_cap() -> None:
    less = [{"amount": "900.00", "clause": "三"}]
    shared = {f"{CAP}.counters": ["basic"], CHRONIC: {"counters": ["basic"], "rows": less}}
    ((level, message),) = told(shared, CAP)
    assert level is Level.WARNING
    assert "the smallest ends first" in message
    assert "`cap.within`" in message


def test_limits_around_caps_with_one_amount_are_shared_as_they_should_be() -> None:
    around = [{"counter": "basic", "rows": ALIKE}]
    ((level, message),) = told({f"{CAP}.within": around, f"{CHRONIC}.within": around}, f"{CAP}.within[0]")
    assert level is Level.INFO
    assert f"{CHRONIC}.within[0]" in message


@pytest.mark.parametrize(
    "changes",
    [
        {f"{CAP}.counters": ["inpatient", "basic_anual"]},
        {f"{CAP}.counters": ["basic_anual"], "benefits.inpatient.deductible.counters": ["basic_anual"]},
        {f"{CAP}.counters": ["basic"], CHRONIC: {"period": "year", "counters": ["basics"], "rows": ALIKE}},
    ],
)
def test_a_name_that_only_one_limit_has_is_a_warning(changes: dict[str, Any]) -> None:
    ((level, message),) = told(changes, CAP)
    assert level is Level.WARNING
    assert message.startswith("nothing else is counted under basic")


def test_a_name_that_looks_like_another_is_asked_about() -> None:
    names = {f"{CAP}.counters": ["basic"], CHRONIC: {"period": "year", "counters": ["basics"], "rows": ALIKE}}
    ((_, message),) = told(names, CAP)
    assert message.endswith("; did you mean basics?")


def test_a_cap_by_condition_that_leaves_its_own_name_out_is_a_warning() -> None:
    changes = {f"{CAP}.counters": ["basic"], f"{CHRONIC}.counters": ["basic"], f"{CHRONIC}.rows": ALIKE}
    ((level, message),) = told(changes, CHRONIC)
    assert level is Level.WARNING
    assert message.startswith("no cap is counted by condition")


def test_a_layers_limit_over_a_stay_after_a_benefit_without_one_is_a_warning() -> None:
    stay = {"layers.0.cap.period": "stay"}
    assert told(stay, "layers[0].cap.period") == []
    ((level, message),) = told({**stay, "benefits.chronic.layers": ["medical_aid"]}, "layers[0].cap.period")
    assert level is Level.WARNING
    assert message.startswith("it follows chronic, which may be had without a stay")


def test_two_packs_of_a_region_for_the_same_people_are_seen_together() -> None:
    second = whole_source({"pack": "second", "supersedes": None, **UNBOUNDED})
    benefits = second.data["benefits"]
    assert isinstance(benefits, dict)
    data = {**second.data, "benefits": {"chronic": benefits["chronic"]}, "layers": []}
    packs = [whole_source({"supersedes": None, **ALONE}), PackSource("second.yaml", data, second.lines)]
    found = [each for each in check_files(packs) if f"{CHRONIC} of second" in each.message]
    assert found == []
    data["benefits"] = {"spa": {**benefits["chronic"], "cap": {"counters": ["inpatient"], "rows": []}}}
    data["eligibility"] = {}
    (said,) = [each for each in check_files(packs) if "benefits.spa.cap of second" in each.message]
    assert (said.source, said.path) == ("whole.yaml", CAP)
    data["region"] = "330200"
    assert [each for each in check_files(packs) if "of second" in each.message] == []
