"""Reads the amounts by id that a case file names: what was used before, and what is used afterwards."""

from collections.abc import Mapping
from typing import Final

from medsettle_gateway.domain.counters import CounterKey, Measure
from medsettle_gateway.domain.money import parse_fen
from medsettle_gateway.policy.limits import Accumulator
from medsettle_gateway.policy.reading import Reader, child

ByMeasure = Mapping[tuple[Measure, str], int]
"""Measure and id -> amount in fen."""

OF_A_YEAR: Final[tuple[Measure, ...]] = ("deductible", "paid", "borne", "banded")
"""What is counted in a benefit year."""

OF_A_STAY: Final[tuple[Measure, ...]] = ("deductible", "paid", "banded")
"""What is counted over the bills of one stay."""


def read_amounts(reader: Reader, value: object, path: str) -> dict[str, int]:
    """Amounts in fen by id; nothing written is no amounts."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        reader.fault(path, "expected a mapping of ids to amounts")
        return {}
    return {
        str(id_): reader.number(amount, child(path, str(id_)), parse_fen) for id_, amount in value.items()
    }


def read_by_measure(
    reader: Reader, value: object, path: str, measures: tuple[Measure, ...]
) -> dict[tuple[Measure, str], int]:
    """Amounts in fen by measure and id; only these measures are known here."""
    data = reader.mapping({} if value is None else value, path, measures)
    found: dict[tuple[Measure, str], int] = {}
    for measure in measures:
        at = child(path, measure)
        amounts = read_amounts(reader, data.get(measure), at)
        if measure == "borne":
            _check_accumulators(reader, amounts, at)
        found |= {(measure, id_): amount_fen for id_, amount_fen in amounts.items()}
    return found


def as_counters(amounts: ByMeasure, period: str) -> dict[CounterKey, int]:
    """The amounts as counters of one period."""
    return {CounterKey(period, id_, measure): fen for (measure, id_), fen in amounts.items()}


def _check_accumulators(reader: Reader, amounts: Mapping[str, int], path: str) -> None:
    known = tuple(each.value for each in Accumulator)
    for name in amounts:
        if name not in known:
            reader.fault(child(path, name), f"what a patient bore is one of {', '.join(known)}")
