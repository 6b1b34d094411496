"""Nobody reviews or looks at a prescription whose patient has not been there."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from msgspec import structs

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.calendar import day_ends_at
from medsettle_gateway.domain.facts import State
from medsettle_gateway.service.circulating import PrescriptionsAnswer
from medsettle_gateway.service.review_token import ReviewTokens, Shown
from tests.gateway.service.rx import (
    SECRET,
    circulating,
    dispensed,
    fetch,
    one,
    register,
    review,
    rx_line,
    several,
    token,
)
from tests.gateway.service.world import CLINIC, DAUGHTER, FATHER, NOON, PHARMACY, World, caller

ENDS_AT = day_ends_at(NOON.date())


async def refused(world: World, command: Any) -> Reason:
    answer = await world.refused(command)
    assert not answer.recorded
    return answer.refusal.reason


async def a_world() -> World:
    world = await World().started()
    await one(world, register(world))
    return world


async def shown_token(world: World, who: str = FATHER) -> str:
    answer = await world.ask(fetch(world, who))
    assert isinstance(answer, PrescriptionsAnswer)
    return answer.review_token


async def test_what_was_fetched_with_the_credential_is_reviewed_by_its_token() -> None:
    world = await a_world()
    assert (await one(world, review(review_token=await shown_token(world)))).facts.reviews


async def test_a_fetch_that_finds_nothing_says_all_the_same_who_was_there() -> None:
    """The number may be typed wrongly: then it is not there for this patient."""
    world = await a_world()
    given = await shown_token(world, DAUGHTER)
    assert ReviewTokens(SECRET).read(given) == Shown(DAUGHTER, PHARMACY, ENDS_AT)


@pytest.mark.parametrize(
    "given", ["", "MSR1.e30.e30", token(institution=CLINIC), token(until=NOON), "x" * 2048],
    ids=["none", "forged", "of another place", "over", "nonsense"],
)
@pytest.mark.parametrize("number", ["RX-1", "RX-9"])
async def test_who_knows_a_number_only_learns_nothing_and_decides_nothing(given: str, number: str) -> None:
    """Nor whether there is such a prescription."""
    world = await a_world()
    command = review(number=number, review_token=given, approved=False, note="no")
    answer = await world.refused(command)
    assert answer.refusal.reason is Reason.PRESCRIPTION_NOT_SHOWN
    assert answer.refusal.detail == {"number": number, "institution": CLINIC}
    (known,) = await several(world, fetch(world))
    assert known.facts.reviews == ()


async def test_of_another_patients_number_it_is_said_that_there_is_none() -> None:
    world = await a_world()
    given = await shown_token(world, DAUGHTER)
    assert await refused(world, review(review_token=given)) is Reason.PRESCRIPTION_UNKNOWN
    assert await refused(world, review(number="RX-9", review_token=given)) is Reason.PRESCRIPTION_UNKNOWN


async def test_a_token_counts_to_the_end_of_its_day() -> None:
    world = await a_world()
    given = await shown_token(world)
    world.clock.at = ENDS_AT - timedelta(seconds=1)
    await one(world, review(review_token=given))
    other = await a_world()
    given = await shown_token(other)
    other.clock.at = ENDS_AT
    assert await refused(other, review(review_token=given)) is Reason.PRESCRIPTION_NOT_SHOWN


async def test_where_it_was_registered_it_is_reviewed_without_a_token() -> None:
    world = await a_world()
    own = review(caller=caller("1"), review_token="")
    assert (await one(world, own)).facts.reviews[0].institution == CLINIC
    assert await refused(world, replace(own, number="RX-9")) is Reason.PRESCRIPTION_UNKNOWN


async def test_where_it_was_reviewed_a_repeat_and_a_second_look_need_no_token() -> None:
    world = await a_world()
    first = await one(world, review())
    world.clock.forward(days=1)
    assert (await one(world, review(review_token=""))).facts == first.facts
    second = await one(world, review(review_token="", pharmacist="PH2"))
    assert len(second.facts.reviews) == 2


async def test_where_it_is_dispensed_it_is_reviewed_without_a_token() -> None:
    world = await World().started()
    await circulating(world)
    tables = world.store.tables.prescriptions
    tables.reviews = {
        number: tuple(structs.replace(each, institution="OTHER") for each in reviews)
        for number, reviews in tables.reviews.items()
    }
    again = review(review_token="", pharmacist="PH2")
    assert await refused(world, again) is Reason.PRESCRIPTION_NOT_SHOWN
    await dispensed(world, rx_line(quantity=1))
    assert (await one(world, again)).facts.reviews[-1].institution == PHARMACY


async def test_the_place_is_asked_first() -> None:
    world = await a_world()
    places = world.store.tables.institutions
    places[PHARMACY] = replace(places[PHARMACY], state=State.SUSPENDED)
    assert await refused(world, review(review_token="")) is Reason.INSTITUTION_SUSPENDED
