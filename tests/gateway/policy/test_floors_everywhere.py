"""Every figure of a pack may have a floor or a ceiling, and none is passed by abolishing it."""

from typing import Any

import pytest

from medsettle.wire.reasons import Reason
from medsettle_gateway.policy.combinations import combinations_of
from medsettle_gateway.policy.facts import DeclaredFact, Source
from medsettle_gateway.policy.floors import breaches, first_breach
from medsettle_gateway.policy.loader import load_pack
from medsettle_gateway.policy.overrides import load_overridden
from medsettle_gateway.policy.rows import Figure, FigureKind, Row, RowAction, When
from tests.gateway.policy.whole_pack import whole_source

FLOOR, CEILING = Reason.POLICY_FLOOR, Reason.POLICY_CEILING


def bounded(figure: dict[str, Any], force: str) -> dict[str, Any]:
    return {**figure, "force": force, "clause": "c"}


def reason(shipped: dict[str, Any], overrides: dict[str, Any]) -> Reason | None:
    """Of the override over the pack of every section, in which the document says what is shipped."""
    source = whole_source(shipped)
    breach = first_breach(load_pack(source), load_overridden(source, overrides))
    return None if breach is None else breach.refusal().reason


INPATIENT, CHRONIC = "benefits.inpatient", "benefits.chronic"
SESSION = f"{CHRONIC}.limit_per_session"
BANDS = f"{INPATIENT}.ratio.bands.rows"


def session(amount: str, force: str) -> dict[str, Any]:
    return {SESSION: {**bounded({"amount": amount}, force), "excess": "provider"}}


def rows(at: str, figure: dict[str, Any], force: str) -> dict[str, Any]:
    return {at: [bounded(figure, force)]}


