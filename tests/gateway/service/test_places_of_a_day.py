"""A place is what its contracts, suspensions and means say of the day of service."""

from datetime import date, timedelta
from typing import Any

import pytest

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.basket import PERSONAL_ACCOUNT_ONLY
from medsettle_gateway.domain.errors import Refused
from medsettle_gateway.domain.keys import Facts
from medsettle_gateway.domain.place import Designated, Designation, InstitutionKind, PlaceFact, Stopped
from medsettle_gateway.service.commands import CheckEligibility, FetchPrescriptions
from medsettle_gateway.service.placing import place_keys, place_on
from tests.gateway.service.borough import (
    BEGAN,
    ENTERED_AT,
    TAO,
    a_world,
    checked,
    enter,
    pill,
    place,
    prescribed,
    refused,
    settled,
)
from tests.gateway.service.world import CLINIC, NOON, PHARMACY, World, basket, caller, institution

TODAY = NOON.date()
DAY = timedelta(days=1)
POOLED = Designation.POOLED_OUTPATIENT


def contract(world: World, code: str, designation: Designation, begins: date, ends: date | None) -> None:
    enter(world.store, place(code), PlaceFact.DESIGNATION, Designated(designation), begins, ends)


def stop(world: World, kind: PlaceFact, begins: date = TODAY, ends: date | None = TODAY) -> None:
    enter(world.store, place(CLINIC), kind, Stopped("串换药品"), begins, ends)


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (PlaceFact.SUSPENSION, Reason.INSTITUTION_SUSPENDED),
        (PlaceFact.EXIT, Reason.INSTITUTION_EXITED),
    ],
)
async def test_a_place_that_is_stopped_settles_nothing_and_says_until_when(
    kind: PlaceFact, reason: Reason
) -> None:
    world = await a_world()
    stop(world, kind)
    found = await refused(world, prescribed(benefit=PERSONAL_ACCOUNT_ONLY))
    assert found.reason is reason
    assert found.detail == {
        "institution": CLINIC, "from": "2026-07-02", "to": "2026-07-02", "cause": "串换药品",
    }
    for command in (
        CheckEligibility(caller("1"), world.credential(TAO)),
        FetchPrescriptions(caller("1"), world.credential(TAO), "li"),
    ):
        assert (await world.refused(command)).refusal.reason is reason


async def test_the_place_settles_again_on_the_day_after() -> None:
    world = await a_world()
    stop(world, PlaceFact.SUSPENSION, TODAY - 30 * DAY, TODAY - DAY)
    await settled(world, prescribed())


async def test_a_late_claim_is_judged_by_the_place_as_it_was_on_the_day_of_service() -> None:
    world = await a_world()
    stop(world, PlaceFact.SUSPENSION, TODAY - 9 * DAY, TODAY - 5 * DAY)
    late: dict[str, Any] = {"service_on": TODAY - 7 * DAY, "late_reason": "停电"}
    assert (await refused(world, prescribed(**late))).reason is Reason.INSTITUTION_SUSPENDED
    await settled(world, prescribed(service_on=TODAY - 4 * DAY, late_reason="停电"))


async def test_a_contract_that_has_ended_takes_the_benefit_away_and_the_refusal_names_its_days() -> None:
    world = await a_world()
    contract(world, CLINIC, POOLED, BEGAN, TODAY - DAY)
    found = await refused(world, prescribed(benefit="general_outpatient"))
    assert found.reason is Reason.NOT_DESIGNATED
    assert (found.detail["from"], found.detail["to"]) == ("2026-01-01", "2026-07-01")
    offers = {each.benefit: each for each in (await checked(world)).benefits}
    shut = offers["general_outpatient"].refusal
    assert shut is not None
    assert (shut.reason, shut.detail["to"]) == (Reason.NOT_DESIGNATED, "2026-07-01")


async def test_who_asks_about_another_day_is_answered_by_the_contract_of_that_day() -> None:
    world = await a_world()
    contract(world, CLINIC, POOLED, BEGAN, TODAY - DAY)
    yes = {
        on: [each.may_have for each in (await checked(world, on=on)).benefits if each.benefit[0] == "g"]
        for on in (TODAY - DAY, TODAY)
    }
    assert yes == {TODAY - DAY: [True], TODAY: [False]}


async def test_without_the_basic_designation_nothing_is_settled() -> None:
    world = await a_world()
    contract(world, CLINIC, Designation.BASIC, BEGAN, TODAY - DAY)
    found = await refused(world, prescribed(benefit=PERSONAL_ACCOUNT_ONLY))
    assert (found.reason, found.detail["designation"]) == (Reason.NOT_DESIGNATED, "basic")


async def test_pharmacies_are_admitted_to_pooling_one_by_one_from_a_day_on() -> None:
    world = await a_world()
    contract(world, PHARMACY, POOLED, TODAY + DAY, None)
    found = await refused(world, basket(pill(), benefit="general_outpatient"), at=PHARMACY)
    assert (found.reason, found.detail["from"]) == (Reason.NOT_DESIGNATED, "2026-07-03")
    world.clock.forward(days=1)
    await settled(world, basket(pill(), benefit="general_outpatient"), at=PHARMACY)


async def test_a_pharmacy_that_cannot_take_cards_settles_nothing_where_the_region_asks_for_it() -> None:
    world = await a_world()
    del world.store.tables.records[place(PHARMACY)]
    found = await refused(world, basket(pill(), benefit=PERSONAL_ACCOUNT_ONLY), at=PHARMACY)
    assert (found.reason, found.detail["clause"]) == (Reason.CARD_NOT_EQUIPPED, "八")
    assert (await checked(world, at=PHARMACY)).covered is False


def test_what_is_entered_after_an_instant_counts_for_nothing_then() -> None:
    facts = institution(CLINIC, InstitutionKind.CLINIC)
    world = World()
    stop(world, PlaceFact.SUSPENSION)
    (key,) = place_keys(CLINIC)
    known = Facts({key: world.store.tables.records[place(CLINIC)]})
    assert place_on(known, facts, TODAY, ENTERED_AT - DAY) == facts
    with pytest.raises(Refused) as caught:
        place_on(known, facts, TODAY, ENTERED_AT)
    assert caught.value.reason is Reason.INSTITUTION_SUSPENDED
