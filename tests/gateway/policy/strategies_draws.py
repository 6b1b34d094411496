"""Cheap draws: a world takes hundreds, and a strategy made anew for each would cost more than the draw."""

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from hypothesis import strategies as st

Drawn = TypeVar("Drawn")
Draw = Callable[[st.SearchStrategy[Any]], Any]


@lru_cache(maxsize=256)
def _numbers(least: int, most: int) -> st.SearchStrategy[int]:
    return st.integers(least, most)


def between(draw: Draw, least: int, most: int) -> int:
    """A whole number, both ends included; it shrinks to the least."""
    return int(draw(_numbers(least, most)))


def flips(draw: Draw) -> bool:
    """True or False; it shrinks to False."""
    return between(draw, 0, 1) == 1


def once_in(draw: Draw, times: int) -> bool:
    """True about once in so many draws; it shrinks to False."""
    return between(draw, 0, times - 1) == times - 1


def choice(draw: Draw, values: Iterable[Drawn]) -> Drawn:
    """One of the values; it shrinks to the first."""
    known: Sequence[Drawn] = values if isinstance(values, Sequence) else tuple(values)
    return known[between(draw, 0, len(known) - 1)]


def some(draw: Draw, values: Iterable[Drawn], least: int = 1, most: int | None = None) -> list[Drawn]:
    """Some of the values in any order, each at most once."""
    rest = list(values)
    highest = len(rest) if most is None else min(most, len(rest))
    count = between(draw, min(least, highest), highest)
    return [rest.pop(between(draw, 0, len(rest) - 1)) for _ in range(count)]


def perhaps(draw: Draw, strategy: st.SearchStrategy[Any]) -> Any:
    """A value, or None as often."""
    return draw(strategy) if flips(draw) else None
