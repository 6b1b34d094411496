"""How a line is divided, before any benefit.

Order for one line: served after the end of cover, or excluded (all of it fully_self_paid);
ceiling (the excess is over_limit, or the whole line is fully_self_paid, or the settlement is
refused); self_pay_first on what is left; the rest is in_scope.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final, NamedTuple

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.basket import CatalogueClass, Line, LineKind, Ward
from medsettle_gateway.domain.breakdown import LineBreakdown
from medsettle_gateway.domain.errors import refuse
from medsettle_gateway.domain.money import costs_at_least, format_fen, line_amount_fen, share_fen
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
class Catalogue:
    """One row of ``lines.catalogues``: the list whose class holds for these people and places."""

    path: str
    when: When
    list: str
    clause: str


@dataclass(frozen=True, slots=True)
class LineRules:
    """The ``lines`` section of a pack."""

    self_pay_first: Figure
    ceilings: Figure
    over_ceiling: OverCeiling
    excluded: tuple[Exclusion, ...]
    catalogues: tuple[Catalogue, ...] = ()


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
        *upper, (_, lowest) = self._bands.get(key) or self._fill(key)
        for least_micro, rule in upper:
            if _reaches(line, least_micro):
                return rule
        return lowest

    def _fill(self, key: LineKey) -> tuple[Band, ...]:
        facts = {**self._facts, **line_facts(*key)}
        rules = self.rules
        whens = [row.when for row in (*rules.self_pay_first.rows, *rules.ceilings.rows)]
        steps = (0, *price_steps([*whens, *(entry.when for entry in rules.excluded)]))
        bands = tuple((step, self._resolve(facts, step)) for step in reversed(steps))
        self._bands[key] = bands
        if all(rule == bands[0][1] for _, rule in bands):
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

    ``blocked`` of a part is what lines put there that no personal account may pay for;
    ``blocked_rest_fen`` is that of all parts but in_scope.
    """

    lines: tuple[LineBreakdown, ...]
    fully_self_paid_fen: int
    over_limit_fen: int
    self_pay_first_fen: int
    in_scope_fen: int
    blocked_in_scope_fen: int
    blocked_rest_fen: int


_new: Final = tuple.__new__
# Bound once: until Python 3.12 a member read from its enum costs as much as a call.
_REFUSE: Final = OverCeiling.REFUSE
_WHOLE_LINE: Final = OverCeiling.WHOLE_LINE


def divide(table: LineTable, lines: tuple[Line, ...], service_on: date, covered_to: date | None) -> Divided:
    """Divide every line, in order.

    Raises Refused: LINE_AMOUNT_MISMATCH where price x quantity is not the amount;
    OVER_CEILING where the pack refuses what is over its payment standard.
    """
    divided: list[LineBreakdown] = []
    fully = over = first = scope = blocked_scope = blocked_rest = 0
    known = table.without_bands
    for line in lines:
        amount, price = line.amount_fen, line.unit_price_micro
        if price is not None:
            computed = line_amount_fen(price, line.quantity_e4)
            if computed != amount:
                raise _mismatch(line, len(divided) + 1, computed)
        rule = known.get((line.kind, line.catalogue_class, line.ward)) or table.rule_for(line)
        own = excess = share = 0
        rest = amount
        ended = covered_to is not None and (line.service_on or service_on) > covered_to
        if ended or rule.exclusion is not None:
            own, rest = amount, 0
        elif not rule.plain or line.ceiling_micro is not None or line.self_pay_share_ppm is not None:
            own, excess, share, rest = _parts(table.rules.over_ceiling, rule, line, len(divided) + 1)
            over += excess
            first += share
        divided.append(_new(LineBreakdown, (amount, 0, own, excess, share, rest)))
        fully += own
        scope += rest
        if not rule.account_may_pay:
            blocked_scope += rest
            blocked_rest += amount - rest
    return _new(Divided, (tuple(divided), fully, over, first, scope, blocked_scope, blocked_rest))


def _parts(mode: OverCeiling, rule: LineRule, line: Line, number: int) -> tuple[int, int, int, int]:
    """Fully self-paid, over the limit, self-pay first and in scope, in fen; of a line that is covered."""
    amount_fen = left_fen = line.amount_fen
    ceiling_micro, share_ppm = line.ceiling_micro, line.self_pay_share_ppm
    if ceiling_micro is None:
        ceiling_micro = rule.ceiling_micro
    if share_ppm is None or rule.share_waived:
        share_ppm = rule.share_ppm
    if ceiling_micro is not None:
        standard_fen = line_amount_fen(ceiling_micro, line.quantity_e4)
        if amount_fen > standard_fen:
            if mode is _REFUSE:
                raise _over_ceiling(line, number, standard_fen)
            if mode is _WHOLE_LINE:
                return amount_fen, 0, 0, 0
            left_fen = standard_fen
    first_fen = share_fen(left_fen, share_ppm)
    return 0, amount_fen - left_fen, first_fen, left_fen - first_fen


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
