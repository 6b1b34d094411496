"""A region's own figures lie over a pack for their own days, within the bounds of the document."""

from datetime import date
from typing import Any

import pytest

from medsettle_gateway.files.yaml import read_yaml
from medsettle_gateway.policy.benefit import Excess
from medsettle_gateway.policy.loader import PackSource, digest_of, load_pack
from medsettle_gateway.policy.overlays import Overlay, is_overlay, lay_over, load_overlay, overlaid
from medsettle_gateway.policy.pack import OverlayMark, Pack
from medsettle_gateway.policy.reading import Fault, Invalid
from medsettle_gateway.policy.rows import Force
from tests.gateway.policy.whole_pack import UNBOUNDED, whole_source

HEAD = """\
overlay: hangzhou-2024
pack: whole
author: 医疗保障事务服务中心 王某
date: 2024-01-05
authority: 杭医保〔2024〕3号
effective: {from: 2024-01-01, to: 2025-01-01}
"""
SECTIONS = """\
benefits:
  inpatient:
    deductible: {rows: [{amount: "500.00"}]}
    ratio: {rows: [{ratio: "0.85"}]}
  chronic:
    limit_per_session: {amount: "300.00"}
layers:
  medical_aid:
    cap: {rows: [{amount: "100000.00"}]}
"""


def written(sections: str = SECTIONS, head: str = HEAD) -> PackSource:
    """An overlay as a file says it."""
    document = read_yaml(head + sections, "local.yaml")
    assert isinstance(document.data, dict)
    return PackSource("local.yaml", document.data, document.lines)


def overlay(sections: str = SECTIONS, head: str = HEAD) -> Overlay:
    return load_overlay(written(sections, head))


def over_whole(sections: str = SECTIONS, head: str = HEAD) -> Pack:
    """The pack of every section with the overlay's figures."""
    source = whole_source()
    return overlaid(overlay(sections, head), load_pack(source), source)


def over_unbounded(sections: str) -> Pack:
    """The same pack without a floor or ceiling, with the overlay's changes."""
    source = whole_source(UNBOUNDED)
    return overlaid(overlay(sections), load_pack(source), source)


def faults_of(sections: str, head: str = HEAD) -> list[Fault]:
    with pytest.raises(Invalid) as invalid:
        over_whole(sections, head)
    assert invalid.value.name == "local.yaml"
    return list(invalid.value.faults)


def test_the_head_says_whose_figures_they_are_and_since_when() -> None:
    read = overlay()
    assert (read.id, read.pack, read.author) == ("hangzhou-2024", "whole", "医疗保障事务服务中心 王某")
    assert (read.dated_on, read.known_from) == (date(2024, 1, 5), date(2024, 1, 5))
    assert (read.effective_from, read.effective_to) == (date(2024, 1, 1), date(2025, 1, 1))
    assert overlay(head=HEAD + "known_from: 2024-02-01\n").known_from == date(2024, 2, 1)
    assert is_overlay(written())
    assert not is_overlay(whole_source())


def test_what_it_brings_replaces_the_figures_and_the_rest_stays() -> None:
    source = whole_source()
    pack, local = load_pack(source), over_whole()
    inpatient, chronic = local.benefits
    assert [row.value for row in inpatient.deductible.figure.rows] == [50_000]
    assert inpatient.deductible.counters == ("inpatient", "basic_annual")
    assert (inpatient.bands, [row.value for row in inpatient.ratio.rows]) == (None, [850_000])
    assert inpatient.cap == pack.benefits[0].cap
    assert chronic.limit_per_session is not None
    assert chronic.limit_per_session.excess is Excess.PROVIDER
    assert chronic.limit_per_session.figure.rows[0].value == 30_000
    aid = local.rules.layers[0]
    assert [row.value for row in aid.cap.figure.rows] == [10_000_000]
    assert aid.cap.inside == pack.rules.layers[0].cap.inside
    assert local.rules.layers[1:] == pack.rules.layers[1:]


def test_a_row_without_a_clause_stands_on_the_authority_of_the_overlay() -> None:
    local = over_whole(SECTIONS.replace('ratio: "0.85"', 'ratio: "0.85", clause: 第三条'))
    inpatient, chronic = local.benefits
    assert chronic.limit_per_session is not None
    rows = [
        inpatient.deductible.figure.rows[0],
        chronic.limit_per_session.figure.rows[0],
        inpatient.ratio.rows[0],
    ]
    assert [row.clause for row in rows] == ["杭医保〔2024〕3号", "杭医保〔2024〕3号", "第三条"]


