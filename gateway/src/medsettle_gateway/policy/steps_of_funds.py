"""Writes the steps of funds and layers: deductible, ratio or bands, cap, and what each layer comes to."""

from collections.abc import Sequence
from typing import Final

from medsettle_gateway.domain.basket import Waiver
from medsettle_gateway.policy.benefit import Benefit
from medsettle_gateway.policy.calculated import Charge
from medsettle_gateway.policy.dated import Dated
from medsettle_gateway.policy.fund import GroupShare, Periods, Taken
from medsettle_gateway.policy.inputs import CaseInput
from medsettle_gateway.policy.layers import LayerShare, PartShare
from medsettle_gateway.policy.limits import Period
from medsettle_gateway.policy.notices import Notice, Raised
from medsettle_gateway.policy.rows import Resolved
from medsettle_gateway.policy.trace import PlainStep, Step

_DEDUCTIBLE: Final = Step.DEDUCTIBLE
_RATIO: Final = Step.RATIO
_CAP: Final = Step.CAP
_FUND: Final = Step.FUND

_NAME_OF_PERIOD: Final = {period: period.value for period in Period}

_Named = tuple[str, str, str, str, str, str]
"""What names a layer: its id and its title."""
_Less = tuple[int | None, str | None, str | None]
"""What layers before one that acts after the fact would pay: in fen, and their titles."""
_NO_LESS: Final[_Less] = (None, None, None)


def fund_steps(steps: list[PlainStep], case: CaseInput, dated: Dated, charge: Charge) -> None:
    """The steps of the benefit, its layers and what they raise, in their order."""
    taken, groups, layers, afterwards, raises, _, _, _ = charge
    plan, benefit = dated.plan, dated.plan.benefit
    if benefit is None:
        return
    if case.encounter.admitted is not None:
        _stay_years(steps, case, benefit, dated.periods)
    order = case.order_lifting(Waiver.LIMITS, case.service_on) if case.orders else None
    if order is not None and plan.session is not None:
        _waived(steps, "session", order.id, plan.session)
    charged = dated.charged.benefit or benefit
    if taken is not None:
        steps.append(_deductible(charged, taken))
    else:
        steps.append((Step.NO_DEDUCTIBLE, charged.deductible.path, "", 0, None))
    for group in groups:
        _group(steps, benefit, group, None if order is None else order.id)
    for layer in layers:
        _layer(steps, layer, Step.LAYER)
    for index, layer in enumerate(afterwards):
        _layer(steps, layer, Step.AFTERWARDS, _less(afterwards[:index]))
    if raises:
        notices = {notice.id: (notice, figure) for notice, figure in plan.notices}
        for raised in raises:
            notice, figure = notices[raised.id]
            steps.append(_warning(notice, figure, raised))


def _stay_years(steps: list[PlainStep], case: CaseInput, benefit: Benefit, periods: Periods) -> None:
    """Where a stay lies in two years, which one decides what."""
    admitted, rule = case.encounter.admitted, benefit.stay
    if rule is None or admitted is None or admitted.year == case.service_on.year:
        return
    steps.append((
        Step.STAY_YEARS, rule.path, rule.clause, 0, None,
        "admitted", admitted.isoformat(), "billed", case.service_on.isoformat(),
        "deductible_year", periods.deductible, "cap_year", periods.paid,
    ))  # fmt: skip


def _waived(steps: list[PlainStep], what: str, order: str, figure: Resolved) -> None:
    steps.append((Step.LIMIT_WAIVED, figure.rule, figure.clause, 0, None, "what", what, "order", order))


def _deductible(benefit: Benefit, taken: Taken) -> PlainStep:
    figure, _, limit_fen, met_fen, now_fen = taken
    return (
        _DEDUCTIBLE, figure.rule, figure.clause, now_fen, None,
        "limit_fen", limit_fen, "used_fen", met_fen, "parts", figure.parts,
        "period", _NAME_OF_PERIOD[benefit.deductible.period],
    )  # fmt: skip


def _group(steps: list[PlainStep], benefit: Benefit, group: GroupShare, order: str | None) -> None:
    """What a group's ratio or bands come to, the cap, unless the ``order`` lifts it, and what is paid."""
    plan, cap, around = group.plan, group.limit, group.bound_by
    ratio, condition = plan.ratio, plan.condition
    if ratio is not None:
        steps.append((
            _RATIO, ratio.rule, ratio.clause, group.computed_fen, None,
            "base_fen", group.base_fen, "ratio_ppm", ratio.value, "parts", ratio.parts,
            "condition", condition,
        ))  # fmt: skip
    else:
        _banded(steps, benefit, group)
    if cap is not None and order is not None:
        _waived(steps, "cap", order, cap)
    elif cap is not None:
        steps.append((
            _CAP, cap.rule, cap.clause, group.over_cap_fen, None,
            "limit_fen", cap.value, "used_fen", group.used_fen, "left_fen", group.left_fen,
            "parts", cap.parts, "period", _NAME_OF_PERIOD[benefit.cap.period], "condition", condition,
            "zh", None if around is None else around.zh or f"共用限额 {around.counter} ",
            "en", None if around is None else around.en or f"shared limit {around.counter}",
        ))  # fmt: skip
    fund = ("fund", benefit.fund, "condition", condition)
    steps.append((_FUND, benefit.path, "", group.paid_fen, None, *fund))


