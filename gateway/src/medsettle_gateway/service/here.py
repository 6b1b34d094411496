"""What of a member's filings holds at a place on a day, where the place lies, and what follows."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Final, NamedTuple

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.asked import Basket
from medsettle_gateway.domain.errors import Refusal, Refused
from medsettle_gateway.domain.facts import InstitutionFacts, MemberFacts
from medsettle_gateway.domain.filings import NOTHING_FILED, Area, Filing
from medsettle_gateway.domain.work_rules import WorkRules
from medsettle_gateway.eligibility.filings import (
    CHRONIC,
    area_of,
    conditions_here,
    filings_at,
    not_settled,
    too_late,
)
from medsettle_gateway.eligibility.places import with_contract, without_cards

_UNFILED: Final = (Reason.NOT_FILED, Reason.NOT_FOR_CONDITION)


class Here(NamedTuple):
    """A member as of a place and a day: with the conditions that hold there, what is filed, and the area."""

    member: MemberFacts
    filings: tuple[Filing, ...]
    area: Area

    def refusal(self, institution: InstitutionFacts, insured: WorkRules, place: WorkRules) -> Refusal | None:
        """Returns why nothing is settled at the place for the member, or None.

        ``insured`` are the rules of the region of insurance, ``place`` those of the place's.
        """
        away = not_settled(self.area, self.member.region, institution, insured.out_of_area)
        return away or without_cards(institution, place.card)


def here(
    member: MemberFacts, institution: InstitutionFacts, on: date, rules: WorkRules,
    basket: Basket | None = None,
) -> Here:
    """Returns the member as of the place and the day, by the rules of the region of insurance.

    ``basket``: what is bought, where that is known. Of a stay care elsewhere is filed for all of it that was
    filed for the day on which it began, or is for the day of its bill.
    """
    filings: tuple[Filing, ...] = ()
    admitted: tuple[Filing, ...] = ()
    if member.filed is not NOTHING_FILED:
        filings = filings_at(member.filed, institution, on, rules.review)
        if basket is not None and basket.admitted_on is not None:
            admitted = filings_at(member.filed, institution, basket.admitted_on)
        member = replace(member, conditions=conditions_here(member, filings))
    emergency = basket is not None and basket.emergency
    area = area_of(member.region, institution, (*filings, *admitted), emergency=emergency)
    return Here(member, filings, area)


def check_conditions(basket: Basket, filings: Sequence[Filing], rules: WorkRules) -> None:
    """Sees that a condition that a line names is not one whose filing does not hold here.

    A line that asks for another benefit, or for none, does not rest on the filing. Raises Refused, with the
    line: FILING_ELSEWHERE, FILING_NOT_IN_FORCE, FILING_REVIEW_OVERDUE, FILING_REVIEW_FAILED.
    """
    refused = {each.condition: each.refusal for each in filings if each.kind == CHRONIC and each.refusal}
    if not refused or not rules.filed:
        return
    for line in basket.lines:
        benefit = line.benefit or basket.benefit
        refusal = refused.get(line.condition or "")
        if refusal is not None and (benefit is None or benefit in rules.filed):
            raise Refused(Refusal(refusal.reason, {"line": line.line_id, **refusal.detail}))


def check_claimed(member: MemberFacts, service_on: date, today: date, rules: WorkRules) -> None:
    """Raises Refused: CLAIM_TOO_LATE, for a service that lies longer back than the region allows."""
    refusal = too_late(member.filed, service_on, today, rules.late)
    if refusal is not None:
        raise Refused(refusal)


def explained(refusal: Refusal, institution: InstitutionFacts, filings: Sequence[Filing]) -> Refusal:
    """Returns a gate's refusal with what is known of why: the days of a contract, or the filing.

    Who has filed a condition that does not hold here is told so, and not that nothing is filed.
    """
    if refusal.reason not in _UNFILED:
        return with_contract(refusal, institution)
    wanted = refusal.detail.get("wanted", "")
    for each in filings:
        known = not wanted or each.condition in wanted.split("|")
        if each.kind == CHRONIC and each.refusal is not None and known:
            detail = {name: value for name, value in refusal.detail.items() if name in {"benefit", "line"}}
            return Refusal(each.refusal.reason, {**each.refusal.detail, **detail})
    return refusal
