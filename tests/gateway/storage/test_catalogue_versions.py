"""A catalogue by versions: what holds now, and what was in it at any instant, in both databases alike."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from medsettle_gateway.domain.basket import CatalogueClass
from medsettle_gateway.domain.goods import Terms
from medsettle_gateway.domain.keys import CatalogueKey
from medsettle_gateway.domain.member import Sex
from medsettle_gateway.domain.place import Level
from medsettle_gateway.domain.register import CatalogueItem, CatalogueRow
from medsettle_gateway.service.ports import Store
from medsettle_gateway.storage.catalogue import Changes, change_catalogue, history_of, versions_of
from tests.gateway.storage.kinds import stand_of
from tests.gateway.storage.stand import NOW, REGION, InDatabase, Stand, item, load

DAY = timedelta(days=1)
TERMS = Terms(
    levels=(Level.SECONDARY, Level.TERTIARY), sex=Sex.FEMALE, age_from=18, age_to=60, days_supply_most=30,
    clause="限妇女", traced=False, dual_channel=True, price_most_micro=12_340_000,
)


@pytest.fixture(params=("sqlite", "postgres"))
def stand(request: pytest.FixtureRequest, tmp_path: Path) -> Stand:
    """The kinds of store that keep what a file enters."""
    return stand_of(request.param, tmp_path, request)


def writing(stand: Stand) -> Any:
    assert isinstance(stand, InDatabase)
    return stand.writing()


def entered(stand: Stand, *items: CatalogueItem, days: int = 0, **row: Any) -> Changes:
    """Makes these the region's catalogue."""
    with writing(stand) as connection:
        rows = [(line, CatalogueRow(each, **row)) for line, each in enumerate(items, 2)]
        return change_catalogue(connection, REGION, rows, NOW + days * DAY, f"file-{days}.csv")


async def classes(store: Store, days: int | None = None) -> list[tuple[str, str]]:
    key = CatalogueKey(REGION, ("XA01", "XB02"), None if days is None else NOW + days * DAY)
    found = await load(store, key)
    return [(each.code, each.catalogue_class.value) for rows in found.items.values() for each in rows]


async def test_what_was_known_at_an_instant_is_what_the_last_file_before_it_said(
    stand: Stand, store: Store
) -> None:
    entered(stand, item(), item(code="XB02"))
    entered(stand, item(catalogue_class=CatalogueClass.B), days=1)
    entered(stand, item(catalogue_class=CatalogueClass.C), item(code="XB02"), days=2)
    assert await classes(store, -1) == []
    assert await classes(store, 0) == [("XA01", "A"), ("XB02", "A")]
    assert await classes(store, 1) == [("XA01", "B")]
    assert await classes(store, 2) == await classes(store, 9) == await classes(store)
    assert await classes(store) == [("XA01", "C"), ("XB02", "A")]


async def test_each_version_has_the_digest_that_it_had_when_it_held(stand: Stand, store: Store) -> None:
    entered(stand, item())
    first = (await load(store, CatalogueKey(REGION, ("XA01",)))).digest
    entered(stand, item(catalogue_class=CatalogueClass.B), days=1)
    second = (await load(store, CatalogueKey(REGION, ("XA01",)))).digest
    assert first != second
    assert (await load(store, CatalogueKey(REGION, ("XA01",), NOW))).digest == first
    assert (await load(store, CatalogueKey(REGION, ("XA01",), NOW + DAY))).digest == second
    assert (await load(store, CatalogueKey(REGION, ("XA01",), NOW - DAY))).digest == ""


async def test_several_keys_of_one_load_come_each_from_its_own_instant(stand: Stand, store: Store) -> None:
    entered(stand, item())
    entered(stand, item(catalogue_class=CatalogueClass.B), days=1)
    keys = [CatalogueKey(REGION, ("XA01",), at) for at in (NOW - DAY, NOW, NOW + DAY, None)]
    facts = await store.load(keys)
    held = [[each.catalogue_class.value for each in facts.of(key).items.get("XA01", ())] for key in keys]
    assert held == [[], ["A"], ["B"], ["B"]]


