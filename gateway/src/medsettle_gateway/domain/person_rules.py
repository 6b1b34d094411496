"""What a region's rules make of a person's dated facts: figures with their clauses, and nothing else."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from msgspec import Struct, structs

from medsettle_gateway.domain.calendar import MonthDay
from medsettle_gateway.domain.member import Aid, Sex

Who = tuple[tuple[str, tuple[str, ...]], ...]
"""Scheme, standing and enrolment, each with the values that fit; empty: everybody."""


class ArrearsRule(Struct, frozen=True):
    """Arrears (欠费) paid in full within so many months of their begin are as if there had been none."""

    restored_months: int
    clause: str


class InterruptionRule(Struct, frozen=True):
    """An interruption (中断缴费) of so many months or more is followed by a first enrolment.

    After one of more than ``restart_months`` the years that were paid count from the beginning; None: never.
    """

    anew_months: int
    restart_months: int | None
    clause: str


class WaitingRule(Struct, frozen=True):
    """Benefits begin so many months after a first enrolment (等待期)."""

    who: Who
    months: int
    clause: str


class Begins(StrEnum):
    """Which year a yearly premium covers, from 1 January to 31 December."""

    NEXT_YEAR = "next_year"
    SAME_YEAR = "same_year"


class YearRule(Struct, frozen=True):
    """Whom a premium covers by years, and until when in the year it must be paid; None: all year."""

    who: Who
    begins: Begins
    pay_by: MonthDay | None
    clause: str


class SupplementRule(Struct, frozen=True):
    """Cover beside the basic one holds in a year only if it was paid by this day of it."""

    name: str
    pay_by: MonthDay
    clause: str


class AgeRule(Struct, frozen=True):
    """Who is of this age or older is not covered in this way; ``sex`` None: of either."""

    who: Who
    sex: Sex | None
    below: int
    clause: str


class AidRule(Struct, frozen=True):
    """Certificates of aid count that one of these districts issued.

    ``order``: of several that hold, the first counts.
    """

    districts: tuple[str, ...]
    order: tuple[Aid, ...]
    clause: str


class SuspensionRule(Struct, frozen=True):
    """A suspension without an end lasts so many months."""

    months: int
    clause: str


ORDER_OF_AID: Final = (
    Aid.DESTITUTE, Aid.ORPHAN, Aid.SUBSISTENCE, Aid.DISABLED, Aid.POOR, Aid.MARGINAL, Aid.NONE,
)
"""Where a region does not say which of several certificates counts."""


class PersonRules(Struct, frozen=True):
    """The rules of a region's ``eligibility`` about persons; what is absent stops nobody.

    ``accounts_stay``: whose benefits are stopped may still pay from accounts, with no fund beside them.
    """

    arrears: ArrearsRule | None = None
    interruption: InterruptionRule | None = None
    waiting: tuple[WaitingRule, ...] = ()
    years: tuple[YearRule, ...] = ()
    supplements: tuple[SupplementRule, ...] = ()
    ages: tuple[AgeRule, ...] = ()
    aid: AidRule | None = None
    suspension: SuspensionRule | None = None
    accounts_stay: bool = False


NO_RULES: Final = PersonRules()
"""A region that says nothing of persons."""


def together(rules: Iterable[PersonRules]) -> PersonRules:
    """Returns the rules as one: each from the first that has it."""
    found = NO_RULES
    for each in rules:
        missing = {
            name: getattr(each, name)
            for name in PersonRules.__struct_fields__
            if getattr(found, name) == getattr(NO_RULES, name)
        }
        found = structs.replace(found, **missing)
    return found
