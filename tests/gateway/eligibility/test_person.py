"""May a person have benefits on a day? Each answer has a reason of its own, with the days that explain it."""

from datetime import date
from typing import Any

import pytest
from msgspec import structs

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.calendar import MonthDay
from medsettle_gateway.domain.facts import MemberFacts
from medsettle_gateway.domain.member import Scheme, Sex
from medsettle_gateway.domain.people import Arrears, Past, Payment, Suspension
from medsettle_gateway.domain.person_rules import (
    NO_RULES,
    AgeRule,
    ArrearsRule,
    Begins,
    InterruptionRule,
    PersonRules,
    SuspensionRule,
    WaitingRule,
    YearRule,
)
from medsettle_gateway.eligibility.person import refusal_of
from tests.gateway.eligibility.people import EMPLOYEE, FLEXIBLE, RESIDENT, day, held, member, span

ARREARS = PersonRules(arrears=ArrearsRule(3, "五(一)"))
TODAY = day("2026-05-20")
IN_JULY = day("2026-07-15")

Said = tuple[Reason, dict[str, str]] | None


def said(
    someone: MemberFacts,
    on: str,
    rules: PersonRules = NO_RULES,
    today: date = TODAY,
    *,
    accounts_only: bool = False,
) -> Said:
    refusal = refusal_of(someone, day(on), rules, today, accounts_only=accounts_only)
    return None if refusal is None else (refusal.reason, dict(refusal.detail))


def owing(text: str, paid_on: str | None = None) -> MemberFacts:
    fact = Arrears(day(paid_on) if paid_on else None)
    return member(past=Past(arrears=(held(text, fact),)))


# cover


def test_before_cover_begins_there_is_none() -> None:
    assert said(member(span("2026-03-01..")), "2026-02-28") == (
        Reason.NOT_COVERED, {"covered_from": "2026-03-01"},
    )  # fmt: skip


def test_from_its_first_day_on_cover_holds() -> None:
    assert said(member(span("2026-03-01..")), "2026-03-01") is None


def test_that_cover_has_ended_is_not_said_here() -> None:
    assert said(member(span("2020-01-01..2026-03-31")), "2026-04-01") is None


def test_days_between_two_periods_are_an_interruption() -> None:
    someone = member(span("2020-01-01..2025-06-30"), span("2026-01-01.."))
    gap = (Reason.COVER_INTERRUPTED, {"from": "2025-07-01", "to": "2025-12-31"})
    assert [said(someone, on) for on in ("2025-06-30", "2025-07-01", "2025-12-31", "2026-01-01")] == [
        None, gap, gap, None,
    ]  # fmt: skip


def test_two_schemes_on_the_day_are_refused_from_the_later_one_on() -> None:
    someone = member(span("2020-01-01..2026-03-31", RESIDENT), span("2026-02-01..", EMPLOYEE))
    assert [said(someone, on) for on in ("2026-01-31", "2026-02-01", "2026-04-01")] == [
        None, (Reason.DOUBLE_COVER, {"since": "2026-02-01"}), None,
    ]  # fmt: skip


# suspension


def test_a_suspension_stops_from_its_first_day_to_its_last() -> None:
    someone = member(past=Past(suspensions=(held("2026-03-01..2026-03-31", Suspension("fraud")),)))
    stop = (Reason.BENEFITS_SUSPENDED, {"since": "2026-03-01", "until": "2026-03-31"})
    assert [said(someone, on) for on in ("2026-02-28", "2026-03-01", "2026-03-31", "2026-04-01")] == [
        None, stop, stop, None,
    ]  # fmt: skip


def test_a_suspension_without_an_end_lasts_as_long_as_the_region_says() -> None:
    someone = member(past=Past(suspensions=(held("2025-03-01..", Suspension("fraud")),)))
    rules = PersonRules(suspension=SuspensionRule(12, "五(二)"))
    assert said(someone, "2026-02-28", rules) == (
        Reason.BENEFITS_SUSPENDED, {"since": "2025-03-01", "until": "2026-02-28", "clause": "五(二)"},
    )  # fmt: skip
    assert said(someone, "2026-03-01", rules) is None


