"""Prescriptions that circulate: requests of tills, and what they are answered."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Final

from medsettle.wire import calls
from medsettle.wire.calls import Call
from medsettle.wire.signing import digest, encode
from medsettle.wire.v1 import prescription_pb2
from medsettle_gateway.domain.money import format_quantity
from medsettle_gateway.domain.prescriptions import (
    DAYS_MOST,
    DISPENSINGS_MOST,
    DRUGS_MOST,
    PrescribedDrug,
    PrescriptionFacts,
    PrescriptionOrder,
    PrescriptionState,
    ReviewRecord,
    SignedRequest,
)
from medsettle_gateway.rpc.authentication import Proof
from medsettle_gateway.rpc.codec import form
from medsettle_gateway.rpc.codec.parts import Asked, credential
from medsettle_gateway.service import commands
from medsettle_gateway.service.circulating import PrescriptionAnswer, PrescriptionsAnswer
from medsettle_gateway.service.commands import Caller

_NUMBER_CHARS: Final = 40
_NUMBER: Final = re.compile(r"[A-Za-z0-9-]{1,40}")
_PERSON_CHARS: Final = 30
_OPERATOR_CHARS: Final = 40
_CODE_CHARS: Final = 32
_CONDITION_CHARS: Final = 64
_DIAGNOSES_COUNT: Final = 10
_DIAGNOSIS_CHARS: Final = 32
_TEXT_CHARS: Final = 200
_TOKEN_CHARS: Final = 2048
_DAYS: Final = 366

_STATES: Final = {
    state: prescription_pb2.PrescriptionState.Value(f"PRESCRIPTION_STATE_{state.value}")
    for state in PrescriptionState
}
_ONE: Final = {
    calls.REGISTER_PRESCRIPTION: prescription_pb2.RegisterPrescriptionResponse,
    calls.REVIEW_PRESCRIPTION: prescription_pb2.ReviewPrescriptionResponse,
    calls.WITHDRAW_PRESCRIPTION: prescription_pb2.WithdrawPrescriptionResponse,
}


def read(call: Call, body: bytes, caller: Caller, proof: Proof, audience: str) -> Asked | None:
    """Returns what a call about prescriptions asks for; None for any other call.

    ``proof`` is what the caller signed with, for this gateway: a registration keeps it. Raises Refused for
    the first thing that is not as the contract says.
    """
    if call is calls.REGISTER_PRESCRIPTION:
        return Asked(_registration(body, caller, _signed(call, body, proof, audience)))
    reader = _READERS.get(call)
    return None if reader is None else Asked(reader(body, caller))


def to_bytes(call: Call, answer: PrescriptionAnswer | PrescriptionsAnswer) -> bytes:
    """Returns the message that answers a call about prescriptions."""
    if isinstance(answer, PrescriptionAnswer):
        return _ONE[call](prescription=_prescription(answer)).SerializeToString()
    found = map(_prescription, answer.prescriptions)
    return prescription_pb2.FetchPrescriptionsResponse(
        prescriptions=found, review_token=answer.review_token
    ).SerializeToString()


def _signed(call: Call, body: bytes, proof: Proof, audience: str) -> SignedRequest:
    return SignedRequest(
        terminal=proof.terminal,
        key=proof.key,
        audience=audience,
        method=call.path,
        timestamp_ms=proof.timestamp_ms,
        nonce=proof.nonce,
        request_digest=digest(body),
        signature=encode(proof.signature),
    )


def _registration(body: bytes, caller: Caller, signed: SignedRequest) -> commands.RegisterPrescription:
    wire = form.parsed(prescription_pb2.RegisterPrescriptionRequest, body)
    if not wire.HasField("prescription"):
        raise form.required("prescription")
    return commands.RegisterPrescription(
        caller=caller,
        credential=credential(wire.credential),
        order=_order(wire.prescription),
        operator=form.text(wire.operator, _OPERATOR_CHARS, "operator"),
        signed=signed,
    )


def _order(wire: prescription_pb2.RegisteredPrescription) -> PrescriptionOrder:
    path = "prescription"
    issued_on = form.day(wire.issued_on, f"{path}.issued_on")
    valid_to = form.day(wire.valid_to, f"{path}.valid_to")
    if not issued_on <= valid_to <= issued_on + timedelta(days=DAYS_MOST):
        raise form.invalid(f"{path}.valid_to", f"a day within {DAYS_MOST} days from issued_on on")
    return PrescriptionOrder(
        number=_number(wire.number, f"{path}.number"),
        prescriber=form.text(wire.prescriber, _PERSON_CHARS, f"{path}.prescriber"),
        issued_on=issued_on,
        valid_to=valid_to,
        drugs=_drugs(wire.drugs, f"{path}.drugs"),
        dispensings=form.whole_if(wire, "dispensings", DISPENSINGS_MOST, path) or 1,
        diagnoses=_diagnoses(wire.diagnoses, f"{path}.diagnoses"),
        dual_channel=wire.dual_channel,
    )


def _drugs(
    wire: Sequence[prescription_pb2.PrescribedDrug], path: str
) -> tuple[PrescribedDrug, ...]:
    if not wire:
        raise form.required(path)
    form.within(len(wire), DRUGS_MOST, path)
    form.unique([drug.item_code for drug in wire], f"{path}.item_code")
    return tuple(_drug(drug, f"{path}[{number}]") for number, drug in enumerate(wire, 1))


def _drug(wire: prescription_pb2.PrescribedDrug, path: str) -> PrescribedDrug:
    return PrescribedDrug(
        item_code=form.text(wire.item_code, _CODE_CHARS, f"{path}.item_code"),
        quantity_e4=form.quantity_e4(wire.quantity, f"{path}.quantity"),
        days_supply=form.whole_if(wire, "days_supply", _DAYS, path),
        dosage=form.optional_text(wire.dosage, _TEXT_CHARS, f"{path}.dosage"),
        condition=form.text_if(wire, "condition", _CONDITION_CHARS, path),
    )


def _diagnoses(wire: Sequence[str], path: str) -> tuple[str, ...]:
    form.within(len(wire), _DIAGNOSES_COUNT, path)
    form.unique(wire, path)
    return tuple(form.text(each, _DIAGNOSIS_CHARS, f"{path}[{n}]") for n, each in enumerate(wire, 1))


def _number(value: str, path: str) -> str:
    if not value:
        raise form.required(path)
    if not _NUMBER.fullmatch(value):
        raise form.invalid(path, f"1 to {_NUMBER_CHARS} letters, digits and hyphens")
    return value


def _fetch(body: bytes, caller: Caller) -> commands.FetchPrescriptions:
    wire = form.parsed(prescription_pb2.FetchPrescriptionsRequest, body)
    return commands.FetchPrescriptions(
        caller=caller,
        credential=credential(wire.credential),
        operator=form.text(wire.operator, _OPERATOR_CHARS, "operator"),
        number=form.text_if(wire, "number", _NUMBER_CHARS, "") or "",
        institution=form.text_if(wire, "institution", _PERSON_CHARS, "") or "",
    )


def _review(body: bytes, caller: Caller) -> commands.ReviewPrescription:
    wire = form.parsed(prescription_pb2.ReviewPrescriptionRequest, body)
    if not wire.HasField("approved"):
        raise form.required("approved")
    note = form.optional_text(wire.note, _TEXT_CHARS, "note")
    if not wire.approved and not note:
        raise form.required("note")
    return commands.ReviewPrescription(
        caller=caller,
        number=_number(wire.number, "number"),
        institution=form.text(wire.institution, _PERSON_CHARS, "institution"),
        pharmacist=form.text(wire.pharmacist, _PERSON_CHARS, "pharmacist"),
        approved=wire.approved,
        note=note,
        operator=form.text(wire.operator, _OPERATOR_CHARS, "operator"),
        review_token=form.optional_text(wire.review_token, _TOKEN_CHARS, "review_token"),
    )


def _withdrawal(body: bytes, caller: Caller) -> commands.WithdrawPrescription:
    wire = form.parsed(prescription_pb2.WithdrawPrescriptionRequest, body)
    return commands.WithdrawPrescription(
        caller=caller,
        number=_number(wire.number, "number"),
        reason=form.text(wire.reason, _TEXT_CHARS, "reason"),
        operator=form.text(wire.operator, _OPERATOR_CHARS, "operator"),
    )


_READERS: Final[Mapping[Call, Callable[[bytes, Caller], commands.Command]]] = {
    calls.FETCH_PRESCRIPTIONS: _fetch,
    calls.REVIEW_PRESCRIPTION: _review,
    calls.WITHDRAW_PRESCRIPTION: _withdrawal,
}


def _prescription(answer: PrescriptionAnswer) -> prescription_pb2.RegisteredPrescription:
    facts = answer.facts
    known, signed = facts.prescription, facts.prescription.signed
    return prescription_pb2.RegisteredPrescription(
        number=known.number,
        institution=known.institution,
        prescriber=known.prescriber,
        issued_on=known.issued_on.isoformat(),
        valid_to=known.valid_to.isoformat(),
        dispensings=known.dispensings,
        drugs=[_prescribed(drug, facts) for drug in known.drugs],
        diagnoses=known.diagnoses,
        dual_channel=known.dual_channel,
        state=_STATES[facts.state_on(answer.on)],
        member=known.member,
        masked_name=answer.masked_name,
        registered_at=form.timestamp(known.registered_at),
        signed_by=signed.terminal,
        key=signed.key,
        request_digest=signed.request_digest,
        signature=signed.signature,
        reviews=map(_said, facts.reviews),
        sales=facts.sales,
    )


def _prescribed(drug: PrescribedDrug, facts: PrescriptionFacts) -> prescription_pb2.PrescribedDrug:
    return prescription_pb2.PrescribedDrug(
        item_code=drug.item_code,
        quantity=format_quantity(drug.quantity_e4),
        days_supply=drug.days_supply,
        dosage=drug.dosage,
        condition=drug.condition,
        dispensed_quantity=format_quantity(facts.drawn_e4.get(drug.item_code, 0)),
        left_quantity=format_quantity(facts.left_e4(drug.item_code)),
    )


def _said(review: ReviewRecord) -> prescription_pb2.Review:
    return prescription_pb2.Review(
        pharmacist=review.pharmacist,
        institution=review.institution,
        approved=review.approved,
        note=review.note,
        reviewed_at=form.timestamp(review.reviewed_at),
    )
