"""Figures that differ between people or places: lists of rows, read from the top.

A row replaces what stood before, adds to it, or says that there is none. A row without
``when`` always applies.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

from medsettle_gateway.domain.money import RATIO_ONE_PPM, format_fen, format_ratio, format_unit_price
from medsettle_gateway.policy.facts import Facts

_T = TypeVar("_T")


class Force(StrEnum):
    """How firmly the document gives a figure."""

    EXACT = "exact"
    FLOOR = "floor"
    CEILING = "ceiling"
    ASSUMED = "assumed"


class FigureKind(StrEnum):
    """What a figure measures; the value is the key that a replacing row carries."""

    AMOUNT = "amount"
    """Fen. ``none`` is 0: a deductible, a threshold."""
    LIMIT = "limit"
    """Fen, written ``amount``. ``none`` is no limit: a cap."""
    RATIO = "ratio"
    """Parts per million. There is no ``none``."""
    SHARE = "share"
    """Parts per million. ``none`` is 0."""
    UNIT_PRICE = "unit_price"
    """Micro-yuan. ``none`` is no limit: a ceiling."""

    @property
    def row_key(self) -> str:
        """The key of a replacing row."""
        return "amount" if self is FigureKind.LIMIT else self.value

    @property
    def is_share(self) -> bool:
        """Is the figure confined to 0 to 1?"""
        return self in (FigureKind.RATIO, FigureKind.SHARE)

    @property
    def none_is_unlimited(self) -> bool:
        """Does ``none`` mean "no limit" rather than 0?"""
        return self in (FigureKind.LIMIT, FigureKind.UNIT_PRICE)


class RowAction(StrEnum):
    """What a row does to the figure."""

    REPLACES = "replaces"
    NONE = "none"
    ADDS = "adds"


@dataclass(frozen=True, slots=True)
class When:
    """The condition of a row: every fact named must match, a list meaning "one of"."""

    tests: tuple[tuple[str, tuple[str, ...]], ...] = ()
    unit_price_at_least_micro: int | None = None
    least: tuple[tuple[str, int], ...] = ()
    """Declared facts that are numbers, and the least that each must be."""

    def matches(self, facts: Facts, unit_price_micro: int = 0) -> bool:
        """Does the row apply, at this unit price (the lower end of a price band)?"""
        least = self.unit_price_at_least_micro
        if least is not None and unit_price_micro < least:
            return False
        if not all(reaches(facts, fact, number) for fact, number in self.least):
            return False
        return all(holds(facts, fact, wanted) for fact, wanted in self.tests)

    def fact_names(self) -> tuple[str, ...]:
        """The facts that the condition names."""
        return tuple(fact for fact, _ in (*self.tests, *self.least))


def holds(facts: Facts, fact: str, wanted: tuple[str, ...]) -> bool:
    """Does the fact hold any of the wanted values?"""
    return any(value in wanted for value in facts[fact])


def reaches(facts: Facts, fact: str, least: int) -> bool:
    """Does the fact hold a number that is not below ``least``? What is no number does not."""
    return any(value.isdecimal() and int(value) >= least for value in facts[fact])


ALWAYS = When()


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a figure; ``value`` is in the figure's unit, signed for ``ADDS``."""

    path: str
    when: When
    action: RowAction
    value: int
    clause: str
    force: Force = Force.EXACT


@dataclass(frozen=True, slots=True)
class Resolved:
    """A figure for one combination of facts; ``value`` None is "no limit".

    ``row`` replaced last and ``adds`` were added to it, in order. ``rule`` are the pack paths
    and ``clause`` the clauses of all of them. ``parts`` are their figures, ``"500000+50000"``,
    where there is more than one: they need not sum to ``value``, since each ``add`` stops at the
    bounds.
    """

    value: int | None
    row: Row
    adds: tuple[Row, ...] = ()
    rule: str = field(init=False)
    clause: str = field(init=False)
    parts: str | None = field(init=False)

    @property
    def assumed(self) -> Row | None:
        """The first of its rows that the document does not give, or None."""
        return next((row for row in (self.row, *self.adds) if row.force is Force.ASSUMED), None)

    def __post_init__(self) -> None:
        rows = (self.row, *self.adds)
        object.__setattr__(self, "rule", " + ".join(row.path for row in rows))
        clauses = _distinct(row.clause for row in rows if row.clause)
        object.__setattr__(self, "clause", "、".join(clauses))
        added = "".join(f"{row.value:+d}" for row in self.adds)
        object.__setattr__(self, "parts", f"{self.row.value}{added}" if added else None)


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of a pack: its path, what it measures, and its rows from the top."""

    path: str
    kind: FigureKind
    rows: tuple[Row, ...] = ()

    def resolve(self, facts: Facts, unit_price_micro: int = 0) -> Resolved | None:
        """The figure for these facts, or None when no row replaced anything."""
        found: Resolved | None = None
        for row in self.rows:
            if not row.when.matches(facts, unit_price_micro):
                continue
            if row.action is not RowAction.ADDS:
                found = Resolved(self._replacing(row), row)
            elif found is not None and found.row.action is not RowAction.NONE:
                found = Resolved(self._added(found.value, row), found.row, (*found.adds, row))
        return found

    def fact_names(self) -> tuple[str, ...]:
        """The facts that any row names, in the order of their first mention."""
        return _distinct(fact for row in self.rows for fact in row.when.fact_names())

    def _replacing(self, row: Row) -> int | None:
        if row.action is RowAction.NONE:
            return None if self.kind.none_is_unlimited else 0
        return row.value

    def _added(self, value: int | None, row: Row) -> int | None:
        if value is None:
            return None
        total = max(0, value + row.value)
        return min(total, RATIO_ONE_PPM) if self.kind.is_share else total


def written(kind: FigureKind, value: int | None) -> str:
    """A value as a row writes it; ``none`` where there is no limit."""
    if value is None:
        return "none"
    if kind.is_share:
        return format_ratio(value)
    return format_unit_price(value) if kind is FigureKind.UNIT_PRICE else format_fen(value)


def price_steps(whens: Iterable[When]) -> tuple[int, ...]:
    """The distinct ``unit_price_at_least`` of these conditions, ascending, in micro-yuan."""
    least = (when.unit_price_at_least_micro for when in whens)
    return tuple(sorted(_distinct(price for price in least if price is not None)))


def _distinct(values: Iterable[_T]) -> tuple[_T, ...]:
    return tuple(dict.fromkeys(values))
