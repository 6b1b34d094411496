"""What the columns of registered prescriptions say, and what one writes: the same in every store."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from medsettle_gateway.domain.moves import DrawPrescriptions, GiveBackPrescriptions
from medsettle_gateway.domain.plain import from_json, to_json
from medsettle_gateway.domain.prescriptions import (
    PrescriptionFacts,
    RegisteredPrescription,
    ReviewRecord,
    WithdrawalRecord,
)
from medsettle_gateway.storage.instants import to_us


def facts_of(
    body: str,
    reviews: Iterable[str],
    withdrawal: str | None,
    drawn_e4: Mapping[str, int],
    sales: Sequence[str],
) -> PrescriptionFacts:
    """Returns a prescription with all that came after it. The bodies are JSON texts."""
    return PrescriptionFacts(
        from_json(RegisteredPrescription, body),
        tuple(from_json(ReviewRecord, each) for each in reviews),
        None if withdrawal is None else from_json(WithdrawalRecord, withdrawal),
        drawn_e4,
        tuple(sales),
    )


def prescription_row(prescription: RegisteredPrescription) -> tuple[Any, ...]:
    """Returns a row of ``prescriptions``, in the columns' order."""
    return (
        prescription.institution, prescription.number, prescription.member,
        prescription.issued_on.isoformat(), prescription.valid_to.isoformat(),
        to_us(prescription.registered_at), to_json(prescription),
    )


def drug_rows(prescription: RegisteredPrescription) -> list[tuple[str, str, str, int]]:
    """Returns the rows of ``prescribed_drugs``: of each drug what all dispensings come to, x 10^4."""
    institution, number = prescription.institution, prescription.number
    return [
        (institution, number, drug.item_code, prescription.allowed_e4(drug)) for drug in prescription.drugs
    ]


def draw_rows(move: DrawPrescriptions | GiveBackPrescriptions) -> list[tuple[str, str, str, str, int]]:
    """Returns the rows of ``prescription_draws`` that a move keeps or drops."""
    return [(move.request_id, *draw) for draw in move.draws]
