"""How a line is divided, before any benefit.

Order for one line: served after the end of cover, or excluded (all of it fully_self_paid);
ceiling (the excess is over_limit, or the whole line is fully_self_paid, or the settlement is
refused); self_pay_first on what is left; the rest is in_scope.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from operator import add
from typing import NamedTuple

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.basket import CatalogueClass, Line, LineKind, Ward
from medsettle_gateway.domain.breakdown import LineBreakdown
from medsettle_gateway.domain.errors import refuse
from medsettle_gateway.domain.money import (
    HALF_MICRO_E4,
    MICRO_E4_PER_FEN,
    costs_at_least,
    format_fen,
    line_amount_fen,
    share_fen,
)
from medsettle_gateway.policy.facts import Facts, line_facts
from medsettle_gateway.policy.rows import Figure, Resolved, When, price_steps


class OverCeiling(StrEnum):
    """What happens to a line above its payment standard."""

    DIFFERENCE = "difference"
    WHOLE_LINE = "whole_line"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class Exclusion:
    """One entry of ``lines.excluded``: lines that it matches are paid by the patient in full."""

    path: str
    when: When
    clause: str


@dataclass(frozen=True, slots=True)
class LineRules:
    """The ``lines`` section of a pack."""

    self_pay_first: Figure
    ceilings: Figure
    over_ceiling: OverCeiling
    excluded: tuple[Exclusion, ...]


@dataclass(frozen=True, slots=True)
class LineRule:
    """What holds for one kind, class, ward and price band in one settlement's facts.

    ``plain``: nothing of it touches a line that carries no ceiling or share of its own.
    """

    exclusion: Exclusion | None
    ceiling_micro: int | None
    share_ppm: int
    share_waived: bool
    account_may_pay: bool
    plain: bool
    ceiling: Resolved | None
    share: Resolved | None


LineKey = tuple[LineKind, CatalogueClass, Ward | None]
Band = tuple[int, LineRule]
"""A unit price in micro-yuan and the rule from that price on."""


class LineTable:
    """The line rules for one combination of a settlement's facts, filled as lines come.

    ``payable_kinds`` are the kinds that personal accounts may pay for at this place;
    ``waived`` cancels every share before the deductible, the item's own too.
    """

    __slots__ = ("_bands", "_facts", "payable_kinds", "rules", "waived", "without_bands")

    def __init__(
        self, rules: LineRules, facts: Facts, payable_kinds: tuple[str, ...], *, waived: bool
    ) -> None:
        """Keep the facts; nothing is resolved before a line asks for it."""
        self.rules = rules
        self.payable_kinds = payable_kinds
        self.waived = waived
        self.without_bands: dict[LineKey, LineRule] = {}
        self._facts = facts
        self._bands: dict[LineKey, tuple[Band, ...]] = {}

    def rule_for(self, line: Line) -> LineRule:
        """The rule of this line, at its own unit price or else amount / quantity, unrounded."""
        key = (line.kind, line.catalogue_class, line.ward)
        if key in self.without_bands:
            return self.without_bands[key]
        bands = self._bands.get(key) or self._fill(key)
        return next(rule for least_micro, rule in bands if _reaches(line, least_micro))

    def _fill(self, key: LineKey) -> tuple[Band, ...]:
        facts = {**self._facts, **line_facts(*key)}
        rules = self.rules
        whens = [row.when for row in (*rules.self_pay_first.rows, *rules.ceilings.rows)]
        steps = (0, *price_steps([*whens, *(entry.when for entry in rules.excluded)]))
        bands = tuple((step, self._resolve(facts, step)) for step in reversed(steps))
        self._bands[key] = bands
        if len(bands) == 1:
            self.without_bands[key] = bands[0][1]
        return bands

    def _resolve(self, facts: Facts, unit_price_micro: int) -> LineRule:
        rules = self.rules
        matching = (e for e in rules.excluded if e.when.matches(facts, unit_price_micro))
        exclusion = next(matching, None)
        ceiling = rules.ceilings.resolve(facts, unit_price_micro)
        share = rules.self_pay_first.resolve(facts, unit_price_micro)
        ceiling_micro = None if ceiling is None else ceiling.value
        share_ppm = 0 if share is None or self.waived else share.value or 0
        return LineRule(
            exclusion=exclusion,
            ceiling_micro=ceiling_micro,
            share_ppm=share_ppm,
            share_waived=self.waived,
            account_may_pay=facts["kind"][0] in self.payable_kinds,
            plain=exclusion is None and ceiling_micro is None and not share_ppm,
            ceiling=ceiling,
            share=share,
        )


def _reaches(line: Line, least_micro: int) -> bool:
    if line.unit_price_micro is not None:
        return line.unit_price_micro >= least_micro
    return costs_at_least(line.amount_fen, line.quantity_e4, least_micro)


class Divided(NamedTuple):
    """The lines of a settlement, divided, and their sums in fen.

    ``blocked`` is the sum of the lines that no personal account may pay for, part by part.
    """

    lines: tuple[LineBreakdown, ...]
    sums: LineBreakdown
    blocked: LineBreakdown


NOTHING = LineBreakdown(0, 0, 0, 0, 0, 0)


def divide(table: LineTable, lines: tuple[Line, ...], service_on: date, covered_to: date | None) -> Divided:
    """Divide every line, in order.

    Raises Refused: LINE_AMOUNT_MISMATCH where price x quantity is not the amount;
    OVER_CEILING where the pack refuses what is over its payment standard.
    """
    divided: list[LineBreakdown] = []
    blocked = NOTHING
    fully = over = first = scope = 0
    known, mode = table.without_bands, table.rules.over_ceiling
    for line in lines:
        amount, price = line.amount_fen, line.unit_price_micro
        if price is not None:
            # line_amount_fen, written out: this runs for every line of every settlement.
            computed = (price * line.quantity_e4 + HALF_MICRO_E4) // MICRO_E4_PER_FEN
            if computed != amount:
                raise _mismatch(line, len(divided) + 1, computed)
        rule = known.get((line.kind, line.catalogue_class, line.ward)) or table.rule_for(line)
        if covered_to is not None and (line.service_on or service_on) > covered_to:
            parts = LineBreakdown(amount, 0, amount, 0, 0, 0)
            fully += amount
        elif rule.plain and line.ceiling_micro is None and line.self_pay_share_ppm is None:
            parts = LineBreakdown(amount, 0, 0, 0, 0, amount)
            scope += amount
        else:
            parts = _divided(mode, rule, line, len(divided) + 1)
            _, _, own, excess, share, rest = parts
            fully += own
            over += excess
            first += share
            scope += rest
        divided.append(parts)
        if not rule.account_may_pay:
            blocked = LineBreakdown._make(map(add, blocked, parts))
    total = fully + over + first + scope
    return Divided(tuple(divided), LineBreakdown(total, 0, fully, over, first, scope), blocked)


def ceiling_of(rule: LineRule, line: Line) -> int | None:
    """The payment standard of the whole line in fen, its own or else the pack's; None if none."""
    price_micro = line.ceiling_micro if line.ceiling_micro is not None else rule.ceiling_micro
    return None if price_micro is None else line_amount_fen(price_micro, line.quantity_e4)


