"""Goods of a sale: for whom, where and how long the catalogue lets a fund pay, and which catalogue binds."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from msgspec import structs

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.basket import LineKind
from medsettle_gateway.domain.facts import DatedAttribute
from medsettle_gateway.domain.goods import Restricted, Restriction, Terms
from medsettle_gateway.domain.member import Sex
from medsettle_gateway.domain.place import Designation, Level
from medsettle_gateway.service.checked import EligibilityAnswer
from medsettle_gateway.service.commands import CheckEligibility
from medsettle_gateway.service.goods import days_before, restricted
from tests.gateway.service.world import (
    CLINIC,
    DAUGHTER,
    FATHER,
    NOON,
    REGION,
    World,
    basket,
    caller,
    item,
    line,
)

TODAY = NOON.date()


def on_terms(world: World, **terms: Any) -> None:
    world.store.tables.catalogue[REGION, "DRUG"] = (
        replace(item("DRUG", LineKind.DRUG), terms=Terms(**terms)),
    )


def is_now(world: World, who: str = FATHER, **facts: Any) -> None:
    world.store.tables.members[who] = replace(world.store.tables.members[who], **facts)


async def a_world() -> World:
    return await World().started(a_father=100_000, a_daughter=5_000)


async def restriction(world: World, **changes: Any) -> Restricted | None:
    """What a line of the drug is outside of, as the sale finds it."""
    tables = world.store.tables
    (drug,) = tables.catalogue[REGION, "DRUG"]
    bought = structs.replace(line(), **changes)
    return restricted(drug, bought, tables.members[FATHER], tables.institutions[CLINIC], TODAY)


@pytest.mark.parametrize(
    ("terms", "facts", "found"),
    [
        ({"levels": (Level.PRIMARY,)}, {}, None),
        (
            {"levels": (Level.SECONDARY, Level.TERTIARY)}, {},
            Restricted(Restriction.LEVEL, "secondary tertiary", "primary"),
        ),
        ({"sex": Sex.FEMALE}, {"sex": Sex.FEMALE}, None),
        ({"sex": Sex.FEMALE}, {"sex": Sex.MALE}, Restricted(Restriction.SEX, "female", "male")),
        ({"sex": Sex.FEMALE}, {}, Restricted(Restriction.SEX, "female")),
        ({"sex": Sex.FEMALE}, {"attributes": (DatedAttribute("sex", "female", TODAY),)}, None),
        ({"age_to": 14}, {"born_on": date(2012, 7, 2)}, None),
        ({"age_to": 13}, {"born_on": date(2012, 7, 2)}, Restricted(Restriction.AGE, "0-13", "14")),
        ({"age_from": 15}, {"born_on": date(2012, 7, 2)}, Restricted(Restriction.AGE, "15-", "14")),
        ({"age_from": 14}, {"born_on": date(2012, 7, 3)}, Restricted(Restriction.AGE, "14-", "13")),
        ({"age_from": 3, "age_to": 14}, {}, Restricted(Restriction.AGE, "3-14")),
    ],
)
async def test_a_line_is_within_its_terms_or_says_of_which_it_is_outside(
    terms: dict[str, Any], facts: dict[str, Any], found: Restricted | None
) -> None:
    world = await a_world()
    on_terms(world, **terms)
    is_now(world, **facts)
    assert await restriction(world) == found


@pytest.mark.parametrize(("dual_channel", "admitted"), [(True, True), (True, False), (False, True)])
async def test_a_pharmacy_admitted_to_both_channels_needs_no_level_for_what_is_sold_through_both(
    *, dual_channel: bool, admitted: bool
) -> None:
    world = await a_world()
    on_terms(world, levels=(Level.TERTIARY,), dual_channel=dual_channel)
    if admitted:
        place = world.store.tables.institutions[CLINIC]
        held = (Designation.BASIC, Designation.DUAL_CHANNEL)
        world.store.tables.institutions[CLINIC] = replace(place, level=Level.NONE, designations=held)
    assert (await restriction(world) is None) is (dual_channel and admitted)


@pytest.mark.parametrize(
    ("days", "found"),
    [
        (30, None), (31, Restricted(Restriction.DAYS_SUPPLY, "30", "31")),
        (None, Restricted(Restriction.DAYS_SUPPLY, "30")),
    ],
)
async def test_days_of_supply_are_counted_where_the_catalogue_bounds_them(
    days: int | None, found: Restricted | None
) -> None:
    world = await a_world()
    on_terms(world, days_supply_most=30)
    assert await restriction(world, days_supply=days) == found


@pytest.mark.parametrize(("stay", "outside"), [(False, [2]), (True, [])])
async def test_lines_of_one_item_count_together_but_for_those_of_a_stay(
    *, stay: bool, outside: list[int]
) -> None:
    world = await a_world()
    on_terms(world, days_supply_most=30)
    lines = [structs.replace(line(line_id=str(number)), days_supply=20) for number in (1, 2)]
    other = structs.replace(line("DRUG2", line_id="3"), days_supply=20)
    bought = replace(basket(*lines, other), admitted_on=TODAY if stay else None)
    assert [index for index, before in enumerate(days_before(bought), 1) if before + 20 > 30] == outside
    if not stay:
        (settlement,) = (await world.quoted(basket=bought)).settlements
        (step,) = (each for each in settlement.trace if each.step == "restricted")
        assert (step.line, step.inputs["allowed"], step.inputs["found"]) == (1, "30", "40")


async def test_no_fund_pays_for_what_is_outside_and_the_trace_says_why() -> None:
    world = await a_world()
    on_terms(world, sex=Sex.FEMALE, clause="限妇女")
    is_now(world, sex=Sex.MALE)
    quote = await world.quoted()
    assert dict(quote.split.funds) == {}
    (settlement,) = quote.settlements
    (step,) = (each for each in settlement.trace if each.step == "restricted")
    assert (step.clause, step.amount_fen, step.inputs["what"]) == ("限妇女", 50_000, "sex")
    assert settlement.breakdown.accounts[0].amount_fen == 50_000


async def test_what_is_within_its_terms_is_paid_as_before() -> None:
    world = await a_world()
    plain = (await world.quoted()).split
    on_terms(world, sex=Sex.FEMALE)
    is_now(world, sex=Sex.FEMALE)
    assert (await world.quoted()).split == plain


async def test_a_sale_that_is_calculated_again_keeps_what_was_known_of_its_goods() -> None:
    world = await a_world()
    sale = await world.held()
    world.clock.forward(minutes=11)
    await world.swept(sale.request_id)
    on_terms(world, levels=(Level.TERTIARY,))
    assert (await world.sale(world.confirm(sale))).split == sale.split


async def told(world: World, who: str = FATHER) -> str:
    answer = await world.ask(CheckEligibility(caller("1"), world.credential(who)))
    assert isinstance(answer, EligibilityAnswer)
    return answer.eligibility_token


def changed_since(world: World, **terms: Any) -> None:
    """A minute later another catalogue is entered."""
    tables = world.store.tables
    world.clock.forward(minutes=1)
    before = {code: rows for (region, code), rows in tables.catalogue.items() if region == REGION}
    tables.catalogues_before.keep(REGION, world.clock.at, before)
    on_terms(world, **terms)


async def test_the_catalogue_binds_that_was_known_when_the_patient_was_told() -> None:
    world = await a_world()
    shown = (await world.quoted()).split
    token = await told(world)
    changed_since(world, levels=(Level.TERTIARY,))
    assert (await world.quoted()).split != shown
    quote = await world.quoted(eligibility_token=token)
    assert quote.split == shown
    sale = await world.sale(world.settle(expected=shown, eligibility_token=token))
    assert sale.settlements[0].catalogue_digest.startswith("catalogue-of-210300-until-")
    assert sale.effect is not None
    assert sum(share.amount_fen for share in sale.effect.fund_variance) == dict(shown.funds)["pooled"]


async def test_a_pack_that_was_sold_since_is_refused_whatever_was_said_before() -> None:
    world = await a_world()
    code = "81234567890123456789"
    bought = basket(structs.replace(line(amount_fen=10_000), traceability_codes=(code,)))
    token = await told(world)
    await world.settled(basket=bought, who=DAUGHTER)
    answer = await world.refused(world.settle(basket=bought, eligibility_token=token))
    assert [each.reason for each in answer.refusal.lines] == [Reason.TRACE_CODE_SOLD]


async def test_an_item_that_is_valid_again_later_says_so() -> None:
    world = await a_world()
    old = replace(item("DRUG", LineKind.DRUG), valid_to=TODAY - timedelta(days=2))
    new = replace(item("DRUG", LineKind.DRUG), valid_from=TODAY + timedelta(days=3))
    world.store.tables.catalogue[REGION, "DRUG"] = (old, new)
    answer = await world.refused(world.settle())
    assert answer.refusal.lines[0].detail == {
        "date": "2026-07-02", "valid_to": "2026-06-30", "valid_from": "2026-07-05",
    }
