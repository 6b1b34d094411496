"""Who prescribed and who reviewed decides what is settled: own prescriptions and external ones."""

from datetime import date, datetime, timedelta

import pytest

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.asked import AskedPrescription
from medsettle_gateway.domain.basket import PERSONAL_ACCOUNT_ONLY, Prescription
from medsettle_gateway.domain.staff import PointsDeducted, StaffFact, StaffStopped
from medsettle_gateway.service.checked import EligibilityAnswer
from medsettle_gateway.service.commands import CheckEligibility, RefusedAnswer
from tests.gateway.service.borough import (
    DOCTOR,
    ENTERED_AT,
    PHARMACIST,
    TAO,
    TRAINEE,
    a_world,
    checked,
    enter,
    pill,
    prescribed,
    refused,
    settled,
    staff,
)
from tests.gateway.service.world import CLINIC, NOON, PHARMACY, World, basket, caller

TODAY = NOON.date()
DAY = timedelta(days=1)
EXTERNAL = Prescription.EXTERNAL
STRANGERS = AskedPrescription("rx", Prescription.OWN, prescriber="D9")


async def test_a_filed_prescriber_of_the_place_is_settled() -> None:
    sale = await settled(await a_world(), prescribed())
    assert [each.benefit for each in sale.settlements] == ["general_outpatient"]


def stop(
    world: World, code: str, begins: date = TODAY, ends: date | None = TODAY + 30 * DAY,
    at: datetime = ENTERED_AT,
) -> None:
    enter(
        world.store, staff(code), StaffFact.SUSPENSION, StaffStopped("违规", "王某"), begins, ends, at=at
    )


async def test_a_suspended_prescribers_own_prescription_is_refused_with_the_days() -> None:
    world = await a_world()
    stop(world, DOCTOR)
    found = await refused(world, prescribed())
    assert found.reason is Reason.PRESCRIBER_SUSPENDED
    assert found.detail == {"prescription": "rx", "code": DOCTOR, "from": "2026-07-02", "to": "2026-08-01"}


async def test_it_is_refused_even_where_only_the_account_is_to_pay() -> None:
    world = await a_world()
    stop(world, DOCTOR)
    found = await refused(world, prescribed(benefit=PERSONAL_ACCOUNT_ONLY))
    assert found.reason is Reason.PRESCRIBER_SUSPENDED


@pytest.mark.parametrize(
    ("issued_on", "reason"),
    [
        (None, Reason.PRESCRIBER_SUSPENDED), (TODAY, Reason.PRESCRIBER_SUSPENDED), (TODAY - DAY, None),
        (TODAY + 31 * DAY, Reason.PRESCRIBER_SUSPENDED),  # once it is over: nobody prescribes tomorrow
    ],
)
async def test_an_external_prescription_is_judged_by_the_day_on_which_it_was_issued(
    issued_on: date | None, reason: Reason | None
) -> None:
    world = await a_world()
    stop(world, DOCTOR)
    paper = AskedPrescription(
        "rx", EXTERNAL, prescriber=DOCTOR, institution=CLINIC, issued_on=issued_on, pharmacist=PHARMACIST
    )
    bought = basket(pill(), prescriptions=(paper,))
    if reason is None:
        await settled(world, bought, at=PHARMACY)
    else:
        assert (await refused(world, bought, at=PHARMACY)).reason is reason


async def test_lost_points_suspend_and_the_next_step_for_longer() -> None:
    world = await a_world()
    enter(world.store, staff(DOCTOR), StaffFact.POINTS, PointsDeducted(3, "a", "b"), TODAY - DAY, TODAY - DAY)
    await settled(world, prescribed())
    enter(world.store, staff(DOCTOR), StaffFact.POINTS, PointsDeducted(3, "a", "b"), TODAY, TODAY)
    found = await refused(world, prescribed(pill(line_id="2")))
    assert found.detail["points"] == "6"
    assert (found.detail["from"], found.detail["to"]) == ("2026-07-02", "2026-10-01")


async def test_a_suspension_that_is_over_refuses_nothing() -> None:
    world = await a_world()
    stop(world, DOCTOR, TODAY - 30 * DAY, TODAY - DAY)
    await settled(world, prescribed())


@pytest.mark.parametrize(("code", "at"), [("D9", CLINIC), (PHARMACIST, CLINIC)])
async def test_a_prescriber_who_is_not_registered_there_is_unknown(code: str, at: str) -> None:
    found = await refused(await a_world(), prescribed(by=code), at=at)
    assert found.reason is Reason.PRESCRIBER_UNKNOWN
    assert found.detail["clause"] == "九"


async def test_an_external_prescriber_must_be_registered_where_the_prescription_is_from() -> None:
    world = await a_world()
    await settled(world, prescribed(kind=EXTERNAL, reviewed_by=PHARMACIST), at=PHARMACY)
    paper = AskedPrescription("rx", EXTERNAL, prescriber=DOCTOR, institution="H9")
    found = await refused(world, basket(pill(), prescriptions=(paper,)), at=PHARMACY)
    assert (found.reason, found.detail["institution"]) == (Reason.PRESCRIBER_UNKNOWN, "H9")


