"""What is filed: by days, by places, by the yearly review, and where a place lies for a member."""

from dataclasses import replace
from datetime import date

import pytest

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.calendar import MonthDay
from medsettle_gateway.domain.facts import InstitutionFacts
from medsettle_gateway.domain.filings import (
    NOTHING_FILED,
    Area,
    Away,
    AwayFiled,
    AwayRule,
    ChronicFiled,
    Filing,
    FilingFact,
    LateClaimAllowed,
    LateRule,
    MemberFilings,
    Reviewed,
    ReviewRule,
)
from medsettle_gateway.domain.records import DatedRecord, known
from medsettle_gateway.eligibility.filings import (
    area_of,
    conditions_here,
    filed_of,
    filings_at,
    is_approved,
    not_settled,
    too_late,
)
from tests.gateway.eligibility.entered import DAY, MARCH, recorded
from tests.gateway.eligibility.people import member
from tests.gateway.eligibility.test_places import PHARMACY

JANUARY, JUNE = date(2026, 1, 1), date(2026, 6, 30)
LONG_AGO = date(2020, 1, 1)
REVIEW = ReviewRule(MonthDay(6, 1), MonthDay(8, 31), clause="一审")
ELSEWHERE = replace(PHARMACY, code="H9", region="210200")


def chronic(
    condition: str = "hypertension", begins: date = LONG_AGO, ends: date | None = None,
    institutions: tuple[str, ...] = (), drugs: tuple[str, ...] = (),
) -> DatedRecord:
    body = ChronicFiled(condition, institutions, drugs)
    return recorded(FilingFact.CHRONIC, f"{condition}/{begins}", begins, ends, body)


def reviewed(on: date, *, passed: bool = True, condition: str = "hypertension") -> DatedRecord:
    return recorded(FilingFact.REVIEW, f"{condition}/{on}", on, on, Reviewed(condition, passed, "H1"))


def away(kind: Away = Away.REFERRAL, ends: date | None = JUNE, **changes: tuple[str, ...]) -> DatedRecord:
    body = AwayFiled(kind, issued_by="H1", **(changes or {"regions": ("210200",)}))
    return recorded(FilingFact.AWAY, f"{kind}/{JANUARY}", JANUARY, ends, body)


def filed(*records: DatedRecord) -> MemberFilings:
    return filed_of(known(records))


def at(
    *records: DatedRecord, on: date = MARCH, rule: ReviewRule | None = None,
    place: InstitutionFacts = PHARMACY,
) -> tuple[Filing, ...]:
    return filings_at(filed(*records), place, on, rule)


def reason(*records: DatedRecord, on: date = MARCH, rule: ReviewRule | None = None) -> Reason | None:
    (filing,) = at(*records, on=on, rule=rule)
    return None if filing.refusal is None else filing.refusal.reason


@pytest.mark.parametrize(
    ("day", "refused"),
    [
        (JANUARY - DAY, Reason.FILING_NOT_IN_FORCE), (JANUARY, None), (JUNE, None),
        (JUNE + DAY, Reason.FILING_NOT_IN_FORCE),
    ],
)
def test_a_filing_holds_from_its_first_day_to_its_last(day: date, refused: Reason | None) -> None:
    assert reason(chronic(begins=JANUARY, ends=JUNE), on=day) is refused


def test_a_filing_is_bound_to_its_places() -> None:
    assert reason(chronic(institutions=("P1",))) is None
    assert reason(chronic(institutions=("H1", "P1"))) is None
    (filing,) = at(chronic(institutions=("H1", "H2")))
    assert filing.refusal is not None
    assert filing.refusal.reason is Reason.FILING_ELSEWHERE
    assert filing.refusal.detail == {"filing": "chronic", "condition": "hypertension", "filed_at": "H1 H2"}


