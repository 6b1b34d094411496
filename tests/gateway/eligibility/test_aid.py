"""Which aid identity counts here on a day: a certificate of this district that holds."""

from dataclasses import replace
from typing import Any

import pytest

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.calendar import MonthDay
from medsettle_gateway.domain.errors import Refusal
from medsettle_gateway.domain.facts import DatedAttribute, MemberFacts
from medsettle_gateway.domain.member import Aid
from medsettle_gateway.domain.people import Certificate, Held, Past, Supplement
from medsettle_gateway.domain.person_rules import (
    NO_RULES,
    ORDER_OF_AID,
    AidRule,
    InterruptionRule,
    PersonRules,
    SupplementRule,
)
from medsettle_gateway.eligibility.aid import as_entitled, sharpened, why_no_aid
from tests.gateway.eligibility.people import day, held, member, span

HERE, ELSEWHERE = "330111", "330106"
RULES = PersonRules(aid=AidRule((HERE,), ORDER_OF_AID, "二.3"))
NOT_FOR_AID = Refusal(Reason.NOT_FOR_AID, {"fact": "aid"})


def certificate(text: str, aid: Aid = Aid.SUBSISTENCE, district: str = HERE) -> Held[Certificate]:
    return held(text, Certificate(aid, district))


def holding(*certificates: Held[Certificate], aid: Aid = Aid.NONE) -> MemberFacts:
    return replace(member(past=Past(certificates=certificates)), aid=aid)


@pytest.mark.parametrize(
    ("on", "aid"),
    [
        ("2025-12-31", Aid.NONE),
        ("2026-01-01", Aid.SUBSISTENCE),
        ("2026-12-31", Aid.SUBSISTENCE),
        ("2027-01-01", Aid.NONE),
    ],
)
def test_a_certificate_counts_on_its_days(on: str, aid: Aid) -> None:
    someone = holding(certificate("2026-01-01..2026-12-31"), aid=Aid.DESTITUTE)
    assert as_entitled(someone, day(on), RULES).aid is aid


def test_of_whom_no_certificate_is_recorded_the_register_says_the_aid() -> None:
    assert as_entitled(holding(aid=Aid.POOR), day("2026-05-20"), RULES).aid is Aid.POOR


def test_a_certificate_of_another_district_does_not_count() -> None:
    someone = holding(certificate("2026-01-01..", district=ELSEWHERE))
    assert as_entitled(someone, day("2026-05-20"), RULES).aid is Aid.NONE
    assert why_no_aid(someone, day("2026-05-20"), RULES) == Refusal(
        Reason.AID_OF_OTHER_DISTRICT, {"district": ELSEWHERE, "wanted": HERE, "clause": "二.3"}
    )


def test_where_the_region_names_no_district_every_certificate_counts() -> None:
    someone = holding(certificate("2026-01-01..", district=ELSEWHERE))
    assert as_entitled(someone, day("2026-05-20"), NO_RULES).aid is Aid.SUBSISTENCE


def test_of_several_certificates_the_first_in_the_order_of_the_region_counts() -> None:
    both = (certificate("2026-01-01..", Aid.MARGINAL), certificate("2026-02-01..", Aid.DISABLED))
    order = (Aid.MARGINAL, *ORDER_OF_AID)
    assert as_entitled(holding(*both), day("2026-05-20"), RULES).aid is Aid.DISABLED
    marginal = PersonRules(aid=AidRule((HERE,), order, ""))
    assert as_entitled(holding(*both), day("2026-05-20"), marginal).aid is Aid.MARGINAL


def test_who_is_refused_for_want_of_aid_is_told_that_the_certificate_ended() -> None:
    someone = holding(certificate("2025-01-01..2025-12-31"))
    assert sharpened(NOT_FOR_AID, someone, day("2026-05-20"), RULES) == Refusal(
        Reason.AID_CERTIFICATE_NOT_VALID,
        {"valid_from": "2025-01-01", "valid_to": "2025-12-31", "clause": "二.3"},
    )


def test_who_has_a_certificate_that_counts_is_told_that_the_benefit_is_for_another_aid() -> None:
    someone = holding(certificate("2026-01-01.."))
    assert sharpened(NOT_FOR_AID, someone, day("2026-05-20"), RULES) is NOT_FOR_AID


def test_any_other_reason_stays_as_it_is() -> None:
    other = Refusal(Reason.NOT_FOR_SCHEME, {})
    assert sharpened(other, holding(certificate("2025-01-01..2025-12-31")), day("2026-05-20"), RULES) is other


LARGE = PersonRules(supplements=(SupplementRule("large_amount", MonthDay(6, 30), "二(一)"),))


def supplemented(paid_on: str, text: str = "2026-01-01..2026-12-31") -> MemberFacts:
    return member(past=Past(supplements=(held(text, Supplement("large_amount", day(paid_on))),)))


def attributes(someone: MemberFacts, on: str, rules: PersonRules) -> dict[str, str]:
    return dict(as_entitled(someone, day(on), rules).attributes_on(day(on)))


@pytest.mark.parametrize(
    ("paid_on", "found"), [("2026-06-30", {"large_amount": "enrolled"}), ("2026-07-01", {})]
)
def test_large_amount_cover_is_paid_by_30_june_or_not_at_all_this_year(
    paid_on: str, found: dict[str, str]
) -> None:
    assert attributes(supplemented(paid_on), "2026-08-01", LARGE) == found


def test_a_supplement_counts_on_its_days_only() -> None:
    assert attributes(supplemented("2026-01-05"), "2027-01-01", LARGE) == {}


def test_a_supplement_of_which_no_rule_says_until_when_counts_whenever_it_was_paid() -> None:
    assert attributes(supplemented("2026-12-01"), "2026-12-02", NO_RULES) == {"large_amount": "enrolled"}


YEARS = PersonRules(interruption=InterruptionRule(6, 12, "第八条"))


def test_packs_may_ask_for_the_years_that_were_paid() -> None:
    someone = member(span("2019-01-01..2023-12-31"), span("2025-01-02.."))
    assert attributes(someone, "2026-01-01", YEARS) == {"paid_years": "1"}


def test_what_is_entered_as_paid_years_outweighs_what_is_counted() -> None:
    entered: Any = DatedAttribute("paid_years", "31", day("2020-01-01"))
    someone = replace(member(span("2025-01-01..")), attributes=(entered,))
    assert attributes(someone, "2026-01-01", YEARS) == {"paid_years": "31"}
