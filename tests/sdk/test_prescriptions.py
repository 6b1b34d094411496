"""Prescriptions at the till: what is sent, what is read, and what is refused before anything is sent."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from medsettle._exchange import prescribing
from medsettle._exchange.answering import UnreadableError
from medsettle.errors import MedsettleError, RequestError
from medsettle.models import (
    Credential,
    PrescribedDrug,
    PrescriptionKind,
    PrescriptionOrder,
    PrescriptionReview,
    PrescriptionState,
    RegisteredDrug,
)
from medsettle.till import Till
from medsettle.wire.v1 import prescription_pb2 as wire

ORDER = PrescriptionOrder(
    "RX-1", "D1", date(2026, 3, 2), date(2026, 3, 31),
    (PrescribedDrug("XA01", Decimal("1.5"), 30, "口服", "hypertension"),), 3, ("I10",), dual_channel=True,
)
AT = datetime(2026, 3, 2, 1, tzinfo=UTC)


def answered(**changes: Any) -> bytes:
    message = wire.RegisteredPrescription(
        number="RX-1", institution="H1", prescriber="D1", issued_on="2026-03-02", valid_to="2026-03-31",
        dispensings=3, state=wire.PRESCRIPTION_STATE_APPROVED, masked_name="张*", signed_by="H1-01",
        drugs=[wire.PrescribedDrug(
            item_code="XA01", quantity="1.5", days_supply=30, dispensed_quantity="0.5", left_quantity="1"
        )],
        reviews=[wire.Review(pharmacist="PH1", institution="P1", approved=True)],
        sales=["P1-01-20260302-1-1"],
    )
    message.registered_at.FromDatetime(AT)
    for name, value in changes.items():
        setattr(message, name, value)
    return wire.RegisterPrescriptionResponse(prescription=message).SerializeToString()


def test_what_is_prescribed_is_sent_exactly() -> None:
    sent = wire.RegisterPrescriptionRequest.FromString(
        prescribing.register(Credential("scanned"), ORDER, "7")
    )
    (drug,) = sent.prescription.drugs
    said = (drug.quantity, drug.days_supply, drug.dosage, drug.condition)
    assert said == ("1.5", 30, "口服", "hypertension")
    assert (sent.prescription.issued_on, sent.prescription.dispensings) == ("2026-03-02", 3)
    assert (sent.prescription.dual_channel, list(sent.prescription.diagnoses)) == (True, ["I10"])
    assert (sent.credential.token, sent.operator) == ("scanned", "7")


def test_what_is_not_stated_is_absent() -> None:
    plain = replace(ORDER, drugs=(PrescribedDrug("XA01", 2),))
    sent = wire.RegisterPrescriptionRequest.FromString(prescribing.register(Credential("s"), plain, "7"))
    assert not sent.prescription.drugs[0].HasField("days_supply")
    assert not sent.prescription.drugs[0].HasField("condition")


def test_an_answer_is_read_in_plain_values() -> None:
    known = prescribing.registered(answered())
    assert known.drugs == (RegisteredDrug("XA01", "1.5", 30, "", None, "0.5", "1"),)
    assert known.reviews == (PrescriptionReview("PH1", "P1", True, "", None),)
    assert (known.state, known.registered_at, known.valid_to) == (
        PrescriptionState.APPROVED, AT, date(2026, 3, 31)
    )
    assert known.sales == ("P1-01-20260302-1-1",)


def test_a_state_of_tomorrow_is_shown_as_it_came_and_none_is_no_answer() -> None:
    assert prescribing.registered(answered(state=77)).state == "PRESCRIPTION_STATE_77"
    with pytest.raises(UnreadableError):
        prescribing.registered(answered(state=0))


def test_an_answer_without_a_prescription_is_none() -> None:
    with pytest.raises(UnreadableError):
        prescribing.registered(b"")
    assert prescribing.fetched(b"") == ()


def test_what_is_fetched_has_the_token_of_its_review_and_shows_it_nowhere() -> None:
    one = wire.RegisterPrescriptionResponse.FromString(answered()).prescription
    answer = wire.FetchPrescriptionsResponse(prescriptions=[one, one], review_token="a-token")
    found = prescribing.fetched(answer.SerializeToString())
    assert [each.review_token for each in found] == ["a-token"] * 2
    assert "a-token" not in repr(found)
    sent = prescribing.review(
        number="RX-1", institution="H1", pharmacist="PH1", approved=True, note="", operator="7",
        review_token="a-token",
    )
    assert wire.ReviewPrescriptionRequest.FromString(sent).review_token == "a-token"


def test_a_registered_one_is_named_for_a_basket() -> None:
    known = prescribing.registered(answered())
    named = known.named("rx", pharmacist="PH9")
    assert (named.prescription_id, named.kind, named.pharmacist) == ("rx", PrescriptionKind.EXTERNAL, "PH9")
    assert (named.number, named.institution, named.prescriber) == ("RX-1", "H1", "D1")


Call = Callable[[Till], object]


def register(order: Any) -> Call:
    return lambda till: till.register_prescription("scanned", order, operator="7")


@pytest.mark.parametrize(("field", "call"), [
    ("order", register("RX-1")),
    ("order.issued_on", register(replace(ORDER, issued_on="2026-03-02"))),  # type: ignore[arg-type]
    ("order.drugs[1].quantity", register(replace(ORDER, drugs=(PrescribedDrug("XA01", 1.5),)))),  # type: ignore[arg-type]
    ("credential", lambda till: till.fetch_prescriptions(7, operator="7")),
    ("number", lambda till: till.fetch_prescriptions("s", number=7, operator="7")),
    ("approved", lambda till: till.review_prescription(
        "RX-1", "H1", pharmacist="PH1", approved="yes", operator="7")),
    ("review_token", lambda till: till.review_prescription(
        "RX-1", "H1", pharmacist="PH1", approved=True, review_token=7, operator="7")),
    ("reason", lambda till: till.withdraw_prescription("RX-1", reason=None, operator="7")),
], ids=lambda value: value if isinstance(value, str) else "")
def test_what_is_of_another_kind_is_refused_by_its_name_before_anything_is_sent(
    till: Till, field: str, call: Call
) -> None:
    with pytest.raises(RequestError) as refused:
        call(till)
    assert refused.value.details["field"] == field


@pytest.mark.parametrize("call", [
    register(ORDER),
    lambda till: till.fetch_prescriptions("scanned", operator="7"),
    lambda till: till.review_prescription("RX-1", "H1", pharmacist="PH1", approved=True, operator="7"),
    lambda till: till.withdraw_prescription("RX-1", reason="wrong", operator="7"),
], ids=["register", "fetch", "review", "withdraw"])
def test_a_closed_till_says_so(till: Till, call: Call) -> None:
    till.close()
    with pytest.raises(MedsettleError, match="TILL_CLOSED"):
        call(till)
