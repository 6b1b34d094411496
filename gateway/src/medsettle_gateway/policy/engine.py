"""The calculation: a pure function from a pack and a case to who pays what.

The same function serves the quote, the settlement, the what-if, the case runner and the
recalculation of an old settlement. No clock, no I/O; integer fen inside.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final, NamedTuple

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.basket import PERSONAL_ACCOUNT_ONLY, Encounter
from medsettle_gateway.domain.breakdown import AccountShare, Breakdown, FundShare
from medsettle_gateway.domain.counters import CounterKey, Remainder
from medsettle_gateway.domain.errors import Refusal, Refused
from medsettle_gateway.domain.member import Account, Owner, Patient
from medsettle_gateway.domain.place import Institution
from medsettle_gateway.policy.accounts import Pays, draw, in_order, payable_fen
from medsettle_gateway.policy.benefit import BenefitShare, left_of, pay
from medsettle_gateway.policy.inputs import Calculation, CaseInput
from medsettle_gateway.policy.lines import Divided, divide
from medsettle_gateway.policy.pack import Pack
from medsettle_gateway.policy.plan import Plan, counter_keys, period_of
from medsettle_gateway.policy.steps import steps_of

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

_new: Final = tuple.__new__
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
    share, deltas, left = _fund_part(plan, case, divided.in_scope_fen)
    payers = in_order(plan.use, case.accounts)
    payable = payable_fen(plan.use, divided, share.paid_fen) if payers else 0
    breakdown = _breakdown(plan, payers, payable, divided, share)
    steps = steps_of(plan, case, payers, payable, breakdown, share, left) if trace else ()
    return _new(Calculation, (breakdown, deltas, left, steps))


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
    keys = counter_keys(pack.rules.benefit(benefit_id), period_of(service_on.year))
    return tuple(key for key in keys if key is not None)


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
    return _remainders(plan, service_on.year, counters)


class AccountAnswer(NamedTuple):
    """What accounts may do here: relatives who may pay, kinds of goods, what part."""

    owners: tuple[Owner, ...]
    kinds: tuple[str, ...]
    pays: Pays
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
    ratio, cap = plan.ratio, plan.cap
    deductible_key, paid_key = plan.keys(case.service_on.year)
    if ratio is None or cap is None or paid_key is None:
        return _NO_BENEFIT, (), ()
    used_of = case.counters.get
    used_fen = used_of(paid_key, 0)
    left_fen = left_of(cap.value, used_fen)
    met_fen = limit_fen = 0
    if deductible_key is not None and plan.deductible is not None:
        met_fen, limit_fen = used_of(deductible_key, 0), plan.deductible.value or 0
    unmet_fen = limit_fen - met_fen if met_fen < limit_fen else 0
    share = pay(in_scope_fen, unmet_fen, ratio.value or 0, left_fen)
    deductible_fen, _, paid_fen, _ = share
    deltas = ((paid_key, paid_fen),) if paid_fen else ()
    left_after = None if left_fen is None else left_fen - paid_fen
    after = _new(Remainder, (paid_key, used_fen + paid_fen, cap.value, left_after))
    if deductible_key is None:
        return share, deltas, (after,)
    if deductible_fen:
        deltas = ((deductible_key, deductible_fen), *deltas)
    met = (deductible_key, met_fen + deductible_fen, limit_fen, unmet_fen - deductible_fen)
    return share, deltas, (_new(Remainder, met), after)


def _remainders(plan: Plan, year: int, counters: Mapping[CounterKey, int]) -> tuple[Remainder, ...]:
    """Where the deductible, if there is one, and then the cap stand."""
    deductible_key, paid_key = plan.keys(year)
    found = []
    for key, figure in ((deductible_key, plan.deductible), (paid_key, plan.cap)):
        if key is not None and figure is not None:
            used_fen, limit_fen = counters.get(key, 0), figure.value
            found.append(Remainder(key, used_fen, limit_fen, left_of(limit_fen, used_fen)))
    return tuple(found)


def _breakdown(
    plan: Plan, payers: Sequence[Account], payable: int, divided: Divided, share: BenefitShare
) -> Breakdown:
    lines, fully, over, first, scope, _, _ = divided
    deductible_fen, _, paid_fen, over_cap_fen = share
    total = fully + over + first + scope
    personal_fen = cash_fen = total - paid_fen
    shares: tuple[AccountShare, ...] = ()
    if payers:
        shares, drawn_fen = draw(plan.use, payers, payable, personal_fen)
        cash_fen -= drawn_fen
    funds: tuple[FundShare, ...] = ()
    if plan.benefit is not None and paid_fen:
        funds = (_new(FundShare, (plan.benefit.fund, paid_fen)),)
    return _new(Breakdown, (
        total, 0, fully, over, first, scope, deductible_fen, over_cap_fen,
        funds, personal_fen, shares, cash_fen, lines,
    ))  # fmt: skip
