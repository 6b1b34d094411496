"""Who may prescribe and review: posts, filings, orders and lost points, by the rules of a region."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.calendar import months_later
from medsettle_gateway.domain.people import Held
from medsettle_gateway.domain.records import DatedRecord, known
from medsettle_gateway.domain.staff import (
    CREDIT,
    NO_STAFF_RULE,
    CreditRule,
    CreditStep,
    PointsDeducted,
    PoolFiled,
    Post,
    StaffFact,
    StaffFacts,
    StaffRole,
    StaffRule,
    StaffStopped,
)
from medsettle_gateway.eligibility.staff import (
    not_filed,
    points_lost,
    refusal_of,
    staff_of,
    stop_on,
    stops_for_points,
    stops_of,
)
from tests.gateway.eligibility.entered import DAY, MARCH, recorded

JANUARY, JUNE = date(2026, 1, 1), date(2026, 6, 30)
DOCTOR, PHARMACIST = StaffRole.PRESCRIBER, StaffRole.PHARMACIST
ASKS = StaffRule(known=True, filed_for=("general_outpatient",), clause="L607")


def post(role: StaffRole = DOCTOR, *institutions: str) -> DatedRecord:
    return recorded(StaffFact.POST, f"{role}/{JANUARY}", JANUARY, JUNE, Post(role, institutions, "0047"))


def lost(number: str, points: int, on: date, *, withdrawn: bool = False) -> DatedRecord:
    body = PointsDeducted(points, "超量开药", "王某")
    return recorded(StaffFact.POINTS, number, on, on, body, withdrawn=withdrawn)


def staff(*records: DatedRecord) -> StaffFacts:
    return staff_of("D1", known(records))


def months_for(*points: int) -> list[int]:
    """Of deductions on the first days of March, one a day: for how many months each suspends."""
    deducted = [
        Held(day := MARCH + number * DAY, day, PointsDeducted(each, "a", "b"))
        for number, each in enumerate(points)
    ]
    return [
        next(months for months in range(1, 13) if months_later(stop.first_on, months) == stop.last_on + DAY)
        for stop in stops_for_points(deducted, CREDIT)
        if stop.last_on is not None
    ]


@pytest.mark.parametrize(
    ("points", "months"),
    [
        ([3], []), ([4], [1]), ([5], [1]), ([6], [3]), ([7], [3]), ([8], [6]), ([9], [6]), ([10], [12]),
        ([12], [12]), ([1, 1, 1], []), ([4, 1], [1]), ([4, 2], [1, 3]),
        ([4, 2, 2, 2], [1, 3, 6, 12]), ([6, 1, 1], [3, 6]),
    ],
)
def test_the_sum_of_a_year_suspends_for_the_highest_step_it_reaches(
    points: list[int], months: list[int]
) -> None:
    assert months_for(*points) == months


def test_a_suspension_for_points_begins_on_the_day_and_ends_before_the_same_day_months_later() -> None:
    (stop,) = stops_of(staff(lost("1", 4, MARCH)), CREDIT)
    assert (stop.first_on, stop.last_on, stop.points) == (MARCH, date(2026, 4, 1), 4)


def test_a_month_that_is_shorter_ends_the_suspension_on_its_last_day_but_one() -> None:
    (stop,) = stops_of(staff(lost("1", 4, date(2026, 1, 31))), CREDIT)
    assert stop.last_on == date(2026, 2, 27)


def test_a_suspension_crosses_the_year_and_the_sum_does_not() -> None:
    december = date(2026, 12, 20)
    who = staff(lost("1", 3, december), lost("2", 3, date(2027, 1, 5)), lost("3", 4, december + DAY))
    (stop,) = stops_of(who, CREDIT)
    assert (stop.points, stop.first_on, stop.last_on) == (7, december + DAY, date(2027, 3, 20))
    assert (points_lost(who, 2026), points_lost(who, 2027)) == (7, 3)


def test_deductions_of_one_day_count_together() -> None:
    (stop,) = stops_of(staff(lost("1", 2, MARCH), lost("2", 2, MARCH)), CREDIT)
    assert stop.points == 4


def test_a_deduction_that_does_not_stand_any_more_suspends_nobody() -> None:
    assert stops_of(staff(lost("1", 10, MARCH), lost("1", 10, MARCH, withdrawn=True)), CREDIT) == ()


def test_a_region_has_steps_of_its_own() -> None:
    rule = CreditRule(100, (CreditStep(50, 2),))
    assert stops_of(staff(lost("1", 49, MARCH)), rule) == ()
    (stop,) = stops_of(staff(lost("1", 50, MARCH)), rule)
    assert stop.last_on == date(2026, 5, 1)


@given(st.lists(st.tuples(st.integers(0, 800), st.integers(1, 10)), max_size=12).map(sorted))
def test_a_further_deduction_never_frees_anybody(taken: list[tuple[int, int]]) -> None:
    records = [lost(str(number), points, JANUARY + days * DAY) for number, (days, points) in enumerate(taken)]
    fewer, more = stops_of(staff(*records[:-1]), CREDIT), stops_of(staff(*records), CREDIT)
    for days in range(0, 1200, 30):
        on = JANUARY + days * DAY
        assert stop_on(fewer, on) is None or stop_on(more, on) is not None


def test_who_is_suspended_may_not_prescribe_whatever_the_region_asks() -> None:
    refusal = refusal_of(staff(post(), lost("1", 6, MARCH)), DOCTOR, "H1", MARCH, NO_STAFF_RULE)
    assert refusal is not None
    assert refusal.reason is Reason.PRESCRIBER_SUSPENDED
    assert refusal.detail == {
        "code": "D1", "from": "2026-03-02", "to": "2026-06-01", "points": "6", "clause": "篇5记分",
    }


def test_who_is_suspended_may_not_review() -> None:
    refusal = refusal_of(staff(post(PHARMACIST), lost("1", 4, MARCH)), PHARMACIST, "P1", MARCH, NO_STAFF_RULE)
    assert refusal is not None
    assert refusal.reason is Reason.PHARMACIST_SUSPENDED


def test_whose_qualification_is_cancelled_may_never_prescribe_again() -> None:
    ended = recorded(
        StaffFact.SUSPENSION, "a", MARCH, None, StaffStopped("出具虚假处方", "王某", cancelled=True)
    )
    who = staff(post(), ended)
    assert refusal_of(who, DOCTOR, "H1", MARCH - DAY, NO_STAFF_RULE) is None
    refusal = refusal_of(who, DOCTOR, "H1", date(2040, 1, 1), NO_STAFF_RULE)
    assert refusal is not None
    assert refusal.detail == {"code": "D1", "from": "2026-03-02", "to": "-", "cancelled": "true"}


def test_the_cause_of_a_suspension_is_told_to_no_till() -> None:
    order = recorded(StaffFact.SUSPENSION, "a", MARCH, None, StaffStopped("出具虚假处方", "王某"))
    assert "出具虚假处方" not in str(refusal_of(staff(order), DOCTOR, "H1", MARCH, NO_STAFF_RULE))


@pytest.mark.parametrize(
    ("record", "institution", "day", "reason"),
    [
        (post(DOCTOR, "H1"), "H1", MARCH, None),
        (post(DOCTOR, "H1", "H2"), "H2", MARCH, None),
        (post(DOCTOR), "H9", MARCH, None),
        (post(DOCTOR, "H1"), "", MARCH, None),
        (post(DOCTOR, "H1"), "H2", MARCH, Reason.PRESCRIBER_UNKNOWN),
        (post(DOCTOR, "H1"), "H1", JUNE + DAY, Reason.PRESCRIBER_UNKNOWN),
    ],
)
def test_a_region_asks_that_a_prescriber_is_registered_there_on_the_day(
    record: DatedRecord, institution: str, day: date, reason: Reason | None
) -> None:
    refusal = refusal_of(staff(record), DOCTOR, institution, day, ASKS)
    assert (None if refusal is None else refusal.reason) is reason
    assert refusal_of(staff(record), DOCTOR, institution, day, NO_STAFF_RULE) is None


def test_a_code_of_which_nothing_is_known_is_unknown_where_the_region_asks() -> None:
    assert refusal_of(staff_of("D9", ()), PHARMACIST, "P1", MARCH, NO_STAFF_RULE) is None
    refusal = refusal_of(staff_of("D9", ()), PHARMACIST, "P1", MARCH, ASKS)
    assert refusal is not None
    assert refusal.reason is Reason.PHARMACIST_UNKNOWN
    assert refusal.detail == {"code": "D9", "institution": "P1", "date": "2026-03-02", "clause": "L607"}


@pytest.mark.parametrize(
    ("posts", "role", "reason"),
    [
        ((post(DOCTOR),), PHARMACIST, Reason.PHARMACIST_UNKNOWN),
        ((post(PHARMACIST),), DOCTOR, Reason.PRESCRIBER_UNKNOWN),
        ((post(DOCTOR), post(PHARMACIST)), PHARMACIST, None),
        ((), PHARMACIST, None),
    ],
)
def test_who_is_registered_in_another_role_only_may_not_act_in_this_one(
    posts: tuple[DatedRecord, ...], role: StaffRole, reason: Reason | None
) -> None:
    """Whatever the region asks of others."""
    refusal = refusal_of(staff(*posts), role, "P1", MARCH, NO_STAFF_RULE)
    assert (refusal and refusal.reason) == reason


def test_a_prescriber_is_filed_for_the_benefits_that_ask_for_it_and_only_on_the_days() -> None:
    filed = staff(post(), recorded(StaffFact.POOL_FILING, "a", MARCH, JUNE, PoolFiled()))
    assert not_filed(filed, MARCH, ASKS, "general_outpatient") is None
    assert not_filed(filed, MARCH - DAY, ASKS, "chronic_outpatient") is None
    refusal = not_filed(filed, MARCH - DAY, ASKS, "general_outpatient")
    assert refusal is not None
    assert refusal.reason is Reason.PRESCRIBER_NOT_FILED
