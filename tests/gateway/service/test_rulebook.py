"""Which packs decide at the counter: of the region, on the day, as far as they were known."""

from datetime import date
from pathlib import Path

import pytest

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.errors import Refused
from medsettle_gateway.files.packs import read_pack
from medsettle_gateway.policy.registry import Packs
from medsettle_gateway.service.rulebook import Rulebook
from tests.gateway.service.county import packs

COUNTY = Path(__file__).parent / "policies" / "county.yaml"
TODAY = date(2026, 7, 2)


def with_correction(tmp_path: Path) -> Packs:
    """The county, and a correction of its ratio that became known on the second of July."""
    (before,) = packs()
    text = COUNTY.read_text("utf-8").replace('ratio: "0.50"', 'ratio: "0.70"')
    head = f"known_from: 2026-07-02\nsupersedes: {before.digest[:12]}\nstatus: illustrative"
    path = tmp_path / "county.yaml"
    path.write_text(text.replace("status: illustrative", head), "utf-8")
    return Packs.load([read_pack(COUNTY), read_pack(path)])


def test_a_correction_decides_from_the_day_on_which_it_was_known_for_earlier_days_too(tmp_path: Path) -> None:
    rules = Rulebook(with_correction(tmp_path))
    (old,) = packs()
    before = rules.of_region("990100", "employee", date(2026, 6, 1), date(2026, 7, 1))
    after = rules.of_region("990100", "employee", date(2026, 6, 1), TODAY)
    assert [each.digest == old.digest for each in (*before, *after)] == [True, False]
    assert [each.digest for each in rules.versions_known(date(2026, 7, 1))("county")] == [old.digest]


def test_the_file_that_decided_before_is_found_again_by_its_digest(tmp_path: Path) -> None:
    rules = Rulebook(with_correction(tmp_path))
    (old,) = packs()
    same = rules.same("county", old.digest, TODAY)
    assert same is not None
    assert same.digest == old.digest
    assert rules.same("county", "another", TODAY) is None
    assert rules.same("county", old.digest, date(2019, 1, 1)) is None


@pytest.mark.parametrize(
    ("region", "on"), [("990100", date(2019, 12, 31)), ("999999", TODAY)], ids=["too early", "nowhere"]
)
def test_without_a_pack_of_the_scheme_nothing_decides(region: str, on: date) -> None:
    with pytest.raises(Refused) as refused:
        Rulebook(packs()).of_region(region, "employee", on, TODAY)
    assert refused.value.reason is Reason.PACK_NOT_IN_FORCE


def test_drugs_are_looked_for_where_a_benefit_counts_them_as_long_as_it_does(tmp_path: Path) -> None:
    path = tmp_path / "county.yaml"
    path.write_text(COUNTY.read_text("utf-8").replace("window_days: 15", "window_days: 400"), "utf-8")
    assert Rulebook(packs()).window_days("990100") == 15
    assert Rulebook(packs()).window_days("210300") == 0
    assert Rulebook(Packs.load([read_pack(path)])).window_days("990100") == 400
