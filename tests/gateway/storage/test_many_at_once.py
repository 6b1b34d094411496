"""A store answers many keys at once as it answers each alone, and a set of moves stands or falls together."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest
from msgspec import structs

from medsettle.wire.states import SaleState
from medsettle_gateway.domain.asked import Basket
from medsettle_gateway.domain.counters import CounterKey
from medsettle_gateway.domain.facts import CounterState
from medsettle_gateway.domain.ids import Ticket
from medsettle_gateway.domain.keys import (
    AnyKey,
    CatalogueKey,
    CountersKey,
    CredentialUseKey,
    DispensedKey,
    DueHoldsKey,
    KeyRecordKey,
    MaskedNameKey,
    MemberKey,
    RecentSalesKey,
    SaleKey,
    StayEndKey,
    TerminalKey,
    TicketKey,
)
from medsettle_gateway.domain.moves import (
    Move,
    MoveBalance,
    MoveCounter,
    PutSale,
    PutTerminal,
    PutTerminalKey,
    UseCredential,
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
    tie,
    write,
)

NUMBERS = ("11", "12", "13", "14")
OTHER = CounterKey("2025", "serious_illness", "deductible")


async def filled(stand: Stand, store: Store) -> dict[str, str]:
    """Enters four people, of whom one may use another's account, and what they did; returns references."""
    named = stand.enter(*map(person, NUMBERS), ties=(tie("12", "11"),))
    stand.enter_places()
    members = list(named.values())
    moves: list[Move] = []
    for number, member in enumerate(members, 1):
        bought = full_sale(member, request_id=request_id(number), created_at=NOW + number * SECOND)
        attempt = sale(number, 2, SaleState.SETTLED, member=member, basket_digest="digest", committed_at=NOW)
        moves += (
            PutSale(bought), PutSale(attempt), UseCredential(f"c{number}", bought.request_id.text, NOW, NOW),
            MoveCounter(counter(number, 2 * number, member)), MoveCounter(counter(7, 0, member, OTHER)),
        )
    till = replace(TERMINAL, terminal=f"{CLINIC}-T2", till="T2")
    moves += (PutTerminal(TERMINAL), PutTerminal(till))
    moves += (PutTerminalKey(key_record("k1")), PutTerminalKey(key_record("k2", terminal=till.terminal)))
    await write(store, *moves)
    return named


def of_each(*names: str) -> tuple[str, ...]:
    return (*names, "nobody", "nothing")


ASKED: dict[str, Callable[[list[str]], list[AnyKey]]] = {
    "sales": lambda _: [SaleKey(request_id(n, a).text) for n in (1, 2, 3, 9) for a in (1, 2, 3)],
    "tickets": lambda _: [
        TicketKey(Ticket(CLINIC, till, TODAY, number)) for number in (1, 2, 9) for till in ("T1", "T2")
    ],
    "recent sales": lambda who: [
        RecentSalesKey(member, CLINIC, digest, NOW + since * SECOND, limit)
        for member in of_each(*who)
        for digest in ("digest", "another") for since in (0, 2) for limit in (1, 5)
    ],
    "due holds": lambda who: [
        DueHoldsKey(member, NOW + after * SECOND, limit)
        for member in of_each(*who) for after in (0, 600, 601) for limit in (1, 5)
    ],
    "members": lambda who: [MemberKey(member) for member in of_each(*who)],
    "names": lambda who: [MaskedNameKey(member) for member in of_each(*who)],
    "counters": lambda who: [
        CountersKey(member, region, "employee", periods)
        for member in of_each(*who) for region in (REGION, "000000")
        for periods in (("2026",), ("2025", "2026"), ())
    ],
    "credentials": lambda _: [CredentialUseKey(name) for name in of_each("c1", "c2", "c3")],
    "terminals": lambda _: [TerminalKey(name) for name in of_each(f"{CLINIC}-T1", f"{CLINIC}-T2")],
    "keys": lambda _: [KeyRecordKey(name) for name in of_each("k1", "k2")],
    "goods": lambda _: [
        CatalogueKey(region, codes)
        for region in (REGION, "000000") for codes in (("XA01",), ("X", "XA01"), ())
    ],
    "drugs": lambda who: [DispensedKey(m, date(2026, 1, 1), date(2026, 12, 31), 5) for m in of_each(*who)],
    "stays": lambda who: [StayEndKey(member, "stay") for member in of_each(*who)],
}


