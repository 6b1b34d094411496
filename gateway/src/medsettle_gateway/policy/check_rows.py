"""Rows that can never apply, people for whom there is no row, and figures that a region must bring."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from medsettle_gateway.policy.check_scope import Scope, Scoped, scoped_figures
from medsettle_gateway.policy.combinations import combinations_of
from medsettle_gateway.policy.facts import DeclaredFact, Facts
from medsettle_gateway.policy.finding import Level
from medsettle_gateway.policy.plan import Rules
from medsettle_gateway.policy.reading import Invalid
from medsettle_gateway.policy.rows import Figure, FigureKind, Force, Row, RowAction, When

Said = tuple[str, Level, str]
"""A path of the pack, how bad it is, and what it is."""

_OTHER = "-"
"""Stands, in the combinations of facts, for a value that no row names."""

_NOTHING_GIVEN = "the document gives no figure: a region must bring its own, in an overlay"
_ASSUMED = "assumed, not in the document: nothing is charged by it until an overlay brings the local figure"


def check_rows(rules: Rules) -> Iterator[Said]:
    """What is wrong or open with the figures of a pack, in its order."""
    for scoped in scoped_figures(rules):
        yield from _assumed(scoped.figure)
        if scoped.figure.rows:
            yield from _applied(scoped, rules.declared)
        elif not scoped.optional:
            yield scoped.figure.path, Level.INFO, _NOTHING_GIVEN
    yield from _never_first(rules)
    yield from _catalogues(rules)


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


def _applied(scoped: Scoped, declared: Sequence[DeclaredFact]) -> Iterator[Said]:
    try:
        seen = _look_up(scoped, declared)
    except Invalid:
        message = "too many facts to tell whether every row can apply; name fewer facts or values"
        yield scoped.figure.path, Level.INFO, message
        return
    for row in scoped.figure.rows:
        if row.path not in seen.used:
            yield row.path, *_why_never(row, seen.replaced_by.get(row.path))
    if scoped.needed and seen.without_row:
        yield scoped.figure.path, Level.INFO, _hole(seen.without_row)


def _look_up(scoped: Scoped, declared: Sequence[DeclaredFact]) -> _Seen:
    """Look the figure up for every combination of the facts that its rows and its scope name."""
    figure, scope = scoped.figure, scoped.scope
    seen = _Seen()
    for facts, price_micro in combinations_of((figure, scope.as_figure(figure.path)), declared, scope.single):
        if not scope.admits(facts, price_micro):
            continue
        found = figure.resolve(facts, price_micro)
        used = () if found is None else (found.row, *found.adds)
        seen.used |= dict.fromkeys(row.path for row in used)
        if found is None:
            seen.without_row.append({name: facts[name] for name in figure.fact_names()})
        for row in figure.rows:
            if row not in used and row.when.matches(facts, price_micro):
                deciding = {} if found is None else {found.row.path: None}
                seen.replaced_by.setdefault(row.path, {}).update(deciding)
    return seen


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
