"""A prescription from the clinic to the pharmacy, over the wire: registered, reviewed, dispensed."""

import itertools
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta

import pytest

from medsettle.errors import RefusedError
from medsettle.models import (
    Basket,
    Collect,
    Line,
    Outcome,
    PrescribedDrug,
    PrescriptionOrder,
    PrescriptionState,
    RegisteredPrescription,
    SaleCard,
    Split,
)
from medsettle.testing import Gateway
from medsettle.till import Till
from medsettle.wire.signing import KeySigner
from tests.e2e.counter import CLINIC, LI, PHARMACY, ZHANG, Drawer, agree, enrolled

pytestmark = pytest.mark.e2e

TABLETS = Line("XC08CAA129A001010100041", "1", "20.00", prescription_id="rx")
STATIN = Line("XC10AAA137A001010100052", "1", "30.00", prescription_id="rx", line_id="2")
PHARMACIST = "PH21030200001"
_numbers = itertools.count(1)


@pytest.fixture
def order() -> PrescriptionOrder:
    today = date.today()  # noqa: DTZ011 - a day on either side of midnight does as well
    return PrescriptionOrder(
        f"RX-{next(_numbers):04}", "D21030200001", today - timedelta(days=1), today + timedelta(days=20),
        (PrescribedDrug(TABLETS.item_code, "3", 30, "口服,一日一次"), PrescribedDrug(STATIN.item_code, 1)),
        diagnoses=("I10",),
    )


@pytest.fixture
def registered(gateway: Gateway, clinic: Till, order: PrescriptionOrder) -> RegisteredPrescription:
    return clinic.register_prescription(gateway.issue_credential(ZHANG), order)


@pytest.fixture
def approved(gateway: Gateway, pharmacy: Till, registered: RegisteredPrescription) -> RegisteredPrescription:
    shown = fetched(gateway, pharmacy, registered.number)
    assert shown is not None
    return pharmacy.review_prescription(
        registered.number, registered.institution, pharmacist=PHARMACIST, approved=True,
        review_token=shown.review_token,
    )


def dispense(gateway: Gateway, till: Till, known: RegisteredPrescription, *lines: Line) -> SaleCard:
    basket = Basket(lines, prescriptions=(known.named("rx"),))
    return till.checkout(
        till.next_number(), gateway.issue_credential(ZHANG), basket, show=agree, tender=Drawer().tender,
        acknowledgements=("POSSIBLE_DUPLICATE",),
    )


def of(units: int, line: Line = TABLETS) -> Line:
    return replace(line, quantity=str(units))


def fetched(gateway: Gateway, till: Till, number: str, member: str = ZHANG) -> RegisteredPrescription | None:
    found = till.fetch_prescriptions(gateway.issue_credential(member), number=number)
    return found[0] if found else None


def test_what_is_registered_comes_back_with_the_proof_of_who_signed_it(
    clinic: Till, registered: RegisteredPrescription, order: PrescriptionOrder
) -> None:
    assert (registered.number, registered.institution) == (order.number, CLINIC)
    assert (registered.state, registered.masked_name) == (PrescriptionState.REGISTERED, "张*")
    assert registered.signed_by == clinic.config.terminal
    signer: KeySigner = clinic._desk.keys.signer  # type: ignore[assignment] # the one that signed
    assert registered.key == signer.key
    assert len(registered.request_digest) == 64
    assert registered.signature


def test_a_registration_that_is_repeated_gets_the_first_answer(
    gateway: Gateway, clinic: Till, registered: RegisteredPrescription, order: PrescriptionOrder
) -> None:
    assert clinic.register_prescription(gateway.issue_credential(ZHANG), order) == registered
    with pytest.raises(RefusedError) as refused:
        clinic.register_prescription(gateway.issue_credential(LI), order)
    assert refused.value.reason == "PRESCRIPTION_NUMBER_USED"


