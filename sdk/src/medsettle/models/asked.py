"""What a till asks with: the basket, who pays, what was shown to the patient.

Plain data. ``medsettle.checks`` looks at it before anything is sent.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum


class Collect(StrEnum):
    """When the till collects the cash part."""

    NOW = "NOW"
    """It is collected already, or there is none: settle at once."""
    LATER = "LATER"
    """Hold first; the till collects, then confirms."""


class View(StrEnum):
    """How much of a sale an answer carries."""

    BASIC = "BASIC"
    FULL = "FULL"


class CredentialKind(StrEnum):
    """What the patient shows (就诊凭证, mdtrt_cert_type)."""

    ELECTRONIC = "ELECTRONIC"
    IDENTITY_CARD = "IDENTITY_CARD"
    SOCIAL_CARD = "SOCIAL_CARD"


class Relation(StrEnum):
    """What a proxy is to the patient."""

    SPOUSE = "spouse"
    PARENT = "parent"
    CHILD = "child"
    OTHER = "other"


class PrescriptionKind(StrEnum):
    """Where a prescription comes from."""

    OWN = "OWN"
    EXTERNAL = "EXTERNAL"
    """外配处方."""


class Consent(StrEnum):
    """How the owner of an account agreed to its use."""

    IN_PERSON = "IN_PERSON"
    STANDING = "STANDING"
    """家庭共济授权."""


@dataclass(frozen=True, slots=True)
class Credential:
    """What the scanner read, 1 to 512 characters; of a card its number. Never journalled, logged or shown:
    not even by repr.

    ``code_type``: which electronic code it is, where the gateway reads several; None: the national one.
    """

    token: str = field(repr=False)
    kind: CredentialKind = CredentialKind.ELECTRONIC
    code_type: str | None = None


@dataclass(frozen=True, slots=True)
class Proxy:
    """Who came for the patient (代办). Sent with Settle and kept nowhere at the till, nor shown by repr.

    ``name``: 1 to 50 characters. ``id_number``: of the identity card, 15 to 18. ``phone``: up to 20, or none.
    """

    relation: Relation
    name: str = field(repr=False)
    id_number: str = field(repr=False)
    phone: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class AcceptedWarning:
    """A warning (预警) that the cashier has looked at and goes on in spite of: the advisory's code, and why
    it is all right, for the record, 1 to 200 characters.
    """

    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the basket.

    ``quantity``: up to four decimals. ``unit_price``: yuan per unit, up to six decimals. Both as text, int
    or Decimal; a float is refused, since it is not exact. ``amount_fen``: their product rounded half-up;
    None: computed before sending. ``days_supply``: days that a drug lasts as prescribed, 1 to 366.
    ``service_on``: the line's day within a stay. ``split_pack``: a part of an opened pack (拆零). Kind,
    class, share and ceiling come from the gateway's catalogue.
    """

    item_code: str
    quantity: str | int | Decimal = "1"
    unit_price: str | int | Decimal = "0"
    amount_fen: int | None = None
    line_id: str = ""
    benefit: str | None = None
    condition: str | None = None
    prescription_id: str | None = None
    traceability_codes: tuple[str, ...] = ()
    service_on: date | None = None
    days_supply: int | None = None
    split_pack: bool = False


@dataclass(frozen=True, slots=True)
class Prescription:
    """A prescription that lines refer to by ``prescription_id`` (1 to 16 characters).

    ``number`` with ``institution``: of an external one that is registered there. ``pharmacist``: who
    reviewed it at this counter.
    """

    prescription_id: str
    kind: PrescriptionKind
    number: str = ""
    prescriber: str = ""
    institution: str = ""
    issued_on: date | None = None
    pharmacist: str = ""


@dataclass(frozen=True, slots=True)
class Payer:
    """An account that may pay, as the eligibility check lists it. ``consent``: for a relative's."""

    account: str
    consent: Consent | None = None


@dataclass(frozen=True, slots=True)
class Encounter:
    """The visit: its number of sessions, or the days of a stay, of which an interim bill has no last one.

    ``emergency``: rescue that could not choose its place (急救抢救).
    """

    admitted_on: date | None = None
    discharged_on: date | None = None
    sessions: int | None = None
    emergency: bool = False


@dataclass(frozen=True, slots=True)
class Basket:
    """What is bought and who may pay.

    ``benefit`` None: each line goes to the first that person and place may have and that takes it; one
    settlement a benefit.
    """

    lines: tuple[Line, ...]
    benefit: str | None = None
    prescriptions: tuple[Prescription, ...] = ()
    payers: tuple[Payer, ...] = ()
    without_accounts: bool = False
    encounter: Encounter | None = None
    service_on: date | None = None
    late_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Split:
    """Who pays what, as the patient is shown it, in fen. Zero parts count as absent when compared."""

    cash_fen: int
    funds: Mapping[str, int] = field(default_factory=dict)
    accounts: Mapping[str, int] = field(default_factory=dict)

    def same_as(self, other: "Split") -> bool:
        """Returns whether the non-zero funds, the non-zero accounts and the cash part are equal."""
        mine = (_paying(self.funds), _paying(self.accounts), self.cash_fen)
        return mine == (_paying(other.funds), _paying(other.accounts), other.cash_fen)

    @property
    def total_fen(self) -> int:
        """All parts together, in fen."""
        return sum(self.funds.values()) + sum(self.accounts.values()) + self.cash_fen


def _paying(shares: Mapping[str, int]) -> dict[str, int]:
    return {key: amount for key, amount in shares.items() if amount}


@dataclass(frozen=True, slots=True)
class Tendered:
    """How a part of the cash was collected: cash, card, wechat, alipay, or another kind, in fen."""

    kind: str
    amount_fen: int
    reference: str = ""
