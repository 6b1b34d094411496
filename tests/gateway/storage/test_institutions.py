"""Rows of the register of institutions as decisions load them: by day, and as they were known."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from medsettle_gateway.domain.facts import InstitutionFacts, State
from medsettle_gateway.domain.keys import InstitutionKey
from medsettle_gateway.domain.place import Institution, InstitutionKind, Level
from medsettle_gateway.domain.register import InstitutionRecord
from medsettle_gateway.service.placing import place_keys, place_on, registered_on
from medsettle_gateway.storage.batches import BATCH_ROWS
from medsettle_gateway.storage.entering import Entered
from medsettle_gateway.storage.places import enter_institutions
from tests.gateway.storage.kinds import stand_of
from tests.gateway.storage.postgres_stand import PostgresStand
from tests.gateway.storage.stand import NOW, SqliteStand, clinic

Kept = SqliteStand | PostgresStand
TODAY, DAY = NOW.date(), timedelta(days=1)
CODE = clinic().code


@pytest.fixture(params=["sqlite", "postgres"])
def stand(request: pytest.FixtureRequest, tmp_path: Path) -> Kept:
    kind = stand_of(request.param, tmp_path, request)
    assert isinstance(kind, Kept)
    return kind


def row(level: Level, begins: date | None = None, **changes: Any) -> InstitutionRecord:
    place = replace(clinic().place, level=level)
    return clinic(place=place, valid_from=begins, **changes)


def enter(stand: Kept, *rows: InstitutionRecord, at: datetime = NOW) -> Entered:
    with stand.writing() as connection:
        return enter_institutions(connection, enumerate(rows, 2), at, "a test")


async def loaded(stand: Kept, day: date, known_at: datetime | None = None) -> InstitutionFacts:
    store = await stand.opened()
    try:
        facts = await store.load((key := InstitutionKey(CODE), *place_keys(CODE)))
        found = facts.of(key)
        assert found is not None
        institution = registered_on(facts, found, day, known_at)
        assert place_on(facts, found, day, known_at) == institution
        return institution
    finally:
        await store.close()


async def test_a_decision_finds_the_row_of_its_day_as_it_was_known(stand: Kept) -> None:
    enter(stand, row(Level.PRIMARY))
    enter(stand, row(Level.SECONDARY, TODAY, suspended=True), at=NOW + timedelta(minutes=1))
    enter(stand, row(Level.TERTIARY, TODAY), row(Level.NONE, TODAY + DAY), at=NOW + timedelta(minutes=2))
    days = [TODAY - DAY, TODAY, TODAY + DAY]
    assert [(await loaded(stand, day)).level for day in days] == ["primary", "tertiary", "none"]
    then = await loaded(stand, TODAY, NOW + timedelta(seconds=90))
    assert (then.level, then.state) == (Level.SECONDARY, State.SUSPENDED)
    assert (await loaded(stand, TODAY + DAY, NOW)).level is Level.PRIMARY


async def test_a_place_that_was_entered_once_is_as_it_was_entered(stand: Kept) -> None:
    enter(stand, row(Level.PRIMARY))
    found = await loaded(stand, date(1999, 1, 1))
    assert found.place == clinic().place
    assert (found.code, found.name, found.region) == (CODE, clinic().name, clinic().region)


def test_rows_of_more_institutions_than_a_batch_are_entered_and_found_again(stand: Kept) -> None:
    codes = [f"H{number:07}" for number in range(BATCH_ROWS + 1)]
    first = [row(Level.PRIMARY, code=code) for code in codes]
    later = [row(Level.SECONDARY, TODAY, code=code) for code in codes]
    rows = [each for pair in zip(first, later, strict=True) for each in pair]
    assert enter(stand, *rows) == Entered(new_count=2 * len(codes))
    assert enter(stand, *(replace(each, keeps_from=True) for each in rows[1::2])) == Entered(
        same_count=len(codes)
    )
    with stand.writing() as connection:
        levels = connection.execute("SELECT level, count(*) FROM institutions GROUP BY level").fetchall()
    assert [tuple(each) for each in levels] == [("secondary", len(codes))]


def test_what_is_withdrawn_in_one_batch_may_be_replaced_in_the_next(stand: Kept) -> None:
    enter(stand, row(Level.PRIMARY))
    others = [row(Level.PRIMARY, code=f"H{number:07}") for number in range(BATCH_ROWS)]
    gone, instead = row(Level.PRIMARY, withdrawn=True), row(Level.SECONDARY, TODAY)
    entered = enter(stand, gone, *others, instead, at=NOW + timedelta(minutes=1))
    assert entered == Entered(new_count=BATCH_ROWS + 1, changed_count=1)
    with stand.writing() as connection:
        (level,) = connection.execute("SELECT level FROM institutions WHERE code = ?", (CODE,)).fetchone()
    assert level == "secondary"


def test_the_kind_of_a_place_belongs_to_its_days_too(stand: Kept) -> None:
    hospital = Institution(InstitutionKind.HOSPITAL, Level.SECONDARY)
    assert enter(stand, row(Level.PRIMARY), clinic(place=hospital, valid_from=TODAY)) == Entered(new_count=2)
    with stand.writing() as connection:
        (kind,) = connection.execute("SELECT kind FROM institutions WHERE code = ?", (CODE,)).fetchone()
    assert kind == "hospital"