def test_of_two_suspensions_the_one_that_ends_last_is_told() -> None:
    both = (
        held("2026-01-01..2026-12-31", Suspension("x")), held("2026-02-01..2026-03-31", Suspension("y")),
    )
    (_, detail) = said(member(past=Past(suspensions=both)), "2026-03-01") or (None, {})
    assert detail == {"since": "2026-01-01", "until": "2026-12-31"}
    (_, detail) = said(member(past=Past(suspensions=both[::-1])), "2026-03-01") or (None, {})
    assert detail["until"] == "2026-12-31"


def test_without_a_rule_a_suspension_lasts_until_it_is_ended() -> None:
    someone = member(past=Past(suspensions=(held("2016-03-01..", Suspension("fraud")),)))
    assert said(someone, "2026-05-01") == (
        Reason.BENEFITS_SUSPENDED, {"since": "2016-03-01", "until": "-"},
    )  # fmt: skip


def test_the_cause_of_a_suspension_is_not_said_at_the_counter() -> None:
    someone = member(past=Past(suspensions=(held("2026-03-01..", Suspension("lent the card")),)))
    assert "lent" not in repr(said(someone, "2026-05-01"))


# arrears


def test_arrears_stop_benefits_from_the_first_day_of_their_month() -> None:
    stop = (
        Reason.COVER_IN_ARREARS, {"since": "2026-04-01", "pay_by": "2026-06-30", "clause": "五(一)"},
    )  # fmt: skip
    assert said(owing("2026-04-01.."), "2026-03-31", ARREARS) is None
    assert said(owing("2026-04-01.."), "2026-04-01", ARREARS) == stop
    assert said(owing("2026-04-01.."), "2026-05-20", ARREARS) == stop


def test_arrears_that_were_paid_within_three_months_are_as_if_there_had_been_none() -> None:
    for on in ("2026-04-01", "2026-05-20", "2026-06-30", "2026-07-01"):
        assert said(owing("2026-04-01..", "2026-06-30"), on, ARREARS, IN_JULY) is None


def test_arrears_that_were_paid_too_late_leave_their_days_unpaid_and_benefits_go_on_after() -> None:
    stop = (
        Reason.ARREARS_NOT_RESTORED,
        {"since": "2026-04-01", "pay_by": "2026-06-30", "paid_on": "2026-07-01", "clause": "五(一)"},
    )
    late, days = owing("2026-04-01..", "2026-07-01"), ("2026-03-31", "2026-04-01", "2026-06-30", "2026-07-01")
    assert [said(late, on, ARREARS, IN_JULY) for on in days] == [None, stop, stop, None]


def test_once_the_time_is_over_unpaid_arrears_cannot_be_restored() -> None:
    todays = (day("2026-06-30"), day("2026-07-01"))
    reasons = [said(owing("2026-04-01.."), "2026-05-01", ARREARS, today) for today in todays]
    assert [each and each[0] for each in reasons] == [Reason.COVER_IN_ARREARS, Reason.ARREARS_NOT_RESTORED]


def test_arrears_that_have_ended_stop_only_the_months_that_were_not_paid() -> None:
    ended = owing("2026-01-01..2026-02-28")
    reasons = [said(ended, on, ARREARS) for on in ("2025-12-31", "2026-02-28", "2026-03-01")]
    assert [each and each[0] for each in reasons] == [None, Reason.ARREARS_NOT_RESTORED, None]


def test_a_region_that_says_nothing_of_arrears_stops_nobody() -> None:
    assert said(owing("2026-04-01.."), "2026-05-01") is None


# the year


RESIDENTS = PersonRules(years=(YearRule((("scheme", ("resident",)),), Begins.NEXT_YEAR, None, "第二十一条"),))
OF_FLEXIBLE = PersonRules(
    years=(YearRule((("standing", ("flexible",)),), Begins.SAME_YEAR, MonthDay(3, 31), "第六条"),)
)


def paying(*on: str, scheme: Scheme = Scheme.RESIDENT, subsidised: bool = False) -> MemberFacts:
    payments = tuple(Payment(scheme, day(each), subsidised) for each in on)
    cover = RESIDENT if scheme is Scheme.RESIDENT else FLEXIBLE
    return member(span("2020-01-01..", cover), past=Past(payments=payments))


def test_a_resident_is_covered_from_1_january_to_31_december_after_the_year_of_payment() -> None:
    someone = paying("2025-10-08")
    assert said(someone, "2026-01-01", RESIDENTS) is None
    assert said(someone, "2026-12-31", RESIDENTS) is None
    assert said(someone, "2027-01-01", RESIDENTS) == (
        Reason.YEAR_NOT_PAID, {"year": "2027", "paid_on": "2025-10-08", "clause": "第二十一条"},
    )  # fmt: skip