def test_of_two_filings_of_a_condition_the_one_of_the_day_speaks() -> None:
    first = chronic(begins=LONG_AGO, ends=JANUARY - DAY, institutions=("H1",))
    renewed = chronic(begins=JANUARY, institutions=("P1",))
    assert [each.institutions for each in at(first, renewed, on=JANUARY - DAY)] == [("H1",)]
    assert [each.institutions for each in at(first, renewed, on=JANUARY)] == [("P1",)]


def test_between_two_filings_the_one_that_ended_says_so_and_before_both_the_next() -> None:
    first = chronic(begins=LONG_AGO, ends=JANUARY - DAY)
    renewed = chronic(begins=JUNE)
    (ended,) = at(first, renewed, on=MARCH)
    assert (ended.refusal is not None, ended.valid_from) == (True, LONG_AGO)
    (not_begun,) = at(renewed, chronic(begins=JUNE + 90 * DAY), on=MARCH)
    assert not_begun.valid_from == JUNE


def test_each_condition_has_its_own_filing_in_the_order_of_filing() -> None:
    found = at(chronic("diabetes", JANUARY), chronic("hypertension", LONG_AGO))
    assert [each.condition for each in found] == ["hypertension", "diabetes"]


@pytest.mark.parametrize(
    ("on", "refused"),
    [
        (date(2026, 5, 31), None),
        (date(2026, 8, 31), None),
        (date(2026, 9, 1), Reason.FILING_REVIEW_OVERDUE),
        (date(2027, 3, 1), Reason.FILING_REVIEW_OVERDUE),
        (date(2027, 7, 1), Reason.FILING_REVIEW_OVERDUE),
    ],
)
def test_who_misses_the_review_has_the_condition_no_more_once_its_last_day_is_over(
    on: date, refused: Reason | None
) -> None:
    passed_before = reviewed(date(2025, 7, 1))
    assert reason(chronic(), passed_before, on=on, rule=REVIEW) is refused


def test_who_passes_late_has_the_condition_again_from_that_day() -> None:
    late = date(2026, 10, 8)
    records = (chronic(), reviewed(date(2025, 7, 1)), reviewed(late))
    assert reason(*records, on=late - DAY, rule=REVIEW) is Reason.FILING_REVIEW_OVERDUE
    assert reason(*records, on=late, rule=REVIEW) is None


@pytest.mark.parametrize(
    ("begins", "asked"), [(date(2025, 5, 31), True), (date(2025, 6, 1), False), (date(2026, 2, 1), False)]
)
def test_only_what_was_filed_more_than_a_year_before_the_review_is_reviewed(
    begins: date, *, asked: bool
) -> None:
    found = reason(chronic(begins=begins), on=date(2026, 9, 1), rule=REVIEW)
    assert (found is Reason.FILING_REVIEW_OVERDUE) is asked


def test_a_region_without_a_review_asks_for_none_and_one_that_reports_refuses_nobody() -> None:
    on = date(2026, 9, 1)
    assert reason(chronic(), on=on) is None
    reports = ReviewRule(REVIEW.first, REVIEW.last, refuses=False)
    (filing,) = at(chronic(), on=on, rule=reports)
    assert (filing.refusal, filing.review_due_on) == (None, date(2027, 8, 31))


def test_who_does_not_pass_has_lost_the_condition_and_a_later_review_gives_nothing_back() -> None:
    failed = date(2026, 6, 10)
    again = reviewed(failed + 9 * DAY)
    records = (chronic(), reviewed(date(2025, 7, 1)), reviewed(failed, passed=False), again)
    assert reason(*records, on=failed - DAY, rule=REVIEW) is None
    assert reason(*records, on=failed, rule=REVIEW) is Reason.FILING_REVIEW_FAILED
    assert reason(*records, on=failed + 30 * DAY, rule=REVIEW) is Reason.FILING_REVIEW_FAILED
    assert reason(*records, on=failed + 30 * DAY) is Reason.FILING_REVIEW_FAILED


