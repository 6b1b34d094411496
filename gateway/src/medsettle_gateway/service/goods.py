"""The goods of a basket: each line's item of the catalogue, its codes, and whether a fund may pay for it."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Final, NamedTuple

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.asked import AskedLine, Basket
from medsettle_gateway.domain.errors import LineFault, refuse_lines
from medsettle_gateway.domain.facts import CatalogueFacts, InstitutionFacts, MemberFacts
from medsettle_gateway.domain.goods import NO_TERMS, Restricted, Restriction, Terms
from medsettle_gateway.domain.place import Designation
from medsettle_gateway.domain.register import CatalogueItem
from medsettle_gateway.policy.facts import age_on
from medsettle_gateway.service.tracing import Traces, trace_faults

_SEX: Final = "sex"
"""The attribute that says it of people whose papers do not."""


def check_goods(
    basket: Basket, catalogue: CatalogueFacts, service_on: date, traces: Traces
) -> tuple[CatalogueItem, ...]:
    """Returns the catalogue's item of each line.

    Raises Refused with all lines that are refused: ITEM_UNKNOWN, ITEM_NOT_VALID, those of traceability codes.
    """
    items: list[CatalogueItem] = []
    found: list[CatalogueItem | None] = []
    faults: list[LineFault] = []
    for line in basket.lines:
        item = item_on(catalogue, line, line.service_on or service_on)
        if isinstance(item, LineFault):
            faults.append(item)
            found.append(None)
        else:
            items.append(item)
            found.append(item)
    faults += trace_faults(basket.lines, found, traces, service_on)
    if faults:
        places = {line.line_id: place for place, line in enumerate(basket.lines)}
        raise refuse_lines(sorted(faults, key=lambda fault: places[fault.line_id]))
    return tuple(items)


def item_on(catalogue: CatalogueFacts, line: AskedLine, on: date) -> CatalogueItem | LineFault:
    """Returns the item as it is valid on the day, or why the line has none."""
    code = line.item_code
    rows = catalogue.items.get(code, ())
    for item in rows:
        if item.holds(on):
            return item
    if not rows:
        return LineFault(line.line_id, code, Reason.ITEM_UNKNOWN)
    return LineFault(line.line_id, code, Reason.ITEM_NOT_VALID, {"date": on.isoformat(), **_around(rows, on)})


def restricted(
    item: CatalogueItem,
    line: AskedLine,
    member: MemberFacts,
    institution: InstitutionFacts,
    on: date,
    days_before: int = 0,
) -> Restricted | None:
    """Returns the first of the item's terms that lets no fund pay for the line; None where all hold.

    ``days_before``: for how many days the lines before it supply the same item in this sale.
    What nobody knows of a person or a line is as good as outside: its words say so, and what to fill in.
    """
    terms = item.terms
    if terms is NO_TERMS:
        return None
    about = _About(line, member, institution, on, days_before)
    for what, outside in _TERMS.items():
        found = outside(terms, about)
        if found is not None:
            allowed, held = found
            return Restricted(what, allowed, held, terms.clause)
    return None


def days_before(basket: Basket) -> tuple[int, ...]:
    """Returns for each line for how many days those before it supply its item: a split line changes nothing.

    Of a stay each line is for itself: a ward hands out day by day.
    """
    if basket.admitted_on is not None:
        return (0,) * len(basket.lines)
    supplied: dict[str, int] = {}
    found: list[int] = []
    for line in basket.lines:
        before = supplied.get(line.item_code, 0)
        found.append(before)
        supplied[line.item_code] = before + (line.days_supply or 0)
    return tuple(found)


class _About(NamedTuple):
    """A line, for whom, where and on what day."""

    line: AskedLine
    member: MemberFacts
    institution: InstitutionFacts
    on: date
    days_before: int


Outside = tuple[str, str]
"""What is allowed, and what holds instead."""


def _level(terms: Terms, about: _About) -> Outside | None:
    if not terms.levels or about.institution.level in terms.levels:
        return None
    if terms.dual_channel and Designation.DUAL_CHANNEL in about.institution.designations:
        return None  # the other channel is a pharmacy, which has no level
    return " ".join(terms.levels), about.institution.level.value


def _sex(terms: Terms, about: _About) -> Outside | None:
    if terms.sex is None:
        return None
    member = about.member
    held = member.sex.value if member.sex else dict(member.attributes_on(about.on)).get(_SEX, "")
    return None if held == terms.sex.value else (terms.sex.value, held)


def _age(terms: Terms, about: _About) -> Outside | None:
    if terms.age_from is None and terms.age_to is None:
        return None
    allowed = f"{terms.age_from or 0}-{'' if terms.age_to is None else terms.age_to}"
    if about.member.born_on is None:
        return allowed, ""
    age = age_on(about.member.born_on, about.on)
    fits = (terms.age_from is None or terms.age_from <= age) and (terms.age_to is None or age <= terms.age_to)
    return None if fits else (allowed, str(age))


def _days_supply(terms: Terms, about: _About) -> Outside | None:
    most, days = terms.days_supply_most, about.line.days_supply
    if most is None:
        return None
    if days is None:
        return str(most), ""
    together = about.days_before + days
    return None if together <= most else (str(most), str(together))


_TERMS: Final[Mapping[Restriction, Callable[[Terms, _About], Outside | None]]] = {
    Restriction.LEVEL: _level,
    Restriction.SEX: _sex,
    Restriction.AGE: _age,
    Restriction.DAYS_SUPPLY: _days_supply,
}
"""By restriction: what is outside of it, None where the line is within."""


def _around(rows: tuple[CatalogueItem, ...], on: date) -> dict[str, str]:
    """Until when the item was valid last, and from when it will be again, as far as either is so."""
    ended = [row.valid_to for row in rows if row.valid_to is not None and row.valid_to < on]
    begins = [row.valid_from for row in rows if row.valid_from > on]
    until = {"valid_to": max(ended).isoformat()} if ended else {}
    return {**until, "valid_from": min(begins).isoformat()} if begins else until
