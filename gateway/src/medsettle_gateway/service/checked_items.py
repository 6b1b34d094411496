"""What a check says of items before they are bought: may a fund pay for them here, and when again."""

from collections.abc import Sequence
from datetime import date
from typing import Final, NamedTuple

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.asked import AskedLine
from medsettle_gateway.domain.basket import NO_CARE, CatalogueClass
from medsettle_gateway.domain.errors import LineFault, Refusal
from medsettle_gateway.domain.facts import CatalogueFacts, InstitutionFacts, MemberFacts
from medsettle_gateway.domain.goods import Restriction
from medsettle_gateway.domain.register import CatalogueItem
from medsettle_gateway.domain.sale import RefusalRecord
from medsettle_gateway.service.authority import Cover
from medsettle_gateway.service.checked import ItemAnswer, may
from medsettle_gateway.service.goods import item_on, restricted
from medsettle_gateway.service.watching import next_on
from medsettle_gateway.supervision.seen import Watched

_OF_A_SALE: Final = frozenset({Reason.PRESCRIPTION_KIND, Reason.NOT_CIRCULATED, Reason.NOT_A_STAY})
"""Why a benefit may not be had without what a sale may yet bring: no answer about an item."""


class Counter(NamedTuple):
    """Who stands where, on which day, and what supervision knows of it.

    ``no_fund`` is why none pays there for this person, whatever is bought; None: one may.
    """

    member: MemberFacts
    institution: InstitutionFacts
    on: date
    watched: Watched | None
    no_fund: Refusal | None = None


def no_fund(cover: Cover) -> Refusal | None:
    """Returns why no benefit may be had, whatever a sale brings with it; None: one may."""
    if cover.refusal is not None:
        return cover.refusal
    refusals = [offer.refusal for offer in cover.offers]
    if not refusals or any(each is None or each.reason in _OF_A_SALE for each in refusals):
        return None
    return refusals[0]


def items_of(codes: Sequence[str], catalogue: CatalogueFacts, at: Counter) -> tuple[CatalogueItem, ...]:
    """Returns those of the items that the catalogue has on the day."""
    found = (item_on(catalogue, _line(code), at.on) for code in codes)
    return tuple(each for each in found if isinstance(each, CatalogueItem))


def answers(codes: Sequence[str], catalogue: CatalogueFacts, at: Counter) -> tuple[ItemAnswer, ...]:
    """Returns what is said of each item, in the order in which they were asked about."""
    return tuple(_answer(code, item_on(catalogue, _line(code), at.on), at) for code in codes)


def _answer(code: str, found: CatalogueItem | LineFault, at: Counter) -> ItemAnswer:
    if isinstance(found, LineFault):
        unknown = RefusalRecord(found.reason, {"item": code, **found.detail})
        return ItemAnswer(code, "", may_have=False, refusal=unknown)
    why = _why_not(found, at) or at.no_fund
    refusal = None if why is None else RefusalRecord.of(why)
    again_on = next_on(at.watched, found, at.on)
    may_have = None if _unknown(why) else may(why)
    return ItemAnswer(code, found.name, may_have, refusal, next_on=again_on)


def _unknown(why: Refusal | None) -> bool:
    """Does it turn on something that nobody has recorded of the person: neither yes nor no?"""
    return why is not None and why.reason is Reason.ITEM_RESTRICTED and not why.detail["found"]


def _why_not(item: CatalogueItem, at: Counter) -> Refusal | None:
    """By the main list and the item's own terms; what a line says besides is looked at when it is sold."""
    if item.kind in NO_CARE or item.catalogue_class is CatalogueClass.C:
        return Refusal(Reason.ITEM_SELF_PAID, {"item": item.code, "class": item.catalogue_class.value})
    found = restricted(item, _line(item.code), at.member, at.institution, at.on)
    if found is None or found.what is Restriction.DAYS_SUPPLY:
        return None
    detail = {"item": item.code, "restriction": found.what.value, "allowed": found.allowed}
    clause = {"clause": found.clause} if found.clause else {}
    return Refusal(Reason.ITEM_RESTRICTED, {**detail, "found": found.found, **clause})


def _line(code: str) -> AskedLine:
    """A line as far as it is known before there is one."""
    return AskedLine("", code, 0, 0, 0)
