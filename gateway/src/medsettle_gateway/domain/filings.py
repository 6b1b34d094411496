"""What is filed for a member (备案): chronic conditions, care elsewhere, and what a region asks of it."""

from datetime import date
from enum import StrEnum
from typing import Final

from msgspec import Struct

from medsettle_gateway.domain.calendar import MonthDay
from medsettle_gateway.domain.errors import Refusal
from medsettle_gateway.domain.people import Held


class FilingFact(StrEnum):
    """Kinds of dated facts about what is filed for a member."""

    CHRONIC = "chronic_filing"
    REVIEW = "filing_review"
    AWAY = "away_filing"
    LATE_CLAIM = "late_claim"


class ChronicFiled(Struct, frozen=True):
    """A chronic or special condition (门诊慢特病) on these days. One a condition and first day.

    ``institutions``: one or two to which it is bound, none: any. ``drugs``: item codes that are approved,
    none: any. ``filed_by``: the institution that filed it where the agency has delegated that.
    """

    condition: str
    institutions: tuple[str, ...] = ()
    drugs: tuple[str, ...] = ()
    filed_by: str = ""


class Reviewed(Struct, frozen=True):
    """The yearly review of a condition on the record's first day, at the institution named for it.

    Who does not pass loses what was filed before, from that day on; a relapse is filed anew.
    """

    condition: str
    passed: bool
    institution: str = ""


class Away(StrEnum):
    """Why somebody is treated in another region."""

    REFERRAL = "referral"
    LONG_TERM = "long_term"
    TEMPORARY = "temporary"


class AwayFiled(Struct, frozen=True):
    """Care in another region on these days: in these regions, or only at these institutions of any region.

    ``issued_by``: the hospital that refers. One a kind and first day.
    """

    kind: Away
    regions: tuple[str, ...] = ()
    institutions: tuple[str, ...] = ()
    issued_by: str = ""


class LateClaimAllowed(Struct, frozen=True):
    """Services of these days may be claimed within the longer time that a pack has for special cases."""

    cause: str
    author: str


class ReviewRule(Struct, frozen=True):
    """The yearly review: from which day to which, for what was filed how long before; 12 is a year.

    ``refuses``: who has missed it has the condition no more; else it is only shown when it is due.
    """

    first: MonthDay
    last: MonthDay
    filed_months: int = 12
    refuses: bool = True
    clause: str = ""


class Area(StrEnum):
    """Where a place lies for a patient, as packs name it."""

    LOCAL = "local"
    FILED = "filed"
    UNFILED = "unfiled"
    EMERGENCY = "emergency"


class AwayRule(Struct, frozen=True):
    """In which areas beyond its own the region settles at once; elsewhere it pays what is claimed later."""

    settles: tuple[Area, ...]
    clause: str = ""


class LateRule(Struct, frozen=True):
    """How many months after a service it may be claimed, and in cases that the agency has admitted."""

    months: int
    special_months: int
    clause: str = ""


class Filing(Struct, frozen=True):
    """What is filed, as it stands for a place and a day.

    ``kind`` is ``chronic`` or one of :class:`Away`. ``refusal``: why it does not hold there then.
    ``valid_to`` and ``review_due_on`` None: until further notice; none is due.
    """

    kind: str
    condition: str
    refusal: Refusal | None
    valid_from: date
    valid_to: date | None
    institutions: tuple[str, ...] = ()
    drugs: tuple[str, ...] = ()
    review_due_on: date | None = None
    regions: tuple[str, ...] = ()


class MemberFilings(Struct, frozen=True):
    """What is filed for a member, on all days, each kind in the order in which it begins."""

    chronic: tuple[Held[ChronicFiled], ...] = ()
    reviews: tuple[Held[Reviewed], ...] = ()
    away: tuple[Held[AwayFiled], ...] = ()
    late_claims: tuple[Held[LateClaimAllowed], ...] = ()


NOTHING_FILED: Final = MemberFilings()
"""Nothing is filed beyond the register's row."""
