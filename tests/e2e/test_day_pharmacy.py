"""A day at a pharmacy, over the wire: each scene of ``examples/pharmacy_day.py`` and what it came to."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

import pharmacy_day
from medsettle.models import AccountState, Answer, Outcome, Verdict
from tests.sdk.shells import Shell
from town.opened import PHARMACY, Town, shares, town
from town.page import Page

pytestmark = pytest.mark.e2e
SHEN = "2199000015"
FILED_TODAY = """\
member_no,condition,from,to,institutions,drugs,filed_by
{member},hypertension,{on},,,,
"""


@pytest.fixture(scope="module")
def day() -> Iterator[Town]:
    with town(Page(silent=True)) as opened:
        yield opened


def test_an_account_pays_for_drugs_and_devices_and_what_comes_back_goes_where_it_came_from(day: Town) -> None:
    sold = pharmacy_day.over_the_counter(day)
    assert (sold.outcome, shares(sold)) == (Outcome.PAID, "0.00 + 164.80 + 198.00")
    left = pharmacy_day.one_box_back(day, sold)
    assert (left.outcome, left.refund_due_fen, shares(left)) == (Outcome.PAID, 19_800, "0.00 + 164.80 + 0.00")


def test_codes_that_cannot_be_sold_are_named_line_by_line(day: Town) -> None:
    error = pharmacy_day.line_by_line(day)
    assert [(each.line_id, each.reason) for each in error.refusal.lines] == [
        ("2", "ITEM_UNKNOWN"), ("3", "ITEM_NOT_VALID"),
    ]
    assert all(each.next_zh and each.next_en for each in error.refusal.lines)


def test_a_fathers_account_pays_up_to_his_limit_as_he_agreed_beforehand(day: Town) -> None:
    card = pharmacy_day.family_account(day)
    assert shares(card) == "0.00 + 50.00 + 8.80"


def test_a_filed_condition_is_paid_at_the_place_to_which_it_is_bound(day: Town) -> None:
    found, card = pharmacy_day.chronic_refill(day)
    assert (found.filings[0].answer, found.items[0].answer) == (Answer.YES, Answer.YES)
    assert (card.outcome, shares(card)) == (Outcome.PAID, "36.82 + 15.78 + 0.00")


def test_a_refill_too_early_needs_a_reason_that_is_kept(day: Town) -> None:
    found, stopped, card = pharmacy_day.too_early(day)
    assert found.items[0].next_on == day.today + timedelta(21)
    assert [each.verdict for each in found.advisories if each.code == "REPEATED_DRUG"] == [Verdict.WARN]
    assert (stopped.outcome, stopped.request_id) == (Outcome.NOT_PAID, None)
    assert card.outcome is Outcome.PAID
    listed = json.loads(day.operator("supervision", "list", "--from", str(day.today), "--json"))
    assert "出国三个月,提前取药" in json.dumps(listed, ensure_ascii=False)


def test_by_hand_a_warning_is_accepted_at_the_keyboard_or_by_code_and_never_without_a_reason(
    day: Town
) -> None:
    """Twice the same drug in a row, at a till of its own, for somebody whose condition is filed anywhere."""
    day.enters("member filings chronic", FILED_TODAY.format(member=SHEN, on=day.today))
    shell = Shell(day.gateway, day.gateway.enrol_till(PHARMACY, "02"))
    drug = ("sell", "XC08CAA129A001010100041@52.60,condition=hypertension,days=28", "--operator", "7")
    again = (*drug, "--acknowledge", "POSSIBLE_DUPLICATE")
    assert shell.run(*drug, "--yes", typed=shell.scan(SHEN)).code == 0
    refused = shell.run(*again, "--yes", typed=shell.scan(SHEN))
    assert refused.code == 1
    assert "预警 WARN: " in refused.output
    assert "--accept CODE=REASON" in refused.output
    answers = f"{shell.scan(SHEN)}y\n出国三个月\ny\n"
    typed = shell.run_at_terminal(*again, typed=answers)
    assert typed.code == 0, typed.output
    left_empty = shell.run_at_terminal(*again, typed=f"{shell.scan(SHEN)}y\n\n")
    assert (left_empty.code, "WARNING_NOT_ACCEPTED" in left_empty.output) == (1, True)
    coded = (*again, "--yes", "--json", "--accept", "REPEATED_DRUG=出国三个月")
    assert shell.run(*coded, typed=shell.scan(SHEN)).answer["outcome"] == "PAID"


def test_a_prescription_is_reviewed_and_dispensed_in_two_parts_and_no_more(day: Town) -> None:
    first, second = pharmacy_day.external_prescription(day)
    assert {first.outcome, second.outcome} == {Outcome.PAID}


def test_a_pack_that_was_sold_is_refused_elsewhere_with_where_and_when(day: Town) -> None:
    error = pharmacy_day.sold_twice(day)
    (line,) = error.refusal.lines
    assert (line.reason, line.details["institution"]) == ("TRACE_CODE_SOLD", PHARMACY)
    assert datetime.fromisoformat(line.details["sold_at"]).tzinfo is not None


def test_what_somebody_prescribes_who_lost_too_many_points_is_refused(day: Town) -> None:
    error = pharmacy_day.suspended_prescriber(day)
    assert (error.reason, error.details["points"]) == ("PRESCRIBER_SUSPENDED", "4")


def test_a_social_card_is_as_good_and_who_came_is_told_to_nobody(day: Town) -> None:
    card = pharmacy_day.card_and_proxy(day)
    assert (card.outcome, shares(card)) == (Outcome.PAID, "0.00 + 22.00 + 0.00")
    assert pharmacy_day.SON.name not in repr(card)
    shown = day.operator("sale", "show", card.request_id or "")
    assert pharmacy_day.SON.name not in shown
    assert pharmacy_day.SON.id_number not in shown


def test_whose_employer_is_in_arrears_has_no_benefit_and_keeps_the_account(day: Town) -> None:
    found = pharmacy_day.arrears(day)
    assert (found.covered, found.refusal and found.refusal.reason) == (Answer.NO, "COVER_IN_ARREARS")
    assert (found.accounts[0].state, found.accounts[0].may_pay) == (AccountState.ACTIVE, Answer.YES)


def test_at_the_end_of_the_day_the_tills_and_the_books_agree(day: Town) -> None:
    settled = pharmacy_day.end_of_day(day)
    assert min(settled.cash_fen, settled.funds["all"], settled.accounts["all"]) > 0
