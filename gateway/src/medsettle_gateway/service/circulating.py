"""What calls about prescriptions answer: a prescription as it stands on a day."""

from dataclasses import dataclass
from datetime import date

from medsettle_gateway.domain.prescriptions import PrescriptionFacts


@dataclass(frozen=True, slots=True)
class PrescriptionAnswer:
    """A prescription as it stands on a day, with the patient's masked name."""

    facts: PrescriptionFacts
    masked_name: str
    on: date


@dataclass(frozen=True, slots=True)
class PrescriptionsAnswer:
    """What may still be dispensed, oldest first. ``review_token`` says that the patient was there."""

    prescriptions: tuple[PrescriptionAnswer, ...]
    review_token: str = ""
