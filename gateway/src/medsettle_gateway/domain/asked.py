"""What a till asks for, as it stated it: everything that money depends on is derived from the
catalogue and the register, never from here.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from msgspec import Struct

from medsettle_gateway.domain.basket import Prescription


class Collect(StrEnum):
    """When the till collects the cash part."""

    NOW = "NOW"
    LATER = "LATER"


class Consent(StrEnum):
    """How the owner of an account agreed to its use."""

    IN_PERSON = "IN_PERSON"
    STANDING = "STANDING"


class AskedLine(Struct, frozen=True):
    """One line of the ticket; ``unit_price_micro`` is yuan x 10^6, ``quantity_e4`` is x 10^4.

    ``days_supply`` is how many days a drug lasts as prescribed. ``split_pack``: a part of an opened pack
    (拆零).
    """

    line_id: str
    item_code: str
    quantity_e4: int
    unit_price_micro: int
    amount_fen: int
    benefit: str | None = None
    condition: str | None = None
    prescription_id: str | None = None
    traceability_codes: tuple[str, ...] = ()
    service_on: date | None = None
    days_supply: int | None = None
    split_pack: bool = False


@dataclass(frozen=True, slots=True)
class AskedPrescription:
    """A prescription that lines refer to; ``kind`` is OWN or EXTERNAL.

    ``pharmacist`` is the code of the one who reviewed it at this counter.
    """

    prescription_id: str
    kind: Prescription
    number: str = ""
    prescriber: str = ""
    institution: str = ""
    issued_on: date | None = None
    pharmacist: str = ""


@dataclass(frozen=True, slots=True)
class Payer:
    """An account that may pay, and how its owner agreed."""

    account: str
    consent: Consent | None = None


@dataclass(frozen=True, slots=True)
class Basket:
    """What is bought and who may pay: the part that Quote and Settle share.

    ``line_id`` of each line is set (its number from 1 where the till gave none). ``payers`` empty: the
    patient's own account, if there is one, unless ``without_accounts``. With ``admitted_on`` it is a bill of
    a stay, an interim one without ``discharged_on``. ``emergency``: rescue that could not choose its place.
    """

    lines: tuple[AskedLine, ...]
    benefit: str | None = None
    admitted_on: date | None = None
    discharged_on: date | None = None
    sessions: int = 1
    prescriptions: tuple[AskedPrescription, ...] = ()
    payers: tuple[Payer, ...] = ()
    without_accounts: bool = False
    service_on: date | None = None
    late_reason: str | None = None
    emergency: bool = False

    def stay_at(self, institution: str) -> str | None:
        """Returns which stay at the institution it bills, or None.

        A person's stays are told apart by place and day of admission.
        """
        return None if self.admitted_on is None else f"{institution}-{self.admitted_on.isoformat()}"
