"""What one benefit of the basic fund is made of."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from medsettle_gateway.domain.calendar import MonthDay
from medsettle_gateway.policy.gates import Gate
from medsettle_gateway.policy.limits import Limit, Period
from medsettle_gateway.policy.rows import Figure, When


class Title(NamedTuple):
    """A title in both languages."""

    zh: str
    en: str


class CapPer(StrEnum):
    """Whether one cap holds for the benefit, or one for each filed condition."""

    BENEFIT = "benefit"
    CONDITION = "condition"


class Over(StrEnum):
    """Over what the amount runs that finds its place in ratio bands."""

    SETTLEMENT = "settlement"
    STAY = "stay"
    YEAR = "year"


@dataclass(frozen=True, slots=True)
class Band:
    """A ratio up to an amount above the deductible (inclusive, fen), or, at None, for all that is above."""

    up_to_fen: int | None
    ratio: Figure


@dataclass(frozen=True, slots=True)
class Bands:
    """A table of ratios by amount (分段): ascending, the last one without an upper end."""

    path: str
    over: Over
    bands: tuple[Band, ...]


class Excess(StrEnum):
    """Who bears what is billed above a limit per session."""

    PROVIDER = "provider"
    PATIENT = "patient"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class SessionLimit:
    """What one session may cost; the figure is a LIMIT in fen."""

    path: str
    figure: Figure
    excess: Excess


class Outside(StrEnum):
    """What happens to a line that the five fixed (五定) do not allow."""

    SELF_PAY = "self_pay"
    REFUSE = "refuse"


class Supply(StrEnum):
    """What happens to a drug beyond its days of supply."""

    REPORT = "report"
    SELF_PAY = "self_pay"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class FiveFixed:
    """The five fixed of chronic conditions.

    ``drug_kinds``: filed conditions -> distinct drugs, ascending; the last one holds beyond.
    ``window_days``: kinds and days of supply count what was dispensed on the day and in the days
    before it, this many in all; None counts this settlement only. ``review``: first and last day of
    the yearly review.
    """

    path: str
    clause: str
    drug_kinds: tuple[tuple[int, int], ...]
    days_supply: int | None
    outside: Outside
    supply: Supply
    window_days: int | None
    review: tuple[MonthDay, MonthDay] | None

    def kinds_allowed(self, filed: int) -> int | None:
        """Distinct drugs for so many filed conditions; None where kinds are not limited."""
        allowed = None
        for conditions, kinds in self.drug_kinds:
            if allowed is None or conditions <= filed:
                allowed = kinds
        return allowed


class By(StrEnum):
    """Which end of a stay decides."""

    ADMITTED = "admitted"
    DISCHARGED = "discharged"


@dataclass(frozen=True, slots=True)
class StayRule:
    """Which day's year, and which day's version of the pack, give the deductible and the cap of a stay."""

    path: str
    deductible_by: By
    cap_by: By
    clause: str = ""


@dataclass(frozen=True, slots=True)
class Benefit:
    """One benefit of a pack. ``switches_on`` are the regional switches that are turned on.

    ``takes`` are the lines that it takes where a basket is shared out between benefits; None: those
    with a filed condition if it needs a filing, else every line. ``layers`` are the ids of those that
    may follow it. Exactly one of ``ratio`` (with rows) and ``bands`` says what the fund pays.
    """

    id: str
    path: str
    title: Title
    fund: str
    who: tuple[Gate, ...]
    where: tuple[Gate, ...]
    switches: tuple[str, ...]
    switches_on: tuple[str, ...]
    deductible: Limit
    ratio: Figure
    bands: Bands | None
    cap: Limit
    cap_per: CapPer
    waives_self_pay_first: bool
    needs_filing: bool
    limit_per_session: SessionLimit | None
    five_fixed: FiveFixed | None
    stay: StayRule | None
    takes: tuple[When, ...] | None
    layers: tuple[str, ...]
    layers_clause: str

    @property
    def has_deductible(self) -> bool:
        """Is there a deductible at all?"""
        return self.deductible.period is not Period.NONE

    @property
    def is_selective(self) -> bool:
        """Does it take some lines of a basket only: those of filed conditions, or those that it names?"""
        return self.takes is not None or self.needs_filing or self.by_condition

    @property
    def watches_lines(self) -> bool:
        """Does what a line comes to depend on the lines before it?"""
        return self.by_condition or self.five_fixed is not None or self.limit_per_session is not None

    @property
    def by_condition(self) -> bool:
        """Is each filed condition capped and rounded by itself?"""
        return self.cap_per is CapPer.CONDITION
