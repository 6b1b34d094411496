"""Are a region's own figures within what the document allows?

Where a document gives only a floor (原则上不低于) or a ceiling, the shipped row says so. Override
and shipped figure are compared for every combination of the facts that either names, whatever
the settlement at hand; the shipped row that replaced last is the bound. No deductible counts
as 0, no cap as more than any floor.
"""

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.errors import Refusal
from medsettle_gateway.domain.money import format_fen, format_ratio, format_unit_price
from medsettle_gateway.policy.limits import Limit, Period
from medsettle_gateway.policy.facts import FACT_VALUES, SEVERAL_VALUED, Facts, described
from medsettle_gateway.policy.pack import Pack
from medsettle_gateway.policy.reading import Fault, Invalid
from medsettle_gateway.policy.rows import Figure, FigureKind, Force, RowAction, price_steps

COMBINATIONS_MOST: Final = 100_000
"""Combinations of facts that one figure may take to compare."""

_OTHER: Final = "-"
"""Stands for every value of an open fact that no row names."""

_NO_LIMIT: Final = 10**18
"""More than any figure: what a missing cap or ceiling counts as."""


@dataclass(frozen=True, slots=True)
class Breach:
    """An override beyond its bound, for one combination of facts."""

    path: str
    force: Force
    facts: str
    bound: str
    got: str
    clause: str

    def refusal(self) -> Refusal:
        """POLICY_FLOOR or POLICY_CEILING, with what was compared."""
        reason = Reason.POLICY_FLOOR if self.force is Force.FLOOR else Reason.POLICY_CEILING
        detail = {"path": self.path, "facts": self.facts, "bound": self.bound, "got": self.got}
        return Refusal(reason, {**detail, "clause": self.clause})


@dataclass(frozen=True, slots=True)
class _Compared:
    """A figure as it is compared; ``absent`` is a deductible whose period is ``none``."""

    figure: Figure
    absent: bool = False


def breaches(shipped: Pack, overridden: Pack) -> tuple[Breach, ...]:
    """The first breach of each figure: floors before ceilings, then in pack order.

    Raises Invalid when a figure names too many facts to compare.
    """
    theirs = {each.figure.path: each for each in _figures(overridden)}
    found = []
    for ours in _figures(shipped):
        other = theirs.get(ours.figure.path)
        if other is not None and _is_bound(ours):
            found += _first_of_each_force(ours, other)
    return tuple(sorted(found, key=lambda breach: breach.force is not Force.FLOOR))


def first_breach(shipped: Pack, overridden: Pack) -> Breach | None:
    """The breach that refuses, or None when every figure is within its bounds."""
    return next(iter(breaches(shipped, overridden)), None)


def _figures(pack: Pack) -> Iterator[_Compared]:
    yield _Compared(pack.rules.lines.self_pay_first)
    yield _Compared(pack.rules.lines.ceilings)
    for benefit in pack.benefits:
        yield _limit(benefit.deductible)
        yield _Compared(benefit.ratio)
        yield _limit(benefit.cap)


def _limit(limit: Limit) -> _Compared:
    return _Compared(limit.figure, absent=limit.period is Period.NONE)


def _is_bound(compared: _Compared) -> bool:
    bounds = (Force.FLOOR, Force.CEILING)
    return not compared.absent and any(row.force in bounds for row in compared.figure.rows)


def _first_of_each_force(ours: _Compared, theirs: _Compared) -> list[Breach]:
    first: dict[Force, Breach] = {}
    for facts, price_micro in _combinations(ours.figure, theirs.figure):
        breach = _compare(ours, theirs, facts, price_micro)
        if breach is not None:
            first.setdefault(breach.force, breach)
    return list(first.values())


def _compare(ours: _Compared, theirs: _Compared, facts: Facts, price_micro: int) -> Breach | None:
    shipped = ours.figure.resolve(facts, price_micro)
    if shipped is None or shipped.row.force not in (Force.FLOOR, Force.CEILING):
        return None
    got = _value(theirs, facts, price_micro)
    if got is None:
        return None
    none = shipped.row.action is RowAction.NONE
    bound = _none_of(ours.figure.kind) if none else shipped.row.value
    below = shipped.row.force is Force.FLOOR and got < bound
    above = shipped.row.force is Force.CEILING and got > bound
    if not (below or above):
        return None
    kind = ours.figure.kind
    named = described(facts, tuple(facts))
    return Breach(
        ours.figure.path,
        shipped.row.force,
        named or "-",
        _shown(kind, bound),
        _shown(kind, got),
        shipped.clause,
    )


def _value(compared: _Compared, facts: Facts, price_micro: int) -> int | None:
    """The figure to compare; None where it has no rule, which is NO_RULE when it is used."""
    if compared.absent:
        return 0
    resolved = compared.figure.resolve(facts, price_micro)
    if resolved is None:
        return None
    return _NO_LIMIT if resolved.value is None else resolved.value


def _none_of(kind: FigureKind) -> int:
    return _NO_LIMIT if kind.none_is_unlimited else 0


def _shown(kind: FigureKind, value: int) -> str:
    if value == _NO_LIMIT:
        return "none"
    if kind.is_share:
        return format_ratio(value)
    return format_unit_price(value) if kind is FigureKind.UNIT_PRICE else format_fen(value)


def _combinations(*figures: Figure) -> Iterator[tuple[Facts, int]]:
    """Every combination of the facts that the figures name, with every step of the price."""
    names = dict.fromkeys(name for figure in figures for name in figure.fact_names())
    choices = [_choices(name, figures) for name in names]
    whens = [row.when for figure in figures for row in figure.rows]
    prices = (0, *price_steps(whens))
    count = math.prod(map(len, choices)) * len(prices)
    if count > COMBINATIONS_MOST:
        raise _too_many(figures[0].path, f"{count} combinations")
    for held in itertools.product(*choices):
        for price_micro in prices:
            yield dict(zip(names, held, strict=True)), price_micro


def _choices(name: str, figures: tuple[Figure, ...]) -> tuple[tuple[str, ...], ...]:
    """What the fact may hold: each value alone, or, where it holds several, any subset.

    Values that no row tells apart count as one; of a fact that holds several, those that no row
    names count as none, since holding them as well changes nothing.
    """
    tests = [
        wanted for figure in figures for row in figure.rows for fact, wanted in row.when.tests if fact == name
    ]
    values = FACT_VALUES[name] or (*dict.fromkeys(v for test in tests for v in test), _OTHER)
    told_apart: dict[tuple[bool, ...], str] = {}
    for value in values:
        told_apart.setdefault(tuple(value in test for test in tests), value)
    if name not in SEVERAL_VALUED:
        return tuple((value,) for value in told_apart.values())
    apart = tuple(value for signature, value in told_apart.items() if any(signature))
    if len(apart) > COMBINATIONS_MOST.bit_length():
        raise _too_many(figures[0].path, f"{2 ** len(apart)} combinations of {name} alone")
    return tuple(subset for size in range(len(apart) + 1) for subset in itertools.combinations(apart, size))


def _too_many(path: str, counted: str) -> Invalid:
    message = (
        f"too many to compare with the shipped figure: its rows tell {counted} apart, "
        f"and at most {COMBINATIONS_MOST} are compared; name fewer facts or values"
    )
    return Invalid("floors", [Fault(0, path, message)])