def test_a_prescription_is_fetched_by_its_patient_reviewed_and_dispensed_in_parts(
    gateway: Gateway, pharmacy: Till, registered: RegisteredPrescription
) -> None:
    number = registered.number
    assert fetched(gateway, pharmacy, number, LI) is None
    shown = fetched(gateway, pharmacy, number)
    assert shown == registered
    assert shown is not None
    unreviewed = dispense(gateway, pharmacy, registered, TABLETS)
    assert unreviewed.refusal is not None
    assert unreviewed.refusal.reason == "PRESCRIPTION_NOT_REVIEWED"
    with pytest.raises(RefusedError, match="PRESCRIPTION_NOT_SHOWN"):
        pharmacy.review_prescription(number, CLINIC, pharmacist=PHARMACIST, approved=True)
    known = pharmacy.review_prescription(
        number, CLINIC, pharmacist=PHARMACIST, approved=True, review_token=shown.review_token
    )
    assert (known.state, known.reviews[0].pharmacist) == (PrescriptionState.APPROVED, PHARMACIST)
    first = dispense(gateway, pharmacy, known, of(2))
    assert first.outcome is Outcome.PAID
    rest = fetched(gateway, pharmacy, number)
    assert rest is not None
    assert [(drug.dispensed_quantity, drug.left_quantity) for drug in rest.drugs] == [("2", "1"), ("0", "1")]
    assert rest.sales == (first.request_id,)
    assert dispense(gateway, pharmacy, known, of(1), STATIN).outcome is Outcome.PAID
    assert fetched(gateway, pharmacy, number) is None


def test_what_is_not_to_be_dispensed_is_refused_line_by_line(
    gateway: Gateway, pharmacy: Till, approved: RegisteredPrescription
) -> None:
    other = Line("XM01AEB181E006010100116", "1", "10.00", prescription_id="rx", line_id="3")
    card = dispense(gateway, pharmacy, approved, of(4), STATIN, other)
    assert card.refusal is not None
    assert [(line.line_id, line.reason) for line in card.refusal.lines] == [
        ("1", "PRESCRIPTION_QUANTITY_EXCEEDED"), ("3", "PRESCRIPTION_NOT_FOR_ITEM"),
    ]
    assert card.refusal.lines[0].details["left"] == "3"


def test_a_reversal_gives_the_prescription_back(
    gateway: Gateway, pharmacy: Till, approved: RegisteredPrescription
) -> None:
    card = dispense(gateway, pharmacy, approved, of(3))
    pharmacy.reverse(card.request_id or "", reason="the wrong box")
    again = fetched(gateway, pharmacy, approved.number)
    assert again is not None
    assert (again.drugs[0].left_quantity, again.sales) == ("3", ())


def test_a_withdrawn_prescription_is_dispensed_no_more(
    gateway: Gateway, clinic: Till, pharmacy: Till, approved: RegisteredPrescription
) -> None:
    clinic.withdraw_prescription(approved.number, reason="another drug is better")
    card = dispense(gateway, pharmacy, approved, TABLETS)
    assert card.refusal is not None
    assert card.refusal.reason == "PRESCRIPTION_WITHDRAWN"


def test_of_two_tills_that_dispense_the_same_rest_at_once_one_gets_it(
    gateway: Gateway, pharmacy: Till, approved: RegisteredPrescription
) -> None:
    basket = Basket((of(3),), prescriptions=(approved.named("rx"),), without_accounts=True)

    def settle(till: Till) -> str:
        try:
            return till.settle(
                till.next_number(), gateway.issue_credential(ZHANG), basket, expected=Split(6_000),
                collect=Collect.NOW, acknowledgements=("POSSIBLE_DUPLICATE",),
            ).outcome
        except RefusedError as refused:
            return refused.reason

    with Till.open(enrolled(gateway, PHARMACY, "09")) as other, ThreadPoolExecutor(2) as both:
        said = sorted(both.map(settle, (pharmacy, other)))
    assert said == ["PAID", "PRESCRIPTION_DISPENSED"]
