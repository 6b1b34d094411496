"""Who may settle what, and where: the gates, in their order."""

from collections.abc import Sequence
from typing import Any

from medsettle_gateway.domain.basket import PERSONAL_ACCOUNT_ONLY
from medsettle_gateway.policy.inputs import CaseInput
from tests.gateway.policy.reference.figures import Declined, Facts, Plain, facts_of, matches, wanted_of

WHO = ("scheme", "standing", "enrolment", "aid", "condition")
WHERE = ("at", "level", "specialty", "designation", "stay", "prescription", "circulated", "emergency")
REASONS = {
    "scheme": "NOT_FOR_SCHEME",
    "standing": "NOT_FOR_STANDING",
    "enrolment": "NOT_FOR_ENROLMENT",
    "aid": "NOT_FOR_AID",
    "condition": "NOT_FOR_CONDITION",
    "at": "NOT_AT_KIND",
    "level": "NOT_AT_LEVEL",
    "specialty": "NOT_AT_SPECIALTY",
    "designation": "NOT_DESIGNATED",
    "stay": "NOT_A_STAY",
    "prescription": "PRESCRIPTION_KIND",
    "circulated": "NOT_CIRCULATED",
    "emergency": "NOT_DESIGNATED",
    "switch": "SWITCH_OFF",
}


def enter(data: Plain, case: CaseInput) -> None:
    """Cover, the institution, the benefit, who may have it, what is filed, and where."""
    facts = facts_of(data, case)
    covered_to, encounter = case.patient.covered_to, case.encounter
    if covered_to is not None and covered_to < (encounter.admitted or case.service_on):
        raise Declined("NOT_COVERED")
    eligibility = data.get("eligibility") or {}
    gate = eligibility.get("institution")
    if gate is not None:
        excepted = any(matches(entry, facts) for entry in gate.get("except") or ())
        if not excepted and not facts["designation"] & wanted_of(gate["designation"]):
            raise Declined("NOT_DESIGNATED")
    if encounter.benefit == PERSONAL_ACCOUNT_ONLY:
        return
    benefit = data["benefits"].get(encounter.benefit)
    if benefit is None:
        raise Declined("BENEFIT_UNKNOWN")
    own = tuple(data.get("facts") or {})
    fit(benefit.get("who"), facts, (*WHO, *own), {})
    if encounter.benefit in eligibility.get("filing", ()) and not case.patient.conditions:
        raise Declined("NOT_FILED")
    fit(benefit.get("where"), facts, (*WHERE, *own, "switch"), benefit.get("switches") or {})


def fit(entries: Any, facts: Facts, order: Sequence[str], switches: Plain) -> None:
    """Raise Declined unless an entry fits; the one that got furthest gives the reason."""
    failed = []
    for entry in entries or ():
        fact = first_failing(entry, facts, order, switches)
        if fact is None:
            return
        failed.append(fact)
    if failed:
        raise Declined(REASONS.get(max(failed, key=order.index), "NOT_FOR_ATTRIBUTE"))


def first_failing(entry: Plain, facts: Facts, order: Sequence[str], switches: Plain) -> str | None:
    for fact in order:
        if fact == "switch":
            if fact in entry and not switches.get(entry[fact]):
                return fact
            continue
        asked = {key: entry[key] for key in (fact, f"{fact}_at_least") if key in entry}
        if not matches(asked, facts):
            return fact
    return None
