"""A file that was used is never edited: a correction decides from the day on which it became known."""

from datetime import date
from typing import Any

import pytest

from medsettle_gateway.domain.errors import Refused
from medsettle_gateway.policy.loader import PackSource, digest_of
from medsettle_gateway.policy.pack import Pack
from medsettle_gateway.policy.reading import Invalid
from medsettle_gateway.policy.registry import Packs
from medsettle_gateway.policy.succession import deciding
from tests.gateway.policy.examples import GENERAL, anshan_source

SOURCE = anshan_source()
REGION, SCHEME, PACK = "210300", "employee", "anshan-employee-outpatient"


def day(month: int, number: int = 1, year: int = 2024) -> date:
    return date(year, month, number)


def file(starts: str, ends: str | None = None, deductible: str = "300.00", **head: Any) -> PackSource:
    """One file of the pack: its days, and its deductible to tell it by."""
    data: Any = {**SOURCE.data, "effective": {"from": starts, "to": ends}, **head}
    benefit = {**data["benefits"][GENERAL]}
    benefit["deductible"] = {"period": "year", "rows": [{"amount": deductible, "clause": "c"}]}
    return PackSource(f"{starts} {deductible}", {**data, "benefits": {GENERAL: benefit}})


def digest(source: PackSource) -> str:
    return digest_of(source.data)


def local(starts: str, ends: str | None, deductible: str, known_from: str, **head: Any) -> PackSource:
    """An overlay over the pack."""
    return PackSource(
        f"local {starts}",
        {
            "overlay": f"local-{deductible[:3]}", "pack": PACK, "author": "a", "date": starts,
            "authority": "b", "effective": {"from": starts, "to": ends}, "known_from": known_from,
            "benefits": {GENERAL: {"deductible": {"rows": [{"amount": deductible}]}}}, **head,
        },
    )  # fmt: skip


def deductible(pack: Pack) -> int:
    """Of a pack, in yuan."""
    return pack.benefits[0].deductible.figure.rows[0].value // 100


def found(packs: Packs, on: date, known_on: date | None) -> int:
    """The deductible that decides a day, by what was known on another."""
    pack = packs.find(REGION, SCHEME, GENERAL, on, known_on)
    assert packs.in_region(REGION, on, known_on) == (pack,)
    assert deciding(packs.versions(PACK, known_on), on) is pack
    return deductible(pack)


OLD = file("2024-01-01")
NEW = file("2024-01-01", deductible="400.00", known_from="2024-06-01", supersedes=digest(OLD)[:12])


def test_the_old_file_decides_until_the_correction_is_known() -> None:
    packs = Packs.load([NEW, OLD])
    assert found(packs, day(3), day(3)) == 300
    assert found(packs, day(3), day(5, 31)) == 300
    assert found(packs, day(3), day(6)) == 400
    assert found(packs, day(3), None) == 400
    assert [deductible(pack) for pack in packs.versions(PACK, day(5))] == [300]
    assert sorted(deductible(pack) for pack in packs.versions(PACK)) == [300, 400]


def test_a_correction_may_hold_for_later_days_only() -> None:
    later = file("2024-07-01", deductible="400.00", known_from="2024-06-15", supersedes=digest(OLD)[:12])
    packs = Packs.load([OLD, later])
    assert [found(packs, on, None) for on in (day(6, 30), day(7), day(12))] == [300, 400, 400]
    assert found(packs, day(12), day(6, 14)) == 300


def test_a_correction_of_a_correction_outranks_both() -> None:
    third = file("2024-01-01", deductible="500.00", known_from="2024-09-01", supersedes=digest(NEW))
    packs = Packs.load([third, OLD, NEW])
    assert [found(packs, day(3), known) for known in (day(3), day(6), day(9), None)] == [300, 400, 500, 500]


def test_a_file_that_nobody_knows_yet_decides_nothing() -> None:
    packs = Packs.load([file("2024-01-01", known_from="2024-06-01")])
    assert found(packs, day(3), day(6)) == 300
    with pytest.raises(Refused):
        packs.find(REGION, SCHEME, GENERAL, day(3), day(5, 31))
    assert packs.in_region(REGION, day(3), day(5, 31)) == ()


def test_a_correction_may_take_a_benefit_away() -> None:
    gone = dict(NEW.data)
    benefits: Any = gone["benefits"]
    gone["benefits"] = {"chronic": benefits[GENERAL]}
    packs = Packs.load([OLD, PackSource("gone", gone)])
    assert packs.find(REGION, SCHEME, GENERAL, day(3), day(3)).benefits[0].id == GENERAL
    assert packs.find(REGION, SCHEME, "chronic", day(3), day(6)).benefits[0].id == "chronic"
    assert packs.find(REGION, SCHEME, GENERAL, day(3), day(6)).benefits[0].id == "chronic"


