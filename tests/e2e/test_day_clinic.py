"""A day at a clinic, over the wire: each scene of ``examples/clinic_day.py`` and what it came to."""

from collections.abc import Iterator

import pytest

import clinic_day
from medsettle.models import AccountState, Answer, Outcome
from town.opened import Town, shares, town
from town.page import Page

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def day() -> Iterator[Town]:
    with town(Page(silent=True)) as opened:
        yield opened


def test_what_the_clinic_prescribes_is_paid_behind_the_deductible(day: Town) -> None:
    card = clinic_day.own_prescription(day)
    assert (card.outcome, shares(card)) == (Outcome.PAID, "64.80 + 90.00 + 53.20")


def test_a_prescription_is_registered_once_under_its_number_with_the_proof(day: Town) -> None:
    found, error = clinic_day.registers(day)
    assert (found.state, found.signed_by) == ("REGISTERED", "H21990000001-01")
    assert found.signature
    assert error.reason == "PRESCRIPTION_NUMBER_USED"


def test_a_reversal_gives_the_prescription_back(day: Town) -> None:
    sold, undone, back = clinic_day.given_back(day)
    assert (sold.outcome, undone.state) == (Outcome.PAID, "REVERSED")
    assert (back.state, back.drugs[0].dispensed_quantity) == ("APPROVED", "0")


def test_a_condition_that_is_not_filed_is_told_from_one_whose_review_is_overdue(day: Town) -> None:
    assert clinic_day.not_filed(day).reason == "NOT_FILED"
    found = clinic_day.review_overdue(day)
    assert [each.refusal and each.refusal.reason for each in found.filings] == ["FILING_REVIEW_OVERDUE"]
    assert found.benefits[0].answer is Answer.NO


def test_no_account_an_empty_one_and_a_frozen_one_are_three_answers(day: Town) -> None:
    found = clinic_day.three_accounts(day)
    states = {name: (each.accounts[0].state, each.accounts[0].balance_fen) for name, each in found.items()}
    assert states == {
        "蒋": (AccountState.NONE, None), "沈": (AccountState.ACTIVE, 0), "卫": (AccountState.FROZEN, 80_000),
    }


def test_a_place_that_is_not_designated_for_a_benefit_says_so_and_what_to_do(day: Town) -> None:
    found = clinic_day.not_at_this_place(day)
    refusal = found.benefits[0].refusal
    assert refusal is not None
    assert (refusal.reason, bool(refusal.next_zh and refusal.next_en)) == ("NOT_DESIGNATED", True)
    assert found.covered is Answer.YES


def test_rescue_is_settled_where_nothing_else_is(day: Town) -> None:
    assert clinic_day.emergency(day).outcome is Outcome.PAID


def test_aid_of_this_district_pays_behind_the_fund(day: Town) -> None:
    card = clinic_day.aid(day)
    assert shares(card) == "153.60 + 0.00 + 26.40"


def test_while_the_code_service_is_away_it_is_not_said_that_somebody_is_not_covered(day: Town) -> None:
    unknown, known = clinic_day.service_away(day)
    assert unknown.covered is Answer.COULD_NOT_BE_DETERMINED
    assert unknown.refusal is not None
    assert unknown.refusal.reason == "CREDENTIAL_SERVICE_UNAVAILABLE"
    assert (unknown.eligibility_token, known.covered) == ("", Answer.YES)


def test_what_a_check_has_said_of_a_filing_is_what_the_patient_pays_by(day: Town) -> None:
    found, card, error = clinic_day.said_binds(day)
    assert found.eligibility_token
    assert (card.outcome, shares(card)) == (Outcome.PAID, "40.60 + 17.40 + 0.00")
    assert error.reason == "FILING_NOT_IN_FORCE"


def test_a_hold_is_confirmed_with_what_was_paid_by_telephone(day: Town) -> None:
    card = clinic_day.hold_and_confirm(day)
    assert (card.outcome, [each.kind for each in card.tenders]) == (Outcome.PAID, ["wechat"])
