"""What the register says of a place belongs to its days, and to what was known when a check was answered."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.breakdown import FundShare
from medsettle_gateway.domain.place import (
    Designation,
    InstitutionKind,
    Level,
    PlaceFact,
    RegisteredPlace,
    Specialty,
)
from medsettle_gateway.domain.records import SINCE_EVER
from medsettle_gateway.domain.sale import SaleRecord
from medsettle_gateway.files.packs import read_pack
from medsettle_gateway.policy.registry import Packs
from medsettle_gateway.service.commands import CheckEligibility, FetchPrescriptions
from tests.gateway.service.borough import (
    ENTERED_AT,
    NEIGHBOUR,
    REGION,
    TAO,
    a_borough,
    checked,
    enter,
    place,
    prescribed,
    quoted,
    refused,
    settled,
)
from tests.gateway.service.world import CLINIC, NOON, World, caller

TODAY = NOON.date()
DAY = timedelta(days=1)
BASIC, POOLED = Designation.BASIC, Designation.POOLED_OUTPATIENT
PRIMARY = RegisteredPlace(
    "第一门诊部", REGION, InstitutionKind.CLINIC, Level.PRIMARY, Specialty.GENERAL, (BASIC, POOLED)
)
BOROUGH = Path(__file__).parent / "policies" / "borough.yaml"
"""Of 100 yuan its fund pays 50, and here 30 at a place of the second level."""
_HALF = 'ratio: {rows: [{ratio: "0.50", clause: 二}, '


@pytest.fixture(scope="module")
def packs(tmp_path_factory: pytest.TempPathFactory) -> Packs:
    text = BOROUGH.read_text("utf-8")
    assert text.count(_HALF) == 1
    by_level = tmp_path_factory.mktemp("packs") / "borough.yaml"
    row = '{when: {level: secondary}, ratio: "0.30", clause: 二}, '
    by_level.write_text(text.replace(_HALF, _HALF + row), "utf-8")
    return Packs.load([read_pack(by_level)])


@pytest.fixture
async def world(packs: Packs) -> World:
    """The clinic has been of the first level since ever."""
    world = await World(store=a_borough(), packs=packs).started()
    register(world, SINCE_EVER)
    return world


def register(world: World, begins: date, at: datetime = ENTERED_AT, **changes: Any) -> None:
    """Enters a row of the register; the table beside it stays as it is, as for days to come."""
    row = RegisteredPlace(**{name: getattr(PRIMARY, name) for name in PRIMARY.__struct_fields__} | changes)
    key = begins.isoformat()
    enter(world.store, place(CLINIC), PlaceFact.REGISTERED, row, begins, key=key, at=at)


def late(on: date) -> dict[str, Any]:
    return {"service_on": on, "late_reason": "停电"}


def funds(sale: SaleRecord) -> tuple[FundShare, ...]:
    assert sale.split is not None
    return sale.split.funds


async def test_a_sale_goes_by_the_level_of_the_day_of_service(world: World) -> None:
    register(world, TODAY, level=Level.SECONDARY)
    assert (await quoted(world, prescribed())).split.funds == (FundShare("pooled", 3_000),)
    assert funds(await settled(world, prescribed())) == (FundShare("pooled", 3_000),)
    before = prescribed(**late(TODAY - DAY))
    assert funds(await settled(world, before)) == (FundShare("pooled", 5_000),)


async def test_a_row_for_days_to_come_decides_once_its_day_has_come(world: World) -> None:
    register(world, TODAY + DAY, level=Level.SECONDARY)
    assert funds(await settled(world, prescribed())) == (FundShare("pooled", 5_000),)
    world.clock.forward(days=1)
    assert funds(await settled(world, prescribed())) == (FundShare("pooled", 3_000),)


async def test_a_check_answers_by_the_row_of_the_day_that_is_asked_about(world: World) -> None:
    register(world, TODAY + DAY, designations=(BASIC,))
    may = {
        on: [each.may_have for each in (await checked(world, on=on)).benefits if each.benefit[0] == "g"]
        for on in (TODAY, TODAY + DAY)
    }
    assert may == {TODAY: [True], TODAY + DAY: [False]}


async def test_what_a_check_answered_binds_whatever_the_register_says_a_minute_later(world: World) -> None:
    said = await checked(world)
    world.clock.forward(minutes=1)
    register(world, SINCE_EVER, world.clock.at, level=Level.SECONDARY)
    assert (await quoted(world, prescribed())).split.funds == (FundShare("pooled", 3_000),)
    told = await world.quoted(TAO, basket=prescribed(), eligibility_token=said.eligibility_token)
    assert told.split.funds == (FundShare("pooled", 5_000),)
    sale = await world.sale(world.settle(
        basket=prescribed(), credential=world.credential(TAO), expected=told.split,
        eligibility_token=said.eligibility_token,
    ))
    assert sale.effect is not None
    assert (funds(sale), sale.effect.fund_variance) == (told.split.funds, (FundShare("pooled", 2_000),))


async def test_a_correction_decides_late_claims_of_the_days_before_it(world: World) -> None:
    register(world, TODAY - 5 * DAY, level=Level.SECONDARY)
    register(world, TODAY - 5 * DAY, NOON - DAY)
    assert funds(await settled(world, prescribed(**late(TODAY - 2 * DAY)))) == (FundShare("pooled", 5_000),)


async def test_a_place_that_its_row_suspends_is_so_from_its_day_until_the_next_row(world: World) -> None:
    register(world, TODAY - 3 * DAY, suspended=True)
    register(world, TODAY - DAY)
    await settled(world, prescribed())
    found = await refused(world, prescribed(**late(TODAY - 2 * DAY)))
    assert (found.reason, found.detail) == (Reason.INSTITUTION_SUSPENDED, {"institution": CLINIC})


async def test_before_its_first_row_a_place_is_not_designated_and_is_told_since_when_it_is(
    packs: Packs,
) -> None:
    world = await World(store=a_borough(), packs=packs).started()
    register(world, TODAY)
    await settled(world, prescribed())
    found = await refused(world, prescribed(**late(TODAY - DAY)))
    assert (found.reason, found.detail["designation"]) == (Reason.NOT_DESIGNATED, "basic")
    assert found.detail["from"] == TODAY.isoformat()


async def test_goods_and_rules_are_those_of_the_region_of_the_place_on_the_day(world: World) -> None:
    register(world, TODAY, region=NEIGHBOUR)
    (goods,) = world.store.tables.catalogue[REGION, "PILL"]
    world.store.tables.catalogue[REGION, "PILL"] = (replace(goods, valid_to=TODAY - DAY),)
    found = await refused(world, prescribed())
    assert found.reason is Reason.OUT_OF_AREA_UNFILED
    await settled(world, prescribed(**late(TODAY - DAY)))


async def test_what_is_asked_of_a_place_today_goes_by_its_row_of_today(world: World) -> None:
    sale = await settled(world, prescribed())
    register(world, TODAY, suspended=True)
    back = await world.refused(world.settle(replaces=sale.request_id, basket=prescribed()))
    fetch = await world.refused(FetchPrescriptions(caller("1"), world.credential(TAO), "03"))
    check = await world.refused(CheckEligibility(caller("1"), world.credential(TAO)))
    reasons = [each.refusal.reason for each in (back, fetch, check)]
    assert reasons == [Reason.INSTITUTION_SUSPENDED] * 3