def share_of(rule: LineRule, line: Line) -> int:
    """The share before the deductible in ppm: the item's own or else the pack's, unless waived."""
    if line.self_pay_share_ppm is None or rule.share_waived:
        return rule.share_ppm
    return line.self_pay_share_ppm


def _divided(mode: OverCeiling, rule: LineRule, line: Line, number: int) -> LineBreakdown:
    amount_fen = line.amount_fen
    if rule.exclusion is not None:
        return LineBreakdown(amount_fen, 0, amount_fen, 0, 0, 0)
    over_fen = 0
    standard_fen = ceiling_of(rule, line)
    if standard_fen is not None and amount_fen > standard_fen:
        if mode is OverCeiling.REFUSE:
            raise _over_ceiling(line, number, standard_fen)
        if mode is OverCeiling.WHOLE_LINE:
            return LineBreakdown(amount_fen, 0, amount_fen, 0, 0, 0)
        over_fen = amount_fen - standard_fen
    first_fen = share_fen(amount_fen - over_fen, share_of(rule, line))
    return LineBreakdown(amount_fen, 0, 0, over_fen, first_fen, amount_fen - over_fen - first_fen)


def _mismatch(line: Line, number: int, computed_fen: int) -> Exception:
    return refuse(
        Reason.LINE_AMOUNT_MISMATCH,
        line=str(number),
        amount=format_fen(line.amount_fen),
        computed=format_fen(computed_fen),
    )


def _over_ceiling(line: Line, number: int, standard_fen: int) -> Exception:
    return refuse(
        Reason.OVER_CEILING,
        line=str(number),
        amount=format_fen(line.amount_fen),
        standard=format_fen(standard_fen),
    )
