"""The figures by which one benefit, or one filed condition of it, is paid."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from medsettle_gateway.domain.counters import CounterKey
from medsettle_gateway.policy.benefit import Benefit
from medsettle_gateway.policy.facts import Facts
from medsettle_gateway.policy.limits import Period, Within, keys_in
from medsettle_gateway.policy.rows import Figure, Resolved, Row

Keys = tuple[CounterKey, ...]

_STAY: Final = Period.STAY


@dataclass(frozen=True, slots=True)
class FundPlan:
    """Ratio (or bands) and cap for these facts; ``condition`` None is the whole benefit.

    ``missing`` is the first figure without an applicable row, ``assumed`` the first row that the
    document does not give. A band is its upper end in fen (None: no end) and its ratio. ``counters``
    are the names under which it is counted what the fund paid; ``within`` are limits around the cap.
    """

    benefit: Benefit
    condition: str | None
    ratio: Resolved | None
    bands: tuple[tuple[int | None, Resolved], ...]
    cap: Resolved | None
    missing: Figure | None
    assumed: Row | None
    counters: tuple[str, ...]
    within: tuple[tuple[Within, Resolved], ...]

    @classmethod
    def of(cls, benefit: Benefit, facts: Facts, condition: str | None) -> "FundPlan":
        """Resolve the figures of a benefit, or of one of its conditions."""
        found = [(figure, figure.resolve(facts)) for figure in _figures(benefit)]
        around = [(each, each.figure.resolve(facts)) for each in benefit.cap.within]
        *ratios, cap = (resolved for _, resolved in found)
        found += [(each.figure, resolved) for each, resolved in around]
        bands: tuple[tuple[int | None, Resolved], ...] = ()
        if benefit.bands is not None:
            ends = (band.up_to_fen for band in benefit.bands.bands)
            bands = tuple((end, r) for end, r in zip(ends, ratios, strict=True) if r is not None)
        assumed = (resolved.assumed for _, resolved in found if resolved is not None)
        return cls(
            benefit=benefit,
            condition=condition,
            ratio=None if benefit.bands is not None else ratios[0],
            bands=bands,
            cap=cap,
            missing=next((figure for figure, resolved in found if resolved is None), None),
            assumed=next((row for row in assumed if row is not None), None),
            counters=tuple(_counter(benefit, each, condition) for each in benefit.cap.counters),
            within=tuple((each, resolved) for each, resolved in around if resolved is not None),
        )

    def paid_keys(self, year: str, stay: str) -> Keys:
        """The counters of what the fund paid; ``stay`` is the period of the stay, or ""."""
        period = stay if self.benefit.cap.period is _STAY else year
        return keys_in(period, self.counters, "paid") if period else ()

    def within_keys(self, within: Within, year: str, stay: str) -> Keys:
        """The counter of a limit around the cap."""
        period = stay if self.benefit.cap.period is _STAY else year
        return keys_in(period, (within.counter,), "paid") if period else ()

    def band_key(self, period: str) -> CounterKey:
        """The counter of what went through the bands in a period."""
        return CounterKey(period, _counter(self.benefit, self.benefit.id, self.condition), "banded")


def _counter(benefit: Benefit, counter: str, condition: str | None) -> str:
    """A condition is counted as ``<benefit>/<condition>``; a counter that the pack names is shared."""
    if condition is None or counter != benefit.id:
        return counter
    return f"{counter}/{condition}"


def _figures(benefit: Benefit) -> Iterator[Figure]:
    if benefit.bands is None:
        yield benefit.ratio
    else:
        yield from (band.ratio for band in benefit.bands.bands)
    yield benefit.cap.figure
