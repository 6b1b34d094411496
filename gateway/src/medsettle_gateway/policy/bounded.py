"""The figures of a shipped pack, each with the local one that stands in its place."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from medsettle_gateway.policy.benefit import Benefit
from medsettle_gateway.policy.layer import Layer, LayerPart
from medsettle_gateway.policy.limits import Limit, Period
from medsettle_gateway.policy.plan import Rules
from medsettle_gateway.policy.rows import Figure

NO_LIMIT: Final = 10**18
"""More than any figure: what a missing cap or ceiling counts as."""


@dataclass(frozen=True, slots=True)
class Bounded:
    """A shipped figure and its local counterpart.

    ``local`` None: the override abolished it, and it counts as ``abolished``; None leaves it out of
    the comparison. ``single`` are facts that hold one value where the figure is looked up.
    """

    shipped: Figure
    local: Figure | None
    abolished: int | None
    single: tuple[str, ...] = ()


def bounded_figures(shipped: Rules, local: Rules) -> Iterator[Bounded]:
    """Every figure of the shipped pack, in its order."""
    yield Bounded(shipped.lines.self_pay_first, local.lines.self_pay_first, 0)
    yield Bounded(shipped.lines.ceilings, local.lines.ceilings, NO_LIMIT)
    for benefit in shipped.benefits:
        yield from _of_benefit(benefit, local.benefit(benefit.id))
    for layer in shipped.layers:
        yield from _of_layer(layer, local.layer(layer.id))
    subsidy = None if shipped.accounts is None else shipped.accounts.subsidy
    if subsidy is not None:
        theirs = None if local.accounts is None else local.accounts.subsidy
        yield Bounded(subsidy.credit, None if theirs is None else theirs.credit, 0)
    notices = {notice.id: notice for notice in local.notices}
    for notice in shipped.notices:
        watched = notices.get(notice.id)
        yield Bounded(notice.figure, None if watched is None else watched.figure, None)


def _of_benefit(ours: Benefit, theirs: Benefit | None) -> Iterator[Bounded]:
    by_condition = ours.by_condition if theirs is None else theirs.by_condition
    single = ("condition",) if by_condition else ()
    if theirs is not None:
        yield from _borne(ours.deductible, theirs.deductible)
    for shipped, local in _by_amount(ours, theirs):
        yield Bounded(shipped, local, 0, single)
    if theirs is not None:
        yield Bounded(ours.cap.figure, theirs.cap.figure, NO_LIMIT, single)
        around = {each.counter: each.figure for each in theirs.cap.within}
        for each in ours.cap.within:
            yield Bounded(each.figure, around.get(each.counter), NO_LIMIT)
    if ours.limit_per_session is not None:
        session = None if theirs is None else theirs.limit_per_session
        yield Bounded(ours.limit_per_session.figure, None if session is None else session.figure, NO_LIMIT)


def _of_layer(ours: Layer, theirs: Layer | None) -> Iterator[Bounded]:
    if theirs is not None and ours.threshold is not None:
        yield from _borne(ours.threshold, theirs.threshold)
    for index, part in enumerate(ours.parts):
        yield Bounded(part.ratio, _part(index, part, () if theirs is None else theirs.parts), 0)
    if ours.guarantee is not None:
        guarantee = None if theirs is None else theirs.guarantee
        yield Bounded(ours.guarantee.share, None if guarantee is None else guarantee.share, 0)
    if ours.leaves is not None:
        leaves = None if theirs is None else theirs.leaves
        yield Bounded(ours.leaves.amount, None if leaves is None else leaves.amount, NO_LIMIT)
    if theirs is not None:
        yield Bounded(ours.cap.figure, theirs.cap.figure, NO_LIMIT)
        kept = {inside.id: inside.figure for inside in theirs.cap.inside}
        for inside in ours.cap.inside:
            yield Bounded(inside.figure, kept.get(inside.id), NO_LIMIT)


def _borne(ours: Limit, theirs: Limit | None) -> Iterator[Bounded]:
    """A deductible or threshold; where the pack itself has none, nothing binds."""
    if ours.period is not Period.NONE:
        kept = None if theirs is None or theirs.period is Period.NONE else theirs.figure
        yield Bounded(ours.figure, kept, 0)


def _part(index: int, ours: LayerPart, theirs: tuple[LayerPart, ...]) -> Figure | None:
    """The part on the same base, else the one at the same place."""
    same = next((part for part in theirs if part.of is ours.of), None)
    if same is None and index < len(theirs):
        same = theirs[index]
    return None if same is None else same.ratio


def _by_amount(ours: Benefit, theirs: Benefit | None) -> Iterator[tuple[Figure, Figure | None]]:
    """The ratios that meet at any amount, whether rows or bands give them."""
    shipped, local = _segments(ours), () if theirs is None else _segments(theirs)
    ends = sorted({end for end, _ in (*shipped, *local)})
    for end in ends:
        yield _at(shipped, end), _at(local, end) if local else None


def _segments(benefit: Benefit) -> tuple[tuple[int, Figure], ...]:
    """The upper end of each stretch of amounts, in fen, and its ratio."""
    if benefit.bands is None:
        return ((NO_LIMIT, benefit.ratio),)
    bands = benefit.bands.bands
    return tuple((NO_LIMIT if band.up_to_fen is None else band.up_to_fen, band.ratio) for band in bands)


def _at(segments: tuple[tuple[int, Figure], ...], amount_fen: int) -> Figure:
    return next(figure for end_fen, figure in segments if amount_fen <= end_fen)