def test_a_resident_who_has_paid_waits_for_1_january() -> None:
    assert said(paying("2026-02-10"), "2026-05-20", RESIDENTS) == (
        Reason.YEAR_NOT_BEGUN,
        {"paid_on": "2026-02-10", "begins_on": "2027-01-01", "clause": "第二十一条"},
    )


def test_a_premium_that_others_paid_covers_as_well() -> None:
    own = Payment(Scheme.RESIDENT, day("2023-10-08"))
    others = Payment(Scheme.RESIDENT, day("2025-12-31"), subsidised=True)
    for payments, reason in (((own,), Reason.YEAR_NOT_PAID), ((own, others), None), ((others,), None)):
        someone = member(span("2020-01-01..", RESIDENT), past=Past(payments=payments))
        found = said(someone, "2026-05-20", RESIDENTS)
        assert (found and found[0]) == reason
    alone = said(paying("2025-12-31", subsidised=True), "2027-01-01", RESIDENTS)
    assert (alone and alone[0]) == Reason.YEAR_NOT_PAID


def test_of_whom_no_premium_is_recorded_the_days_of_cover_decide() -> None:
    assert said(member(span("2020-01-01..", RESIDENT)), "2026-05-20", RESIDENTS) is None


def test_a_premium_of_another_scheme_covers_nobody() -> None:
    someone = paying("2025-10-08", scheme=Scheme.EMPLOYEE)
    resident = member(span("2020-01-01..", RESIDENT), past=someone.past)
    assert said(resident, "2027-05-20", RESIDENTS) is None  # as if none were recorded


def test_the_year_of_a_rule_is_asked_of_those_only_whom_it_names() -> None:
    assert said(paying("2015-02-01", scheme=Scheme.EMPLOYEE), "2026-05-20", RESIDENTS) is None


@pytest.mark.parametrize(("paid_on", "reason"), [("2026-03-31", None), ("2026-04-01", Reason.YEAR_NOT_PAID)])
def test_the_flexible_pay_their_year_in_its_first_quarter(paid_on: str, reason: Reason | None) -> None:
    found = said(paying(paid_on, scheme=Scheme.EMPLOYEE), "2026-05-20", OF_FLEXIBLE)
    assert (found and found[0]) == reason


# waiting


WAITING = PersonRules(
    interruption=InterruptionRule(6, 12, "第八条"),
    waiting=(
        WaitingRule((("standing", ("flexible",)),), 6, "第八条"),
        WaitingRule((("scheme", ("employee",)),), 1, "第九条"),
    ),
)


def test_benefits_begin_when_the_waiting_period_is_over() -> None:
    someone = member(span("2026-01-01..", FLEXIBLE))
    stop = (
        Reason.IN_WAITING_PERIOD,
        {"enrolled_on": "2026-01-01", "begins_on": "2026-07-01", "clause": "第八条"},
    )
    assert [said(someone, on, WAITING) for on in ("2026-01-01", "2026-06-30", "2026-07-01")] == [
        stop, stop, None,
    ]  # fmt: skip


def test_after_a_long_interruption_the_waiting_period_starts_anew() -> None:
    someone = member(span("2020-01-01..2025-06-30", FLEXIBLE), span("2026-01-01..", FLEXIBLE))
    found = said(someone, "2026-05-01", WAITING)
    assert found is not None
    assert (found[0], found[1]["enrolled_on"]) == (Reason.IN_WAITING_PERIOD, "2026-01-01")


def test_a_short_interruption_starts_no_waiting_period() -> None:
    someone = member(span("2020-01-01..2025-07-31", FLEXIBLE), span("2026-01-01..", FLEXIBLE))
    assert said(someone, "2026-01-01", WAITING) is None


def test_of_the_waiting_periods_the_first_that_names_the_person_decides() -> None:
    assert said(member(span("2026-01-01..", EMPLOYEE)), "2026-02-01", WAITING) is None
    assert said(member(span("2026-01-01..", RESIDENT)), "2026-01-01", WAITING) is None


# age


AGES = PersonRules(
    ages=(
        AgeRule((("standing", ("flexible",)),), Sex.MALE, 60, "第二条"),
        AgeRule((("standing", ("flexible",)),), Sex.FEMALE, 50, "第二条"),
    )
)