async def test_an_item_that_is_unknown_until_now_is_found_once_a_file_brings_it(
    stand: Stand, store: Store
) -> None:
    entered(stand, item())
    assert await classes(store) == [("XA01", "A")]
    entered(stand, item(), item(code="XB02"), days=1)
    assert await classes(store) == [("XA01", "A"), ("XB02", "A")]
    assert await classes(store, 0) == [("XA01", "A")]


async def test_terms_come_back_as_they_were_entered(stand: Stand, store: Store) -> None:
    whole = item(terms=TERMS, classes=(("township", CatalogueClass.C),))
    entered(stand, whole)
    for known_at in (None, NOW):
        assert (await load(store, CatalogueKey(REGION, ("XA01",), known_at))).items["XA01"] == (whole,)


def test_a_file_that_changes_nothing_makes_no_version(stand: Stand) -> None:
    entered(stand, item())
    again = entered(stand, item(), days=1)
    assert (again.rows, again.entered.same_count) == ({}, 1)
    assert [each.version for each in versions(stand)] == [1]


def test_a_file_without_the_columns_leaves_the_terms_as_they_are(stand: Stand) -> None:
    entered(stand, item(terms=TERMS))
    kept = entered(stand, item(name="新名"), days=1, keeps=tuple(Terms.__struct_fields__))
    ((before, after),) = kept.rows.values()
    assert before is not None
    assert after is not None
    assert (after.name, after.terms) == ("新名", TERMS)
    emptied = entered(stand, item(name="新名"), days=2)
    ((_, bare),) = emptied.rows.values()
    assert bare is not None
    assert bare.terms == Terms()


def test_a_row_with_other_days_keeps_the_terms_of_the_row_before(stand: Stand) -> None:
    old = item(terms=TERMS, classes=(("township", CatalogueClass.C),))
    entered(stand, old)
    until, since = replace(old, valid_to=date(2025, 12, 31)), item(valid_from=date(2026, 1, 1))
    keeps = tuple(Terms.__struct_fields__)
    found = entered(stand, until, since, days=1, keeps=keeps, keeps_classes=True)
    (_, after) = found.rows["XA01", "2026-01-01"]
    assert after is not None
    assert (after.terms, after.classes) == (TERMS, old.classes)
    earlier = entered(stand, item(valid_from=date(2020, 1, 1), valid_to=date(2021, 12, 31)), until, days=2,
                      keeps=keeps)
    (_, first) = earlier.rows["XA01", "2020-01-01"]
    assert first is not None
    assert first.terms == TERMS


def versions(stand: Stand) -> Any:
    with writing(stand) as connection:
        return versions_of(connection, REGION)


def test_versions_say_when_and_from_which_file_they_are_and_how_large(stand: Stand) -> None:
    entered(stand, item(), item(code="XB02"))
    entered(stand, item(), days=1)
    latest, first = versions(stand)
    assert (latest.version, latest.item_count, latest.source) == (2, 1, "file-1.csv")
    assert (first.version, first.item_count, first.entered_at) == (1, 2, NOW)


def test_a_clock_that_went_back_puts_no_version_before_an_earlier_one(stand: Stand) -> None:
    entered(stand, item(), days=1)
    entered(stand, item(catalogue_class=CatalogueClass.B))
    latest, first = versions(stand)
    assert latest.entered_at == first.entered_at == NOW + DAY


def test_what_became_of_a_code_is_known_row_by_row(stand: Stand) -> None:
    old = item(valid_to=date(2025, 12, 31))
    entered(stand, old)
    entered(stand, old, item(valid_from=date(2026, 1, 1)), days=1)
    entered(stand, item(valid_from=date(2026, 1, 1)), days=2)
    with writing(stand) as connection:
        found = history_of(connection, REGION, "XA01")
    assert [(each.valid_from.year, each.version, each.item is None) for each in found] == [
        (2022, 1, False), (2022, 3, True), (2026, 2, False),
    ]


def test_no_version_and_no_row_of_one_is_ever_changed(stand: Stand) -> None:
    entered(stand, item())
    for statement in (
        "UPDATE catalogue_versions SET digest = 'x'", "DELETE FROM catalogue_versions",
        "UPDATE catalogue_rows SET body = NULL", "DELETE FROM catalogue_rows",
    ):
        with pytest.raises(Exception, match="never"), writing(stand) as connection:
            connection.execute(statement)
