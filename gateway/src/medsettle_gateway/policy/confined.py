"""What a region's own figures may not change of a pack that has floors or ceilings.

A floor holds for the people, places and amounts for which the document gave it. Who moves a gate, a
base, a counter or a period gets below it without touching the figure, and no comparison of figures
would see that. So over such a pack an overlay brings figures, and nothing else.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from medsettle_gateway.policy.benefit import Benefit
from medsettle_gateway.policy.bounded import bounded_figures
from medsettle_gateway.policy.gates import Gate
from medsettle_gateway.policy.layer import Layer
from medsettle_gateway.policy.limits import Inside, Limit, Period
from medsettle_gateway.policy.plan import Rules
from medsettle_gateway.policy.reading import child
from medsettle_gateway.policy.rows import ALWAYS, Figure, Force, Row, RowAction

Said = tuple[str, str]
"""A path, and what is wrong there."""

_BOUNDS: Final = (Force.FLOOR, Force.CEILING)
_SUBSIDY: Final = "accounts."
_WARNINGS: Final = "warnings."

_NEW: Final = "is not in the pack"
_GONE: Final = "is taken away"
_OTHER: Final = "differs from the pack"


def structural_changes(shipped: Rules, local: Rules) -> Iterator[Said]:
    """Every place where an overlay changes more than figures, though the pack has bounds that it touches.

    Lines, benefits and layers share baskets, counters and facts: one bound among them confines all of
    them. Accounts are confined by a bound of what a region credits, a warning by its own. Over a pack
    without any bound, nothing is.
    """
    bounds = tuple(_bounds(shipped))
    settling = tuple(row for row in bounds if not row.path.startswith((_SUBSIDY, _WARNINGS)))
    credited = tuple(row for row in bounds if row.path.startswith(_SUBSIDY))
    for what in _of_facts(shipped, local) if bounds else ():
        yield _said(what, bounds)
    for what in _of_settlements(shipped, local) if settling else ():
        yield _said(what, settling)
    for what in _of_subsidy(shipped, local) if credited else ():
        yield _said(what, credited)
    for row in bounds:
        if row.path.startswith(_WARNINGS):
            yield from (_said(what, (row,)) for what in _of_warning(shipped, local, row))


def _said(what: Said, bounds: Sequence[Row]) -> Said:
    """With the bound that stands nearest, and what to do instead."""
    path, how = what
    owner = _owner(path)
    bound = next((row for row in bounds if _owner(row.path) == owner), bounds[0])
    message = (
        f"{how}, and it is no figure. {bound.path} has a {bound.force.value} ({bound.clause}): over a pack "
        "with such bounds an overlay changes figures only. Keep what the pack says; a region that regulates "
        "this otherwise writes a pack of its own, on its own authority"
    )
    return path, message


def _owner(path: str) -> str:
    """The benefit, layer or section that a path lies in."""
    first, _, below = path.partition(".")
    return child(first, below.partition(".")[0]) if first == "benefits" else first


def _bounds(rules: Rules) -> Iterator[Row]:
    """The rows that bind, in pack order; those of bands and rows may come more than once."""
    for each in bounded_figures(rules, rules):
        yield from (row for row in each.shipped.rows if row.force in _BOUNDS)


def _of_facts(ours: Rules, theirs: Rules) -> Iterator[Said]:
    """Facts of the pack that mean something else now; those that the region adds are its own."""
    kept = {fact.name: fact for fact in theirs.declared}
    for fact in ours.declared:
        yield from _differ("facts", {fact.name: fact}, {fact.name: kept.get(fact.name)})
    if any(each not in theirs.accumulators for each in ours.accumulators):
        yield "accumulators", _GONE


def _of_settlements(ours: Rules, theirs: Rules) -> Iterator[Said]:
    yield from _differ("lines", _lines(ours), _lines(theirs))
    yield from _differ("eligibility", _eligibility(ours), _eligibility(theirs))
    yield from _ids("benefits", [each.id for each in ours.benefits], [each.id for each in theirs.benefits])
    for benefit in ours.benefits:
        local = theirs.benefit(benefit.id)
        if local is not None:
            yield from _of_benefit(benefit, local)
    yield from _ids("layers", [each.id for each in ours.layers], [each.id for each in theirs.layers])
    for layer in ours.layers:
        changed = theirs.layer(layer.id)
        if changed is not None:
            yield from _of_layer(layer, changed)


def _ids(path: str, ours: list[str], theirs: list[str]) -> Iterator[Said]:
    for id_ in theirs:
        if id_ not in ours:
            yield path, f"{id_} {_NEW}"
    for id_ in ours:
        if id_ not in theirs:
            yield path, f"{id_} {_GONE}"
    if ours != theirs and sorted(ours) == sorted(theirs):
        yield path, "their order differs from the pack"


def _lines(rules: Rules) -> dict[str, object]:
    lines = rules.lines
    return {
        "catalogues": tuple((each.when, each.list) for each in lines.catalogues),
        "over_ceiling": lines.over_ceiling,
        "excluded": tuple(each.when for each in lines.excluded),
    }


def _eligibility(rules: Rules) -> dict[str, object]:
    gate = rules.eligibility
    return {
        "institution": (sorted(gate.designations), _gates(gate.exceptions)),
        "filing": sorted(benefit.id for benefit in rules.benefits if benefit.needs_filing),
    }


def _of_benefit(ours: Benefit, theirs: Benefit) -> Iterator[Said]:
    yield from _differ(ours.path, _benefit(ours), _benefit(theirs))
    yield from _limits(ours.deductible, theirs.deductible)
    yield from _limits(ours.cap, theirs.cap)
    if not _is_open(ours.cap):
        yield from _differ(ours.cap.path, {"per": ours.cap_per}, {"per": theirs.cap_per})
    if ours.bands is not None and theirs.bands is not None:
        yield from _differ(ours.bands.path, {"over": ours.bands.over}, {"over": theirs.bands.over})
    mine, local = ours.limit_per_session, theirs.limit_per_session
    if mine is not None and local is not None:
        yield from _differ(mine.path, {"excess": mine.excess}, {"excess": local.excess})
        if _is_none(mine.figure) and not _is_none(local.figure):
            yield mine.path, _NEW


def _benefit(benefit: Benefit) -> dict[str, object]:
    stay, five_fixed, session = benefit.stay, benefit.five_fixed, benefit.limit_per_session
    return {
        "fund": benefit.fund,
        "who": _gates(benefit.who),
        "where": _gates(benefit.where),
        "switches": sorted(benefit.switches) or None,
        "takes": benefit.takes,
        "waives": benefit.waives_self_pay_first or None,
        "limit_per_session": None if session is None else True,
        "five_fixed": None if five_fixed is None else replace(five_fixed, clause=""),
        "stay": None if stay is None else (stay.deductible_by, stay.cap_by),
        "layers": benefit.layers,
    }


def _of_layer(ours: Layer, theirs: Layer) -> Iterator[Said]:
    yield from _differ(ours.path, _layer(ours), _layer(theirs))
    if ours.threshold is not None and theirs.threshold is not None:
        yield from _limits(ours.threshold, theirs.threshold)
    yield from _limits(ours.cap, theirs.cap)


def _layer(layer: Layer) -> dict[str, object]:
    bases = tuple(part.of for part in layer.parts) or None
    key = "base" if layer.parts and layer.parts[0].path == layer.path else "parts"
    other = "parts" if key == "base" else "base"
    return {
        "fund": layer.fund,
        "mode": layer.mode,
        "who": _gates(layer.who),
        key: bases,
        other: None,
        "counts": sorted(layer.counts),
        "threshold": None if layer.threshold is None else True,
        "guarantee": None if layer.guarantee is None else True,
        "leaves": None if layer.leaves is None else (True, layer.leaves.of),
    }


def _limits(ours: Limit, theirs: Limit) -> Iterator[Said]:
    """A deductible, threshold or cap: what it counts stays, and where there is none, none is added."""
    if _is_absent(ours):
        if not _is_absent(theirs):
            yield ours.path, f"{_NEW}, which has none"
    elif not _is_open(ours):
        yield from _differ(ours.path, {"period": ours.period}, {"period": theirs.period})
    kept = {"counters": ours.counters, "of": ours.of}
    yield from _differ(ours.path, kept, {"counters": theirs.counters, "of": theirs.of})
    local = {inside.id: inside for inside in theirs.inside}
    for inside in ours.inside:
        yield from _inside(ours.path, inside, local.pop(inside.id, None))
    around = {each.counter: each for each in theirs.within}
    for within in ours.within:
        if around.pop(within.counter, None) is None:
            yield child(ours.path, "within"), f"{within.counter} {_GONE}"
    added = (*(inside.figure for inside in local.values()), *(each.figure for each in around.values()))
    yield from ((figure.path, _NEW) for figure in added)


def _inside(path: str, ours: Inside, theirs: Inside | None) -> Iterator[Said]:
    if theirs is None:
        yield child(path, "outpatient" if ours.benefits is None else "inside"), f"{ours.id} {_GONE}"
    elif theirs.benefits != ours.benefits:
        yield child(theirs.figure.path, "benefits"), _OTHER
    elif _is_none(ours.figure) and not _is_none(theirs.figure):
        yield theirs.figure.path, f"{_NEW}, which has none"


def _is_absent(limit: Limit) -> bool:
    """Does the pack say that there is no such limit at all?"""
    return limit.period is Period.NONE or _is_none(limit.figure)


def _is_none(figure: Figure) -> bool:
    """Do its rows say of everybody that there is none?"""
    rows = figure.rows
    return all(row.action is RowAction.NONE for row in rows) and any(row.when == ALWAYS for row in rows)


def _is_open(limit: Limit) -> bool:
    """Does the pack leave the limit to the region: it says that there is one, and no figure?"""
    return limit.period is not Period.NONE and not limit.figure.rows


def _gates(gates: Iterable[Gate]) -> tuple[object, ...]:
    """What the entries ask for; their clauses and places are no rule."""
    return tuple(
        (tuple((fact, tuple(sorted(wanted))) for fact, wanted in gate.tests), gate.least, gate.switch)
        for gate in gates
    )


def _differ(path: str, ours: Mapping[str, object], theirs: Mapping[str, object]) -> Iterator[Said]:
    """The keys whose values differ; None is a key that is not there."""
    for key in dict.fromkeys((*ours, *theirs)):
        mine, local = ours.get(key), theirs.get(key)
        if mine != local:
            yield child(path, key), _GONE if local is None else _NEW if mine is None else _OTHER


def _of_subsidy(ours: Rules, theirs: Rules) -> Iterator[Said]:
    """Who has an account that the region credits, and whether what is left of it stays."""
    if ours.accounts is None or theirs.accounts is None:
        return
    mine, local = ours.accounts, theirs.accounts
    yield from _differ("accounts", {"enrolments": mine.enrolments}, {"enrolments": local.enrolments})
    if mine.subsidy is not None and local.subsidy is not None:
        kept = {"carries_over": mine.subsidy.carries_over or None}
        yield from _differ(mine.subsidy.path, kept, {"carries_over": local.subsidy.carries_over or None})


def _of_warning(ours: Rules, theirs: Rules, bound: Row) -> Iterator[Said]:
    """The warning that has this row: what it watches, and that it is there."""
    local = {notice.id: notice for notice in theirs.notices}
    for notice in ours.notices:
        if bound not in notice.figure.rows:
            continue
        kept = local.get(notice.id)
        if kept is None:
            yield notice.path, _GONE
            continue
        yield from _differ(notice.path, {"of": notice.of, "at": notice.at}, {"of": kept.of, "at": kept.at})
