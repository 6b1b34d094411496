"""Prescriptions that circulate (处方流转): what a clinic registers, and what a pharmacy fetches."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from medsettle.models.asked import Prescription, PrescriptionKind


class PrescriptionState(StrEnum):
    """Where a prescription stands. One that this release does not know is shown as it came."""

    REGISTERED = "REGISTERED"
    """No pharmacist has reviewed it yet."""
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    DISPENSED = "DISPENSED"
    WITHDRAWN = "WITHDRAWN"
    EXPIRED = "EXPIRED"


@dataclass(frozen=True, slots=True)
class PrescribedDrug:
    """One drug to prescribe: its quantity of one dispensing, up to four decimals, as text, int or Decimal.

    ``days_supply``: days that one dispensing lasts, 1 to 366. ``condition``: the filed one that it treats.
    """

    item_code: str
    quantity: str | int | Decimal
    days_supply: int | None = None
    dosage: str = ""
    condition: str | None = None


@dataclass(frozen=True, slots=True)
class PrescriptionOrder:
    """What a clinic registers, under a number of its own: 1 to 40 letters, digits and hyphens.

    ``valid_to``: the last day, up to 366 days after ``issued_on``. ``dispensings``: how many times the
    quantities may be dispensed, 1 to 12. ``dual_channel``: for drugs that hospital and pharmacy both supply
    (双通道).
    """

    number: str
    prescriber: str
    issued_on: date
    valid_to: date
    drugs: tuple[PrescribedDrug, ...]
    dispensings: int = 1
    diagnoses: tuple[str, ...] = ()
    dual_channel: bool = False


@dataclass(frozen=True, slots=True)
class RegisteredDrug:
    """A drug of a registered prescription; quantities are decimal texts.

    ``quantity`` is of one dispensing, ``dispensed_quantity`` of all together; ``left_quantity`` may be
    dispensed now.
    """

    item_code: str
    quantity: str
    days_supply: int | None
    dosage: str
    condition: str | None
    dispensed_quantity: str
    left_quantity: str


@dataclass(frozen=True, slots=True)
class PrescriptionReview:
    """What a pharmacist said of it."""

    pharmacist: str
    institution: str
    approved: bool
    note: str
    reviewed_at: datetime | None


@dataclass(frozen=True, slots=True)
class RegisteredPrescription:
    """A prescription as it stands. ``member`` is the gateway's own reference of the patient.

    ``signed_by``, ``key``, ``request_digest`` and ``signature``: which terminal registered it, and the proof.
    ``sales``: request ids of those that dispense it now, oldest first. ``review_token``: of one that was
    fetched, that the patient has shown a credential there, for a review until the end of the day; else empty.
    """

    number: str
    institution: str
    prescriber: str
    issued_on: date | None
    valid_to: date | None
    dispensings: int
    drugs: tuple[RegisteredDrug, ...]
    diagnoses: tuple[str, ...]
    dual_channel: bool
    state: PrescriptionState | str
    member: str
    masked_name: str
    registered_at: datetime | None
    signed_by: str
    key: str
    request_digest: str
    signature: str
    reviews: tuple[PrescriptionReview, ...]
    sales: tuple[str, ...]
    review_token: str = field(default="", compare=False, repr=False)

    def named(self, prescription_id: str, *, pharmacist: str = "") -> Prescription:
        """Returns it for a basket whose lines name it by ``prescription_id``.

        ``pharmacist``: who looks at it at this counter.
        """
        return Prescription(
            prescription_id, PrescriptionKind.EXTERNAL, self.number, self.prescriber, self.institution,
            self.issued_on, pharmacist,
        )
