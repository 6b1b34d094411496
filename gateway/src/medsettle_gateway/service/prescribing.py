"""Prescriptions that circulate (处方流转): registered and withdrawn by clinics, reviewed by pharmacists.

They are fetched by :mod:`medsettle_gateway.service.fetching`; what is dispensed of them is the affair of the
sales: :mod:`medsettle_gateway.service.dispensing`.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

from msgspec import structs

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.calendar import day_of
from medsettle_gateway.domain.errors import Refusal, Refused, refuse
from medsettle_gateway.domain.facts import InstitutionFacts, ResolvedCredential
from medsettle_gateway.domain.ids import RequestId
from medsettle_gateway.domain.keys import (
    AnyKey,
    Facts,
    InstitutionKey,
    MaskedNameKey,
    MemberKey,
    PrescriptionKey,
)
from medsettle_gateway.domain.moves import KeepPrescription, KeepReview, KeepWithdrawal, Move
from medsettle_gateway.domain.place import InstitutionKind
from medsettle_gateway.domain.prescriptions import (
    REVIEWS_MOST,
    PrescriptionFacts,
    PrescriptionState,
    RegisteredPrescription,
    ReviewRecord,
    WithdrawalRecord,
)
from medsettle_gateway.domain.staff import StaffRole
from medsettle_gateway.eligibility.staff import refusal_of
from medsettle_gateway.service.circulating import PrescriptionAnswer
from medsettle_gateway.service.commands import (
    Caller,
    RegisterPrescription,
    ReviewPrescription,
    WithdrawPrescription,
)
from medsettle_gateway.service.desk import Decision, Now
from medsettle_gateway.service.guards import check_institution, check_right, right_keys
from medsettle_gateway.service.placing import place_keys, place_on
from medsettle_gateway.service.refused import unrecorded_of
from medsettle_gateway.service.staffing import staff_key, staff_known

_OVER: Final = {
    PrescriptionState.WITHDRAWN: Reason.PRESCRIPTION_WITHDRAWN,
    PrescriptionState.EXPIRED: Reason.PRESCRIPTION_EXPIRED,
    PrescriptionState.DISPENSED: Reason.PRESCRIPTION_DISPENSED,
}


@dataclass(frozen=True, slots=True)
class AskedRegistration:
    """A registration with what could be said of its credential: ready for the writer."""

    command: RegisterPrescription
    credential: ResolvedCredential | Refusal


def needs_registration(asked: AskedRegistration, known: Facts, now: Now) -> tuple[AnyKey, ...]:  # noqa: ARG001 - alike
    """Returns what to load: the number, the place, who prescribes, and the patient."""
    command = asked.command
    keys: tuple[AnyKey, ...] = (_key(command), staff_key(command.order.prescriber))
    keys += (*_of_caller(command.caller), *_of_patient(asked.credential))
    before = known.of(_key(command)) if _key(command) in known else None
    return keys if before is None else (*keys, MaskedNameKey(before.prescription.member))


def register(asked: AskedRegistration, facts: Facts, now: Now) -> Decision:
    """Registers a prescription; a repeat with the same content gets the first answer.

    Refuses: PRESCRIPTION_NUMBER_USED, the place's reasons, PRESCRIPTION_NOT_BY_PHARMACY, the credential's,
    MEMBER_UNKNOWN, FIELD_INVALID for its days, the prescriber's. Nothing of that is recorded.
    """
    before = facts.of(_key(asked.command))
    try:
        if before is not None:
            return Decision(_first_answer(asked, before, facts, now))
        return _registered(asked, facts, now)
    except Refused as refused:
        return Decision(unrecorded_of(refused.refusal))


def _key(command: RegisterPrescription) -> PrescriptionKey:
    return PrescriptionKey(command.caller.institution, command.order.number)


def _of_patient(credential: ResolvedCredential | Refusal) -> tuple[AnyKey, ...]:
    if isinstance(credential, Refusal):
        return ()
    return MemberKey(credential.member), MaskedNameKey(credential.member)


def _first_answer(
    asked: AskedRegistration, before: PrescriptionFacts, facts: Facts, now: Now
) -> PrescriptionAnswer:
    """A credential that has expired meanwhile hides no first answer: it says nothing of another patient."""
    known = before.prescription
    credential = asked.credential
    same_patient = isinstance(credential, Refusal) or credential.member == known.member
    if known.order != asked.command.order or not same_patient:
        raise refuse(Reason.PRESCRIPTION_NUMBER_USED, number=known.number)
    return _answer(before, facts.of(MaskedNameKey(known.member)), now)


def _registered(asked: AskedRegistration, facts: Facts, now: Now) -> Decision:
    command, order = asked.command, asked.command.order
    institution = _acting(command.caller, facts, now)
    if institution.kind is InstitutionKind.PHARMACY:
        raise refuse(Reason.PRESCRIPTION_NOT_BY_PHARMACY, institution=institution.code)
    if isinstance(asked.credential, Refusal):
        raise Refused(asked.credential)
    member = facts.of(MemberKey(asked.credential.member))
    if member is None:
        raise refuse(Reason.MEMBER_UNKNOWN)
    _check_days(command, day_of(now.at))
    _check_staff(StaffRole.PRESCRIBER, order.prescriber, institution, order.issued_on, facts, now)
    prescription = RegisteredPrescription(
        institution=institution.code,
        number=order.number,
        member=member.member,
        prescriber=order.prescriber,
        issued_on=order.issued_on,
        valid_to=order.valid_to,
        drugs=order.drugs,
        operator=command.operator,
        registered_at=now.at,
        signed=command.signed,
        dispensings=order.dispensings,
        diagnoses=order.diagnoses,
        dual_channel=order.dual_channel,
    )
    nothing_yet = {drug.item_code: 0 for drug in order.drugs}
    answer = _answer(PrescriptionFacts(prescription, drawn_e4=nothing_yet), member.masked_name, now)
    return Decision(answer, (KeepPrescription(prescription),))


def _check_days(command: RegisterPrescription, today: date) -> None:
    order = command.order
    if order.issued_on > today:
        raise _no_day("prescription.issued_on", f"no day after {today}")
    if order.valid_to < today:
        raise _no_day("prescription.valid_to", f"no day before {today}")


def _no_day(field: str, expected: str) -> Refused:
    return refuse(Reason.FIELD_INVALID, field=field, expected=expected)


def _check_staff(
    role: StaffRole, code: str, institution: InstitutionFacts, on: date, facts: Facts, now: Now
) -> None:
    """Who is suspended may neither prescribe nor review; of others the region asks what it asks."""
    prescribing, reviewing = now.desk.authority.staff_rules(institution.region, on, day_of(now.at))
    rule = prescribing if role is StaffRole.PRESCRIBER else reviewing
    refusal = refusal_of(staff_known(facts, code), role, institution.code, on, rule)
    if refusal is not None:
        raise Refused(refusal)


def needs_review(command: ReviewPrescription, known: Facts, now: Now) -> tuple[AnyKey, ...]:  # noqa: ARG001 - alike
    """Returns what to load: the prescription, the place, and the pharmacist."""
    key = PrescriptionKey(command.institution, command.number)
    keys: tuple[AnyKey, ...] = (key, staff_key(command.pharmacist), *_of_caller(command.caller))
    return _with_name(keys, key, known)


def review(command: ReviewPrescription, facts: Facts, now: Now) -> Decision:
    """Keeps what a pharmacist says; a repeat of the latest review changes nothing.

    Refuses: the place's reasons, PRESCRIPTION_NOT_SHOWN, PRESCRIPTION_UNKNOWN, PRESCRIPTION_WITHDRAWN,
    PRESCRIPTION_EXPIRED, PRESCRIPTION_DISPENSED, the pharmacist's.
    """
    try:
        institution = _acting(command.caller, facts, now)
        known = _shown(command, institution.code, facts, now)
        said = ReviewRecord(
            command.pharmacist, institution.code, command.approved, command.note, command.caller.terminal,
            command.operator, now.at,
        )
        if known.reviews and known.reviews[-1].says_what(said):
            return Decision(_answered(known, facts, now))
        _check_open(known, now)
        if len(known.reviews) >= REVIEWS_MOST:
            raise refuse(Reason.FIELD_INVALID, field="number", expected=f"up to {REVIEWS_MOST} reviews")
        _check_staff(StaffRole.PHARMACIST, command.pharmacist, institution, day_of(now.at), facts, now)
    except Refused as refused:
        return Decision(unrecorded_of(refused.refusal))
    after = structs.replace(known, reviews=(*known.reviews, said))
    moves: tuple[Move, ...] = (KeepReview(command.institution, command.number, said),)
    return Decision(_answered(after, facts, now), moves)


def needs_withdrawal(command: WithdrawPrescription, known: Facts, now: Now) -> tuple[AnyKey, ...]:  # noqa: ARG001 - alike
    """Returns what to load: the prescription of the caller's institution."""
    key = PrescriptionKey(command.caller.institution, command.number)
    keys: tuple[AnyKey, ...] = (key, *_of_caller(command.caller))
    return _with_name(keys, key, known)