@pytest.mark.parametrize(
    ("sex", "born_on", "reason"),
    [
        (Sex.MALE, "1966-05-20", Reason.OUTSIDE_AGE_BOUND),  # 60 today
        (Sex.MALE, "1966-05-21", None),
        (Sex.FEMALE, "1976-05-20", Reason.OUTSIDE_AGE_BOUND),
        (Sex.FEMALE, "1976-05-21", None),
        (None, "1940-01-01", None),  # not known: nobody is refused by a guess
    ],
)
def test_the_flexible_leave_the_scheme_at_their_age(
    sex: Sex | None, born_on: str, reason: Reason | None
) -> None:
    someone = member(span("2010-01-01..", FLEXIBLE), born_on=born_on, sex=sex)
    found = said(someone, "2026-05-20", AGES)
    assert (found and found[0]) == reason


def test_an_age_bound_is_not_for_others_and_not_for_whom_no_birthday_is_known() -> None:
    assert said(member(span("2010-01-01.."), born_on="1940-01-01", sex=Sex.MALE), "2026-05-20", AGES) is None
    assert said(member(span("2010-01-01..", FLEXIBLE), sex=Sex.MALE), "2026-05-20", AGES) is None


# accounts


@pytest.mark.parametrize(
    ("someone", "rules"),
    [
        (owing("2026-04-01.."), ARREARS),
        (owing("2026-01-01..2026-04-30"), ARREARS),
        (member(span("2026-05-01..", FLEXIBLE)), WAITING),
        (member(past=Past(suspensions=(held("2026-03-01..", Suspension("x")),))), NO_RULES),
    ],
)
def test_whose_benefits_are_stopped_may_pay_from_accounts_where_the_region_says_so(
    someone: MemberFacts, rules: PersonRules
) -> None:
    on = "2026-04-30" if someone.past.arrears else "2026-05-20"
    assert said(someone, on, rules, accounts_only=True) is not None
    stays = structs.replace(rules, accounts_stay=True)
    assert said(someone, on, stays, accounts_only=True) is None
    assert said(someone, on, stays) is not None


def test_who_has_no_cover_may_not_pay_from_accounts_either() -> None:
    someone = member(span("2026-06-01.."))
    stays: Any = PersonRules(accounts_stay=True)
    assert said(someone, "2026-05-20", stays, accounts_only=True) is not None


# stays


def months_owed(*months: tuple[str, str | None]) -> MemberFacts:
    """Arrears as a file of every month has them: the days, and when they were paid."""
    facts = (held(text, Arrears(day(paid_on) if paid_on else None)) for text, paid_on in months)
    return member(past=Past(arrears=tuple(facts)))


JANUARY, FEBRUARY, APRIL = "2026-01-01..2026-01-31", "2026-02-01..2026-02-28", "2026-04-01..2026-04-30"


def test_arrears_that_are_entered_month_by_month_are_paid_from_the_first_month_on() -> None:
    late = months_owed((JANUARY, "2026-04-20"), (FEBRUARY, "2026-04-20"), (APRIL, "2026-04-20"))
    stop = (
        Reason.ARREARS_NOT_RESTORED,
        {"since": "2026-01-01", "pay_by": "2026-03-31", "paid_on": "2026-04-20", "clause": "五(一)"},
    )
    found = [said(late, on, ARREARS) for on in ("2026-01-10", "2026-02-10", "2026-03-10", "2026-04-10")]
    assert found == [stop, stop, None, None]


def test_months_that_follow_on_one_that_was_restored_have_their_own_time() -> None:
    someone = months_owed((JANUARY, "2026-03-31"), (FEBRUARY, "2026-04-20"))
    assert [said(someone, on, ARREARS) for on in ("2026-01-10", "2026-02-10")] == [None, None]


def test_a_payment_that_is_announced_restores_nothing_before_its_day() -> None:
    someone = owing("2026-04-01..", "2026-05-21")
    assert said(someone, "2026-05-20", ARREARS, TODAY) == (
        Reason.COVER_IN_ARREARS, {"since": "2026-04-01", "pay_by": "2026-06-30", "clause": "五(一)"},
    )  # fmt: skip
    assert said(someone, "2026-05-20", ARREARS, day("2026-05-21")) is None
