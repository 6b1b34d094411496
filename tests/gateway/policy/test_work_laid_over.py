"""A region brings what it asks of places, staff and filings in an overlay, also over a pack with floors."""

from medsettle_gateway.domain.filings import Area, AwayRule, LateRule
from medsettle_gateway.domain.staff import StaffRule
from tests.gateway.policy.test_confined import laid, told

LATE = "eligibility: {late: {months: 6, clause: 本地}}"


def test_what_a_region_asks_of_claims_and_of_care_elsewhere_is_its_own() -> None:
    assert told(LATE) == []
    assert laid(LATE, {}).rules.work.late == LateRule(6, 6, "本地")
    away = "eligibility: {out_of_area: {settles: [filed], clause: 本地}}"
    assert laid(away, {}).rules.work.out_of_area == AwayRule((Area.FILED,), "本地")


def test_a_region_changes_a_figure_and_keeps_the_rest() -> None:
    shipped = {
        "eligibility.late": {"months": 3, "special_months": 12, "clause": "一"},
        "eligibility.prescriber": {"known": True, "clause": "二"},
    }
    work = laid(LATE, shipped).rules.work
    assert work.late == LateRule(6, 12, "本地")
    assert work.prescriber == StaffRule(known=True, clause="二")


def test_a_figure_that_cannot_be_is_a_fault_of_the_overlay_with_its_line() -> None:
    (fault,) = told("eligibility: {late: {months: 0, clause: 本地}}")
    assert (fault.path, fault.line) == ("eligibility.late.months", 7)
