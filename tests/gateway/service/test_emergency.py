"""Emergencies: rescue at a place that is not designated, and the orders of an operator."""

import hashlib
import hmac
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from msgspec import structs

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.asked import Basket
from medsettle_gateway.domain.basket import CatalogueClass, Waiver
from medsettle_gateway.domain.orders import (
    END_STATEMENT,
    ORDER_STATEMENT,
    OrderEnd,
    OrderRecord,
    SignedOrder,
    end_text,
    order_text,
)
from medsettle_gateway.domain.sale import SaleRecord
from medsettle_gateway.service.desk import Rules
from medsettle_gateway.service.emergency import Orders
from tests.gateway.service.books_hold import check_store
from tests.gateway.service.county import (
    BED,
    CLINIC,
    COLD,
    HOSPITAL,
    INN,
    LAN,
    REGION,
    a_world,
    cold,
    day,
    pill,
    used,
)
from tests.gateway.service.world import NOON, World, basket, caller_of, line

DAY = timedelta(days=1)
TODAY = day(2)


class Root:
    """A cheap key: what it signed it knows again."""

    key, suite = "root", "ed25519"

    @staticmethod
    def sign(statement: bytes) -> bytes:
        return hmac.digest(b"root", statement, hashlib.sha256)

    def verify(self, signature: bytes, statement: bytes) -> bool:
        return hmac.compare_digest(signature, self.sign(statement))


def order(name: str = "o1", **changes: Any) -> OrderRecord:
    one = OrderRecord(
        name, REGION, (), (Waiver.CATALOGUE, Waiver.LIMITS, Waiver.QUANTITIES), TODAY, TODAY + 9 * DAY,
        "县医疗保障局", "县医保发〔2026〕1号", "王某", NOON,
    )
    return replace(one, **changes)


def signed(one: OrderRecord, end: OrderEnd | None = None) -> SignedOrder:
    text = order_text(one)
    whole = SignedOrder(one.id, text, Root.sign(ORDER_STATEMENT + text.encode()))
    if end is None:
        return whole
    ended = end_text(end)
    return whole._replace(end_statement=ended, end_signature=Root.sign(END_STATEMENT + ended.encode()))


async def under(*orders: SignedOrder, **changes: Any) -> World:
    """A county under these orders, where the cold remedy stands in class C."""
    reports: list[tuple[str, BaseException]] = []
    world = await a_world(
        orders=Orders(Root(), lambda *told: reports.append(told)), reports=reports, **changes
    )
    tables = world.store.tables
    tables.orders.update({each.id: each for each in orders})
    (goods,) = tables.catalogue[REGION, COLD]
    tables.catalogue[REGION, COLD] = (replace(goods, catalogue_class=CatalogueClass.C),)
    return world


async def bought(world: World, place: str = CLINIC) -> SaleRecord:
    return await world.settled(who=LAN, basket=basket(cold()), place=place)


def tag(sale: SaleRecord) -> str:
    return sale.settlements[0].order


async def test_under_an_order_the_catalogue_is_waived_and_every_settlement_carries_its_id() -> None:
    world = await under(signed(order()))
    sale = await bought(world)
    assert (tag(sale), sale.settlements[0].breakdown.in_scope_fen) == ("o1", 20_000)
    entry = list(world.store.tables.entries.values())[-1]
    assert entry.reason == "emergency order o1"
    check_store(world.store)


async def test_without_an_order_nothing_is_waived_and_nothing_tagged() -> None:
    world = await under()
    sale = await bought(world)
    assert (tag(sale), sale.settlements[0].breakdown.in_scope_fen) == ("", 0)


@pytest.mark.parametrize(
    ("days", "holds"), [(-1, False), (0, True), (9, True), (10, False)],
    ids=["before", "first", "last", "after"],
)
async def test_an_order_holds_from_its_first_to_its_last_day_and_ends_by_itself(
    days: int, holds: bool
) -> None:
    begins = TODAY - days * DAY
    world = await under(signed(order(holds_from=begins, holds_to=begins + 9 * DAY)))
    assert (tag(await bought(world)) == "o1") is holds


