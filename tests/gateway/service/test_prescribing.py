"""Registering, reviewing, withdrawing and fetching prescriptions."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.errors import Refusal
from medsettle_gateway.domain.facts import State
from medsettle_gateway.domain.prescriptions import REVIEWS_MOST, PrescribedDrug, PrescriptionState
from medsettle_gateway.domain.records import Subject
from medsettle_gateway.domain.staff import StaffFact, StaffStopped
from tests.gateway.domain.prescribed import ONE_E4, SIGNED
from tests.gateway.eligibility.entered import recorded
from tests.gateway.service.rx import (
    NUMBER,
    ORDER,
    circulating,
    dispensed,
    fetch,
    one,
    order,
    register,
    review,
    rx_line,
    several,
    withdraw,
)
from tests.gateway.service.world import CLINIC, DAUGHTER, FATHER, PHARMACY, World, caller


async def reason(world: World, command: Any) -> Reason:
    answer = await world.refused(command)
    assert not answer.recorded
    return answer.refusal.reason


async def test_what_a_clinic_registers_is_kept_with_who_signed_it() -> None:
    world = await World().started()
    answer = await one(world, register(world))
    known = answer.facts.prescription
    assert (known.institution, known.number, known.member) == (CLINIC, NUMBER, FATHER)
    assert (known.order, known.signed, known.registered_at) == (ORDER, SIGNED, world.clock.at)
    assert (answer.masked_name, answer.facts.state_on(answer.on)) == ("张*", PrescriptionState.REGISTERED)


async def test_a_repeat_with_the_same_content_gets_the_first_answer() -> None:
    world = await World().started()
    first = await one(world, register(world))
    world.clock.forward(minutes=1)
    again = await one(world, register(world, operator="wang"))
    assert again.facts == first.facts


async def test_the_first_answer_is_given_though_the_credential_has_expired() -> None:
    world = await World().started()
    first = await one(world, register(world))
    late = register(world)
    world.resolver.refusals[late.credential.token] = Refusal(Reason.CREDENTIAL_EXPIRED)
    assert (await one(world, late)).facts == first.facts


@pytest.mark.parametrize("changes", [
    {"prescriber": "D2"}, {"valid_to": date(2026, 7, 30)}, {"dispensings": 2}, {"dual_channel": True},
    {"drugs": (PrescribedDrug("DRUG", ONE_E4),)},
], ids=lambda changes: next(iter(changes)))
async def test_a_number_is_not_used_for_another_prescription(changes: dict[str, Any]) -> None:
    world = await World().started()
    await one(world, register(world))
    assert await reason(world, register(world, order(**changes))) is Reason.PRESCRIPTION_NUMBER_USED


async def test_a_number_is_not_used_for_another_patient() -> None:
    world = await World().started()
    await one(world, register(world))
    other = register(world, credential=world.credential(DAUGHTER))
    assert await reason(world, other) is Reason.PRESCRIPTION_NUMBER_USED


async def test_a_pharmacy_registers_no_prescription() -> None:
    world = await World().started()
    command = register(world, caller=caller("1", PHARMACY))
    assert await reason(world, command) is Reason.PRESCRIPTION_NOT_BY_PHARMACY


@pytest.mark.parametrize(("changes", "field"), [
    ({"issued_on": date(2026, 7, 3)}, "prescription.issued_on"),
    ({"issued_on": date(2026, 6, 1), "valid_to": date(2026, 7, 1)}, "prescription.valid_to"),
])
async def test_a_prescription_of_tomorrow_or_that_is_over_is_not_registered(
    changes: dict[str, Any], field: str
) -> None:
    world = await World().started()
    answer = await world.refused(register(world, order(**changes)))
    assert (answer.refusal.reason, answer.refusal.detail["field"]) == (Reason.FIELD_INVALID, field)


async def test_a_credential_that_says_nothing_registers_nothing() -> None:
    world = await World().started()
    command = register(world)
    world.resolver.refusals[command.credential.token] = Refusal(Reason.CREDENTIAL_INVALID)
    assert await reason(world, command) is Reason.CREDENTIAL_INVALID
    assert await reason(world, register(world, credential=world.credential("m-nobody"))) is (
        Reason.MEMBER_UNKNOWN
    )


async def test_a_suspended_clinic_registers_nothing() -> None:
    world = await World().started()
    places = world.store.tables.institutions
    places[CLINIC] = replace(places[CLINIC], state=State.SUSPENDED)
    assert await reason(world, register(world)) is Reason.INSTITUTION_SUSPENDED


def stop(world: World, code: str) -> None:
    """Suspends somebody from today on."""
    today = world.clock.at.date()
    record = recorded(StaffFact.SUSPENSION, "a", today, None, StaffStopped("违规", "王某"))
    world.store.tables.records[Subject.STAFF.named(code)] = (record,)


async def test_a_suspended_prescribers_prescription_is_not_registered() -> None:
    world = await World().started()
    stop(world, "D1")
    assert await reason(world, register(world)) is Reason.PRESCRIBER_SUSPENDED
    before = order(issued_on=date(2026, 7, 1))
    assert (await one(world, register(world, before))).facts.prescription.order == before


async def test_a_suspended_pharmacist_reviews_nothing() -> None:
    world = await World().started()
    await one(world, register(world))
    stop(world, "PH1")
    assert await reason(world, review()) is Reason.PHARMACIST_SUSPENDED
    assert (await one(world, review(pharmacist="PH2"))).facts.reviews[0].pharmacist == "PH2"


async def test_a_registration_uses_no_credential_up() -> None:
    world = await World().started()
    await one(world, register(world))
    assert world.store.tables.credentials == {}


async def test_a_pharmacists_review_is_kept_and_a_repeat_adds_nothing() -> None:
    world = await World().started()
    await one(world, register(world))
    first = await one(world, review())
    world.clock.forward(minutes=1)
    again = await one(world, review(operator="wang"))
    assert again.facts == first.facts
    assert first.facts.state_on(first.on) is PrescriptionState.APPROVED
    assert [each.pharmacist for each in first.facts.reviews] == ["PH1"]


async def test_the_latest_review_counts() -> None:
    world = await World().started()
    await one(world, register(world))
    await one(world, review(approved=False, note="interaction"))
    rejected = await several(world, fetch(world))
    assert rejected[0].facts.state_on(rejected[0].on) is PrescriptionState.REJECTED
    approved = await one(world, review(pharmacist="PH2"))
    assert approved.facts.state_on(approved.on) is PrescriptionState.APPROVED
    assert len(approved.facts.reviews) == 2


async def test_reviews_of_one_prescription_are_bounded() -> None:
    world = await World().started()
    await one(world, register(world))
    for number in range(REVIEWS_MOST):
        await one(world, review(pharmacist=f"PH{number}"))
    assert await reason(world, review(pharmacist="PH-more")) is Reason.FIELD_INVALID


async def test_a_prescription_that_nobody_registered_is_not_reviewed_or_withdrawn() -> None:
    world = await World().started()
    assert await reason(world, review()) is Reason.PRESCRIPTION_UNKNOWN
    assert await reason(world, withdraw()) is Reason.PRESCRIPTION_UNKNOWN


async def test_only_the_institution_that_registered_it_withdraws_it() -> None:
    world = await World().started()
    await one(world, register(world))
    assert await reason(world, withdraw(caller=caller("1", PHARMACY))) is Reason.PRESCRIPTION_UNKNOWN
    withdrawn = await one(world, withdraw())
    assert withdrawn.facts.state_on(withdrawn.on) is PrescriptionState.WITHDRAWN
    world.clock.forward(minutes=1)
    assert (await one(world, withdraw(reason="again"))).facts == withdrawn.facts


async def test_what_is_over_is_not_reviewed() -> None:
    world = await World().started()
    await one(world, register(world))
    world.clock.forward(days=30)
    assert await reason(world, review()) is Reason.PRESCRIPTION_EXPIRED
    world.clock.at -= timedelta(days=30)
    await one(world, withdraw())
    assert await reason(world, review()) is Reason.PRESCRIPTION_WITHDRAWN


async def test_what_is_dispensed_is_neither_reviewed_nor_withdrawn() -> None:
    world = await World().started()
    await circulating(world)
    await dispensed(world, rx_line(quantity=3), rx_line("DRUG2", 1, "2"))
    assert await reason(world, review(pharmacist="PH2")) is Reason.PRESCRIPTION_DISPENSED
    assert await reason(world, withdraw()) is Reason.PRESCRIPTION_DISPENSED


async def test_a_patients_open_prescriptions_are_fetched_by_whoever_is_shown_the_credential() -> None:
    world = await World().started()
    await circulating(world)
    await circulating(world, number="RX-2")
    found = await several(world, fetch(world))
    assert [each.facts.prescription.number for each in found] == ["RX-1", "RX-2"]
    assert found[0].masked_name == "张*"
    assert await several(world, fetch(world, DAUGHTER)) == ()


@pytest.mark.parametrize(("wanted", "numbers"), [
    ({"number": "RX-2"}, ["RX-2"]),
    ({"number": "RX-3"}, []),
    ({"institution": CLINIC}, ["RX-1", "RX-2"]),
    ({"institution": PHARMACY}, []),
])
async def test_only_the_number_and_institution_asked_for_are_fetched(
    wanted: dict[str, str], numbers: list[str]
) -> None:
    world = await World().started()
    await circulating(world)
    await circulating(world, number="RX-2")
    found = await several(world, fetch(world, **wanted))
    assert [each.facts.prescription.number for each in found] == numbers


async def test_what_is_withdrawn_over_or_dispensed_is_not_fetched() -> None:
    world = await World().started()
    await circulating(world)
    await one(world, withdraw())
    await circulating(world, number="RX-2", valid_to=date(2026, 7, 2))
    world.clock.forward(days=1)
    assert await several(world, fetch(world)) == ()


async def test_nobody_fetches_without_a_credential_that_says_whose_it_is() -> None:
    world = await World().started()
    command = fetch(world)
    world.resolver.refusals[command.credential.token] = Refusal(Reason.CREDENTIAL_EXPIRED)
    assert await reason(world, command) is Reason.CREDENTIAL_EXPIRED
    assert await reason(world, fetch(world, "m-nobody")) is Reason.MEMBER_UNKNOWN
