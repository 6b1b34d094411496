"""Drugs that were handed out, and emergency orders: what every store keeps of them and answers."""

from dataclasses import replace
from datetime import timedelta

import pytest

from medsettle.wire.states import SaleState
from medsettle_gateway.domain.basket import Dispensed
from medsettle_gateway.domain.keys import DispensedKey, OrdersKey
from medsettle_gateway.domain.moves import DropDispensed, KeepDispensed, PutSale
from medsettle_gateway.domain.orders import OrderEnd, SignedOrder, end_text, order_text, read_order
from medsettle_gateway.service.ports import Store
from tests.gateway.storage.stand import (
    CLINIC,
    NOW,
    REGION,
    TODAY,
    Stand,
    load,
    order,
    person,
    request_id,
    sale,
    write,
)

DAY = timedelta(days=1)


def drug(name: str, days_ago: int = 0) -> Dispensed:
    return Dispensed(name, TODAY - days_ago * DAY, 7, "hypertension", "chronic_outpatient")


async def handed_out(store: Store, member: str, number: int, *drugs: Dispensed) -> str:
    text = request_id(number).text
    record = sale(number, state=SaleState.SETTLED, member=member)
    await write(store, PutSale(record), KeepDispensed(text, member, drugs))
    return text


async def names(store: Store, member: str, days: int = 30, limit: int = 100) -> list[str]:
    found = await load(store, DispensedKey(member, TODAY - days * DAY, TODAY, limit))
    return [each.drug.name for each in found]


async def test_drugs_come_as_they_were_handed_out_each_with_its_sale(stand: Stand, store: Store) -> None:
    member = stand.enter(person("1"))["1"]
    second = await handed_out(store, member, 2, drug("today"), Dispensed("plain", TODAY))
    first = await handed_out(store, member, 1, drug("before", 3), drug("after"))
    found = await load(store, DispensedKey(member, TODAY - 3 * DAY, TODAY, 10))
    assert found == (
        (first, drug("before", 3)), (second, drug("today")), (second, Dispensed("plain", TODAY)),
        (first, drug("after")),
    )


async def test_only_the_days_asked_for_and_the_member_asked_for_are_loaded(
    stand: Stand, store: Store
) -> None:
    members = stand.enter(person("1"), person("2"))
    await handed_out(store, members["1"], 1, drug("old", 31), drug("edge", 30), drug("new"))
    await handed_out(store, members["1"], 2, drug("tomorrow", -1))
    await handed_out(store, members["2"], 3, drug("another's"))
    assert await names(store, members["1"]) == ["edge", "new"]


async def test_of_more_drugs_than_are_asked_for_the_latest_come(stand: Stand, store: Store) -> None:
    member = stand.enter(person("1"))["1"]
    await handed_out(store, member, 1, *(drug(f"d{days}", days) for days in range(5)))
    assert await names(store, member, limit=2) == ["d1", "d0"]


async def test_the_drugs_of_a_sale_that_ends_otherwise_are_taken_away(stand: Stand, store: Store) -> None:
    member = stand.enter(person("1"))["1"]
    text = await handed_out(store, member, 1, drug("gone"))
    await handed_out(store, member, 2, drug("stays"))
    await write(store, DropDispensed(text))
    assert await names(store, member) == ["stays"]


async def test_the_drugs_of_a_sale_are_written_once(stand: Stand, store: Store) -> None:
    member = stand.enter(person("1"))["1"]
    text = await handed_out(store, member, 1, drug("once"))
    with pytest.raises(AssertionError):
        await write(store, KeepDispensed(text, member, (drug("twice"),)))


async def test_an_order_is_found_on_its_days_in_its_region(stand: Stand, store: Store) -> None:
    first, last = TODAY, TODAY + 9 * DAY
    stand.order(order())
    stand.order(order("o2", region="371500"))
    for day, found in ((first - DAY, 0), (first, 1), (last, 1), (last + DAY, 0)):
        assert len(await load(store, OrdersKey(REGION, CLINIC, day, day, 10))) == found


@pytest.mark.parametrize(
    ("since", "until", "found"), [(-9, -1, 0), (-9, 0, 1), (3, 4, 1), (9, 99, 1), (10, 99, 0)]
)
async def test_an_order_is_found_on_any_of_several_days(
    stand: Stand, store: Store, since: int, until: int, found: int
) -> None:
    stand.order(order())
    key = OrdersKey(REGION, CLINIC, TODAY + since * DAY, TODAY + until * DAY, 10)
    assert len(await load(store, key)) == found


async def test_an_order_for_named_institutions_is_found_there_and_crowds_out_no_other(
    stand: Stand, store: Store
) -> None:
    for number in range(5):
        stand.order(order(f"a{number}", institutions=("elsewhere",)))
    stand.order(order("z", institutions=("elsewhere", CLINIC)))
    (found,) = await load(store, OrdersKey(REGION, CLINIC, TODAY, TODAY, 2))
    assert found.id == "z"


async def test_an_order_for_several_institutions_is_found_at_each_beside_those_of_the_region(
    stand: Stand, store: Store
) -> None:
    stand.order(order("some", institutions=(CLINIC, "H2", CLINIC)))
    stand.order(order("all"))
    for place, found in ((CLINIC, ["all", "some"]), ("H2", ["all", "some"]), ("H3", ["all"])):
        loaded = await load(store, OrdersKey(REGION, place, TODAY, TODAY, 10))
        assert [each.id for each in loaded] == found


async def test_an_order_comes_as_it_was_signed_with_its_earlier_end(stand: Stand, store: Store) -> None:
    stand.order(order(), OrderEnd("o1", TODAY + DAY, "李某", NOW))
    (signed,) = await load(store, OrdersKey(REGION, CLINIC, TODAY, TODAY, 10))
    assert (signed.signature, signed.end_signature) == (b"signed", b"ended")
    assert read_order(signed) == replace(order(), holds_to=TODAY + DAY)


async def test_no_more_orders_come_than_are_asked_for(stand: Stand, store: Store) -> None:
    for name in ("o2", "o1", "o3"):
        stand.order(order(name))
    assert [each.id for each in await load(store, OrdersKey(REGION, CLINIC, TODAY, TODAY, 2))] == ["o1", "o2"]


def test_an_end_of_another_order_and_an_order_of_another_id_are_no_order() -> None:
    other = end_text(OrderEnd("o2", TODAY, "李某", NOW))
    with pytest.raises(ValueError, match="the end is of order o2"):
        read_order(SignedOrder("o1", order_text(order()), b"", other, b""))
    with pytest.raises(ValueError, match="the order is o1"):
        read_order(SignedOrder("o2", order_text(order()), b""))
