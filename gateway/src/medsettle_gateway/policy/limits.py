"""Limits that are counted: deductibles, thresholds and caps, over a year or a stay.

A limit is counted under the names of its ``counters``, by default the id of the benefit or layer:
all of them hold, and all of them move.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final

from medsettle_gateway.domain.counters import CounterKey, Measure
from medsettle_gateway.policy.rows import Figure

STAY_PERIOD: Final = "stay/"
"""Begins the period of a counter that is kept for one stay."""

KEYS_KEPT: Final = 4096
"""Counters that are kept ready; beyond, those not used for longest are dropped and made anew."""


class Period(StrEnum):
    """Over what a limit runs; ``none``: there is no such limit at all."""

    YEAR = "year"
    STAY = "stay"
    NONE = "none"


class Accumulator(StrEnum):
    """What the patient bore in the year, after every fund that is charged and before accounts."""

    PERSONAL = "personal"
    """The whole personal part."""
    IN_SCOPE = "in_scope"
    """The part of it within policy."""

    def key(self, period: str) -> CounterKey:
        """The counter that keeps it."""
        return CounterKey(period, self.value, "borne")


@dataclass(frozen=True, slots=True)
class Inside:
    """A limit inside a cap, counted as ``<layer>/<id>``.

    ``benefits`` are those whose settlements it counts; None counts every encounter that is not
    a stay.
    """

    id: str
    benefits: tuple[str, ...] | None
    figure: Figure

    def counts(self, benefit: str, *, is_stay: bool) -> bool:
        """Does a settlement under this benefit count?"""
        return not is_stay if self.benefits is None else benefit in self.benefits


@dataclass(frozen=True, slots=True)
class Within:
    """A limit around a cap, shared with other benefits under the name of its counter; it has its own amount.

    ``zh`` and ``en`` are its title, empty where it has none.
    """

    counter: str
    zh: str
    en: str
    figure: Figure


@dataclass(frozen=True, slots=True)
class Limit:
    """A deductible, threshold or cap: its figure, its period, and the names it is counted under.

    ``inside`` are limits inside a cap, ``within`` limits around it. ``of`` is set on a threshold that looks
    at what the patient bore in the year instead of counting its own base.
    """

    path: str
    period: Period
    figure: Figure
    counters: tuple[str, ...] = ()
    inside: tuple[Inside, ...] = ()
    of: Accumulator | None = None
    within: tuple[Within, ...] = ()

    def keys(self, measure: Measure, period: str) -> tuple[CounterKey, ...]:
        """The counters of the limit in a period."""
        return keys_in(period, self.counters, measure)


@lru_cache(maxsize=KEYS_KEPT)
def keys_in(period: str, counters: tuple[str, ...], measure: Measure) -> tuple[CounterKey, ...]:
    """The counters with these names in a period."""
    return tuple(CounterKey(period, name, measure) for name in counters)


def left_of(limit_fen: int | None, used_fen: int) -> int | None:
    """What is left of a limit, never below 0; None is no limit."""
    if limit_fen is None:
        return None
    return limit_fen - used_fen if used_fen < limit_fen else 0
