"""What a region's rules say before a sale: of its benefits, and of items as a sale would find them."""

from collections.abc import Iterator, Sequence
from typing import Final

from msgspec import structs

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.basket import NO_CARE, Encounter, Line, Prescription
from medsettle_gateway.domain.errors import Refusal
from medsettle_gateway.domain.filings import Filing
from medsettle_gateway.domain.register import CatalogueItem
from medsettle_gateway.domain.staff import StaffRule
from medsettle_gateway.eligibility.filings import is_approved
from medsettle_gateway.policy.benefit import Benefit
from medsettle_gateway.policy.counter_titles import titled
from medsettle_gateway.policy.counting import lifted_caps
from medsettle_gateway.policy.engine import remainders
from medsettle_gateway.policy.inputs import CaseInput
from medsettle_gateway.policy.items import Had, had
from medsettle_gateway.policy.pack import Pack
from medsettle_gateway.service.authority import Counters, ItemCover, Offer
from medsettle_gateway.service.staffing import asks_for

_OF_A_SALE: Final = frozenset({Reason.PRESCRIPTION_KIND, Reason.NOT_CIRCULATED, Reason.NOT_A_STAY})
"""Why a benefit may not be had without what a sale may yet bring: no answer about an item."""

Offered = tuple[Pack, Benefit, Refusal | None]
"""A benefit of the region, and why it may not be had; None: it may."""


def by_prescriber(
    offered: Sequence[Offered], encounter: Encounter, rule: StaffRule
) -> Iterator[tuple[str, str]]:
    """Yields the titles of what may be had only where the prescription says who prescribed."""
    for _, each, refusal in offered:
        if refusal is None and encounter.prescription is not Prescription.NONE and asks_for(rule, each.id):
            yield each.title.zh, each.title.en


def offers_of(
    offered: Sequence[Offered], case: CaseInput, counters: Counters, asked: str | None
) -> Iterator[Offer]:
    """Yields what is said of each benefit, or that there is none that is ``asked`` about."""
    if asked is not None and not offered:
        unknown = Refusal(Reason.BENEFIT_UNKNOWN, {"benefit": asked})
        yield Offer(asked, asked, asked, unknown, ())
    rules = (case.patient, case.institution, case.encounter, case.service_on)
    for pack, each, refusal in offered:
        left = titled(pack, remainders(pack, each.id, *rules, counters))
        lifted = tuple(lifted_caps(pack, left, case))
        yield Offer(each.id, each.title.zh, each.title.en, refusal, left, lifted)


def covered_item(
    item: CatalogueItem, offered: Sequence[Offered], case: CaseInput, filings: Sequence[Filing]
) -> ItemCover:
    """Returns what the benefits that take an item say of it.

    Whose list leaves it out says so before anybody says why the benefit may not be had at all.
    """
    if item.kind in NO_CARE:
        return ItemCover(_self_paid(item))
    lines = _lines(item, case, filings)
    takers = [
        (refusal, found)
        for pack, benefit, refusal in offered
        if (found := had(pack, benefit, case, lines)) is not None
    ]
    could = [found for refusal, found in takers if refusal is None or refusal.reason in _OF_A_SALE]
    paying = [found for found in could if found.refusal is None]
    if paying:
        days = (found.again_on for found in paying if found.again_on is not None)
        return ItemCover(None, max(days, default=None))
    shut = (refusal for refusal, found in takers if refusal is not None and found.refusal is None)
    return ItemCover(next(shut, None) or _left_out(item, could or [found for _, found in takers]))


def _lines(item: CatalogueItem, case: CaseInput, filings: Sequence[Filing]) -> tuple[Line, ...]:
    """The item as it might be sold: for no condition, and for each that is filed here."""
    line = Line(
        item.name, item.kind, item.catalogue_class, 0, 0, ward=item.ward, class_by_list=item.classes,
        dual_channel=item.terms.dual_channel, approved=is_approved(item.code, None, filings),
    )  # fmt: skip
    of_conditions = (
        structs.replace(line, condition=each, approved=is_approved(item.code, each, filings))
        for each in case.patient.conditions
    )
    return (line, *of_conditions)


def _left_out(item: CatalogueItem, could: Sequence[Had]) -> Refusal:
    if any(found.refusal is Reason.DRUG_NOT_APPROVED for found in could):
        return Refusal(Reason.DRUG_NOT_APPROVED, {"item": item.code, "name": item.name})
    return _self_paid(item)


def _self_paid(item: CatalogueItem) -> Refusal:
    return Refusal(Reason.ITEM_SELF_PAID, {"item": item.code, "class": item.catalogue_class.value})
