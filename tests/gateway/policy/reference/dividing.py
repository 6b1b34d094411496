"""How lines are divided before any benefit pays."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from medsettle_gateway.domain.basket import NO_CARE, Dispensed, Line, LineKind, Waiver
from medsettle_gateway.policy.inputs import CaseInput
from tests.gateway.policy.reference.books import Books
from tests.gateway.policy.reference.figures import (
    LIMIT,
    SHARE,
    UNIT_PRICE,
    ZERO,
    Declined,
    Facts,
    Found,
    Plain,
    facts_of,
    figure,
    in_section,
    matches,
    one,
    rounded,
)


@dataclass
class Parts:
    """One line, divided."""

    amount: Fraction
    provider_borne: Fraction = ZERO
    fully_self_paid: Fraction = ZERO
    over_limit: Fraction = ZERO
    self_pay_first: Fraction = ZERO
    in_scope: Fraction = ZERO
    condition: str | None = None
    """The filed condition that an insured line treats, where each is paid by itself."""
    excluded: bool = False
    """Excluded, or served after the end of cover: not even handed out by the insurance."""
    opens: str | None = None
    """The filed condition of the line, insured or not: groups stand in the order of first appearance."""


class Dividing:
    """Goes through the lines of one settlement, in their order."""

    def __init__(self, case: CaseInput, benefit: Plain | None, facts: Facts, books: Books) -> None:
        self.case = case
        self.benefit: Plain = benefit or {}
        self.facts = facts
        self.books = books
        self.by_condition = (self.benefit.get("cap") or {}).get("per") == "condition"
        self.five: Plain | None = self.benefit.get("five_fixed")
        self.windows: list[list[Dispensed]] = self.windows_around()
        self.drugs: list[Line] = []
        self.waived = False
        self.session_left = self.session_limit()

    def windows_around(self) -> list[list[Dispensed]]:
        """What was dispensed in the window that ends with the day, and in those that hold a later drug."""
        days = None if self.five is None else self.five.get("window_days")
        if days is None:
            return [[]]
        drugs = sorted(self.case.dispensed, key=lambda each: each.on)
        starts = [self.case.service_on - timedelta(days=back) for back in reversed(range(days))]
        windows = [[each for each in drugs if 0 <= (each.on - start).days < days] for start in starts]
        return [
            windows[0],
            *(window for window in windows[1:] if window and window[-1].on > self.case.service_on),
        ]

    def lifts(self, waiver: Waiver, day: date) -> bool:
        """Does an order that holds on the day lift this?"""
        return any(
            waiver in order.waives
            and (order.from_on is None or order.from_on <= day)
            and (order.to_on is None or day < order.to_on)
            for order in self.case.orders
        )

    def session_limit(self) -> Fraction | None:
        section = self.benefit.get("limit_per_session")
        if section is None:
            return None
        found = in_section(section, LIMIT, self.facts)
        limit = self.books.need("limit_per_session", found)
        if found is None or limit is None or self.lifts(Waiver.LIMITS, self.case.service_on):
            return None
        return limit * self.case.encounter.sessions

    def divide(self, pack: Plain, line: Line) -> Parts:
        """One line under the rules of the version of its day, what the benefit waives among them."""
        rules: Plain = pack.get("lines") or {}
        own: Plain = pack["benefits"].get(self.case.encounter.benefit) or {}
        amount, price = Fraction(line.amount_fen, 100), price_of(line)
        facts = self.line_facts(rules, line)
        filed = line.condition if line.condition in self.case.patient.conditions else None
        opens = filed if self.by_condition else None
        all_paid = Parts(amount, fully_self_paid=amount, opens=opens)
        if self.is_excluded(rules, line, facts, price):
            return Parts(amount, fully_self_paid=amount, excluded=True, opens=opens)
        ceiling_figure, ceiling = self.ceiling(rules, line, facts, price)
        outside = self.outside(line, ceiling)
        if outside in {None, "DRUG_OVER_CEILING"}:
            self.value_of(ceiling_figure)
        if outside is not None:
            return all_paid
        within = amount
        if ceiling is not None and amount > ceiling:
            mode = rules.get("over_ceiling", "difference")
            if mode == "refuse":
                raise Declined("OVER_CEILING")
            if mode == "whole_line":
                return all_paid
            within = ceiling
        parts = Parts(amount, over_limit=amount - within, condition=opens, opens=opens)
        within = self.bind_session(within, parts)
        self.waived = "self_pay_first" in (own.get("waives") or ())
        share = self.share(line, figure(rules.get("self_pay_first") or (), SHARE, facts, price))
        parts.self_pay_first = rounded(within * share)
        parts.in_scope = within - parts.self_pay_first
        return parts

    def is_excluded(self, rules: Plain, line: Line, facts: Facts, price: Fraction) -> bool:
        """Served after the end of cover, or excluded; an order may lift what is excluded for its class."""
        day = line.service_on or self.case.service_on
        if self.case.patient.covered_to is not None and day > self.case.patient.covered_to:
            return True
        whole_catalogue = line.kind not in NO_CARE and self.lifts(Waiver.CATALOGUE, day)
        exclusions = [each.get("when") or {} for each in rules.get("excluded") or ()]
        binding = [when for when in exclusions if not (whole_catalogue and "class" in when)]
        return any(matches(when, facts, price) for when in binding)

    def line_facts(self, rules: Plain, line: Line) -> dict[str, frozenset[str]]:
        listed = None
        for entry in rules.get("catalogues") or ():
            if matches(entry.get("when") or {}, self.facts):
                listed = entry["list"]
        in_list = dict(reversed(line.class_by_list)).get(listed or "", line.catalogue_class)
        ward = frozenset[str]() if line.ward is None else one(line.ward.value)
        dual_channel = one(str(line.dual_channel).lower())
        return {
            **self.facts, "kind": one(line.kind.value), "class": one(in_list.value), "ward": ward,
            "dual_channel": dual_channel,
        }

    def ceiling(
        self, rules: Plain, line: Line, facts: Facts, price: Fraction
    ) -> tuple[Found | None, Fraction | None]:
        """The pack's figure where the item has none of its own, and what the line may cost."""
        if line.ceiling_micro is not None:
            return None, rounded(Fraction(line.ceiling_micro, 10**6) * quantity_of(line))
        found = figure(rules.get("ceilings") or (), UNIT_PRICE, facts, price)
        unit = None if found is None else found.value
        return found, None if unit is None else rounded(unit * quantity_of(line))

    def outside(self, line: Line, ceiling: Fraction | None) -> str | None:
        """Why the line is outside the benefit. Raises Declined where the pack refuses such a line."""
        code = self.why_outside(line, ceiling)
        mode = (self.five or {}).get("outside", "self_pay")
        if code == "DAYS_SUPPLY_EXCEEDED":
            mode = (self.five or {}).get("supply", "report")
        if code is not None and mode == "refuse":
            raise Declined(code)
        return None if mode == "report" else code

    def why_outside(self, line: Line, ceiling: Fraction | None) -> str | None:
        is_drug = self.five is not None and line.kind is LineKind.DRUG
        if is_drug:
            self.drugs.append(line)
        if self.by_condition and line.condition not in self.case.patient.conditions:
            return "CONDITION_NOT_FILED"
        if self.five is None or not is_drug:
            return None
        if not line.approved:
            return "DRUG_NOT_APPROVED"
        if ceiling is not None and Fraction(line.amount_fen, 100) > ceiling:
            return "DRUG_OVER_CEILING"
        if self.lifts(Waiver.QUANTITIES, line.service_on or self.case.service_on):
            return None
        return self.why_beyond(self.five, line)

    def why_beyond(self, five: Plain, line: Line) -> str | None:
        """Is the drug one kind too many, or does it last too long, in any of the windows?"""
        allowed = kinds_allowed(five.get("drug_kinds") or {}, len(self.case.patient.conditions))
        if allowed is not None and any(self.place_of(line, window) >= allowed for window in self.windows):
            return "DRUG_KINDS_EXCEEDED"
        supply = five.get("days_supply")
        if supply is None:
            return None
        unsaid = line.days_supply is None and five.get("supply", "report") != "report"
        if unsaid or any(self.days_of(line, window) > supply for window in self.windows):
            return "DAYS_SUPPLY_EXCEEDED"
        return None

    def place_of(self, line: Line, window: Sequence[Dispensed]) -> int:
        """How many other kinds stand before the drug, in a window and on this ticket."""
        benefit = self.case.encounter.benefit
        before = [
            drug.name
            for drug in window
            if (drug.condition is not None if drug.benefit is None else drug.benefit == benefit)
        ]
        return list(dict.fromkeys([*before, *(drug.name for drug in self.drugs)])).index(line.name)

    def days_of(self, line: Line, window: Sequence[Dispensed]) -> int:
        """The days that the drug comes to, with the line; 0 where nobody said how long the line lasts."""
        if line.days_supply is None:
            return 0
        handed_out = [(drug.name, drug.days_supply) for drug in window]
        handed_out += [(drug.name, drug.days_supply) for drug in self.drugs]
        return sum(days or 0 for name, days in handed_out if name == line.name)

    def bind_session(self, within: Fraction, parts: Parts) -> Fraction:
        """Cut what is above the limit of the sessions; what remains of the line."""
        if self.session_left is None:
            return within
        kept = min(within, self.session_left)
        above = within - kept
        excess = self.benefit["limit_per_session"]["excess"]
        if above and excess == "refuse":
            raise Declined("OVER_SESSION_LIMIT")
        if excess == "provider":
            parts.provider_borne += above
        else:
            parts.over_limit += above
        self.session_left -= kept
        return kept

    def share(self, line: Line, found: Found | None) -> Fraction:
        if self.waived:
            return ZERO
        if line.self_pay_share_ppm is not None:
            return Fraction(line.self_pay_share_ppm, 10**6)
        return self.value_of(found) or ZERO

    def value_of(self, found: Found | None) -> Fraction | None:
        """What a list of rows says of a line; nothing, where no row applies."""
        if found is not None and found.assumed:
            self.books.assumed.append("lines")
        return None if found is None else found.value


