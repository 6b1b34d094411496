"""The calculation: a pure function from a pack and a case to who pays what.

The same function serves the quote, the settlement, the what-if, the case runner and the
recalculation of an old settlement. No clock, no I/O; integer fen inside.
"""

from collections.abc import Mapping
from datetime import date
from typing import Final, NamedTuple

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.basket import PERSONAL_ACCOUNT_ONLY, Encounter
from medsettle_gateway.domain.breakdown import AccountShare, Breakdown, FundShare
from medsettle_gateway.domain.counters import CounterKey, Remainder
from medsettle_gateway.domain.errors import Refusal, Refused
from medsettle_gateway.domain.member import Owner, Patient
from medsettle_gateway.domain.place import Institution
from medsettle_gateway.policy import accounts, benefit
from medsettle_gateway.policy.benefit import BenefitShare
from medsettle_gateway.policy.inputs import Calculation, CaseInput
from medsettle_gateway.policy.lines import Divided, divide
from medsettle_gateway.policy.pack import Pack
from medsettle_gateway.policy.plan import Plan
from medsettle_gateway.policy.steps import trace_of

__all__ = [
    "ENGINE_VERSION",
    "PERSONAL_ACCOUNT_ONLY",
    "AccountAnswer",
    "Calculation",
    "CaseInput",
    "account_rules",
    "calculate",
    "counters_read",
    "may_have",
    "period_of",
    "remainders",
]

ENGINE_VERSION: Final = "1"
"""Raised whenever the same pack and case may give another result."""

_NO_BENEFIT: Final = BenefitShare(0, 0, 0, 0)


def calculate(pack: Pack, case: CaseInput, *, trace: bool = True) -> Calculation:
    """Divide a settlement between funds, accounts and cash.

    Raises Refused with the first reason that applies: PACK_NOT_IN_FORCE, NOT_COVERED, the
    gates of the pack, the lines in their order, NO_RULE.
    """
    plan = pack.plan(case.encounter.benefit, case.patient, case.institution, case.encounter)
    refusal = _refusal(pack, plan, case.service_on, case.patient, case.encounter)
    if refusal is not None:
        raise Refused(refusal)
    divided = divide(plan.lines, case.lines, case.service_on, case.patient.covered_to)
    if plan.missing is not None:
        raise Refused(plan.missing)
    share, deltas, left = _fund_part(plan, case, divided.sums.in_scope_fen)
    breakdown = _breakdown(plan, case, divided, share)
    steps = trace_of(plan, case, breakdown, share) if trace else ()
    return Calculation(breakdown, deltas, left, steps)


def may_have(
    pack: Pack,
    benefit_id: str,
    patient: Patient,
    institution: Institution,
    encounter: Encounter,
    service_on: date,
) -> Refusal | None:
    """Would a settlement under this benefit be refused before its lines are looked at?

    The checks of :func:`calculate` in the same order; the benefit is ``benefit_id`` whatever
    the encounter says. A figure without a rule is reported last.
    """
    plan = pack.plan(benefit_id, patient, institution, encounter)
    return _refusal(pack, plan, service_on, patient, encounter) or plan.missing


def counters_read(pack: Pack, benefit_id: str, service_on: date) -> tuple[CounterKey, ...]:
    """The counters that a calculation under this benefit reads and may move.

    Empty for ``personal_account_only`` and for a benefit that the pack does not have.
    """
    found = pack.rules.benefit(benefit_id)
    if found is None:
        return ()
    year = period_of(service_on)
    paid = CounterKey(year, found.id, "paid")
    if found.deductible.period is benefit.Period.NONE:
        return (paid,)
    return (CounterKey(year, found.id, "deductible"), paid)


def remainders(
    pack: Pack,
    benefit_id: str,
    patient: Patient,
    institution: Institution,
    encounter: Encounter,
    service_on: date,
    counters: Mapping[CounterKey, int],
) -> tuple[Remainder, ...]:
    """Where the deductible and the cap stand before a settlement; empty where there is none.

    Empty too where a figure has no rule: :func:`may_have` reports that.
    """
    plan = pack.plan(benefit_id, patient, institution, encounter)
    if plan.benefit is None or plan.missing is not None:
        return ()
    return _remainders(plan, period_of(service_on), counters)


