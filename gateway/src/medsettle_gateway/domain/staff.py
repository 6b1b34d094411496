"""Those who prescribe and those who review: dated facts about them, and what a region asks of them."""

from datetime import date
from enum import StrEnum
from typing import Final

from msgspec import Struct

from medsettle_gateway.domain.people import Held


class StaffRole(StrEnum):
    """As what somebody is registered (医保医师, 医保药师)."""

    PRESCRIBER = "prescriber"
    PHARMACIST = "pharmacist"


class StaffFact(StrEnum):
    """Kinds of dated facts about a prescriber or pharmacist."""

    POST = "post"
    POOL_FILING = "pool_filing"
    """Filed for the outpatient pool (备案医师)."""
    SUSPENSION = "suspension"
    POINTS = "points"


class Post(Struct, frozen=True):
    """Registered in a role at institutions, none: anywhere in the region. One a role and first day.

    Of the licence number only the end is kept: nothing here needs more of it.
    """

    role: StaffRole
    institutions: tuple[str, ...] = ()
    licence_end: str = ""


class PoolFiled(Struct, frozen=True):
    """Filed with the agency for the outpatient pool on these days."""


class StaffStopped(Struct, frozen=True):
    """Suspended on these days, or for good where the qualification was ``cancelled``."""

    cause: str
    author: str = ""
    cancelled: bool = False


class PointsDeducted(Struct, frozen=True):
    """Credit points taken on a day (its record's first), why, and by whom. One an own number."""

    points: int
    reason: str
    author: str


class CreditStep(Struct, frozen=True):
    """From so many points on that were deducted in a natural year: suspended for so many months."""

    points: int
    months: int


class CreditRule(Struct, frozen=True):
    """The points of a natural year and what their loss brings; steps in rising order."""

    points: int
    steps: tuple[CreditStep, ...]
    clause: str = ""


CREDIT: Final = CreditRule(
    10, (CreditStep(4, 1), CreditStep(6, 3), CreditStep(8, 6), CreditStep(10, 12)), "篇5记分"
)
"""Of Qinzhou (003_5a4d54f22aa6a331.txt, 篇5), the only figures that a document gives; a pack has its own."""


class StaffRule(Struct, frozen=True):
    """What a region asks of those who prescribe, or of those who review.

    ``known``: they are registered for the day and place. ``filed_for``: benefits for which a prescriber must
    be filed, and so be named.
    """

    known: bool = False
    filed_for: tuple[str, ...] = ()
    credit: CreditRule = CREDIT
    clause: str = ""


class Stop(Struct, frozen=True):
    """Days on which somebody may neither prescribe nor review, both included; None: until further notice.

    ``points``: so many points were deducted by its first day; 0 where it was ordered.
    """

    first_on: date
    last_on: date | None
    points: int = 0
    cancelled: bool = False

    def holds(self, on: date) -> bool:
        """Is it in force on this day?"""
        return self.first_on <= on and (self.last_on is None or on <= self.last_on)


class StaffFacts(Struct, frozen=True):
    """What is known of a code, on all days. Somebody of whom nothing is known has no posts."""

    code: str
    posts: tuple[Held[Post], ...] = ()
    pool_filed: tuple[Held[PoolFiled], ...] = ()
    stopped: tuple[Held[StaffStopped], ...] = ()
    deducted: tuple[Held[PointsDeducted], ...] = ()


NO_STAFF_RULE: Final = StaffRule()
"""Nothing is asked of anybody, but that nobody is suspended."""