@pytest.mark.parametrize("kind", ASKED)
async def test_many_keys_are_answered_as_each_alone(kind: str, stand: Stand, store: Store) -> None:
    keys = ASKED[kind](list((await filled(stand, store)).values()))
    together = await store.load(keys)
    for key in keys:
        assert together.of(key) == await load(store, key), key
    assert set(together.known()) == set(keys)


async def test_keys_of_all_kinds_are_answered_together(stand: Stand, store: Store) -> None:
    who = list((await filled(stand, store)).values())
    keys = [key for make in ASKED.values() for key in make(who)]
    async with store.begin() as transaction:
        together = await transaction.load(keys)
    alone = [await load(store, key) for key in keys]
    assert [together.of(key) for key in keys] == alone


async def test_goods_are_those_of_the_catalogue_that_was_entered_last(stand: Stand, store: Store) -> None:
    key = CatalogueKey(REGION, ("XA01",))
    assert (await load(store, key)).items == {}
    stand.enter_places()
    first = await load(store, key)
    assert await load(store, key) == first
    assert [item.code for item in first.items["XA01"]] == ["XA01", "XA01"]


async def test_what_a_set_frees_is_free_for_what_it_takes(stand: Stand, store: Store) -> None:
    member = stand.enter(person("11", account_fen=100))["11"]
    (account,) = (await load(store, MemberKey(member))).accounts
    name = account.account
    await write(store, MoveBalance(name, -100, 100))
    await write(store, MoveBalance(name, 100, -100), MoveBalance(name, -60, 0))
    (account,) = (await load(store, MemberKey(member))).accounts
    assert (account.balance_fen, account.held_fen) == (40, 0)


async def test_a_stay_that_a_set_ends_otherwise_may_be_ended_in_the_same_set(
    stand: Stand, store: Store
) -> None:
    member = stand.enter(person("11"))["11"]
    basket = Basket((), admitted_on=date(2026, 2, 1), discharged_on=TODAY)
    held = full_sale(member, basket=basket)
    await write(store, PutSale(held))
    freed = structs.replace(held, state=SaleState.EXPIRED, version=2)
    another = full_sale(member, basket=basket, request_id=request_id(2))
    await write(store, PutSale(freed), PutSale(another))
    assert (await load(store, SaleKey(another.request_id.text))).state is SaleState.HELD


async def test_a_sale_may_be_put_several_times_in_one_set(stand: Stand, store: Store) -> None:
    member = stand.enter(person("11"))["11"]
    held = full_sale(member)
    settled = structs.replace(held, state=SaleState.SETTLED, version=2)
    reversed_ = structs.replace(held, state=SaleState.REVERSED, version=3, settlements=())
    await write(store, PutSale(held), PutSale(sale(2)), PutSale(settled), PutSale(reversed_))
    assert await load(store, SaleKey(held.request_id.text)) == reversed_
    assert await load(store, SaleKey(request_id(2).text)) == sale(2)


@pytest.mark.parametrize("bad", ["a version", "a balance", "an account", "a counter", "a sale"])
async def test_one_move_that_is_refused_undoes_the_set(bad: str, stand: Stand, store: Store) -> None:
    member = stand.enter(person("11", account_fen=100))["11"]
    moves: dict[str, Move] = {
        "a version": PutSale(sale(2, version=7)),
        "a balance": MoveBalance((await load(store, MemberKey(member))).accounts[0].account, -101, 0),
        "an account": MoveBalance("nobody's", 1, 0),
        "a counter": MoveCounter(counter(-6, 0, member)),
        "a sale": PutSale(sale(1)),
    }
    with pytest.raises(AssertionError):
        await write(store, PutSale(sale(1)), MoveCounter(counter(5, 0, member)), moves[bad], entry())
    assert await load(store, SaleKey(request_id(1).text)) is None
    assert await load(store, CountersKey(member, REGION, "employee", ("2026",))) == {}


async def test_a_counter_adds_up_what_a_set_moves_several_times(stand: Stand, store: Store) -> None:
    member = stand.enter(person("11"))["11"]
    await write(store, MoveCounter(counter(5, 0, member)), MoveCounter(counter(2, 3, member)))
    found = await load(store, CountersKey(member, REGION, "employee", ("2026",)))
    assert found == {PAID: CounterState(7, 3)}
