"""Every figure of a pack with the settlements in which it can be looked up."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from medsettle_gateway.policy.benefit import Benefit
from medsettle_gateway.policy.facts import FALSE, Facts
from medsettle_gateway.policy.gates import Gate
from medsettle_gateway.policy.layer import Layer
from medsettle_gateway.policy.limits import Limit, Period
from medsettle_gateway.policy.plan import Rules
from medsettle_gateway.policy.rows import Figure, FigureKind, Row, RowAction, When

Group = tuple[When, ...]
"""Entries of which one must fit."""

_CONDITION: Final = "condition"
_NO_STAY: Final = When((("stay", (FALSE,)),))


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a figure can be looked up: in any of these ways, and there all groups must fit.

    ``never`` are conditions under which it is not asked for at all: the exclusions of lines.
    ``single`` are facts that hold one value where it is looked up.
    """

    ways: tuple[tuple[Group, ...], ...]
    never: Group = ()
    single: tuple[str, ...] = ()

    def admits(self, facts: Facts, price_micro: int) -> bool:
        """Can the figure be looked up for these facts?"""
        if not _is_possible(facts):
            return False
        if any(when.matches(facts, price_micro) for when in self.never):
            return False
        return any(
            all(any(when.matches(facts, price_micro) for when in group) for group in way) for way in self.ways
        )

    def as_figure(self, path: str) -> Figure:
        """The conditions as if they were rows, so that their facts are told apart too."""
        whens = [*self.never, *(when for way in self.ways for group in way for when in group)]
        rows = (Row(path, when, RowAction.NONE, 0, "") for when in whens)
        return Figure(path, FigureKind.AMOUNT, tuple(rows))


@dataclass(frozen=True, slots=True)
class Scoped:
    """A figure and its scope.

    ``needed``: where no row applies, the settlement is refused. ``optional``: a region may well do
    without it.
    """

    figure: Figure
    scope: Scope
    needed: bool = True
    optional: bool = False


_STANDINGS: Final = {"employee": ("active", "retired", "flexible"), "resident": ("adult", "minor")}
"""The standings of each scheme: nobody is registered with another."""


def _is_possible(facts: Facts) -> bool:
    """Is there anybody of whom all of this is true?"""
    schemes, standings = facts.get("scheme"), facts.get("standing")
    if not schemes or not standings:
        return True
    return any(standing in _STANDINGS[scheme] for scheme in schemes for standing in standings)


def scoped_figures(rules: Rules) -> Iterator[Scoped]:
    """Every figure of a pack, in its order; those of layers that follow no benefit are left out."""
    excluded = tuple(entry.when for entry in rules.lines.excluded)
    everywhere = Scope(((),), never=excluded)
    yield Scoped(rules.lines.self_pay_first, everywhere, needed=False, optional=True)
    yield Scoped(rules.lines.ceilings, everywhere, needed=False, optional=True)
    for benefit in rules.benefits:
        yield from _of_benefit(rules, benefit)
    for layer in rules.layers:
        yield from _of_layer(rules, layer)
    if rules.accounts is not None and rules.accounts.subsidy is not None:
        yield Scoped(rules.accounts.subsidy.credit, Scope(((),)), needed=False)
    if rules.accounts is not None and rules.accounts.accrual is not None:
        accrual = rules.accounts.accrual
        for figure in (accrual.of_base, accrual.of_pension, accrual.pension):
            yield Scoped(figure, Scope(((),)), needed=False)
    for notice in rules.notices:
        yield Scoped(notice.figure, Scope(((),)), needed=False)


def _of_benefit(rules: Rules, benefit: Benefit) -> Iterator[Scoped]:
    whole = Scope((_way(rules, benefit),))
    groups = whole
    if benefit.by_condition:
        # Which of the filed conditions is looked up does not depend on the one that opened the gate.
        way = tuple(tuple(_without_condition(when) for when in group) for group in whole.ways[0])
        groups = Scope((way,), single=(_CONDITION,))
    if benefit.has_deductible:
        yield Scoped(benefit.deductible.figure, whole)
    if benefit.bands is None:
        yield Scoped(benefit.ratio, groups)
    for band in () if benefit.bands is None else benefit.bands.bands:
        yield Scoped(band.ratio, groups)
    yield Scoped(benefit.cap.figure, groups)
    for within in benefit.cap.within:
        yield Scoped(within.figure, whole, needed=False)
    if benefit.limit_per_session is not None:
        yield Scoped(benefit.limit_per_session.figure, whole)


def _of_layer(rules: Rules, layer: Layer) -> Iterator[Scoped]:
    followed = [benefit for benefit in rules.benefits if layer.id in benefit.layers]
    if not followed:
        return
    scope = _after(rules, layer, followed)
    if layer.threshold is not None and layer.threshold.period is not Period.NONE:
        yield Scoped(layer.threshold.figure, scope)
    for part in layer.parts:
        yield Scoped(part.ratio, scope)
    if layer.guarantee is not None:
        yield Scoped(layer.guarantee.share, scope)
    if layer.leaves is not None:
        yield Scoped(layer.leaves.amount, scope)
    yield Scoped(layer.cap.figure, scope)
    yield from _inside(rules, layer, layer.cap, followed)


def _inside(rules: Rules, layer: Layer, cap: Limit, followed: Sequence[Benefit]) -> Iterator[Scoped]:
    for inside in cap.inside:
        if inside.benefits is None:
            ways = tuple((*way, (_NO_STAY,)) for way in _after(rules, layer, followed).ways)
            yield Scoped(inside.figure, Scope(ways), needed=False)
            continue
        counted = [benefit for benefit in followed if benefit.id in inside.benefits]
        if counted:
            yield Scoped(inside.figure, _after(rules, layer, counted), needed=False)


def _after(rules: Rules, layer: Layer, followed: Iterable[Benefit]) -> Scope:
    who = _group(layer.who)
    return Scope(tuple((*_way(rules, benefit), *([who] if who else [])) for benefit in followed))


def _way(rules: Rules, benefit: Benefit) -> tuple[Group, ...]:
    groups = (_designated(rules), _group(benefit.who), _group(benefit.where))
    return tuple(group for group in groups if group)


def _designated(rules: Rules) -> Group:
    wanted = rules.eligibility.designations
    if not wanted:
        return ()
    return (When((("designation", wanted),)), *_group(rules.eligibility.exceptions))


def _group(gates: Iterable[Gate]) -> Group:
    return tuple(When(gate.tests, None, gate.least) for gate in gates)


def _without_condition(when: When) -> When:
    tests = tuple((fact, wanted) for fact, wanted in when.tests if fact != _CONDITION)
    return When(tests, when.unit_price_at_least_micro, when.least)
