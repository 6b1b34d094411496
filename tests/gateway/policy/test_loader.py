"""A pack is compiled whole or refused with every mistake; nothing of it is ever ignored."""

import copy
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from medsettle_gateway.policy.loader import PackSource, digest_of, load_pack
from medsettle_gateway.policy.reading import Invalid
from tests.gateway.policy.examples import GENERAL, anshan, anshan_source

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


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (lambda data: data.update(layers=[{"id": "serious_illness"}]), "layers"),
        (lambda data: data.update(facts={"age": {}}), "facts"),
        (lambda data: data.update(warnings={"paid": "1.00"}), "warnings"),
        (lambda data: data.update(known_from="2023-01-01"), "known_from"),
        (lambda data: data.update(supersedes="x"), "supersedes"),
        (lambda data: data["eligibility"].update(prescriber={"x": 1}), "eligibility.prescriber"),
        (lambda data: general(data).update(layers=["county"]), f"benefits.{GENERAL}.layers"),
        (
            lambda data: general(data).update(five_fixed={"outside": "refuse"}),
            f"benefits.{GENERAL}.five_fixed",
        ),
        (
            lambda data: general(data).update(limit_per_session={"amount": "1.00"}),
            f"benefits.{GENERAL}.limit_per_session",
        ),
        (lambda data: general(data).update(stay={"cap_by": "discharged"}), f"benefits.{GENERAL}.stay"),
        (lambda data: general(data)["ratio"].update(bands={"of": "x"}), f"benefits.{GENERAL}.ratio.bands"),
        (lambda data: general(data)["cap"].update(per="condition"), f"benefits.{GENERAL}.cap.per"),
        (lambda data: general(data)["cap"].update(counters=["basic"]), f"benefits.{GENERAL}.cap.counters"),
        (lambda data: general(data).update(counters=["basic"]), f"benefits.{GENERAL}.counters"),
        (
            lambda data: general(data)["deductible"].update(period="stay"),
            f"benefits.{GENERAL}.deductible.period",
        ),
    ],
)
def test_what_is_not_computed_yet_is_refused_and_never_ignored(change: Change, path: str) -> None:
    assert [fault for fault in faults(change) if fault.startswith(f"{path}: not supported yet")]


def test_what_is_not_computed_yet_may_be_written_empty() -> None:
    load_pack(changed(lambda data: data.update(layers=[], facts={}, warnings={})))
    load_pack(changed(lambda data: general(data)["cap"].update(per="benefit")))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda data: data.pop("authority"), "missing key 'authority'"),
        (lambda data: general(data).pop("cap"), "missing key 'cap'"),
        (lambda data: data.update(region="2103"), "six digits"),
        (lambda data: data.update(rounding="bankers"), "only half_up"),
        (lambda data: data["effective"].update(to="2022-12-31"), "must be later"),
        (lambda data: data["effective"].update({"from": "2022-13-31"}), "expected a date"),
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


def test_the_digest_follows_the_data_and_not_their_order() -> None:
    source = anshan_source()
    reordered = dict(reversed(list(source.data.items())))
    assert digest_of(reordered) == load_pack(source).digest
    assert anshan({"accounts.pays": "in_scope"}).digest != load_pack(source).digest
