"""What the basic fund pays: in_scope -> deductible -> times ratio, rounded once -> cap.

Where each filed condition is paid by itself, the deductible goes to the conditions in the order in
which they first appear, and ratio, rounding and cap are those of each.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

from medsettle_gateway.domain.counters import CounterKey
from medsettle_gateway.domain.money import share_fen, summed_share_fen
from medsettle_gateway.policy.benefit import Benefit, Over
from medsettle_gateway.policy.fund_plan import FundPlan, Keys
from medsettle_gateway.policy.limits import Period, Within, keys_in, left_of
from medsettle_gateway.policy.rows import Resolved
from medsettle_gateway.policy.running import Running


class BandShare(NamedTuple):
    """The part of a group that lies in one band: where the band begins and ends, the part, its ratio.

    ``used_fen`` is what earlier amounts took of the band.
    """

    from_fen: int
    up_to_fen: int | None
    part_fen: int
    ratio: Resolved
    used_fen: int


class GroupShare(NamedTuple):
    """What the fund pays for one group of lines, in fen: paid + over_cap is what was computed.

    ``keys`` count what it paid under its own cap. ``base_fen`` is what lies above the deductible.
    ``limit`` is the tightest limit: the cap, or ``bound_by`` around it; ``used_fen`` is what had been paid
    under it before and ``left_fen`` what it still allowed (None: no limit).
    """

    plan: FundPlan
    keys: Keys
    base_fen: int
    bands: tuple[BandShare, ...]
    computed_fen: int
    paid_fen: int
    over_cap_fen: int
    limit: Resolved | None
    bound_by: Within | None
    used_fen: int
    left_fen: int | None


class Taken(NamedTuple):
    """What was taken toward the deductible: its limit, what was met before, what is met now, in fen."""

    figure: Resolved
    keys: Keys
    limit_fen: int
    met_fen: int
    now_fen: int


class Periods(NamedTuple):
    """The periods that a settlement counts in.

    Years of the deductible and of everything else; the stay, "" where the encounter is none.
    """

    deductible: str
    paid: str
    stay: str


_new: Final = tuple.__new__
# Bound once: until Python 3.12 a member read from its enum costs as much as a call.
_NONE: Final = Period.NONE
_STAY: Final = Period.STAY


def take_deductible(keys: Keys, figure: Resolved, in_scope_fen: int, running: Running) -> Taken:
    """What of the in-scope sum goes toward the deductible, which is counted under ``keys``."""
    met_fen = running.least_used(keys)
    limit_fen = figure.value or 0
    unmet_fen = limit_fen - met_fen if met_fen < limit_fen else 0
    now_fen = unmet_fen if unmet_fen < in_scope_fen else in_scope_fen  # noqa: FURB136 - five times as fast
    running.add(keys, now_fen)
    return _new(Taken, (figure, keys, limit_fen, met_fen, now_fen))


def deductible_keys(benefit: Benefit, periods: Periods) -> Keys:
    """The counters of a benefit's deductible; none where there is none, or no stay to count it over."""
    limit = benefit.deductible
    if limit.period is _NONE:
        return ()
    period = periods.stay if limit.period is _STAY else periods.deductible
    return keys_in(period, limit.counters, "deductible") if period else ()


def pay_group(
    plan: FundPlan, base_fen: int, periods: Periods, running: Running, *, uncapped: bool
) -> GroupShare:
    """What the fund pays on what lies above the deductible; ``uncapped``: an order lifts the cap.

    Both figures must be there. One rounding, half-up to the fen; the patient takes the residual.
    """
    bands: tuple[BandShare, ...] = ()
    ratio, cap = plan.ratio, plan.cap
    if ratio is not None:
        computed_fen = share_fen(base_fen, ratio.value or 0)
    else:
        bands = tuple(_in_bands(plan, base_fen, periods, running))
        computed_fen = summed_share_fen((band.part_fen, band.ratio.value or 0) for band in bands)
    keys = plan.paid_keys(periods.paid, periods.stay)
    used_fen = running.most_used(keys)
    limit_fen = None if uncapped or cap is None else cap.value
    left_fen, bound_by, moving = left_of(limit_fen, used_fen), None, keys
    for within, figure in plan.within:
        around = plan.within_keys(within, periods.paid, periods.stay)
        moving = (*moving, *around)
        used_around_fen = running.most_used(around)
        room_fen = left_of(None if uncapped else figure.value, used_around_fen)
        if room_fen is not None and (left_fen is None or room_fen < left_fen):
            left_fen, used_fen, cap, bound_by = room_fen, used_around_fen, figure, within
    paid_fen = computed_fen if left_fen is None or computed_fen <= left_fen else left_fen
    running.add(moving, paid_fen)
    over_fen = computed_fen - paid_fen
    return _new(GroupShare, (
        plan, keys, base_fen, bands, computed_fen, paid_fen, over_fen, cap, bound_by, used_fen, left_fen,
    ))  # fmt: skip


def _in_bands(plan: FundPlan, base_fen: int, periods: Periods, running: Running) -> Iterable[BandShare]:
    """The parts of an amount that lie in the bands, from where the period's earlier amounts end."""
    key = band_key(plan, periods)
    begins = 0 if key is None else running.used(key)
    ends = begins + base_fen
    lower = 0
    for up_to_fen, ratio in plan.bands:
        upper = ends if up_to_fen is None or up_to_fen > ends else up_to_fen
        start = max(begins, lower)
        if upper > start:
            yield BandShare(lower, up_to_fen, upper - start, ratio, start - lower)
        if up_to_fen is None:
            break
        lower = up_to_fen
    if key is not None:
        running.add((key,), base_fen)


def band_key(plan: FundPlan, periods: Periods) -> CounterKey | None:
    """The counter of what went through the bands; None where each settlement begins anew."""
    bands = plan.benefit.bands
    if bands is None or bands.over is Over.SETTLEMENT:
        return None
    period = periods.stay if bands.over is Over.STAY else periods.paid
    return plan.band_key(period) if period else None
