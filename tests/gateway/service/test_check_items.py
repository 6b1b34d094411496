"""Of items that are asked about a check says what a sale of them finds: does a fund pay, and when again?"""

import itertools
from collections.abc import AsyncIterator, Iterator, Sequence
from copy import deepcopy
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from msgspec import structs

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.asked import AskedLine, Basket
from medsettle_gateway.domain.basket import PERSONAL_ACCOUNT_ONLY, CatalogueClass, Waiver
from medsettle_gateway.domain.place import Designation
from medsettle_gateway.files.packs import read_pack
from medsettle_gateway.policy.registry import Packs
from medsettle_gateway.service.checked import EligibilityAnswer, ItemAnswer
from medsettle_gateway.service.commands import CheckEligibility, Quote, QuoteAnswer
from medsettle_gateway.service.emergency import Orders
from tests.gateway.service import borough, county, test_circulated
from tests.gateway.service.county import COLD, LAN, PILL, cold, pill
from tests.gateway.service.test_emergency import Root, order, signed
from tests.gateway.service.world import CLINIC, FATHER, NOON, PHARMACY, World, basket, caller, line

DAY = timedelta(days=1)
BY_LIST, LEFT_OUT = "BY_LIST", "LEFT_OUT"


async def asked(
    world: World, who: str, place: str, codes: Sequence[str], as_of: date | None = None
) -> EligibilityAnswer:
    answer = await world.ask(
        CheckEligibility(caller("1", place), world.credential(who), item_codes=tuple(codes), as_of=as_of)
    )
    assert isinstance(answer, EligibilityAnswer), answer
    return answer


async def said_of(world: World, code: str, as_of: date | None = None) -> ItemAnswer:
    (said,) = (await asked(world, LAN, CLINIC, (code,), as_of)).items
    return said


# whether a fund pays


class Scene(NamedTuple):
    """Who asks where about what; the same prescription can be brought to each sale, if there is one."""

    world: World
    who: Sequence[str]
    places: Sequence[str]
    codes: Sequence[str]
    prescribed: bool = False


async def by_lists() -> Scene:
    """Items that another list of the county has or has not."""
    world = await county.a_world()
    tables = world.store.tables.catalogue
    (drug,) = tables[county.REGION, COLD]
    for code, main, listed in ((BY_LIST, "C", "A"), (LEFT_OUT, "A", "C")):
        classes = (("township", CatalogueClass(listed)),)
        goods = replace(drug, code=code, name=code, catalogue_class=CatalogueClass(main), classes=classes)
        tables[county.REGION, code] = (goods,)
    codes = (COLD, PILL, county.BED, BY_LIST, LEFT_OUT)
    return Scene(world, (county.HONG, LAN), (CLINIC, county.HOSPITAL, county.INN), codes)


async def by_filings() -> Scene:
    world = await borough.a_world()
    places = (CLINIC, PHARMACY, borough.ABROAD)
    return Scene(world, (borough.TAO, borough.MEI), places, ("PILL", "PILL2"), prescribed=True)


async def by_prices() -> Scene:
    """A benefit takes what is dear, unless it is asked for; no other one takes anything."""
    source = read_pack(test_circulated.PACK)
    data: Any = deepcopy(source.data)
    del data["benefits"]["dual_channel"]
    data["benefits"]["general_outpatient"]["takes"] = [{"unit_price_at_least": "50.00"}]
    world = World(store=test_circulated.a_city(), packs=Packs.load([replace(source, data=data)]))
    return Scene(await world.started(), (FATHER,), (CLINIC,), ("DRUG", "SPECIAL"))


async def by_channels(*held: Designation) -> Scene:
    world = await test_circulated.approved()
    places = world.store.tables.institutions
    places[CLINIC] = replace(places[CLINIC], designations=held)
    return Scene(world, (FATHER,), (CLINIC,), ("DRUG", "SPECIAL"))


def baskets(scene: Scene, code: str, benefits: Sequence[str]) -> Iterator[Basket]:
    """The item as a till may sell it: for a condition or none, under any benefit or unasked."""
    for benefit, condition in itertools.product((None, *benefits), (None, "hypertension")):
        one = structs.replace(line(code, 10_000), condition=condition)
        yield basket(one, benefit=benefit)
        if scene.prescribed:
            yield borough.prescribed(one, benefit=benefit)


async def paid(scene: Scene, who: str, place: str, goods: Basket) -> bool:
    """Does anything of it count for a fund?"""
    world = scene.world
    quote = await world.ask(Quote(caller("1", place), world.credential(who), goods))
    return isinstance(quote, QuoteAnswer) and any(
        each.breakdown.in_scope_fen for each in quote.settlements if each.benefit != PERSONAL_ACCOUNT_ONLY
    )


async def scenes() -> AsyncIterator[Scene]:
    yield await by_lists()
    yield await by_filings()
    yield await by_channels(Designation.BASIC)
    yield await by_channels(Designation.BASIC, Designation.DUAL_CHANNEL)
    yield await by_prices()


async def test_a_fund_may_pay_for_an_item_exactly_where_a_sale_of_it_finds_one_that_does() -> None:
    met = set()
    async for scene in scenes():
        for who, place in itertools.product(scene.who, scene.places):
            answer = await asked(scene.world, who, place, scene.codes)
            for said in answer.items:
                goods = baskets(scene, said.item_code, [each.benefit for each in answer.benefits])
                found = [await paid(scene, who, place, each) for each in goods]
                assert (said.may_have, said.refusal is None) == (any(found), any(found)), (who, place, said)
                met.add(said.refusal and said.refusal.reason)
    assert met >= {None, Reason.ITEM_SELF_PAID, Reason.NOT_DESIGNATED, Reason.OUT_OF_AREA_UNFILED}


