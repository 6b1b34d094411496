"""What a region asks of places, of those who work there, and of filings, beside designations."""

from collections.abc import Iterable
from typing import Final

from msgspec import Struct, structs

from medsettle_gateway.domain.filings import AwayRule, LateRule, ReviewRule
from medsettle_gateway.domain.place import CardRule
from medsettle_gateway.domain.staff import NO_STAFF_RULE, StaffRule


class WorkRules(Struct, frozen=True):
    """The rules of a region's ``eligibility`` about places, staff and filings; what is absent asks nothing.

    ``filed``: the benefits that need a filed condition.
    """

    card: CardRule | None = None
    prescriber: StaffRule = NO_STAFF_RULE
    pharmacist: StaffRule = NO_STAFF_RULE
    review: ReviewRule | None = None
    out_of_area: AwayRule | None = None
    late: LateRule | None = None
    filed: tuple[str, ...] = ()


NO_WORK_RULES: Final = WorkRules()
"""A region that says nothing of them."""


def together(rules: Iterable[WorkRules]) -> WorkRules:
    """Returns the rules as one: each from the first that has it, and the benefits of all."""
    found = NO_WORK_RULES
    for each in rules:
        missing = {
            name: getattr(each, name)
            for name in WorkRules.__struct_fields__
            if getattr(found, name) == getattr(NO_WORK_RULES, name)
        }
        filed = tuple(dict.fromkeys((*found.filed, *each.filed)))
        found = structs.replace(found, **missing)
        found = structs.replace(found, filed=filed)
    return found