def test_a_relapse_is_filed_anew_and_begins_without_a_review() -> None:
    failed = date(2026, 6, 10)
    anew = chronic(begins=failed + 60 * DAY)
    assert reason(chronic(), reviewed(failed, passed=False), anew, on=failed + 60 * DAY, rule=REVIEW) is None


def test_the_review_of_one_condition_says_nothing_of_another() -> None:
    failed = reviewed(MARCH, passed=False, condition="diabetes")
    assert reason(chronic(), failed) is None


@pytest.mark.parametrize(
    ("records", "on", "due_on"),
    [
        ((chronic(),), MARCH, date(2026, 8, 31)),
        ((chronic(), reviewed(date(2026, 6, 2))), date(2026, 7, 1), None),
        ((chronic(), reviewed(date(2026, 6, 2))), date(2026, 9, 1), date(2027, 8, 31)),
        ((chronic(begins=date(2026, 2, 1)),), MARCH, None),
        ((chronic(ends=date(2026, 5, 31)),), MARCH, None),
    ],
)
def test_it_is_said_by_when_the_next_review_is_due(
    records: tuple[DatedRecord, ...], on: date, due_on: date | None
) -> None:
    (filing,) = at(*records, on=on, rule=REVIEW)
    assert filing.review_due_on == due_on


def test_the_conditions_of_a_day_are_those_in_force_here_and_the_undated_ones() -> None:
    someone = replace(
        member(), conditions=("asthma", "hypertension"),
        filed=filed(chronic(institutions=("H1",)), chronic("diabetes")),
    )
    here = filings_at(someone.filed, PHARMACY, MARCH)
    assert conditions_here(someone, here) == ("asthma", "diabetes")
    assert conditions_here(replace(someone, filed=NOTHING_FILED), ()) == ("asthma", "hypertension")


@pytest.mark.parametrize(
    ("item", "condition", "approved"),
    [
        ("XA1", "hypertension", True), ("XB1", "hypertension", False), ("XB1", "diabetes", True),
        ("XB1", None, True), ("XB1", "asthma", True),
    ],
)
def test_a_drug_is_approved_by_the_list_of_its_condition(
    item: str, condition: str | None, *, approved: bool
) -> None:
    found = at(chronic(drugs=("XA1",)), chronic("diabetes"))
    assert is_approved(item, condition, found) is approved


def test_a_drug_that_names_no_condition_must_stand_on_one_of_the_lists() -> None:
    found = at(chronic(drugs=("XA1",)), chronic("diabetes", drugs=("XC1",)))
    assert is_approved("XC1", None, found)
    assert not is_approved("XB1", None, found)
    assert is_approved("XB1", None, ())


def test_a_list_that_does_not_hold_here_approves_nothing_and_forbids_nothing() -> None:
    assert is_approved("XB1", "hypertension", at(chronic(drugs=("XA1",), institutions=("H1",))))


@pytest.mark.parametrize(
    ("record", "refused"),
    [
        (away(), None),
        (away(regions=("210400",)), Reason.FILING_ELSEWHERE),
        (away(institutions=("H9",)), None),
        (away(regions=("210200",), institutions=("H8",)), Reason.FILING_ELSEWHERE),
        (away(ends=MARCH - DAY), Reason.FILING_NOT_IN_FORCE),
    ],
)
def test_care_elsewhere_is_filed_for_regions_or_for_places(
    record: DatedRecord, refused: Reason | None
) -> None:
    (filing,) = at(record, place=ELSEWHERE)
    assert (None if filing.refusal is None else filing.refusal.reason) is refused


@pytest.mark.parametrize("kind", list(Away))
def test_a_place_elsewhere_is_filed_by_any_kind_of_filing(kind: Away) -> None:
    filings = at(away(kind), place=ELSEWHERE)
    assert [each.kind for each in filings] == [kind.value]
    assert area_of("210300", ELSEWHERE, filings, emergency=False) is Area.FILED
    assert area_of("210300", ELSEWHERE, filings, emergency=True) is Area.FILED


