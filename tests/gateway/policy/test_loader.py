"""A pack is compiled whole or refused with every mistake; nothing of it is ever ignored."""

import copy
import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from medsettle_gateway.policy.loader import PackSource, digest_of, load_pack
from medsettle_gateway.policy.reading import Invalid
from tests.gateway.policy.examples import GENERAL, anshan, anshan_source
from tests.gateway.policy.whole_pack import GONE, line_saying, whole, whole_source
from tests.gateway.policy.whole_pack import faults as fault_list

Change = Callable[[dict[str, Any]], object]


def changed(change: Change) -> PackSource:
    source = anshan_source()
    data: dict[str, Any] = copy.deepcopy(dict(source.data))
    change(data)
    return PackSource("test.yaml", data, source.lines)


def faults(change: Change) -> list[str]:
    with pytest.raises(Invalid) as invalid:
        load_pack(changed(change))
    return [f"{fault.path}: {fault.message}" for fault in invalid.value.faults]


def general(data: dict[str, Any]) -> dict[str, Any]:
    benefit: dict[str, Any] = data["benefits"][GENERAL]
    return benefit


def test_the_shipped_pack_loads_with_its_figures() -> None:
    pack = anshan()
    assert (pack.id, pack.region) == ("anshan-employee-outpatient", "210300")
    assert pack.in_force(date(2022, 12, 31))
    assert not pack.in_force(date(2022, 12, 30))
    assert [benefit.id for benefit in pack.benefits] == [GENERAL]
    assert pack.schemes(pack.benefits[0]) == ("employee",)


def test_every_mistake_is_reported_at_once_in_file_order_with_its_line() -> None:
    def five(data: dict[str, Any]) -> None:
        data["region"] = 210300
        data["lines"]["over_ceiling"] = "perhaps"
        general(data)["ratio"]["rows"][0]["ratio"] = "1.50"
        general(data)["cap"]["rows"][0].pop("clause")
        data["accounts"]["owners"].append("uncle")

    with pytest.raises(Invalid) as invalid:
        load_pack(changed(five))
    found = invalid.value.faults
    assert [fault.path for fault in found] == [
        "region",
        "lines.over_ceiling",
        f"benefits.{GENERAL}.ratio.rows[0].ratio",
        f"benefits.{GENERAL}.cap.rows[0]",
        "accounts.owners[4]",
    ]
    lines = [fault.line for fault in found]
    assert lines == sorted(lines)
    assert min(lines) > 0
    assert f"test.yaml: line {lines[2]}, benefits.{GENERAL}.ratio.rows[0].ratio: a ratio lies" in str(
        invalid.value
    )


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (lambda data: data.update(colour="red"), "colour"),
        (lambda data: data["lines"].update(free=[]), "lines.free"),
        (lambda data: general(data).update(floor="1.00"), f"benefits.{GENERAL}.floor"),
        (lambda data: general(data)["cap"].update(each="year"), f"benefits.{GENERAL}.cap.each"),
        (lambda data: general(data)["who"][0].update(at="clinic"), f"benefits.{GENERAL}.who[0].at"),
        (lambda data: data["accounts"].update(limit="1.00"), "accounts.limit"),
        (lambda data: data["eligibility"].update(weather=[]), "eligibility.weather"),
        (lambda data: data["eligibility"]["institution"].update(at="clinic"), "eligibility.institution.at"),
        (lambda data: data["effective"].update(until=None), "effective.until"),
        (lambda data: data["title"].update(fr="x"), "title.fr"),
    ],
)
def test_an_unknown_key_is_an_error(change: Change, path: str) -> None:
    assert [fault for fault in faults(change) if fault.startswith(f"{path}: unknown key")]


def test_the_head_says_since_when_the_file_decides_and_what_it_corrects() -> None:
    pack = whole()
    assert (pack.known_from, pack.supersedes) == (date(2023, 2, 1), "3f1c9a2b7d4e")
    assert anshan().known_from == anshan().effective_from
    assert (anshan().supersedes, anshan().overlay) == (None, None)


