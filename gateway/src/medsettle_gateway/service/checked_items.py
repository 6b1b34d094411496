"""What a check says of items before they are bought: may a fund pay for them here, and when again."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.asked import AskedLine
from medsettle_gateway.domain.errors import LineFault, Refusal
from medsettle_gateway.domain.facts import CatalogueFacts, InstitutionFacts, MemberFacts
from medsettle_gateway.domain.goods import Restriction
from medsettle_gateway.domain.register import CatalogueItem
from medsettle_gateway.domain.sale import RefusalRecord
from medsettle_gateway.service.authority import ItemCover
from medsettle_gateway.service.checked import ItemAnswer, may
from medsettle_gateway.service.goods import item_on, restricted
from medsettle_gateway.service.watching import next_on
from medsettle_gateway.supervision.seen import Watched


class Counter(NamedTuple):
    """Who stands where, on which day, what supervision knows of it, and what the rules say of each item.

    ``whole_catalogue``: an emergency order lifts what the catalogue restricts items to.
    """

    member: MemberFacts
    institution: InstitutionFacts
    on: date
    watched: Watched | None
    covered: Mapping[str, ItemCover]
    whole_catalogue: bool = False


def items_of(codes: Sequence[str], catalogue: CatalogueFacts, on: date) -> tuple[CatalogueItem, ...]:
    """Returns those of the items that the catalogue has on the day."""
    found = (item_on(catalogue, _line(code), on) for code in codes)
    return tuple(each for each in found if isinstance(each, CatalogueItem))


def answers(codes: Sequence[str], catalogue: CatalogueFacts, at: Counter) -> tuple[ItemAnswer, ...]:
    """Returns what is said of each item, in the order in which they were asked about."""
    return tuple(_answer(code, item_on(catalogue, _line(code), at.on), at) for code in codes)


def _answer(code: str, found: CatalogueItem | LineFault, at: Counter) -> ItemAnswer:
    if isinstance(found, LineFault):
        unknown = RefusalRecord(found.reason, {"item": code, **found.detail})
        return ItemAnswer(code, "", may_have=False, refusal=unknown)
    covered = at.covered[code]
    why = _why_not(found, covered, at)
    refusal = None if why is None else RefusalRecord.of(why)
    days = (next_on(at.watched, found, at.on), covered.again_on)
    again_on = max((day for day in days if day is not None), default=None)
    may_have = None if _unknown(why) else may(why)
    return ItemAnswer(code, found.name, may_have, refusal, next_on=again_on)


def _unknown(why: Refusal | None) -> bool:
    """Does it turn on something that nobody has recorded of the person: neither yes nor no?"""
    return why is not None and why.reason is Reason.ITEM_RESTRICTED and not why.detail["found"]


def _why_not(item: CatalogueItem, covered: ItemCover, at: Counter) -> Refusal | None:
    """By the rules, then by the item's own terms; what a line says besides is looked at when it is sold."""
    why = covered.refusal
    if why is not None and why.reason is Reason.ITEM_SELF_PAID:
        return why
    found = restricted(item, _line(item.code), at.member, at.institution, at.on)
    if found is None or found.what is Restriction.DAYS_SUPPLY or at.whole_catalogue:
        return why
    detail = {"item": item.code, "restriction": found.what.value, "allowed": found.allowed}
    clause = {"clause": found.clause} if found.clause else {}
    return Refusal(Reason.ITEM_RESTRICTED, {**detail, "found": found.found, **clause})


def _line(code: str) -> AskedLine:
    """A line as far as it is known before there is one."""
    return AskedLine("", code, 0, 0, 0)
