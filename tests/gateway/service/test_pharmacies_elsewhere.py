"""Purchases at a pharmacy of another region: settled at once where the region of insurance says so."""

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.basket import PERSONAL_ACCOUNT_ONLY
from medsettle_gateway.domain.member import Owner
from medsettle_gateway.domain.place import Designation, InstitutionKind
from medsettle_gateway.domain.split import Split
from medsettle_gateway.files.packs import read_pack
from medsettle_gateway.policy.registry import Packs
from tests.gateway.service.borough import (
    ABROAD,
    NEIGHBOUR,
    REGION,
    TAO,
    a_borough,
    checked,
    pill,
    refused,
    settled,
)
from tests.gateway.service.world import World, account, basket, enrolled, institution, member

SHOP = "SHOP"
"""A pharmacy of the neighbour, under contract there."""


@cache
def packs(*settles: str) -> Packs:
    """The borough, which settles those areas, and pools nothing of care elsewhere that is not filed."""
    source = read_pack(Path(__file__).parent / "policies" / "borough.yaml")
    data: dict[str, Any] = dict(source.data)
    general = dict(data["benefits"]["general_outpatient"])
    general["where"] = [{**each, "area": ["local", "filed", "emergency"]} for each in general["where"]]
    data["benefits"] = {**data["benefits"], "general_outpatient": general}
    away = {"settles": list(settles), "clause": "十一"}
    data["eligibility"] = {**data["eligibility"], "out_of_area": away}
    return Packs.load([replace(source, data=data)])


async def a_world(*settles: str) -> World:
    store = a_borough()
    tables = store.tables
    shop = institution(SHOP, InstitutionKind.PHARMACY, Designation.BASIC, Designation.POOLED_OUTPATIENT)
    tables.institutions[SHOP] = replace(shop, region=NEIGHBOUR)
    tills, key = enrolled(SHOP)
    tables.terminals.update({each.terminal: each for each in tills})
    tables.terminal_keys[key.key] = key
    tables.members[TAO] = member(TAO, account("a-tao", Owner.SELF), region=REGION)
    tables.balances["a-tao"] = (0, 0)
    return await World(store=store, packs=packs(*settles)).started(a_tao=50_000)


async def test_an_account_pays_at_a_pharmacy_of_another_region_without_a_filing() -> None:
    world = await a_world("filed", "emergency", "unfiled")
    found = await checked(world, at=SHOP)
    assert (found.covered, found.accounts[0].may_pay) == (True, True)
    sale = await settled(world, basket(pill()), at=SHOP)
    (settlement,) = sale.settlements
    assert settlement.benefit == PERSONAL_ACCOUNT_ONLY
    assert sale.split == Split.make({}, {"a-tao": 10_000}, 0)


async def test_a_benefit_that_asks_for_a_filing_is_refused_there_all_the_same() -> None:
    world = await a_world("filed", "emergency", "unfiled")
    for place in (SHOP, ABROAD):
        found = await refused(world, basket(pill(), benefit="general_outpatient"), at=place)
        assert found.reason is Reason.NOT_FOR_ATTRIBUTE


async def test_where_the_region_of_insurance_does_not_say_so_nothing_is_settled() -> None:
    world = await a_world("filed", "emergency")
    found = await refused(world, basket(pill()), at=SHOP)
    assert (found.reason, found.detail["region"]) == (Reason.OUT_OF_AREA_UNFILED, "990400")
    assert (await checked(world, at=SHOP)).covered is False
