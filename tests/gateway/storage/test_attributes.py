"""Facts about members that change over the years: entered with their days, and never overwritten."""

import sqlite3
from datetime import date
from pathlib import Path

import pytest

from medsettle_gateway.domain.facts import MemberFacts
from medsettle_gateway.domain.keys import MemberKey
from medsettle_gateway.domain.register import AttributeRow
from medsettle_gateway.storage.attributes import enter_attributes
from medsettle_gateway.storage.entering import Entered, NotEnteredError
from medsettle_gateway.storage.stores import EmbeddedDatabase, writing
from tests.gateway.storage.stand import ROOT_KEY, SqliteStand, load, person

JANUARY, MARCH, JUNE = date(2026, 1, 1), date(2026, 3, 1), date(2026, 6, 30)


@pytest.fixture
def stand(tmp_path: Path) -> SqliteStand:
    return SqliteStand(tmp_path)


def row(value: str, begins: date = JANUARY, ends: date | None = None, name: str = "tier") -> AttributeRow:
    return AttributeRow("1", name, value, begins, ends)


def enter(stand: SqliteStand, *rows: AttributeRow) -> Entered:
    with writing(EmbeddedDatabase(stand.path, 50), stand.sealer, root=ROOT_KEY) as connection:
        people = stand.people(connection)
        return enter_attributes(people, enumerate(rows, 2))


async def facts(stand: SqliteStand, member: str) -> MemberFacts:
    store = stand.open()
    try:
        found = await load(store, MemberKey(member))
        assert isinstance(found, MemberFacts)
        return found
    finally:
        await store.close()


async def test_an_attribute_holds_on_its_days(stand: SqliteStand) -> None:
    member = stand.enter(person("1"))["1"]
    assert enter(stand, row("low", JANUARY, JUNE), row("yes", MARCH, name="urban")) == Entered(new_count=2)
    found = await facts(stand, member)
    assert found.attributes_on(date(2025, 12, 31)) == ()
    assert found.attributes_on(JUNE) == (("tier", "low"), ("urban", "yes"))
    assert found.attributes_on(date(2026, 7, 1)) == (("urban", "yes"),)


async def test_what_began_last_decides_and_after_its_end_what_was_before(stand: SqliteStand) -> None:
    member = stand.enter(person("1"))["1"]
    enter(stand, row("high", MARCH, date(2026, 3, 31)), row("low"))
    found = await facts(stand, member)
    days = (date(2026, 2, 28), MARCH, date(2026, 3, 31), date(2026, 4, 1))
    assert [dict(found.attributes_on(day))["tier"] for day in days] == ["low", "high", "high", "low"]


async def test_a_correction_replaces_what_began_on_its_day_and_the_old_row_stays(stand: SqliteStand) -> None:
    member = stand.enter(person("1"))["1"]
    enter(stand, row("low"))
    assert enter(stand, row("high", ends=JUNE)) == Entered(changed_count=1)
    assert enter(stand, row("high", ends=JUNE)) == Entered(same_count=1)
    found = await facts(stand, member)
    assert found.attributes_on(JUNE) == (("tier", "high"),)
    assert found.attributes_on(date(2026, 7, 1)) == ()
    with sqlite3.connect(stand.path) as connection:
        kept = connection.execute("SELECT value FROM member_attributes ORDER BY position").fetchall()
    connection.close()
    assert kept == [("low",), ("high",)]


def test_an_attribute_of_nobody_is_refused_with_its_line_and_nothing_is_entered(stand: SqliteStand) -> None:
    with pytest.raises(NotEnteredError) as refused:
        enter(stand, row("low"))
    assert [fault.line for fault in refused.value.faults] == [2]


@pytest.mark.parametrize(
    "statement", ["DELETE FROM member_attributes", "UPDATE member_attributes SET value = 'x'"]
)
def test_no_row_is_ever_changed(stand: SqliteStand, statement: str) -> None:
    stand.enter(person("1"))
    enter(stand, row("low"))
    connection = sqlite3.connect(stand.path)
    with pytest.raises(sqlite3.IntegrityError, match="attributes of members are never"):
        connection.execute(statement)
    connection.close()


@pytest.mark.parametrize(
    ("number", "stated", "born_on"),
    [
        ("210399198504120019", None, date(1985, 4, 12)),
        ("210399198504120019", date(1985, 4, 13), date(1985, 4, 13)),
        ("E12345678", None, None),
        ("E12345678", date(1990, 1, 1), date(1990, 1, 1)),
        ("21039919850230001X", None, None),
    ],
)
async def test_a_birthday_is_as_stated_or_as_the_identity_number_has_it(
    stand: SqliteStand, number: str, stated: date | None, born_on: date | None
) -> None:
    member = stand.enter(person("1", id_number=number, born_on=stated))["1"]
    found = await facts(stand, member)
    assert found.born_on == born_on
    assert "born" not in repr(found)