async def test_who_is_not_filed_for_the_pool_is_refused_that_benefit_and_no_other() -> None:
    world = await a_world()
    found = await refused(world, prescribed(by=TRAINEE))
    assert found.reason is Reason.PRESCRIBER_NOT_FILED
    assert found.detail == {
        "prescription": "rx", "code": TRAINEE, "benefit": "general_outpatient", "date": "2026-07-02",
        "clause": "九",
    }
    sale = await settled(world, prescribed(pill("hypertension"), by=TRAINEE))
    assert [each.benefit for each in sale.settlements] == ["chronic_outpatient"]
    await settled(world, prescribed(pill(line_id="3"), by=TRAINEE, benefit=PERSONAL_ACCOUNT_ONLY))


async def test_a_benefit_that_asks_for_a_prescriber_is_refused_where_none_is_named() -> None:
    world = await a_world()
    found = await refused(world, basket(pill()))
    assert (found.reason, found.detail["benefit"]) == (Reason.PRESCRIBER_MISSING, "general_outpatient")
    found = await refused(world, prescribed(by=""))
    assert found.detail["prescription"] == "rx"


@pytest.mark.parametrize(
    ("place", "brings", "benefit", "told"),
    [
        (CLINIC, None, "general_outpatient", True),
        (PHARMACY, None, "general_outpatient", False),
        (PHARMACY, Prescription.EXTERNAL, "general_outpatient", True),
        (CLINIC, None, "inpatient", False),
    ],
)
async def test_a_check_says_beforehand_where_a_prescriber_must_be_named(
    place: str, brings: Prescription | None, benefit: str, told: bool
) -> None:
    """Of a benefit that is not to be had nothing is said."""
    world = await a_world()
    asked = CheckEligibility(
        caller("1", place), world.credential(TAO), benefit=benefit, prescription=brings
    )
    answer = await world.ask(asked)
    assert isinstance(answer, EligibilityAnswer)
    needed = [each for each in answer.advisories if each.code == "PRESCRIBER_NEEDED"]
    said = [("普通门诊" in each.zh, "General outpatient" in each.en) for each in needed]
    assert said == [(True, True)] * told


async def test_what_a_pharmacy_sells_without_a_prescription_needs_no_prescriber() -> None:
    sale = await settled(await a_world(), basket(pill()), at=PHARMACY)
    assert [each.benefit for each in sale.settlements] == ["general_outpatient"]


async def test_a_line_that_names_its_prescription_does_not_rest_on_another_one() -> None:
    world = await a_world()
    papers = (
        AskedPrescription("a", Prescription.OWN, prescriber=DOCTOR),
        AskedPrescription("b", Prescription.OWN, prescriber=TRAINEE),
    )
    await settled(world, basket(pill(prescription_id="a"), prescriptions=papers))
    found = await refused(world, basket(pill(prescription_id="b"), prescriptions=papers))
    assert found.detail["prescription"] == "b"
    assert (await refused(world, basket(pill(), prescriptions=papers))).detail["prescription"] == "b"


@pytest.mark.parametrize("code", ["A9", DOCTOR])
async def test_a_pharmacist_who_is_not_registered_here_may_not_review(code: str) -> None:
    found = await refused(await a_world(), prescribed(kind=EXTERNAL, reviewed_by=code), at=PHARMACY)
    assert found.reason is Reason.PHARMACIST_UNKNOWN


async def test_a_suspended_pharmacist_may_not_review() -> None:
    world = await a_world()
    stop(world, PHARMACIST)
    found = await refused(world, prescribed(kind=EXTERNAL, reviewed_by=PHARMACIST), at=PHARMACY)
    assert (found.reason, found.detail["code"]) == (Reason.PHARMACIST_SUSPENDED, PHARMACIST)


async def test_a_region_that_asks_for_nothing_settles_what_a_stranger_prescribes() -> None:
    world = await World().started(a_father=0)
    await world.settled(basket=basket(prescriptions=(STRANGERS,)))


async def test_and_refuses_what_a_suspended_one_prescribes_all_the_same() -> None:
    world = await World().started(a_father=0)
    stop(world, "D9")
    bought = basket(prescriptions=(STRANGERS,))
    answer = await world.ask(world.settle(basket=bought))
    assert isinstance(answer, RefusedAnswer)
    assert answer.refusal.reason is Reason.PRESCRIBER_SUSPENDED
    assert TAO not in str(answer)


async def test_what_a_check_has_said_binds_nobody_of_whom_it_said_nothing() -> None:
    """Who may prescribe is asked of the day and hour of the sale, whatever the patient was told."""
    world = await a_world()
    said = await checked(world)
    assert said.covered is True
    world.clock.forward(minutes=1)
    stop(world, DOCTOR, at=world.clock.at)
    refused = await world.refused(world.settle(
        world.request_id(CLINIC), basket=prescribed(), credential=world.credential(TAO),
        eligibility_token=said.eligibility_token,
    ))
    assert refused.refusal.reason is Reason.PRESCRIBER_SUSPENDED
