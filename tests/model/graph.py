"""Walks a finite graph breadth-first: finds the shortest way to a broken rule, and what never ends."""

import gc
from array import array
from collections.abc import Callable, Hashable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

S = TypeVar("S", bound=Hashable)
T = TypeVar("T", bound=Hashable)

STATES_MAX = 3_000_000


class Move(NamedTuple, Generic[S]):
    """One thing that may happen. ``fair``: it does happen, sooner or later, once the line is good; ``alone``:
    even if no till ever comes back.
    """

    what: str
    to: S
    fair: bool
    alone: bool = False


class Broken(Exception):  # noqa: N818 - what the walk finds, not a fault of the walk
    """A rule does not hold; the text says which, and how it came about."""


class Interned(Generic[T]):
    """Values as small numbers, so that a state is a tuple of them."""

    def __init__(self) -> None:
        self.values: list[T] = []
        self._numbers: dict[T, int] = {}

    def number(self, value: T) -> int:
        """Returns the number of a value, a new one for a new value."""
        number = self._numbers.setdefault(value, len(self.values))
        if number == len(self.values):
            self.values.append(value)
        return number


@dataclass
class Walk(Generic[S]):
    """What was reached: states in the order of their discovery, and how each was reached first."""

    states: list[S]
    parents: "array[int]"
    labels: list[str]
    fair: list[tuple[int, int]]
    alone: list[tuple[int, int]]

    def way_to(self, number: int) -> Iterator[str]:
        """Returns what happened up to the state, one thing a line."""
        steps: list[str] = []
        while self.parents[number] >= 0:
            steps.append(self.labels[number])
            number = self.parents[number]
        return reversed(steps)

    def told(self, rule: str, number: int, described: str) -> Broken:
        """Returns the counterexample as a text to read."""
        steps = [f"  {count:>2}. {what}" for count, what in enumerate(self.way_to(number), 1)]
        return Broken("\n".join((rule, *steps, f"  => {described}")))


@contextmanager
def _uncollected() -> Iterator[None]:
    """No state is part of a circle: the collector would look through millions of them again and again."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@_uncollected()
def walk(
    starts: Iterable[S],
    moves: Callable[[S], Iterable[Move[S]]],
    rule: Callable[[S], str | None],
    describe: Callable[[S], str],
) -> Walk[S]:
    """Returns everything that can be reached. Raises Broken at the first state that breaks a rule."""
    found = Walk[S]([], array("l"), [], [], [])
    known: dict[S, int] = {}

    def meet(state: S, parent: int, label: str) -> int:
        number = known.setdefault(state, len(found.states))
        if number == len(found.states):
            found.states.append(state)
            found.parents.append(parent)
            found.labels.append(label)
            broken = rule(state)
            if broken is not None:
                raise found.told(broken, number, describe(state))
        return number

    for start in starts:
        meet(start, -1, "")
    at = 0
    while at < len(found.states):
        for move in moves(found.states[at]):
            number = meet(move.to, at, move.what)
            if move.fair:
                found.fair.append((at, number))
            if move.alone:
                found.alone.append((at, number))
        at += 1
        if at > STATES_MAX:
            raise Broken(f"more than {STATES_MAX} states: the bounds of the model are too wide")
    return found


@_uncollected()
def check_all_end(
    found: Walk[S], edges: list[tuple[int, int]], is_end: Callable[[S], bool], describe: Callable[[S], str]
) -> None:
    """Raises Broken unless every state can reach an end by these moves.

    The graph is finite, and what is fair happens at last: then every way through such moves ends.
    """
    count = len(found.states)
    befores: list[list[int]] = [[] for _ in range(count)]
    for source, target in edges:
        befores[target].append(source)
    ends = bytearray(is_end(state) for state in found.states)
    waiting = [number for number in range(count) if ends[number]]
    while waiting:
        for before in befores[waiting.pop()]:
            if not ends[before]:
                ends[before] = 1
                waiting.append(before)
    for number in range(count):
        if not ends[number]:
            raise found.told("it never ends", number, describe(found.states[number]))
