"""External prescriptions (外配处方) as a clinic registers them, and what pharmacies have dispensed of them.

What was registered is never changed: reviews and a withdrawal are further records of it. What is dispensed is
what the sales that stand draw of it, so that a sale that is undone gives back exactly what it drew.
"""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Final, NamedTuple

from msgspec import Struct

DRUGS_MOST: Final = 20
"""Drugs of one prescription."""
DISPENSINGS_MOST: Final = 12
"""How often a prescription may repeat its quantities."""
DAYS_MOST: Final = 366
"""Days from the issue of a prescription to its last day."""
REVIEWS_MOST: Final = 50
"""Reviews of one prescription."""
OPEN_MOST: Final = 50
"""Open prescriptions of one patient that are answered at once."""


class PrescriptionState(StrEnum):
    """Where a prescription stands on a day."""

    REGISTERED = "REGISTERED"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    DISPENSED = "DISPENSED"
    WITHDRAWN = "WITHDRAWN"
    EXPIRED = "EXPIRED"


class PharmacistReview(StrEnum):
    """Which review a region asks for before a registered prescription is dispensed."""

    ANYWHERE = "anywhere"
    """By a pharmacist of any place."""
    HERE = "here"
    """By one of the place that dispenses it."""
    NONE = "none"


class PrescribedDrug(Struct, frozen=True):
    """One drug; ``quantity_e4`` is of one dispensing, x 10^4, and ``days_supply`` how long that lasts."""

    item_code: str
    quantity_e4: int
    days_supply: int | None = None
    dosage: str = ""
    condition: str | None = None


class SignedRequest(Struct, frozen=True):
    """The evidence of who registered it: what the terminal's key signed, as the contract states it.

    The request itself is not kept, since it has the patient's credential; ``request_digest`` is its SHA-256
    (hex), and ``signature`` base64. With the other fields the signature can be verified for ever.
    """

    terminal: str
    key: str
    audience: str
    method: str
    timestamp_ms: int
    nonce: str
    request_digest: str
    signature: str


class PrescriptionOrder(Struct, frozen=True):
    """What was prescribed, as the terminal of a clinic states it: see :class:`RegisteredPrescription`."""

    number: str
    prescriber: str
    issued_on: date
    valid_to: date
    drugs: tuple[PrescribedDrug, ...]
    dispensings: int = 1
    diagnoses: tuple[str, ...] = ()
    dual_channel: bool = False


class RegisteredPrescription(Struct, frozen=True):
    """What was prescribed, under a number of the institution's own."""

    institution: str
    number: str
    member: str
    prescriber: str
    issued_on: date
    valid_to: date
    drugs: tuple[PrescribedDrug, ...]
    operator: str
    registered_at: datetime
    signed: SignedRequest
    dispensings: int = 1
    diagnoses: tuple[str, ...] = ()
    dual_channel: bool = False

    @property
    def order(self) -> PrescriptionOrder:
        """What was prescribed, whoever signed it when, and for whom."""
        return PrescriptionOrder(
            self.number, self.prescriber, self.issued_on, self.valid_to, self.drugs, self.dispensings,
            self.diagnoses, self.dual_channel,
        )

    def drug(self, item_code: str) -> PrescribedDrug | None:
        """Returns what is prescribed of an item, None if nothing."""
        return next((drug for drug in self.drugs if drug.item_code == item_code), None)

    def allowed_e4(self, drug: PrescribedDrug) -> int:
        """Returns what all dispensings of a drug come to, x 10^4."""
        return drug.quantity_e4 * self.dispensings


class ReviewRecord(Struct, frozen=True):
    """What a pharmacist said of it, at which institution."""

    pharmacist: str
    institution: str
    approved: bool
    note: str
    terminal: str
    operator: str
    reviewed_at: datetime

    def says_what(self, other: "ReviewRecord") -> bool:
        """Returns whether the other one says the same of the same pharmacist, whoever sent it when."""
        mine = (self.pharmacist, self.institution, self.approved, self.note)
        return mine == (other.pharmacist, other.institution, other.approved, other.note)


class WithdrawalRecord(Struct, frozen=True):
    """That whoever registered it takes it back, and why."""

    reason: str
    terminal: str
    operator: str
    withdrawn_at: datetime


class PrescriptionFacts(Struct, frozen=True):
    """A prescription with everything that came after: reviews in their order, and what is dispensed now.

    ``drawn_e4``: by item code, of all dispensings together, x 10^4; what holds reserve counts. ``sales`` are
    those that draw of it now, oldest first.
    """

    prescription: RegisteredPrescription
    reviews: tuple[ReviewRecord, ...] = ()
    withdrawal: WithdrawalRecord | None = None
    drawn_e4: Mapping[str, int] = {}
    sales: tuple[str, ...] = ()

    def left_e4(self, item_code: str, given_back_e4: int = 0) -> int:
        """Returns what may be dispensed of a drug now, x 10^4: the rest of the dispensing that is begun.

        A prescription that repeats its quantities is dispensed one time after another: no sale takes more
        than one of them. ``given_back_e4`` counts as not drawn.
        """
        drug = self.prescription.drug(item_code)
        if drug is None:
            return 0
        drawn_e4 = self.drawn_e4.get(item_code, 0) - given_back_e4
        if drawn_e4 >= self.prescription.allowed_e4(drug):
            return 0
        return drug.quantity_e4 - drawn_e4 % drug.quantity_e4

    def state_on(self, day: date) -> PrescriptionState:
        """Returns where it stands on the day."""
        if self.withdrawal is not None:
            return PrescriptionState.WITHDRAWN
        if not any(self.left_e4(drug.item_code) for drug in self.prescription.drugs):
            return PrescriptionState.DISPENSED
        if day > self.prescription.valid_to:
            return PrescriptionState.EXPIRED
        if not self.reviews:
            return PrescriptionState.REGISTERED
        return PrescriptionState.APPROVED if self.reviews[-1].approved else PrescriptionState.REJECTED


class Draw(NamedTuple):
    """What a sale dispenses of one drug of a prescription, x 10^4."""

    institution: str
    number: str
    item_code: str
    quantity_e4: int
