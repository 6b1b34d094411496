"""Who may buy today is who may be covered today: in the check, in the quote, and in the settlement."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.calendar import CST
from medsettle_gateway.domain.counters import CounterKey
from medsettle_gateway.domain.facts import CounterState
from medsettle_gateway.domain.member import Aid, Enrolment, Scheme, Sex, Standing
from medsettle_gateway.domain.people import (
    Arrears,
    Certificate,
    Cover,
    Payment,
    PersonKind,
    Registered,
    Supplement,
    Suspension,
)
from medsettle_gateway.domain.sale import SaleRecord
from medsettle_gateway.service.commands import Quote, Settle
from medsettle_gateway.service.person import person_keys, person_on
from tests.gateway.service.town import REGION, WEI, Town, a_world
from tests.gateway.service.world import basket, caller, line, split

TODAY = date(2026, 7, 2)
EMPLOYEE = Cover(REGION, Scheme.EMPLOYEE, Standing.ACTIVE, Enrolment.POOLED_AND_ACCOUNT)
FLEXIBLE = Cover(REGION, Scheme.EMPLOYEE, Standing.FLEXIBLE, Enrolment.POOL_ONLY)
RESIDENT = Cover(REGION, Scheme.RESIDENT, Standing.ADULT, Enrolment.POOL_ONLY)


def bought(**changes: Any) -> Any:
    return basket(line(amount_fen=10_000), **({"benefit": "general_outpatient"} | changes))


async def settled(town: Town, **changes: Any) -> SaleRecord:
    return await town.settled(who=WEI, basket=bought(**changes))


async def refused(town: Town, reason: Reason, **changes: Any) -> dict[str, str]:
    """The check, the quote and the settlement refuse alike, and nothing moves; returns the details."""
    goods = bought(**changes)
    check = await town.check(goods.service_on, goods.benefit)
    (offer,) = check.benefits
    quote = await town.refused(Quote(caller("1"), town.credential(WEI), goods))
    before = town.balance("a-wei")
    settle = await town.refused(
        town.settle(
            basket=goods, credential=town.credential(WEI), acknowledgements=("POSSIBLE_DUPLICATE",)
        )
    )
    assert town.balance("a-wei") == before
    assert settle.recorded
    refusals = (offer.refusal, quote.refusal, settle.refusal)
    assert [each and each.reason for each in refusals] == [reason] * 3
    assert quote.refusal.detail == settle.refusal.detail
    return dict(settle.refusal.detail)


# cover


async def test_the_scheme_of_the_day_decides_the_ratio_and_the_counters() -> None:
    town = await a_world()
    town.record(PersonKind.COVER, "2020-01-01..2026-06-30", RESIDENT)
    town.record(PersonKind.COVER, "2026-07-01..", EMPLOYEE)
    today = await settled(town)
    before = await settled(town, service_on=date(2026, 6, 30), late_reason="line was down")
    assert today.effect is not None
    assert before.effect is not None
    assert (today.effect.scheme, dict(today.effect.funds)) == ("employee", {"pooled": 5_000})
    assert (before.effect.scheme, dict(before.effect.funds)) == ("resident", {"pooled": 4_000})


async def test_the_region_of_the_day_decides_what_was_used_before() -> None:
    town = await a_world()
    town.record(PersonKind.COVER, "2020-01-01..2026-06-30", replace_region(EMPLOYEE, "990999"))
    town.record(PersonKind.COVER, "2026-07-01..", EMPLOYEE)
    elsewhere = CounterKey("2026", "general_outpatient", "paid")
    town.store.tables.counters[WEI, "990999", "employee", elsewhere] = CounterState(9_000_00)
    assert (await settled(town)).effect is not None
    check = await town.check(date(2026, 6, 30))
    assert (check.region, check.covered) == ("990999", False)


def replace_region(cover: Cover, region: str) -> Cover:
    return Cover(region, cover.scheme, cover.standing, cover.enrolment)


async def test_the_check_of_an_earlier_day_shows_who_the_person_was() -> None:
    town = await a_world()
    town.record(PersonKind.COVER, "2020-01-01..2025-12-31", RESIDENT)
    town.record(PersonKind.COVER, "2026-01-01..", EMPLOYEE)
    seen = {on: (await town.check(on)).standing for on in (date(2025, 12, 31), date(2026, 1, 1))}
    assert list(seen.values()) == ["adult", "active"]


async def test_after_the_last_day_of_cover_nothing_is_paid() -> None:
    town = await a_world()
    town.record(PersonKind.COVER, "2020-01-01..2026-07-01", EMPLOYEE)
    assert await refused(town, Reason.NOT_COVERED) == {"covered_to": "2026-07-01"}


async def test_days_of_an_interruption_are_not_paid_for_whoever_came_back() -> None:
    town = await a_world()
    town.record(PersonKind.COVER, "2020-01-01..2026-04-30", EMPLOYEE)
    town.record(PersonKind.COVER, "2026-06-01..", EMPLOYEE)
    late = {"service_on": date(2026, 5, 15), "late_reason": "back-paid"}
    assert await refused(town, Reason.COVER_INTERRUPTED, **late) == {"from": "2026-05-01", "to": "2026-05-31"}
    assert (await settled(town)).state.value == "SETTLED"


async def test_two_schemes_on_a_day_are_refused_in_a_decision_as_well() -> None:
    town = await a_world()
    town.record(PersonKind.COVER, "2020-01-01..", RESIDENT, key="resident/2020-01-01")
    town.record(PersonKind.COVER, "2026-06-01..", EMPLOYEE, key="employee/2026-06-01")
    assert await refused(town, Reason.DOUBLE_COVER) == {"since": "2026-06-01"}


async def test_an_import_of_the_register_leaves_earlier_days_as_they_were() -> None:
    town = await a_world()
    resident = Registered(REGION, Scheme.RESIDENT, Standing.ADULT, Enrolment.POOL_ONLY)
    employee = Registered(REGION, Scheme.EMPLOYEE, Standing.ACTIVE, Enrolment.POOLED_AND_ACCOUNT)
    town.record(PersonKind.REGISTERED, "2020-01-01..", resident)
    town.clock.forward(seconds=1)
    town.record(PersonKind.REGISTERED, "2026-07-01..", employee)
    before = await settled(town, service_on=date(2026, 6, 30), late_reason="line was down")
    assert before.effect is not None
    assert before.effect.scheme == "resident"


# arrears


async def test_arrears_are_refused_until_they_are_paid_and_then_the_claim_is_late_but_paid() -> None:
    town = await a_world()
    town.record(PersonKind.ARREARS, "2026-06-01..", Arrears())
    assert await refused(town, Reason.COVER_IN_ARREARS) == {
        "since": "2026-06-01", "pay_by": "2026-08-31", "clause": "八",
    }  # fmt: skip
    town.clock.forward(days=30)
    town.record(PersonKind.ARREARS, "2026-06-01..", Arrears(date(2026, 8, 1)))
    sale = await settled(town, service_on=TODAY, late_reason="back-paid in full")
    assert sale.split is not None
    assert dict(sale.split.funds) == {"pooled": 5_000}


async def test_arrears_that_were_paid_too_late_leave_the_days_before_unpaid() -> None:
    town = await a_world()
    town.record(PersonKind.ARREARS, "2026-03-01..", Arrears(date(2026, 6, 10)))
    late = {"service_on": date(2026, 5, 15), "late_reason": "back-paid"}
    assert (await refused(town, Reason.ARREARS_NOT_RESTORED, **late))["paid_on"] == "2026-06-10"
    assert (await settled(town)).state.value == "SETTLED"


async def test_whose_benefits_are_stopped_may_buy_from_the_account_where_the_region_says_so() -> None:
    town = await a_world()
    town.record(PersonKind.ARREARS, "2026-06-01..", Arrears())
    sale = await settled(town, benefit="personal_account_only")
    assert sale.split == split(0, 0, **{"a-wei": 10_000})


async def test_the_check_says_of_accounts_what_a_sale_from_them_is_told() -> None:
    town = await a_world()
    town.record(PersonKind.ARREARS, "2026-06-01..", Arrears())
    stopped = await town.check()
    assert stopped.refusal is not None
    assert stopped.refusal.reason is Reason.COVER_IN_ARREARS
    assert [each.refusal for each in stopped.accounts] == [None]
    town.record(PersonKind.COVER, "2020-01-01..2026-06-30", EMPLOYEE)
    (ended,) = (await town.check()).accounts
    assert (ended.may_pay, ended.refusal and ended.refusal.reason) == (False, Reason.NOT_COVERED)
    sale = town.settle(basket=bought(benefit="personal_account_only"), credential=town.credential(WEI))
    assert (await town.refused(sale)).refusal.reason is Reason.NOT_COVERED


# the year


async def test_a_resident_who_has_paid_this_year_is_covered_from_1_january_on() -> None:
    town = await a_world()
    town.record(PersonKind.COVER, "2020-01-01..", RESIDENT)
    town.record(PersonKind.PAYMENT, "2026-03-01..", Payment(Scheme.RESIDENT, date(2026, 3, 1)))
    assert (await refused(town, Reason.YEAR_NOT_BEGUN))["begins_on"] == "2027-01-01"
    town.clock.at = datetime(2027, 1, 1, 0, 30, tzinfo=CST)
    assert (await settled(town)).state.value == "SETTLED"
    town.clock.at = datetime(2028, 1, 1, 0, 30, tzinfo=CST)
    assert (await refused(town, Reason.YEAR_NOT_PAID))["year"] == "2028"


async def test_the_flexible_who_paid_after_march_are_not_covered_this_year() -> None:
    town = await a_world()
    town.record(PersonKind.COVER, "2020-01-01..", FLEXIBLE)
    town.record(PersonKind.PAYMENT, "2026-04-01..", Payment(Scheme.EMPLOYEE, date(2026, 4, 1)))
    assert (await refused(town, Reason.YEAR_NOT_PAID))["clause"] == "十二"


# waiting, age, suspension


async def test_the_flexible_wait_six_months_from_their_first_enrolment() -> None:
    town = await a_world()
    town.record(PersonKind.COVER, "2026-02-01..", FLEXIBLE)
    detail = await refused(town, Reason.IN_WAITING_PERIOD)
    assert (detail["enrolled_on"], detail["begins_on"]) == ("2026-02-01", "2026-08-01")
    town.clock.at = datetime(2026, 8, 1, 9, tzinfo=CST)
    assert (await settled(town)).state.value == "SETTLED"


async def test_the_flexible_are_out_of_the_scheme_at_sixty() -> None:
    town = await a_world(standing=Standing.FLEXIBLE, born_on=date(1966, 7, 2), sex=Sex.MALE)
    assert await refused(town, Reason.OUTSIDE_AGE_BOUND) == {"below": "60", "clause": "十四"}


async def test_a_suspension_stops_until_it_is_over() -> None:
    town = await a_world()
    town.record(PersonKind.SUSPENSION, "2025-07-03..", Suspension("lent the card"))
    assert await refused(town, Reason.BENEFITS_SUSPENDED) == {
        "since": "2025-07-03", "until": "2026-07-02", "clause": "十六",
    }  # fmt: skip
    town.clock.forward(days=1)
    assert (await settled(town)).state.value == "SETTLED"


async def test_a_suspension_that_was_withdrawn_stops_nobody() -> None:
    town = await a_world()
    town.record(PersonKind.SUSPENSION, "2026-06-01..", Suspension("a mistake"))
    await refused(town, Reason.BENEFITS_SUSPENDED)
    town.clock.forward(seconds=1)
    town.record(PersonKind.SUSPENSION, "2026-06-01..", Suspension("a mistake"), withdrawn=True)
    assert (await settled(town)).state.value == "SETTLED"


# aid and supplements


async def test_a_certificate_of_this_town_opens_the_benefit_for_persons_with_aid() -> None:
    town = await a_world()
    town.record(PersonKind.CERTIFICATE, "2026-01-01..2026-12-31", Certificate(Aid.SUBSISTENCE, REGION))
    sale = await settled(town, benefit="aid_outpatient")
    assert sale.split is not None
    assert dict(sale.split.funds) == {"medical_aid": 8_000}


async def test_a_certificate_that_ended_is_told_from_one_that_was_never_there() -> None:
    town = await a_world()
    await refused(town, Reason.NOT_FOR_AID, benefit="aid_outpatient")
    town.record(PersonKind.CERTIFICATE, "2025-01-01..2025-12-31", Certificate(Aid.SUBSISTENCE, REGION))
    detail = await refused(town, Reason.AID_CERTIFICATE_NOT_VALID, benefit="aid_outpatient")
    assert detail["valid_to"] == "2025-12-31"


async def test_a_certificate_of_another_district_is_told_so() -> None:
    town = await a_world()
    town.record(PersonKind.CERTIFICATE, "2026-01-01..", Certificate(Aid.SUBSISTENCE, "990111"))
    detail = await refused(town, Reason.AID_OF_OTHER_DISTRICT, benefit="aid_outpatient")
    assert detail == {"district": "990111", "wanted": REGION, "clause": "十五"}


async def test_the_check_tells_whose_certificate_counts_for_nothing_and_why() -> None:
    town = await a_world()
    town.record(PersonKind.CERTIFICATE, "2025-01-01..2025-12-31", Certificate(Aid.SUBSISTENCE, REGION))
    today, last_year = await town.check(), await town.check(date(2025, 7, 1))
    assert [each.code for each in today.advisories] == ["AID_CERTIFICATE_NOT_VALID"]
    assert last_year.advisories == ()


@pytest.mark.parametrize(
    ("paid_on", "funds"),
    [
        (date(2026, 6, 30), {"pooled": 5_000, "large_amount": 1_000}),
        (date(2026, 7, 1), {"pooled": 5_000}),
    ],
)
async def test_large_amount_cover_that_was_paid_after_june_pays_nothing_this_year(
    paid_on: date, funds: dict[str, int]
) -> None:
    town = await a_world()
    body = Supplement("large_amount", paid_on)
    town.record(PersonKind.SUPPLEMENT, "2026-01-01..2026-12-31", body)
    sale = await settled(town)
    assert sale.split is not None
    assert dict(sale.split.funds) == funds


async def test_years_that_were_paid_restart_after_more_than_a_year_without_cover() -> None:
    town = await a_world()
    town.record(PersonKind.COVER, "1990-01-01..", EMPLOYEE)
    assert (await settled(town, benefit="veterans")).state.value == "SETTLED"
    town.clock.forward(seconds=1)
    town.record(PersonKind.COVER, "1990-01-01..2023-12-31", EMPLOYEE, key="1990-01-01")
    town.record(PersonKind.COVER, "2025-06-01..", EMPLOYEE)
    await refused(town, Reason.NOT_FOR_ATTRIBUTE, benefit="veterans")


# what was known when


async def test_what_was_known_at_an_instant_is_what_was_entered_by_then() -> None:
    town = await a_world()
    town.record(PersonKind.COVER, "2020-01-01..", RESIDENT, key="r")
    known_at = town.clock.at
    town.clock.forward(hours=1)
    town.record(PersonKind.COVER, "2020-01-01..2026-06-30", RESIDENT, key="r")
    town.record(PersonKind.COVER, "2026-07-01..", EMPLOYEE, key="e")
    facts = await town.store.load(person_keys(WEI))
    someone = town.store.tables.members[WEI]
    assert person_on(facts, someone, TODAY, known_at).scheme is Scheme.RESIDENT
    assert person_on(facts, someone, TODAY).scheme is Scheme.EMPLOYEE


async def test_what_the_register_said_at_an_instant_stays_readable() -> None:
    town = await a_world(aid=Aid.NONE)
    was = (REGION, Scheme.EMPLOYEE, Standing.ACTIVE, Enrolment.POOLED_AND_ACCOUNT)
    row = Registered(*was, Aid.POOR, ("gout",))
    known_at = town.record(PersonKind.REGISTERED, "2020-01-01..", row)
    town.clock.forward(hours=1)
    later = Registered(REGION, Scheme.EMPLOYEE, Standing.RETIRED, Enrolment.POOLED_AND_ACCOUNT)
    town.record(PersonKind.REGISTERED, "2020-01-01..", later)
    facts = await town.store.load(person_keys(WEI))
    found = person_on(facts, town.store.tables.members[WEI], TODAY, known_at)
    assert (found.aid, found.conditions, found.standing) == (Aid.POOR, ("gout",), Standing.ACTIVE)


async def test_of_whom_nothing_is_recorded_the_register_is_taken_as_it_is() -> None:
    town = await a_world()
    facts = await town.store.load(person_keys(WEI))
    someone = town.store.tables.members[WEI]
    assert person_on(facts, someone, TODAY) is someone
    before = town.clock.at - timedelta(days=1)
    assert person_on(facts, someone, TODAY, before).scheme is someone.scheme


async def test_a_sale_that_is_held_keeps_the_facts_of_its_day() -> None:
    town = await a_world()
    sale = await town.held(who=WEI, basket=bought())
    town.record(PersonKind.SUSPENSION, "2026-07-01..", Suspension("later"))
    confirmed = await town.sale(town.confirm(sale))
    assert confirmed.state.value == "SETTLED"


async def test_what_nobody_recorded_of_a_refused_sale_moves_nothing() -> None:
    town = await a_world()
    town.record(PersonKind.ARREARS, "2026-06-01..", Arrears())
    command: Settle = town.settle(basket=bought(), credential=town.credential(WEI))
    first = await town.refused(command)
    again = await town.refused(replace(command, credential=town.credential(WEI)))
    assert (first.refusal, first.recorded) == (again.refusal, again.recorded)
    assert not town.store.tables.counters