def test_another_pack_may_take_a_benefit_over_once_the_correction_is_known() -> None:
    gone = dict(NEW.data)
    benefits: Any = gone["benefits"]
    gone["benefits"] = {"chronic": benefits[GENERAL]}
    taken = {**OLD.data, "pack": "anshan-general", "known_from": "2024-06-01"}
    packs = Packs.load([OLD, PackSource("gone", gone), PackSource("taken", taken)])
    assert packs.find(REGION, SCHEME, GENERAL, day(3), day(5)).id == PACK
    assert packs.find(REGION, SCHEME, GENERAL, day(3), day(6)).id == "anshan-general"
    early = PackSource("early", {**taken, "known_from": "2024-05-01"})
    with pytest.raises(Invalid, match="general_outpatient of employee in 210300 is in anshan-general too"):
        Packs.load([OLD, PackSource("gone", gone), early])


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ([OLD, file("2024-06-01")], "two versions are in force on 2024-06-01"),
        ([OLD, file("2024-06-01")], "a correction names the digest of the file that it `supersedes`"),
        (
            [OLD, file("2024-01-01", deductible="400.00", known_from="2024-06-01", supersedes="0" * 12)],
            "supersedes 000000000000, which is no file of this pack",
        ),
        (
            [OLD, file("2024-01-01", deductible="400.00", supersedes=digest(OLD)[:12])],
            "is known from 2024-01-01, no later than what it supersedes: give it a later `known_from`",
        ),
        (
            [OLD, file("2024-01-01", deductible="400.00", known_from="2023-12-01", supersedes=digest(OLD))],
            "no later than what it supersedes",
        ),
        (
            [
                OLD,
                NEW,
                file("2024-03-01", deductible="500.00", known_from="2024-07-01", supersedes=digest(OLD)),
            ],
            "two versions are in force on 2024-03-01",
        ),
        ([OLD, file("2025-01-01", region="210000")], "its versions are of two regions"),
    ],
)
def test_files_between_which_nothing_decides_are_a_load_error(files: list[PackSource], message: str) -> None:
    with pytest.raises(Invalid) as invalid:
        Packs.load(files)
    assert message in str(invalid.value)
    assert all(fault.path == PACK for fault in invalid.value.faults)


def test_a_file_does_not_supersede_itself_or_one_of_another_pack() -> None:
    other = PackSource("other", {**OLD.data, "pack": "anshan-other", "region": "210000"})
    with pytest.raises(Invalid, match="no file of this pack"):
        Packs.load([other, file("2024-01-01", supersedes=digest(other))])


def test_local_figures_decide_on_their_own_days_once_they_are_known() -> None:
    packs = Packs.load([OLD], [local("2024-03-01", "2024-09-01", "350.00", "2024-04-01")])
    days = [day(2, 29), day(3), day(8, 31), day(9)]
    assert [found(packs, on, None) for on in days] == [300, 350, 350, 300]
    assert [found(packs, on, day(3, 31)) for on in days] == [300, 300, 300, 300]
    marks = [packs.find(REGION, SCHEME, GENERAL, on).overlay for on in days]
    assert [mark is None for mark in marks] == [True, False, False, True]


def test_days_on_which_the_pack_below_never_decides_are_taken_from_it() -> None:
    packs = Packs.load([OLD], [local("2024-03-01", "2024-09-01", "350.00", "2024-01-01")])
    pieces = [(deductible(pack), pack.effective_from, pack.effective_to) for pack in packs]
    assert pieces == [(300, day(1), day(3)), (350, day(3), day(9)), (300, day(9), None)]
    before, _, after = packs
    assert before.digest == after.digest == digest(OLD)
    assert before.overlay is after.overlay is None


def test_an_overlay_of_an_old_file_gives_way_to_a_correction_and_lies_over_it_too() -> None:
    laid = local("2024-03-01", None, "350.00", "2024-02-01")
    packs = Packs.load([OLD, NEW], [laid])
    assert [found(packs, day(5), known) for known in (day(1, 15), day(2), day(6), None)] == [
        300,
        350,
        350,
        350,
    ]
    assert [found(packs, day(2), known) for known in (day(2), day(6))] == [300, 400]
    decided = [packs.find(REGION, SCHEME, GENERAL, day(5), known).overlay for known in (day(2), day(6))]
    assert [mark.pack_digest for mark in decided if mark is not None] == [digest(OLD), digest(NEW)]


def test_an_overlay_that_is_known_after_a_correction_lies_over_the_correction_alone() -> None:
    laid = local("2024-01-01", None, "350.00", "2024-08-01")
    packs = Packs.load([OLD, NEW], [laid])
    assert [found(packs, day(3), known) for known in (day(3), day(6), day(8), None)] == [300, 400, 350, 350]
    mark = packs.find(REGION, SCHEME, GENERAL, day(3)).overlay
    assert mark is not None
    assert mark.pack_digest == digest(NEW)


def test_overlays_may_stand_among_the_packs_and_are_checked_with_them() -> None:
    laid = local("2024-03-01", None, "350.00", "2024-02-01")
    assert found(Packs.load([laid, OLD]), day(5), None) == 350
    with pytest.raises(Invalid, match="local 2024-03-01: colour: unknown key"):
        Packs.load([OLD, PackSource(laid.name, {**laid.data, "colour": "red"})])
    floor = PackSource("floor", {**SOURCE.data})
    with pytest.raises(
        Invalid, match=r"local 2024-03-01: benefits\.general_outpatient\.deductible: POLICY_FLOOR"
    ):
        Packs.load([floor], [local("2024-03-01", None, "299.99", "2024-02-01")])


def test_loaded_packs_may_be_chosen_from_and_indexed_again() -> None:
    covered = local("2024-01-01", None, "350.00", "2024-01-01")
    packs = Packs.load([OLD, NEW, file("2023-01-01", "2024-01-01")], [covered])
    again = Packs(pack for pack in packs if pack.region == REGION)
    assert [*again] == [*packs]
    assert [found(again, day(3), known) for known in (day(3), day(6), None)] == [350, 350, 350]
