"""Who decides a sale inside the transaction is a port: it never answers that it does not know yet.

Who decides beyond the house is another one: :mod:`medsettle_gateway.service.remote`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple, Protocol

from msgspec import Struct

from medsettle_gateway.domain.asked import AskedLine, Basket
from medsettle_gateway.domain.basket import Dispensed, EmergencyOrder, Prescription
from medsettle_gateway.domain.counters import CounterKey, Remainder
from medsettle_gateway.domain.errors import Refusal
from medsettle_gateway.domain.facts import AccountFacts, InstitutionFacts, MemberFacts
from medsettle_gateway.domain.filings import Area, Filing
from medsettle_gateway.domain.prescriptions import Draw
from medsettle_gateway.domain.register import CatalogueItem
from medsettle_gateway.domain.sale import Effect, SaleRecord, SettlementRecord
from medsettle_gateway.domain.split import Split
from medsettle_gateway.domain.staff import StaffFacts, StaffRule
from medsettle_gateway.domain.tracing import TraceRule
from medsettle_gateway.domain.watching import WatchRule
from medsettle_gateway.service.dispensing import Prescribed
from medsettle_gateway.supervision.seen import Watched

Counters = Mapping[CounterKey, int]
"""What counts of each counter, in fen: what is used, and of what funds paid also what holds reserve."""


class Question(Struct, frozen=True):
    """A sale to decide: what was asked, and every fact that money depends on.

    ``items`` are the catalogue's, in the order of the basket's lines. ``payers`` may pay, in the order given.
    ``known_on`` is the gateway's day: no rule that was not known then decides. ``dispensed`` are the drugs of
    the days around, as far as the authority asked for them; ``orders`` hold on any of the sale's days.
    ``prescribed`` is what is dispensed of registered prescriptions, None if nothing is.
    ``watched`` is what supervision needs to know besides, None where no rule looks. ``staff`` are those who
    are named on its prescriptions; ``filings`` and ``area`` are as the authority finds them for the place.
    """

    service_on: date
    institution: InstitutionFacts
    member: MemberFacts
    basket: Basket
    items: tuple[CatalogueItem, ...]
    catalogue_digest: str
    payers: tuple[AccountFacts, ...]
    counters: Counters
    known_on: date
    dispensed: tuple[Dispensed, ...] = ()
    orders: tuple[EmergencyOrder, ...] = ()
    watched: Watched | None = None
    prescribed: Prescribed | None = None
    staff: tuple[StaffFacts, ...] = ()
    filings: tuple[Filing, ...] = ()
    area: Area = Area.LOCAL

    @property
    def drawn(self) -> tuple[Draw, ...]:
        """What the sale draws of registered prescriptions."""
        return () if self.prescribed is None else self.prescribed.drawn


class Today(NamedTuple):
    """What a sale that is calculated again finds: those who may pay, their balances, counters, drugs."""

    payers: Mapping[str, AccountFacts]
    counters: Counters
    dispensed: tuple[Dispensed, ...] = ()


class Decided(NamedTuple):
    """What the sale comes to; ``lifted`` are the counters whose caps an order lifts."""

    settlements: tuple[SettlementRecord, ...]
    effect: Effect
    split: Split
    lifted: tuple[CounterKey, ...] = ()


@dataclass(frozen=True, slots=True)
class Visit:
    """A person at a place on a day, before anything is bought.

    ``items`` are those that are asked about, as far as the catalogue has them; ``dispensed`` and ``orders``
    are as for a sale.
    """

    service_on: date
    institution: InstitutionFacts
    member: MemberFacts
    prescription: Prescription | None
    counters: Counters
    known_on: date
    items: tuple[CatalogueItem, ...] = ()
    dispensed: tuple[Dispensed, ...] = ()
    orders: tuple[EmergencyOrder, ...] = ()


class Offer(NamedTuple):
    """One benefit of the region for a visit: why not (None: yes), and where its limits stand.

    ``lifted`` are the counters whose caps an order lifts.
    """

    benefit: str
    title_zh: str
    title_en: str
    refusal: Refusal | None
    remainders: tuple[Remainder, ...]
    lifted: tuple[CounterKey, ...] = ()


class ItemCover(NamedTuple):
    """Why no fund pays for an item, None if one may; ``again_on``: from when on again, None: from now on."""

    refusal: Refusal | None
    again_on: date | None = None


class Cover(NamedTuple):
    """What the region's rules say of a visit. ``payers`` are the accounts whose owners may pay.

    ``no_account`` is why nothing may be bought from accounts either; None: it may, with no fund beside them.
    ``filings`` is what is filed, each with why it does not hold there then; ``no_aid`` why certificates of
    aid that are recorded count for nothing; ``items`` is what is said of each of the visit's;
    ``by_prescriber`` are the titles of the benefits that ask for a prescriber by name.
    """

    pack: str
    refusal: Refusal | None
    offers: tuple[Offer, ...]
    own_account: bool
    payers: tuple[str, ...]
    filings: tuple[Filing, ...] = ()
    no_aid: Refusal | None = None
    no_account: Refusal | None = None
    items: tuple[ItemCover, ...] = ()
    by_prescriber: tuple[tuple[str, str], ...] = ()


class Authority(Protocol):
    """Decides sales at once, from the facts alone."""

    def periods(self, institution: str, basket: Basket | None, service_on: date) -> tuple[str, ...]:
        """Returns the periods whose counters a sale of that day reads: years, and its stay."""

    def window_days(self, region: str) -> int:
        """Returns in how many days, the sale's own included, drugs count that were handed out; 0: in none."""

    def watches(self, region: str, scheme: str, on: date, known_on: date) -> tuple[WatchRule, ...]:
        """Returns the rules of supervision for members of a scheme, as they were known."""

    def conditions(
        self, member: MemberFacts, institution: InstitutionFacts, on: date, known_on: date
    ) -> tuple[str, ...]:
        """Returns the member's conditions that hold at the place on the day, filings with dates included."""

    def trace_rule(self, region: str, on: date, known_on: date) -> TraceRule:
        """Returns what the region of a place asks of traceability codes."""

    def staff_rules(self, region: str, on: date, known_on: date) -> tuple[StaffRule, StaffRule]:
        """Returns what the region of a place asks of those who prescribe, and of those who review."""

    def decide(self, question: Question) -> Decided:
        """Returns what the sale comes to. Raises Refused."""

    def bars(self, question: Question) -> Refusal | None:
        """Returns why the sale is refused whatever goods and prescriptions it brings: they are not looked at.

        None where that turns on them.
        """

    def again(self, sale: SaleRecord, today: Today) -> Decided:
        """Returns what a held sale comes to now: its facts, packs and day, today's balances and counters.

        Raises Refused where it can no longer be calculated.
        """

    def left(self, sale: SaleRecord, kept: Sequence[AskedLine], today: Today) -> Decided:
        """Returns what is left of a settled sale if only these of its lines stay, in these quantities.

        Its facts, packs and day, and what it found without itself. Raises Refused as ``again`` does.
        """

    def cover(self, visit: Visit, benefit: str | None) -> Cover:
        """Returns what the patient may have here: of one benefit, or of all that the region has."""
