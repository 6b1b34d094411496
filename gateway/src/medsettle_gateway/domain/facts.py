"""What the store answers of people, places, terminals, keys and items: the facts of a decision."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from medsettle_gateway.domain.basket import Dispensed
from medsettle_gateway.domain.filings import NOTHING_FILED, MemberFilings
from medsettle_gateway.domain.member import Aid, Enrolment, Owner, Scheme, Sex, Standing
from medsettle_gateway.domain.people import NO_PAST, Past
from medsettle_gateway.domain.place import (
    Designation,
    Institution,
    InstitutionKind,
    Lapsed,
    Level,
    Specialty,
)
from medsettle_gateway.domain.register import CatalogueItem


class State(StrEnum):
    """Whether an institution or a terminal may settle."""

    ACTIVE = "active"
    SUSPENDED = "suspended"


class AccountState(StrEnum):
    """Whether an account may be used. One that was closed is no account any more."""

    ACTIVE = "active"
    FROZEN = "frozen"


@dataclass(frozen=True, slots=True)
class InstitutionFacts:
    """A designated institution.

    As the register has it, or as of a day: then ``designations`` are those of the day, ``lapsed`` those that
    have dated facts and do not hold on it, and ``district`` is where the place lies, empty if nobody said.
    """

    code: str
    name: str
    region: str
    kind: InstitutionKind
    level: Level
    specialty: Specialty
    designations: tuple[Designation, ...]
    state: State
    district: str = ""
    takes_cards: bool = False
    lapsed: tuple[Lapsed, ...] = ()

    @property
    def place(self) -> Institution:
        """What money depends on."""
        return Institution(self.kind, self.level, self.specialty, self.designations)


@dataclass(frozen=True, slots=True)
class TerminalFacts:
    """A till of an institution; ``terminal`` is ``<institution>-<till>``."""

    terminal: str
    institution: str
    till: str
    state: State


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """A terminal's public key (DER SubjectPublicKeyInfo). Records are never deleted."""

    key: str
    terminal: str
    suite: str
    public_key: bytes
    not_before: datetime
    not_after: datetime
    revoked_at: datetime | None = None
    compromised_at: datetime | None = None

    def active_at(self, instant: datetime, *, early: timedelta = timedelta(0)) -> bool:
        """Returns whether requests signed with it are valid at the instant.

        ``early``: how far the clock that says so may be behind the one by which the key was registered.
        """
        ends = (self.not_after, self.revoked_at, self.compromised_at)
        return self.not_before - early <= instant < min(end for end in ends if end is not None)


@dataclass(frozen=True, slots=True)
class EnrolCode:
    """A one-time code for one terminal; only its hash is known. ``used_by_key``: the key it registered."""

    code_hash: str
    institution: str
    till: str
    expires_at: datetime
    used_by_key: str | None = None


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """An account that a member may name as payer: the member's own, or of a relative who bound it.

    ``owner`` is seen from the member; of a relative it is OTHER until the binding has been read
    (:func:`..domain.accounts.payers_on`), which also says what is left of the year's limit and whether there
    is a standing consent. ``payer`` is the owner's member reference. ``region`` and ``scheme`` are the
    owner's and name its book. ``balance_fen`` is what is available, without what holds reserve
    (``held_fen``).
    """

    account: str
    owner: Owner
    masked_name: str
    region: str
    scheme: Scheme
    state: AccountState
    balance_fen: int
    held_fen: int
    payer: str = ""
    limit_left_fen: int | None = None
    standing_consent: bool = False


class DatedAttribute(NamedTuple):
    """A fact of the region's own about a member, and the days on which it holds, both included.

    ``entered_at`` is since when it is known, None: nobody kept that. ``replaced_at`` is since when another
    one is known of its name and first day, None: none is.
    """

    name: str
    value: str
    valid_from: date
    valid_to: date | None = None
    entered_at: datetime | None = None
    replaced_at: datetime | None = None

    def holds(self, on: date) -> bool:
        """Does it hold on this day?"""
        return self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)

    def known(self, at: datetime) -> bool:
        """Was it known at this instant, and no other one in its place?"""
        entered = self.entered_at is None or self.entered_at <= at
        return entered and (self.replaced_at is None or self.replaced_at > at)


@dataclass(frozen=True, slots=True)
class MemberFacts:
    """An insured person, by the gateway's own random reference, and the accounts that may pay.

    ``accounts``: the own account first, then the family's in a stable order. ``covered_to`` is the last
    day of cover, or None. ``attributes`` are those of all days, in the order in which they begin, with those
    that were replaced since. ``past`` is what is recorded of all days, once somebody asked who the person was
    on one of them; so is ``filed``. No name leaves storage unmasked.
    """

    member: str
    masked_name: str
    region: str
    scheme: Scheme
    standing: Standing
    enrolment: Enrolment
    aid: Aid
    conditions: tuple[str, ...]
    covered_from: date
    covered_to: date | None
    accounts: tuple[AccountFacts, ...]
    born_on: date | None = field(default=None, repr=False)
    attributes: tuple[DatedAttribute, ...] = ()
    past: Past = NO_PAST
    filed: MemberFilings = NOTHING_FILED
    sex: Sex | None = field(default=None, repr=False)

    def attributes_on(self, day: date) -> tuple[tuple[str, str], ...]:
        """Returns name and value of what holds on the day, by name; of several the one that began last."""
        held = {
            each.name: each.value
            for each in self.attributes if each.replaced_at is None and each.holds(day)
        }
        return tuple(sorted(held.items()))


class DispensedFacts(NamedTuple):
    """A drug that a sale handed to the member."""

    request_id: str
    drug: Dispensed


@dataclass(frozen=True, slots=True)
class CatalogueFacts:
    """The asked codes' items (all versions of each; unknown codes are absent) and the catalogue's digest."""

    digest: str
    items: Mapping[str, tuple[CatalogueItem, ...]]


@dataclass(frozen=True, slots=True)
class CounterState:
    """A counter: what is used, and what holds reserve on top, in fen or as a count."""

    used: int = 0
    held: int = 0


@dataclass(frozen=True, slots=True)
class ResolvedCredential:
    """What a credential says: its own id, and whose it is.

    ``single_use``: the id is used up by the sale that it settles; a card may be shown again.
    """

    credential_id: str
    member: str
    expires_at: datetime
    single_use: bool = True
