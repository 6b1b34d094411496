"""What every store keeps to when it is written, whatever it is made of."""

import asyncio
from typing import Any

import pytest
from msgspec import structs

from medsettle.wire.states import SaleState
from medsettle_gateway.domain.counters import CounterKey
from medsettle_gateway.domain.entry import CounterMove, Posting
from medsettle_gateway.domain.facts import CounterState, EnrolCode
from medsettle_gateway.domain.ids import Ticket
from medsettle_gateway.domain.keys import (
    AnyKey,
    CountersKey,
    CredentialUseKey,
    DueHoldsKey,
    EnrolCodeKey,
    InstitutionKey,
    KeyRecordKey,
    LaterSalesKey,
    MaskedNameKey,
    MemberKey,
    NonceKey,
    RecentSalesKey,
    SaleKey,
    SettledSinceKey,
    StayEndKey,
    TerminalKey,
    TerminalKeysKey,
    TicketKey,
)
from medsettle_gateway.domain.moves import (
    KeepNonce,
    Move,
    MoveBalance,
    MoveCounter,
    PutSale,
    PutTerminal,
    PutTerminalKey,
    UseCredential,
    UseEnrolCode,
)
from medsettle_gateway.service.ports import Store
from tests.gateway.storage.stand import (
    CLINIC,
    NOW,
    PAID,
    REGION,
    SECOND,
    TERMINAL,
    TODAY,
    Stand,
    counter,
    entry,
    full_sale,
    key_record,
    load,
    person,
    request_id,
    sale,
    settlement,
    write,
)


