"""What is recorded of a person, dated: cover, arrears, payments, suspensions and certificates of aid.

Each type is the body of a record of its kind; the record's days say when it holds. None holds a name.
"""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final, Generic, NamedTuple, TypeVar

from msgspec import Struct

from medsettle_gateway.domain.member import Aid, Enrolment, Scheme, Standing

T = TypeVar("T")


class PersonKind(StrEnum):
    """The kinds of records that say who a person is on a day."""

    REGISTERED = "registered"
    COVER = "cover"
    ARREARS = "arrears"
    PAYMENT = "payment"
    SUPPLEMENT = "supplement"
    SUSPENSION = "suspension"
    CERTIFICATE = "certificate"


class Registered(Struct, frozen=True):
    """A row of the register as it was entered; its days are those of cover. Key: the first day."""

    region: str
    scheme: Scheme
    standing: Standing
    enrolment: Enrolment
    aid: Aid = Aid.NONE
    conditions: tuple[str, ...] = ()


class Cover(Struct, frozen=True):
    """A period of cover (参保期间). Key: scheme and first day, since a wrong record may say two at once."""

    region: str
    scheme: Scheme
    standing: Standing
    enrolment: Enrolment


class Arrears(Struct, frozen=True):
    """Months for which no contribution came (欠费), the first to the last, None: still. Key: the first day.

    ``paid_on``: the day on which all of it, and the late fee, was paid; None: it was not.
    """

    paid_on: date | None = None


class Payment(Struct, frozen=True):
    """A yearly premium was paid (缴费), or by others for the person (资助参保). Key: scheme and day."""

    scheme: Scheme
    paid_on: date
    subsidised: bool = False


class Supplement(Struct, frozen=True):
    """Cover beside the basic one, such as for large amounts (大额补助). Key: its name and first day."""

    name: str
    paid_on: date


class Suspension(Struct, frozen=True):
    """Benefits are suspended (暂停待遇). ``cause`` is for the operator. Key: the first day."""

    cause: str


class Certificate(Struct, frozen=True):
    """A certificate of aid (救助证件), and the district that issued it. Key: aid, district and first day."""

    aid: Aid
    district: str


class Span(Struct, frozen=True):
    """Days of cover, both included, None: until further notice; and under what."""

    first_on: date
    last_on: date | None
    cover: Cover

    def holds(self, on: date) -> bool:
        """Is the person covered on this day?"""
        return self.first_on <= on and (self.last_on is None or on <= self.last_on)


class Held(NamedTuple, Generic[T]):
    """A fact, and the days on which it holds, both included; None: until further notice."""

    first_on: date
    last_on: date | None
    fact: T

    def holds(self, on: date) -> bool:
        """Does it hold on this day?"""
        return self.first_on <= on and (self.last_on is None or on <= self.last_on)


class Past(Struct, frozen=True):
    """What is known of a person's cover on all days, each kind in the order in which it begins.

    ``spans`` may leave gaps; where two of other schemes meet, the register is wrong.
    """

    spans: tuple[Span, ...] = ()
    arrears: tuple[Held[Arrears], ...] = ()
    payments: tuple[Payment, ...] = ()
    supplements: tuple[Held[Supplement], ...] = ()
    suspensions: tuple[Held[Suspension], ...] = ()
    certificates: tuple[Held[Certificate], ...] = ()


NO_PAST: Final = Past()
"""Nothing is recorded beyond the register's row."""


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A dated fact about a member as operators enter it. ``number`` is the operator's own number."""

    number: str = field(repr=False)
    kind: PersonKind
    key: str
    valid_from: date
    valid_to: date | None
    body: Cover | Arrears | Payment | Supplement | Suspension | Certificate
    withdrawn: bool = False