async def test_an_order_that_was_ended_holds_to_its_last_day() -> None:
    world = await under(signed(order(), OrderEnd("o1", TODAY, "李某", NOON)))
    assert tag(await bought(world)) == "o1"
    world.clock.forward(days=1)
    assert tag(await bought(world)) == ""


async def test_an_order_for_named_institutions_holds_there_only() -> None:
    world = await under(signed(order(institutions=(HOSPITAL,))))
    assert tag(await bought(world)) == ""
    assert tag(await bought(world, HOSPITAL)) == "o1"


def moved_on(one: SignedOrder) -> SignedOrder:
    return one._replace(statement=order_text(order(waives=(Waiver.LIMITS,), holds_to=TODAY + 99 * DAY)))


def of_another_id(one: SignedOrder) -> SignedOrder:
    return one._replace(id="o2")


def unsigned(one: SignedOrder) -> SignedOrder:
    return one._replace(signature=b"")


def false_end(one: SignedOrder) -> SignedOrder:
    return one._replace(end_statement=end_text(OrderEnd("o1", TODAY + DAY, "x", NOON)), end_signature=b"x")


@pytest.mark.parametrize("tampered", [moved_on, of_another_id, unsigned, false_end])
async def test_an_order_that_was_tampered_with_does_not_hold_and_is_reported_once(tampered: Any) -> None:
    world = await under(tampered(signed(order())))
    assert tag(await bought(world)) == ""
    assert tag(await bought(world)) == ""
    assert len([what for what, _ in world.reports if what.startswith("emergency order")]) == 1


async def test_a_gateway_that_does_not_know_the_root_believes_no_order() -> None:
    world = await a_world()
    world.store.tables.orders["o1"] = signed(order())
    assert tag(await world.settled(who=LAN, basket=basket(cold()))) == ""


async def test_two_orders_that_hold_together_lift_what_either_lifts() -> None:
    one, other = order("o1", waives=(Waiver.LIMITS,)), order("o2", waives=(Waiver.CATALOGUE,))
    world = await under(signed(one), signed(other))
    sale = await bought(world)
    assert (tag(sale), sale.settlements[0].breakdown.in_scope_fen) == ("o1+o2", 20_000)


def beds(world: World, *days: date) -> Basket:
    """A bill of a stay with a bed of class C on each of these days."""
    goods = world.store.tables.catalogue[REGION, BED][0]
    world.store.tables.catalogue[REGION, BED] = (replace(goods, catalogue_class=CatalogueClass.C),)
    lines = [structs.replace(line(BED, 50_000, str(on.day)), service_on=on) for on in days]
    return basket(*lines, admitted_on=min(days))


async def test_an_order_lifts_the_catalogue_of_the_lines_of_its_days_only() -> None:
    world = await under(
        signed(order("o1", holds_from=day(10, 6), holds_to=day(10, 6))),
        signed(order("o2", holds_from=day(2), holds_to=day(2))),
        signed(order("o3", holds_from=day(1, 5), holds_to=day(31, 5))),
    )
    bag = beds(world, day(9, 6), day(10, 6), day(11, 6), day(2))
    sale = await world.settled(who=LAN, basket=bag, place=HOSPITAL)
    in_scope = [each.in_scope_fen for each in sale.settlements[0].breakdown.lines]
    assert (in_scope, tag(sale)) == ([0, 50_000, 0, 50_000], "o1+o2")
    check_store(world.store)


async def test_an_order_that_does_not_hold_because_there_are_too_many_is_reported() -> None:
    world = await under(*(signed(order(f"o{number}")) for number in range(4)), rules=Rules(orders_count=3))
    sale = await bought(world)
    assert tag(sale) == "o0+o1+o2"
    assert "emergency orders at CLINIC" in [what for what, _ in world.reports]


async def test_orders_for_other_places_crowd_out_none() -> None:
    others = [signed(order(f"a{number}", institutions=(HOSPITAL,))) for number in range(4)]
    world = await under(*others, signed(order("z")), rules=Rules(orders_count=3))
    assert tag(await bought(world)) == "z"
    assert world.reports == []


