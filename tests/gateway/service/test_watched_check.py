"""Advice before the sale (事前提醒): what supervision would warn of, and from which day on it does not."""

from dataclasses import replace
from datetime import date

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.facts import State
from medsettle_gateway.domain.finding import Verdict
from medsettle_gateway.domain.keys import InstitutionKey, OrdersKey
from medsettle_gateway.service.checked import EligibilityAnswer
from medsettle_gateway.service.commands import CheckEligibility, RefusedAnswer
from medsettle_gateway.service.recently import Recently
from tests.gateway.service.test_watching import AskedFor, a_world, buys
from tests.gateway.service.world import CLINIC, HandClock, World, caller

AGAIN_ON = date(2026, 7, 9)
"""Fourteen days from 2 July on, less the seven days of grace."""


async def asked_about(world: World, *codes: str, as_of: date | None = None) -> EligibilityAnswer:
    answer = await world.ask(
        CheckEligibility(caller("1", CLINIC), world.credential(), item_codes=codes, as_of=as_of)
    )
    assert isinstance(answer, EligibilityAnswer), answer
    return answer


async def test_an_item_that_was_bought_a_moment_ago_says_from_which_day_on_it_may_be_bought_again() -> None:
    world = await a_world()
    await buys(world)
    answer = await asked_about(world, "DRUG", "DRUG2")
    assert [(each.item_code, each.next_on) for each in answer.items] == [("DRUG", AGAIN_ON), ("DRUG2", None)]


async def test_the_cashier_is_told_so_in_words_before_anything_is_bought() -> None:
    world = await a_world()
    await buys(world)
    (first, *_) = (await asked_about(world, "DRUG")).advisories
    assert (first.code, first.verdict, first.line_ids) == ("REPEATED_DRUG", Verdict.WARN, ())
    assert AGAIN_ON.isoformat() in first.zh
    assert (await asked_about(world, "DRUG2")).advisories[0].verdict is None


async def test_on_that_day_it_may_be_bought_and_settles_without_a_word() -> None:
    world = await a_world()
    await buys(world)
    answer = await asked_about(world, "DRUG", as_of=AGAIN_ON)
    assert [each.next_on for each in answer.items] == [None]
    world.clock.forward(days=7)
    assert (await buys(world)).findings == ()


async def test_what_a_place_is_a_check_takes_from_a_moment_ago_and_a_sale_from_now() -> None:
    world = await World(clock=HandClock()).started(a_father=500_000)
    world.service = replace(world.service, recently=Recently(world.store.load, world.clock).load)
    await asked_about(world)
    asked_for = AskedFor(world)
    await asked_about(world)
    assert not {InstitutionKey, OrdersKey} & set(asked_for.kinds)
    await world.settled()
    assert InstitutionKey in asked_for.kinds
    world.clock.forward(minutes=1)
    tables = world.store.tables
    tables.institutions[CLINIC] = replace(tables.institutions[CLINIC], state=State.SUSPENDED)
    refused = await world.ask(CheckEligibility(caller("1"), world.credential()))
    assert isinstance(refused, RefusedAnswer)
    assert refused.refusal.reason is Reason.INSTITUTION_SUSPENDED