def withdraw(command: WithdrawPrescription, facts: Facts, now: Now) -> Decision:
    """Takes back what is left of a prescription; a repeat changes nothing.

    What is held or dispensed already stays so. Refuses: the place's reasons, PRESCRIPTION_UNKNOWN,
    PRESCRIPTION_DISPENSED where nothing is left.
    """
    try:
        _acting(command.caller, facts, now)
        known = _known(PrescriptionKey(command.caller.institution, command.number), facts)
        if known.withdrawal is not None:
            return Decision(_answered(known, facts, now))
        if known.state_on(day_of(now.at)) is PrescriptionState.DISPENSED:
            raise refuse(Reason.PRESCRIPTION_DISPENSED, prescription=command.number)
    except Refused as refused:
        return Decision(unrecorded_of(refused.refusal))
    said = WithdrawalRecord(command.reason, command.caller.terminal, command.operator, now.at)
    moves: tuple[Move, ...] = (KeepWithdrawal(command.caller.institution, command.number, said),)
    return Decision(_answered(structs.replace(known, withdrawal=said), facts, now), moves)


def _with_name(keys: tuple[AnyKey, ...], key: PrescriptionKey, known: Facts) -> tuple[AnyKey, ...]:
    found = known.of(key) if key in known else None
    return keys if found is None else (*keys, MaskedNameKey(found.prescription.member))


