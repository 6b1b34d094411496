"""The rules of lines, resolved for one combination of a settlement's facts and one kind of line."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from medsettle_gateway.domain.basket import NO_CARE, CatalogueClass, Line, LineKind, Ward
from medsettle_gateway.domain.money import costs_at_least
from medsettle_gateway.policy.facts import Facts, line_facts
from medsettle_gateway.policy.rows import Figure, Resolved, Row, When, price_steps


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

    @property
    def by_class(self) -> bool:
        """Does it look at the catalogue? An emergency order may lift such entries."""
        return "class" in self.when.fact_names()


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

    def whens(self) -> Iterator[When]:
        """The conditions of all that depends on a line."""
        yield from (row.when for row in (*self.self_pay_first.rows, *self.ceilings.rows))
        yield from (entry.when for entry in self.excluded)


@dataclass(frozen=True, slots=True)
class LineRule:
    """What holds for one kind, class, ward and price band in one settlement's facts.

    ``plain``: nothing of it touches a line that carries no ceiling or share of its own, and nothing is
    told of it. ``lifted`` is the exclusion that an emergency order lifts. ``assumed`` is a row that the
    document does not give; ``is_assumed``: it has one.
    """

    exclusion: Exclusion | None
    ceiling_micro: int | None
    share_ppm: int
    share_waived: bool
    account_may_pay: bool
    plain: bool
    ceiling: Resolved | None
    share: Resolved | None
    lifted: Exclusion | None
    over_ceiling: OverCeiling
    is_assumed: bool

    def assumed(self, line: Line, *, self_paid: bool) -> Row | None:
        """The first row that the document does not give among those that decided something of the line.

        An item's own ceiling and share come before the pack's; a line that is ``self_paid`` in full has
        no share.
        """
        ceiling = self.ceiling if line.ceiling_micro is None else None
        own_share = line.self_pay_share_ppm is not None or self.share_waived or self_paid
        share = None if own_share else self.share
        rows = (figure.assumed for figure in (ceiling, share) if figure is not None)
        return next((row for row in rows if row is not None), None)


LineKey = tuple[LineKind, CatalogueClass, Ward | None, bool]
PriceStep = tuple[int, LineRule]
"""A unit price in micro-yuan and the rule from that price on."""


class LineTable:
    """The line rules for one combination of a settlement's facts, filled as lines come.

    ``payable_kinds`` are the kinds that personal accounts may pay for at this place;
    ``waived`` cancels every share before the deductible, the item's own too; with
    ``whole_catalogue`` nothing is excluded for its class. ``catalogue`` is the list that holds here.
    ``at_any_price`` has the rules of lines whose price decides nothing.
    """

    __slots__ = (
        "_by_price", "_facts", "at_any_price", "catalogue", "payable_kinds", "rules", "waived",
        "whole_catalogue",
    )  # fmt: skip

    def __init__(
        self,
        rules: LineRules,
        facts: Facts,
        payable_kinds: tuple[str, ...],
        *,
        waived: bool,
        whole_catalogue: bool = False,
    ) -> None:
        """Keep the facts; nothing is resolved before a line asks for it."""
        self.rules = rules
        self.payable_kinds = payable_kinds
        self.waived = waived
        self.whole_catalogue = whole_catalogue
        self.at_any_price: dict[LineKey, LineRule] = {}
        self.catalogue = next((c for c in reversed(rules.catalogues) if c.when.matches(facts)), None)
        self._facts = facts
        self._by_price: dict[LineKey, tuple[PriceStep, ...]] = {}

    def class_of(self, line: Line) -> CatalogueClass:
        """The item's class in the list that holds here, which is its main class if the list is silent."""
        if self.catalogue is not None:
            for name, in_list in line.class_by_list:
                if name == self.catalogue.list:
                    return in_list
        return line.catalogue_class

    def rule_for(self, line: Line) -> LineRule:
        """The rule of this line, at its own unit price or else amount / quantity, unrounded."""
        in_class = self.class_of(line) if line.class_by_list else line.catalogue_class
        key = (line.kind, in_class, line.ward, line.dual_channel)
        by_price = self._by_price.get(key) or self._fill(key)
        for least_micro, rule in by_price:
            if _reaches(line, least_micro):
                return rule
        return by_price[-1][1]

    def _fill(self, key: LineKey) -> tuple[PriceStep, ...]:
        """The rules of a kind of line from the dearest down, without steps that change nothing."""
        facts = {**self._facts, **line_facts(*key)}
        found: list[PriceStep] = [(0, self._resolve(facts, 0))]
        for step in price_steps(self.rules.whens()):
            rule = self._resolve(facts, step)
            if rule != found[-1][1]:
                found.append((step, rule))
        by_price = self._by_price[key] = tuple(reversed(found))
        if len(by_price) == 1:
            self.at_any_price[key] = by_price[0][1]
        return by_price

    def _resolve(self, facts: Facts, unit_price_micro: int) -> LineRule:
        rules = self.rules
        matching = [e for e in rules.excluded if e.when.matches(facts, unit_price_micro)]
        lifts = self.whole_catalogue and facts["kind"][0] not in NO_CARE
        binding = [e for e in matching if not (lifts and e.by_class)]
        ceiling = rules.ceilings.resolve(facts, unit_price_micro)
        share = rules.self_pay_first.resolve(facts, unit_price_micro)
        ceiling_micro = None if ceiling is None else ceiling.value
        share_ppm = 0 if share is None or self.waived else share.value or 0
        figures = (figure for figure in (ceiling, share) if figure is not None)
        is_assumed = any(figure.assumed is not None for figure in figures)
        untouched = not matching and ceiling_micro is None and (share is None or not share.value)
        return LineRule(
            exclusion=binding[0] if binding else None,
            ceiling_micro=ceiling_micro,
            share_ppm=share_ppm,
            share_waived=self.waived,
            account_may_pay=facts["kind"][0] in self.payable_kinds,
            plain=untouched and not is_assumed,
            ceiling=ceiling,
            share=share,
            lifted=matching[0] if matching and not binding else None,
            over_ceiling=rules.over_ceiling,
            is_assumed=is_assumed,
        )


def _reaches(line: Line, least_micro: int) -> bool:
    if line.unit_price_micro is not None:
        return line.unit_price_micro >= least_micro
    return costs_at_least(line.amount_fen, line.quantity_e4, least_micro)
