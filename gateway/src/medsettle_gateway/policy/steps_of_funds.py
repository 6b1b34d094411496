"""Writes the steps of funds and layers: deductible, ratio or bands, cap, and what each layer comes to."""

from typing import Final

from medsettle_gateway.policy.benefit import Benefit
from medsettle_gateway.policy.calculated import Calculated
from medsettle_gateway.policy.fund import GroupShare, Taken
from medsettle_gateway.policy.inputs import CaseInput
from medsettle_gateway.policy.layers import LayerShare, PartShare
from medsettle_gateway.policy.limits import Period
from medsettle_gateway.policy.notices import Notice, Raised
from medsettle_gateway.policy.rows import Resolved
from medsettle_gateway.policy.trace import Input, PlainStep, Step

_DEDUCTIBLE: Final = Step.DEDUCTIBLE
_RATIO: Final = Step.RATIO
_CAP: Final = Step.CAP
_FUND: Final = Step.FUND

_NAME_OF_PERIOD: Final = {period: period.value for period in Period}

_Inputs = tuple[tuple[str, Input], ...]


def fund_steps(steps: list[PlainStep], case: CaseInput, found: Calculated) -> None:
    """The steps of the benefit, its layers and what they raise, in their order."""
    plan = found.dated.plan
    benefit = plan.benefit
    if benefit is None:
        return
    _stay_years(steps, case, found, benefit)
    order = None if case.order is None else case.order.id
    if order is not None and plan.waives_limits and plan.session is not None:
        _waived(steps, "session", order, plan.session)
    if found.taken is not None:
        steps.append(_deductible(benefit, found.taken))
    else:
        steps.append((Step.NO_DEDUCTIBLE, benefit.deductible.path, "", (), 0, None))
    for group in found.groups:
        _group(steps, benefit, group)
        if order is not None and plan.waives_limits and group.plan.cap is not None:
            _waived(steps, "cap", order, group.plan.cap)
        else:
            steps.append(_cap(benefit, group))
        fund = (("fund", benefit.fund), ("condition", group.plan.condition))
        steps.append((_FUND, benefit.path, "", fund, group.paid_fen, None))
    for layer in found.layers:
        _layer(steps, layer, Step.LAYER)
    for layer in found.afterwards:
        _layer(steps, layer, Step.AFTERWARDS)
    if found.raised:
        notices = {notice.id: (notice, figure) for notice, figure in plan.notices}
        for raised in found.raised:
            notice, figure = notices[raised.id]
            steps.append(_warning(notice, figure, raised))


def _stay_years(steps: list[PlainStep], case: CaseInput, found: Calculated, benefit: Benefit) -> None:
    """Where a stay lies in two years, which one decides what."""
    admitted, rule, periods = case.encounter.admitted, benefit.stay, found.dated.periods
    if rule is None or admitted is None or admitted.year == case.service_on.year:
        return
    inputs = (
        ("admitted", admitted.isoformat()), ("billed", case.service_on.isoformat()),
        ("deductible_year", periods.deductible), ("cap_year", periods.paid),
    )  # fmt: skip
    steps.append((Step.STAY_YEARS, rule.path, rule.clause, inputs, 0, None))


def _waived(steps: list[PlainStep], what: str, order: str, figure: Resolved) -> None:
    inputs = (("what", what), ("order", order))
    steps.append((Step.LIMIT_WAIVED, figure.rule, figure.clause, inputs, 0, None))


def _deductible(benefit: Benefit, taken: Taken) -> PlainStep:
    met = (
        ("limit_fen", taken.limit_fen),
        ("used_fen", taken.met_fen),
        ("parts", taken.figure.parts),
        ("period", _NAME_OF_PERIOD[benefit.deductible.period]),
    )
    return _DEDUCTIBLE, taken.figure.rule, taken.figure.clause, met, taken.now_fen, None


def _group(steps: list[PlainStep], benefit: Benefit, group: GroupShare) -> None:
    """The ratio of a group, or its bands and what they come to."""
    ratio, condition = group.plan.ratio, ("condition", group.plan.condition)
    if ratio is not None:
        base: _Inputs = (
            ("base_fen", group.base_fen), ("ratio_ppm", ratio.value), ("parts", ratio.parts), condition,
        )  # fmt: skip
        steps.append((_RATIO, ratio.rule, ratio.clause, base, group.computed_fen, None))
        return
    for begins, ends, part_fen, of_band in group.bands:
        band: _Inputs = (
            ("from_fen", begins), ("up_to_fen", ends), ("base_fen", part_fen),
            ("ratio_ppm", of_band.value), ("parts", of_band.parts), condition,
        )  # fmt: skip
        steps.append((Step.BAND, of_band.rule, of_band.clause, band, 0, None))
    path = benefit.ratio.path if benefit.bands is None else benefit.bands.path
    banded = (("base_fen", group.base_fen), condition)
    steps.append((Step.BANDED, path, "", banded, group.computed_fen, None))


