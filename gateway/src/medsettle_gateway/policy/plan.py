"""A pack's rules, resolved for one combination of a settlement's facts.

A region has a few dozen combinations that really occur, so each is resolved once and kept;
a settlement then costs table look-ups only.
"""

from dataclasses import dataclass, field
from typing import Final

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.basket import PERSONAL_ACCOUNT_ONLY
from medsettle_gateway.domain.counters import CounterKey
from medsettle_gateway.domain.errors import Refusal
from medsettle_gateway.policy.accounts import NO_ACCOUNTS, AccountRules, AccountUse
from medsettle_gateway.policy.benefit import Benefit
from medsettle_gateway.policy.facts import (
    WHERE_ORDER,
    WHO_ORDER,
    DeclaredFact,
    Facts,
    described,
)
from medsettle_gateway.policy.gates import Gate, refusal_by_fact, refusal_of
from medsettle_gateway.policy.layer import Layer
from medsettle_gateway.policy.limits import Accumulator, Period
from medsettle_gateway.policy.lines import LineRules, LineTable
from medsettle_gateway.policy.notices import Notice
from medsettle_gateway.policy.rows import Figure, Resolved

YEARS_KEPT: Final = 8
"""Benefit years whose counter keys a plan keeps; beyond, all are dropped and made anew."""

CounterKeys = tuple[CounterKey | None, CounterKey | None]


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

    def layer(self, layer: str) -> Layer | None:
        """The layer with this id."""
        return next((each for each in self.layers if each.id == layer), None)

    def benefit(self, benefit: str) -> Benefit | None:
        """The benefit with this id."""
        return next((each for each in self.benefits if each.id == benefit), None)


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that one combination of facts decides.

    ``refusal`` is the first gate that is shut. ``missing`` is a figure without an applicable
    row: it refuses after the lines were checked. ``deductible`` is None where the benefit has
    none; all three figures are None without a benefit.
    """

    refusal: Refusal | None
    missing: Refusal | None
    benefit: Benefit | None
    deductible: Resolved | None
    ratio: Resolved | None
    cap: Resolved | None
    lines: LineTable
    use: AccountUse
    _keys: dict[int, CounterKeys] = field(default_factory=dict, repr=False)

    def keys(self, year: int) -> CounterKeys:
        """The counters of the deductible and of what the fund paid, in a benefit year.

        None for the deductible where the benefit has none, and for both without a benefit.
        """
        keys = self._keys.get(year)
        if keys is None:
            if len(self._keys) >= YEARS_KEPT:
                self._keys.clear()
            keys = self._keys[year] = counter_keys(self.benefit, period_of(year))
        return keys


def period_of(year: int) -> str:
    """The benefit year: the natural year (自然年度)."""
    return str(year)


def counter_keys(benefit: Benefit | None, period: str) -> CounterKeys:
    """The counters of a benefit, deductible and paid, in one period."""
    if benefit is None:
        return None, None
    paid = CounterKey(period, benefit.id, "paid")
    if benefit.deductible.period is Period.NONE:
        return None, paid
    return CounterKey(period, benefit.id, "deductible"), paid


def make_plan(rules: Rules, benefit_id: str, facts: Facts) -> Plan:
    """Resolve the rules for one benefit and one combination of facts."""
    benefit = rules.benefit(benefit_id)
    switches_on = () if benefit is None else benefit.switches_on
    accounts = rules.accounts
    kinds = () if accounts is None else accounts.payable_kinds(facts, switches_on)
    waived = benefit is not None and benefit.waives_self_pay_first
    figures = {} if benefit is None else {f.path: f.resolve(facts) for f in benefit.figures()}
    deductible = None if benefit is None else figures.get(benefit.deductible.figure.path)
    return Plan(
        refusal=_gates(rules, benefit_id, benefit, facts),
        missing=None if benefit is None else _missing(rules, benefit, figures, facts),
        benefit=benefit,
        deductible=deductible,
        ratio=None if benefit is None else figures[benefit.ratio.path],
        cap=None if benefit is None else figures[benefit.cap.figure.path],
        lines=LineTable(rules.lines, facts, kinds, waived=waived),
        use=NO_ACCOUNTS if accounts is None else accounts.use(facts),
    )


def _gates(rules: Rules, benefit_id: str, benefit: Benefit | None, facts: Facts) -> Refusal | None:
    """The gates in their order: institution, benefit, who, filing, where."""
    wanted = rules.eligibility.designations
    held = facts["designation"]
    if wanted and not any(designation in wanted for designation in held):
        return refusal_by_fact(
            "eligibility.institution", "designation", held, wanted, rules.eligibility.clause
        )
    if benefit_id == PERSONAL_ACCOUNT_ONLY:
        return None
    if benefit is None:
        return Refusal(Reason.BENEFIT_UNKNOWN, {"pack": rules.pack, "benefit": benefit_id})
    shut = refusal_of(benefit.who, WHO_ORDER, facts)
    if shut is None and benefit.needs_filing and not facts["condition"]:
        shut = Refusal(Reason.NOT_FILED, {"path": "eligibility.filing", "benefit": benefit_id})
    if shut is None:
        shut = refusal_of(benefit.where, WHERE_ORDER, facts, benefit.switches_on)
    return shut


def _missing(
    rules: Rules, benefit: Benefit, figures: dict[str, Resolved | None], facts: Facts
) -> Refusal | None:
    for figure in benefit.figures():
        if figures[figure.path] is None:
            return no_rule(rules.pack, figure, facts)
    return None


def no_rule(pack: str, figure: Figure, facts: Facts) -> Refusal:
    """NO_RULE, naming the pack, the path and the facts that its rows ask for: never a silent zero."""
    detail = {"pack": pack, "path": figure.path}
    if figure.rows:
        detail["facts"] = described(facts, figure.fact_names())
    return Refusal(Reason.NO_RULE, detail)
