"""What is filed decides at the counter: conditions, places, approved drugs, reviews, care elsewhere, time."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.basket import PERSONAL_ACCOUNT_ONLY
from medsettle_gateway.domain.filings import (
    Away,
    AwayFiled,
    ChronicFiled,
    FilingFact,
    LateClaimAllowed,
    Reviewed,
)
from medsettle_gateway.domain.keys import Facts
from medsettle_gateway.service.filing import filing_keys, with_filings
from tests.gateway.service.borough import (
    ABROAD,
    BEGAN,
    ENTERED_AT,
    MEI,
    NEIGHBOUR,
    TAO,
    a_world,
    checked,
    enter,
    person,
    pill,
    prescribed,
    refused,
    settled,
)
from tests.gateway.service.world import CLINIC, NOON, PHARMACY, World, basket

TODAY = NOON.date()
DAY = timedelta(days=1)
CHRONIC = "chronic_outpatient"


def file(world: World, who: str, body: ChronicFiled, begins: date = BEGAN, ends: date | None = None) -> None:
    enter(world.store, person(who), FilingFact.CHRONIC, body, begins, ends, key=f"{body.condition}/{begins}")


def review(world: World, on: date, *, passed: bool = True, who: str = MEI) -> None:
    enter(world.store, person(who), FilingFact.REVIEW, Reviewed("hypertension", passed), on, on)


async def test_at_the_place_of_the_filing_the_condition_is_paid() -> None:
    sale = await settled(await a_world(), prescribed(pill("hypertension")), MEI)
    (settlement,) = sale.settlements
    assert (settlement.benefit, settlement.breakdown.funds[0].amount_fen) == (CHRONIC, 8_000)


@pytest.mark.parametrize("benefit", [None, CHRONIC])
async def test_at_another_place_it_is_refused_and_the_places_are_named(benefit: str | None) -> None:
    bought = basket(pill("hypertension"), benefit=benefit)
    found = await refused(await a_world(), bought, MEI, PHARMACY)
    assert found.reason is Reason.FILING_ELSEWHERE
    assert found.detail == {
        "line": "1", "filing": "chronic", "condition": "hypertension", "filed_at": CLINIC,
    }


@pytest.mark.parametrize("benefit", ["general_outpatient", PERSONAL_ACCOUNT_ONLY])
async def test_another_benefit_may_be_had_there_all_the_same(benefit: str) -> None:
    bought = basket(pill("hypertension"), benefit=benefit)
    sale = await settled(await a_world(), bought, MEI, PHARMACY)
    assert [each.benefit for each in sale.settlements] == [benefit]


async def test_who_asks_for_the_benefit_without_naming_a_condition_is_told_of_the_filing() -> None:
    found = await refused(await a_world(), basket(pill(), benefit=CHRONIC), MEI, PHARMACY)
    assert (found.reason, found.detail["filed_at"]) == (Reason.FILING_ELSEWHERE, CLINIC)
    assert found.detail["benefit"] == CHRONIC


async def test_who_has_filed_nothing_is_not_filed() -> None:
    world = await a_world()
    world.store.tables.members[TAO] = replace(world.store.tables.members[TAO], conditions=())
    assert (await refused(world, basket(pill(), benefit=CHRONIC), at=PHARMACY)).reason is Reason.NOT_FILED


async def test_a_condition_of_the_register_without_dates_holds_everywhere() -> None:
    world = await a_world()
    for at, bought in ((CLINIC, prescribed(pill("hypertension"))), (PHARMACY, basket(pill("hypertension")))):
        sale = await settled(world, bought, at=at)
        assert sale.settlements[0].benefit == CHRONIC


async def test_a_filing_decides_of_its_condition_whatever_the_register_says() -> None:
    world = await a_world()
    file(world, TAO, ChronicFiled("hypertension", (CLINIC,)))
    found = await refused(world, basket(pill("hypertension")), at=PHARMACY)
    assert found.reason is Reason.FILING_ELSEWHERE


async def test_a_filing_that_has_ended_or_not_begun_gives_its_days() -> None:
    world = await a_world()
    file(world, TAO, ChronicFiled("hypertension"), BEGAN, TODAY - DAY)
    found = await refused(world, prescribed(pill("hypertension")))
    assert found.reason is Reason.FILING_NOT_IN_FORCE
    assert (found.detail["from"], found.detail["to"]) == ("2026-01-01", "2026-07-01")
    file(world, TAO, ChronicFiled("hypertension"), TODAY)
    await settled(world, prescribed(pill("hypertension")))


async def test_a_drug_that_is_not_approved_is_outside_the_benefit() -> None:
    world = await a_world()
    other = pill("hypertension", item_code="PILL2", line_id="2")
    sale = await settled(world, prescribed(pill("hypertension"), other), MEI)
    parts = [line.fully_self_paid_fen for each in sale.settlements for line in each.breakdown.lines]
    assert parts == [0, 10_000]


async def test_a_review_that_was_missed_rests_the_benefit_until_it_is_passed() -> None:
    world = await a_world()
    file(world, TAO, ChronicFiled("hypertension"), date(2024, 1, 1))
    review(world, date(2024, 7, 1), who=TAO)
    found = await refused(world, prescribed(pill("hypertension")))
    assert found.reason is Reason.FILING_REVIEW_OVERDUE
    assert (found.detail["review_from"], found.detail["review_to"]) == ("2025-06-01", "2025-08-31")
    review(world, TODAY, who=TAO)
    await settled(world, prescribed(pill("hypertension")))


async def test_a_review_that_was_not_passed_ends_the_benefit() -> None:
    world = await a_world()
    review(world, TODAY, passed=False)
    found = await refused(world, prescribed(pill("hypertension")), MEI)
    assert (found.reason, found.detail["reviewed_on"]) == (Reason.FILING_REVIEW_FAILED, "2026-07-02")


async def test_a_check_answers_what_is_filed_and_what_of_it_holds_here() -> None:
    world = await a_world()
    file(world, MEI, ChronicFiled("diabetes", (), ("PILL2",)), date(2024, 1, 1))
    review(world, date(2025, 7, 1), who=MEI)
    enter(
        world.store, person(MEI), FilingFact.REVIEW, Reviewed("diabetes", passed=True),
        date(2025, 7, 1), date(2025, 7, 1),
    )
    enter(
        world.store, person(MEI), FilingFact.AWAY, AwayFiled(Away.LONG_TERM, (NEIGHBOUR,)), BEGAN, None,
    )
    found = {
        (each.kind, each.condition): each.refusal and each.refusal.reason
        for each in (await checked(world, MEI, PHARMACY)).filings
    }
    assert found == {
        ("chronic", "diabetes"): None,
        ("chronic", "hypertension"): Reason.FILING_ELSEWHERE,
        ("long_term", ""): Reason.FILING_ELSEWHERE,
    }
    due = {each.condition: each.review_due_on for each in (await checked(world, MEI)).filings}
    assert due["diabetes"] == date(2026, 8, 31)


async def test_a_check_offers_the_chronic_benefit_only_where_the_filing_holds() -> None:
    world = await a_world()
    offers = {
        at: {each.benefit: each.refusal for each in (await checked(world, MEI, at)).benefits}[CHRONIC]
        for at in (CLINIC, PHARMACY)
    }
    assert offers[CLINIC] is None
    shut = offers[PHARMACY]
    assert shut is not None
    assert shut.reason is Reason.FILING_ELSEWHERE


async def test_who_has_filed_no_care_elsewhere_is_refused_there() -> None:
    found = await refused(await a_world(), basket(pill()), at=ABROAD)
    assert found.reason is Reason.OUT_OF_AREA_UNFILED
    assert found.detail == {
        "region": "990400", "institution": NEIGHBOUR, "area": "unfiled", "clause": "十一",
    }


@pytest.mark.parametrize("kind", list(Away))
async def test_who_has_filed_it_is_settled_by_the_rules_for_that(kind: Away) -> None:
    world = await a_world()
    enter(world.store, person(TAO), FilingFact.AWAY, AwayFiled(kind, (NEIGHBOUR,)), BEGAN, TODAY)
    (settlement,) = (await settled(world, prescribed(by="D7"), at=ABROAD)).settlements
    assert settlement.breakdown.funds[0].amount_fen == 4_000  # area filed: 40 %
    world.clock.forward(days=1)
    assert (await refused(world, basket(pill()), at=ABROAD)).reason is Reason.OUT_OF_AREA_UNFILED


@pytest.mark.parametrize(
    ("begins", "ends", "paid"),
    [
        (BEGAN, TODAY - 3 * DAY, True),  # until the day of admission
        (TODAY, TODAY, True),  # filed while in hospital
        (BEGAN, TODAY - 4 * DAY, False),
    ],
)
async def test_a_stay_elsewhere_is_filed_that_was_filed_for_its_first_day_or_its_last(
    begins: date, ends: date, *, paid: bool
) -> None:
    world = await a_world()
    enter(world.store, person(TAO), FilingFact.AWAY, AwayFiled(Away.REFERRAL, (NEIGHBOUR,)), begins, ends)
    bought = prescribed(
        by="D7", benefit="inpatient", admitted_on=TODAY - 3 * DAY, discharged_on=TODAY
    )
    if paid:
        (settlement,) = (await settled(world, bought, at=ABROAD)).settlements
        assert settlement.breakdown.funds[0].amount_fen == 6_000
    else:
        assert (await refused(world, bought, at=ABROAD)).reason is Reason.OUT_OF_AREA_UNFILED


async def test_rescue_elsewhere_needs_no_filing() -> None:
    sale = await settled(await a_world(), prescribed(by="D7", emergency=True), at=ABROAD)
    assert sale.settlements[0].breakdown.funds[0].amount_fen == 4_000


async def test_a_check_elsewhere_says_whether_the_filing_holds_there() -> None:
    world = await a_world()
    no = await checked(world, at=ABROAD)
    assert (no.covered, no.refusal and no.refusal.reason) == (False, Reason.OUT_OF_AREA_UNFILED)
    enter(world.store, person(TAO), FilingFact.AWAY, AwayFiled(Away.REFERRAL, (), (ABROAD,)), BEGAN, None)
    yes = await checked(world, at=ABROAD)
    assert (yes.covered, [each.refusal for each in yes.filings]) == (True, [None])


async def test_a_service_is_claimed_within_three_months_and_in_special_cases_within_twelve() -> None:
    world = await a_world()
    late: dict[str, Any] = {"service_on": date(2026, 4, 1), "late_reason": "住院"}
    found = await refused(world, prescribed(**late))
    assert found.reason is Reason.CLAIM_TOO_LATE
    assert (found.detail["until"], found.detail["months"]) == ("2026-07-01", "3")
    nothing = prescribed(pill(item_code="NO_SUCH_ITEM"), **late)
    assert (await refused(world, nothing)).reason is Reason.CLAIM_TOO_LATE, "before goods are corrected"
    await settled(world, prescribed(service_on=date(2026, 4, 2), late_reason="住院"))
    admitted = LateClaimAllowed("重症住院", "王某")
    enter(world.store, person(TAO), FilingFact.LATE_CLAIM, admitted, date(2026, 4, 1), date(2026, 4, 1))
    await settled(world, prescribed(pill(line_id="9"), **late))


async def test_a_check_of_a_day_that_cannot_be_claimed_any_more_says_so() -> None:
    world = await a_world()
    for on, reason in ((date(2026, 4, 1), Reason.CLAIM_TOO_LATE), (date(2026, 4, 2), None)):
        answer = await checked(world, on=on)
        offers = {each.benefit: each.refusal and each.refusal.reason for each in answer.benefits}
        assert (answer.covered, offers["general_outpatient"]) == (True, reason)


async def test_what_is_filed_after_an_instant_counts_for_nothing_then() -> None:
    world = await a_world()
    tables = world.store.tables
    (key,) = filing_keys(MEI)
    records = tables.records[person(MEI)]
    facts, mei = Facts({key: records}), tables.members[MEI]
    assert len(with_filings(facts, mei).filed.chronic) == 1
    assert with_filings(facts, mei, ENTERED_AT - DAY).filed.chronic == ()
