"""A region brings what it says of persons in an overlay, also over a pack with floors."""

from medsettle_gateway.domain.calendar import MonthDay
from medsettle_gateway.domain.person_rules import ArrearsRule, SupplementRule
from tests.gateway.policy.test_confined import laid, told

ARREARS = "eligibility: {arrears: {restored_within_months: 2, clause: 本地}}"


def test_what_a_region_says_of_persons_is_its_own() -> None:
    assert told(ARREARS) == []
    assert laid(ARREARS, {}).rules.persons.arrears == ArrearsRule(2, "本地")


def test_a_region_changes_a_figure_and_keeps_the_rest() -> None:
    shipped = {
        "eligibility.arrears": {"restored_within_months": 3, "clause": "一"},
        "eligibility.supplements": [{"name": "large_amount", "pay_by": "06-30", "clause": "二"}],
    }
    rules = laid(ARREARS, shipped).rules.persons
    assert rules.arrears == ArrearsRule(2, "本地")
    assert rules.supplements == (SupplementRule("large_amount", MonthDay(6, 30), "二"),)


def test_a_figure_that_cannot_be_is_a_fault_of_the_overlay() -> None:
    (fault,) = told("eligibility: {arrears: {restored_within_months: 0, clause: 本地}}")
    assert (fault.path, fault.line) == ("eligibility.arrears.restored_within_months", 7)