def referred(begins: date, ends: date, institution: str) -> DatedRecord:
    body = AwayFiled(Away.REFERRAL, institutions=(institution,), issued_by="H1")
    return recorded(FilingFact.AWAY, f"referral/{begins}", begins, ends, body)


def test_a_second_referral_leaves_the_first_one_in_force() -> None:
    both = referred(JANUARY, JUNE, "H9"), referred(MARCH - DAY, JUNE, "H8")
    found = at(*both, place=ELSEWHERE)
    assert [each.refusal and each.refusal.reason for each in found] == [None, Reason.FILING_ELSEWHERE]
    for place in (ELSEWHERE, replace(ELSEWHERE, code="H8")):
        assert area_of("210300", place, at(*both, place=place), emergency=False) is Area.FILED


def test_of_referrals_that_are_over_the_last_one_is_told() -> None:
    over = referred(LONG_AGO, JANUARY, "H8"), referred(JANUARY, MARCH - DAY, "H9")
    (told,) = at(*over, place=ELSEWHERE)
    assert (told.institutions, told.refusal and told.refusal.reason) == (
        ("H9",), Reason.FILING_NOT_IN_FORCE,
    )


def test_a_place_elsewhere_is_an_emergency_or_unfiled_and_one_at_home_is_local() -> None:
    assert area_of("210300", ELSEWHERE, (), emergency=False) is Area.UNFILED
    assert area_of("210300", ELSEWHERE, (), emergency=True) is Area.EMERGENCY
    assert area_of("210300", PHARMACY, (), emergency=True) is Area.LOCAL
    chronic_only = at(chronic(), place=ELSEWHERE)
    assert area_of("210300", ELSEWHERE, chronic_only, emergency=False) is Area.UNFILED


@pytest.mark.parametrize(
    ("area", "rule", "refused"),
    [
        (Area.LOCAL, None, None),
        (Area.FILED, AwayRule((Area.FILED,)), None),
        (Area.EMERGENCY, AwayRule((Area.FILED, Area.EMERGENCY)), None),
        (Area.FILED, None, Reason.OUT_OF_AREA_CLAIM),
        (Area.EMERGENCY, AwayRule((Area.FILED,)), Reason.OUT_OF_AREA_CLAIM),
        (Area.UNFILED, AwayRule((Area.FILED, Area.EMERGENCY)), Reason.OUT_OF_AREA_UNFILED),
        (Area.UNFILED, AwayRule((Area.UNFILED,)), None),
    ],
)
def test_the_region_of_insurance_says_which_areas_are_settled_at_once(
    area: Area, rule: AwayRule | None, refused: Reason | None
) -> None:
    refusal = not_settled(area, "210300", ELSEWHERE, rule)
    assert (None if refusal is None else refusal.reason) is refused


@pytest.mark.parametrize(
    ("today", "special", "in_time"),
    [
        (date(2026, 6, 2), False, True),
        (date(2026, 6, 3), False, False),
        (date(2026, 6, 3), True, True),
        (date(2027, 3, 2), True, True),
        (date(2027, 3, 3), True, False),
    ],
)
def test_a_service_is_claimed_within_its_months_and_a_special_case_within_more(
    today: date, *, special: bool, in_time: bool
) -> None:
    admitted = recorded(FilingFact.LATE_CLAIM, "a", MARCH, MARCH, LateClaimAllowed("长期住院", "王某"))
    refusal = too_late(filed(*([admitted] if special else [])), MARCH, today, LateRule(3, 12, "第二十条(一)"))
    assert (refusal is None) is in_time
    if refusal is not None:
        assert refusal.reason is Reason.CLAIM_TOO_LATE


def test_a_region_without_a_time_for_claims_refuses_none_for_it() -> None:
    assert too_late(NOTHING_FILED, MARCH, date(2030, 1, 1), None) is None