def price_of(line: Line) -> Fraction:
    """The unit price, which must agree with the amount; without one, amount / quantity."""
    amount = Fraction(line.amount_fen, 100)
    if line.unit_price_micro is None:
        return amount / quantity_of(line)
    price = Fraction(line.unit_price_micro, 10**6)
    if rounded(price * quantity_of(line)) != amount:
        raise Declined("LINE_AMOUNT_MISMATCH")
    return price


def quantity_of(line: Line) -> Fraction:
    return Fraction(line.quantity_e4, 10**4)


def kinds_allowed(table: dict[Any, int], filed: int) -> int | None:
    """The entry for so many filed conditions; the last holds beyond, the first below."""
    if not table:
        return None
    numbers = sorted(int(number) for number in table)
    reached = [number for number in numbers if number <= filed] or numbers[:1]
    by_number = {int(number): kinds for number, kinds in table.items()}
    return by_number[reached[-1]]


def divided_lines(
    packs: Sequence[Plain], deciding: Plain, case: CaseInput, benefit: Plain | None, books: Books
) -> list[Parts]:
    """Every line, in order, each by the version in force on its day (``packs``, one a line)."""
    dividing = Dividing(case, benefit, facts_of(deciding, case), books)
    found = []
    for pack, line in zip(packs, case.lines, strict=True):
        dividing.facts = facts_of(pack, case)
        found.append(dividing.divide(pack, line))
    return found