def _of_caller(caller: Caller) -> tuple[AnyKey, ...]:
    return InstitutionKey(caller.institution), *place_keys(caller.institution), *right_keys(caller)


def _acting(caller: Caller, facts: Facts, now: Now) -> InstitutionFacts:
    """The caller's institution today, if both may act."""
    check_right(caller, facts, now.at)
    today = day_of(now.at)
    return place_on(facts, check_institution(caller.institution, facts, today), today)


def _known(key: PrescriptionKey, facts: Facts) -> PrescriptionFacts:
    found = facts.of(key)
    if found is None:
        raise refuse(Reason.PRESCRIPTION_UNKNOWN, number=key.number, institution=key.institution)
    return found


def _shown(command: ReviewPrescription, here: str, facts: Facts, now: Now) -> PrescriptionFacts:
    """The prescription, for who may look at it: nobody else learns even that there is such a number.

    That is where it was registered, and where the patient has shown a credential: today, or when it was
    reviewed or dispensed there.
    """
    key = PrescriptionKey(command.institution, command.number)
    if key.institution == here:
        return _known(key, facts)
    found = facts.of(key)
    if found is not None and _was_there(found, here):
        return found
    shown = now.desk.reviews.read(command.review_token) if command.review_token else None
    if shown is None or shown.institution != here or now.at >= shown.until:
        raise refuse(Reason.PRESCRIPTION_NOT_SHOWN, number=key.number, institution=key.institution)
    if found is None or found.prescription.member != shown.member:
        raise refuse(Reason.PRESCRIPTION_UNKNOWN, number=key.number, institution=key.institution)
    return found


def _was_there(known: PrescriptionFacts, here: str) -> bool:
    sold = (RequestId.parse(sale).institution for sale in known.sales)
    return any(review.institution == here for review in known.reviews) or here in sold


def _check_open(known: PrescriptionFacts, now: Now) -> None:
    reason = _OVER.get(known.state_on(day_of(now.at)))
    if reason is not None:
        raise refuse(reason, prescription=known.prescription.number)


def _answered(known: PrescriptionFacts, facts: Facts, now: Now) -> PrescriptionAnswer:
    return _answer(known, facts.of(MaskedNameKey(known.prescription.member)), now)


def _answer(known: PrescriptionFacts, masked_name: str, now: Now) -> PrescriptionAnswer:
    return PrescriptionAnswer(known, masked_name, day_of(now.at))
