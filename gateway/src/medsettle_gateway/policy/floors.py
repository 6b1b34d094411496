"""Are a region's own figures within what the document allows?

Where a document gives only a floor (原则上不低于) or a ceiling, the shipped row says so. Override
and shipped figure are compared for every combination of the facts that either names, whatever
the settlement at hand; the shipped row that replaced last is the bound. No deductible counts
as 0, no cap as more than any floor; who abolishes a ratio pays 0, and who abolishes what is left
to the patient leaves any amount.
"""

from dataclasses import dataclass

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.errors import Refusal
from medsettle_gateway.policy.bounded import NO_LIMIT, Bounded, bounded_figures
from medsettle_gateway.policy.combinations import combinations_of
from medsettle_gateway.policy.facts import Facts, described
from medsettle_gateway.policy.pack import Pack
from medsettle_gateway.policy.rows import FigureKind, Force, RowAction, written

_BOUNDS = (Force.FLOOR, Force.CEILING)


@dataclass(frozen=True, slots=True)
class Breach:
    """An override beyond its bound, for one combination of facts."""

    path: str
    force: Force
    facts: str
    bound: str
    got: str
    clause: str

    def refusal(self) -> Refusal:
        """POLICY_FLOOR or POLICY_CEILING, with what was compared."""
        detail = {"path": self.path, "facts": self.facts, "bound": self.bound, "got": self.got}
        return Refusal(self.reason, {**detail, "clause": self.clause})

    @property
    def reason(self) -> Reason:
        """The code of the breach."""
        return Reason.POLICY_FLOOR if self.force is Force.FLOOR else Reason.POLICY_CEILING

    def __str__(self) -> str:
        """``POLICY_FLOOR: 0.45 where level=tertiary; the document allows no less than 0.50 (三(一)¶2)``."""
        where = "" if self.facts == "-" else f" where {self.facts}"
        allowed = "no less" if self.force is Force.FLOOR else "no more"
        bound = f"the document allows {allowed} than {self.bound} ({self.clause})"
        return f"{self.reason}: {self.got}{where}; {bound}"


def breaches(shipped: Pack, overridden: Pack) -> tuple[Breach, ...]:
    """The first breach of each figure: floors before ceilings, then in pack order.

    Raises Invalid when a figure names too many facts to compare.
    """
    found: dict[tuple[str, Force], Breach] = {}
    declared = (*shipped.rules.declared, *overridden.rules.declared)
    for each in bounded_figures(shipped.rules, overridden.rules):
        if any(row.force in _BOUNDS for row in each.shipped.rows):
            theirs = () if each.local is None else (each.local,)
            for facts, price_micro in combinations_of((each.shipped, *theirs), declared, each.single):
                breach = _compare(each, facts, price_micro)
                if breach is not None:
                    found.setdefault((each.shipped.path, breach.force), breach)
    return tuple(sorted(found.values(), key=lambda breach: breach.force is not Force.FLOOR))


def first_breach(shipped: Pack, overridden: Pack) -> Breach | None:
    """The breach that refuses, or None when every figure is within its bounds."""
    return next(iter(breaches(shipped, overridden)), None)


def _compare(each: Bounded, facts: Facts, price_micro: int) -> Breach | None:
    ours = each.shipped
    shipped = ours.resolve(facts, price_micro)
    if shipped is None or shipped.row.force not in _BOUNDS:
        return None
    got = _value(each, facts, price_micro)
    if got is None:
        return None
    none = shipped.row.action is RowAction.NONE
    bound = _none_of(ours.kind) if none else shipped.row.value
    below = shipped.row.force is Force.FLOOR and got < bound
    above = shipped.row.force is Force.CEILING and got > bound
    if not (below or above):
        return None
    named = described(facts, tuple(facts)) or "-"
    return Breach(
        ours.path,
        shipped.row.force,
        named,
        written(ours.kind, _or_none(bound)),
        written(ours.kind, _or_none(got)),
        shipped.clause,
    )


def _value(each: Bounded, facts: Facts, price_micro: int) -> int | None:
    """The figure to compare; None where it has no rule, which is NO_RULE when it is used."""
    if each.local is None:
        return each.abolished
    resolved = each.local.resolve(facts, price_micro)
    if resolved is None:
        return None
    return NO_LIMIT if resolved.value is None else resolved.value


def _none_of(kind: FigureKind) -> int:
    return NO_LIMIT if kind.none_is_unlimited else 0


def _or_none(value: int) -> int | None:
    return None if value == NO_LIMIT else value
