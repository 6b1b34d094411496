"""Draws what a patient had used of the year before a basket: of deductibles, caps and thresholds."""

import random
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from medsettle_gateway.domain.counters import Measure
from medsettle_gateway.domain.money import format_fen
from medsettle_gateway.policy.benefit import Benefit
from medsettle_gateway.policy.limits import Period
from medsettle_gateway.policy.plan import Rules
from medsettle_gateway.policy.rows import Figure, RowAction

_SHARES: Final = {0: 5, 30: 2, 70: 2, 95: 1, 100: 2}
"""How much of a limit is used up, in percent, and how often: many begin the year, some are at its end."""

_UNLIMITED_FEN: Final = 300_000
_BORNE_MOST_FEN: Final = 3_000_000

_Held = tuple[Measure, str, Figure]


def used_before(
    rng: random.Random, rules: Rules, benefit: Benefit, filed: Sequence[str]
) -> dict[Measure, dict[str, str]]:
    """The ``year_to_date`` of a basket under a benefit: amounts in yuan by measure and name.

    No counter is above the least amount that any limit under its name has.
    """
    used: dict[Measure, dict[str, str]] = {}
    for measure, counter, most_fen in _limits(rng, rules, benefit, filed):
        used_fen = most_fen * rng.choices(list(_SHARES), list(_SHARES.values()))[0] // 100
        used.setdefault(measure, {})[counter] = format_fen(used_fen)
    for accumulator in rules.accumulators:
        borne_fen = rng.randrange(_BORNE_MOST_FEN) if rng.randrange(3) == 0 else rng.randrange(50_000)
        used.setdefault("borne", {})[accumulator.value] = format_fen(borne_fen)
    return used


def _limits(
    rng: random.Random, rules: Rules, benefit: Benefit, filed: Sequence[str]
) -> Iterator[tuple[Measure, str, int]]:
    """Each counter once, with the most that may have been used of it."""
    most: dict[tuple[Measure, str], int] = {}
    for measure, counter, figure in (*_of_benefit(benefit, filed), *_of_layers(rules, benefit)):
        amounts = [row.value for row in figure.rows if row.action is RowAction.REPLACES and row.value > 0]
        most_fen = rng.choice(amounts) if amounts else _UNLIMITED_FEN
        key = (measure, counter)
        most[key] = min(most.get(key, most_fen), most_fen)
    for (measure, counter), most_fen in most.items():
        yield measure, counter, most_fen


def _of_benefit(benefit: Benefit, filed: Sequence[str]) -> Iterator[_Held]:
    if benefit.deductible.period is Period.YEAR:
        for counter in benefit.deductible.counters:
            yield "deductible", counter, benefit.deductible.figure
    if benefit.cap.period is Period.YEAR:
        for counter in benefit.cap.counters:
            for name in _names(benefit, counter, filed):
                yield "paid", name, benefit.cap.figure
        for within in benefit.cap.within:
            yield "paid", within.counter, within.figure


def _names(benefit: Benefit, counter: str, filed: Sequence[str]) -> Iterable[str]:
    """The benefit's own name is counted for each condition where its cap is one of each."""
    if benefit.by_condition and counter == benefit.id:
        return [f"{counter}/{condition}" for condition in filed]
    return [counter]


def _of_layers(rules: Rules, benefit: Benefit) -> Iterator[_Held]:
    for layer in rules.layers:
        if layer.id not in benefit.layers:
            continue
        threshold = layer.threshold
        if threshold is not None and threshold.period is Period.YEAR:
            for counter in threshold.counters:
                yield "deductible", counter, threshold.figure
        if layer.cap.period is Period.YEAR:
            for counter in layer.cap.counters:
                yield "paid", counter, layer.cap.figure