class AccountAnswer(NamedTuple):
    """What accounts may do here: relatives who may pay, kinds of goods, what part."""

    owners: tuple[Owner, ...]
    kinds: tuple[str, ...]
    pays: accounts.Pays
    own_account: bool


def account_rules(
    pack: Pack,
    benefit_id: str,
    patient: Patient,
    institution: Institution,
    encounter: Encounter,
) -> AccountAnswer:
    """Which owners may pay, for which kinds of line at this place, and whether there is an
    account of the patient's own (``own_account`` False is "no account", not "balance 0").
    """
    plan = pack.plan(benefit_id, patient, institution, encounter)
    use = plan.use
    return AccountAnswer(use.owners, plan.lines.payable_kinds, use.pays, use.own_account)


def period_of(service_on: date) -> str:
    """The benefit year: the natural year (自然年度)."""
    return str(service_on.year)


def _refusal(
    pack: Pack, plan: Plan, service_on: date, patient: Patient, encounter: Encounter
) -> Refusal | None:
    if not pack.in_force(service_on):
        detail = {"pack": pack.id, "date": service_on.isoformat()}
        return Refusal(Reason.PACK_NOT_IN_FORCE, detail)
    covered_to = patient.covered_to
    if covered_to is not None and (encounter.admitted or service_on) > covered_to:
        return Refusal(Reason.NOT_COVERED, {"covered_to": covered_to.isoformat()})
    return plan.refusal


_FundPart = tuple[BenefitShare, tuple[tuple[CounterKey, int], ...], tuple[Remainder, ...]]


def _fund_part(plan: Plan, case: CaseInput, in_scope_fen: int) -> _FundPart:
    """What the benefit's fund pays, what that adds to the counters, and what is left then."""
    if plan.benefit is None or plan.ratio is None:
        return _NO_BENEFIT, (), ()
    before = _remainders(plan, period_of(case.service_on), case.counters)
    deductible_left_fen, cap_left_fen = 0, before[-1].left_fen
    if plan.deductible is not None:
        deductible_left_fen = before[0].left_fen or 0
    ratio_ppm = plan.ratio.value or 0
    share = benefit.pay(in_scope_fen, deductible_left_fen, ratio_ppm, cap_left_fen)
    moved = {"deductible": share.deductible_fen, "paid": share.paid_fen}
    deltas = tuple((r.key, moved[r.key.measure]) for r in before if moved[r.key.measure])
    return share, deltas, tuple(_moved(each, moved[each.key.measure]) for each in before)


def _remainders(plan: Plan, period: str, counters: Mapping[CounterKey, int]) -> tuple[Remainder, ...]:
    limits = (
        (plan.deductible_key(period), plan.deductible),
        (plan.paid_key(period), plan.cap),
    )
    found = []
    for key, figure in limits:
        if key is not None and figure is not None:
            used_fen = counters.get(key, 0)
            left_fen = benefit.left_of(figure.value, used_fen)
            found.append(Remainder(key, used_fen, figure.value, left_fen))
    return tuple(found)


def _moved(before: Remainder, delta_fen: int) -> Remainder:
    key, used_fen, limit_fen, left_fen = before
    left_after = None if left_fen is None else left_fen - delta_fen
    return Remainder(key, used_fen + delta_fen, limit_fen, left_after)


def _breakdown(plan: Plan, case: CaseInput, divided: Divided, share: BenefitShare) -> Breakdown:
    sums = divided.sums
    paid_fen = share.paid_fen
    personal_fen = sums.amount_fen - sums.provider_borne_fen - paid_fen
    shares: tuple[AccountShare, ...] = ()
    cash_fen = personal_fen
    if case.accounts:
        payable = accounts.payable_fen(plan.use, sums, divided.blocked, paid_fen)
        shares = accounts.draw(plan.use, case.accounts, payable, personal_fen)
        cash_fen -= sum(drawn.amount_fen for drawn in shares)
    funds = (FundShare(plan.benefit.fund, paid_fen),) if plan.benefit and paid_fen else ()
    return Breakdown(
        *sums,
        deductible_fen=share.deductible_fen,
        over_cap_fen=share.over_cap_fen,
        funds=funds,
        personal_fen=personal_fen,
        accounts=shares,
        cash_fen=cash_fen,
        lines=divided.lines,
    )