async def test_limits_are_waived_by_an_order_that_says_so() -> None:
    bag = basket(cold(300_000))
    without = await under(signed(order(waives=(Waiver.CATALOGUE,))))
    capped = await without.settled(who=LAN, basket=bag)
    world = await under(signed(order(waives=(Waiver.CATALOGUE, Waiver.LIMITS))))
    free = await world.settled(who=LAN, basket=bag)
    assert [dict(sale.settlements[0].breakdown.funds) for sale in (capped, free)] == [
        {"pooled": 100_000}, {"pooled": 145_000}
    ]


async def test_the_days_of_supply_are_waived_by_an_order_that_says_so() -> None:
    bag = basket(pill(days_supply=60))
    world = await under(signed(order(waives=(Waiver.QUANTITIES,))))
    sale = await world.settled(who=LAN, basket=bag)
    assert dict(sale.settlements[0].breakdown.funds) == {"chronic": 6_000}


async def test_a_reversal_of_a_sale_under_an_order_gives_back_what_it_took_also_after_the_order() -> None:
    world = await under(signed(order(holds_to=TODAY)))
    sale = await bought(world)
    world.clock.forward(days=1)
    await world.sale(world.reverse(sale.request_id))
    assert used(world, "outpatient") == 0
    check_store(world.store)


async def test_a_hold_that_is_confirmed_late_keeps_its_order() -> None:
    world = await under(signed(order(holds_to=TODAY)))
    held = await world.held(who=LAN, basket=basket(cold()))
    world.clock.forward(hours=13)
    await world.swept(held.request_id)
    assert tag(await world.sale(world.confirm(held))) == "o1"


async def test_a_bill_that_is_confirmed_late_keeps_the_order_of_each_of_its_lines() -> None:
    first, second = order("o1", holds_from=day(10, 6), holds_to=day(10, 6)), order("o2", holds_to=TODAY)
    world = await under(signed(first), signed(second))
    held = await world.held(who=LAN, basket=beds(world, day(9, 6), day(10, 6), TODAY), place=HOSPITAL)
    ended = signed(second, OrderEnd("o2", TODAY - DAY, "李某", NOON))
    world.store.tables.orders["o2"] = ended
    world.clock.forward(hours=13)
    await world.swept(held.request_id)
    sale = await world.sale(world.confirm(held))
    in_scope = [each.in_scope_fen for each in sale.settlements[0].breakdown.lines]
    assert (in_scope, tag(sale)) == ([0, 50_000, 50_000], "o1+o2")
    check_store(world.store)


async def test_the_order_that_holds_is_that_of_the_day_of_service() -> None:
    world = await under(signed(order(holds_to=TODAY)))
    world.clock.forward(days=3)
    late = basket(cold(), service_on=TODAY, late_reason="line was down")
    assert tag(await world.settled(who=LAN, basket=late)) == "o1"


async def test_rescue_at_a_place_that_is_not_designated_is_covered() -> None:
    world = await a_world()
    rescue = basket(cold(), emergency=True)
    sale = await world.settled(who=LAN, basket=rescue, place=INN)
    assert sale.settlements[0].benefit == "general_outpatient"


async def refusal(world: World, bag: Basket) -> Reason:
    command = world.settle(world.request_id(INN), basket=bag, credential=world.credential(LAN))
    return (await world.refused(replace(command, caller=caller_of(command.request_id)))).refusal.reason


async def test_whoever_could_choose_is_not_covered_there() -> None:
    world = await a_world()
    assert await refusal(world, basket(cold())) is Reason.NOT_DESIGNATED


async def test_rescue_in_another_region_is_not_covered() -> None:
    world = await a_world()
    inn = world.store.tables.institutions[INN]
    world.store.tables.institutions[INN] = replace(inn, region="990200")
    goods = world.store.tables.catalogue[REGION, COLD]
    world.store.tables.catalogue["990200", COLD] = goods
    assert await refusal(world, basket(cold(), emergency=True)) is Reason.OUT_OF_AREA_CLAIM
