"""Supervision at the counter (智能监控) as data: the rules that a region's packs may have.

What they find in a sale is for :mod:`medsettle_gateway.supervision` to say.
"""

from datetime import date
from typing import Final, NamedTuple

from msgspec import Struct

from medsettle_gateway.domain.finding import Verdict

RULES_MOST: Final = 12
"""Rules that one pack may have: a till accepts at most 16 warnings."""
LOOK_BACK_MOST_DAYS: Final = 366


class WatchRule(Struct, frozen=True):
    """One rule of a pack. ``own_figures``: no document gives its figures, the operator does."""

    id: str
    verdict: Verdict
    title_zh: str
    title_en: str
    clause: str
    own_figures: bool

    @property
    def code(self) -> str:
        """The name under which its finding is shown and accepted."""
        return self.id.upper()

    @property
    def kind(self) -> str:
        """What kind of rule it is: the word that packs and emergency orders use."""
        return KINDS[type(self)]

    @property
    def look_back_days(self) -> int:
        """How many days of earlier sales it looks at; 0: none."""
        return 0


class Advance(NamedTuple):
    """Days on which a drug may be bought earlier, such as those before a holiday; both are included."""

    from_on: date
    to_on: date
    grace_days: int


class RepeatedDrug(WatchRule, frozen=True):
    """A drug is bought again while what was bought lasts for more than ``grace_days``."""

    grace_days: int
    days: int
    advances: tuple[Advance, ...] = ()

    @property
    def look_back_days(self) -> int:
        """Purchases so many days back count."""
        return self.days

    def grace_on(self, on: date) -> int:
        """Returns how many days before its end a drug may be bought again on this day."""
        if not self.advances:
            return self.grace_days
        open_now = (each.grace_days for each in self.advances if each.from_on <= on <= each.to_on)
        return max((self.grace_days, *open_now))


class Longer(NamedTuple):
    """More days for lines of a filed condition, or of a benefit; none named: any that is filed."""

    days_supply: int
    conditions: tuple[str, ...] = ()
    benefits: tuple[str, ...] = ()


class OverDays(WatchRule, frozen=True):
    """A drug is handed out for more than so many days."""

    days_supply: int
    longer: tuple[Longer, ...] = ()


class OverPrice(WatchRule, frozen=True):
    """A unit costs more than the guidance price by more than a share of it.

    ``payment_standard``: where an item has no guidance price, its payment standard takes its place.
    """

    tolerance_ppm: int = 0
    payment_standard: bool = True


class DrugKinds(WatchRule, frozen=True):
    """More distinct drugs than so many filed conditions ask for, or on one prescription."""

    by_conditions: tuple[tuple[int, int], ...] = ()
    prescribed: int | None = None

    def most(self, conditions: int) -> int | None:
        """Returns how many kinds so many conditions allow; the last entry holds beyond. None: any number."""
        found = [kinds for number, kinds in self.by_conditions if number <= conditions]
        return found[-1] if found else None


class TwoPlaces(WatchRule, frozen=True):
    """The same person buys in two districts within so many minutes."""

    within_minutes: int

    @property
    def look_back_days(self) -> int:
        """Minutes may lie on both sides of midnight."""
        return 1 + self.within_minutes // (24 * 60)


class AccountEmptied(WatchRule, frozen=True):
    """An account is drawn down in several sales, as if to turn it into cash (套现).

    All must hold of one account within so many days: number of sales, share of what was there, least sum;
    and, where ``round_count`` is given, so many earlier sales took whole multiples of ``round_fen``.
    """

    days: int
    sales_count: int
    share_ppm: int
    least_fen: int = 0
    round_fen: int = 0
    round_count: int = 0

    @property
    def look_back_days(self) -> int:
        """So many days, the sale's own included."""
        return self.days


class NotMedical(WatchRule, frozen=True):
    """Goods that are no medical care are paid by a fund or an account; ``mixed``: or stand beside such."""

    mixed: bool = False


KINDS: Final[dict[type[WatchRule], str]] = {
    RepeatedDrug: "repeated_drug",
    OverDays: "over_days",
    OverPrice: "over_price",
    DrugKinds: "drug_kinds",
    TwoPlaces: "two_places",
    AccountEmptied: "account_emptied",
    NotMedical: "not_medical",
}
"""Every kind of rule, by the word that packs use."""
