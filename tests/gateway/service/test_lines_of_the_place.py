"""Care in another region: its own rules divide the lines, the region of insurance pays of what is left."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from msgspec import structs

from medsettle.wire.reasons import Reason
from medsettle.wire.states import SaleState
from medsettle_gateway.domain.facts import DatedAttribute
from medsettle_gateway.domain.filings import Away, AwayFiled, FilingFact
from medsettle_gateway.domain.sale import SaleRecord
from medsettle_gateway.domain.staff import Post, StaffFact, StaffRole
from medsettle_gateway.files.packs import read_pack
from medsettle_gateway.policy.elsewhere import with_lines_of
from medsettle_gateway.policy.registry import Packs
from medsettle_gateway.service.commands import Quote, QuoteAnswer
from tests.gateway.service import borough
from tests.gateway.service.borough import (
    ABROAD,
    BEGAN,
    ENTERED_AT,
    NEIGHBOUR,
    TAO,
    a_borough,
    checked,
    enter,
    person,
    pill,
    prescribed,
    refused,
    settled,
    staff,
)
from tests.gateway.service.world import CLINIC, World, basket, caller

POLICIES = Path(__file__).parent / "policies"


@cache
def packs() -> Packs:
    return Packs.load([read_pack(POLICIES / f"{name}.yaml") for name in ("borough", "neighbour")])


async def a_world() -> World:
    world = await World(store=a_borough(), packs=packs()).started()
    enter(world.store, person(TAO), FilingFact.AWAY, AwayFiled(Away.REFERRAL, (NEIGHBOUR,)), BEGAN, None)
    enter(world.store, staff("D7"), StaffFact.POST, Post(StaffRole.PRESCRIBER, (ABROAD,)))
    return world


def parts(sale: SaleRecord) -> tuple[int, int, int]:
    """What is borne first, what is in scope, and what the fund pays, in fen."""
    (settlement,) = sale.settlements
    breakdown = settlement.breakdown
    return breakdown.self_pay_first_fen, breakdown.in_scope_fen, breakdown.funds[0].amount_fen


async def test_lines_follow_the_place_and_the_ratio_the_region_of_insurance() -> None:
    sale = await settled(await a_world(), prescribed(by="D7"), at=ABROAD)
    assert parts(sale) == (2_000, 8_000, 3_200)
    (settlement,) = sale.settlements
    assert (settlement.pack, settlement.lines_pack) == ("borough", "neighbour")


async def test_at_home_the_own_rules_divide_the_lines_and_none_other_is_named() -> None:
    sale = await settled(await a_world(), prescribed())
    assert parts(sale) == (0, 10_000, 5_000)
    assert sale.settlements[0].lines_pack == ""


async def test_a_fact_that_only_the_place_knows_is_told_apart_for_its_rows() -> None:
    world = await a_world()
    members = world.store.tables.members
    members[TAO] = replace(members[TAO], attributes=(DatedAttribute("tier", "low", BEGAN),))
    assert parts(await settled(world, prescribed(by="D7"), at=ABROAD))[0] == 1_000


async def test_a_fact_that_is_corrected_meanwhile_binds_as_it_was_when_a_check_was_answered() -> None:
    world = await a_world()
    members, told = world.store.tables.members, DatedAttribute("tier", "low", BEGAN, None, ENTERED_AT)
    members[TAO] = replace(members[TAO], attributes=(told,))
    said = await checked(world, at=ABROAD)
    world.clock.forward(minutes=1)
    members[TAO] = replace(members[TAO], attributes=(
        told._replace(replaced_at=world.clock.at),
        told._replace(value="high", entered_at=world.clock.at),
    ))
    bought, token = prescribed(by="D7"), said.eligibility_token
    bound = await world.quoted(TAO, basket=bought, place=ABROAD, eligibility_token=token)
    assert parts(await settled(world, bought, at=ABROAD)) == (2_000, 8_000, 3_200)
    assert bound.split.funds[0].amount_fen == 3_600


async def test_a_place_whose_region_has_no_rules_is_settled_by_the_own_ones() -> None:
    world = await World(store=a_borough(), packs=borough.packs()).started()
    enter(world.store, person(TAO), FilingFact.AWAY, AwayFiled(Away.REFERRAL, (NEIGHBOUR,)), BEGAN, None)
    assert parts(await settled(world, prescribed(by="D7"), at=ABROAD)) == (0, 10_000, 4_000)


async def test_who_prescribes_there_is_judged_by_the_rules_there() -> None:
    found = await refused(await a_world(), prescribed(by="D9"), at=ABROAD)
    assert (found.reason, found.detail["clause"]) == (Reason.PRESCRIBER_UNKNOWN, "丁")


async def test_a_hold_that_is_confirmed_late_is_calculated_by_the_same_two_packs() -> None:
    world = await a_world()
    quote = await world.ask(Quote(caller("1", ABROAD), world.credential(TAO), prescribed(by="D7")))
    assert isinstance(quote, QuoteAnswer)
    held = await world.held(who=TAO, basket=prescribed(by="D7"), place=ABROAD)
    world.clock.forward(minutes=11)
    await world.swept(held.request_id)
    confirmed = await world.sale(world.confirm(held))
    assert confirmed.state is SaleState.SETTLED
    assert parts(confirmed) == (2_000, 8_000, 3_200)
    assert confirmed.settlements[0].lines_pack == "neighbour"


async def test_a_hold_whose_place_rules_are_gone_is_confirmed_too_late() -> None:
    world = await a_world()
    held = await world.held(who=TAO, basket=prescribed(by="D7"), place=ABROAD)
    stored = structs.replace(held.settlements[0], lines_digest="0" * 64)
    world.store.tables.sales[held.request_id.text] = structs.replace(held, settlements=(stored,))
    world.clock.forward(minutes=11)
    await world.swept(held.request_id)
    released = await world.sale(world.confirm(held))
    assert released.refusal is not None
    assert released.refusal.reason is Reason.CONFIRM_TOO_LATE


def test_a_pack_with_the_lines_of_another_keeps_its_name_and_all_else() -> None:
    ours, theirs = (next(each for each in packs() if each.id == name) for name in ("borough", "neighbour"))
    both = with_lines_of(ours, theirs)
    assert (both.id, both.digest, both.benefits) == (ours.id, ours.digest, ours.benefits)
    assert both.rules.lines is theirs.rules.lines
    assert [fact.name for fact in both.rules.declared] == ["area", "tier"]
    assert ours.rules.lines is not theirs.rules.lines


@pytest.mark.parametrize("place", [CLINIC, ABROAD])
async def test_a_drug_that_is_returned_goes_back_as_it_was_divided(place: str) -> None:
    world = await a_world()
    by = "D7" if place == ABROAD else "D1"
    two = prescribed(pill(), pill(line_id="2"), by=by)
    sale = await settled(world, two, at=place)
    left = await world.quoted(TAO, place=place, basket=basket(pill()), replaces=sale.request_id)
    (settlement,) = left.settlements
    first = settlement.breakdown.self_pay_first_fen
    assert first == (2_000 if place == ABROAD else 0)
