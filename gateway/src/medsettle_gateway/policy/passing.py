"""What the lines of one settlement pass through, one after another, where the benefit has it."""

from medsettle_gateway.domain.basket import Waiver
from medsettle_gateway.policy.chronic import Chronic
from medsettle_gateway.policy.inputs import CaseInput
from medsettle_gateway.policy.plan import Plan
from medsettle_gateway.policy.sessions import Sessions

Passed = tuple[Chronic | None, Sessions | None]


def passed(plan: Plan, case: CaseInput) -> Passed:
    """The filed conditions with the five fixed, and the limit per session; None for what there is not."""
    if not plan.is_watched:
        return None, None
    return chronic_of(plan, case), sessions_of(plan, case)


def chronic_of(plan: Plan, case: CaseInput) -> Chronic | None:
    """The filed conditions and the five fixed, or None where the benefit looks at neither."""
    benefit = plan.benefit
    if benefit is None or (benefit.five_fixed is None and not plan.by_condition):
        return None
    return Chronic(
        benefit.id,
        benefit.five_fixed,
        case.patient.conditions,
        case.service_on,
        case.dispensed,
        by_condition=plan.by_condition,
        lifted=_lifted(case) if case.orders else frozenset(),
    )


def _lifted(case: CaseInput) -> frozenset[int]:
    """The lines, from 1, on whose day an order lifts the limits of quantity."""
    return frozenset(
        number
        for number, line in enumerate(case.lines, 1)
        if Waiver.QUANTITIES in case.waives_on(case.day_of(line))
    )


def sessions_of(plan: Plan, case: CaseInput) -> Sessions | None:
    """The limit per session, or None where there is none, or an order lifts it."""
    benefit, limit = plan.benefit, plan.session
    if benefit is None or benefit.limit_per_session is None or limit is None or limit.value is None:
        return None
    if plan.waives_limits:
        return None
    return Sessions(limit.value, case.encounter.sessions, benefit.limit_per_session.excess)