async def test_a_drug_of_dual_channel_is_answered_by_its_own_benefit_alone() -> None:
    scene = await by_channels(Designation.BASIC)
    drug, special = (await asked(scene.world, FATHER, CLINIC, scene.codes)).items
    assert (drug.may_have, special.may_have) == (True, False)
    assert special.refusal is not None
    assert (special.refusal.reason, special.refusal.detail["wanted"]) == (
        Reason.NOT_DESIGNATED, "dual_channel"
    )


async def test_a_drug_that_no_filing_approves_is_not_paid_for_where_only_filings_open_a_benefit() -> None:
    world = await borough.a_world()
    answer = await world.ask(CheckEligibility(
        caller("1"), world.credential(borough.MEI), benefit="chronic_outpatient", item_codes=("PILL", "PILL2")
    ))
    assert isinstance(answer, EligibilityAnswer)
    assert [each.refusal and each.refusal.reason for each in answer.items] == [None, Reason.DRUG_NOT_APPROVED]


# when again


async def test_a_drug_whose_days_are_handed_out_may_be_had_again_when_the_window_has_room() -> None:
    world = await county.a_world()
    await world.settled(who=LAN, basket=basket(pill(days_supply=30)))
    world.clock.forward(days=1)
    said = await said_of(world, PILL)
    assert (said.may_have, said.next_on) == (True, NOON.date() + 15 * DAY)
    one_day = basket(pill(days_supply=1))
    assert (await world.quoted(LAN, basket=one_day)).split.funds == ()
    assert (await said_of(world, PILL, as_of=said.next_on)).next_on is None
    world.clock.forward(days=13)
    assert (await world.quoted(LAN, basket=one_day)).split.funds == ()
    world.clock.forward(days=1)
    assert (await world.quoted(LAN, basket=one_day)).split.funds != ()


@pytest.mark.parametrize("goods", [pill(days_supply=29), cold(20_000, "c", days_supply=30)])
async def test_while_a_day_has_room_or_no_window_counts_it_a_drug_may_be_had_today(goods: AskedLine) -> None:
    world = await county.a_world()
    await world.settled(who=LAN, basket=basket(goods))
    world.clock.forward(days=1)
    assert [(await said_of(world, code)).next_on for code in (PILL, COLD)] == [None, None]


# emergency orders


async def under(*waives: Waiver) -> World:
    """A county whose order lifts this; the cold remedy is in class C, and Lan was handed her pills."""
    world = await county.a_world(orders=Orders(Root()))
    one = order(waives=waives)
    world.store.tables.orders[one.id] = signed(one)
    tables = world.store.tables.catalogue
    (drug,) = tables[county.REGION, COLD]
    tables[county.REGION, COLD] = (replace(drug, catalogue_class=CatalogueClass.C),)
    await world.settled(who=LAN, basket=basket(pill(180_000, days_supply=30)))
    return world


@pytest.mark.parametrize("waives", [(), (Waiver.CATALOGUE,), (Waiver.LIMITS,), (Waiver.QUANTITIES,)])
async def test_a_check_says_what_an_order_lifts_as_a_sale_does(waives: tuple[Waiver, ...]) -> None:
    world = await under(*waives)
    answer = await asked(world, LAN, CLINIC, (COLD, PILL))
    remedy, pills = answer.items
    assert remedy.may_have is (Waiver.CATALOGUE in waives)
    assert (pills.next_on is None) is (Waiver.QUANTITIES in waives)
    codes = [each.code for each in answer.advisories]
    assert ("CAP_REACHED" in codes) is (Waiver.LIMITS not in waives)
    told = [each for each in answer.advisories if each.code == "EMERGENCY_ORDER"]
    assert [order().id in each.zh and order().id in each.en for each in told] == [True] * bool(waives)
    quote = await world.quoted(LAN, basket=basket(cold(), pill()))
    assert ("CAP_REACHED" in [each.code for each in quote.advisories]) is (Waiver.LIMITS not in waives)
    quote = await world.quoted(LAN, basket=basket(cold()))
    in_scope_fen = sum(each.breakdown.in_scope_fen for each in quote.settlements)
    assert bool(in_scope_fen) is bool(remedy.may_have)


async def test_a_cap_of_a_layer_binds_under_an_order_and_a_check_and_a_quote_say_so() -> None:
    """Caps of the benefit and limits per session do not bind; what other funds pay is no affair of theirs."""
    source = read_pack(Path(__file__).parent / "policies" / "county.yaml")
    data: Any = deepcopy(source.data)
    (relief,) = data["layers"]
    relief["mode"] = "settlement"
    relief["cap"] = {"period": "year", "rows": [{"amount": "10.00", "clause": "五"}]}
    packs = Packs.load([replace(source, data=data)])
    world = await World(store=county.a_county(), packs=packs, orders=Orders(Root())).started()
    one = order(waives=(Waiver.LIMITS,))
    world.store.tables.orders[one.id] = signed(one)
    await world.settled(who=LAN, basket=basket(cold(300_000)))
    quote = await world.quoted(LAN, basket=basket(cold()))
    for said in (await asked(world, LAN, CLINIC, ()), quote):
        reached = [each.zh for each in said.advisories if each.code == "CAP_REACHED"]
        assert reached == ["救急难本年度支付已达限额。"]