@pytest.mark.parametrize("order", ["amount: '300.00', clause: 三", "clause: 三, amount: '300.00'"])
def test_a_clause_that_it_brings_stays_wherever_it_is_written(order: str) -> None:
    limit = over_whole("benefits: {chronic: {limit_per_session: {" + order + "}}}\n").benefits[1]
    assert limit.limit_per_session is not None
    assert limit.limit_per_session.figure.rows[0].clause == "三"


def test_it_lifts_what_the_pack_only_assumes() -> None:
    assumed = {
        "benefits.chronic.limit_per_session.force": "assumed",
        "benefits.inpatient.cap.rows.0.force": "assumed",
    }
    source = whole_source(assumed)
    local = overlaid(overlay(), load_pack(source), source)
    session = local.benefits[1].limit_per_session
    assert session is not None
    assert session.figure.rows[0].force is Force.EXACT
    assert local.benefits[0].cap.figure.rows[0].force is Force.ASSUMED


def test_it_is_marked_and_its_digest_is_over_both() -> None:
    pack, local = load_pack(whole_source()), over_whole()
    mark = local.overlay
    assert mark == OverlayMark(
        "hangzhou-2024", "医疗保障事务服务中心 王某", date(2024, 1, 5), "杭医保〔2024〕3号",
        digest_of(written().data), pack.digest,
    )  # fmt: skip
    assert local.digest not in {pack.digest, overlay().digest}
    assert over_whole(SECTIONS.replace("0.85", "0.86")).digest != local.digest
    assert (local.id, local.region, local.authority) == (pack.id, pack.region, pack.authority)


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ("{from: 2024-01-01, to: 2025-01-01}", (date(2024, 1, 1), date(2025, 1, 1))),
        ("{from: 2020-01-01, to: null}", (date(2023, 1, 1), date(2026, 1, 1))),
        ("{from: 2025-06-01, to: 2027-01-01}", (date(2025, 6, 1), date(2026, 1, 1))),
    ],
)
def test_it_decides_only_on_days_on_which_the_pack_is_in_force_too(
    days: str, expected: tuple[date, date]
) -> None:
    source = whole_source({"effective.to": "2026-01-01"})
    head = HEAD.replace("{from: 2024-01-01, to: 2025-01-01}", days)
    local = overlaid(overlay(head=head), load_pack(source), source)
    assert (local.effective_from, local.effective_to) == expected


def test_it_is_known_no_earlier_than_the_pack_below_it() -> None:
    source = whole_source({"known_from": "2024-06-01"})
    assert overlaid(overlay(), load_pack(source), source).known_from == date(2024, 6, 1)
    assert over_whole().known_from == date(2024, 1, 5)


def test_lists_are_replaced_whole_and_null_takes_a_thing_back() -> None:
    local = over_unbounded(
        "benefits: {inpatient: {layers: [county], stay: null}}\naccounts: {owners: [self, spouse]}\n"
    )
    assert (local.benefits[0].layers, local.benefits[0].stay) == (("county",), None)
    assert local.accounts is not None
    assert [owner.value for owner in local.accounts.owners] == ["self", "spouse"]


def test_a_limit_inside_a_cap_is_named_by_its_id() -> None:
    aid = over_whole(
        "layers: {medical_aid: {cap: {inside: {ordinary: {rows: [{amount: '9.00'}]}}}}}\n"
    ).rules.layers[0]
    assert [inside.id for inside in aid.cap.inside] == ["outpatient", "ordinary"]
    assert aid.cap.inside[1].figure.rows[0].value == 900


def test_layers_of_a_pack_that_has_none_cannot_be_changed_by_id() -> None:
    layered = whole_source(UNBOUNDED)
    data: dict[str, Any] = {**layered.data, "layers": []}
    data["benefits"] = {
        id_: {**benefit, "layers": []} if "layers" in benefit else benefit
        for id_, benefit in data["benefits"].items()
    }
    source = PackSource(layered.name, data)
    with pytest.raises(Invalid) as invalid:
        overlaid(overlay("layers: {medical_aid: {cap: {rows: []}}}\n"), load_pack(source), source)
    (fault,) = invalid.value.faults
    assert (fault.path, fault.line) == ("layers", 7)
    assert fault.message == "the pack has no layers to change by id; write new ones as a list"


