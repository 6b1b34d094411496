"""Why a benefit stays shut whatever is filed and whatever prescription is brought.

The gates of a pack are checked in their own order, and the first that is shut gives the reason. To a cashier
a reason that he, or the patient, can do something about is of no use while another one stands behind it.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Final

from medsettle_gateway.domain.basket import PERSONAL_ACCOUNT_ONLY, Encounter
from medsettle_gateway.domain.errors import Refusal
from medsettle_gateway.domain.member import Patient
from medsettle_gateway.domain.place import Institution
from medsettle_gateway.policy.facts import Source
from medsettle_gateway.policy.gates import Gate, refusal_of
from medsettle_gateway.policy.pack import Pack
from medsettle_gateway.policy.plan import Rules

_YET_TO_COME: Final = ("condition", "stay", "prescription", "circulated")
"""What is filed may be filed still, and what a sale brings with it may be brought."""


def shut_for_good(
    pack: Pack,
    benefit_id: str,
    patient: Patient,
    institution: Institution,
    encounter: Encounter,
    service_on: date,
) -> Refusal | None:
    """Returns why these people cannot have the benefit at this place at all; None where they may.

    Asked of people with cover and a pack in force: only who the benefit is for, where it is given, and its
    switch are looked at, without what may be filed or brought yet.
    """
    plan = pack.plan(benefit_id, patient, institution, encounter, service_on)
    benefit, rules = plan.benefit, plan.rules
    if benefit is None or benefit_id == PERSONAL_ACCOUNT_ONLY:
        return plan.refusal
    for entries, order in ((benefit.who, rules.who_order), (benefit.where, rules.where_order)):
        eased = tuple(_eased(entries, rules))
        refusal = refusal_of(eased, order, plan.facts, benefit.switches_on)
        if refusal is not None:
            return refusal
    return None


def _eased(entries: tuple[Gate, ...], rules: Rules) -> Iterator[Gate]:
    areas = [fact.name for fact in rules.declared if fact.source is Source.AREA]
    for entry in entries:
        tests = tuple(test for test in entry.tests if test[0] not in (*_YET_TO_COME, *areas))
        yield entry if tests == entry.tests else replace(entry, tests=tests)
