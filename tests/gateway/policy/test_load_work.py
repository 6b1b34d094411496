"""What ``eligibility`` asks of places, staff and filings: it is read as it is written, or a fault."""

from collections.abc import Mapping
from typing import Any

import pytest

from medsettle_gateway.cli.policy_page import pack_page
from medsettle_gateway.domain.calendar import MonthDay
from medsettle_gateway.domain.filings import Area, AwayRule, LateRule, ReviewRule
from medsettle_gateway.domain.place import CardRule, InstitutionKind
from medsettle_gateway.domain.staff import CREDIT, NO_STAFF_RULE, CreditRule, CreditStep, StaffRule
from medsettle_gateway.domain.work_rules import NO_WORK_RULES, WorkRules, together
from medsettle_gateway.policy.plan import Rules
from tests.gateway.policy.whole_pack import fault_of, whole

ASKED: Mapping[str, Any] = {
    "eligibility.card": {"at": ["pharmacy"], "clause": "八"},
    "eligibility.prescriber": {
        "known": True, "filed_for": ["inpatient"], "clause": "九",
        "points": {
            "of_year": 12, "clause": "十",
            "suspends": [{"points": 6, "months": 2}, {"points": 12, "months": 24}],
        },
    },
    "eligibility.pharmacist": {"known": False},
    "eligibility.review": {"filed_months": 24, "missed": "report", "clause": "十一"},
    "eligibility.out_of_area": {"settles": ["filed", "emergency"], "clause": "十二"},
    "eligibility.late": {"months": 3, "clause": "十三"},
}


def rules(changes: Mapping[str, Any]) -> Rules:
    return whole(changes).rules


def test_a_pack_without_these_sections_asks_nothing_but_filings() -> None:
    plain = rules({})
    assert plain.work == WorkRules(filed=plain.work.filed)
    assert plain.work.filed == tuple(each.id for each in plain.benefits if each.needs_filing)


def test_every_section_is_read_as_it_is_written() -> None:
    work = rules(ASKED).work
    assert work.card == CardRule((InstitutionKind.PHARMACY,), "八")
    own = CreditRule(12, (CreditStep(6, 2), CreditStep(12, 24)), "十")
    assert work.prescriber == StaffRule(known=True, filed_for=("inpatient",), credit=own, clause="九")
    assert work.pharmacist == NO_STAFF_RULE
    assert work.review == ReviewRule(MonthDay(6, 1), MonthDay(8, 31), 24, refuses=False, clause="十一")
    assert work.out_of_area == AwayRule((Area.FILED, Area.EMERGENCY), "十二")
    assert work.late == LateRule(3, 3, "十三")


def test_points_are_those_of_the_document_where_a_pack_has_none_of_its_own() -> None:
    assert rules({"eligibility.prescriber": {"known": True, "clause": "九"}}).work.prescriber.credit is CREDIT
    assert [(step.points, step.months) for step in CREDIT.steps] == [(4, 1), (6, 3), (8, 6), (10, 12)]


@pytest.mark.parametrize(
    ("dotted", "value", "message"),
    [
        ("eligibility.card", {"at": ["shop"], "clause": "八"}, "expected one of clinic, hospital, pharmacy"),
        ("eligibility.card", {"at": ["pharmacy"]}, "every row names its clause"),
        ("eligibility.prescriber", {"known": "yes", "clause": "九"}, "expected true or false"),
        ("eligibility.prescriber", {"filed_for": ["dentistry"], "clause": "九"}, "no benefit 'dentistry'"),
        ("eligibility.prescriber", {"known": True}, "every row names its clause"),
        ("eligibility.prescriber", {"name": True}, "unknown key"),
        (
            "eligibility.prescriber",
            {"points": {"of_year": 10, "suspends": [{"points": 11, "months": 1}], "clause": "十"}},
            "none is above 10",
        ),
        (
            "eligibility.pharmacist",
            {"points": {
                "of_year": 10, "clause": "十",
                "suspends": [{"points": 4, "months": 1}, {"points": 4, "months": 3}],
            }},
            "points rise from step to step",
        ),
        ("eligibility.review", {"missed": "forget", "clause": "十一"}, "expected refuse or report"),
        ("eligibility.review", {"clause": "十一"}, "missing key 'missed'"),
        ("eligibility.out_of_area", {"settles": ["local"], "clause": "十二"}, "local is never refused"),
        ("eligibility.late", {"months": 3, "special_months": 2, "clause": "十三"}, "no less than the 3"),
        ("eligibility.late", {"months": 121, "clause": "十三"}, "at most 120 months"),
        ("eligibility.late", {"months": 0, "clause": "十三"}, "whole number from 1"),
    ],
)
def test_what_cannot_be_meant_is_a_fault_with_its_place(dotted: str, value: object, message: str) -> None:
    assert message in fault_of(dotted, value)


def test_a_review_needs_days_of_which_there_is_one_kind() -> None:
    asked = {"missed": "refuse", "clause": "十一"}
    gone = {"benefits.chronic.five_fixed.review": None, "eligibility.review": asked}
    with pytest.raises(Exception, match="no benefit says when"):
        whole(gone)


def test_several_packs_of_a_region_ask_together_each_from_the_first_that_says() -> None:
    first = WorkRules(late=LateRule(3, 12), filed=("a",))
    second = WorkRules(late=LateRule(6, 6), card=CardRule(()), filed=("a", "b"))
    assert together([first, second]) == WorkRules(card=CardRule(()), late=LateRule(3, 12), filed=("a", "b"))
    assert together([]) == NO_WORK_RULES


def test_the_page_of_a_pack_says_what_is_asked_with_its_clauses() -> None:
    page = pack_page(whole(ASKED))
    for said in (
        "须具备刷卡条件:药店 / must be able to take cards: pharmacy",
        "医师须已登记 / prescribers must be registered",
        "prescribers must be filed for inpatient",
        "6分停2个月、12分停24个月",
        "06-01至08-31年审备案超过24个月的病种,只作提示",
        "settled at once out of area: elsewhere with a filing, rescue elsewhere",
        "claimed within 3 months, in special cases 3",
    ):
        assert said in page
    for clause in "八九十":
        assert clause in page


def test_a_pack_that_asks_nothing_has_no_such_section() -> None:
    assert "those who work there" not in pack_page(whole())