def test_a_list_and_a_mapping_take_the_place_of_each_other() -> None:
    local = over_unbounded("benefits: {inpatient: {layers: {none: true}}, chronic: {layers: [county]}}\n")
    assert [benefit.layers for benefit in local.benefits] == [(), ("county",)]
    assert local.benefits[0].layers_clause == "杭医保〔2024〕3号"


def test_it_may_declare_facts_to_tell_its_people_apart() -> None:
    local = over_whole(
        "facts: {district: {from: patient.attributes.district, values: [east]}}\n"
        "benefits: {inpatient: {ratio: {rows: [{ratio: '0.80'}, {when: {district: east}, add: '0.05'}]}}}\n"
    )
    assert [fact.name for fact in local.rules.declared] == ["age", "tier", "area", "district"]
    assert local.benefits[0].ratio.rows[1].when.tests == (("district", ("east",)),)


@pytest.mark.parametrize(
    ("sections", "path", "line", "message"),
    [
        (
            "layers:\n  relief:\n    leaves: {amount: '60000.00'}\n",
            "layers[3].leaves", 9,
            "POLICY_CEILING: 60000.00; the document allows no more than 50000.00 (四)",
        ),
        (
            "benefits: {inpatient:\n {ratio: {rows: [{ratio: '1'},\n {when: {tier: low}, ratio: '0.7'}]}}}\n",
            "benefits.inpatient.ratio.bands.rows[0]", 8,
            "POLICY_FLOOR: 0.70 where tier=low; the document allows no less than 0.80 (二)",
        ),
        ("layers:\n  county: {guarantee: {share: '0.89'}}\n", "layers[2].guarantee", 8, "POLICY_FLOOR: 0.89"),
        ("accounts:\n  subsidy: null\n", "accounts.subsidy.credit", 8, "POLICY_FLOOR: 0.00; the document"),
    ],
)  # fmt: skip
def test_a_figure_beyond_a_bound_is_a_fault_with_its_line(
    sections: str, path: str, line: int, message: str
) -> None:
    (fault,) = faults_of(sections)
    assert (fault.path, fault.line) == (path, line)
    assert fault.message.startswith(message)


@pytest.mark.parametrize(
    ("sections", "path", "line", "message"),
    [
        ("benefits:\n  moon: {}\n", "benefits.moon", 8,
         "no benefit 'moon' in the pack; those there: inpatient, chronic"),
        ("benefits:\n  inpatint: {ratio: {rows: []}}\n", "benefits.inpatint", 8,
         "no benefit 'inpatint' in the pack (did you mean inpatient?)"),
        ("benefits:\n  inpatient: {ratio: {share: '1.00'}}\n",
         "benefits.inpatient.ratio.share", 8, "unknown key"),
        ("benefits: {inpatient: {cap: {rows: [{amount: '9'}]}}}\n",
         "benefits.inpatient.cap.rows[0].amount", 7, "an amount in yuan"),
        ("layers:\n  moon: {cap: {none: true}}\n", "layers.moon", 8,
         "no element 'moon' in layers of the pack; those there: medical_aid, commercial, county, relief"),
        ("benefits: {inpatient: {cap: {rows: {0: {amount: '9.00'}}}}}\n", "benefits.inpatient.cap.rows", 7,
         "expected a list, got a mapping"),
        ("lines: {excluded: [{when: {kind: tea}}]}\n", "lines.excluded[0].when.kind", 7, "kind is one of"),
    ],
)  # fmt: skip
def test_what_the_pack_cannot_take_is_a_fault_with_the_line_of_the_overlay(
    sections: str, path: str, line: int, message: str
) -> None:
    said = [fault for fault in faults_of(sections) if fault.path == path]
    assert [fault.line for fault in said] == [line]
    assert message in said[0].message


