"""Filed conditions and the five fixed (五定): which lines a chronic benefit takes, and their groups.

A line is outside the benefit if its condition is not filed (where each condition is capped by
itself), or, among drugs, if it is not approved, over its ceiling, beyond the kinds allowed, or beyond
the days of supply. What was dispensed in the window before counts first.
"""

from collections.abc import Sequence
from datetime import date
from typing import Final, NamedTuple

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.basket import Dispensed, Line, LineKind
from medsettle_gateway.domain.errors import refuse
from medsettle_gateway.domain.money import format_fen, line_amount_fen
from medsettle_gateway.policy.benefit import FiveFixed, Outside, Supply
from medsettle_gateway.policy.line_rules import LineRule
from medsettle_gateway.policy.windows import day_with_room, days_before, kinds_before

_DRUG: Final = LineKind.DRUG


class Noted(NamedTuple):
    """What the conditions say of a line: why it is outside, or (``is_outside`` False) what is reported.

    ``limit`` is the payment standard in fen, the kinds allowed, or the days allowed; ``days`` are those
    of supply that the drug comes to, None if nobody said how long it lasts. ``window_days`` is over how
    many days they count, None for one settlement; ``again_on`` the day from which the line's own days of
    supply (or all that are allowed) may be had, None where waiting changes nothing.
    """

    reason: Reason
    limit: int | None
    days: int | None
    is_outside: bool
    window_days: int | None = None
    again_on: date | None = None


class Chronic:
    """Passes over the lines of one settlement in their order, and keeps what they use up.

    ``groups`` is what each filed condition has in scope, in the order in which it first appears;
    None while no line within the benefit treats it. Empty where the benefit is one group.
    """

    def __init__(
        self,
        benefit: str,
        fixed: FiveFixed | None,
        filed: tuple[str, ...],
        service_on: date,
        dispensed: Sequence[Dispensed],
        *,
        by_condition: bool,
        lifted: frozenset[int] = frozenset(),
    ) -> None:
        """Begin with what was dispensed in the window; ``lifted`` are lines, from 1, that may be any drug."""
        self.groups: dict[str, int | None] = {}
        self._fixed = fixed
        self._filed = filed
        self._by_condition = by_condition
        self._lifted = lifted
        self._kinds: tuple[dict[str, int], ...] = ({},)
        self._days: dict[str, int] = {}
        self._day = service_on
        self._before: Sequence[Dispensed] = dispensed
        window = None if fixed is None else fixed.window_days
        if window is not None and dispensed:
            kinds = kinds_before(dispensed, service_on, window, benefit)
            self._kinds = tuple({name: place for place, name in enumerate(names)} for names in kinds)
            self._days = days_before(dispensed, service_on, window)

    def pass_over(self, line: Line) -> None:
        """A line that is excluded: it opens its group's place and counts for nothing else."""
        self._appear(line)

    def check(self, line: Line, rule: LineRule, number: int) -> Noted | None:
        """Why the line is outside the benefit, or what is reported of it; None for nothing.

        Raises Refused with that reason where the pack refuses such a line.
        """
        self._appear(line)
        note = self._said(line, rule, is_lifted=number in self._lifted)
        fixed = self._fixed
        if note is None or not note.is_outside or fixed is None:
            return note
        refuses = fixed.outside is Outside.REFUSE
        if note.reason is Reason.DAYS_SUPPLY_EXCEEDED:
            refuses = fixed.supply is Supply.REFUSE
        if refuses:
            raise refuse(note.reason, line=str(number), **_detail(line, note))
        return note

    def put(self, line: Line, in_scope_fen: int) -> None:
        """Put what a line has in scope to its condition's group; one that is self-paid is not put."""
        if self._by_condition and line.condition is not None:
            self.groups[line.condition] = (self.groups.get(line.condition) or 0) + in_scope_fen

    def _appear(self, line: Line) -> None:
        if self._by_condition and line.condition in self._filed and line.condition is not None:
            self.groups.setdefault(line.condition, None)

    def _said(self, line: Line, rule: LineRule, *, is_lifted: bool) -> Noted | None:
        """The first reason that applies; every drug is counted, outside or not."""
        fixed = self._fixed
        beyond_kinds = fixed is not None and line.kind is _DRUG and self._is_beyond(line, fixed)
        beyond_days = fixed is not None and line.kind is _DRUG and self._supplies(line, fixed)
        if self._by_condition and line.condition not in self._filed:
            return Noted(Reason.CONDITION_NOT_FILED, None, None, is_outside=True)
        if fixed is None or line.kind is not _DRUG:
            return None
        if not line.approved:
            return Noted(Reason.DRUG_NOT_APPROVED, None, None, is_outside=True)
        standard_fen = _standard_fen(line, rule)
        if standard_fen is not None and line.amount_fen > standard_fen:
            return Noted(Reason.DRUG_OVER_CEILING, standard_fen, None, is_outside=True)
        if beyond_kinds:
            allowed = fixed.kinds_allowed(len(self._filed))
            return Noted(Reason.DRUG_KINDS_EXCEEDED, allowed, None, is_outside=not is_lifted)
        if beyond_days:
            outside = fixed.supply is not Supply.REPORT and not is_lifted
            return self._beyond_days(line, fixed, is_outside=outside)
        return None

    def _beyond_days(self, line: Line, fixed: FiveFixed, *, is_outside: bool) -> Noted:
        days, window, again_on = None, fixed.window_days, None
        if line.days_supply is not None:
            days = self._days[line.name]
            if window is not None and fixed.days_supply is not None:
                earlier = [each for each in self._before if each.name == line.name]
                wanted = min(line.days_supply, fixed.days_supply)
                again_on = day_with_room(earlier, self._day, window, fixed.days_supply - wanted)
        return Noted(
            Reason.DAYS_SUPPLY_EXCEEDED, fixed.days_supply, days, is_outside=is_outside,
            window_days=window, again_on=again_on,
        )  # fmt: skip

    def _is_beyond(self, line: Line, fixed: FiveFixed) -> bool:
        """Is the drug one kind too many in any window? It takes its place in each of them."""
        places = [kinds.setdefault(line.name, len(kinds)) for kinds in self._kinds]
        allowed = fixed.kinds_allowed(len(self._filed))
        return allowed is not None and max(places) >= allowed

    def _supplies(self, line: Line, fixed: FiveFixed) -> bool:
        """Does the drug come to more days than allowed? Where that is no mere report, none may be unsaid."""
        if line.days_supply is None:
            return fixed.days_supply is not None and fixed.supply is not Supply.REPORT
        self._days[line.name] = self._days.get(line.name, 0) + line.days_supply
        return fixed.days_supply is not None and self._days[line.name] > fixed.days_supply


def _standard_fen(line: Line, rule: LineRule) -> int | None:
    ceiling_micro = rule.ceiling_micro if line.ceiling_micro is None else line.ceiling_micro
    return None if ceiling_micro is None else line_amount_fen(ceiling_micro, line.quantity_e4)


def _detail(line: Line, note: Noted) -> dict[str, str]:
    if note.reason is Reason.CONDITION_NOT_FILED:
        return {"condition": line.condition or "-"}
    detail = {"name": line.name}
    if note.reason is Reason.DAYS_SUPPLY_EXCEEDED:
        detail["days"] = "-" if note.days is None else str(note.days)
    if note.limit is not None:
        price = note.reason is Reason.DRUG_OVER_CEILING
        detail["limit"] = format_fen(note.limit) if price else str(note.limit)
    return detail
