"""Over a pack that has floors or ceilings, a region's overlay changes figures and nothing else."""

import json
from typing import Any

import pytest

from medsettle_gateway.files.yaml import read_yaml
from medsettle_gateway.policy.loader import PackSource, load_pack
from medsettle_gateway.policy.overlays import load_overlay, overlaid
from medsettle_gateway.policy.pack import Pack
from medsettle_gateway.policy.reading import Fault, Invalid
from tests.gateway.policy.whole_pack import GONE, UNBOUNDED, whole_source

HEAD = """\
overlay: local
pack: whole
author: 王某
date: 2024-01-05
authority: 杭医保〔2024〕3号
effective: {from: 2024-01-01, to: null}
"""
CREDIT = "accounts.subsidy.credit.rows.0.force"
WARNING = "warnings.poverty_risk.rows.0.force"
OPEN = {
    "benefits.inpatient.deductible.rows": [],
    "benefits.inpatient.cap.rows": [],
    "layers.0.threshold": {"rows": []},
}


def laid(sections: str, shipped: dict[str, Any]) -> Pack:
    document = read_yaml(HEAD + sections, "local.yaml")
    assert isinstance(document.data, dict)
    overlay = load_overlay(PackSource("local.yaml", document.data, document.lines))
    source = whole_source(shipped)
    return overlaid(overlay, load_pack(source), source)


def told(sections: str, shipped: dict[str, Any] | None = None) -> list[Fault]:
    """What is said of the overlay; nothing where it may be laid."""
    try:
        laid(sections, shipped or {})
    except Invalid as invalid:
        return list(invalid.faults)
    return []


STRUCTURE = [
    ("facts: {tier: {from: patient.attributes.nobody_has_this, values: [low, high]}}", "facts.tier"),
    ("facts: {tier: {values: [low, high, middle]}}", "facts.tier"),
    ("lines: {excluded: [{}]}", "lines.excluded"),
    ("lines: {excluded: []}", "lines.excluded"),
    ("lines: {over_ceiling: whole_line}", "lines.over_ceiling"),
    ("lines: {catalogues: []}", "lines.catalogues"),
    ("eligibility: {institution: {designation: pooled_outpatient}}", "eligibility.institution"),
    ("eligibility: {institution: {except: [{stay: true}]}}", "eligibility.institution"),
    ("eligibility: {filing: []}", "eligibility.filing"),
    ("benefits: {inpatient: {fund: large_amount}}", "benefits.inpatient.fund"),
    ("benefits: {chronic: {who: [{scheme: employee, standing: minor}]}}", "benefits.chronic.who"),
    ("benefits: {inpatient: {who: null}}", "benefits.inpatient.who"),
    ("benefits: {chronic: {where: [{at: pharmacy, stay: true}]}}", "benefits.chronic.where"),
    ("benefits: {chronic: {switches: {s: false}}}", "benefits.chronic.switches"),
    ("benefits: {chronic: {takes: []}}", "benefits.chronic.takes"),
    ("benefits: {chronic: {waives: []}}", "benefits.chronic.waives"),
    ("benefits: {inpatient: {waives: [self_pay_first]}}", "benefits.inpatient.waives"),
    ("benefits: {chronic: {five_fixed: {drug_kinds: {1: 1}}}}", "benefits.chronic.five_fixed"),
    ("benefits: {chronic: {five_fixed: null}}", "benefits.chronic.five_fixed"),
    ("benefits: {inpatient: {five_fixed: {days_supply: 1}}}", "benefits.inpatient.five_fixed"),
    ("benefits: {inpatient: {stay: {cap_by: admitted}}}", "benefits.inpatient.stay"),
    ("benefits: {inpatient: {layers: {none: true}}}", "benefits.inpatient.layers"),
    ("benefits: {inpatient: {layers: [county, medical_aid, relief]}}", "benefits.inpatient.layers"),
    ("benefits: {inpatient: {deductible: {period: year}}}", "benefits.inpatient.deductible.period"),
    ("benefits: {inpatient: {deductible: {counters: [x]}}}", "benefits.inpatient.deductible.counters"),
    ("benefits: {chronic: {deductible: {period: year, rows: [{amount: '9.00'}]}}}",
     "benefits.chronic.deductible"),
    ("benefits: {inpatient: {cap: {period: stay}}}", "benefits.inpatient.cap.period"),
    ("benefits: {inpatient: {cap: {per: condition}}}", "benefits.inpatient.cap.per"),
    ("benefits: {chronic: {cap: {counters: [chronic, x]}}}", "benefits.chronic.cap.counters"),
    ("benefits: {inpatient: {cap: {within: [{counter: basic, rows: [{amount: '0.01'}]}]}}}",
     "benefits.inpatient.cap.within[0]"),
    ("benefits: {inpatient: {limit_per_session: {amount: '0.01', excess: patient}}}",
     "benefits.inpatient.limit_per_session"),
    ("benefits: {chronic: {limit_per_session: {excess: patient}}}",
     "benefits.chronic.limit_per_session.excess"),
    ("benefits: {chronic: {limit_per_session: null}}", "benefits.chronic.limit_per_session"),
    ("benefits: {inpatient: {ratio: {bands: {over: year}}}}", "benefits.inpatient.ratio.bands.over"),
    (("benefits: {spa: {title: {zh: 疗养, en: spa}, fund: pooled, deductible: {period: none},"
     " ratio: {rows: []}, cap: {none: true}}}"), "benefits"),
    ("layers: {medical_aid: {fund: county}}", "layers[0].fund"),
    ("layers: {medical_aid: {mode: afterwards}}", "layers[0].mode"),
    ("layers: {medical_aid: {who: [{aid: orphan, tier: low}]}}", "layers[0].who"),
    ("layers: {medical_aid: {base: all_left}}", "layers[0].base"),
    ("layers: {medical_aid: {counts: []}}", "layers[0].counts"),
    ("layers: {medical_aid: {threshold: null}}", "layers[0].threshold"),
    ("layers: {medical_aid: {threshold: {of: in_scope}}}", "layers[0].threshold.of"),
    ("layers: {medical_aid: {cap: {counters: [x]}}}", "layers[0].cap.counters"),
    ("layers: {medical_aid: {cap: {outpatient: null}}}", "layers[0].cap.outpatient"),
    ("layers: {medical_aid: {cap: {inside: []}}}", "layers[0].cap.inside"),
    ("layers: {medical_aid: {cap: {inside: {ordinary: {benefits: [inpatient]}}}}}",
     "layers[0].cap.inside[0].benefits"),
    (("layers: {medical_aid: {cap: {inside: [{id: ordinary, benefits: [chronic], rows: [{amount: '5000.00'}]}"
     ", {id: all, benefits: [inpatient], rows: [{amount: '1.00'}]}]}}}"), "layers[0].cap.inside[1]"),
    (("layers: {commercial: {parts: [{base: out_of_scope_left, ratio: '0.9'},"
     " {base: in_scope_left, ratio: '0.9'}]}}"), "layers[1].parts"),
    ("layers: {commercial: {parts: [{base: in_scope_left, ratio: '0.90'}]}}", "layers[1].parts"),
    ("layers: {county: {mode: afterwards}}", "layers[2].mode"),
    ("layers: {county: {cap: {rows: [{amount: '0.01'}]}}}", "layers[2].cap"),
    ("layers: {county: {cap: {outpatient: [{amount: '0.01'}]}}}", "layers[2].cap"),
    ("layers: {relief: {leaves: {of: in_scope}}}", "layers[3].leaves"),
    ("layers: {relief: {cap: {rows: [{amount: '0.01'}]}}}", "layers[3].cap"),
]  # fmt: skip


