"""What holds for every settlement, whatever a case expects."""

from collections.abc import Iterator
from typing import Final

from medsettle_gateway.domain.breakdown import Breakdown
from medsettle_gateway.policy.trace import Step, TraceEntry, replay

_OF_FUNDS: Final = (Step.RATIO, Step.BANDED)
_OF_LAYERS: Final = (Step.LAYER_RATIO, Step.LEAVES, Step.GUARANTEE)
_PAID_BY_LAYERS: Final = (Step.LAYER, Step.AFTERWARDS)

Broken = tuple[str, str, str, tuple[TraceEntry, ...]]
"""What kind of truth, which one, what is the case, and the steps that show it."""


def broken(breakdown: Breakdown, trace: tuple[TraceEntry, ...]) -> Iterator[Broken]:
    """Every identity that does not hold, and a trace that does not come to the breakdown."""
    for identity in breakdown.broken_identities():
        yield "identity", identity, "does not hold", trace
    for entry, base_fen in _over_base(trace):
        paid = f"{entry.amount_fen} fen of {base_fen} fen"
        yield "identity", "no fund pays more than its base", paid, (entry,)
    if replay(trace) != breakdown:
        yield "trace", "rebuilds the breakdown", "does not", trace


def _over_base(trace: tuple[TraceEntry, ...]) -> Iterator[tuple[TraceEntry, int]]:
    """The payments of funds and layers beyond what they are paid on, each with its base in fen.

    The parts of a layer are paid together on the bases of all of them.
    """
    base_fen = 0
    for entry in trace:
        if entry.step in (*_OF_FUNDS, *_OF_LAYERS):
            base_fen += _base_fen(entry)
        elif entry.step is Step.FUND or entry.step in _PAID_BY_LAYERS:
            if entry.amount_fen > base_fen:
                yield entry, base_fen
            base_fen = 0


def _base_fen(entry: TraceEntry) -> int:
    inputs = dict(entry.inputs)
    if entry.step is Step.GUARANTEE:
        return _fen(inputs["total_fen"]) - _fen(inputs["funds_fen"])
    return _fen(inputs["left_fen" if entry.step is Step.LEAVES else "base_fen"])


def _fen(value: str | int | None) -> int:
    return value if isinstance(value, int) else 0
