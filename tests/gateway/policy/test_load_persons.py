"""What a pack says of persons: as written, or refused with what to write instead."""

from typing import Any

import pytest

from medsettle_gateway.domain.calendar import MonthDay
from medsettle_gateway.domain.member import Aid, Sex
from medsettle_gateway.domain.person_rules import (
    NO_RULES,
    ORDER_OF_AID,
    AgeRule,
    AidRule,
    ArrearsRule,
    Begins,
    InterruptionRule,
    PersonRules,
    SupplementRule,
    SuspensionRule,
    WaitingRule,
    YearRule,
    together,
)
from tests.gateway.policy.whole_pack import faults, whole

FLEXIBLE = (("standing", ("flexible",)),)
SECTIONS: dict[str, Any] = {
    "arrears": {"restored_within_months": 3, "clause": "一"},
    "interruption": {"first_enrolment_after_months": 6, "years_restart_after_months": 12, "clause": "二"},
    "waiting": [{"standing": "flexible", "months": 6, "clause": "三"}],
    "year": [
        {"scheme": "resident", "covers": "next_year", "clause": "四"},
        {"standing": "flexible", "covers": "same_year", "pay_by": "03-31", "clause": "四"},
    ],
    "supplements": [{"name": "large_amount", "pay_by": "06-30", "clause": "五"}],
    "age": [{"standing": "flexible", "sex": "male", "below": 60, "clause": "六"}],
    "aid": {"districts": ["330111"], "order": ["disabled", "poor"], "clause": "七"},
    "suspension": {"months": 12, "clause": "八"},
    "stopped": {"accounts": True, "clause": "九"},
}
RULES = PersonRules(
    arrears=ArrearsRule(3, "一"),
    interruption=InterruptionRule(6, 12, "二"),
    waiting=(WaitingRule(FLEXIBLE, 6, "三"),),
    years=(
        YearRule((("scheme", ("resident",)),), Begins.NEXT_YEAR, None, "四"),
        YearRule(FLEXIBLE, Begins.SAME_YEAR, MonthDay(3, 31), "四"),
    ),
    supplements=(SupplementRule("large_amount", MonthDay(6, 30), "五"),),
    ages=(AgeRule(FLEXIBLE, Sex.MALE, 60, "六"),),
    aid=AidRule(
        ("330111",),
        (Aid.DISABLED, Aid.POOR, Aid.DESTITUTE, Aid.ORPHAN, Aid.SUBSISTENCE, Aid.MARGINAL, Aid.NONE),
        "七",
    ),
    suspension=SuspensionRule(12, "八"),
    accounts_stay=True,
)


def read(**sections: Any) -> PersonRules:
    return whole({f"eligibility.{name}": value for name, value in sections.items()}).rules.persons


def test_every_section_is_read_as_it_is_written() -> None:
    assert read(**SECTIONS) == RULES


def test_a_pack_that_says_nothing_of_persons_stops_nobody() -> None:
    assert read() == NO_RULES


def test_the_years_of_those_who_were_away_long_never_restart_where_the_pack_does_not_say_so() -> None:
    rule = read(interruption={"first_enrolment_after_months": 6, "clause": "二"}).interruption
    assert rule == InterruptionRule(6, None, "二")


def test_a_rule_without_facts_is_for_everybody() -> None:
    assert read(waiting=[{"months": 1, "clause": "三"}]).waiting == (WaitingRule((), 1, "三"),)


def test_certificates_count_in_the_usual_order_where_the_pack_names_none() -> None:
    aid = read(aid={"districts": ["330111"], "clause": "七"}).aid
    assert aid is not None
    assert aid.order == ORDER_OF_AID


@pytest.mark.parametrize(
    ("section", "value", "message"),
    [
        ("arrears", {"restored_within_months": 3}, "every row names its clause"),
        ("arrears", {"clause": "一"}, "missing key 'restored_within_months'"),
        ("arrears", {"restored_within_months": 0, "clause": "一"}, "expected a whole number from 1"),
        ("arrears", {"restored_within_months": "3", "clause": "一"}, "expected a whole number from 1"),
        ("arrears", {"restored_within_months": 241, "clause": "一"}, "expected at most 240"),
        ("arrears", {"restored_within_months": 3, "late_fee": "0.002", "clause": "一"}, "unknown key"),
        ("arrears", [], "expected a mapping"),
        ("interruption", {"years_restart_after_months": 12, "clause": "二"}, "missing key"),
        ("waiting", {"months": 6, "clause": "三"}, "expected a list"),
        ("waiting", [{"standing": "flexible", "clause": "三"}], "missing key 'months'"),
        ("waiting", [{"standing": "self_employed", "months": 6, "clause": "三"}], "standing is one of"),
        ("waiting", [{"aid": "poor", "months": 6, "clause": "三"}], "unknown key"),
        ("year", [{"covers": "this_year", "clause": "四"}], "expected one of next_year, same_year"),
        ("year", [{"clause": "四"}], "missing key 'covers'"),
        ("year", [{"covers": "same_year", "pay_by": "31-03", "clause": "四"}], "a month and a day"),
        ("supplements", [{"name": "large_amount", "clause": "五"}], "missing key 'pay_by'"),
        ("supplements", [{"name": "大额", "pay_by": "06-30", "clause": "五"}], "expected an id"),
        ("supplements", [SECTIONS["supplements"][0]] * 2, "large_amount is named twice"),
        ("age", [{"sex": "other", "below": 60, "clause": "六"}], "expected one of male, female"),
        ("age", [{"below": 151, "clause": "六"}], "expected at most 150"),
        ("aid", {"districts": [], "clause": "七"}, "no district"),
        ("aid", {"districts": ["富阳"], "clause": "七"}, "six digits in quotes"),
        ("aid", {"districts": ["330111"], "order": ["rich"], "clause": "七"}, "expected one of"),
        ("suspension", {"clause": "八"}, "missing key 'months'"),
        ("stopped", {"accounts": "yes", "clause": "九"}, "expected true or false"),
    ],
)  # fmt: skip
def test_what_a_section_cannot_mean_is_a_fault_where_it_stands(
    section: str, value: object, message: str
) -> None:
    path = f"eligibility.{section}"
    found = faults({path: value})
    assert [fault for fault in found if fault.startswith(path) and message in fault], found


def test_of_several_packs_of_a_region_each_section_comes_from_the_first_that_has_it() -> None:
    first = PersonRules(arrears=ArrearsRule(1, "甲"), accounts_stay=True)
    second = PersonRules(arrears=ArrearsRule(2, "乙"), suspension=SuspensionRule(12, "乙"))
    assert together([NO_RULES, first, second]) == PersonRules(
        arrears=ArrearsRule(1, "甲"), suspension=SuspensionRule(12, "乙"), accounts_stay=True
    )
    assert together([]) == NO_RULES