@pytest.mark.parametrize(
    ("shipped", "overrides", "expected"),
    [
        # limits per session
        (session("350.00", "floor"), {f"{SESSION}.amount": "349.99"}, FLOOR),
        (session("350.00", "floor"), {f"{SESSION}.amount": "350.00"}, None),
        (session("350.00", "floor"), {f"{SESSION}.none": True}, None),
        (session("350.00", "ceiling"), {f"{SESSION}.none": True}, CEILING),
        (session("350.00", "ceiling"), {SESSION: None}, CEILING),
        (session("350.00", "floor"), {SESSION: None}, None),
        # what a layer begins at
        (
            rows("layers.0.threshold.rows", {"amount": "1000.00"}, "floor"),
            {"layers.medical_aid.threshold": {"of": "personal", "none": True}},
            FLOOR,
        ),
        (
            rows("layers.0.threshold.rows", {"amount": "1000.00"}, "floor"),
            {"layers.medical_aid.threshold": None},
            FLOOR,
        ),
        (
            rows("layers.0.threshold.rows", {"amount": "1000.00"}, "ceiling"),
            {"layers.medical_aid.threshold": None},
            None,
        ),
        # what it pays
        (
            rows("layers.0.ratio.rows", {"ratio": "0.80"}, "floor"),
            {"layers.medical_aid.ratio.rows": [{"ratio": "0.79"}]},
            FLOOR,
        ),
        (
            rows("layers.0.ratio.rows", {"ratio": "0.80"}, "floor"),
            {"layers.medical_aid.base": "all_left"},
            None,
        ),
        (
            rows("layers.0.ratio.rows", {"ratio": "0.80"}, "floor"),
            {"layers.medical_aid.leaves": {"amount": "0.00"}},
            FLOOR,
        ),
        (
            {"layers.1.parts.0.force": "floor"},
            {"layers.commercial.parts": [{"base": "out_of_scope_left", "ratio": "0.90"}]},
            None,
        ),
        (
            {"layers.1.parts.0.force": "floor"},
            {
                "layers.commercial.parts": [
                    {"base": "out_of_scope_left", "ratio": "0.95"},
                    {"base": "in_scope_left", "ratio": "0.89"},
                ]
            },
            FLOOR,
        ),
        ({"layers.1.parts.0.force": "ceiling"}, {"layers.commercial.parts.0.ratio": "0.91"}, CEILING),
        (
            {"layers.1.parts.1.rows": [bounded({"ratio": "0.75"}, "floor")]},
            {"layers.commercial.parts": [{"base": "in_scope_left", "ratio": "0.90"}]},
            FLOOR,
        ),
        ({}, {"layers.county.guarantee.share": "0.89"}, FLOOR),
        ({}, {"layers.county.guarantee.share": "0.90"}, None),
        ({}, {"layers.county.parts": [{"base": "all_left", "ratio": "1.00"}]}, FLOOR),
        # what it leaves to the patient
        ({}, {"layers.relief.leaves.amount": "50000.01"}, CEILING),
        ({}, {"layers.relief.leaves.amount": "0.00"}, None),
        ({}, {"layers.relief.leaves": {"none": True}}, None),
        ({}, {"layers.relief.parts": [{"base": "all_left", "ratio": "1.00"}]}, CEILING),
        # its cap and the limits inside it
        (
            rows("layers.0.cap.rows", {"amount": "150000.00"}, "floor"),
            {"layers.medical_aid.cap.rows": [{"amount": "149999.99"}]},
            FLOOR,
        ),
        (
            rows("layers.0.cap.rows", {"amount": "150000.00"}, "ceiling"),
            {"layers.medical_aid.cap": {"none": True}},
            CEILING,
        ),
        (
            {"layers.3.cap": bounded({"none": True}, "floor")},
            {"layers.relief.cap": {"rows": [{"amount": "1000000.00"}]}},
            FLOOR,
        ),
        (
            rows("layers.0.cap.outpatient", {"amount": "20000.00"}, "floor"),
            {"layers.medical_aid.cap.outpatient": [{"amount": "19999.99"}]},
            FLOOR,
        ),
        (
            rows("layers.0.cap.outpatient", {"amount": "20000.00"}, "ceiling"),
            {"layers.medical_aid.cap": {"rows": [{"amount": "1.00"}]}},
            CEILING,
        ),
        (
            rows("layers.0.cap.inside.0.rows", {"amount": "5000.00"}, "ceiling"),
            {"layers.medical_aid.cap.inside.ordinary.rows": [{"amount": "5000.01"}]},
            CEILING,
        ),
        # the whole layer
        ({f"{INPATIENT}.layers": []}, {"layers": []}, FLOOR),
        (
            {f"{INPATIENT}.layers": [], "layers.2.guarantee.force": "exact"},
            {"layers": []},
            CEILING,
        ),
        # what a region credits, and what it watches
        ({}, {"accounts.subsidy.credit.rows": [{"amount": "59.99"}]}, FLOOR),
        ({}, {"accounts.subsidy": None}, FLOOR),
        ({}, {"accounts": None}, FLOOR),
        (
            rows("warnings.poverty_risk.rows", {"amount": "5000.00"}, "ceiling"),
            {"warnings.poverty_risk.rows": [{"amount": "5000.01"}]},
            CEILING,
        ),
        (
            rows("lines.ceilings", {"unit_price": "12.00"}, "floor"),
            {"lines.ceilings": [{"unit_price": "11.999999"}]},
            FLOOR,
        ),
    ],
)
def test_a_figure_is_bound_wherever_it_stands(
    shipped: dict[str, Any], overrides: dict[str, Any], expected: Reason | None
) -> None:
    assert reason(shipped, overrides) is expected


def test_the_breach_of_a_layer_names_its_figure() -> None:
    source = whole_source()
    (breach,) = breaches(
        load_pack(source), load_overridden(source, {"layers.relief.leaves.amount": "60000.00"})
    )
    assert breach.refusal().detail == {
        "path": "layers[3].leaves", "facts": "-", "bound": "50000.00", "got": "60000.00", "clause": "四",
    }  # fmt: skip
    assert str(breach) == "POLICY_CEILING: 60000.00; the document allows no more than 50000.00 (四)"


def bands(*ratios: tuple[str | None, str]) -> dict[str, Any]:
    return {"rows": [{"ratio": ratio, **({"up_to": end} if end else {})} for end, ratio in ratios]}


@pytest.mark.parametrize(
    ("local", "expected"),
    [
        (bands(("10000.00", "0.80"), (None, "0.10")), None),
        (bands(("10000.00", "0.79"), (None, "0.95")), FLOOR),
        (bands(("500.00", "0.80"), ("9999.99", "0.90"), (None, "0.79")), FLOOR),
        (bands(("500.00", "0.80"), ("10000.00", "0.90"), (None, "0.79")), None),
        (bands((None, "0.80")), None),
        (bands((None, "0.79")), FLOOR),
        ({"rows": []}, None),
    ],
)
def test_bands_are_compared_at_every_amount(local: dict[str, Any], expected: Reason | None) -> None:
    assert reason({}, {f"{INPATIENT}.ratio": {"bands": local}}) is expected


