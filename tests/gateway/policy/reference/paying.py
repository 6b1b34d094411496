"""What the basic fund pays, and what the layers pay on what it left."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, NamedTuple

from tests.gateway.policy.reference.books import Books, Key
from tests.gateway.policy.reference.dividing import Parts
from tests.gateway.policy.reference.figures import (
    AMOUNT,
    LIMIT,
    RATIO,
    SHARE,
    ZERO,
    Facts,
    Plain,
    figure,
    in_section,
    one,
    rounded,
)


class Periods(NamedTuple):
    """Where a settlement counts: the deductible's year, the year of all else, the stay ("" for none)."""

    deductible: str
    year: str
    stay: str

    def of(self, section: Plain, year: str) -> str:
        return self.stay if section.get("period", "year") == "stay" else year


@dataclass
class Left:
    """The personal part so far, by its four parts."""

    in_scope: Fraction
    self_pay_first: Fraction
    over_limit: Fraction
    fully_self_paid: Fraction

    @property
    def all(self) -> Fraction:
        return self.in_scope + self.self_pay_first + self.over_limit + self.fully_self_paid

    def base(self, name: str, counts: Sequence[str]) -> list[str]:
        """The parts of a base, in the order in which a payment lowers them."""
        order = ["in_scope", "self_pay_first", "over_limit", "fully_self_paid"]
        if name == "all_left":
            return order
        if name == "out_of_scope_left":
            return ["fully_self_paid"]
        return [part for part in order if part == "in_scope" or part in counts]

    def sum(self, parts: Sequence[str]) -> Fraction:
        return sum((getattr(self, part) for part in parts), ZERO)

    def lower(self, parts: Sequence[str], amount: Fraction) -> None:
        for part in parts:
            taken = min(amount, getattr(self, part))
            setattr(self, part, getattr(self, part) - taken)
            amount -= taken
        assert amount == 0


@dataclass
class Paid:
    """What came of the benefit."""

    deductible: Fraction = ZERO
    over_cap: Fraction = ZERO
    fund: Fraction = ZERO
    funds: dict[str, Fraction] = field(default_factory=dict)
    afterwards: dict[str, Fraction] = field(default_factory=dict)


def keys_of(section: Plain, owner: str, period: str, measure: str, suffix: str = "") -> list[Key]:
    """Where a limit is counted; ``suffix`` tells the conditions of a benefit apart, not shared names."""
    names = section.get("counters", [owner])
    return [(period, name + suffix if name == owner else name, measure) for name in names]


def groups_of(lines: Sequence[Parts], benefit: Plain) -> list[tuple[str | None, Fraction]]:
    """What each condition has in scope, in the order of first appearance; one group where caps are not so."""
    if benefit["cap"].get("per") != "condition":
        return [(None, sum((line.in_scope for line in lines), ZERO))]
    order = dict.fromkeys(line.opens for line in lines if line.opens is not None)
    taken = {condition: [line for line in lines if line.condition == condition] for condition in order}
    return [
        (condition, sum((line.in_scope for line in group), ZERO))
        for condition, group in taken.items()
        if group
    ]


def pay_benefit(
    id_: str,
    benefit: Plain,
    deductible: Plain,
    facts: tuple[Facts, Facts],
    lines: Sequence[Parts],
    periods: Periods,
    books: Books,
    *,
    uncapped: bool,
) -> Paid:
    """``deductible`` and the first of ``facts`` are of the version that gives the deductible."""
    paid = Paid()
    still: Fraction | None = ZERO
    keys: list[Key] = []
    if deductible.get("period", "year") != "none":
        still = books.need("deductible", in_section(deductible, AMOUNT, facts[0]))
        keys = keys_of(deductible, id_, periods.of(deductible, periods.deductible), "deductible")
    groups = groups_of(lines, benefit)
    bearing = books.unmet(still, keys, sum((scope for _, scope in groups), ZERO))
    books.add(keys, bearing)
    paid.deductible = bearing
    for condition, scope in groups:
        borne = min(bearing, scope)
        bearing -= borne
        held = facts[1] if condition is None else {**facts[1], "condition": one(condition)}
        suffix = "" if condition is None else f"/{condition}"
        pay_group(id_ + suffix, benefit, held, scope - borne, periods, books, suffix, paid, uncapped=uncapped)
    return paid


def pay_group(
    name: str,
    benefit: Plain,
    facts: Facts,
    above: Fraction,
    periods: Periods,
    books: Books,
    suffix: str,
    paid: Paid,
    *,
    uncapped: bool,
) -> None:
    computed = rounded(share_of(name, benefit["ratio"], facts, above, periods, books))
    cap = benefit["cap"]
    limit = books.need("cap", in_section(cap, LIMIT, facts))
    keys = keys_of(cap, name.removesuffix(suffix), periods.of(cap, periods.year), "paid", suffix)
    limits = [(limit, keys), *limits_around(cap, facts, keys, books)]
    amount = computed
    for each, counted in limits:
        amount = amount if uncapped else books.left(each, counted, amount)
    for key in dict.fromkeys(key for _, counted in limits for key in counted):
        books.add([key], amount)
    paid.over_cap += computed - amount
    paid.fund += amount
    paid.funds[benefit["fund"]] = paid.funds.get(benefit["fund"], ZERO) + amount


def limits_around(
    cap: Plain, facts: Facts, keys: Sequence[Key], books: Books
) -> list[tuple[Fraction | None, list[Key]]]:
    """The limits that a cap stands within, counted in its period under names of their own."""
    return [
        (
            books.need("cap.within", figure(entry["rows"], LIMIT, facts)),
            [(keys[0][0], entry["counter"], "paid")],
        )
        for entry in cap.get("within") or ()
    ]


