"""A pack may declare facts of its own, and ask for them wherever the built-in ones stand."""

from typing import Any

import pytest

from medsettle_gateway.policy.facts import DeclaredFact, Source
from medsettle_gateway.policy.gates import refusal_of
from medsettle_gateway.policy.limits import Accumulator
from tests.gateway.policy.whole_pack import fault_of, faults, whole

ROW = "benefits.inpatient.deductible.rows.1.when"


def test_declared_facts_keep_their_source_and_values() -> None:
    assert whole().rules.declared == (
        DeclaredFact("age", Source.AGE, None),
        DeclaredFact("tier", Source.ATTRIBUTE, ("low", "high"), "income_tier"),
        DeclaredFact("area", Source.AREA, ("local", "filed", "unfiled")),
    )
    assert whole().rules.accumulators == (Accumulator.PERSONAL, Accumulator.IN_SCOPE)


def test_an_attribute_may_be_a_number() -> None:
    pack = whole({"facts.points": {"from": "patient.attributes.points", "kind": "int"}})
    assert pack.rules.declared[-1] == DeclaredFact("points", Source.ATTRIBUTE, None, "points")


def test_a_row_asks_for_a_declared_fact_and_for_the_least_of_a_number() -> None:
    pack = whole()
    old, low = pack.benefits[0].deductible.figure.rows[1], pack.benefits[0].bands
    assert old.when.least == (("age", 80),)
    assert low is not None
    assert low.bands[1].ratio.rows[1].when.tests == (("tier", ("low",)),)
    assert pack.rules.lines.self_pay_first.rows[0].when.least == (("age", 60),)


def test_a_gate_asks_in_the_order_of_checks_with_declared_facts_last() -> None:
    inpatient = whole().benefits[0]
    first, second = inpatient.who
    assert (first.tests, first.least) == (
        (("scheme", ("employee",)), ("tier", ("low",))),
        (("age", 60),),
    )
    assert second.tests == (("scheme", ("employee",)), ("age", ("70", "71")))
    assert [fact for fact, _ in inpatient.where[0].tests] == ["at", "stay", "area"]


@pytest.mark.parametrize(
    ("facts", "failing"),
    [
        ({"age": ("60",), "tier": ("low",)}, None),
        ({"age": ("70",), "tier": ()}, None),
        ({"age": ("59",), "tier": ("low",)}, "age"),
        ({"age": (), "tier": ("low",)}, "age"),
        ({"age": ("sixty",), "tier": ("low",)}, "age"),
        ({"age": ("60",), "tier": ()}, "tier"),
    ],
)
def test_a_person_of_whom_nothing_is_known_fits_no_entry_that_asks_for_it(
    facts: dict[str, tuple[str, ...]], failing: str | None
) -> None:
    rules = whole().rules
    refusal = refusal_of(rules.benefits[0].who, rules.who_order, {"scheme": ("employee",), **facts})
    assert (refusal.detail["fact"] if refusal else None) == failing


