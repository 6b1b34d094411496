"""Which aid identity a person has here on a day, and which cover beside the basic one."""

from dataclasses import replace
from datetime import date

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.errors import Refusal
from medsettle_gateway.domain.facts import DatedAttribute, MemberFacts
from medsettle_gateway.domain.member import Aid
from medsettle_gateway.domain.people import Certificate, Held
from medsettle_gateway.domain.person_rules import NO_RULES, ORDER_OF_AID, PersonRules, SupplementRule
from medsettle_gateway.eligibility.cover import spans_of
from medsettle_gateway.eligibility.enrolled import paid_months

PAID_YEARS = "paid_years"
"""The attribute that counts the years for which premiums were paid."""
ENROLLED = "enrolled"
"""The value of the attribute that a supplement is, while it covers."""


def as_entitled(member: MemberFacts, on: date, rules: PersonRules) -> MemberFacts:
    """Returns the member with the aid identity that counts on the day, and what packs may ask of the past.

    These are attributes: ``paid_years`` where the region lets years restart; ``enrolled`` under the name of
    a supplement that was paid in time. What is entered under such a name outweighs them.
    """
    past = member.past
    if past.certificates:
        held = {each.fact.aid for each in counting(member, on, rules)}
        order = rules.aid.order if rules.aid else ORDER_OF_AID
        member = replace(member, aid=next((aid for aid in order if aid in held), Aid.NONE))
    derived = [*_supplements(member, on, rules), *_years(member, on, rules)]
    if not derived:
        return member
    return replace(member, attributes=(*derived, *member.attributes))


def counting(member: MemberFacts, on: date, rules: PersonRules) -> list[Held[Certificate]]:
    """Returns the certificates that count on the day: they hold, and a district issued them that may."""
    holding = [each for each in member.past.certificates if each.holds(on)]
    districts = rules.aid.districts if rules.aid else ()
    return [each for each in holding if not districts or each.fact.district in districts]


def why_no_aid(member: MemberFacts, on: date, rules: PersonRules) -> Refusal | None:
    """Returns why certificates that are recorded give no aid on the day; None: one does, or there is none."""
    certificates = member.past.certificates
    if not certificates or counting(member, on, rules):
        return None
    clause = {"clause": rules.aid.clause} if rules.aid and rules.aid.clause else {}
    holding = [each for each in certificates if each.holds(on)]
    if holding:
        districts = "|".join(rules.aid.districts) if rules.aid else ""
        detail = {"district": holding[-1].fact.district, "wanted": districts, **clause}
        return Refusal(Reason.AID_OF_OTHER_DISTRICT, detail)
    last = certificates[-1]
    valid_to = last.last_on.isoformat() if last.last_on else "-"
    detail = {"valid_from": last.first_on.isoformat(), "valid_to": valid_to, **clause}
    return Refusal(Reason.AID_CERTIFICATE_NOT_VALID, detail)


def sharpened(refusal: Refusal, member: MemberFacts, on: date, rules: PersonRules = NO_RULES) -> Refusal:
    """Returns why a benefit for persons with aid is refused to one whose certificates do not count."""
    if refusal.reason is not Reason.NOT_FOR_AID:
        return refusal
    return why_no_aid(member, on, rules) or refusal


def _supplements(member: MemberFacts, on: date, rules: PersonRules) -> list[DatedAttribute]:
    return [
        DatedAttribute(each.fact.name, ENROLLED, each.first_on, each.last_on)
        for each in member.past.supplements
        if each.holds(on) and in_time(each.fact.name, each.fact.paid_on, on, rules.supplements)
    ]


def in_time(name: str, paid_on: date, on: date, rules: tuple[SupplementRule, ...]) -> bool:
    """Was a supplement paid in time to cover the year of a day? Where no rule says until when, it was."""
    return all(paid_on <= rule.pay_by.in_year(on.year) for rule in rules if rule.name == name)


def _years(member: MemberFacts, on: date, rules: PersonRules) -> list[DatedAttribute]:
    rule = rules.interruption
    if rule is None or rule.restart_months is None:
        return []
    years = paid_months(spans_of(member), on, rule, member.past.arrears) // 12
    return [DatedAttribute(PAID_YEARS, str(years), on, on)]
