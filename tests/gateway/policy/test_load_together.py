"""What no section of a pack can see by itself: shared ids, and limits over a stay where there is none."""

from typing import Any

import pytest

from medsettle_gateway.policy.overrides import load_overridden
from tests.gateway.policy.test_confined import told
from tests.gateway.policy.whole_pack import GONE, UNBOUNDED, fault_of, faults, whole, whole_source

SHARED = "layers[0].id: there is a benefit 'chronic' too, and what both pay would be counted under one name"
NO_STAY = "may be had without a stay, and would then count nothing and begin anew with every ticket"
LAYERS = {"benefits.inpatient.layers": [], "layers.0.id": "chronic"}
CHRONIC = "benefits.chronic"
BANDS = {"bands": {"over": "stay", "rows": [{"ratio": "0.50", "clause": "x"}]}}
OVER_STAY: list[tuple[str, dict[str, Any]]] = [
    ("deductible.period", {f"{CHRONIC}.deductible": {"period": "stay", "rows": []}}),
    ("cap.period", {f"{CHRONIC}.cap.period": "stay"}),
    ("ratio.bands.over", {f"{CHRONIC}.ratio": BANDS}),
]


def test_a_benefit_and_a_layer_with_one_id_are_a_fault_because_they_would_count_as_one() -> None:
    (said,) = faults(LAYERS)
    assert said.startswith(SHARED)
    assert "share a counter only by `counters`" in said


def test_a_benefit_and_a_layer_may_share_a_counter_by_saying_so() -> None:
    pack = whole({"layers.0.cap.counters": ["medical_aid", "chronic"]})
    assert pack.rules.layers[0].cap.counters == ("medical_aid", "chronic")


@pytest.mark.parametrize(("where", "changes"), OVER_STAY)
@pytest.mark.parametrize(
    "entries", [GONE, [{"at": "clinic"}], [{"stay": False}], [{"stay": True}, {"at": "hospital"}]]
)
def test_nothing_is_counted_over_a_stay_where_there_may_be_none(
    where: str, changes: dict[str, Any], entries: object
) -> None:
    at = {} if entries is GONE else {f"{CHRONIC}.where": entries}
    (said,) = faults({**changes, **at})
    assert said.startswith(f"{CHRONIC}.{where}: chronic {NO_STAY}")


@pytest.mark.parametrize(("where", "changes"), OVER_STAY)
def test_where_every_entry_asks_for_a_stay_it_may_be_counted_over_the_stay(
    where: str, changes: dict[str, Any]
) -> None:
    whole({**changes, f"{CHRONIC}.where": [{"at": "hospital", "stay": True}, {"stay": [True]}]})
    assert where


def test_an_entry_that_is_wrong_itself_is_told_alone() -> None:
    assert fault_of("benefits.inpatient.where.0", {"stay": "yes"}).startswith(
        "benefits.inpatient.where[0].stay"
    )


def test_a_regions_overlay_is_held_to_it_too() -> None:
    (fault,) = told("benefits: {chronic: {cap: {period: stay}}}\n", UNBOUNDED)
    assert fault.path == "benefits.chronic.cap.period"
    assert NO_STAY in fault.message


@pytest.mark.parametrize("changes", [LAYERS, *(changes for _, changes in OVER_STAY)])
def test_a_case_may_put_in_anything(changes: dict[str, Any]) -> None:
    figures = {key.replace("layers.0", "layers.medical_aid"): value for key, value in changes.items()}
    assert load_overridden(whole_source(), figures).id == "whole"
