"""What is filed for a member on a day: what of it holds at a place, and where that place lies."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import TypeVar

from msgspec import Struct

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.calendar import MonthDay, months_later
from medsettle_gateway.domain.errors import Refusal
from medsettle_gateway.domain.facts import InstitutionFacts, MemberFacts
from medsettle_gateway.domain.filings import (
    Area,
    AwayFiled,
    AwayRule,
    ChronicFiled,
    Filing,
    FilingFact,
    LateClaimAllowed,
    LateRule,
    MemberFilings,
    Reviewed,
    ReviewRule,
)
from medsettle_gateway.domain.people import Held
from medsettle_gateway.domain.records import DatedRecord
from medsettle_gateway.eligibility.held import held, shown

Body = TypeVar("Body", bound=Struct)

CHRONIC = "chronic"
"""The kind of a filing for a condition, beside those of :class:`Away`."""


def filed_of(known: Sequence[DatedRecord]) -> MemberFilings:
    """Returns what is known to be filed, on all days."""
    return MemberFilings(
        chronic=held(known, FilingFact.CHRONIC, ChronicFiled),
        reviews=held(known, FilingFact.REVIEW, Reviewed),
        away=held(known, FilingFact.AWAY, AwayFiled),
        late_claims=held(known, FilingFact.LATE_CLAIM, LateClaimAllowed),
    )


def filings_at(
    filed: MemberFilings, institution: InstitutionFacts | None, on: date, rule: ReviewRule | None = None
) -> tuple[Filing, ...]:
    """Returns what is filed as it stands at the place on the day, conditions first, each in its order.

    Without a place: as it stands where it holds at all.

    Of each condition, and of each kind of care elsewhere: what holds by its days, else the latest that has
    begun, else the next to begin. Of a condition the latest takes the place of those before; care elsewhere
    may be filed for several places at once, and all that holds is told. ``rule`` is the review that the
    region asks for.
    """
    conditions = _current(filed.chronic, on, lambda each: each.condition)
    holding = [each for each in filed.away if each.holds(on)]
    kinds = {each.fact.kind for each in holding}
    others = [each for each in filed.away if each.fact.kind not in kinds]
    away = (*holding, *_current(others, on, lambda each: each.kind.value))
    return (
        *(_chronic(each, filed.reviews, institution, on, rule) for each in conditions),
        *(_away(each, institution, on) for each in away),
    )


def conditions_here(member: MemberFacts, filings: Sequence[Filing]) -> tuple[str, ...]:
    """Returns the conditions that hold: those filed in force here, and those of the register without dates.

    Of a condition that was ever filed with dates the filing decides.
    """
    dated = {each.fact.condition for each in member.filed.chronic}
    here = {each.condition for each in filings if each.kind == CHRONIC and each.refusal is None}
    undated = (each for each in member.conditions if each not in dated)
    return tuple(dict.fromkeys((*undated, *sorted(here))))


def is_approved(item_code: str, condition: str | None, filings: Sequence[Filing]) -> bool:
    """Is the drug among those approved for its condition, or, where none is named, for any of the filed?"""
    if not filings:
        return True
    lists = [
        each.drugs
        for each in filings
        if each.kind == CHRONIC and each.refusal is None and condition in {None, each.condition}
    ]
    return not lists or any(not drugs or item_code in drugs for drugs in lists)


def area_of(
    region: str, institution: InstitutionFacts, filings: Sequence[Filing], *, emergency: bool
) -> Area:
    """Returns where the place lies for somebody who is insured in the region."""
    if institution.region == region:
        return Area.LOCAL
    if any(each.kind != CHRONIC and each.refusal is None for each in filings):
        return Area.FILED
    return Area.EMERGENCY if emergency else Area.UNFILED


def not_settled(
    area: Area, region: str, institution: InstitutionFacts, rule: AwayRule | None
) -> Refusal | None:
    """Returns why a place of that area is not settled at once for the region's people, or None."""
    if area is Area.LOCAL or (rule is not None and area in rule.settles):
        return None
    detail = {"region": region, "institution": institution.region, "area": area.value}
    if rule is not None and rule.clause:
        detail["clause"] = rule.clause
    return Refusal(Reason.OUT_OF_AREA_UNFILED if area is Area.UNFILED else Reason.OUT_OF_AREA_CLAIM, detail)


def too_late(filed: MemberFilings, service_on: date, today: date, rule: LateRule | None) -> Refusal | None:
    """Returns CLAIM_TOO_LATE for a service that lies longer back than the region allows.

    The last day is that of the same number in the month so many months later. Days for which the agency has
    admitted a special case have the longer time.
    """
    if rule is None:
        return None
    special = any(each.holds(service_on) for each in filed.late_claims)
    months = rule.special_months if special else rule.months
    until = months_later(service_on, months)
    if today <= until:
        return None
    detail = {"service_on": service_on.isoformat(), "until": until.isoformat(), "months": str(months)}
    return Refusal(Reason.CLAIM_TOO_LATE, {**detail, "clause": rule.clause} if rule.clause else detail)


