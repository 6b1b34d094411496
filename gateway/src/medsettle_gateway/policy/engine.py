"""The calculation: a pure function from a pack and a case to who pays what.

The same function serves the quote, the settlement, the what-if, the case runner and the
recalculation of an old settlement. No clock, no I/O; integer fen inside.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial
from typing import Final, NamedTuple

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.basket import PERSONAL_ACCOUNT_ONLY, Encounter
from medsettle_gateway.domain.breakdown import Breakdown, FundShare, LineBreakdown
from medsettle_gateway.domain.counters import CounterKey, Remainder
from medsettle_gateway.domain.errors import Refusal, Refused
from medsettle_gateway.domain.member import Account, Owner, Patient
from medsettle_gateway.domain.place import Institution
from medsettle_gateway.policy.accounts import Drawn, Pays, draw, in_order, payable_fen
from medsettle_gateway.policy.alone import pay_alone
from medsettle_gateway.policy.calculated import Charge
from medsettle_gateway.policy.counting import (
    counters_of,
    period_of,
    periods_at,
    periods_of,
    remainders_of,
    stay_period,
)
from medsettle_gateway.policy.dated import Dated
from medsettle_gateway.policy.fund import GroupShare, Taken, deductible_keys, pay_group, take_deductible
from medsettle_gateway.policy.inputs import Calculation, CaseInput
from medsettle_gateway.policy.layers import LayerShare, Left, Scene, funds_of, pay_layers
from medsettle_gateway.policy.limits import Accumulator
from medsettle_gateway.policy.lines import Divided, divide
from medsettle_gateway.policy.notices import Raised
from medsettle_gateway.policy.pack import Pack
from medsettle_gateway.policy.passing import passed
from medsettle_gateway.policy.plan import Plan, assumed, no_rule
from medsettle_gateway.policy.restricting import barred
from medsettle_gateway.policy.running import Running
from medsettle_gateway.policy.steps import steps_of
from medsettle_gateway.policy.trace import PlainStep

__all__ = [
    "ENGINE_VERSION",
    "PERSONAL_ACCOUNT_ONLY",
    "AccountAnswer",
    "Calculation",
    "CaseInput",
    "account_rules",
    "calculate",
    "counters_read",
    "may_enter",
    "may_have",
    "period_of",
    "periods_of",
    "remainders",
    "stay_period",
]

ENGINE_VERSION: Final = "2"
"""Raised whenever the same pack and case may give another result."""

_new: Final = tuple.__new__
_as_line: Final = partial(tuple.__new__, LineBreakdown)


def calculate(
    pack: Pack,
    case: CaseInput,
    *,
    trace: bool = True,
    versions: Sequence[Pack] = (),
    allow_assumed: bool = False,
) -> Calculation:
    """Divide a settlement between funds, accounts and cash.

    ``versions`` are all versions of the pack that are known, for stays that cross from one into
    another; empty: this one only. ``allow_assumed`` is for explanation and what-if: nothing may be
    charged by a figure that a document does not give.

    Raises Refused with the first reason that applies: PACK_NOT_IN_FORCE, NOT_COVERED, the
    gates of the pack, the lines in their order, NO_RULE, PARAMETER_ASSUMED.
    """
    dated = Dated.of(pack, case, versions)
    plan, charged, periods, tables, refusal, *_ = dated
    refusal = refusal or _refusal(pack, plan, case.service_on, case.patient, case.encounter)
    if refusal is not None:
        raise Refused(refusal)
    chronic, sessions = passed(plan, case)
    covered_to, outside = case.patient.covered_to, barred(case)
    divided = divide(tables, case.lines, case.service_on, covered_to, chronic, sessions, outside)
    refusal = charged.missing_deductible or plan.missing
    if refusal is not None:
        raise Refused(refusal)
    keys = plan.alone(periods) if charged is plan else None
    alone = None if keys is None else pay_alone(plan, keys, divided.total, case.counters)
    charge = alone or _charge(dated, divided, case.counters)
    _, groups, _, _, raised, left, moved, remain = charge
    assumed_figure = charged.assumed_deductible or plan.assumed
    if not allow_assumed and (assumed_figure or divided.assumed or plan.by_condition):
        _check_assumed(pack, assumed_figure, divided, groups)
    personal_fen, payable = left.all_fen, 0
    payers: Sequence[Account] = case.accounts
    drawn: Drawn = (), 0
    if payers:
        if len(payers) > 1:
            payers = in_order(plan.use, payers)
        payable = payable_fen(plan.use, divided, left, personal_fen)
        drawn = draw(plan.use, payers, payable, personal_fen)
    breakdown = _breakdown(plan, divided, charge, personal_fen, drawn)
    steps: tuple[PlainStep, ...] = ()
    if trace:
        steps = steps_of(case, (dated, divided, charge, payers, payable, breakdown))
    return _new(Calculation, (breakdown, moved, remain, steps, raised))


def may_enter(
    pack: Pack,
    benefit_id: str,
    patient: Patient,
    institution: Institution,
    encounter: Encounter,
    service_on: date,
) -> Refusal | None:
    """Is any gate of a benefit shut for these people at this place? Its figures are not looked at."""
    plan = pack.plan(benefit_id, patient, institution, encounter, service_on)
    return _refusal(pack, plan, service_on, patient, encounter)


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
    the encounter says. A figure without a rule, or one that is only assumed, is reported last.
    """
    plan = pack.plan(benefit_id, patient, institution, encounter, service_on)
    refusal = (
        _refusal(pack, plan, service_on, patient, encounter)
        or plan.missing_deductible
        or plan.missing
        or plan.assumed_deductible
        or plan.assumed
    )
    if refusal is None and plan.by_condition:
        found = [plan.group(condition) for condition in patient.conditions]
        if found and all(each is not None and each.missing is not None for each in found):
            first = found[0]
            if first is not None and first.missing is not None:
                return no_rule(pack.id, first.missing, plan.facts)
    return refusal


