"""Prescriptions for tests: one of a clinic's, with two drugs."""

from datetime import UTC, date, datetime
from typing import Any

from msgspec import structs

from medsettle_gateway.domain.prescriptions import (
    Draw,
    PrescribedDrug,
    RegisteredPrescription,
    ReviewRecord,
    SignedRequest,
    WithdrawalRecord,
)

AT = datetime(2026, 3, 2, 2, tzinfo=UTC)
ONE_E4 = 10_000
SIGNED = SignedRequest(
    "H1-T1", "0" * 16, "g", "/medsettle.wire.v1.PrescriptionService/RegisterPrescription", 1_772_416_800_000,
    "n" * 22, "ab" * 32, "c2ln",
)
_PRESCRIPTION = RegisteredPrescription(
    institution="H1",
    number="RX-1",
    member="m",
    prescriber="D1",
    issued_on=date(2026, 3, 2),
    valid_to=date(2026, 3, 31),
    drugs=(PrescribedDrug("drug-a", 3 * ONE_E4, 30), PrescribedDrug("drug-b", ONE_E4)),
    operator="op",
    registered_at=AT,
    signed=SIGNED,
)
REVIEW = ReviewRecord("PH1", "P1", True, "", "P1-T1", "op", AT)
WITHDRAWAL = WithdrawalRecord("wrong drug", "H1-T1", "op", AT)
DRAW = Draw("H1", "RX-1", "drug-a", ONE_E4)


def registered(**changes: Any) -> RegisteredPrescription:
    """Returns the prescription with other fields."""
    return structs.replace(_PRESCRIPTION, **changes)
