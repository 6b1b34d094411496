"""Who may prescribe and review on a day: registered, filed, and suspended by order or for lost points."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Final

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.calendar import months_later
from medsettle_gateway.domain.errors import Refusal
from medsettle_gateway.domain.people import Held
from medsettle_gateway.domain.records import DatedRecord
from medsettle_gateway.domain.staff import (
    CreditRule,
    PointsDeducted,
    PoolFiled,
    Post,
    StaffFact,
    StaffFacts,
    StaffRole,
    StaffRule,
    StaffStopped,
    Stop,
)
from medsettle_gateway.eligibility.held import held, shown

_A_DAY: Final = timedelta(days=1)
_SUSPENDED: Final = {
    StaffRole.PRESCRIBER: Reason.PRESCRIBER_SUSPENDED, StaffRole.PHARMACIST: Reason.PHARMACIST_SUSPENDED,
}
_UNKNOWN: Final = {
    StaffRole.PRESCRIBER: Reason.PRESCRIBER_UNKNOWN, StaffRole.PHARMACIST: Reason.PHARMACIST_UNKNOWN,
}


def staff_of(code: str, known: Sequence[DatedRecord]) -> StaffFacts:
    """Returns what is known of a code on all days."""
    if not known:
        return StaffFacts(code)
    return StaffFacts(
        code,
        posts=held(known, StaffFact.POST, Post),
        pool_filed=held(known, StaffFact.POOL_FILING, PoolFiled),
        stopped=held(known, StaffFact.SUSPENSION, StaffStopped),
        deducted=held(known, StaffFact.POINTS, PointsDeducted),
    )


def stops_of(staff: StaffFacts, rule: CreditRule) -> tuple[Stop, ...]:
    """Returns all days on which somebody is suspended: as ordered, then for lost points, by first day."""
    ordered = [
        Stop(each.first_on, each.last_on, cancelled=each.fact.cancelled) for each in staff.stopped
    ]
    return (*ordered, *stops_for_points(staff.deducted, rule))


def stops_for_points(deducted: Sequence[Held[PointsDeducted]], rule: CreditRule) -> tuple[Stop, ...]:
    """Returns the suspensions that deductions bring: each new step of a year, from its day on.

    A sum between two steps is as the lower one. A suspension may reach into the next year; the sum does not.
    """
    sums: defaultdict[int, int] = defaultdict(int)
    stops = []
    for day, points in _by_day(deducted):
        before, sums[day.year] = sums[day.year], sums[day.year] + points
        months = _months(sums[day.year], rule)
        if months > _months(before, rule):
            stops.append(Stop(day, months_later(day, months) - _A_DAY, points=sums[day.year]))
    return tuple(stops)


def points_lost(staff: StaffFacts, year: int) -> int:
    """Returns how many points were deducted in a natural year."""
    return sum(each.fact.points for each in staff.deducted if each.first_on.year == year)


def refusal_of(
    staff: StaffFacts, role: StaffRole, institution: str, on: date, rule: StaffRule
) -> Refusal | None:
    """Returns why somebody may not act in a role at an institution on the day, or None.

    Who is suspended never may, nor who is registered in another role only; who is not registered at all may
    not where the rule asks for that. ``institution`` empty: at some place, nobody said which.
    """
    stop = stop_on(stops_of(staff, rule.credit), on)
    if stop is not None:
        detail = {"code": staff.code, **shown(stop.first_on, stop.last_on)}
        if stop.cancelled:
            detail["cancelled"] = "true"
        if stop.points:
            detail |= {"points": str(stop.points), "clause": rule.credit.clause}
        return Refusal(_SUSPENDED[role], detail)
    is_another = bool(staff.posts) and all(post.fact.role is not role for post in staff.posts)
    if is_another or (rule.known and not is_posted(staff, role, institution, on)):
        detail = {"code": staff.code, "institution": institution or "-", "date": on.isoformat()}
        return Refusal(_UNKNOWN[role], {**detail, "clause": rule.clause} if rule.clause else detail)
    return None


def not_filed(staff: StaffFacts, on: date, rule: StaffRule, benefit: str) -> Refusal | None:
    """Returns PRESCRIBER_NOT_FILED where the rule asks for a filing for the benefit and there is none."""
    if benefit not in rule.filed_for or any(each.holds(on) for each in staff.pool_filed):
        return None
    detail = {"code": staff.code, "benefit": benefit, "date": on.isoformat()}
    return Refusal(Reason.PRESCRIBER_NOT_FILED, {**detail, "clause": rule.clause} if rule.clause else detail)


def is_posted(staff: StaffFacts, role: StaffRole, institution: str, on: date) -> bool:
    """Is the code registered in the role, there, on the day?"""
    return any(
        post.fact.role is role
        and post.holds(on)
        and (not institution or not post.fact.institutions or institution in post.fact.institutions)
        for post in staff.posts
    )


def stop_on(stops: Iterable[Stop], on: date) -> Stop | None:
    """Returns the suspension in force on the day that ends last, or None."""
    holding = [stop for stop in stops if stop.holds(on)]
    return max(holding, key=lambda stop: stop.last_on or date.max, default=None)


def _by_day(deducted: Sequence[Held[PointsDeducted]]) -> list[tuple[date, int]]:
    """Points by day in their order: those of one day count together."""
    days: defaultdict[date, int] = defaultdict(int)
    for each in deducted:
        days[each.first_on] += each.fact.points
    return sorted(days.items())


def _months(points: int, rule: CreditRule) -> int:
    return max((step.months for step in rule.steps if step.points <= points), default=0)