def test_rows_in_place_of_bands_are_compared_with_each_of_them() -> None:
    rows = f"{INPATIENT}.ratio.rows"
    assert reason({}, {rows: [{"ratio": "0.79"}]}) is FLOOR
    assert reason({}, {rows: [{"ratio": "0.80"}]}) is None
    assert (
        reason(
            {f"{BANDS}.1": {"ratio": "0.90", "force": "floor", "clause": "c"}}, {rows: [{"ratio": "0.80"}]}
        )
        is FLOOR
    )


def test_bands_in_place_of_rows_each_respect_the_floor() -> None:
    shipped = rows(f"{CHRONIC}.ratio.rows", {"ratio": "0.65"}, "floor")
    at = f"{CHRONIC}.ratio.bands"
    assert reason(shipped, {at: bands(("1000.00", "0.65"), (None, "0.70"))}) is None
    assert reason(shipped, {at: bands(("1000.00", "0.65"), ("2000.00", "0.64"), (None, "0.70"))}) is FLOOR
    assert reason(shipped, {at: bands(("1000.00", "0.60"), (None, "0.70"))}) is FLOOR


OLD = {"when": {"age_at_least": 60}, "add": "-0.01"}


@pytest.mark.parametrize(
    "less",
    [
        {"when": {"age_at_least": 60}, "ratio": "0.64"},
        {"when": {"age": 7}, "ratio": "0.64"},
        {"when": {"age": 0}, "ratio": "0.64"},
        {"when": {"tier": "high"}, "ratio": "0.64"},
        {"when": {"tier": ["low", "high"], "area": "unfiled"}, "ratio": "0.64"},
        {"when": {"condition": ["gout"], "age_at_least": 100}, "ratio": "0.64"},
    ],
)
def test_declared_facts_take_part_in_the_combinations(less: dict[str, Any]) -> None:
    shipped = rows(f"{CHRONIC}.ratio.rows", {"ratio": "0.65"}, "floor")
    assert reason(shipped, {f"{CHRONIC}.ratio.rows": [{"ratio": "0.65"}]}) is None
    assert reason(shipped, {f"{CHRONIC}.ratio.rows": [{"ratio": "0.65"}, less]}) is FLOOR


def test_a_person_of_whom_an_attribute_is_unknown_counts_too() -> None:
    shipped = rows(f"{CHRONIC}.ratio.rows", {"ratio": "0.65"}, "floor")
    named = [{"ratio": "0.60"}, {"when": {"tier": ["low", "high"]}, "ratio": "0.65"}]
    aged = [{"ratio": "0.60"}, {"when": {"age_at_least": 0}, "ratio": "0.65"}]
    assert reason(shipped, {f"{CHRONIC}.ratio.rows": named}) is FLOOR
    assert reason(shipped, {f"{CHRONIC}.ratio.rows": aged}) is FLOOR


def test_a_fact_that_only_the_region_declares_is_compared_by_its_values() -> None:
    shipped = rows(f"{CHRONIC}.ratio.rows", {"ratio": "0.65"}, "floor")
    facts = {"facts.district": {"from": "patient.attributes.district", "values": ["east", "west"]}}
    less = [{"ratio": "0.65"}, {"when": {"district": "west"}, "ratio": "0.60"}]
    assert reason(shipped, {**facts, f"{CHRONIC}.ratio.rows": less}) is FLOOR


def test_where_each_condition_has_its_own_cap_no_two_are_compared_together() -> None:
    high, low = {"when": {"condition": "gout"}, "amount": "2000.00"}, {
        "when": {"condition": "asthma"}, "amount": "1000.00",
    }  # fmt: skip
    shipped = {f"{CHRONIC}.cap.rows": [bounded(low, "floor"), bounded(high, "floor")]}
    assert reason(shipped, {f"{CHRONIC}.cap.rows": [high, low]}) is None
    together = {f"{CHRONIC}.cap": {"per": "benefit", "rows": [high, low]}}
    assert reason(shipped, together) is FLOOR


def test_a_number_is_tried_on_both_sides_of_every_step() -> None:
    age = DeclaredFact("age", Source.AGE, None)
    whens = [When(least=(("age", 60),)), When((("age", ("70",)),))]
    figure = Figure(
        "f", FigureKind.AMOUNT, tuple(Row("f", when, RowAction.REPLACES, 1, "") for when in whens)
    )
    tried = [facts["age"] for facts, _ in combinations_of((figure,), (age,))]
    assert tried == [("0",), ("60",), ("70",), ()]
