"""Interruptions: six months make a first enrolment of it, more than a year lets years restart."""

import pytest

from medsettle_gateway.domain.people import Arrears
from medsettle_gateway.domain.person_rules import InterruptionRule
from medsettle_gateway.eligibility.enrolled import Gap, enrolled_on, gaps, paid_months
from tests.gateway.eligibility.people import day, held, span

RULE = InterruptionRule(6, 12, "第八条")


def gap(text: str) -> Gap:
    first, _, last = text.partition("..")
    return Gap(day(first), day(last))


def test_days_between_spans_are_a_gap() -> None:
    spans = (span("2026-01-01.."), span("2020-01-01..2025-06-30"))
    assert list(gaps(spans)) == [gap("2025-07-01..2025-12-31")]


def test_spans_that_meet_or_overlap_leave_no_gap() -> None:
    spans = (span("2020-01-01..2025-06-30"), span("2025-07-01..2025-12-31"), span("2025-10-01.."))
    assert list(gaps(spans)) == []


def test_a_span_within_another_ends_nothing() -> None:
    spans = (span("2020-01-01..2025-12-31"), span("2021-01-01..2021-06-30"), span("2026-01-01.."))
    assert list(gaps(spans)) == []


def test_nothing_follows_cover_without_an_end() -> None:
    assert list(gaps((span("2020-01-01.."), span("2026-01-01..")))) == []


@pytest.mark.parametrize(
    ("returned", "first_on"),
    [
        ("2025-12-31", "2020-01-01"),  # a day less than six months
        ("2026-01-01", "2026-01-01"),  # six months to the day: inclusive
        ("2026-03-01", "2026-03-01"),
    ],
)
def test_six_months_without_cover_are_followed_by_a_first_enrolment(returned: str, first_on: str) -> None:
    spans = (span("2020-01-01..2025-06-30"), span(f"{returned}.."))
    assert enrolled_on(spans, day("2026-05-01"), RULE) == day(first_on)


def test_an_interruption_that_is_still_to_come_changes_nothing() -> None:
    spans = (span("2020-01-01..2025-06-30"), span("2026-03-01.."))
    assert enrolled_on(spans, day("2025-06-01"), RULE) == day("2020-01-01")


def test_where_no_rule_says_so_no_interruption_makes_a_first_enrolment() -> None:
    spans = (span("2020-01-01..2022-06-30"), span("2026-03-01.."))
    assert enrolled_on(spans, day("2026-05-01"), None) == day("2020-01-01")


@pytest.mark.parametrize(
    ("returned", "months"),
    [
        ("2025-01-01", 60 + 12),  # exactly a year: strict
        ("2025-01-02", 11),  # a day more than a year
    ],
)
def test_more_than_a_year_without_cover_lets_years_restart(returned: str, months: int) -> None:
    spans = (span("2019-01-01..2023-12-31"), span(f"{returned}.."))
    assert paid_months(spans, day("2025-12-31"), RULE) == months


def test_where_no_rule_says_so_years_never_restart() -> None:
    spans = (span("2019-01-01..2019-12-31"), span("2025-01-01.."))
    assert paid_months(spans, day("2025-12-31"), None) == 24


def test_months_that_two_periods_cover_count_once() -> None:
    spans = (span("2025-01-01..2025-12-31"), span("2025-06-01..2026-03-31"))
    assert paid_months(spans, day("2026-12-31"), RULE) == 15


@pytest.mark.parametrize(
    ("arrears", "paid_on", "months"),
    [
        ("2025-03-01..2025-05-31", None, 21),
        ("2025-03-01..2025-05-31", "2025-12-31", 24),
        ("2025-03-01..2025-05-31", "2026-01-01", 21),
        ("2025-11-01..", None, 22),
        ("2023-01-01..2024-02-29", None, 22),
        ("2026-02-01..", None, 24),
    ],
)
def test_months_that_are_still_owed_were_not_paid(arrears: str, paid_on: str | None, months: int) -> None:
    owed = held(arrears, Arrears(day(paid_on) if paid_on else None))
    assert paid_months((span("2024-01-01.."),), day("2025-12-31"), RULE, (owed,)) == months
