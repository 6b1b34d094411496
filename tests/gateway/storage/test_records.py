"""Dated facts about people, places and staff: every store keeps all that was ever entered of them."""

from datetime import date, timedelta

import pytest
from msgspec import Raw

from medsettle_gateway.domain.keys import RecordsKey
from medsettle_gateway.domain.records import DatedRecord, Subject, known
from medsettle_gateway.service.ports import Store
from medsettle_gateway.storage.entering import Entered
from medsettle_gateway.storage.records import NewRecord
from tests.gateway.storage.stand import NOW, Stand, load

JANUARY, JUNE, JULY = date(2026, 1, 1), date(2026, 6, 30), date(2026, 7, 1)
CLINIC = Subject.INSTITUTION.named("H1")
DAY = timedelta(days=1)


def fact(
    value: str, begins: date = JANUARY, ends: date | None = None, key: str = "a", *, withdrawn: bool = False
) -> NewRecord:
    return NewRecord(CLINIC, "designation", key, begins, ends, {"value": value}, withdrawn)


async def of(store: Store, subject: str = CLINIC) -> tuple[DatedRecord, ...]:
    found = await load(store, RecordsKey(subject))
    assert isinstance(found, tuple)
    return found


async def test_a_record_is_kept_as_it_was_entered(stand: Stand) -> None:
    assert stand.enter_records(fact("one", JANUARY, JUNE)) == Entered(new_count=1)
    store = await stand.opened()
    assert await of(store) == (
        DatedRecord("designation", "a", JANUARY, JUNE, Raw(b'{"value":"one"}'), NOW),
    )
    assert await of(store, "institution/H2") == ()
    await store.close()


async def test_records_of_several_subjects_come_each_to_its_own(stand: Stand) -> None:
    others = [fact("one")._replace(subject=Subject.STAFF.named(f"D{number}")) for number in range(4)]
    stand.enter_records(fact("here"), *others)
    store = await stand.opened()
    wanted = [RecordsKey(CLINIC), *(RecordsKey(each.subject) for each in others)]
    facts = await store.load(wanted)
    assert [len(facts.of(key)) for key in wanted] == [1, 1, 1, 1, 1]
    assert facts.of(wanted[0])[0].read(dict[str, str]) == {"value": "here"}
    await store.close()


async def test_what_is_entered_last_holds_and_what_it_replaced_stays_readable(stand: Stand) -> None:
    stand.enter_records(fact("one"))
    assert stand.enter_records(fact("two", ends=JUNE), at=NOW + DAY) == Entered(changed_count=1)
    store = await stand.opened()
    records = await of(store)
    assert [each.read(dict[str, str])["value"] for each in records] == ["one", "two"]
    assert [each.read(dict[str, str])["value"] for each in known(records)] == ["two"]
    assert [each.read(dict[str, str])["value"] for each in known(records, NOW)] == ["one"]
    assert known(records, NOW - DAY) == ()
    await store.close()


async def test_what_is_withdrawn_never_held(stand: Stand) -> None:
    stand.enter_records(fact("one"), fact("two", key="b"))
    stand.enter_records(fact("one", withdrawn=True), at=NOW + DAY)
    store = await stand.opened()
    assert [each.key for each in known(await of(store))] == ["b"]
    await store.close()


async def test_a_record_that_says_what_is_known_is_not_entered_again(stand: Stand) -> None:
    stand.enter_records(fact("one"))
    assert stand.enter_records(fact("one"), at=NOW + DAY) == Entered(same_count=1)
    store = await stand.opened()
    assert len(await of(store)) == 1
    await store.close()


@pytest.mark.parametrize(
    ("day", "holds"), [(JANUARY - DAY, False), (JANUARY, True), (JUNE, True), (JULY, False)]
)
def test_a_record_holds_from_its_first_day_to_its_last(day: date, *, holds: bool) -> None:
    assert DatedRecord("designation", "a", JANUARY, JUNE, Raw(b"{}"), NOW).holds(day) is holds


def test_a_record_without_a_last_day_holds_until_further_notice() -> None:
    assert DatedRecord("designation", "a", JANUARY, None, Raw(b"{}"), NOW).holds(date(2099, 1, 1))
