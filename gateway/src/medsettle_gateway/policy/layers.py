"""What the layers pay on what the basic fund left: base -> threshold -> ratio, rounded -> cap, in pack order.

A payment lowers in_scope, then self_pay_first, over_limit, fully_self_paid, as far as its base holds
them. A layer that acts after the fact is computed the same way, on counters and remains of its own.
"""

from collections.abc import Iterable
from typing import NamedTuple

from medsettle_gateway.domain.breakdown import FundShare
from medsettle_gateway.domain.counters import CounterKey
from medsettle_gateway.domain.money import share_fen
from medsettle_gateway.policy.fund import Periods
from medsettle_gateway.policy.layer import BasePart, Counted
from medsettle_gateway.policy.layer_plan import LayerPlan
from medsettle_gateway.policy.limits import Accumulator, Inside, left_of
from medsettle_gateway.policy.rows import Resolved
from medsettle_gateway.policy.running import Running


class Left:
    """What no fund has paid yet of each part, in fen."""

    __slots__ = ("first_fen", "fully_fen", "in_scope_fen", "over_fen")

    def __init__(self, in_scope_fen: int, first_fen: int, over_fen: int, fully_fen: int) -> None:
        """Begin with what the basic fund left."""
        self.in_scope_fen = in_scope_fen
        self.first_fen = first_fen
        self.over_fen = over_fen
        self.fully_fen = fully_fen

    @property
    def all_fen(self) -> int:
        """The personal part."""
        return self.in_scope_fen + self.first_fen + self.over_fen + self.fully_fen

    def of(self, part: BasePart, counts: tuple[Counted, ...]) -> int:
        """The base of a layer."""
        if part is BasePart.ALL_LEFT:
            return self.all_fen
        if part is BasePart.OUT_OF_SCOPE_LEFT:
            return self.fully_fen
        first_fen = self.first_fen if Counted.SELF_PAY_FIRST in counts else 0
        over_fen = self.over_fen if Counted.OVER_LIMIT in counts else 0
        return self.in_scope_fen + first_fen + over_fen

    def pay(self, amount_fen: int, part: BasePart, counts: tuple[Counted, ...]) -> None:
        """Lower the parts that the base holds. Raises AssertionError for more than the base."""
        everything = part is BasePart.ALL_LEFT
        if everything or part is BasePart.IN_SCOPE_LEFT:
            amount_fen -= (now := min(amount_fen, self.in_scope_fen))
            self.in_scope_fen -= now
        if everything or (part is BasePart.IN_SCOPE_LEFT and Counted.SELF_PAY_FIRST in counts):
            amount_fen -= (now := min(amount_fen, self.first_fen))
            self.first_fen -= now
        if everything or (part is BasePart.IN_SCOPE_LEFT and Counted.OVER_LIMIT in counts):
            amount_fen -= (now := min(amount_fen, self.over_fen))
            self.over_fen -= now
        if everything or part is BasePart.OUT_OF_SCOPE_LEFT:
            amount_fen -= (now := min(amount_fen, self.fully_fen))
            self.fully_fen -= now
        if amount_fen:
            message = f"{amount_fen} fen more than {part.value} holds"
            raise AssertionError(message)

    def aside(self) -> "Left":
        """The same remains, to be paid without consequence."""
        return Left(self.in_scope_fen, self.first_fen, self.over_fen, self.fully_fen)


class ThresholdShare(NamedTuple):
    """What was taken from a layer's base toward its threshold, in fen."""

    figure: Resolved
    base_fen: int
    used_fen: int
    now_fen: int


class PartShare(NamedTuple):
    """What a layer comes to on one base: for a guarantee or a ceiling ``base_fen`` is all that was left.

    ``figure`` is the ratio, the share of a guarantee, or the amount that is left. ``cut_by`` is the
    limit that cut it: None for the cap itself, else the limit inside; ``room_fen`` what that limit had
    left (None: no limit at all).
    """

    of: BasePart
    figure: Resolved
    base_fen: int
    computed_fen: int
    paid_fen: int
    room_fen: int | None
    cut_by: Inside | None


class LayerShare(NamedTuple):
    """What one layer pays: all its parts together. ``before_fen`` is what was borne before in the year."""

    plan: LayerPlan
    threshold: ThresholdShare | None
    parts: tuple[PartShare, ...]
    paid_fen: int
    target_fen: int | None = None
    funds_fen: int | None = None
    before_fen: int | None = None


class Scene(NamedTuple):
    """What the layers of one settlement look at besides what is left.

    ``payable_fen`` is total less provider-borne.
    """

    periods: Periods
    payable_fen: int


def pay_layers(plans: Iterable[LayerPlan], left: Left, scene: Scene, running: Running) -> list[LayerShare]:
    """What each layer pays, one after another; ``left`` and ``running`` are moved."""
    return [pay_layer(plan, left, scene, running) for plan in plans]