@pytest.mark.parametrize(("sections", "path"), STRUCTURE)
def test_beside_a_bound_what_is_no_figure_stays_as_the_pack_has_it(sections: str, path: str) -> None:
    found = [fault for fault in told(sections + "\n") if "changes figures only" in fault.message]
    assert path in [fault.path for fault in found]
    assert {fault.line for fault in found} == {7}


def test_a_layer_may_be_added_and_put_in_another_order_only_where_nothing_is_bounded() -> None:
    shipped = whole_source().data["layers"]
    assert isinstance(shipped, list)
    for layers, said in ((shipped[::-1], "their order"), (shipped[:2] + shipped[3:], "county is taken away")):
        sections = f"layers: {json.dumps(layers)}\nbenefits: {{inpatient: {{layers: [medical_aid]}}}}\n"
        assert any(fault.message.startswith(said) for fault in told(sections))
        assert told(sections, UNBOUNDED) == []


def test_the_fault_names_the_bound_and_what_to_do_instead() -> None:
    (fault,) = told("benefits:\n  inpatient:\n    fund: large_amount\n")
    assert (fault.path, fault.line) == ("benefits.inpatient.fund", 9)
    assert fault.message == (
        "differs from the pack, and it is no figure. benefits.inpatient.ratio.bands.rows[0] has a floor "
        "(二): over a pack with such bounds an overlay changes figures only. Keep what the pack says; a "
        "region that regulates this otherwise writes a pack of its own, on its own authority"
    )


@pytest.mark.parametrize("sections", [sections for sections, _ in STRUCTURE])
def test_over_a_pack_without_bounds_a_region_may_say_anything(sections: str) -> None:
    left = [fault for fault in told(sections + "\n", UNBOUNDED) if "changes figures only" in fault.message]
    assert left == []


@pytest.mark.parametrize("row", ["0.force", "1.rows.0.force"])
def test_a_bound_anywhere_in_benefits_lines_or_layers_confines_all_of_them(row: str) -> None:
    only = {**UNBOUNDED, f"benefits.inpatient.ratio.bands.rows.{row}": "floor"}
    for sections in ("layers: {medical_aid: {counts: []}}\n", "lines: {excluded: []}\n"):
        (fault,) = told(sections, only)
        assert "changes figures only" in fault.message


