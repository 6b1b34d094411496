"""Over the wire: what is filed for a patient, and a prescription of somebody who is suspended."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from medsettle.errors import RefusedError
from medsettle.models import Answer, Basket, Prescription, PrescriptionKind
from medsettle.testing import Gateway
from medsettle.till import Till
from medsettle.wire.reasons import Reason
from tests.e2e.counter import BASIC_CLINIC, CLINIC, TABLETS, ZHANG, Drawer, enrolled, sell

pytestmark = pytest.mark.e2e

SHEN = "2103000022"
"""Has filed hypertension for the first clinic and the hospital."""
DOCTOR, SUSPENDED = "D210300000001", "D210300000002"


@pytest.fixture(scope="module")
def basic_clinic(gateway: Gateway) -> Iterator[Till]:
    with Till.open(enrolled(gateway, BASIC_CLINIC)) as till:
        yield till


def prescribed(by: str) -> Basket:
    paper = Prescription("rx1", PrescriptionKind.OWN, prescriber=by)
    return Basket((replace(TABLETS, prescription_id="rx1"),), prescriptions=(paper,))


def test_a_check_says_what_is_filed_and_whether_it_holds_here(
    gateway: Gateway, clinic: Till, basic_clinic: Till
) -> None:
    (here,) = clinic.check_eligibility(gateway.issue_credential(SHEN)).filings
    assert (here.kind, here.condition, here.answer) == ("chronic", "hypertension", Answer.YES)
    assert here.institutions == (CLINIC, "H21030200009")
    (there,) = basic_clinic.check_eligibility(gateway.issue_credential(SHEN)).filings
    assert there.answer is Answer.NO
    assert there.refusal is not None
    assert there.refusal.reason == Reason.FILING_ELSEWHERE


def test_who_has_filed_nothing_is_shown_no_filing(gateway: Gateway, clinic: Till) -> None:
    assert clinic.check_eligibility(gateway.issue_credential(ZHANG)).filings == ()


def test_a_suspended_prescribers_prescription_is_refused_and_another_ones_is_settled(
    gateway: Gateway, clinic: Till
) -> None:
    with pytest.raises(RefusedError) as caught:
        clinic.quote(gateway.issue_credential(ZHANG), prescribed(SUSPENDED))
    assert caught.value.reason == Reason.PRESCRIBER_SUSPENDED
    assert caught.value.details["code"] == SUSPENDED
    assert "暂停" in str(caught.value)
    sold = sell(gateway, clinic, ZHANG, prescribed(DOCTOR), Drawer())
    assert sold.outcome.name == "PAID"