@pytest.mark.parametrize(
    ("key", "nothing"),
    [
        (SaleKey("x"), None),
        (TicketKey(Ticket(CLINIC, "T1", TODAY, 1)), ()),
        (RecentSalesKey("m", CLINIC, "d", NOW, 5), ()),
        (LaterSalesKey("m", NOW, 5), ()),
        (SettledSinceKey("m", NOW, 5), ()),
        (StayEndKey("m", "s"), None),
        (DueHoldsKey("m", NOW, 5), ()),
        (TerminalKey("t"), None),
        (KeyRecordKey("k"), None),
        (TerminalKeysKey("t"), ()),
        (InstitutionKey("i"), None),
        (MemberKey("m"), None),
        (MaskedNameKey("m"), ""),
        (CountersKey("m", REGION, "employee", ("2026",)), {}),
        (CredentialUseKey("c"), None),
        (EnrolCodeKey("h"), None),
        (NonceKey("s", "n"), False),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_what_was_never_written_is_known_to_be_absent(store: Store, key: AnyKey, nothing: Any) -> None:
    assert await load(store, key) == nothing


async def test_a_sale_comes_back_as_it_was_written(stand: Stand, store: Store) -> None:
    member = stand.enter(person("1"))["1"]
    written = full_sale(member)
    await write(store, PutSale(written))
    assert await load(store, SaleKey(written.request_id.text)) == written


async def test_the_next_version_stands_in_place_of_the_one_before(stand: Stand, store: Store) -> None:
    first = full_sale(stand.enter(person("1"))["1"], settlements=(settlement(1), settlement(2)))
    other = (settlement(1, pack_digest="other"),)
    again = structs.replace(first, version=2, state=SaleState.SETTLED, settlements=other)
    await write(store, PutSale(first))
    await write(store, PutSale(again))
    assert await load(store, SaleKey(first.request_id.text)) == again


async def test_inside_a_transaction_its_own_moves_are_seen_and_outside_they_are_not(store: Store) -> None:
    key = SaleKey(request_id().text)
    async with store.begin() as transaction:
        await transaction.write([PutSale(sale())])
        assert (await transaction.load((key,))).of(key) == sale()
        assert await load(store, key) is None
    assert await load(store, key) == sale()


async def test_a_transaction_that_is_left_by_an_exception_leaves_nothing(store: Store) -> None:
    async def interrupted() -> None:
        async with store.begin() as transaction:
            await transaction.write([PutSale(sale()), KeepNonce("s", "n", NOW)])
            raise ArithmeticError

    with pytest.raises(ArithmeticError):
        await interrupted()
    assert await load(store, SaleKey(request_id().text)) is None
    assert await load(store, NonceKey("s", "n")) is False
    await write(store, PutSale(sale()))


async def test_the_second_transaction_begins_when_the_first_has_ended(store: Store) -> None:
    order: list[str] = []

    async def second() -> None:
        async with store.begin() as transaction:
            found = await transaction.load((SaleKey(request_id().text),))
            order.append("second" if found.of(SaleKey(request_id().text)) else "too early")

    async with store.begin() as transaction:
        waiting = asyncio.ensure_future(second())
        await asyncio.sleep(0)
        await transaction.write([PutSale(sale())])
        order.append("first")
    await waiting
    assert order == ["first", "second"]


async def test_a_cancelled_caller_leaves_the_store_free(store: Store) -> None:
    begun = asyncio.Event()

    async def forgetful() -> None:
        async with store.begin() as transaction:
            await transaction.write([PutSale(sale())])
            begun.set()
            await asyncio.Event().wait()

    task = asyncio.ensure_future(forgetful())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await write(store, PutSale(sale()))
    assert await load(store, SaleKey(request_id().text)) == sale()


@pytest.mark.parametrize("number", range(12))
async def test_a_move_that_breaks_what_a_store_asserts_undoes_its_transaction(
    stand: Stand, store: Store, number: int
) -> None:
    stand.enter_places()
    member = stand.enter(person("1"))["1"]
    account = (await load(store, MemberKey(member))).accounts[0].account
    code = EnrolCode("h", CLINIC, "T1", NOW)
    stand.hand_out(code)
    await write(
        store, PutSale(sale(2)), UseCredential("c", request_id(2).text, NOW, NOW), KeepNonce("s", "n", NOW),
        MoveCounter(counter(100, 50, member)), UseEnrolCode("h", "k", NOW), PutTerminal(TERMINAL),
        PutTerminalKey(key_record("taken")),
    )
    broken: tuple[Move, ...] = (
        PutSale(sale(2)),
        PutSale(sale(2, version=3)),
        PutSale(sale(3, version=2)),
        entry(Posting("book", "a", 5), Posting("other", "b", -5)),
        MoveBalance(account, -100_001, 0),
        MoveBalance(account, 0, -1),
        MoveBalance("nobody's", 1, 0),
        MoveCounter(counter(-101, 0, member)),
        MoveCounter(counter(0, -51, member)),
        UseCredential("c", request_id(9).text, NOW, NOW),
        KeepNonce("s", "n", NOW + SECOND),
        UseEnrolCode("h", "other", NOW),
    )
    with pytest.raises(AssertionError):
        await write(store, PutSale(sale(1)), broken[number])
    assert await load(store, SaleKey(request_id(1).text)) is None


async def test_balances_and_counters_move_by_what_is_added(stand: Stand, store: Store) -> None:
    member = stand.enter(person("1", account_fen=10_000))["1"]
    account = (await load(store, MemberKey(member))).accounts[0].account
    await write(
        store, MoveBalance(account, -3_000, 3_000), MoveCounter(counter(0, 700, member)),
        MoveCounter(counter(500, -200, member)),
    )
    after = (await load(store, MemberKey(member))).accounts[0]
    counters = await load(store, CountersKey(member, REGION, "employee", ("2025", "2026")))
    assert (after.balance_fen, after.held_fen) == (7_000, 3_000)
    assert counters == {PAID: CounterState(500, 500)}


async def test_counters_are_of_the_asked_member_region_scheme_and_periods(stand: Stand, store: Store) -> None:
    members = stand.enter(person("1"), person("2"))
    one, other = members["1"], members["2"]
    last_year = CounterKey("2025", "general_outpatient", "paid")
    await write(
        store, MoveCounter(counter(1, 0, one)), MoveCounter(counter(2, 0, other)),
        MoveCounter(counter(4, 0, one, last_year)),
        MoveCounter(CounterMove(one, REGION, "resident", PAID, 8, 0)),
    )
    assert await load(store, CountersKey(one, REGION, "employee", ("2026",))) == {PAID: CounterState(1, 0)}
