"""Earlier sales of a member, as every store answers them to supervision."""

from datetime import timedelta
from typing import Any

from medsettle.wire.states import SaleState
from medsettle_gateway.domain.asked import AskedLine, Basket
from medsettle_gateway.domain.keys import PastSalesKey
from medsettle_gateway.domain.moves import PutSale
from medsettle_gateway.domain.past import PastLine, PastSale
from medsettle_gateway.domain.sale import AccountBooking, Effect, SaleRecord
from medsettle_gateway.service.ports import Store
from tests.gateway.storage.stand import CLINIC, NOW, REGION, TODAY, Stand, load, person, sale, write

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
LINES = (
    AskedLine("1", "XA01", 10_000, 12_000_000, 12_000, days_supply=30),
    AskedLine("2", "XA02", 10_000, 3_000_000, 3_000, service_on=TODAY - DAY),
)


def bought(member: str, number: int = 1, minutes_ago: int = 0, **changes: Any) -> SaleRecord:
    at = NOW - minutes_ago * MINUTE
    facts: dict[str, Any] = {
        "state": SaleState.SETTLED, "member": member, "basket": Basket(LINES), "created_at": at,
        "effect": Effect(
            REGION, "employee", (), (AccountBooking("a1", REGION, "employee", 15_000),), 0, 0, ()
        ),
    }
    return sale(number, **{**facts, **changes})


async def found(store: Store, member: str, minutes: int = 60, limit: int = 10) -> tuple[PastSale, ...]:
    past: tuple[PastSale, ...] = await load(store, PastSalesKey(member, NOW - minutes * MINUTE, limit))
    return past


async def test_an_earlier_sale_says_where_when_what_and_which_accounts_paid(
    stand: Stand, store: Store
) -> None:
    member = stand.enter(person("1"))["1"]
    one = bought(member)
    await write(store, PutSale(one))
    assert await found(store, member) == (PastSale(
        request_id=one.request_id.text, institution=CLINIC, at=NOW, service_on=TODAY,
        lines=(PastLine("XA01", TODAY, 30), PastLine("XA02", TODAY - DAY, None)), accounts=(("a1", 15_000),),
    ),)


async def test_only_sales_that_are_paid_held_or_being_asked_about_count(stand: Stand, store: Store) -> None:
    member = stand.enter(person("1"))["1"]
    ends_at = NOW + 10 * MINUTE
    for number, state in enumerate(SaleState, 1):
        if state is not SaleState.ABSENT:
            await write(store, PutSale(bought(member, number, state=state, hold_expires_at=ends_at)))
    states = list(SaleState)
    counted = {states[int(each.request_id.split("-")[-2]) - 1]: each for each in await found(store, member)}
    assert set(counted) == {SaleState.PENDING, SaleState.HELD, SaleState.SETTLED}
    held_until = {state.value: each.held_until for state, each in counted.items()}
    assert held_until == {"PENDING": None, "HELD": ends_at, "SETTLED": None}


async def test_they_come_oldest_first_and_of_more_than_asked_for_the_latest(
    stand: Stand, store: Store
) -> None:
    members = stand.enter(person("1"), person("2"))
    for number, minutes_ago in ((1, 10), (2, 5), (3, 61), (4, 60)):
        await write(store, PutSale(bought(members["1"], number, minutes_ago)))
    await write(store, PutSale(bought(members["2"], 5)))
    minutes = [(NOW - each.at) // MINUTE for each in await found(store, members["1"])]
    assert minutes == [60, 10, 5]
    minutes = [(NOW - each.at) // MINUTE for each in await found(store, members["1"], limit=2)]
    assert minutes == [10, 5]


async def test_what_a_stay_bills_is_no_purchase_and_a_return_no_visit(stand: Stand, store: Store) -> None:
    member = stand.enter(person("1"))["1"]
    await write(store, PutSale(bought(member, 1, basket=Basket(LINES, admitted_on=TODAY - DAY))))
    await write(store, PutSale(bought(member, 2, replaces="another")))
    await write(store, PutSale(bought(member, 3, basket=None, effect=None)))
    stay, kept, lost = sorted(await found(store, member), key=lambda each: each.request_id)
    assert (stay.lines, stay.visited) == ((), True)
    assert (len(kept.lines), kept.visited) == (2, False)
    assert (lost.lines, lost.accounts) == ((), ())


async def test_no_visit_is_what_somebody_else_fetched_or_what_was_claimed_after_its_day(
    stand: Stand, store: Store
) -> None:
    member = stand.enter(person("1"))["1"]
    late = Basket(LINES, service_on=TODAY - DAY, late_reason="断网")
    fetched: dict[str, Any] = {"proxied": True}
    claimed: dict[str, Any] = {"basket": late, "service_on": TODAY - DAY}
    over_midnight: dict[str, Any] = {"service_on": TODAY - DAY}
    reasoned: dict[str, Any] = {"basket": Basket(LINES, late_reason="多余")}
    for number, facts in enumerate((fetched, claimed, over_midnight, reasoned), 1):
        await write(store, PutSale(bought(member, number, **facts)))
    past = sorted(await found(store, member), key=lambda each: each.request_id)
    assert [each.visited for each in past] == [False, False, True, True]
    assert all(each.lines for each in past)
