"""What is stored of a sale can be read back, explained and calculated again."""

import json
from pathlib import Path

import pytest

from medsettle.wire.states import SaleState
from medsettle_gateway.domain.sale import RECORD_FORMAT, StoredSale, TenderRecord, from_stored, to_stored
from medsettle_gateway.policy.engine import calculate
from medsettle_gateway.policy.stored import case_from_plain
from tests.gateway.service.county import LAN, pill
from tests.gateway.service.county import a_world as a_county_world
from tests.gateway.service.world import FATHER, World, basket, line, packs, split


async def test_every_kind_of_sale_survives_text() -> None:
    world = await World().started(a_father=100_000)
    held = await world.held()
    await world.sale(world.confirm(held))
    await world.sale(world.reverse(held.request_id))
    await world.refused(world.settle(expected=split(0, 1)))
    await world.sale(world.seal(world.request_id()))
    sales = list(world.store.tables.sales.values())
    assert len({sale.state for sale in sales}) == 3
    for sale in sales:
        assert from_stored(to_stored(sale)) == sale


async def test_a_stored_sale_says_its_format_and_one_of_a_newer_release_is_not_misread() -> None:
    world = await World().started(a_father=100_000)
    stored = to_stored(await world.settled())
    assert json.loads(stored.body)["record_format"] == RECORD_FORMAT
    newer = {**json.loads(stored.body), "record_format": RECORD_FORMAT + 1}
    with pytest.raises(ValueError, match="this release reads"):
        from_stored(StoredSale(json.dumps(newer), stored.settlements))


def test_what_the_first_release_stored_is_read_by_every_later_one() -> None:
    """The file is never written again: a release that cannot read it could not read its own books."""
    first = json.loads((Path(__file__).parent / "stored_by_the_first_release.json").read_text("utf-8"))
    sale = from_stored(StoredSale(first["body"], tuple(first["settlements"])))
    assert (sale.state, sale.request_id.attempt, sale.member) == (SaleState.REVERSED, 1, FATHER)
    assert sale.split == split(10_000, 1_000, **{"a-father": 40_000})
    assert sale.tenders == (TenderRecord("cash", 1_000),)
    (settlement,) = sale.settlements
    assert settlement.breakdown.total_fen == 51_000
    assert [line.item_code for line in settlement.lines] == ["DRUG", "TONIC"]
    assert case_from_plain(settlement.case_input).lines[0].amount_fen == 50_000


async def test_a_stored_settlement_can_be_calculated_again() -> None:
    world = await World().started(a_father=100_000)
    await world.settled(40_000)
    sale = await world.settled(basket=basket(line(), line("TONIC", 1_000, "2")))
    (settlement,) = sale.settlements
    (pack,) = [each for each in packs().versions(settlement.pack) if each.digest == settlement.pack_digest]
    assert calculate(pack, case_from_plain(settlement.case_input)).breakdown == settlement.breakdown


async def test_drugs_that_were_stored_without_their_benefit_are_read() -> None:
    world = await a_county_world()
    await world.settled(who=LAN, basket=basket(pill()))
    later = await world.settled(who=LAN, basket=basket(pill()))
    stored = json.loads(json.dumps(later.settlements[0].case_input))
    (drug,) = case_from_plain(stored).dispensed
    stored["dispensed"] = [each[:4] for each in stored["dispensed"]]
    assert case_from_plain(stored).dispensed == (drug._replace(benefit=None),)
    assert drug.benefit == "chronic_outpatient"


async def test_a_stored_settlement_says_what_was_bought_and_why_it_costs_that() -> None:
    world = await World().started(a_father=100_000)
    sale = await world.settled(basket=basket(line(), line("TONIC", 1_000, "b")))
    (settlement,) = sale.settlements
    assert [(each.line_id, each.item_code, each.item_class) for each in settlement.lines] == [
        ("1", "DRUG", "A"), ("b", "TONIC", "C"),
    ]
    assert {step.line for step in settlement.trace} == {None, 0, 1}
    assert settlement.title_zh == "普通门诊统筹"
    assert {left.key.measure: left.used_fen for left in settlement.remainders} == {
        "deductible": 30_000, "paid": 10_000,
    }


async def test_the_stored_sale_names_nobody() -> None:
    world = await World().started(a_father=100_000)
    command = world.settle()
    sale = await world.sale(command)
    text = "".join(map(str, to_stored(sale)))
    assert "张" not in text
    assert command.credential.token not in text
