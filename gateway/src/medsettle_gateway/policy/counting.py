"""The periods and counters of a settlement, and where its limits stand."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from functools import lru_cache

from medsettle_gateway.domain.basket import Encounter, Waiver
from medsettle_gateway.domain.counters import CounterKey, Remainder
from medsettle_gateway.domain.member import Patient
from medsettle_gateway.policy.benefit import Benefit, By
from medsettle_gateway.policy.fund import GroupShare, Periods, Taken, band_key, deductible_keys
from medsettle_gateway.policy.fund_plan import FundPlan
from medsettle_gateway.policy.inputs import CaseInput
from medsettle_gateway.policy.layer_plan import LayerPlan
from medsettle_gateway.policy.limits import STAY_PERIOD, Accumulator
from medsettle_gateway.policy.pack import Pack
from medsettle_gateway.policy.plan import Plan
from medsettle_gateway.policy.running import Running


def period_of(year: int) -> str:
    """The benefit year: the natural year (自然年度)."""
    return str(year)


def stay_period(encounter: Encounter) -> str:
    """The period of a stay, over all its bills; "" where the encounter is none."""
    if encounter.admitted is None:
        return ""
    return STAY_PERIOD + (encounter.stay_id or encounter.admitted.isoformat())


def periods_of(encounter: Encounter, service_on: date) -> tuple[str, ...]:
    """Every period whose counters a settlement of this encounter may read: years, and the stay."""
    if encounter.admitted is None:
        return (period_of(service_on.year),)
    years = dict.fromkeys((encounter.admitted.year, service_on.year))
    return (*map(period_of, years), stay_period(encounter))


def periods_at(benefit: Benefit | None, encounter: Encounter, service_on: date) -> Periods:
    """The periods in which a settlement under a benefit counts."""
    admitted = encounter.admitted
    if admitted is None:
        return periods_in(service_on.year)
    year = period_of(service_on.year)
    stay = None if benefit is None else benefit.stay
    if stay is None:
        return Periods(year, year, stay_period(encounter))
    begun = period_of(admitted.year)
    return Periods(
        begun if stay.deductible_by is By.ADMITTED else year,
        begun if stay.cap_by is By.ADMITTED else year,
        stay_period(encounter),
    )


@lru_cache(maxsize=64)
def periods_in(year: int) -> Periods:
    """The periods of a settlement that is no stay."""
    return Periods(period_of(year), period_of(year), "")


def counters_of(plan: Plan, charged: Plan, periods: Periods, patient: Patient) -> tuple[CounterKey, ...]:
    """Every counter that a settlement reads or moves; ``charged`` is the plan that gives the deductible."""
    if plan.benefit is None or charged.benefit is None:
        return ()
    keys = dict.fromkeys(deductible_keys(charged.benefit, periods))
    funds = [plan.fund] if plan.fund is not None else [plan.group(each) for each in patient.conditions]
    for fund in funds:
        if fund is not None:
            keys.update(dict.fromkeys(fund.paid_keys(periods.paid, periods.stay)))
            for within, _ in fund.within:
                keys.update(dict.fromkeys(fund.within_keys(within, periods.paid, periods.stay)))
            band = band_key(fund, periods)
            keys.update({} if band is None else {band: None})
    for layer in plan.layers:
        keys.update(dict.fromkeys(_of_layer(layer, periods)))
    keys.update(dict.fromkeys(each.key(periods.paid) for each in _accumulators(plan)))
    return tuple(keys)


def _of_layer(layer: LayerPlan, periods: Periods) -> Iterable[CounterKey]:
    yield from layer.threshold_keys(periods.paid, periods.stay)
    yield from layer.cap_keys(periods.paid, periods.stay)
    for inside, _ in layer.insides:
        yield from layer.inside_keys(inside, periods.paid, periods.stay)


def _accumulators(plan: Plan) -> tuple[Accumulator, ...]:
    return plan.rules.accumulators


def remainders_of(
    plan: Plan,
    groups: Sequence[GroupShare] | Sequence[FundPlan],
    taken: Taken | None,
    periods: Periods,
    running: Running,
) -> tuple[Remainder, ...]:
    """Where the deductible, the caps, and the layers' thresholds and caps stand now."""
    benefit = plan.benefit
    if benefit is None:
        return ()
    found: list[Remainder] = []
    if taken is not None:
        found += running.remainders(taken.keys, taken.figure.value)
    elif plan.deductible is not None:
        found += running.remainders(deductible_keys(benefit, periods), plan.deductible.value)
    for group in groups:
        if isinstance(group, GroupShare):
            fund, keys = group.plan, group.keys
        else:
            fund, keys = group, group.paid_keys(periods.paid, periods.stay)
        found += running.remainders(keys, None if fund.cap is None else fund.cap.value)
        for within, figure in fund.within:
            around = fund.within_keys(within, periods.paid, periods.stay)
            found += running.remainders(around, figure.value)
    for layer in plan.settling:
        if layer.is_for and layer.cap is not None:
            found += _layer_remainders(layer, periods, running)
    return tuple(found)


def lifted_caps(pack: Pack, remainders: Iterable[Remainder], case: CaseInput) -> Iterator[CounterKey]:
    """Yields the counters of caps that an order lifts on the day: those of benefits, not those of layers."""
    if not case.orders or Waiver.LIMITS not in case.waives_on(case.service_on):
        return
    bind = {counter for layer in pack.rules.layers for counter in layer.cap.counters}
    ids = [layer.id for layer in pack.rules.layers]
    for left in remainders:
        of_layer = left.key.counter in bind or left.key.counter.partition("/")[0] in ids
        if left.key.measure == "paid" and not of_layer:
            yield left.key


def _layer_remainders(layer: LayerPlan, periods: Periods, running: Running) -> Iterable[Remainder]:
    if layer.threshold is not None:
        keys = layer.threshold_keys(periods.paid, periods.stay)
        yield from running.remainders(keys, layer.threshold.value)
    if layer.cap is not None:
        yield from running.remainders(layer.cap_keys(periods.paid, periods.stay), layer.cap.value)
        for inside, limit in layer.insides:
            limit_fen = None if limit is None else limit.value
            yield from running.remainders(layer.inside_keys(inside, periods.paid, periods.stay), limit_fen)