def test_the_refusal_of_a_number_says_what_is_wanted() -> None:
    rules = whole({"benefits.inpatient.who": [{"age_at_least": 60}]}).rules
    refusal = refusal_of(rules.benefits[0].who, rules.who_order, {"age": ("59",)})
    assert refusal is not None
    assert refusal.detail == {
        "path": "benefits.inpatient.who[0]", "fact": "age", "value": "59", "wanted": "≥60",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "entry", "message"),
    [
        ("Age", {"from": "patient.age_on_service", "kind": "int"}, "expected an id"),
        ("aid", {"from": "patient.attributes.aid", "values": ["a"]}, "aid has a meaning already"),
        ("kind", {"from": "patient.attributes.aid", "values": ["a"]}, "kind has a meaning already"),
        ("switch", {"from": "patient.attributes.aid", "values": ["a"]}, "switch has a meaning already"),
        ("clause", {"from": "patient.attributes.aid", "values": ["a"]}, "clause has a meaning already"),
        ("unit_price_at_least", {"from": "encounter.area", "values": ["a"]}, "has a meaning already"),
        ("age_at_least", {"from": "encounter.area", "values": ["a"]}, "asks for the least of a number"),
        ("x", {"from": "patient.name", "values": ["a"]}, "expected one of patient.age_on_service, patient."),
        ("x", {"from": "patient.attributes.", "values": ["a"]}, "expected an id"),
        ("x", {"from": "encounter.area"}, "either `values` or `kind: int`"),
        ("x", {"from": "patient.attributes.x", "values": ["a"], "kind": "int"}, "either `values` or `kind"),
        ("x", {"from": "patient.attributes.x", "kind": "text"}, "only int is known"),
        ("x", {"from": "patient.attributes.x", "values": []}, "tells nobody apart"),
        ("x", {"from": "patient.attributes.x", "values": "a"}, "expected a list"),
        ("x", {"from": "patient.attributes.x", "values": [1]}, "expected a text"),
        ("x", {"from": "patient.attributes.x", "values": ["a", "a"]}, "a is named twice"),
        ("x", {"from": "patient.age_on_service", "values": ["a"]}, "an age is a whole number"),
        ("x", {"from": "encounter.area", "kind": "int"}, "an area is no number"),
        ("x", "patient.age_on_service", "expected a mapping"),
    ],
)
def test_a_fact_that_says_nothing_clear_is_refused(name: str, entry: Any, message: str) -> None:
    said = faults({f"facts.{name}": entry})
    assert [fault for fault in said if fault.startswith(f"facts.{name}") and message in fault], said


@pytest.mark.parametrize(
    ("dotted", "value", "message"),
    [
        (ROW, {"region": "x"}, "unknown key; known here: scheme,"),
        (ROW, {"tier": "middle"}, "tier is one of low, high"),
        (ROW, {"tier_at_least": 3}, "unknown key"),
        (ROW, {"age": "old"}, "expected a whole number from 0"),
        (ROW, {"age_at_least": "60"}, "expected a whole number from 0"),
        (ROW, {"age_at_least": -1}, "expected a whole number from 0"),
        (ROW, {"age_at_least": True}, "expected a whole number from 0"),
        (ROW, {"kind": "drug"}, "unknown key"),
        ("benefits.inpatient.who.0", {"area": "moon"}, "area is one of local, filed, unfiled"),
        ("benefits.inpatient.where.0", {"aid": "poor"}, "unknown key"),
        ("benefits.chronic.takes.0", {}, "an empty condition"),
        ("lines.catalogues.0.when", {"kind": "drug"}, "unknown key"),
    ],
)  # fmt: skip
def test_a_condition_names_only_what_its_place_knows(dotted: str, value: object, message: str) -> None:
    assert message in fault_of(dotted, value)


def test_a_pack_that_declares_nothing_knows_only_the_built_in_facts() -> None:
    said = faults({"facts": {}})
    assert "lines.self_pay_first[0].when.age_at_least: unknown key" in "\n".join(said)
    assert "benefits.inpatient.who[0].tier: unknown key" in "\n".join(said)
    assert faults({"facts": []})[0] == "facts: expected a mapping of names to what they are"


@pytest.mark.parametrize(
    ("accumulators", "message"),
    [
        (["personal"], "warnings.poverty_risk.of: in_scope is not under `accumulators`; counted: personal"),
        (["in_scope"], "layers[3].leaves.of: personal is not under `accumulators`; counted: in_scope"),
        ([], "layers[0].threshold.of: personal is not under `accumulators`; counted: none"),
        (["total"], "accumulators[0]: expected one of personal, in_scope"),
        (["personal", "personal"], "accumulators[1]: personal is named twice"),
    ],
)
def test_only_what_the_pack_counts_can_be_looked_at(accumulators: list[str], message: str) -> None:
    assert [fault for fault in faults({"accumulators": accumulators}) if fault.startswith(message)]
