"""Warnings, facts of the region's own, and figures that nobody has given yet."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from msgspec import structs

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.facts import DatedAttribute
from medsettle_gateway.domain.sale import WarningRecord
from medsettle_gateway.domain.split import Split
from medsettle_gateway.files.packs import read_pack
from medsettle_gateway.policy.engine import CaseInput
from medsettle_gateway.policy.registry import Packs
from medsettle_gateway.policy.stored import case_from_plain
from tests.gateway.service.county import LAN, a_county, a_world, cold, day
from tests.gateway.service.world import World, basket

COUNTY = Path(__file__).parent / "policies" / "county.yaml"
PASSED = WarningRecord("poverty_risk", "因病致贫预警", "risk of poverty", 50_000, 45_000, 55_000, "八")


async def test_the_settlement_that_passes_the_threshold_raises_the_warning_once() -> None:
    world = await a_world()
    first = await world.settled(who=LAN, basket=basket(cold(80_000)))
    second = await world.settled(who=LAN, basket=basket(cold(20_000)))
    third = await world.settled(who=LAN, basket=basket(cold(20_000)))
    raised = [each.settlements[0].raised for each in (first, second, third)]
    assert raised == [(), (PASSED,), ()]


async def test_a_quote_says_it_before_the_sale_without_a_name() -> None:
    world = await a_world()
    quote = await world.quoted(LAN, basket=basket(cold(100_000)))
    (first, *_) = quote.advisories
    assert first.code == "POVERTY_RISK"
    assert "550.00元" in first.zh
    assert "500.00 yuan" in first.en


async def test_what_was_settled_is_told_after_the_commit_and_a_repeat_is_not() -> None:
    world = await a_world()
    quote = await world.quoted(LAN, basket=basket(cold(100_000)))
    command = world.settle(
        expected=quote.split, basket=basket(cold(100_000)), credential=world.credential(LAN)
    )
    sale = await world.sale(command)
    await world.sale(command)
    assert world.told == [sale]


async def test_the_sums_of_warnings_move_with_the_sale_and_back() -> None:
    world = await a_world()
    sale = await world.settled(who=LAN, basket=basket(cold(100_000)))
    await world.sale(world.reverse(sale.request_id))
    assert not any(state.used for state in world.store.tables.counters.values())


@pytest.mark.parametrize(
    ("tier", "from_day", "pooled_fen"),
    [("low", day(1), 6_000), ("high", day(1), 5_000), ("low", day(3), 5_000)],
)
async def test_a_fact_of_the_region_counts_as_it_is_on_the_day(
    tier: str, from_day: date, pooled_fen: int
) -> None:
    world = await a_world()
    members = world.store.tables.members
    members[LAN] = replace(members[LAN], attributes=(DatedAttribute("tier", tier, from_day),))
    sale = await world.settled(who=LAN, basket=basket(cold()))
    assert sale.split == Split.make({"pooled": pooled_fen}, {}, 20_000 - pooled_fen)
    stored = sale.settlements[0].case_input["patient"]["attributes"]
    assert stored == ([["tier", tier]] if from_day <= day(2) else [])


async def test_a_figure_that_is_only_assumed_refuses_the_sale_on_record(tmp_path: Path) -> None:
    text = COUNTY.read_text("utf-8")
    assumed = text.replace('{ratio: "0.50", clause: 二}', '{ratio: "0.50", clause: 二, force: assumed}')
    path = tmp_path / "county.yaml"
    path.write_text(assumed, "utf-8")
    world = await World(store=a_county(), packs=Packs.load([read_pack(path)])).started(a_hong=0)
    answer = await world.refused(world.settle(basket=basket(cold()), credential=world.credential(LAN)))
    assert (answer.refusal.reason, answer.recorded) == (Reason.PARAMETER_ASSUMED, True)
    assert "ratio" in answer.refusal.detail["path"]
    assert world.store.tables.counters == {}


async def test_what_an_older_release_stored_of_a_calculation_is_still_read() -> None:
    world = await a_world()
    sale = await world.settled(who=LAN, basket=basket(cold()))
    stored = json.loads(json.dumps(sale.settlements[0].case_input))
    now: CaseInput = case_from_plain(stored)
    stored["form"] = 1
    del stored["dispensed"], stored["orders"]
    for part, later in (
        ("patient", ("born_on", "attributes")),
        ("encounter", ("emergency", "area", "stay_id")),
    ):
        for name in later:
            del stored[part][name]
    for name in ("class_by_list", "days_supply", "benefit"):
        del stored["lines"][0][name]
    before = case_from_plain(stored)
    assert before == structs.replace(now, encounter=structs.replace(now.encounter, area=""))
    assert before.orders == ()


async def test_a_calculation_of_a_later_form_is_refused() -> None:
    with pytest.raises(ValueError, match="form 3; this engine reads up to 2"):
        case_from_plain({"form": 3})
