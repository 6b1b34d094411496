"""Scripts about prescriptions: nothing of them is journalled, since the gateway keeps them."""

from medsettle._arguments import fitting
from medsettle._desk.effects import Ask, Script
from medsettle._desk.questions import answered
from medsettle._exchange import prescribing
from medsettle.checks import checked_operator
from medsettle.checks_patient import checked_credential
from medsettle.models import Credential, PrescriptionOrder, RegisteredPrescription
from medsettle.wire import calls


def register(
    credential: Credential | str, order: PrescriptionOrder, operator: str
) -> Script[RegisteredPrescription]:
    """Registers what was prescribed."""
    shown = checked_credential(credential)
    fitting("order", order, PrescriptionOrder)
    body = prescribing.register(shown, order, checked_operator(operator))
    verdict = yield Ask(calls.REGISTER_PRESCRIPTION, body)
    return answered(verdict, prescribing.registered)


def fetch(
    credential: Credential | str, number: str, institution: str, operator: str
) -> Script[tuple[RegisteredPrescription, ...]]:
    """Asks what may still be dispensed to the patient."""
    shown = checked_credential(credential)
    fitting("number", number, str)
    fitting("institution", institution, str)
    body = prescribing.fetch(shown, number, institution, checked_operator(operator))
    verdict = yield Ask(calls.FETCH_PRESCRIPTIONS, body)
    return answered(verdict, prescribing.fetched)


def review(
    number: str, institution: str, pharmacist: str, note: str, operator: str, *, approved: bool,
    review_token: str,
) -> Script[RegisteredPrescription]:
    """Records what a pharmacist says."""
    for name, text in (
        ("number", number), ("institution", institution), ("pharmacist", pharmacist), ("note", note),
        ("review_token", review_token),
    ):
        fitting(name, text, str)
    fitting("approved", approved, bool)
    body = prescribing.review(
        number=number, institution=institution, pharmacist=pharmacist, approved=approved, note=note,
        operator=checked_operator(operator), review_token=review_token,
    )
    verdict = yield Ask(calls.REVIEW_PRESCRIPTION, body)
    return answered(verdict, prescribing.registered)


def withdraw(number: str, reason: str, operator: str) -> Script[RegisteredPrescription]:
    """Takes a prescription of this institution's back."""
    fitting("number", number, str)
    fitting("reason", reason, str)
    body = prescribing.withdraw(number, reason, checked_operator(operator))
    verdict = yield Ask(calls.WITHDRAW_PRESCRIPTION, body)
    return answered(verdict, prescribing.registered)