def _cap(benefit: Benefit, group: GroupShare) -> PlainStep:
    cap = group.plan.cap
    limit = (
        ("limit_fen", None if cap is None else cap.value),
        ("used_fen", group.used_fen),
        ("left_fen", group.left_fen),
        ("parts", None if cap is None else cap.parts),
        ("period", _NAME_OF_PERIOD[benefit.cap.period]),
        ("condition", group.plan.condition),
    )
    rule, clause = ("", "") if cap is None else (cap.rule, cap.clause)
    return _CAP, rule, clause, limit, group.over_cap_fen, None


def _layer(steps: list[PlainStep], share: LayerShare, last: Step) -> None:
    """How one layer comes to what it pays; ``last`` says whether it is charged."""
    layer = share.plan.layer
    named: _Inputs = (("layer", layer.id), ("zh", layer.title.zh), ("en", layer.title.en))
    if not share.plan.is_for:
        steps.append((Step.LAYER_OUTSIDE, f"{layer.path}.who", _clause_of_who(share), named, 0, None))
    threshold = share.threshold
    if threshold is not None:
        inputs: _Inputs = (
            *named, ("base_fen", threshold.base_fen), ("limit_fen", threshold.figure.value),
            ("used_fen", threshold.used_fen), ("parts", threshold.figure.parts),
        )  # fmt: skip
        figure = threshold.figure
        steps.append((Step.LAYER_THRESHOLD, figure.rule, figure.clause, inputs, threshold.now_fen, None))
    for part in share.parts:
        steps.append(_part(share, part, named))
        _layer_cap(steps, share, part, named)
    fund = (*named, ("fund", layer.fund))
    steps.append((last, layer.path, layer.clause, fund, share.paid_fen, None))


def _clause_of_who(share: LayerShare) -> str:
    return next((gate.clause for gate in share.plan.layer.who if gate.clause), "")


def _part(share: LayerShare, part: PartShare, named: _Inputs) -> PlainStep:
    figure = part.figure
    if share.plan.share is not None:
        total_fen = share.funds_fen if share.funds_fen is None else share.funds_fen + part.base_fen
        guarantee: _Inputs = (
            *named, ("total_fen", total_fen), ("share_ppm", figure.value),
            ("target_fen", share.target_fen), ("funds_fen", share.funds_fen),
        )  # fmt: skip
        return Step.GUARANTEE, figure.rule, figure.clause, guarantee, part.computed_fen, None
    if share.plan.leaves is not None:
        leaves: _Inputs = (
            *named, ("left_fen", part.base_fen), ("before_fen", share.before_fen),
            ("limit_fen", figure.value),
        )  # fmt: skip
        return Step.LEAVES, figure.rule, figure.clause, leaves, part.computed_fen, None
    ratio: _Inputs = (
        *named, ("of", part.of.value), ("base_fen", part.base_fen),
        ("ratio_ppm", figure.value), ("parts", figure.parts),
    )  # fmt: skip
    return Step.LAYER_RATIO, figure.rule, figure.clause, ratio, part.computed_fen, None


def _layer_cap(steps: list[PlainStep], share: LayerShare, part: PartShare, named: _Inputs) -> None:
    """The limit that binds a part: the cap, or the tighter one inside it."""
    if part.room_fen is None:
        return
    inside = part.cut_by
    insides = {each.id: figure for each, figure in share.plan.insides}
    figure = share.plan.cap if inside is None else insides[inside.id]
    if figure is None:
        return
    limit: _Inputs = (
        *named, ("limit_fen", figure.value), ("left_fen", part.room_fen),
        ("inside", None if inside is None else inside.id), ("parts", figure.parts),
    )  # fmt: skip
    cut_fen = part.computed_fen - part.paid_fen
    steps.append((Step.LAYER_CAP, figure.rule, figure.clause, limit, cut_fen, None))


def _warning(notice: Notice, figure: Resolved, raised: Raised) -> PlainStep:
    inputs: _Inputs = (
        ("warning", notice.id), ("zh", notice.title.zh), ("en", notice.title.en), ("of", notice.of.value),
        ("at", notice.at.value), ("threshold_fen", raised.threshold_fen),
        ("before_fen", raised.before_fen), ("after_fen", raised.after_fen),
    )  # fmt: skip
    return Step.WARNING, figure.rule, figure.clause, inputs, 0, None
