"""What the benefit's fund pays where nothing else counts along, as in most settlements.

One ratio, and limits of one counter each: the same as ``take_deductible`` and ``pay_group``, without the
running counters that layers, bands and shared limits need.
"""

from collections.abc import Mapping
from typing import Final

from medsettle_gateway.domain.counters import CounterKey, Remainder
from medsettle_gateway.domain.money import share_fen
from medsettle_gateway.policy.calculated import Charge, Moved
from medsettle_gateway.policy.fund import GroupShare, Taken
from medsettle_gateway.policy.layers import Left
from medsettle_gateway.policy.limits import left_of
from medsettle_gateway.policy.lines import Parts
from medsettle_gateway.policy.plan import AloneKeys, Plan

_new: Final = tuple.__new__


def pay_alone(
    plan: Plan, keys: AloneKeys, total: Parts, before: Mapping[CounterKey, int]
) -> Charge | None:
    """What the funds pay on lines that come to ``total``; None without a fund.

    All figures must be there. One rounding, half-up to the fen; the patient takes the residual.
    """
    fund, deductible = plan.fund, plan.deductible
    key, paid_key = keys
    if fund is None or fund.ratio is None or fund.cap is None:
        return None
    _, _, fully, over, first, in_scope_fen = total
    taken, base_fen = None, in_scope_fen
    moved: Moved = ()
    remain: tuple[Remainder, ...] = ()
    if deductible is not None and key is not None:
        met_fen, limit_fen = before.get(key, 0), deductible.value or 0
        unmet_fen = limit_fen - met_fen if met_fen < limit_fen else 0
        now_fen = unmet_fen if unmet_fen < in_scope_fen else in_scope_fen  # noqa: FURB136 - five times as fast
        base_fen -= now_fen
        taken = _new(Taken, (deductible, (key,), limit_fen, met_fen, now_fen))
        remain = (_new(Remainder, (key, met_fen + now_fen, limit_fen, unmet_fen - now_fen, "", "")),)
        if now_fen:
            moved = ((key, now_fen),)
    computed_fen = share_fen(base_fen, fund.ratio.value or 0)
    used_fen, cap_fen = before.get(paid_key, 0), fund.cap.value
    left_fen = paid_fen = None if plan.waives_limits else left_of(cap_fen, used_fen)
    if paid_fen is None or computed_fen <= paid_fen:
        paid_fen = computed_fen
    over_fen, after_fen = computed_fen - paid_fen, used_fen + paid_fen
    left_after_fen = left_of(cap_fen, after_fen) if left_fen is None else left_fen - paid_fen
    if paid_fen:
        moved = (*moved, (paid_key, paid_fen))
    remain = (*remain, _new(Remainder, (paid_key, after_fen, cap_fen, left_after_fen, "", "")))
    group = _new(GroupShare, (
        fund, (paid_key,), base_fen, (), computed_fen, paid_fen, over_fen, fund.cap, None, used_fen, left_fen,
    ))  # fmt: skip
    left = Left(in_scope_fen - paid_fen, first, over, fully)
    return taken, (group,), (), (), (), left, moved, remain
