"""Within a stay: from which day on benefits are not to be had any more."""

from msgspec import structs

from medsettle_gateway.domain.facts import MemberFacts
from medsettle_gateway.domain.member import Scheme
from medsettle_gateway.domain.people import Past, Payment
from medsettle_gateway.domain.person_rules import (
    NO_RULES,
    AgeRule,
    InterruptionRule,
    PersonRules,
    WaitingRule,
)
from medsettle_gateway.eligibility.person import during_stay
from tests.gateway.eligibility.people import EMPLOYEE, RESIDENT, day, member, span
from tests.gateway.eligibility.test_person import ARREARS, RESIDENTS, TODAY, owing, paying, said


def covered_to(someone: MemberFacts, admitted_on: str, on: str, rules: PersonRules) -> str | None:
    last_on = during_stay(someone, day(admitted_on), day(on), rules, TODAY).covered_to
    return last_on.isoformat() if last_on else None


def test_a_year_that_nobody_paid_ends_cover_within_a_stay() -> None:
    someone = paying("2024-11-01")
    assert covered_to(someone, "2025-12-20", "2026-01-10", RESIDENTS) == "2025-12-31"
    assert covered_to(paying("2024-11-01", "2025-11-01"), "2025-12-20", "2026-01-10", RESIDENTS) is None


def test_what_begins_on_the_day_of_admission_or_after_discharge_ends_nothing_within_the_stay() -> None:
    assert covered_to(owing("2026-04-01.."), "2026-04-01", "2026-04-20", ARREARS) is None
    assert covered_to(owing("2026-05-01.."), "2026-04-01", "2026-04-20", ARREARS) is None
    assert covered_to(owing("2026-05-01.."), "2026-04-10", "2026-05-01", ARREARS) == "2026-04-30"


def test_arrears_that_were_paid_in_time_end_nothing_within_a_stay() -> None:
    paid = owing("2026-05-01..", "2026-05-10")
    assert covered_to(paid, "2026-04-10", "2026-05-12", ARREARS) is None


def test_cover_that_ends_earlier_still_ends_then() -> None:
    someone = member(span("2020-01-01..2026-04-15"), past=owing("2026-05-01..").past)
    assert covered_to(someone, "2026-04-10", "2026-05-12", ARREARS) == "2026-04-15"


def test_an_interruption_within_a_stay_ends_cover_though_it_is_back_before_discharge() -> None:
    someone = member(span("2020-01-01..2026-04-15"), span("2026-04-20.."))
    assert covered_to(someone, "2026-04-10", "2026-05-12", NO_RULES) == "2026-04-15"
    assert covered_to(someone, "2026-04-20", "2026-05-12", NO_RULES) is None


def test_a_change_of_scheme_without_a_gap_ends_nothing_within_a_stay() -> None:
    someone = member(span("2020-01-01..2026-04-15", RESIDENT), span("2026-04-16..", EMPLOYEE))
    assert covered_to(someone, "2026-04-10", "2026-05-12", NO_RULES) is None


def test_a_day_of_a_stay_is_judged_by_the_scheme_of_that_day() -> None:
    """An employee until New Year, then a resident whose first premium covers the year that begins."""
    paid = Past(payments=(Payment(Scheme.RESIDENT, day("2025-11-01")),))
    someone = member(
        span("2020-01-01..2025-12-31", EMPLOYEE), span("2026-01-01..", RESIDENT), past=paid
    )
    assert said(someone, "2025-12-20", RESIDENTS) is None
    assert covered_to(someone, "2025-12-20", "2026-01-10", RESIDENTS) is None
    unpaid = structs.replace(paid, payments=(Payment(Scheme.RESIDENT, day("2024-11-01")),))
    owes = member(*someone.past.spans, past=unpaid)
    assert covered_to(owes, "2025-12-20", "2026-01-10", RESIDENTS) == "2025-12-31"


def test_a_second_scheme_that_begins_within_a_stay_ends_cover_on_the_eve() -> None:
    someone = member(span("2020-01-01..", RESIDENT), span("2026-04-16..", EMPLOYEE))
    assert covered_to(someone, "2026-04-10", "2026-05-12", NO_RULES) == "2026-04-15"


def test_a_waiting_period_that_begins_within_a_stay_leaves_the_days_after_the_gap_unpaid_too() -> None:
    waits = PersonRules(interruption=InterruptionRule(6, 12, "八"), waiting=(WaitingRule((), 6, "八"),))
    someone = member(span("2010-01-01..2025-10-31"), span("2026-05-01.."))
    assert covered_to(someone, "2025-10-20", "2026-05-12", waits) == "2025-10-31"


def test_an_age_that_is_reached_within_a_stay_ends_cover_on_the_eve() -> None:
    rules = PersonRules(ages=(AgeRule((), None, 60, "二"),))
    someone = member(born_on="1966-04-16")
    assert covered_to(someone, "2026-04-10", "2026-05-12", rules) == "2026-04-15"
    assert covered_to(someone, "2026-04-10", "2026-04-15", rules) is None