def share_of(
    name: str, ratio: Plain, facts: Facts, above: Fraction, periods: Periods, books: Books
) -> Fraction:
    """The share of the amount above the deductible, not rounded yet."""
    bands = ratio.get("bands") or {}
    if not bands.get("rows"):
        return above * (books.need("ratio", in_section({"rows": ratio.get("rows")}, RATIO, facts)) or ZERO)
    period = {"settlement": "", "stay": periods.stay, "year": periods.year}[bands.get("over", "settlement")]
    key = (period, name, "banded")
    begin = books.used(key)
    end = begin + above
    share = lower = ZERO
    for row in bands["rows"]:
        upper = Fraction(row["up_to"]) if "up_to" in row else max(end, lower)
        within = max(ZERO, min(end, upper) - max(begin, lower))
        share += within * (books.need("ratio.bands", in_section(row, RATIO, facts)) or ZERO)
        lower = upper
    books.add([key], above)
    return share


@dataclass
class Layers:
    """Pays layer after layer on what is left."""

    benefit: str
    facts: Facts
    periods: Periods
    books: Books
    billed: Fraction
    """Total less what the provider bears."""
    left: Left
    is_stay: bool
    paid: Fraction
    """By all funds so far."""

    def pay(self, layer: Plain) -> Fraction:
        before = self.left.all
        way = next(key for key in ("base", "parts", "guarantee", "leaves") if key in layer)
        room = self.room(layer)
        if way == "guarantee":
            share = self.books.need("guarantee", in_section(layer["guarantee"], SHARE, self.facts)) or ZERO
            wanted = max(ZERO, rounded(self.billed * share) - self.paid)
            self.take(layer, "all_left", min(wanted, self.left.all), room)
        elif way == "leaves":
            self.leave(layer, room)
        else:
            for part in self.parts(layer):
                room = self.pay_part(layer, part, room)
        amount = before - self.left.all
        self.paid += amount
        return amount

    def parts(self, layer: Plain) -> list[dict[str, Any]]:
        if "parts" in layer:
            return list(layer["parts"])
        return [{"base": layer["base"], **layer["ratio"]}]

    def pay_part(self, layer: Plain, part: Plain, room: Fraction | None) -> Fraction | None:
        base = self.left.sum(self.left.base(part["base"], layer.get("counts") or ()))
        if "threshold" in layer:
            base -= self.threshold(layer["threshold"], layer["id"], base)
        ratio = self.books.need(f"{layer['id']}.ratio", in_section(part, RATIO, self.facts)) or ZERO
        paid = self.take(layer, part["base"], rounded(base * ratio), room)
        return None if room is None else room - paid

    def threshold(self, section: Plain, id_: str, base: Fraction) -> Fraction:
        if section.get("period") == "none":
            return ZERO
        limit = self.books.need(f"{id_}.threshold", in_section(section, AMOUNT, self.facts)) or ZERO
        if "of" in section:
            now = self.left.all if section["of"] == "personal" else self.left.in_scope
            borne = self.books.before.get((self.periods.year, section["of"], "borne"), ZERO)
            return min(base, max(ZERO, limit - borne - max(ZERO, now - base)))
        keys = keys_of(section, id_, self.periods.of(section, self.periods.year), "deductible")
        taken = self.books.unmet(limit, keys, base)
        self.books.add(keys, taken)
        return taken

    def leave(self, layer: Plain, room: Fraction | None) -> None:
        section = layer["leaves"]
        amount = self.books.need(f"{layer['id']}.leaves", in_section(section, AMOUNT, self.facts)) or ZERO
        of = section.get("of")
        base = "in_scope_left" if of == "in_scope" else "all_left"
        held = self.left.sum(self.left.base(base, ()))
        borne = self.books.before.get((self.periods.year, of, "borne"), ZERO) if of else ZERO
        self.take(layer, base, min(held, max(ZERO, borne + held - amount)), room)

    def room(self, layer: Plain) -> Fraction | None:
        """What the cap and the limits inside it leave; None is no limit."""
        cap = layer.get("cap") or {"none": True}
        limit = self.books.need(f"{layer['id']}.cap", in_section(cap, LIMIT, self.facts))
        if limit is None:
            return None
        period = self.periods.of(cap, self.periods.year)
        room = self.books.left(limit, keys_of(cap, layer["id"], period, "paid"), limit)
        for key, rows in self.inside(layer):
            within = self.books.need(f"{layer['id']}.inside", figure(rows, LIMIT, self.facts))
            if within is not None:
                room = self.books.left(within, [key], room)
        return room

    def inside(self, layer: Plain) -> list[tuple[Key, Any]]:
        """The limits inside the cap that count this settlement: their counters and rows."""
        cap = layer.get("cap") or {}
        period = self.periods.of(cap, self.periods.year)
        entries = [each for each in cap.get("inside") or () if self.benefit in each["benefits"]]
        if "outpatient" in cap and not self.is_stay:
            entries.insert(0, {"id": "outpatient", "rows": cap["outpatient"]})
        return [((period, f"{layer['id']}/{each['id']}", "paid"), each["rows"]) for each in entries]

    def take(self, layer: Plain, base: str, wanted: Fraction, room: Fraction | None) -> Fraction:
        """Pay as much as there is room for, and count it."""
        amount = wanted if room is None else min(wanted, room)
        self.left.lower(self.left.base(base, layer.get("counts") or ()), amount)
        cap = layer.get("cap") or {}
        period = self.periods.of(cap, self.periods.year)
        self.books.add(keys_of(cap, layer["id"], period, "paid"), amount)
        self.books.add([key for key, _ in self.inside(layer)], amount)
        return amount