@pytest.mark.parametrize(
    "sections",
    [
        "lines: {self_pay_first: [{share: '1.00'}], ceilings: [{unit_price: '0.01'}]}",
        "benefits: {inpatient: {deductible: {rows: [{none: true}]}}}",
        "benefits: {inpatient: {deductible: {rows: [{amount: '300.00'}, {when: {tier: low}, none: true}]}}}",
        "benefits: {inpatient: {ratio: {rows: [{ratio: '0.90'}]}}}",
        "benefits: {inpatient: {ratio: {bands: {rows: [{up_to: '1.00', ratio: '0.80'}, {ratio: '0.9'}]}}}}",
        "benefits: {inpatient: {cap: {rows: [{amount: '90000.00'}]}}}",
        "benefits: {chronic: {limit_per_session: {amount: '300.00'}}}",
        "benefits: {chronic: {title: {zh: 特病, en: chronic}}}",
        "layers: {medical_aid: {threshold: {rows: [{amount: '2000.00'}]}}}",
        (
            "layers: {medical_aid: {cap: {outpatient: [{amount: '1.00'}], inside: {ordinary: {rows:"
            " [{amount: '1.00'}]}}}}}"
        ),
        (
            "layers: {commercial: {parts: [{base: in_scope_left, ratio: '0.1'}, {base: out_of_scope_left,"
            " rows: [{ratio: '0.1'}]}]}}"
        ),
        "layers: {county: {guarantee: {share: '0.95'}}}",
        "layers: {relief: {leaves: {amount: '40000.00'}}}",
        "facts: {district: {from: patient.attributes.district, values: [east]}}",
        "accounts: {owners: [self, spouse], at: null, never: [wellness]}",
        "warnings: {poverty_risk: {at: exceeded, rows: [{amount: '1.00'}]}}",
        "warnings: {other: {title: {zh: 甲, en: a}, of: personal, at: reached, rows: []}}",
    ],
)
def test_figures_and_what_no_bound_depends_on_may_change(sections: str) -> None:
    assert told(sections + "\n") == []


def test_a_switch_that_the_pack_ships_may_be_turned() -> None:
    shipped = {
        "benefits.chronic.switches": {"night": False},
        "benefits.chronic.where": [{"at": "hospital", "switch": "night", "clause": "一"}],
    }
    assert told("benefits: {chronic: {switches: {night: true}}}\n", shipped) == []


@pytest.mark.parametrize(
    "sections",
    [
        "benefits: {inpatient: {deductible: {period: year, rows: [{amount: '9.00'}]}}}",
        "benefits: {inpatient: {deductible: {period: none}}}",
        "benefits: {inpatient: {cap: {period: stay, per: condition, rows: [{amount: '9.00'}]}}}",
        "benefits: {inpatient: {cap: {none: true}}}",
    ],
)
def test_of_a_limit_that_the_pack_leaves_open_the_region_sets_the_period_too(sections: str) -> None:
    assert told(sections + "\n", OPEN) == []


def test_limits_around_a_cap_stay_and_their_figures_may_change() -> None:
    around = {"benefits.inpatient.cap.within": [
        {"counter": "basic", "rows": [{"amount": "9.00", "clause": "x"}]}
    ]}  # fmt: skip
    cap = "benefits: {{inpatient: {{cap: {{within: [{}]}}}}}}\n"
    assert told(cap.format("{counter: basic, rows: [{amount: '8.00'}]}"), around) == []
    assert told(cap.format(""), around)[0].message.startswith("basic is taken away")


def test_what_a_region_credits_confines_who_has_an_account_and_what_stays_in_it() -> None:
    enrolled = "accounts: {enrolments: [inpatient_only]}\n"
    lapses = "accounts: {subsidy: {carries_over: null}}\n"
    for sections, path in ((enrolled, "accounts.enrolments"), (lapses, "accounts.subsidy.carries_over")):
        (fault,) = told(sections, {**UNBOUNDED, CREDIT: "floor"})
        assert fault.path == path
        assert told(sections, UNBOUNDED) == []
    assert told("layers: {medical_aid: {counts: []}}\n", {**UNBOUNDED, CREDIT: "floor"}) == []


def test_a_warning_with_a_bound_stays_and_watches_the_same() -> None:
    bounded = {**UNBOUNDED, WARNING: "ceiling"}
    for change, path in (
        ("{of: personal}", "warnings.poverty_risk.of"),
        ("{at: exceeded}", "warnings.poverty_risk.at"),
    ):
        (fault,) = told(f"warnings: {{poverty_risk: {change}}}\n", bounded)
        assert fault.path == path
        assert told(f"warnings: {{poverty_risk: {change}}}\n", UNBOUNDED) == []


def test_an_accumulator_may_be_added_and_not_dropped() -> None:
    less = {"accumulators": ["personal"], "warnings": GONE}
    assert told("accumulators: [personal, in_scope]\n", less) == []
    both = {"warnings": GONE}
    (fault,) = told("accumulators: [personal]\n", both)
    assert fault.path == "accumulators"
    assert told("accumulators: [personal]\n", {**both, **UNBOUNDED}) == []
