"""What operators enter: institutions, members, families, sums of earlier years, items of a catalogue.

Names and numbers of people are kept out of ``repr``, so that no log shows them.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple, TypeVar

from medsettle_gateway.domain.basket import CatalogueClass, LineKind, Ward
from medsettle_gateway.domain.counters import CounterKey
from medsettle_gateway.domain.goods import NO_TERMS, Terms
from medsettle_gateway.domain.member import Aid, Enrolment, Owner, Scheme, Standing
from medsettle_gateway.domain.place import Institution


class Fault(NamedTuple):
    """Why one row cannot be entered. ``line`` is its first line in the file, counted from 1.

    ``file`` is its name, where more than one is entered together.
    """

    line: int
    zh: str
    en: str
    file: str = ""


Record = TypeVar("Record")
Rows = Iterable[tuple[int, Record]]
"""Records with the line that each comes from."""


@dataclass(frozen=True, slots=True)
class InstitutionRecord:
    """One designated institution, as it is from ``valid_from`` on; None: as it has been since ever.

    With ``keeps_from`` the file says of no row since when it holds. ``withdrawn``: there never was a row that
    began on that day.
    """

    code: str
    name: str
    region: str
    place: Institution
    suspended: bool
    valid_from: date | None = None
    keeps_from: bool = False
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class MemberRecord:
    """One insured person.

    ``number`` is the operator's own number of the person. ``account_fen`` is what the personal
    account opens with: None, there is no account; 0, there is one and it is empty. ``born_on`` None: what the
    identity number says, if it is one that does; with ``keeps_born_on``: what is known stays. The same holds
    of ``social_card_no`` and ``phone``, which are empty where there is none.
    """

    number: str = field(repr=False)
    name: str = field(repr=False)
    id_number: str = field(repr=False)
    region: str
    scheme: Scheme
    standing: Standing
    enrolment: Enrolment
    aid: Aid
    conditions: tuple[str, ...]
    covered_from: date
    covered_to: date | None
    account_fen: int | None
    frozen: bool
    born_on: date | None = field(default=None, repr=False)
    keeps_born_on: bool = False
    social_card_no: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)
    keeps_social_card: bool = False
    keeps_phone: bool = False


@dataclass(frozen=True, slots=True)
class FamilyTie:
    """The payer's account may pay for the member. ``relation``: the payer seen from the member.

    ``valid_from`` None: today, or as it was; ``valid_to`` is the last day. ``limit_fen`` is what the member
    may use in a year, None for no limit; ``consented_on`` is since when the payer agrees once and for all.
    ``keeps`` names those of the last three that stay as they are known.
    """

    number: str = field(repr=False)
    payer_number: str = field(repr=False)
    relation: Owner
    valid_from: date | None = None
    valid_to: date | None = None
    limit_fen: int | None = None
    consented_on: date | None = None
    keeps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AccrualRow:
    """A member's contribution of a month (``2026-06``): the own base in fen, None where none is stated."""

    number: str = field(repr=False)
    month: str
    base_fen: int | None


@dataclass(frozen=True, slots=True)
class YearSum:
    """What an older system had counted for a member in a benefit year."""

    number: str = field(repr=False)
    key: CounterKey
    amount_fen: int


@dataclass(frozen=True, slots=True)
class AttributeRow:
    """A fact of the region's own about a member, from ``valid_from`` to ``valid_to``, both included."""

    number: str = field(repr=False)
    name: str
    value: str
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True, slots=True)
class CatalogueItem:
    """One item of a region's catalogue, from ``valid_from`` to ``valid_to``, both included.

    ``classes`` are the other lists in which it stands in another class than ``catalogue_class``.
    """

    code: str
    name: str
    kind: LineKind
    catalogue_class: CatalogueClass
    self_pay_share_ppm: int | None
    ceiling_micro: int | None
    ward: Ward | None
    valid_from: date
    valid_to: date | None
    classes: tuple[tuple[str, CatalogueClass], ...] = ()
    terms: Terms = NO_TERMS

    def holds(self, on: date) -> bool:
        """Is it valid on this day?"""
        return self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)


class CatalogueRow(NamedTuple):
    """An item as it is entered; with ``keeps_classes`` its ``classes`` are those that are known of it.

    ``keeps``: the fields of its terms that the file has no column for, and that stay as they are known.
    """

    item: CatalogueItem
    keeps_classes: bool = False
    keeps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RecordRow:
    """A dated fact as it is entered: of a member's number, or of the code of an institution or of staff."""

    of: str = field(repr=False)
    kind: str
    key: str
    valid_from: date
    valid_to: date | None
    body: object
    withdrawn: bool = False
