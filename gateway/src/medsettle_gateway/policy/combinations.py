"""Every combination of the facts that rows name: what a comparison of figures has to go through."""

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from medsettle_gateway.policy.facts import FACT_VALUES, SEVERAL_VALUED, DeclaredFact, Facts
from medsettle_gateway.policy.reading import Fault, Invalid
from medsettle_gateway.policy.rows import Figure, When, price_steps

COMBINATIONS_MOST: Final = 100_000
"""Combinations of facts that one figure may take to compare."""

_OTHER: Final = "-"
"""Stands for every value of an open fact that no row names."""

_MAY_BE_ABSENT: Final = ("ward",)
"""The built-in facts of which a line may hold no value; one that a pack declares may always be unknown."""

_Values = tuple[str, ...]


def combinations_of(
    figures: tuple[Figure, ...], declared: Iterable[DeclaredFact] = (), single: tuple[str, ...] = ()
) -> Iterator[tuple[Facts, int]]:
    """Every combination of the facts that the figures name, with every step of the price in micro-yuan.

    Values that no row tells apart count as one. ``single`` are facts that hold one value here,
    though they may hold several elsewhere. Raises Invalid when there are too many.
    """
    whens = [row.when for figure in figures for row in figure.rows]
    own = _declared(declared)
    names = dict.fromkeys(name for when in whens for name in when.fact_names())
    path = figures[0].path
    choices = [_choices(name, whens, own, path, several=name not in single) for name in names]
    prices = (0, *price_steps(whens))
    count = math.prod(map(len, choices)) * len(prices)
    if count > COMBINATIONS_MOST:
        raise _too_many(path, f"{count} combinations")
    for held in itertools.product(*choices):
        for price_micro in prices:
            yield dict(zip(names, held, strict=True)), price_micro


def _declared(facts: Iterable[DeclaredFact]) -> Mapping[str, _Values | None]:
    """The values of each declared fact, of all versions of it; None for a number."""
    found: dict[str, _Values | None] = {}
    for fact in facts:
        before = found.get(fact.name) or ()
        found[fact.name] = None if fact.values is None else (*before, *fact.values)
    return found


def _choices(
    name: str, whens: list[When], declared: Mapping[str, _Values | None], path: str, *, several: bool
) -> tuple[_Values, ...]:
    """What the fact may hold: each value alone, or, where it holds several, any subset.

    Of a fact that holds several, values that no row names count as none, since holding them as
    well changes nothing.
    """
    tests = [wanted for when in whens for fact, wanted in when.tests if fact == name]
    steps = [least for when in whens for fact, least in when.least if fact == name]
    told_apart: dict[tuple[bool, ...], str] = {}
    for value in _values(name, tests, steps, declared):
        asked = (*(value in test for test in tests), *(int(value) >= step for step in steps))
        told_apart.setdefault(asked, value)
    alone = tuple((value,) for value in told_apart.values())
    if name not in SEVERAL_VALUED or not several:
        return (*alone, ()) if name in declared or name in _MAY_BE_ABSENT else alone
    apart = tuple(value for asked, value in told_apart.items() if any(asked))
    if len(apart) > COMBINATIONS_MOST.bit_length():
        raise _too_many(path, f"{2 ** len(apart)} combinations of {name} alone")
    return tuple(subset for size in range(len(apart) + 1) for subset in itertools.combinations(apart, size))


def _values(
    name: str, tests: list[_Values], steps: list[int], declared: Mapping[str, _Values | None]
) -> Iterable[str]:
    """Values enough to find every way in which the rows tell them apart."""
    known = declared[name] if name in declared else FACT_VALUES[name]
    if known is not None:
        return known
    named = dict.fromkeys(value for test in tests for value in test)
    if name not in declared:
        return (*named, _OTHER)
    asked = [int(value) for value in named]
    return map(str, sorted({0, *steps, *asked, *(number + 1 for number in asked)}))


def _too_many(path: str, counted: str) -> Invalid:
    message = (
        f"too many to compare with the shipped figure: its rows tell {counted} apart, "
        f"and at most {COMBINATIONS_MOST} are compared; name fewer facts or values"
    )
    return Invalid("floors", [Fault(0, path, message)])
