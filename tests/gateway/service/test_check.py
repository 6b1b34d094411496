"""What a check says of items and prescriptions, and when it says that something could not be determined."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.basket import CatalogueClass, LineKind
from medsettle_gateway.domain.errors import Refusal
from medsettle_gateway.domain.goods import Terms
from medsettle_gateway.domain.member import Sex
from medsettle_gateway.domain.place import Designation, Level
from medsettle_gateway.files.packs import read_pack
from medsettle_gateway.policy.registry import Packs
from medsettle_gateway.service.checked import EligibilityAnswer, ItemAnswer, OpenPrescription
from medsettle_gateway.service.commands import CheckEligibility
from tests.gateway.service import town
from tests.gateway.service.pooling import pooling
from tests.gateway.service.rx import ORDER, register, withdraw
from tests.gateway.service.world import (
    CLINIC,
    FATHER,
    PHARMACY,
    REGION,
    World,
    basket,
    caller,
    item,
    line,
)


@pytest.fixture
async def world() -> World:
    return await World().started(a_father=100_000)


async def checked(world: World, place: str = PHARMACY, **asked: Any) -> EligibilityAnswer:
    answer = await world.ask(CheckEligibility(caller("1", place), world.credential(FATHER), **asked))
    assert isinstance(answer, EligibilityAnswer), answer
    return answer


async def said_of(world: World, terms: Terms, **person: Any) -> ItemAnswer:
    """What is said of a drug on these terms, to such a person."""
    tables = world.store.tables
    tables.catalogue[REGION, "BOUND"] = (replace(item("BOUND", LineKind.DRUG), terms=terms),)
    tables.members[FATHER] = replace(tables.members[FATHER], **person)
    (said,) = (await checked(world, CLINIC, item_codes=("BOUND",))).items
    return said


async def test_items_are_answered_in_the_order_in_which_they_were_asked_about(world: World) -> None:
    answer = await checked(world, CLINIC, item_codes=("TONIC", "DRUG", "NOTHING"))
    assert [(each.item_code, each.name, each.may_have) for each in answer.items] == [
        ("TONIC", "TONIC", False), ("DRUG", "DRUG", True), ("NOTHING", "", False),
    ]
    assert [each.refusal and each.refusal.reason for each in answer.items] == [
        Reason.ITEM_SELF_PAID, None, Reason.ITEM_UNKNOWN,
    ]


async def test_who_asks_about_no_item_hears_of_none(world: World) -> None:
    assert (await checked(world)).items == ()


async def test_an_item_of_class_c_is_the_patients_own(world: World) -> None:
    outside = item("OUT", LineKind.DRUG, CatalogueClass.C)
    world.store.tables.catalogue[REGION, "OUT"] = (outside,)
    (said,) = (await checked(world, item_codes=("OUT",))).items
    assert said.refusal is not None
    assert (said.refusal.reason, said.refusal.detail["class"]) == (Reason.ITEM_SELF_PAID, "C")


@pytest.mark.parametrize(
    ("terms", "restriction"),
    [
        (Terms(levels=(Level.TERTIARY,)), "level"), (Terms(sex=Sex.FEMALE), "sex"), (Terms(age_to=14), "age"),
    ],
)
async def test_an_item_on_terms_that_do_not_hold_says_which(
    world: World, terms: Terms, restriction: str
) -> None:
    somebody = {"sex": Sex.MALE, "born_on": date(1980, 1, 1)}
    said = await said_of(world, structs.replace(terms, clause="第三条"), **somebody)
    assert said.may_have is False
    assert said.refusal is not None
    assert said.refusal.reason is Reason.ITEM_RESTRICTED
    assert (said.refusal.detail["restriction"], said.refusal.detail["clause"]) == (restriction, "第三条")


async def test_no_fund_pays_for_an_item_of_somebody_who_is_not_covered(world: World) -> None:
    members = world.store.tables.members
    members[FATHER] = replace(members[FATHER], covered_to=date(2026, 6, 30))
    (said,) = (await checked(world, item_codes=("DRUG",))).items
    assert (said.may_have, said.refusal and said.refusal.reason) == (False, Reason.NOT_COVERED)


async def test_no_fund_pays_for_an_item_where_no_benefit_may_be_had(world: World) -> None:
    places = world.store.tables.institutions
    places[CLINIC] = replace(places[CLINIC], designations=(Designation.BASIC,))
    answer = await checked(world, CLINIC, item_codes=("DRUG", "TONIC"))
    assert [each.may_have for each in answer.items] == [False, False]
    assert [each.refusal and each.refusal.reason for each in answer.items] == [
        Reason.NOT_DESIGNATED, Reason.ITEM_SELF_PAID,
    ]


async def test_an_item_is_not_refused_for_a_prescription_that_a_sale_may_yet_bring() -> None:
    world = await World(packs=pooling()).started(a_father=100_000)
    answer = await checked(world, item_codes=("DRUG",))
    assert Reason.PRESCRIPTION_KIND in {each.refusal and each.refusal.reason for each in answer.benefits}
    assert [each.may_have for each in answer.items] == [True]


async def test_where_pooling_is_off_a_check_says_so_and_asks_for_no_prescription(world: World) -> None:
    answer = await checked(world, item_codes=("DRUG",))
    assert {each.refusal and each.refusal.reason for each in answer.benefits} == {Reason.SWITCH_OFF}
    (drug,) = answer.items
    assert (drug.may_have, drug.refusal and drug.refusal.reason) == (False, Reason.SWITCH_OFF)


@pytest.mark.parametrize(
    ("terms", "restriction"), [(Terms(sex=Sex.FEMALE), "sex"), (Terms(age_to=14), "age")]
)
async def test_of_whom_nobody_knows_what_an_item_asks_for_it_could_not_be_determined(
    world: World, terms: Terms, restriction: str
) -> None:
    said = await said_of(world, terms, sex=None, born_on=None)
    assert said.may_have is None
    assert said.refusal is not None
    assert (said.refusal.reason, said.refusal.detail["restriction"], said.refusal.detail["found"]) == (
        Reason.ITEM_RESTRICTED, restriction, ""
    )


@pytest.mark.parametrize(
    ("figure", "reason"),
    [
        ('ratio: "0.50", when: {standing: retired}', Reason.NO_RULE),
        ('ratio: "0.50", force: assumed', Reason.PARAMETER_ASSUMED),
    ],
)
async def test_where_no_figure_is_known_it_could_not_be_determined_and_nothing_is_sold(
    tmp_path: Path, figure: str, reason: Reason
) -> None:
    """A figure that the pack has not, or only assumes, is no reason to say no."""
    text = (Path(__file__).parent / "policies" / "town.yaml").read_text("utf-8")
    pack = tmp_path / "town.yaml"
    figures = '{ratio: "0.50", clause: 二}, {when: {scheme: resident}, ratio: "0.40", clause: 二}'
    assert figures in text
    pack.write_text(text.replace(figures, f"{{{figure}, clause: 二}}"), "utf-8")
    city = town.Town(store=town.a_town(), packs=Packs.load([read_pack(pack)]))
    await city.started()
    answer = await city.check(benefit="general_outpatient")
    (offer,) = answer.benefits
    assert (answer.covered, offer.may_have) == (True, None)
    assert offer.refusal is not None
    assert offer.refusal.reason is reason
    goods = basket(line(), benefit="general_outpatient")
    refused = await city.refused(city.settle(basket=goods, credential=city.credential(town.WEI)))
    assert refused.refusal.reason is reason


async def test_an_item_on_terms_that_hold_may_be_paid_for(world: World) -> None:
    terms = Terms(levels=(Level.PRIMARY,), sex=Sex.FEMALE, days_supply_most=30)
    assert (await said_of(world, terms, sex=Sex.FEMALE)).may_have is True


async def test_a_pharmacy_hears_of_the_prescriptions_that_may_be_dispensed(world: World) -> None:
    await world.ask(register(world))
    wanted = (OpenPrescription(ORDER.number, CLINIC, ORDER.valid_to),)
    assert (await checked(world)).prescriptions == wanted
    assert (await checked(world, CLINIC)).prescriptions == ()
    await world.ask(withdraw())
    assert (await checked(world)).prescriptions == ()


@pytest.mark.parametrize("reason", [Reason.CREDENTIAL_SERVICE_UNAVAILABLE, Reason.INTERNAL_ERROR])
async def test_where_nobody_can_say_who_it_is_it_could_not_be_determined(
    world: World, reason: Reason
) -> None:
    shown = world.credential(FATHER)
    world.resolver.refusals[shown.token] = Refusal(reason, {"cause": "away"})
    answer = await world.ask(CheckEligibility(caller("1", PHARMACY), shown))
    assert isinstance(answer, EligibilityAnswer)
    assert (answer.covered, answer.member, answer.eligibility_token) == (None, "", "")
    assert answer.refusal is not None
    assert answer.refusal.reason is reason
    assert answer.binding_until == world.clock.at


async def test_a_credential_that_is_certain_to_be_wrong_is_refused(world: World) -> None:
    shown = world.credential(FATHER)
    world.resolver.refusals[shown.token] = Refusal(Reason.CREDENTIAL_EXPIRED)
    refused = await world.refused(CheckEligibility(caller("1", PHARMACY), shown))
    assert (refused.refusal.reason, refused.recorded) == (Reason.CREDENTIAL_EXPIRED, False)
