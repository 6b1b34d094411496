"""On a day, a region x scheme x benefit has exactly one pack."""

from datetime import date
from typing import Any

import pytest

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.errors import Refused
from medsettle_gateway.policy.engine import calculate
from medsettle_gateway.policy.loader import PackSource
from medsettle_gateway.policy.overrides import apply_overrides
from medsettle_gateway.policy.reading import Invalid
from medsettle_gateway.policy.registry import Packs
from tests.gateway.policy.examples import DAY, GENERAL, anshan_source, visit

ANSHAN = "anshan-employee-outpatient"
SOURCE = anshan_source()


def source(name: str, overrides: dict[str, Any], **top: Any) -> PackSource:
    data = dict(apply_overrides(SOURCE, overrides).source.data)
    return PackSource(name, {**data, **top})


def version(starts: str, ends: str | None, **top: Any) -> PackSource:
    return source(starts, {"effective": {"from": starts, "to": ends}}, **top)


def chronic_only(pack: str) -> PackSource:
    """A second pack of the region: its only benefit has another id."""
    data = dict(SOURCE.data)
    benefits: Any = data["benefits"]
    return PackSource(pack, {**data, "pack": pack, "benefits": {"chronic": benefits[GENERAL]}})


def test_the_version_in_force_on_the_day_decides() -> None:
    packs = Packs.load([version("2024-01-01", None), version("2023-01-01", "2024-01-01")])
    assert packs.find("210300", "employee", GENERAL, date(2023, 12, 31)).effective_from == date(2023, 1, 1)
    assert packs.find("210300", "employee", GENERAL, date(2024, 1, 1)).effective_from == date(2024, 1, 1)
    assert len(packs.versions("anshan-employee-outpatient")) == len(list(packs)) == 2


@pytest.mark.parametrize("on", [date(2022, 12, 31), date(2023, 7, 1)])
def test_a_day_without_a_version_is_refused(on: date) -> None:
    packs = Packs.load([version("2023-01-01", "2023-07-01"), version("2023-08-01", None)])
    with pytest.raises(Refused) as refused:
        packs.find("210300", "employee", GENERAL, on)
    assert refused.value.reason is Reason.PACK_NOT_IN_FORCE


def test_a_region_without_a_pack_is_refused() -> None:
    with pytest.raises(Refused):
        Packs.load([SOURCE]).find("370300", "employee", GENERAL, DAY)


def test_overlapping_versions_are_a_load_error() -> None:
    with pytest.raises(Invalid, match="two versions are in force"):
        Packs.load([version("2023-01-01", None), version("2024-01-01", None)])


def test_two_packs_with_the_same_benefit_of_a_scheme_are_a_load_error() -> None:
    other = version("2023-06-01", None, pack="anshan-other")
    with pytest.raises(Invalid, match="is in anshan-other too"):
        Packs.load([SOURCE, other])
    for name in ("anshan-before", "zhangye-after"):
        Packs.load([SOURCE, version("2020-01-01", "2022-12-31", pack=name)])


def test_two_packs_of_a_scheme_must_agree_on_its_account_rules() -> None:
    data = dict(SOURCE.data)
    benefits: Any = data["benefits"]
    other = {**data, "pack": "anshan-chronic", "benefits": {"chronic": benefits[GENERAL]}}
    Packs.load([SOURCE, PackSource("other", other)])
    stricter = {**other, "accounts": {**other["accounts"], "pays": "in_scope"}}  # type: ignore[dict-item]
    with pytest.raises(Invalid, match="account rules for employee in 210300 differ"):
        Packs.load([SOURCE, PackSource("other", stricter)])


def test_the_mistakes_of_every_pack_are_reported_together() -> None:
    with pytest.raises(Invalid) as invalid:
        Packs.load([source("one", {}, region="1"), source("two", {}, status="new")])
    assert [fault.path.split(":")[0] for fault in invalid.value.faults] == ["one", "two"]


def test_an_account_only_settlement_follows_the_pack_of_its_scheme() -> None:
    packs = Packs.load([SOURCE])
    assert packs.find("210300", "employee", "personal_account_only", DAY).id == "anshan-employee-outpatient"
    with pytest.raises(Refused):
        packs.find("210300", "resident", "personal_account_only", DAY)


def test_the_packs_of_a_region_come_by_their_id() -> None:
    chronic = chronic_only("anshan-a-chronic")
    elsewhere = version("2023-01-01", None, region="370300", pack="zibo")
    packs = Packs.load([SOURCE, chronic, elsewhere])
    assert [pack.id for pack in packs.in_region("210300", DAY)] == ["anshan-a-chronic", ANSHAN]
    assert packs.in_region("210300", date(2020, 1, 1)) == ()
    assert packs.in_region("999999", DAY) == ()


def test_of_the_packs_of_a_scheme_the_one_with_account_rules_decides_what_accounts_pay() -> None:
    data = {**chronic_only("anshan-a-chronic").data, "accounts": None}
    packs = Packs.load([SOURCE, PackSource("chronic", data)])
    assert packs.find("210300", "employee", "personal_account_only", DAY).id == ANSHAN
    assert packs.find("210300", "employee", "chronic", DAY).id == "anshan-a-chronic"


def test_a_benefit_of_another_scheme_is_found_so_that_the_reason_is_exact() -> None:
    pack = Packs.load([SOURCE]).find("210300", "resident", GENERAL, DAY)
    assert pack.id == "anshan-employee-outpatient"


def test_an_unknown_benefit_is_found_in_the_pack_of_the_scheme_so_that_the_reason_is_exact() -> None:
    pack = Packs.load([SOURCE]).find("210300", "employee", "chronic", DAY)
    with pytest.raises(Refused) as refused:
        calculate(pack, visit(encounter=visit().encounter.__class__("chronic")))
    assert refused.value.reason is Reason.BENEFIT_UNKNOWN


def test_finding_a_pack_does_not_look_at_the_others() -> None:
    many = [version("2023-01-01", None, region=f"{code:06d}", pack=f"pack-{code}") for code in range(200)]
    packs = Packs.load(many)
    assert max(len(found) for found in packs._ids_of_key.values()) == 1
    assert max(len(found) for found in packs._ids_of_region.values()) == 1
    assert packs.find("000199", "employee", GENERAL, DAY).id == "pack-199"
    assert [pack.id for pack in packs.in_region("000199", DAY)] == ["pack-199"]
