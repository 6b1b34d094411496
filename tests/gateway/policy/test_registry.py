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


def source(name: str, overrides: dict[str, Any], **top: Any) -> PackSource:
    data = dict(apply_overrides(anshan_source(), overrides).source.data)
    return PackSource(name, {**data, **top})


def version(starts: str, ends: str | None, **top: Any) -> PackSource:
    return source(starts, {"effective": {"from": starts, "to": ends}}, **top)


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
        Packs.load([anshan_source()]).find("370300", "employee", GENERAL, DAY)


def test_overlapping_versions_are_a_load_error() -> None:
    with pytest.raises(Invalid, match="two versions are in force"):
        Packs.load([version("2023-01-01", None), version("2024-01-01", None)])


def test_two_packs_with_the_same_benefit_of_a_scheme_are_a_load_error() -> None:
    other = version("2023-06-01", None, pack="anshan-other")
    with pytest.raises(Invalid, match="is in anshan-other too"):
        Packs.load([anshan_source(), other])
    for name in ("anshan-before", "zhangye-after"):
        Packs.load([anshan_source(), version("2020-01-01", "2022-12-31", pack=name)])


def test_two_packs_of_a_scheme_must_agree_on_its_account_rules() -> None:
    data = dict(anshan_source().data)
    benefits: Any = data["benefits"]
    other = {**data, "pack": "anshan-chronic", "benefits": {"chronic": benefits[GENERAL]}}
    Packs.load([anshan_source(), PackSource("other", other)])
    stricter = {**other, "accounts": {**other["accounts"], "pays": "in_scope"}}  # type: ignore[dict-item]
    with pytest.raises(Invalid, match="account rules for employee in 210300 differ"):
        Packs.load([anshan_source(), PackSource("other", stricter)])


def test_the_mistakes_of_every_pack_are_reported_together() -> None:
    with pytest.raises(Invalid) as invalid:
        Packs.load([source("one", {}, region="1"), source("two", {}, status="new")])
    assert [fault.path.split(":")[0] for fault in invalid.value.faults] == ["one", "two"]


def test_an_account_only_settlement_follows_the_pack_of_its_scheme() -> None:
    packs = Packs.load([anshan_source()])
    assert packs.find("210300", "employee", "personal_account_only", DAY).id == "anshan-employee-outpatient"
    with pytest.raises(Refused):
        packs.find("210300", "resident", "personal_account_only", DAY)


def test_a_benefit_of_another_scheme_is_found_so_that_the_reason_is_exact() -> None:
    pack = Packs.load([anshan_source()]).find("210300", "resident", GENERAL, DAY)
    assert pack.id == "anshan-employee-outpatient"


def test_an_unknown_benefit_is_found_in_the_pack_of_the_scheme_so_that_the_reason_is_exact() -> None:
    pack = Packs.load([anshan_source()]).find("210300", "employee", "chronic", DAY)
    with pytest.raises(Refused) as refused:
        calculate(pack, visit(encounter=visit().encounter.__class__("chronic")))
    assert refused.value.reason is Reason.BENEFIT_UNKNOWN


def test_finding_a_pack_does_not_look_at_the_others() -> None:
    many = [version("2023-01-01", None, region=f"{code:06d}", pack=f"pack-{code}") for code in range(200)]
    packs = Packs.load(many)
    assert max(len(found) for found in packs._by_key.values()) == 1
    assert packs.find("000199", "employee", GENERAL, DAY).id == "pack-199"
