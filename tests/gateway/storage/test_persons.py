"""Who a person is on a day: every store keeps what it takes to say it, and by what was known when."""

from datetime import date, timedelta

from medsettle_gateway.domain.facts import MemberFacts
from medsettle_gateway.domain.keys import MemberKey
from medsettle_gateway.domain.member import Aid, Enrolment, Scheme, Standing
from medsettle_gateway.domain.people import Cover, PersonKind, Registered, Suspension
from medsettle_gateway.domain.records import Subject
from medsettle_gateway.service.person import person_keys, person_on
from medsettle_gateway.service.ports import Store
from medsettle_gateway.storage.records import NewRecord
from tests.gateway.storage.stand import NOW, REGION, Stand, person

HOUR = timedelta(hours=1)
RESIDENT = Cover(REGION, Scheme.RESIDENT, Standing.ADULT, Enrolment.POOL_ONLY)
EMPLOYEE = Cover(REGION, Scheme.EMPLOYEE, Standing.ACTIVE, Enrolment.POOLED_AND_ACCOUNT)
JANUARY = date(2026, 1, 1)


def covered(member: str, first_on: date, last_on: date | None, cover: Cover) -> NewRecord:
    subject, key = Subject.MEMBER.named(member), f"{cover.scheme.value}/{first_on}"
    return NewRecord(subject, PersonKind.COVER.value, key, first_on, last_on, cover)


async def on(store: Store, member: str, day: date, hours: int | None = None) -> MemberFacts:
    """The member as of the day, by what was known so many hours after the register was entered."""
    facts = await store.load((MemberKey(member), *person_keys(member)))
    registered = facts.of(MemberKey(member))
    assert registered is not None
    return person_on(facts, registered, day, None if hours is None else NOW + hours * HOUR)


async def test_what_the_register_says_of_a_member_is_a_record_of_it(stand: Stand) -> None:
    member = stand.enter(person("1", aid=Aid.POOR, conditions=("gout",), covered_to=date(2026, 12, 31)))["1"]
    store = await stand.opened()
    (key,) = person_keys(member)
    (row,) = (await store.load((key,))).of(key)
    assert (row.kind, row.valid_from, row.valid_to, row.entered_at) == (
        "registered", date(2010, 1, 1), date(2026, 12, 31), NOW,
    )  # fmt: skip
    assert row.read(Registered) == Registered(
        REGION, Scheme.EMPLOYEE, Standing.ACTIVE, Enrolment.POOLED_AND_ACCOUNT, Aid.POOR, ("gout",)
    )
    await store.close()


async def test_periods_of_cover_say_who_a_person_is_on_a_day_and_what_was_known(stand: Stand) -> None:
    member = stand.enter(person("1"))["1"]
    stand.enter_records(covered(member, date(2010, 1, 1), None, RESIDENT), at=NOW + HOUR)
    stand.enter_records(
        covered(member, date(2010, 1, 1), date(2025, 12, 31), RESIDENT),
        covered(member, JANUARY, None, EMPLOYEE),
        at=NOW + 2 * HOUR,
    )
    store = await stand.opened()
    found = [(await on(store, member, day)).scheme.value for day in (date(2025, 12, 31), JANUARY)]
    assert found == ["resident", "employee"]
    known = [(await on(store, member, JANUARY, hours)).scheme.value for hours in (0, 1, 2)]
    assert known == ["employee", "resident", "employee"]
    await store.close()


async def test_what_stops_benefits_comes_with_the_person(stand: Stand) -> None:
    member = stand.enter(person("1"))["1"]
    kind, subject = PersonKind.SUSPENSION.value, Subject.MEMBER.named(member)
    fact = NewRecord(subject, kind, JANUARY.isoformat(), JANUARY, None, Suspension("x"))
    stand.enter_records(fact, at=NOW + HOUR)
    store = await stand.opened()
    assert [each.fact for each in (await on(store, member, JANUARY)).past.suspensions] == [Suspension("x")]
    assert (await on(store, member, JANUARY, 0)).past.suspensions == ()
    await store.close()