@pytest.mark.parametrize(
    ("head", "line", "message"),
    [
        (HEAD.replace("author: 医疗保障事务服务中心 王某\n", ""), 1, "missing key 'author'"),
        (HEAD.replace("authority: 杭医保〔2024〕3号\n", ""), 1, "missing key 'authority'"),
        (HEAD.replace("date: 2024-01-05\n", ""), 1, "missing key 'date'"),
        (HEAD.replace("2024-01-05", "5 January"), 4, "expected a date"),
        (HEAD.replace("to: 2025-01-01", "to: 2024-01-01"), 6, "must be later than `from`"),
        (HEAD.replace("hangzhou-2024", "Hangzhou"), 1, "expected an id like"),
        (HEAD + "known_from: soon\n", 7, "expected a date"),
        (HEAD + 'region: "330100"\n', 7, "unknown key; known here: overlay, pack"),
        (HEAD + "supersedes: 3f1c9a2b7d4e\n", 7, "unknown key"),
    ],
)
def test_a_head_that_says_too_little_is_refused(head: str, line: int, message: str) -> None:
    with pytest.raises(Invalid) as invalid:
        overlay(head=head)
    (fault,) = invalid.value.faults
    assert fault.line == line
    assert message in fault.message


def test_an_overlay_changes_something_and_takes_no_section_away() -> None:
    with pytest.raises(Invalid, match="it changes nothing: give at least one of facts"):
        overlay("")
    with pytest.raises(Invalid, match="layers: a whole section cannot be taken away"):
        overlay("layers: null\n")


def laid(*overlays: Overlay, versions: tuple[dict[str, Any], ...] = ({},)) -> tuple[Pack, ...]:
    sources = [whole_source(changes) for changes in versions]
    return lay_over(overlays, {"whole": [(load_pack(source), source) for source in sources]})


def test_it_lies_over_every_version_of_its_pack_that_it_meets() -> None:
    versions: tuple[dict[str, Any], ...] = (
        {"effective": {"from": "2023-01-01", "to": "2024-07-01"}},
        {"effective": {"from": "2024-07-01", "to": None}},
        {"effective": {"from": "2022-01-01", "to": "2023-01-01"}},
    )
    local = laid(overlay(), versions=versions)
    assert [(pack.effective_from, pack.effective_to) for pack in local] == [
        (date(2024, 1, 1), date(2024, 7, 1)),
        (date(2024, 7, 1), date(2025, 1, 1)),
    ]


def test_two_overlays_of_one_pack_share_no_day() -> None:
    later = HEAD.replace("hangzhou-2024", "hangzhou-2025")
    next_year = later.replace("{from: 2024-01-01, to: 2025-01-01}", "{from: 2025-01-01, to: null}")
    assert len(laid(overlay(), overlay(head=next_year))) == 2
    with pytest.raises(Invalid) as invalid:
        laid(overlay(), overlay(head=later.replace("from: 2024-01-01", "from: 2024-12-31")))
    (fault,) = invalid.value.faults
    assert (fault.path, fault.line) == ("local.yaml: effective", 6)
    assert fault.message == "hangzhou-2024 (local.yaml) lies over whole on the same days"


@pytest.mark.parametrize(
    ("head", "path", "message"),
    [
        (HEAD.replace("pack: whole", "pack: moon"), "local.yaml: pack", "no pack 'moon'"),
        (
            HEAD.replace("2024-01-01, to: 2025", "2021-01-01, to: 2022"),
            "local.yaml: effective",
            "no version of",
        ),
    ],
)
def test_an_overlay_that_lies_over_nothing_is_refused(head: str, path: str, message: str) -> None:
    with pytest.raises(Invalid) as invalid:
        laid(overlay(head=head))
    (fault,) = invalid.value.faults
    assert fault.path == path
    assert message in fault.message
    assert fault.line > 0


def test_the_mistakes_of_every_overlay_are_reported_together_and_once() -> None:
    low = "benefits: {inpatient: {ratio: {rows: [{ratio: '0.10'}]}}}\n"
    versions: tuple[dict[str, Any], ...] = (
        {"effective": {"from": "2023-01-01", "to": "2024-07-01"}},
        {"effective": {"from": "2024-07-01", "to": None}},
    )
    elsewhere = HEAD.replace("pack: whole", "pack: moon").replace("hangzhou-2024", "moon-2024")
    with pytest.raises(Invalid) as invalid:
        laid(overlay(low), overlay(head=elsewhere), versions=versions)
    assert [fault.path for fault in invalid.value.faults] == [
        "local.yaml: pack",
        "local.yaml: benefits.inpatient.ratio.bands.rows[0]",
    ]


def test_a_fault_of_what_only_the_pack_says_has_no_line_of_the_overlay() -> None:
    said = faults_of("accumulators: [in_scope]\n")
    assert [(fault.path, fault.line) for fault in said] == [
        ("layers[0].threshold.of", 0),
        ("layers[3].leaves.of", 0),
    ]