def _current(
    filed: Sequence[Held[Body]], on: date, name: Callable[[Body], str]
) -> tuple[Held[Body], ...]:
    """Of each name the one that the day is about; in the order in which the names were first filed."""
    chosen: dict[str, Held[Body]] = {}
    for each in filed:
        before = chosen.get(name(each.fact))
        if before is None or (each.first_on <= on and not (before.holds(on) and not each.holds(on))):
            chosen[name(each.fact)] = each
    return tuple(chosen.values())


def _chronic(
    filed: Held[ChronicFiled],
    reviews: Sequence[Held[Reviewed]],
    institution: InstitutionFacts | None,
    on: date,
    rule: ReviewRule | None,
) -> Filing:
    fact = filed.fact
    ours = [
        each for each in reviews
        if each.fact.condition == fact.condition and filed.first_on <= each.first_on <= on
    ]
    due_on = None if rule is None else _due_on(filed, ours, on, rule)
    about = {"filing": CHRONIC, "condition": fact.condition}
    refusal = _not_in_force(filed, about, on) or _failed(ours, about)
    if refusal is None and rule is not None and rule.refuses:
        refusal = _overdue(filed, ours, about, on, rule)
    elsewhere = institution is not None and fact.institutions and institution.code not in fact.institutions
    if refusal is None and elsewhere:
        refusal = Refusal(Reason.FILING_ELSEWHERE, {**about, "filed_at": " ".join(fact.institutions)})
    return Filing(
        CHRONIC, fact.condition, refusal, filed.first_on, filed.last_on, fact.institutions, fact.drugs, due_on
    )


def _away(filed: Held[AwayFiled], institution: InstitutionFacts | None, on: date) -> Filing:
    fact = filed.fact
    about = {"filing": fact.kind.value}
    refusal = _not_in_force(filed, about, on)
    if refusal is None and institution is not None and not _covers(fact, institution):
        places = " ".join((*fact.institutions, *fact.regions))
        refusal = Refusal(Reason.FILING_ELSEWHERE, {**about, "filed_at": places})
    return Filing(
        fact.kind.value, "", refusal, filed.first_on, filed.last_on, fact.institutions, regions=fact.regions
    )


def _covers(fact: AwayFiled, institution: InstitutionFacts) -> bool:
    if fact.institutions:
        return institution.code in fact.institutions
    return institution.region in fact.regions


def _not_in_force(filed: Held[Body], about: dict[str, str], on: date) -> Refusal | None:
    if filed.holds(on):
        return None
    return Refusal(Reason.FILING_NOT_IN_FORCE, {**about, **shown(filed.first_on, filed.last_on)})


def _failed(ours: Sequence[Held[Reviewed]], about: dict[str, str]) -> Refusal | None:
    """Whoever did not pass has to file anew: a later review of the old filing changes nothing."""
    failed = next((each for each in ours if not each.fact.passed), None)
    if failed is None:
        return None
    return Refusal(Reason.FILING_REVIEW_FAILED, {**about, "reviewed_on": failed.first_on.isoformat()})


def _overdue(
    filed: Held[ChronicFiled],
    ours: Sequence[Held[Reviewed]],
    about: dict[str, str],
    on: date,
    rule: ReviewRule,
) -> Refusal | None:
    """Was the last review missed that ended before the day? One passed late counts from its day on."""
    year = on.year if rule.last.in_year(on.year) < on else on.year - 1
    first_on, last_on = _window(rule, year)
    if not _is_asked(filed, first_on, rule) or any(each.first_on >= first_on for each in ours):
        return None
    detail = {**about, "review_from": first_on.isoformat(), "review_to": last_on.isoformat()}
    return Refusal(Reason.FILING_REVIEW_OVERDUE, {**detail, "clause": rule.clause} if rule.clause else detail)


def _due_on(
    filed: Held[ChronicFiled], ours: Sequence[Held[Reviewed]], on: date, rule: ReviewRule
) -> date | None:
    """The last day of the review that is next, if it is asked for and not passed.

    None where the filing ends before it.
    """
    year = on.year if on <= rule.last.in_year(on.year) else on.year + 1
    first_on, last_on = _window(rule, year)
    passed = any(each.fact.passed and each.first_on >= first_on for each in ours)
    ends = filed.last_on is not None and filed.last_on < first_on
    return None if passed or ends or not _is_asked(filed, first_on, rule) else last_on


def _window(rule: ReviewRule, year: int) -> tuple[date, date]:
    """The days of the review that ends in a year; one may begin in the year before."""
    begins = year if MonthDay(*rule.first) <= rule.last else year - 1
    return rule.first.in_year(begins), rule.last.in_year(year)


def _is_asked(filed: Held[ChronicFiled], first_on: date, rule: ReviewRule) -> bool:
    """Had the filing stood for the time of the rule, and more, when the review began?"""
    return months_later(filed.first_on, rule.filed_months) < first_on
