"""May a person have benefits on a day: what the region's rules make of the person's dated facts."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Final

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.calendar import months_later
from medsettle_gateway.domain.errors import Refusal
from medsettle_gateway.domain.facts import MemberFacts
from medsettle_gateway.domain.people import NO_PAST, Arrears, Held
from medsettle_gateway.domain.person_rules import NO_RULES, Begins, PersonRules, Who, YearRule
from medsettle_gateway.eligibility.cover import on_day, spans_of
from medsettle_gateway.eligibility.enrolled import enrolled_on, gaps

_A_DAY: Final = timedelta(days=1)

STOPS_BENEFITS: Final = (
    Reason.COVER_IN_ARREARS, Reason.ARREARS_NOT_RESTORED, Reason.IN_WAITING_PERIOD, Reason.BENEFITS_SUSPENDED,
)
"""Reasons that stop benefits of somebody who is enrolled: accounts may stay, where the region says so."""


def refusal_of(
    member: MemberFacts, on: date, rules: PersonRules, today: date, *, accounts_only: bool = False
) -> Refusal | None:
    """Returns why the person may have no benefit on the day, None if nothing stands against it.

    The first that applies of NOT_COVERED (cover has not begun), COVER_INTERRUPTED, DOUBLE_COVER,
    BENEFITS_SUSPENDED, COVER_IN_ARREARS, ARREARS_NOT_RESTORED, YEAR_NOT_PAID, YEAR_NOT_BEGUN,
    IN_WAITING_PERIOD, OUTSIDE_AGE_BOUND. That cover has ended the engine says, which knows of stays.
    ``today``: what is not paid yet may still be paid in time. ``accounts_only``: no fund is to pay.
    """
    stops = _refusal_of(member, on, rules, today)
    if stops is not None and accounts_only and rules.accounts_stay and stops.reason in STOPS_BENEFITS:
        return None
    return stops


def during_stay(
    member: MemberFacts, admitted_on: date, on: date, rules: PersonRules, today: date
) -> MemberFacts:
    """Returns the member with the last day of a stay on which benefits are to be had as the end of cover.

    What was served after it no fund pays: cover may be interrupted within a stay, arrears, a suspension or a
    year that nobody paid may begin, an age be reached. That they end within it too opens nothing again.
    """
    for day in sorted(day for day in _turns(member, admitted_on, on, rules) if admitted_on < day <= on):
        if _refusal_of(member, day, rules, today) is not None:
            return replace(member, covered_to=min(day - _A_DAY, member.covered_to or date.max))
    return member


def _turns(member: MemberFacts, admitted_on: date, on: date, rules: PersonRules) -> set[date]:
    """The days on which something may begin that stops benefits."""
    past = member.past
    turns = {each.first_on for each in past.arrears} | {each.first_on for each in past.suspensions}
    turns |= {span.first_on for span in past.spans}
    turns |= {span.last_on + _A_DAY for span in past.spans if span.last_on is not None}
    turns |= {date(year, 1, 1) for year in range(admitted_on.year + 1, on.year + 1)}
    if member.born_on is not None:
        turns |= {months_later(member.born_on, 12 * age.below) for age in rules.ages}
    return turns


def _refusal_of(member: MemberFacts, on: date, rules: PersonRules, today: date) -> Refusal | None:
    if member.past is NO_PAST and rules is NO_RULES:
        return _not_begun(member, on, rules)  # most people
    for check in _CHECKS:
        refusal = check(member, on, rules)
        if refusal is not None:
            return refusal
    then = _as_covered(member, on)
    return _arrears(member, on, rules, today) or _year(then, on, rules) or _enrolment(then, on, rules)


def _as_covered(member: MemberFacts, on: date) -> MemberFacts:
    """The member as covered on a day of a stay, which may be under another scheme than at its end."""
    is_the_same = member.covered_from <= on and (member.covered_to is None or on <= member.covered_to)
    return member if is_the_same or not member.past.spans else on_day(member, member.past, on)


def _not_begun(member: MemberFacts, on: date, _rules: PersonRules) -> Refusal | None:
    first_on = min(span.first_on for span in spans_of(member))
    return None if first_on <= on else Refusal(Reason.NOT_COVERED, {"covered_from": first_on.isoformat()})


def _interrupted(member: MemberFacts, on: date, _rules: PersonRules) -> Refusal | None:
    """Whoever came back and paid for the days between has no benefits of them."""
    for gap in gaps(member.past.spans):
        if gap.first_on <= on <= gap.last_on:
            detail = {"from": gap.first_on.isoformat(), "to": gap.last_on.isoformat()}
            return Refusal(Reason.COVER_INTERRUPTED, detail)
    return None


def _double(member: MemberFacts, on: date, _rules: PersonRules) -> Refusal | None:
    holding = [span for span in member.past.spans if span.holds(on)]
    if len({span.cover.scheme for span in holding}) < 2:  # noqa: PLR2004 - two are double
        return None
    later = max(span.first_on for span in holding)
    return Refusal(Reason.DOUBLE_COVER, {"since": later.isoformat()})


def _suspended(member: MemberFacts, on: date, rules: PersonRules) -> Refusal | None:
    """Of several suspensions the one that ends last: it says until when."""
    rule = rules.suspension
    holding = []
    for each in member.past.suspensions:
        last_on = each.last_on
        if last_on is None and rule is not None:
            last_on = months_later(each.first_on, rule.months) - _A_DAY
        if each.first_on <= on and (last_on is None or on <= last_on):
            holding.append((last_on or date.max, each.first_on))
    if not holding:
        return None
    until, since = max(holding)
    detail = {"since": since.isoformat(), "until": "-" if until == date.max else until.isoformat()}
    return _refuse(Reason.BENEFITS_SUSPENDED, rule.clause if rule else "", **detail)


_CHECKS: Final[tuple[Callable[[MemberFacts, date, PersonRules], Refusal | None], ...]] = (
    _not_begun, _interrupted, _double, _suspended,
)


def _arrears(member: MemberFacts, on: date, rules: PersonRules, today: date) -> Refusal | None:
    rule = rules.arrears
    if rule is None:
        return None
    since, owed_to = date.max, date.min
    for each in member.past.arrears:
        # Entered month by month they are one: the time to pay runs from the first month.
        since = since if each.first_on <= owed_to else each.first_on
        pay_by = months_later(since, rule.restored_months) - _A_DAY
        paid_on = each.fact.paid_on
        if paid_on is not None and paid_on > today:
            paid_on = None  # what is to be paid is owed until then
        if paid_on is not None and paid_on <= pay_by:
            continue
        owed_to = max(owed_to, each.last_on + _A_DAY if each.last_on else paid_on or date.max)
        if not _stops(each, on, paid_on):
            continue
        days = {"since": since.isoformat(), "pay_by": pay_by.isoformat()}
        if paid_on is None and today <= pay_by:
            return _refuse(Reason.COVER_IN_ARREARS, rule.clause, **days)
        paid = paid_on.isoformat() if paid_on else "-"
        return _refuse(Reason.ARREARS_NOT_RESTORED, rule.clause, **days, paid_on=paid)
    return None


def _stops(arrears: Held[Arrears], on: date, paid_on: date | None) -> bool:
    """Is it a day without benefits? From the first day of arrears to the last; if they go on, until paid."""
    return arrears.holds(on) and (arrears.last_on is not None or paid_on is None or on < paid_on)


def _year(member: MemberFacts, on: date, rules: PersonRules) -> Refusal | None:
    """Of whom no premium is recorded at all, the days of cover alone decide."""
    rule = next((each for each in rules.years if fits(member, each.who)), None)
    paid = sorted(each.paid_on for each in member.past.payments if each.scheme is member.scheme)
    if rule is None or not paid:
        return None
    if on.year in {_covers(rule, paid_on) for paid_on in paid}:
        return None
    if rule.begins is Begins.NEXT_YEAR and paid[-1].year == on.year:
        begins_on = date(on.year + 1, 1, 1).isoformat()
        return _refuse(
            Reason.YEAR_NOT_BEGUN, rule.clause, paid_on=paid[-1].isoformat(), begins_on=begins_on
        )
    return _refuse(Reason.YEAR_NOT_PAID, rule.clause, year=str(on.year), paid_on=paid[-1].isoformat())


def _covers(rule: YearRule, paid_on: date) -> int | None:
    """The year that a premium covers; None where it was paid too late in the year for any."""
    if rule.pay_by is not None and paid_on > rule.pay_by.in_year(paid_on.year):
        return None
    return paid_on.year + (rule.begins is Begins.NEXT_YEAR)


def _enrolment(member: MemberFacts, on: date, rules: PersonRules) -> Refusal | None:
    for waiting in rules.waiting:
        if fits(member, waiting.who):
            since = enrolled_on(spans_of(member), on, rules.interruption)
            begins_on = months_later(since, waiting.months)
            if on < begins_on:
                return _refuse(
                    Reason.IN_WAITING_PERIOD, waiting.clause,
                    enrolled_on=since.isoformat(), begins_on=begins_on.isoformat(),
                )
            break
    for age in rules.ages:
        asked = fits(member, age.who) and age.sex in {None, member.sex}
        if asked and member.born_on is not None and months_later(member.born_on, 12 * age.below) <= on:
            return _refuse(Reason.OUTSIDE_AGE_BOUND, age.clause, below=str(age.below))
    return None


def fits(member: MemberFacts, who: Who) -> bool:
    """Is it a rule for this person?"""
    held = {"scheme": member.scheme, "standing": member.standing, "enrolment": member.enrolment}
    return all(held[fact].value in wanted for fact, wanted in who)


def _refuse(reason: Reason, clause: str, **detail: str) -> Refusal:
    return Refusal(reason, {**detail, "clause": clause} if clause else detail)