@pytest.mark.parametrize(
    "dotted",
    [
        "colour", "lines.free", "lines.catalogues.0.class", "benefits.inpatient.floor",
        "benefits.inpatient.deductible.of", "benefits.inpatient.cap.outpatient",
        "benefits.inpatient.ratio.of", "benefits.inpatient.ratio.bands.per",
        "benefits.inpatient.ratio.bands.rows.0.down_to",
        "benefits.inpatient.stay.ratio_by", "benefits.inpatient.who.0.at", "benefits.chronic.takes.0.level",
        "benefits.chronic.limit_per_session.per", "benefits.chronic.five_fixed.place",
        "benefits.chronic.five_fixed.review.every", "benefits.chronic.layers.ids", "layers.0.order",
        "layers.0.ratio.bands", "layers.0.threshold.per", "layers.0.cap.per", "layers.0.cap.inside.0.period",
        "layers.1.parts.0.threshold", "layers.2.guarantee.share_of", "layers.3.leaves.period",
        "accounts.limit", "accounts.subsidy.owner", "accounts.subsidy.credit.per",
        "accounts.subsidy.carries_over.years", "accounts.subsidy.closes.0.on", "eligibility.weather",
        "eligibility.institution.level", "eligibility.institution.except.0.kind",
        "warnings.poverty_risk.period", "facts.age.unit", "effective.until", "title.fr",
    ],
)  # fmt: skip
def test_an_unknown_key_is_an_error_wherever_it_stands(dotted: str) -> None:
    parts = dotted.split(".")
    path = "".join(f"[{part}]" if part.isdecimal() else f".{part}" for part in parts).lstrip(".")
    said = re.compile(rf"{re.escape(path)}: unknown key.*; known here: ")
    assert [fault for fault in fault_list({dotted: "x"}) if said.match(fault)]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda data: data.pop("authority"), "missing key 'authority'"),
        (lambda data: general(data).pop("cap"), "missing key 'cap'"),
        (lambda data: data.update(region="2103"), "six digits"),
        (lambda data: data.update(rounding="bankers"), "only half_up"),
        (lambda data: data["effective"].update(to="2022-12-31"), "must be later"),
        (lambda data: data.update(known_from="soon"), "expected a date like 2023-03-01, got 'soon'"),
        (lambda data: data.update(supersedes="3f1c9a2b7d4"), "of a digest, in quotes"),
        (lambda data: data.update(supersedes="3F1C9A2B7D4E"), "got '3F1C9A2B7D4E'"),
        (lambda data: data.update(supersedes=123456789012), "in quotes"),
        (lambda data: data.update(pack="Anshan"), "an id like"),
        (lambda data: data["effective"].update({"from": "2022-13-31"}), "no such day: 2022-13-31"),
        (lambda data: data.update(known_from="2023-3-1"), "expected a date like"),
        (lambda data: data.update(autority="x"), "unknown key (did you mean authority?); known here: "),
        (lambda data: general(data)["where"][0].update(tier="low"), "`facts` at the top of the file"),
        (lambda data: general(data)["ratio"]["rows"].append({"when": {"tier": "low"}}), "declared first"),
        (lambda data: general(data).update(who=[]), "leave 'who' out"),
        (lambda data: general(data)["where"][1].update(switch="moon"), "no switch 'moon'"),
        (lambda data: general(data)["switches"].update(pharmacy_pooling="on"), "true or false"),
        (lambda data: general(data)["switches"].update(pharmacy_poolng=True), "no entry of `where` asks"),
        (lambda data: general(data).update(waives=["deductible"]), "only self_pay_first"),
        (lambda data: general(data)["cap"].update(period="none"), "a missing cap is written"),
        (lambda data: data["eligibility"].update(filing=["chronic"]), "no benefit 'chronic'"),
        (lambda data: data["benefits"].update(personal_account_only={}), "without a benefit"),
        (lambda data: data["accounts"]["owners"].append("self"), "named twice"),
        (lambda data: data["accounts"].pop("owners"), "missing key 'owners'"),
        (lambda data: data.update(benefits=[]), "expected a mapping of benefit ids"),
        (lambda data: data["lines"]["excluded"].append({"when": {"class": "C"}}), "names its clause"),
    ],
)
def test_a_mistake_is_named(change: Change, message: str) -> None:
    assert [fault for fault in faults(change) if message in fault]


def test_a_section_may_be_left_out_where_it_says_nothing() -> None:
    def bare(data: dict[str, Any]) -> None:
        for key in ("lines", "accounts", "eligibility", "source", "rounding"):
            data.pop(key)
        general(data).pop("who")
        general(data).pop("where")
        general(data).pop("switches")

    pack = load_pack(changed(bare))
    assert pack.accounts is None
    assert pack.schemes(pack.benefits[0]) == ("employee", "resident")


def test_what_is_written_as_null_is_left_out() -> None:
    nulls = {"warnings": None, "known_from": None, "benefits.inpatient.stay": None, "layers.0.cap": None}
    pack = whole(nulls)
    assert (pack.rules.notices, pack.known_from, pack.benefits[0].stay) == ((), date(2023, 1, 1), None)
    assert pack.rules.layers[0].cap.inside == ()


def test_a_fault_of_any_section_has_its_line() -> None:
    changes = {
        "facts.area.values": ["local", "filed", "local"],
        "benefits.inpatient.ratio.bands.rows.0.ratio": "80",
        "layers.2.guarantee.share": "1.5",
        "warnings.poverty_risk.at": "near",
    }
    with pytest.raises(Invalid) as invalid:
        load_pack(whole_source(changes))
    assert [fault.line for fault in invalid.value.faults] == [
        line_saying("encounter.area"),
        line_saying("up_to"),
        line_saying("guarantee:"),
        line_saying("at: reached"),
    ]


def test_what_is_missing_is_named_where_it_should_stand() -> None:
    required = [
        "effective.from", "benefits.inpatient.cap", "layers.0.title", "layers.0.id", "layers.1.fund",
        "accounts.subsidy.credit", "warnings.poverty_risk.of", "facts.age.from",
        "benefits.inpatient.stay.cap_by", "eligibility.institution.designation",
    ]  # fmt: skip
    for dotted in required:
        key = dotted.rpartition(".")[2]
        assert [fault for fault in fault_list({dotted: GONE}) if f"missing key '{key}'" in fault], dotted


def test_the_digest_follows_the_data_and_not_their_order() -> None:
    source = anshan_source()
    reordered = dict(reversed(list(source.data.items())))
    assert digest_of(reordered) == load_pack(source).digest
    assert anshan({"accounts.pays": "in_scope"}).digest != load_pack(source).digest
