"""Drugs of the days around a settlement: which window of days counts most.

A rule of fifteen days holds for every fifteen days in a row. For a sale of today the window that ends
today holds most of what was handed out; a claim for an earlier day may lie in a fuller one.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta

from medsettle_gateway.domain.basket import Dispensed


def kinds_before(
    dispensed: Sequence[Dispensed], day: date, days: int, benefit: str
) -> tuple[tuple[str, ...], ...]:
    """The distinct drugs, in the order of their days, of each window around ``day``.

    Those settled under the benefit count; where nobody said under which, those for a condition.
    """
    counted = [each for each in dispensed if _is_kind(each, benefit)]
    kinds = (tuple(dict.fromkeys(each.name for each in window)) for window in _windows(counted, day, days))
    return tuple(dict.fromkeys(kinds))


def days_before(dispensed: Sequence[Dispensed], day: date, days: int) -> dict[str, int]:
    """Of each drug the days of supply in the window around ``day`` that holds most of them."""
    most: dict[str, int] = {}
    for window in _windows(dispensed, day, days):
        for name, supplied in _supplied(window).items():
            most[name] = max(most.get(name, 0), supplied)
    return most


def day_with_room(dispensed: Sequence[Dispensed], day: date, days: int, most: int) -> date | None:
    """The first day after ``day`` whose window holds at most so many days of supply; None if it does now."""
    held = sorted((each.on, each.days_supply or 0) for each in dispensed if (day - each.on).days < days)
    left = sum(supplied for _, supplied in held)
    free_on = None
    for on, supplied in held:
        if left <= most:
            break
        left -= supplied
        free_on = on + timedelta(days=days)
    return free_on


def _is_kind(each: Dispensed, benefit: str) -> bool:
    return each.condition is not None if each.benefit is None else each.benefit == benefit


def _windows(dispensed: Sequence[Dispensed], day: date, days: int) -> Iterator[list[Dispensed]]:
    """Every window of so many days that holds the day: it begins as early as it may, or with a drug."""
    begins = day - timedelta(days=days - 1)
    near = (each for each in dispensed if abs((each.on - day).days) < days)
    around = sorted(near, key=lambda each: each.on)
    starts = [begins]
    if around and around[-1].on > day:
        starts += dict.fromkeys(each.on for each in around if begins < each.on <= day)
        starts += [] if day in starts else [day]
    for start in starts:
        yield [each for each in around if start <= each.on < start + timedelta(days=days)]


def _supplied(window: Iterable[Dispensed]) -> dict[str, int]:
    supplied: dict[str, int] = {}
    for each in window:
        supplied[each.name] = supplied.get(each.name, 0) + (each.days_supply or 0)
    return supplied
