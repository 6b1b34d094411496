"""What a circulated prescription opens, for its own lines only, and where drugs of dual channel go."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from medsettle.wire.reasons import Reason
from medsettle.wire.states import SaleState
from medsettle_gateway.domain.asked import AskedLine
from medsettle_gateway.domain.basket import PERSONAL_ACCOUNT_ONLY, LineKind, Prescription
from medsettle_gateway.domain.counters import CounterKey
from medsettle_gateway.domain.goods import Terms
from medsettle_gateway.domain.place import Designation, InstitutionKind
from medsettle_gateway.domain.prescriptions import PrescribedDrug
from medsettle_gateway.domain.sale import SaleRecord
from medsettle_gateway.domain.split import Split
from medsettle_gateway.files.packs import read_pack
from medsettle_gateway.policy.registry import Packs
from tests.gateway.domain.prescribed import ONE_E4
from tests.gateway.service.books_hold import check_store
from tests.gateway.service.memory_store import MemoryStore
from tests.gateway.service.rx import (
    circulating,
    dispensed,
    drawn,
    named,
    one,
    order,
    register,
    review,
    rx_basket,
    rx_line,
)
from tests.gateway.service.test_replacing import returning
from tests.gateway.service.world import (
    CLINIC,
    FATHER,
    PHARMACY,
    World,
    caller,
    enrolled,
    institution,
    item,
    member,
    split,
)

REGION = "990600"
PACK = Path(__file__).parent / "policies" / "circulation.yaml"
SPECIAL = PrescribedDrug("SPECIAL", 2 * ONE_E4)


@cache
def packs(review_rule: str = "") -> Packs:
    source = read_pack(PACK)
    data: dict[str, Any] = dict(source.data)
    if review_rule:
        asked = {"review": review_rule, "clause": "四"}
        data["eligibility"] = {**data["eligibility"], "prescription": asked}
    return Packs.load([replace(source, data=data)])


def a_city() -> MemoryStore:
    store = MemoryStore()
    tables = store.tables
    held = (Designation.BASIC, Designation.DUAL_CHANNEL)
    for code, kind in ((CLINIC, InstitutionKind.CLINIC), (PHARMACY, InstitutionKind.PHARMACY)):
        tables.institutions[code] = replace(institution(code, kind, *held), region=REGION)
    for code in ("DRUG", "DRUG2", "SPECIAL"):
        goods = item(code, LineKind.DRUG)
        dual = Terms(dual_channel=True) if code == "SPECIAL" else goods.terms
        tables.catalogue[REGION, code] = (replace(goods, terms=dual),)
    tables.members[FATHER] = member(FATHER, region=REGION)
    tills, key = enrolled(CLINIC, PHARMACY)
    tables.terminals.update({each.terminal: each for each in tills})
    tables.terminal_keys[key.key] = key
    return store


async def a_world(review_rule: str = "") -> World:
    world = await World(store=a_city(), packs=packs(review_rule)).started()
    await one(world, register(world, order(drugs=(PrescribedDrug("DRUG", 3 * ONE_E4), SPECIAL))))
    return world


async def approved(**changes: Any) -> World:
    world = await a_world(**changes)
    await one(world, review())
    return world


def free_line(code: str = "DRUG2", **changes: Any) -> AskedLine:
    return structs.replace(rx_line(code, 1, "9", None), **changes)


def benefits(sale: SaleRecord) -> Mapping[str, list[str]]:
    return {each.benefit: [line.line_id for line in each.lines] for each in sale.settlements}


def paid(world: World, benefit: str) -> int:
    key = CounterKey("2026", benefit, "paid")
    state = world.store.tables.counters.get((FATHER, REGION, "employee", key))
    return state.used + state.held if state else 0


async def test_a_circulated_prescription_opens_the_benefit_at_a_pharmacy() -> None:
    world = await approved()
    sale = await dispensed(world, rx_line(quantity=2))
    assert benefits(sale) == {"general_outpatient": ["1"]}
    assert sale.split == split(10_000, 10_000)


async def test_paper_and_no_prescription_do_not() -> None:
    world = await approved()
    paper = await dispensed(world, basket=rx_basket(prescriptions=(named("PAPER-7"),)))
    nothing = await dispensed(world, basket=rx_basket(free_line(), prescriptions=()))
    assert [benefits(each) for each in (paper, nothing)] == [
        {PERSONAL_ACCOUNT_ONLY: ["1"]}, {PERSONAL_ACCOUNT_ONLY: ["9"]},
    ]


async def test_a_prescription_opens_nothing_for_lines_that_it_does_not_order() -> None:
    world = await approved()
    paper = structs.replace(rx_line("DRUG2", 1, "2"), prescription_id="B")
    bought = rx_basket(
        free_line(), rx_line(), paper, prescriptions=(named(), named("PAPER-7", "B"))
    )
    sale = await dispensed(world, basket=bought)
    assert benefits(sale) == {"general_outpatient": ["1"], PERSONAL_ACCOUNT_ONLY: ["9", "2"]}
    assert sale.split == split(5_000, 25_000)
    check_store(world.store)


@pytest.mark.parametrize("of_line", [True, False])
async def test_a_line_that_asks_for_the_benefit_without_a_prescription_is_refused(of_line: bool) -> None:
    world = await approved()
    asked = "general_outpatient"
    lines = (rx_line(), free_line(benefit=asked if of_line else None))
    bought = rx_basket(*lines, benefit=None if of_line else asked)
    command = world.settle(world.request_id(PHARMACY), basket=bought, expected=split(0, 0))
    assert (await world.refused(command)).refusal.reason is Reason.PRESCRIPTION_KIND
    assert drawn(world) == 0


async def test_a_line_of_an_own_prescription_keeps_its_benefit_beside_a_circulated_one() -> None:
    world = await approved()
    own = replace(named("OWN-1", "B"), kind=Prescription.OWN)
    by_own = structs.replace(rx_line("DRUG2", 1, "2"), prescription_id="B")
    bought = rx_basket(rx_line(), by_own, prescriptions=(named(), own))
    sale = await world.settled(basket=bought, place=CLINIC)
    assert benefits(sale) == {"general_outpatient": ["1", "2"]}


async def test_drugs_of_dual_channel_go_to_their_own_fund_with_a_limit_of_its_own() -> None:
    world = await approved()
    sale = await dispensed(world, rx_line(), rx_line("SPECIAL", 2, "2"))
    assert benefits(sale) == {"general_outpatient": ["1"], "dual_channel": ["2"]}
    assert sale.split == Split.make({"pooled": 5_000, "special_drugs": 16_000}, {}, 9_000)
    assert (paid(world, "general_outpatient"), paid(world, "dual_channel")) == (5_000, 16_000)


async def test_at_a_place_without_the_designation_no_fund_pays_for_them() -> None:
    world = await approved()
    places = world.store.tables.institutions
    places[PHARMACY] = replace(places[PHARMACY], designations=(Designation.BASIC,))
    sale = await dispensed(world, rx_line("SPECIAL", 1))
    assert benefits(sale) == {PERSONAL_ACCOUNT_ONLY: ["1"]}


@pytest.mark.parametrize("of_line", [True, False])
async def test_no_sale_has_them_paid_by_another_fund_by_asking_for_it(of_line: bool) -> None:
    world = await approved()
    asked = {"benefit": "general_outpatient"}
    special = structs.replace(rx_line("SPECIAL"), **(asked if of_line else {}))
    sale = await dispensed(world, basket=rx_basket(special, **({} if of_line else asked)))
    assert benefits(sale) == {"dual_channel": ["1"]}
    assert (paid(world, "general_outpatient"), paid(world, "dual_channel")) == (0, 8_000)


async def test_a_late_confirmation_finds_each_line_under_its_own_prescription() -> None:
    world = await approved()
    bought = rx_basket(rx_line(quantity=2), free_line())
    hold = await world.held(basket=bought, place=PHARMACY)
    world.clock.forward(minutes=11)
    await world.swept(hold.request_id)
    sale = await world.sale(world.confirm(hold))
    assert (sale.state, sale.split) == (SaleState.SETTLED, split(10_000, 20_000))


async def test_what_stays_of_a_return_is_under_its_own_prescription() -> None:
    world = await approved()
    sale = await dispensed(world, rx_line(quantity=2), free_line())
    command = returning(
        world, sale, rx_line(), free_line(), request_id=world.request_id(PHARMACY),
        caller=caller("1", PHARMACY), expected=split(5_000, 15_000),
    )
    left = await world.sale(command)
    assert benefits(left) == {"general_outpatient": ["1"], PERSONAL_ACCOUNT_ONLY: ["9"]}
    assert drawn(world) == 1


@pytest.mark.parametrize(("rule", "reviewed_at", "refused"), [
    ("", None, True), ("", CLINIC, False), ("anywhere", CLINIC, False), ("here", CLINIC, True),
    ("here", PHARMACY, False), ("none", None, False), ("here", None, True),
])
async def test_a_region_says_whose_review_it_asks_for(
    rule: str, reviewed_at: str | None, refused: bool
) -> None:
    world = await a_world(rule)
    if reviewed_at is not None:
        await one(world, review(caller=caller("1", reviewed_at)))
    command = world.settle(
        world.request_id(PHARMACY), basket=rx_basket(), expected=split(5_000, 5_000)
    )
    if refused:
        assert (await world.refused(command)).refusal.reason is Reason.PRESCRIPTION_NOT_REVIEWED
    else:
        assert (await world.sale(command)).state is SaleState.SETTLED


async def test_what_the_pharmacist_here_rejected_is_not_dispensed_here_whoever_else_approves_it() -> None:
    world = await a_world("here")
    await one(world, review(approved=False, note="interaction"))
    await one(world, review(caller=caller("1", CLINIC), pharmacist="PH2"))
    command = world.settle(world.request_id(PHARMACY), basket=rx_basket(), expected=split(5_000, 5_000))
    assert (await world.refused(command)).refusal.reason is Reason.PRESCRIPTION_REJECTED
    await one(world, review())
    again = world.settle(world.request_id(PHARMACY), basket=rx_basket(), expected=split(5_000, 5_000))
    assert (await world.sale(again)).state is SaleState.SETTLED


async def test_a_rejection_binds_whatever_the_region_asks_for() -> None:
    world = await a_world("none")
    await one(world, review(approved=False, note="interaction"))
    command = world.settle(world.request_id(PHARMACY), basket=rx_basket(), expected=split(5_000, 5_000))
    assert (await world.refused(command)).refusal.reason is Reason.PRESCRIPTION_REJECTED


async def test_prescriptions_of_several_institutions_may_have_one_number() -> None:
    world = await approved()
    await circulating(world, number="RX-2")
    bought = rx_basket(
        rx_line(), structs.replace(rx_line("DRUG", 1, "2"), prescription_id="B"),
        prescriptions=(named(), named("RX-2", "B")),
    )
    sale = await dispensed(world, basket=bought)
    assert sorted(each.number for each in sale.drawn) == ["RX-1", "RX-2"]
