"""Facts about members that change over the years: entered with their days, and never overwritten."""

import sqlite3
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from medsettle_gateway.domain.facts import MemberFacts
from medsettle_gateway.domain.keys import Facts, MemberKey
from medsettle_gateway.domain.register import AttributeRow
from medsettle_gateway.service.person import person_keys, person_on
from medsettle_gateway.service.ports import Store
from medsettle_gateway.storage import attributes
from medsettle_gateway.storage.attributes import enter_attributes
from medsettle_gateway.storage.entering import Entered, NotEnteredError
from tests.gateway.storage.kinds import stand_of
from tests.gateway.storage.postgres_stand import PostgresStand
from tests.gateway.storage.stand import NOW, SqliteStand, load, person

Kept = SqliteStand | PostgresStand

JANUARY, MARCH, JUNE = date(2026, 1, 1), date(2026, 3, 1), date(2026, 6, 30)


@pytest.fixture(params=["sqlite", "postgres"])
def stand(request: pytest.FixtureRequest, tmp_path: Path) -> Kept:
    """What operators enter, a database keeps; the model is given its facts."""
    kind = stand_of(request.param, tmp_path, request)
    assert isinstance(kind, Kept)
    return kind


def row(value: str, begins: date = JANUARY, ends: date | None = None, name: str = "tier") -> AttributeRow:
    return AttributeRow("1", name, value, begins, ends)


def enter(stand: Kept, *rows: AttributeRow, at: datetime = NOW) -> Entered:
    with stand.writing() as connection:
        people = replace(stand.people(connection), now=at)
        return enter_attributes(people, enumerate(rows, 2))


async def facts(stand: Kept, member: str) -> MemberFacts:
    store: Store = await stand.opened()
    try:
        found = await load(store, MemberKey(member))
        assert isinstance(found, MemberFacts)
        return found
    finally:
        await store.close()


async def test_an_attribute_holds_on_its_days(stand: Kept) -> None:
    member = stand.enter(person("1"))["1"]
    assert enter(stand, row("low", JANUARY, JUNE), row("yes", MARCH, name="urban")) == Entered(new_count=2)
    found = await facts(stand, member)
    assert found.attributes_on(date(2025, 12, 31)) == ()
    assert found.attributes_on(JUNE) == (("tier", "low"), ("urban", "yes"))
    assert found.attributes_on(date(2026, 7, 1)) == (("urban", "yes"),)


async def test_what_began_last_decides_and_after_its_end_what_was_before(stand: Kept) -> None:
    member = stand.enter(person("1"))["1"]
    enter(stand, row("high", MARCH, date(2026, 3, 31)), row("low"))
    found = await facts(stand, member)
    days = (date(2026, 2, 28), MARCH, date(2026, 3, 31), date(2026, 4, 1))
    assert [dict(found.attributes_on(day))["tier"] for day in days] == ["low", "high", "high", "low"]


async def test_a_correction_replaces_what_began_on_its_day_and_the_old_row_stays(stand: Kept) -> None:
    member = stand.enter(person("1"))["1"]
    enter(stand, row("low"))
    assert enter(stand, row("high", ends=JUNE)) == Entered(changed_count=1)
    assert enter(stand, row("high", ends=JUNE)) == Entered(same_count=1)
    found = await facts(stand, member)
    assert found.attributes_on(JUNE) == (("tier", "high"),)
    assert found.attributes_on(date(2026, 7, 1)) == ()
    with stand.writing() as connection:
        kept = connection.execute("SELECT value FROM member_attributes ORDER BY position").fetchall()
    assert [value for (value,) in kept] == ["low", "high"]


async def test_what_was_known_at_an_instant_is_what_was_entered_by_then(stand: Kept) -> None:
    member = stand.enter(person("1"))["1"]
    minutes = [NOW + timedelta(minutes=count) for count in range(4)]
    enter(stand, row("low"), at=minutes[1])
    enter(stand, row("high"), row("yes", MARCH, name="urban"), at=minutes[2])
    enter(stand, row("low", ends=JUNE), at=minutes[3])
    found = await facts(stand, member)
    (of_person,) = person_keys(member)

    def then(at: datetime | None, day: date = date(2026, 7, 1)) -> dict[str, str]:
        return dict(person_on(Facts({of_person: ()}), found, day, at).attributes_on(day))

    assert [then(at) for at in minutes] == [
        {}, {"tier": "low"}, {"tier": "high", "urban": "yes"}, {"urban": "yes"},
    ]
    assert then(None) == {"urban": "yes"}
    assert then(minutes[2] - timedelta(microseconds=1)) == {"tier": "low"}
    assert then(minutes[3], JUNE) == then(None, JUNE) == {"tier": "low", "urban": "yes"}


async def test_many_members_are_known_as_each_of_them_is(stand: Kept) -> None:
    numbers = [str(number) for number in range(1, 6)]
    by_number = stand.enter(*(
        person(number, id_number=f"E1234567{number}", account_fen=None) for number in numbers
    ))
    for at in (NOW, NOW + timedelta(minutes=1)):
        value = "low" if at == NOW else "high"
        enter(stand, *(AttributeRow(number, "tier", value, JANUARY, None) for number in numbers), at=at)
    store = await stand.opened()
    try:
        asked = [MemberKey(by_number[number]) for number in numbers]
        known = await store.load(asked)
        for key in asked:
            member = known.of(key)
            assert member is not None
            assert [each.value for each in member.attributes] == ["low", "high"]
            assert member.attributes_on(MARCH) == (("tier", "high"),)
    finally:
        await store.close()


def test_of_a_member_no_more_is_entered_than_is_read(
    stand: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attributes, "ATTRIBUTES_MOST", 3)
    stand.enter(person("1"))
    enter(stand, row("a"), row("b", MARCH), row("c", JUNE))
    with pytest.raises(NotEnteredError, match="rows of the region's own facts already") as refused:
        enter(stand, row("a"), row("d"))
    assert [fault.line for fault in refused.value.faults] == [3]
    assert enter(stand, row("a"), row("b", MARCH)) == Entered(same_count=2)


def test_an_attribute_of_nobody_is_refused_with_its_line_and_nothing_is_entered(stand: Kept) -> None:
    with pytest.raises(NotEnteredError) as refused:
        enter(stand, row("low"))
    assert [fault.line for fault in refused.value.faults] == [2]


@pytest.mark.parametrize(
    "statement", ["DELETE FROM member_attributes", "UPDATE member_attributes SET value = 'x'"]
)
def test_no_row_is_ever_changed(tmp_path: Path, statement: str) -> None:
    stand = SqliteStand(tmp_path)
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
    stand: Kept, number: str, stated: date | None, born_on: date | None
) -> None:
    member = stand.enter(person("1", id_number=number, born_on=stated))["1"]
    found = await facts(stand, member)
    assert found.born_on == born_on
    assert "born" not in repr(found)
