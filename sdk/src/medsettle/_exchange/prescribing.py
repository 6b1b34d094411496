"""Between the till's values and the bytes of the prescription service."""

from dataclasses import replace
from datetime import date

from medsettle._exchange.answering import UnreadableError, day, instant, parsed
from medsettle._exchange.asking import shown
from medsettle.checks import decimal_text
from medsettle.models import (
    Credential,
    PrescriptionOrder,
    PrescriptionReview,
    PrescriptionState,
    RegisteredDrug,
    RegisteredPrescription,
)
from medsettle.wire.v1 import prescription_pb2

_PREFIX = "PRESCRIPTION_STATE_"


def register(credential: Credential, order: PrescriptionOrder, operator: str) -> bytes:
    """Returns a RegisterPrescriptionRequest. Raises RequestError for a quantity that is no decimal."""
    return prescription_pb2.RegisterPrescriptionRequest(
        credential=shown(credential),
        prescription=prescription_pb2.RegisteredPrescription(
            number=order.number, prescriber=order.prescriber, issued_on=_iso(order.issued_on),
            valid_to=_iso(order.valid_to), dispensings=order.dispensings,
            drugs=[
                prescription_pb2.PrescribedDrug(
                    item_code=drug.item_code, quantity=decimal_text(drug.quantity),
                    days_supply=drug.days_supply, dosage=drug.dosage, condition=drug.condition,
                )
                for drug in order.drugs
            ],
            diagnoses=order.diagnoses, dual_channel=order.dual_channel,
        ),
        operator=operator,
    ).SerializeToString()


def fetch(credential: Credential, number: str, institution: str, operator: str) -> bytes:
    """Returns a FetchPrescriptionsRequest; empty texts ask for any."""
    return prescription_pb2.FetchPrescriptionsRequest(
        credential=shown(credential), number=number, institution=institution,
        operator=operator,
    ).SerializeToString()


def review(
    *, number: str, institution: str, pharmacist: str, approved: bool, note: str, operator: str,
    review_token: str = "",
) -> bytes:
    """Returns a ReviewPrescriptionRequest."""
    return prescription_pb2.ReviewPrescriptionRequest(
        number=number, institution=institution, pharmacist=pharmacist, approved=approved, note=note,
        operator=operator, review_token=review_token,
    ).SerializeToString()


def withdraw(number: str, reason: str, operator: str) -> bytes:
    """Returns a WithdrawPrescriptionRequest."""
    return prescription_pb2.WithdrawPrescriptionRequest(
        number=number, reason=reason, operator=operator
    ).SerializeToString()


def registered(body: bytes) -> RegisteredPrescription:
    """Returns the prescription of any answer about one: they have one form. Raises UnreadableError."""
    answer = parsed(prescription_pb2.RegisterPrescriptionResponse, body)
    if not answer.HasField("prescription"):
        raise UnreadableError("the answer has no prescription")
    return _prescription(answer.prescription)


def fetched(body: bytes) -> tuple[RegisteredPrescription, ...]:
    """Returns the prescriptions of an answer, oldest first, with the token. Raises UnreadableError."""
    answer = parsed(prescription_pb2.FetchPrescriptionsResponse, body)
    found = map(_prescription, answer.prescriptions)
    return tuple(replace(each, review_token=answer.review_token) for each in found)


def _prescription(message: prescription_pb2.RegisteredPrescription) -> RegisteredPrescription:
    return RegisteredPrescription(
        number=message.number,
        institution=message.institution,
        prescriber=message.prescriber,
        issued_on=day(message.issued_on),
        valid_to=day(message.valid_to),
        dispensings=message.dispensings or 1,
        drugs=tuple(map(_drug, message.drugs)),
        diagnoses=tuple(message.diagnoses),
        dual_channel=message.dual_channel,
        state=_state(message.state),
        member=message.member,
        masked_name=message.masked_name,
        registered_at=instant(message, "registered_at"),
        signed_by=message.signed_by,
        key=message.key,
        request_digest=message.request_digest,
        signature=message.signature,
        reviews=tuple(map(_review, message.reviews)),
        sales=tuple(message.sales),
    )


def _drug(message: prescription_pb2.PrescribedDrug) -> RegisteredDrug:
    return RegisteredDrug(
        message.item_code, message.quantity,
        message.days_supply if message.HasField("days_supply") else None, message.dosage,
        message.condition if message.HasField("condition") else None, message.dispensed_quantity,
        message.left_quantity,
    )


def _review(message: prescription_pb2.Review) -> PrescriptionReview:
    return PrescriptionReview(
        message.pharmacist, message.institution, message.approved, message.note,
        instant(message, "reviewed_at"),
    )


def _state(number: int) -> PrescriptionState | str:
    if number == prescription_pb2.PRESCRIPTION_STATE_UNSPECIFIED:
        raise UnreadableError("the state of the prescription is absent")
    known = prescription_pb2.PrescriptionState.DESCRIPTOR.values_by_number.get(number)
    name = f"{_PREFIX}{number}" if known is None else known.name.removeprefix(_PREFIX)
    return PrescriptionState(name) if name in PrescriptionState.__members__ else name


def _iso(on: date) -> str:
    return on.isoformat()