def pay_layer(plan: LayerPlan, left: Left, scene: Scene, running: Running) -> LayerShare:
    """What one layer pays: nothing to a person whom it is not for."""
    if not plan.is_for:
        return LayerShare(plan, None, (), 0)
    till = _Payer(plan, left, scene, running)
    if plan.share is not None:
        funds_fen = scene.payable_fen - left.all_fen
        target_fen = share_fen(scene.payable_fen, plan.share.value or 0)
        wanted = target_fen - funds_fen if target_fen > funds_fen else 0
        part = till.pay(BasePart.ALL_LEFT, plan.share, scene.payable_fen - funds_fen, wanted)
        return LayerShare(plan, None, (part,), part.paid_fen, target_fen, funds_fen)
    if plan.leaves is not None:
        of, before_fen = _borne_before(plan, scene, running)
        base_fen = left.of(of, ())
        wanted = min(base_fen, max(0, base_fen + (before_fen or 0) - (plan.leaves.value or 0)))
        part = till.pay(of, plan.leaves, base_fen, wanted)
        return LayerShare(plan, None, (part,), part.paid_fen, before_fen=before_fen)
    threshold, taken_fen = None, 0
    parts: list[PartShare] = []
    for of, ratio in plan.parts:
        base_fen = left.of(of, plan.layer.counts)
        if plan.threshold is not None and threshold is None:
            threshold = _threshold(plan, plan.threshold, base_fen, left, scene, running)
            taken_fen = threshold.now_fen
        base_fen -= taken_fen
        taken_fen = 0
        computed_fen = share_fen(base_fen, ratio.value or 0)
        paid_fen = sum(part.paid_fen for part in parts)
        parts.append(till.pay(of, ratio, base_fen, computed_fen, paid_fen))
    return LayerShare(plan, threshold, tuple(parts), sum(part.paid_fen for part in parts))


def funds_of(shares: Iterable[LayerShare]) -> list[FundShare]:
    """What each layer's fund pays, without zeros."""
    return [FundShare(share.plan.layer.fund, share.paid_fen) for share in shares if share.paid_fen]


def _threshold(
    plan: LayerPlan, figure: Resolved, base_fen: int, left: Left, scene: Scene, running: Running
) -> ThresholdShare:
    limit = plan.layer.threshold
    of = None if limit is None else limit.of
    keys = plan.threshold_keys(scene.periods.paid, scene.periods.stay)
    used_fen = running.least_used(keys)
    if of is not None:
        # What this settlement leaves to the patient beside the base meets the threshold first, as it
        # would if it had been bought before.
        beside_fen = (left.in_scope_fen if of is Accumulator.IN_SCOPE else left.all_fen) - base_fen
        used_fen = running.used(of.key(scene.periods.paid)) + max(0, beside_fen)
    unmet_fen = max(0, (figure.value or 0) - used_fen)
    now_fen = min(unmet_fen, base_fen)
    running.add(keys, now_fen)
    return ThresholdShare(figure, base_fen, used_fen, now_fen)


def _borne_before(plan: LayerPlan, scene: Scene, running: Running) -> tuple[BasePart, int | None]:
    leaves = plan.layer.leaves
    if leaves is None or leaves.of is None:
        return BasePart.ALL_LEFT, None
    part = BasePart.IN_SCOPE_LEFT if leaves.of is Accumulator.IN_SCOPE else BasePart.ALL_LEFT
    return part, running.used(leaves.of.key(scene.periods.paid))


class _Payer(NamedTuple):
    """Where a layer pays from and what it moves."""

    plan: LayerPlan
    left: Left
    scene: Scene
    running: Running

    def pay(
        self, of: BasePart, figure: Resolved, base_fen: int, computed_fen: int, before_fen: int = 0
    ) -> PartShare:
        """Pay one part within the cap and the limits inside it.

        ``before_fen`` is what earlier parts were paid: no counter says so of a cap over a stay, where the
        encounter is none.
        """
        plan, left, scene, running = self
        year, stay = scene.periods.paid, scene.periods.stay
        keys = plan.cap_keys(year, stay)
        used_fen = running.most_used(keys) if keys else before_fen
        room_fen = left_of(None if plan.cap is None else plan.cap.value, used_fen)
        cut_by: Inside | None = None
        counted: list[CounterKey] = []
        for inside, limit in plan.insides:
            of_inside = plan.inside_keys(inside, year, stay)
            counted += of_inside
            used_fen = running.most_used(of_inside) if of_inside else before_fen
            inside_fen = left_of(None if limit is None else limit.value, used_fen)
            if room_fen is not None and inside_fen is not None and inside_fen < room_fen:
                room_fen, cut_by = inside_fen, inside
        paid_fen = computed_fen if room_fen is None else min(computed_fen, room_fen)
        left.pay(paid_fen, of, plan.layer.counts)
        running.add((*keys, *counted), paid_fen)
        return PartShare(of, figure, base_fen, computed_fen, paid_fen, room_fen, cut_by)