def counters_read(pack: Pack, case: CaseInput, versions: Sequence[Pack] = ()) -> tuple[CounterKey, ...]:
    """The counters that the calculation of a case reads and may move.

    Empty for ``personal_account_only`` and for a benefit that the pack does not have.
    """
    dated = Dated.of(pack, case, versions)
    return counters_of(dated.plan, dated.charged, dated.periods, case.patient)


def remainders(
    pack: Pack,
    benefit_id: str,
    patient: Patient,
    institution: Institution,
    encounter: Encounter,
    service_on: date,
    counters: Mapping[CounterKey, int],
) -> tuple[Remainder, ...]:
    """Where the limits of a benefit stand before a settlement; empty where there is none.

    Empty too where a figure has no rule: :func:`may_have` reports that.
    """
    plan = pack.plan(benefit_id, patient, institution, encounter, service_on)
    if plan.benefit is None or (plan.missing_deductible or plan.missing) is not None:
        return ()
    running = Running(counters)
    periods = periods_at(plan.benefit, encounter, service_on)
    groups = [plan.fund] if plan.fund is not None else [plan.group(each) for each in patient.conditions]
    known = [group for group in groups if group is not None and group.missing is None]
    return remainders_of(plan, known, None, periods, running)


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
    service_on: date,
) -> AccountAnswer:
    """Which owners may pay, for which kinds of line at this place, and whether there is an
    account of the patient's own (``own_account`` False is "no account", not "balance 0").
    """
    plan = pack.plan(benefit_id, patient, institution, encounter, service_on)
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


def _charge(dated: Dated, divided: Divided, counters: Mapping[CounterKey, int]) -> Charge:
    """What the funds pay, one after another."""
    plan, periods, running = dated.plan, dated.periods, Running(counters)
    taken, groups = _fund_part(dated, divided, running)
    left, layers, afterwards = _layer_part(dated, divided, groups, running)
    raised: tuple[Raised, ...] = ()
    if plan.rules.accumulators and plan.benefit is not None:
        raised = _accumulated(plan, periods.paid, left, running)
    remain = remainders_of(plan, groups, taken, periods, running)
    return taken, groups, layers, afterwards, raised, left, tuple(running.moved.items()), remain


