"""Names that limits are counted under: which are shared, and which look like a mistake."""

from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from typing import NamedTuple

from medsettle_gateway.domain.counters import Measure
from medsettle_gateway.policy.check_rows import Said
from medsettle_gateway.policy.finding import Level
from medsettle_gateway.policy.limits import Limit, Period
from medsettle_gateway.policy.load_together import is_stay
from medsettle_gateway.policy.plan import Rules
from medsettle_gateway.policy.reading import child
from medsettle_gateway.policy.rows import Figure


class Use(NamedTuple):
    """A limit that is counted under a name; ``own`` is the name that it has by itself.

    ``rows`` say what it is, so that limits of one name can be compared.
    """

    counter: str
    measure: Measure
    period: Period
    own: str
    path: str
    rows: tuple[object, ...]


def check_counters(rules: Rules, others: Sequence[Rules] = ()) -> Iterator[Said]:
    """What several limits are counted under, in pack order, and names that only one limit uses.

    ``others`` are the region's other packs for the same people: their limits count under the same names.
    """
    ours = tuple(_uses(rules))
    elsewhere = dict.fromkeys((each.pack, use) for each in others for use in _uses(each))
    told: set[tuple[str, Measure, Period]] = set()
    for use in ours:
        key = (use.counter, use.measure, use.period)
        sharing = [other for other in ours if other[:3] == key and other is not use]
        beyond = [(pack, other) for pack, other in elsewhere if other[:3] == key]
        if use.own != use.counter and not sharing and not beyond:
            yield use.path, Level.WARNING, _alone(use, (*ours, *(other for _, other in elsewhere)))
        elif (sharing or beyond) and key not in told:
            told.add(key)
            yield use.path, *_shared(use, sharing, beyond)
    yield from _conditions(rules)
    yield from _stays(rules)


def _alone(use: Use, known: Iterable[Use]) -> str:
    names = dict.fromkeys(other.counter for other in known if other.measure == use.measure)
    near = get_close_matches(use.counter, [name for name in names if name != use.counter], 1)
    hint = f"; did you mean {near[0]}?" if near else ""
    return f"nothing else is counted under {use.counter}, so it is shared with nothing{hint}"


def _shared(use: Use, sharing: Sequence[Use], beyond: Sequence[tuple[str, Use]]) -> tuple[Level, str]:
    named = [other.path for other in sharing] + [f"{other.path} of {pack}" for pack, other in beyond]
    others = ", ".join(named)
    differ = any(other.rows != use.rows for other in (*sharing, *(other for _, other in beyond)))
    if differ and use.measure == "paid":
        return Level.WARNING, (
            f"{use.counter} is counted by {others} too, with other amounts: each holds its own amount "
            "against what all of them paid, and the smallest ends first. A limit around several caps is "
            "written under `cap.within`, with an amount of its own"
        )
    return Level.INFO, f"{use.counter} is counted by {others} too: what one takes is gone for all"


def _uses(rules: Rules) -> Iterator[Use]:
    for benefit in rules.benefits:
        if benefit.has_deductible:
            yield from _of_limit(benefit.deductible, "deductible", benefit.id)
        for use in _of_limit(benefit.cap, "paid", benefit.id):
            # Where each condition has its own cap, the benefit's own name is one of each condition.
            if not benefit.by_condition or use.counter != benefit.id:
                yield use
        for within in benefit.cap.within:
            rows = _rows(within.figure)
            yield Use(within.counter, "paid", benefit.cap.period, "", within.figure.path, rows)
    for layer in rules.layers:
        if layer.threshold is not None:
            yield from _of_limit(layer.threshold, "deductible", layer.id)
        yield from _of_limit(layer.cap, "paid", layer.id)


def _of_limit(limit: Limit, measure: Measure, own: str) -> Iterator[Use]:
    rows = _rows(limit.figure)
    for counter in limit.counters:
        yield Use(counter, measure, limit.period, own, limit.path, rows)


def _rows(figure: Figure) -> tuple[object, ...]:
    return tuple((row.when, row.action, row.value) for row in figure.rows)


def _conditions(rules: Rules) -> Iterator[Said]:
    for benefit in rules.benefits:
        if benefit.by_condition and benefit.id not in benefit.cap.counters:
            message = (
                f"no cap is counted by condition, though it says `per: condition`: {benefit.id} itself is "
                "not among its counters"
            )
            yield benefit.cap.path, Level.WARNING, message


def _stays(rules: Rules) -> Iterator[Said]:
    for layer in rules.layers:
        open_to = [each.id for each in rules.benefits if layer.id in each.layers and not is_stay(each)]
        for limit in (layer.threshold, layer.cap):
            if limit is not None and limit.period is Period.STAY and open_to:
                message = (
                    f"it follows {', '.join(open_to)}, which may be had without a stay: there it counts "
                    "nothing and begins anew with every ticket"
                )
                yield child(limit.path, "period"), Level.WARNING, message
