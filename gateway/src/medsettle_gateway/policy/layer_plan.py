"""A layer's figures, resolved for one combination of facts."""

from collections.abc import Iterator
from dataclasses import dataclass

from medsettle_gateway.domain.counters import CounterKey, Measure
from medsettle_gateway.policy.facts import TRUE, Facts
from medsettle_gateway.policy.gates import refusal_of
from medsettle_gateway.policy.layer import BasePart, Layer, Mode
from medsettle_gateway.policy.limits import Inside, Limit, Period
from medsettle_gateway.policy.rows import Figure, Resolved, Row


@dataclass(frozen=True, slots=True)
class LayerPlan:
    """What a layer does for these facts.

    ``is_for`` False: the person is outside ``who``, so it pays nothing. ``parts`` are base and
    ratio. ``threshold``, ``share`` (of a guarantee) and ``leaves`` are None where the layer has none.
    ``insides`` are the limits inside the cap that count a settlement like this; their figures are None
    where the cap is none: then they do not hold, yet what is paid is counted.
    """

    layer: Layer
    is_for: bool
    is_charged: bool
    threshold: Resolved | None
    parts: tuple[tuple[BasePart, Resolved], ...]
    share: Resolved | None
    leaves: Resolved | None
    cap: Resolved | None
    insides: tuple[tuple[Inside, Resolved | None], ...]
    missing: Figure | None
    assumed: Row | None

    @classmethod
    def of(cls, layer: Layer, facts: Facts, who_order: tuple[str, ...], benefit: str) -> "LayerPlan":
        """Resolve a layer after a benefit; for a person whom it is not for nothing is looked up."""
        is_for = refusal_of(layer.who, who_order, facts) is None
        is_stay = facts["stay"] == (TRUE,)
        counting = [each for each in layer.cap.inside if each.counts(benefit, is_stay=is_stay)]
        figures = list(_figures(layer)) if is_for else []
        cap = layer.cap.figure.resolve(facts) if is_for else None
        if cap is not None and cap.value is not None:
            figures += [inside.figure for inside in counting]
        found = {figure.path: (figure, figure.resolve(facts)) for figure in figures}

        def resolved(figure: Figure | None) -> Resolved | None:
            return None if figure is None or figure.path not in found else found[figure.path][1]

        parts = ((part.of, resolved(part.ratio)) for part in layer.parts)
        insides = ((inside, resolved(inside.figure)) for inside in counting)
        rows = (figure.assumed for _, figure in found.values() if figure is not None)
        return cls(
            layer=layer,
            is_for=is_for,
            is_charged=layer.mode is Mode.SETTLEMENT,
            threshold=resolved(_threshold_figure(layer)),
            parts=tuple((of, ratio) for of, ratio in parts if ratio is not None),
            share=None if layer.guarantee is None else resolved(layer.guarantee.share),
            leaves=None if layer.leaves is None else resolved(layer.leaves.amount),
            cap=cap,
            insides=tuple(insides),
            missing=next((figure for figure, value in found.values() if value is None), None),
            assumed=next((row for row in rows if row is not None), None),
        )

    def threshold_keys(self, year: str, stay: str) -> tuple[CounterKey, ...]:
        """The counters of the threshold; none where it looks at what the patient bore."""
        limit = self.layer.threshold
        if limit is None or limit.of is not None:
            return ()
        return keys_of(limit, "deductible", year, stay)

    def cap_keys(self, year: str, stay: str) -> tuple[CounterKey, ...]:
        """The counters of what the layer paid."""
        return keys_of(self.layer.cap, "paid", year, stay)

    def inside_keys(self, inside: Inside, year: str, stay: str) -> tuple[CounterKey, ...]:
        """The counter of a limit inside the cap; none where it has no period here."""
        period = stay if self.layer.cap.period is Period.STAY else year
        return (CounterKey(period, f"{self.layer.id}/{inside.id}", "paid"),) if period else ()


def keys_of(limit: Limit, measure: Measure, year: str, stay: str) -> tuple[CounterKey, ...]:
    """The counters of a limit in its period; none where it has no period here."""
    if limit.period is Period.NONE:
        return ()
    period = stay if limit.period is Period.STAY else year
    return limit.keys(measure, period) if period else ()


def _figures(layer: Layer) -> Iterator[Figure]:
    """The figures that a layer needs of everybody, in the order in which they are used."""
    threshold = _threshold_figure(layer)
    if threshold is not None:
        yield threshold
    for part in layer.parts:
        yield part.ratio
    if layer.guarantee is not None:
        yield layer.guarantee.share
    if layer.leaves is not None:
        yield layer.leaves.amount
    yield layer.cap.figure


def _threshold_figure(layer: Layer) -> Figure | None:
    if layer.threshold is None or layer.threshold.period is Period.NONE:
        return None
    return layer.threshold.figure
