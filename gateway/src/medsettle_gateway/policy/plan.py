"""A pack's rules, resolved for one combination of a settlement's facts.

A region has a few dozen combinations that really occur, so each is resolved once and kept;
a settlement then costs table look-ups only.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.basket import PERSONAL_ACCOUNT_ONLY, Waiver
from medsettle_gateway.domain.counters import CounterKey
from medsettle_gateway.domain.errors import Refusal
from medsettle_gateway.domain.person_rules import NO_RULES, PersonRules
from medsettle_gateway.domain.prescriptions import PharmacistReview
from medsettle_gateway.domain.tracing import NO_TRACE_RULE, TraceRule
from medsettle_gateway.domain.watching import WatchRule
from medsettle_gateway.domain.work_rules import NO_WORK_RULES, WorkRules
from medsettle_gateway.policy.accounts import NO_ACCOUNTS, AccountRules, AccountUse
from medsettle_gateway.policy.benefit import Benefit
from medsettle_gateway.policy.facts import (
    WHERE_ORDER,
    WHO_ORDER,
    DeclaredFact,
    Facts,
    described,
)
from medsettle_gateway.policy.fund import Periods, deductible_keys
from medsettle_gateway.policy.fund_plan import FundPlan
from medsettle_gateway.policy.gates import Gate, refusal_by_fact, refusal_of
from medsettle_gateway.policy.layer import Layer
from medsettle_gateway.policy.layer_plan import LayerPlan
from medsettle_gateway.policy.limits import Accumulator
from medsettle_gateway.policy.line_rules import LineRules, LineTable
from medsettle_gateway.policy.notices import Notice
from medsettle_gateway.policy.rows import Figure, Resolved, Row

AloneKeys = tuple[CounterKey | None, CounterKey]
"""The counters of a deductible, None where there is none, and of what the fund paid."""

PERIODS_KEPT: Final = 8
"""Periods whose counters a plan keeps ready; beyond, all are dropped and made anew."""
GROUPS_KEPT: Final = 64
"""Filed conditions whose figures a plan keeps resolved; beyond, all are dropped and made anew."""


@dataclass(frozen=True, slots=True)
class Eligibility:
    """The ``eligibility`` section: designations of which every settlement needs one.

    ``exceptions`` are entries of facts; a settlement that fits one needs no designation.
    """

    designations: tuple[str, ...]
    clause: str = ""
    exceptions: tuple[Gate, ...] = ()


@dataclass(frozen=True, slots=True)
class Rules:
    """The sections of a pack that a settlement goes through."""

    pack: str
    lines: LineRules
    benefits: tuple[Benefit, ...]
    accounts: AccountRules | None
    eligibility: Eligibility
    layers: tuple[Layer, ...] = ()
    notices: tuple[Notice, ...] = ()
    declared: tuple[DeclaredFact, ...] = ()
    accumulators: tuple[Accumulator, ...] = ()
    watches: tuple[WatchRule, ...] = ()
    work: WorkRules = NO_WORK_RULES
    persons: PersonRules = NO_RULES
    review: PharmacistReview = PharmacistReview.ANYWHERE
    tracing: TraceRule = NO_TRACE_RULE

    def layer(self, layer: str) -> Layer | None:
        """The layer with this id."""
        return next((each for each in self.layers if each.id == layer), None)

    def benefit(self, benefit: str) -> Benefit | None:
        """The benefit with this id."""
        return next((each for each in self.benefits if each.id == benefit), None)

    @property
    def who_order(self) -> tuple[str, ...]:
        """The order in which the facts of ``who`` are checked: the built-in ones, then the pack's own."""
        return (*WHO_ORDER, *(fact.name for fact in self.declared))

    @property
    def where_order(self) -> tuple[str, ...]:
        """The order in which the facts of ``where`` are checked; the switch comes last."""
        *facts, switch = WHERE_ORDER
        return (*facts, *(fact.name for fact in self.declared), switch)


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that one combination of facts decides.

    ``refusal`` is the first gate that is shut. ``missing`` is a figure without an applicable
    row, ``assumed`` one that the document does not give: they refuse after the lines were checked.
    Those of the deductible stand by themselves: another version may give it.
    ``deductible`` and ``session`` are None where the benefit has none; without a benefit there is
    neither a ``fund`` nor any layer. ``layers`` are those of the benefit, in pack order. ``notices``
    are the warnings that watch this person. ``waives`` is what an emergency order lifts.
    ``is_watched``: what a line comes to depends on the lines before it. ``is_alone``: beside the benefit's
    fund nothing counts.
    """

    rules: Rules
    facts: Facts
    waives: tuple[Waiver, ...]
    refusal: Refusal | None
    missing: Refusal | None
    missing_deductible: Refusal | None
    assumed: Refusal | None
    assumed_deductible: Refusal | None
    benefit: Benefit | None
    deductible: Resolved | None
    session: Resolved | None
    fund: FundPlan | None
    layers: tuple[LayerPlan, ...]
    notices: tuple[tuple[Notice, Resolved], ...]
    lines: LineTable
    use: AccountUse
    waives_limits: bool
    by_condition: bool
    is_watched: bool
    settling: tuple[LayerPlan, ...]
    afterwards: tuple[LayerPlan, ...]
    is_alone: bool
    _groups: dict[str, FundPlan] = field(default_factory=dict, repr=False)
    _keys: dict[Periods, AloneKeys | None] = field(default_factory=dict, repr=False)

    def alone(self, periods: Periods) -> AloneKeys | None:
        """The counters of a benefit whose limits have one each and beside which nothing counts; else None."""
        if periods not in self._keys:
            if len(self._keys) >= PERIODS_KEPT:
                self._keys.clear()
            self._keys[periods] = self._alone(periods)
        return self._keys[periods]

    def _alone(self, periods: Periods) -> AloneKeys | None:
        if not self.is_alone or self.fund is None or self.benefit is None:
            return None
        met, paid = deductible_keys(self.benefit, periods), self.fund.paid_keys(periods.paid, periods.stay)
        if len(paid) != 1 or len(met) != (self.deductible is not None):
            return None
        return met[0] if met else None, paid[0]

    def group(self, condition: str) -> FundPlan | None:
        """The figures of one filed condition, where each is paid by itself; None without a benefit."""
        found = self._groups.get(condition)
        if found is None and self.benefit is not None:
            if len(self._groups) >= GROUPS_KEPT:
                self._groups.clear()
            facts = {**self.facts, "condition": (condition,)}
            found = self._groups[condition] = FundPlan.of(self.benefit, facts, condition)
        return found


def make_plan(rules: Rules, benefit_id: str, facts: Facts, waives: tuple[Waiver, ...] = ()) -> Plan:
    """Resolve the rules for one benefit and one combination of facts."""
    benefit = rules.benefit(benefit_id)
    switches_on = () if benefit is None else benefit.switches_on
    accounts = rules.accounts
    kinds = () if accounts is None else accounts.payable_kinds(facts, switches_on)
    deductible = session = fund = None
    if benefit is not None:
        deductible = benefit.deductible.figure.resolve(facts) if benefit.has_deductible else None
        limit = benefit.limit_per_session
        session = None if limit is None else limit.figure.resolve(facts)
        fund = None if benefit.by_condition else FundPlan.of(benefit, facts, None)
    layers = tuple(_layers(rules, benefit, facts))
    notices = ((notice, notice.figure.resolve(facts)) for notice in rules.notices if benefit is not None)
    return Plan(
        rules=rules,
        facts=facts,
        waives=waives,
        refusal=_gates(rules, benefit_id, benefit, facts),
        missing=_missing(rules, benefit, session, fund, layers, facts),
        missing_deductible=_missing_deductible(rules, benefit, deductible, facts),
        assumed=_assumed(rules, session, fund, layers),
        assumed_deductible=_assumed_deductible(rules, deductible),
        benefit=benefit,
        deductible=deductible,
        session=session,
        fund=fund,
        layers=layers,
        notices=tuple((notice, figure) for notice, figure in notices if figure is not None),
        lines=LineTable(
            rules.lines,
            facts,
            kinds,
            waived=benefit is not None and benefit.waives_self_pay_first,
            whole_catalogue=Waiver.CATALOGUE in waives,
        ),
        use=NO_ACCOUNTS if accounts is None else accounts.use(facts),
        waives_limits=Waiver.LIMITS in waives,
        by_condition=benefit is not None and benefit.by_condition,
        is_watched=benefit is not None and benefit.watches_lines,
        is_alone=_is_alone(rules, fund, layers),
        settling=tuple(each for each in layers if each.is_charged),
        afterwards=tuple(each for each in layers if not each.is_charged),
    )


def _is_alone(rules: Rules, fund: FundPlan | None, layers: tuple[LayerPlan, ...]) -> bool:
    if fund is None or layers or rules.accumulators:
        return False
    return fund.ratio is not None and fund.cap is not None and not fund.within


def _layers(rules: Rules, benefit: Benefit | None, facts: Facts) -> Iterator[LayerPlan]:
    if benefit is not None:
        for layer in rules.layers:
            if layer.id in benefit.layers:
                yield LayerPlan.of(layer, facts, rules.who_order, benefit.id)


def _gates(rules: Rules, benefit_id: str, benefit: Benefit | None, facts: Facts) -> Refusal | None:
    """The gates in their order: institution, benefit, who, filing, where."""
    wanted, exceptions = rules.eligibility.designations, rules.eligibility.exceptions
    held = facts["designation"]
    designated = not wanted or any(designation in wanted for designation in held)
    if not designated and all(entry.failing(facts, ()) is not None for entry in exceptions):
        return refusal_by_fact(
            "eligibility.institution", "designation", held, wanted, rules.eligibility.clause
        )
    if benefit_id == PERSONAL_ACCOUNT_ONLY:
        return None
    if benefit is None:
        return Refusal(Reason.BENEFIT_UNKNOWN, {"pack": rules.pack, "benefit": benefit_id})
    shut = refusal_of(benefit.who, rules.who_order, facts)
    if shut is None and benefit.needs_filing and not facts["condition"]:
        shut = Refusal(Reason.NOT_FILED, {"path": "eligibility.filing", "benefit": benefit_id})
    if shut is None:
        shut = refusal_of(benefit.where, rules.where_order, facts, benefit.switches_on)
    return shut


def _missing_deductible(
    rules: Rules, benefit: Benefit | None, deductible: Resolved | None, facts: Facts
) -> Refusal | None:
    if benefit is None or not benefit.has_deductible or deductible is not None:
        return None
    return no_rule(rules.pack, benefit.deductible.figure, facts)


def _missing(
    rules: Rules,
    benefit: Benefit | None,
    session: Resolved | None,
    fund: FundPlan | None,
    layers: tuple[LayerPlan, ...],
    facts: Facts,
) -> Refusal | None:
    if benefit is None:
        return None
    limit = benefit.limit_per_session
    if limit is not None and session is None:
        return no_rule(rules.pack, limit.figure, facts)
    plans: list[FundPlan | LayerPlan] = [*([] if fund is None else [fund]), *layers]
    absent = next((plan.missing for plan in plans if plan.missing is not None), None)
    return None if absent is None else no_rule(rules.pack, absent, facts)


def _assumed_deductible(rules: Rules, deductible: Resolved | None) -> Refusal | None:
    row = None if deductible is None else deductible.assumed
    return None if row is None else assumed(rules.pack, row)


def _assumed(
    rules: Rules, session: Resolved | None, fund: FundPlan | None, layers: tuple[LayerPlan, ...]
) -> Refusal | None:
    rows = [
        None if session is None else session.assumed,
        None if fund is None else fund.assumed,
        *(layer.assumed for layer in layers if layer.is_charged),
    ]
    found = next((row for row in rows if row is not None), None)
    return None if found is None else assumed(rules.pack, found)


def no_rule(pack: str, figure: Figure, facts: Facts) -> Refusal:
    """NO_RULE, naming the pack, the path and the facts that its rows ask for: never a silent zero."""
    detail = {"pack": pack, "path": figure.path}
    if figure.rows:
        detail["facts"] = described(facts, figure.fact_names())
    return Refusal(Reason.NO_RULE, detail)


def assumed(pack: str, row: Row) -> Refusal:
    """PARAMETER_ASSUMED, naming the row: the document does not give it, so nothing is charged by it."""
    return Refusal(Reason.PARAMETER_ASSUMED, {"pack": pack, "path": row.path, "clause": row.clause})