def _banded(steps: list[PlainStep], benefit: Benefit, group: GroupShare) -> None:
    condition = group.plan.condition
    for begins, ends, part_fen, of_band, used_fen in group.bands:
        steps.append((
            Step.BAND, of_band.rule, of_band.clause, 0, None,
            "from_fen", begins, "up_to_fen", ends, "base_fen", part_fen,
            "ratio_ppm", of_band.value, "parts", of_band.parts, "condition", condition,
            "used_fen", used_fen,
        ))  # fmt: skip
    path = benefit.ratio.path if benefit.bands is None else benefit.bands.path
    banded = ("base_fen", group.base_fen, "condition", condition)
    steps.append((Step.BANDED, path, "", group.computed_fen, None, *banded))


def _less(before: Sequence[LayerShare]) -> _Less:
    paying = [share for share in before if share.paid_fen]
    if not paying:
        return _NO_LESS
    titles = [share.plan.layer.title for share in paying]
    zh, en = "、".join(title.zh for title in titles), " and ".join(title.en for title in titles)
    return sum(share.paid_fen for share in paying), zh, en


def _layer(steps: list[PlainStep], share: LayerShare, last: Step, less: _Less = _NO_LESS) -> None:
    """How one layer comes to what it pays; ``last`` says whether it is charged.

    Where nothing is left above its threshold, that is all there is to say.
    """
    layer = share.plan.layer
    named: _Named = ("layer", layer.id, "zh", layer.title.zh, "en", layer.title.en)
    if not share.plan.is_for:
        steps.append((Step.LAYER_OUTSIDE, f"{layer.path}.who", _clause_of_who(share), 0, None, *named))
    threshold = share.threshold
    if threshold is not None:
        figure = threshold.figure
        steps.append((
            Step.LAYER_THRESHOLD, figure.rule, figure.clause, threshold.now_fen, None, *named,
            "base_fen", threshold.base_fen, "limit_fen", figure.value, "used_fen", threshold.used_fen,
            "parts", figure.parts,
        ))  # fmt: skip
    below = threshold is not None and 0 < threshold.base_fen == threshold.now_fen
    for part in () if below else share.parts:
        steps.append(_part(share, part, named, less))
        _layer_cap(steps, share, part, named)
    steps.append((last, layer.path, layer.clause, share.paid_fen, None, *named, "fund", layer.fund))


def _clause_of_who(share: LayerShare) -> str:
    return next((gate.clause for gate in share.plan.layer.who if gate.clause), "")


def _part(share: LayerShare, part: PartShare, named: _Named, less: _Less) -> PlainStep:
    figure = part.figure
    if share.plan.share is not None:
        total_fen = share.funds_fen if share.funds_fen is None else share.funds_fen + part.base_fen
        return (
            Step.GUARANTEE, figure.rule, figure.clause, part.computed_fen, None, *named,
            "total_fen", total_fen, "share_ppm", figure.value,
            "target_fen", share.target_fen, "funds_fen", share.funds_fen,
        )  # fmt: skip
    if share.plan.leaves is not None:
        less_fen, zh, en = less
        return (
            Step.LEAVES, figure.rule, figure.clause, part.computed_fen, None, *named,
            "left_fen", part.base_fen, "before_fen", share.before_fen, "limit_fen", figure.value,
            "less_fen", less_fen, "less_zh", zh, "less_en", en,
        )  # fmt: skip
    return (
        Step.LAYER_RATIO, figure.rule, figure.clause, part.computed_fen, None, *named,
        "of", part.of.value, "base_fen", part.base_fen, "ratio_ppm", figure.value, "parts", figure.parts,
    )  # fmt: skip


def _layer_cap(steps: list[PlainStep], share: LayerShare, part: PartShare, named: _Named) -> None:
    """The limit that binds a part: the cap, or the tighter one inside it."""
    if part.room_fen is None:
        return
    inside = part.cut_by
    insides = {each.id: figure for each, figure in share.plan.insides}
    figure = share.plan.cap if inside is None else insides[inside.id]
    if figure is None:
        return
    cut_fen = part.computed_fen - part.paid_fen
    steps.append((
        Step.LAYER_CAP, figure.rule, figure.clause, cut_fen, None, *named,
        "limit_fen", figure.value, "left_fen", part.room_fen,
        "inside", None if inside is None else inside.id, "parts", figure.parts,
    ))  # fmt: skip


def _warning(notice: Notice, figure: Resolved, raised: Raised) -> PlainStep:
    return (
        Step.WARNING, figure.rule, figure.clause, 0, None,
        "warning", notice.id, "zh", notice.title.zh, "en", notice.title.en, "of", notice.of.value,
        "at", notice.at.value, "threshold_fen", raised.threshold_fen,
        "before_fen", raised.before_fen, "after_fen", raised.after_fen,
    )  # fmt: skip
