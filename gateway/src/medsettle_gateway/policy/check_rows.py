"""Rows that can never apply, people for whom there is no row, and figures that a region must bring."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from medsettle_gateway.policy.bounded import bounded_figures
from medsettle_gateway.policy.check_scope import Scope, Scoped, scoped_figures
from medsettle_gateway.policy.combinations import combinations_of
from medsettle_gateway.policy.facts import DeclaredFact, Facts
from medsettle_gateway.policy.finding import Level
from medsettle_gateway.policy.plan import Rules
from medsettle_gateway.policy.reading import Invalid
from medsettle_gateway.policy.rows import Figure, FigureKind, Force, Resolved, Row, RowAction, When, written

Said = tuple[str, Level, str]
"""A path of the pack, how bad it is, and what it is."""

_OTHER = "-"
"""Stands, in the combinations of facts, for a value that no row names."""

TAKES_AWAY = "takes away"
"""Begins what is said of an overlay that leaves people without a figure that they had."""

_LISTED_MOST = 8
_NOTHING_GIVEN = "the document gives no figure: a region must bring its own, in an overlay"
_ASSUMED = "assumed, not in the document: nothing is charged by it until an overlay brings the local figure"


def check_rows(rules: Rules, shipped: Rules | None = None) -> Iterator[Said]:
    """What is wrong or open with the figures of a pack, in its order.

    ``shipped`` are the rules that an overlay changed into these: whom they gave a figure that these do
    not is named as well.
    """
    before = {} if shipped is None else _before(shipped, rules)
    declared = (*rules.declared, *(() if shipped is None else shipped.declared))
    for scoped in scoped_figures(rules):
        yield from _assumed(scoped.figure)
        earlier = before.get(scoped.figure.path, ())
        if scoped.figure.rows or any(figure.rows for figure in earlier):
            yield from _applied(scoped, declared, earlier)
        elif not scoped.optional:
            yield scoped.figure.path, Level.INFO, _NOTHING_GIVEN
    yield from _never_first(rules)
    yield from _catalogues(rules)


def _before(shipped: Rules, rules: Rules) -> Mapping[str, tuple[Figure, ...]]:
    """The shipped figures that stood where a local one stands now, by its path."""
    found: dict[str, tuple[Figure, ...]] = {}
    for each in bounded_figures(shipped, rules):
        if each.local is not None and each.local != each.shipped:
            found[each.local.path] = (*found.get(each.local.path, ()), each.shipped)
    return found


def _assumed(figure: Figure) -> Iterator[Said]:
    for row in figure.rows:
        if row.force is Force.ASSUMED:
            yield row.path, Level.WARNING, _ASSUMED


@dataclass(slots=True)
class _Seen:
    """What became of the rows of a figure over all facts for which it can be looked up."""

    used: dict[str, None] = field(default_factory=dict)
    replaced_by: dict[str, dict[str, None]] = field(default_factory=dict)
    without_row: list[Facts] = field(default_factory=list)
    taken: dict[str, str] = field(default_factory=dict)


def _applied(
    scoped: Scoped, declared: Sequence[DeclaredFact], earlier: tuple[Figure, ...]
) -> Iterator[Said]:
    try:
        seen = _look_up(scoped, declared, earlier)
    except Invalid:
        message = "too many facts to tell whether every row can apply; name fewer facts or values"
        yield scoped.figure.path, Level.INFO, message
        return
    for row in scoped.figure.rows:
        if row.path not in seen.used:
            yield row.path, *_why_never(row, seen.replaced_by.get(row.path))
    if seen.taken:
        yield scoped.figure.path, Level.WARNING, _taken(scoped, seen.taken)
    if scoped.needed and seen.without_row:
        yield scoped.figure.path, Level.INFO, _hole(seen.without_row)


def _look_up(scoped: Scoped, declared: Sequence[DeclaredFact], earlier: tuple[Figure, ...] = ()) -> _Seen:
    """Look the figure up for every combination of the facts that its rows and its scope name."""
    figure, scope = scoped.figure, scoped.scope
    seen = _Seen()
    told = (figure, scope.as_figure(figure.path), *earlier)
    named = dict.fromkeys(name for each in (figure, *earlier) for name in each.fact_names())
    for facts, price_micro in combinations_of(told, declared, scope.single):
        if not scope.admits(facts, price_micro):
            continue
        found = figure.resolve(facts, price_micro)
        used = () if found is None else (found.row, *found.adds)
        seen.used |= dict.fromkeys(row.path for row in used)
        had = None if found is not None else _had(earlier, facts, price_micro)
        if had is not None:
            whom = " ".join(_told(name, facts[name]) for name in named) or "anybody"
            seen.taken.setdefault(whom, written(figure.kind, had.value))
        elif found is None:
            seen.without_row.append({name: facts[name] for name in figure.fact_names()})
        for row in figure.rows:
            if row not in used and row.when.matches(facts, price_micro):
                deciding = {} if found is None else {found.row.path: None}
                seen.replaced_by.setdefault(row.path, {}).update(deciding)
    return seen


def _had(earlier: tuple[Figure, ...], facts: Facts, price_micro: int) -> Resolved | None:
    found = (figure.resolve(facts, price_micro) for figure in earlier)
    return next((each for each in found if each is not None), None)


def _taken(scoped: Scoped, taken: Mapping[str, str]) -> str:
    """Who had what, and what becomes of them now."""
    listed = [f"{whom}: {had}" for whom, had in taken.items()]
    more = f"; and {len(listed) - _LISTED_MOST} more" if len(listed) > _LISTED_MOST else ""
    then = "is refused with NO_RULE" if scoped.needed else "has no such figure"
    named = "; ".join(listed[:_LISTED_MOST])
    return f"{TAKES_AWAY} what the pack gives: {named}{more}. Such a settlement {then}: add rows for them"


def _why_never(row: Row, replaced_by: dict[str, None] | None) -> tuple[Level, str]:
    if replaced_by is None:
        return Level.WARNING, "never applies: nobody and nothing that comes here fits its `when`"
    if not replaced_by:
        return Level.INFO, "adds to nothing yet: a region must bring the figure that it adds to"
    if row.action is RowAction.ADDS and not any(_index(path) > _index(row.path) for path in replaced_by):
        return Level.WARNING, "never applies: where there is none, nothing is added"
    return Level.WARNING, f"never applies: whoever it fits, another row decides ({', '.join(replaced_by)})"


def _index(path: str) -> int:
    """The number of a row in its list; a figure that is one row has no other."""
    number = path.rpartition("[")[2].rstrip("]")
    return int(number) if number.isdecimal() else 0


def _hole(without: Sequence[Facts]) -> str:
    distinct = list(dict.fromkeys(" ".join(_told(*each) for each in facts.items()) for facts in without))
    more = f" and {len(distinct) - 1} more" if len(distinct) > 1 else ""
    who = distinct[0] or "anybody"
    return f"no row for {who}{more}: such a settlement is refused with NO_RULE"


def _told(fact: str, held: tuple[str, ...]) -> str:
    """``level=tertiary``; a value that no row names is any other one."""
    return f"{fact}={'+'.join('(any other)' if value == _OTHER else value for value in held) or '(none)'}"


def _never_first(rules: Rules) -> Iterator[Said]:
    """Exclusions that others before them already cover."""
    rows = tuple(Row(entry.path, entry.when, RowAction.NONE, 0, "") for entry in rules.lines.excluded)
    yield from _overtaken(rows[::-1], rules.declared, "an entry before it already excludes whatever it fits")


def _catalogues(rules: Rules) -> Iterator[Said]:
    """Lists that never hold, because a later row always decides."""
    rows = tuple(Row(each.path, each.when, RowAction.NONE, 0, "") for each in rules.lines.catalogues)
    yield from _overtaken(rows, rules.declared, "never holds: whoever it fits, a row after it decides")


def _overtaken(rows: tuple[Row, ...], declared: Sequence[DeclaredFact], message: str) -> Iterator[Said]:
    """Rows of which another one always decides; the last that fits does."""
    if not rows:
        return
    figure = Figure("lines", FigureKind.LIMIT, rows)
    try:
        seen = _look_up(Scoped(figure, Scope(((_ALL,),))), declared)
    except Invalid:
        return
    for row in rows:
        if row.path not in seen.used:
            yield row.path, Level.WARNING, message


_ALL = (When(),)