def _fund_part(
    dated: Dated, divided: Divided, running: Running
) -> tuple[Taken | None, list[GroupShare]]:
    """What goes toward the deductible, and what the benefit's fund pays group by group.

    Raises Refused: NO_RULE, for a filed condition without a figure.
    """
    plan, charged, periods = dated.plan, dated.charged, dated.periods
    benefit, in_scope_fen = charged.benefit, divided.total[-1]
    if benefit is None:
        return None, []
    taken, borne_fen = None, 0
    if charged.deductible is not None:
        keys = deductible_keys(benefit, periods)
        taken = take_deductible(keys, charged.deductible, in_scope_fen, running)
        borne_fen = taken.now_fen
    if plan.fund is not None:
        base_fen = in_scope_fen - borne_fen
        return taken, [pay_group(plan.fund, base_fen, periods, running, uncapped=plan.waives_limits)]
    groups = []
    for condition, group_fen in divided.groups.items():
        fund = plan.group(condition)
        if group_fen is None or fund is None:
            continue
        if fund.missing is not None:
            raise Refused(no_rule(plan.rules.pack, fund.missing, {**plan.facts, "condition": (condition,)}))
        now_fen = min(borne_fen, group_fen)
        borne_fen -= now_fen
        share = pay_group(fund, group_fen - now_fen, periods, running, uncapped=plan.waives_limits)
        groups.append(share)
    return taken, groups


def _layer_part(
    dated: Dated, divided: Divided, groups: Sequence[GroupShare], running: Running
) -> tuple[Left, list[LayerShare], list[LayerShare]]:
    """What no fund has paid in the end, what each layer pays, and what each would pay afterwards."""
    plan = dated.plan
    total, provider, fully, over, first, scope = divided.total
    for group in groups:
        scope -= group.paid_fen
    left = Left(scope, first, over, fully)
    if not plan.layers:
        return left, [], []
    scene = Scene(dated.periods, total - provider)
    layers = pay_layers(plan.settling, left, scene, running)
    return left, layers, pay_layers(plan.afterwards, left.aside(), scene, running.aside())


def _accumulated(plan: Plan, year: str, left: Left, running: Running) -> tuple[Raised, ...]:
    """Count what the patient bears, and tell which warnings that raises."""
    borne: dict[Accumulator, tuple[int, int]] = {}
    for accumulator in plan.rules.accumulators:
        key = accumulator.key(year)
        before_fen = running.used(key)
        running.add((key,), left.in_scope_fen if accumulator is Accumulator.IN_SCOPE else left.all_fen)
        borne[accumulator] = (before_fen, running.used(key))
    return tuple(
        Raised(notice.id, notice.title, figure.value or 0, *borne[notice.of], figure.clause)
        for notice, figure in plan.notices
        if notice.raised(figure.value or 0, *borne[notice.of])
    )


def _check_assumed(
    pack: Pack, refusal: Refusal | None, divided: Divided, groups: Sequence[GroupShare]
) -> None:
    """Raise Refused, PARAMETER_ASSUMED, if any figure that was used is only assumed."""
    if refusal is not None:
        raise Refused(refusal)
    row = divided.assumed
    for group in groups:
        row = row or group.plan.assumed
    if row is not None:
        raise Refused(assumed(pack.id, row))


def _breakdown(plan: Plan, divided: Divided, charge: Charge, personal_fen: int, drawn: Drawn) -> Breakdown:
    taken, groups, layers, afterwards, _, _, _, _ = charge
    total, provider, fully, over, first, scope = divided.total
    paid_fen = over_cap_fen = 0
    for group in groups:
        paid_fen += group.paid_fen
        over_cap_fen += group.over_cap_fen
    funds: tuple[FundShare, ...] = ()
    if paid_fen and plan.benefit is not None:
        funds = (_new(FundShare, (plan.benefit.fund, paid_fen)),)
    shown: tuple[FundShare, ...] = ()
    if layers or afterwards:
        funds = _together(funds, layers)
        shown = tuple(FundShare(share.plan.layer.id, share.paid_fen) for share in afterwards)
    accounts, drawn_fen = drawn
    return _new(Breakdown, (
        total, provider, fully, over, first, scope, 0 if taken is None else taken.now_fen, over_cap_fen,
        funds, personal_fen, accounts, personal_fen - drawn_fen, tuple(map(_as_line, divided.parts)), shown,
    ))  # fmt: skip


def _together(first: tuple[FundShare, ...], layers: Sequence[LayerShare]) -> tuple[FundShare, ...]:
    """Each fund that pays, once, in the order of the rules."""
    together: dict[str, int] = {}
    for fund, amount_fen in (*first, *funds_of(layers)):
        together[fund] = together.get(fund, 0) + amount_fen
    return tuple(FundShare(fund, amount_fen) for fund, amount_fen in together.items())
