"""What every store keeps to, whatever it is made of."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from medsettle.wire.states import SaleState
from medsettle_gateway.domain.counters import CounterKey
from medsettle_gateway.domain.entry import CounterMove, Posting
from medsettle_gateway.domain.facts import AccountState, CounterState, EnrolCode, State, TerminalFacts
from medsettle_gateway.domain.ids import Ticket
from medsettle_gateway.domain.keys import (
    AnyKey,
    CatalogueKey,
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
    TerminalKey,
    TerminalKeysKey,
    TicketKey,
)
from medsettle_gateway.domain.member import Enrolment, Owner
from medsettle_gateway.domain.moves import (
    EndTerminalKey,
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
from medsettle_gateway.domain.sale import SaleHead, SaleRecord
from medsettle_gateway.service.ports import SaleFilter, SalePosition, Store
from tests.gateway.storage.memory_stand import MemoryStand
from tests.gateway.storage.stand import (
    CLINIC,
    NOW,
    PAID,
    REGION,
    SECOND,
    TODAY,
    SqliteStand,
    Stand,
    entry,
    full_sale,
    key_record,
    person,
    request_id,
    sale,
    settlement,
    tie,
)

STANDS: dict[str, Callable[[Path], Stand]] = {"sqlite": SqliteStand, "model": MemoryStand}
"""Another kind of store is one more entry."""

HELD, EXPIRED, SETTLED = SaleState.HELD, SaleState.EXPIRED, SaleState.SETTLED
TERMINAL = TerminalFacts(f"{CLINIC}-T1", CLINIC, "T1", State.ACTIVE)


@pytest.fixture(params=STANDS)
def stand(request: pytest.FixtureRequest, tmp_path: Path) -> Stand:
    return STANDS[request.param](tmp_path)


@pytest.fixture
async def store(stand: Stand) -> AsyncIterator[Store]:
    opened = stand.open()
    yield opened
    await opened.close()


async def write(store: Store, *moves: Move) -> None:
    async with store.begin() as transaction:
        await transaction.write(moves)


async def load(store: Store, key: AnyKey) -> Any:
    return (await store.load((key,))).of(key)


def counter(used: int, held: int, member: str, key: CounterKey = PAID) -> CounterMove:
    return CounterMove(member, REGION, "employee", key, used, held)


@pytest.mark.parametrize(
    ("key", "nothing"),
    [
        (SaleKey("x"), None),
        (TicketKey(Ticket(CLINIC, "T1", TODAY, 1)), ()),
        (RecentSalesKey("m", CLINIC, "d", NOW), ()),
        (LaterSalesKey("m", NOW, 5), ()),
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
    again = replace(first, version=2, state=SETTLED, settlements=(settlement(1, pack_digest="other"),))
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


async def test_a_member_comes_with_the_own_account_first_and_names_masked(stand: Stand, store: Store) -> None:
    members = stand.enter(
        person("1", name="刘洋", account_fen=0), person("2", name="欧阳娜娜", frozen=True), person("3"),
        person("4", account_fen=None),
        ties=(tie("1", "3", Owner.SPOUSE), tie("1", "2"), tie("1", "4", Owner.CHILD), tie("2", "1")),
    )
    facts = await load(store, MemberKey(members["1"]))
    assert facts.masked_name == "刘*"
    assert [(each.owner, each.owner_member, each.masked_name, each.state) for each in facts.accounts] == [
        (Owner.SELF, members["1"], "刘*", AccountState.ACTIVE),
        (Owner.SPOUSE, members["3"], "张*", AccountState.ACTIVE),
        (Owner.PARENT, members["2"], "欧阳**", AccountState.FROZEN),
    ]
    assert await load(store, MaskedNameKey(members["2"])) == "欧阳**"


async def test_no_account_is_not_a_balance_of_zero(stand: Stand, store: Store) -> None:
    members = stand.enter(
        person("1", account_fen=0), person("2", enrolment=Enrolment.POOL_ONLY, account_fen=None)
    )
    with_zero, without = [await load(store, MemberKey(members[number])) for number in ("1", "2")]
    assert [account.balance_fen for account in with_zero.accounts] == [0]
    assert without.accounts == ()


async def test_an_item_comes_in_all_its_versions_and_an_unknown_code_not_at_all(
    stand: Stand, store: Store
) -> None:
    stand.enter_places()
    facts = await load(store, CatalogueKey(REGION, ("XA01", "XZ99")))
    assert [each.valid_from for each in facts.items["XA01"]] == [date(2022, 1, 1), date(2026, 1, 1)]
    assert set(facts.items) == {"XA01"}
    assert facts.digest


async def test_attempts_of_a_ticket_come_in_their_order(store: Store) -> None:
    await write(store, PutSale(sale(7, 2)), PutSale(sale(7, 1)), PutSale(sale(8, 1)), PutSale(sale(7, 10)))
    found = await load(store, TicketKey(request_id(7).ticket))
    assert found == tuple(SaleHead(request_id(7, attempt).text, SaleState.SEALED) for attempt in (1, 2, 10))


async def test_recent_sales_are_those_of_member_place_and_basket_since_then(
    stand: Stand, store: Store
) -> None:
    members = stand.enter(person("1"), person("2"))
    one, other = members["1"], members["2"]
    await write(
        store,
        PutSale(sale(1, member=one, basket_digest="d", created_at=NOW - SECOND)),
        PutSale(sale(2, member=one, basket_digest="d", created_at=NOW)),
        PutSale(sale(3, member=one, basket_digest="d", created_at=NOW + SECOND)),
        PutSale(sale(4, member=one, basket_digest="e")),
        PutSale(sale(5, member=other, basket_digest="d")),
    )
    found = await load(store, RecentSalesKey(one, CLINIC, "d", NOW))
    assert [head.request_id for head in found] == [request_id(2).text, request_id(3).text]
    assert await load(store, RecentSalesKey(one, "elsewhere", "d", NOW)) == ()


async def test_later_sales_are_settled_and_calculated_after_the_instant(stand: Stand, store: Store) -> None:
    member = stand.enter(person("1"))["1"]
    sales = [
        sale(number, state=state, member=member, calculated_at=NOW + seconds * SECOND)
        for number, state, seconds in [(1, SETTLED, 0), (2, SETTLED, 9), (3, HELD, 3), (4, SETTLED, 5)]
    ]
    await write(store, *map(PutSale, sales))
    assert await load(store, LaterSalesKey(member, NOW, 5)) == (sales[3], sales[1])
    assert await load(store, LaterSalesKey(member, NOW, 1)) == (sales[3],)


async def test_due_holds_are_of_everyone_who_shares_an_account_with_the_member(
    stand: Stand, store: Store
) -> None:
    """The daughter's father pays for her and for her brother, whose hold may stand on the same account."""
    members = stand.enter(
        person("daughter"), person("father"), person("brother"), person("stranger"),
        ties=(tie("daughter", "father"), tie("brother", "father")),
    )
    order = ["stranger", "brother", "father", "daughter"]
    sales = {
        name: sale(number, state=HELD, member=members[name], hold_expires_at=NOW - number * SECOND)
        for number, name in enumerate(order, 1)
    }
    later = sale(9, state=HELD, member=members["father"], hold_expires_at=NOW + SECOND)
    ended = sale(10, state=EXPIRED, member=members["father"], hold_expires_at=NOW - SECOND)
    await write(store, *map(PutSale, [*sales.values(), later, ended]))
    found = await load(store, DueHoldsKey(members["daughter"], NOW, 5))
    assert found == (sales["daughter"], sales["father"], sales["brother"])
    assert await load(store, DueHoldsKey(members["daughter"], NOW, 1)) == (sales["daughter"],)
    assert await load(store, DueHoldsKey(members["stranger"], NOW, 5)) == (sales["stranger"],)


async def test_due_sales_are_ended_holds_and_day_old_expiries_longest_due_first(store: Store) -> None:
    day = timedelta(days=1)
    cases = [
        (1, HELD, NOW), (2, HELD, NOW + SECOND), (3, EXPIRED, NOW - day), (4, EXPIRED, NOW),
        (5, SETTLED, NOW),
    ]
    await write(store, *(
        PutSale(sale(number, state=state, hold_expires_at=ends)) for number, state, ends in cases
    ))
    assert await store.due_sales(NOW, NOW - day, 10) == (request_id(3).text, request_id(1).text)
    assert await store.due_sales(NOW, NOW - day, 1) == (request_id(3).text,)


def shuffled_sales() -> list[SaleRecord]:
    """Twelve sales at four instants, three to an instant, in the order in which they are listed."""
    made = [sale(number, created_at=NOW + (number % 4) * SECOND) for number in range(1, 13)]
    return sorted(made, key=lambda each: (each.created_at, each.request_id.text), reverse=True)


@pytest.mark.parametrize("page_size", [1, 2, 5, 12, 100])
async def test_pages_of_sales_follow_each_other_without_gap_or_repetition(
    store: Store, page_size: int
) -> None:
    expected = shuffled_sales()
    await write(store, *map(PutSale, sorted(expected, key=lambda each: each.request_id.text)))
    found: list[SaleRecord] = []
    after: SalePosition | None = None
    while page := await store.list_sales(SaleFilter(CLINIC), page_size, after):
        assert len(page) <= page_size
        found += page
        after = SalePosition(page[-1].created_at, page[-1].request_id.text)
    assert found == expected


@pytest.mark.parametrize(
    ("chosen", "numbers"),
    [
        (SaleFilter(CLINIC), [3, 2, 1]),
        (SaleFilter("elsewhere"), []),
        (SaleFilter(CLINIC, states=(HELD, SETTLED)), [2, 1]),
        (SaleFilter(CLINIC, terminal=f"{CLINIC}-T2"), [3]),
        (SaleFilter(CLINIC, service_from=TODAY), [3, 2]),
        (SaleFilter(CLINIC, service_to=TODAY), [2, 1]),
        (SaleFilter(CLINIC, service_from=TODAY, service_to=TODAY), [2]),
    ],
)
async def test_a_filter_leaves_the_sales_that_it_names(
    store: Store, chosen: SaleFilter, numbers: list[int]
) -> None:
    day = timedelta(days=1)
    await write(
        store,
        PutSale(sale(1, state=HELD, service_on=TODAY - day)),
        PutSale(sale(2, state=SETTLED, created_at=NOW + SECOND)),
        PutSale(sale(3, till="T2", created_at=NOW + 2 * SECOND, service_on=TODAY + day)),
    )
    found = await store.list_sales(chosen, 10, None)
    assert [each.request_id.ticket.number for each in found] == numbers


async def test_a_terminal_and_its_keys_come_back_as_they_were_written(stand: Stand, store: Store) -> None:
    stand.enter_places()
    old, new = key_record("k2"), key_record("k1", not_before=NOW + SECOND)
    await write(store, PutTerminal(TERMINAL), PutTerminalKey(new), PutTerminalKey(old))
    await write(store, PutTerminal(replace(TERMINAL, state=State.SUSPENDED)))
    assert await load(store, TerminalKey(TERMINAL.terminal)) == replace(TERMINAL, state=State.SUSPENDED)
    assert await load(store, TerminalKeysKey(TERMINAL.terminal)) == (old, new)
    assert await load(store, KeyRecordKey("k1")) == new


@pytest.mark.parametrize(("seconds", "ends"), [(10, 10), (1_000, 100)])
async def test_a_key_ends_earlier_but_never_later(
    stand: Stand, store: Store, seconds: int, ends: int
) -> None:
    stand.enter_places()
    await write(store, PutTerminal(TERMINAL), PutTerminalKey(key_record()))
    await write(store, EndTerminalKey("k1", NOW + seconds * SECOND))
    assert (await load(store, KeyRecordKey("k1"))).not_after == NOW + ends * SECOND


async def test_a_code_names_the_key_that_used_it(stand: Stand, store: Store) -> None:
    stand.enter_places()
    code = EnrolCode("h", CLINIC, "T1", NOW)
    stand.hand_out(code)
    assert await load(store, EnrolCodeKey("h")) == code
    await write(store, UseEnrolCode("h", "k", NOW))
    assert await load(store, EnrolCodeKey("h")) == replace(code, used_by_key="k")


async def test_a_credential_names_the_sale_that_used_it(store: Store) -> None:
    await write(store, UseCredential("c", "the sale", NOW, NOW + SECOND))
    assert await load(store, CredentialUseKey("c")) == "the sale"


async def test_a_nonce_is_kept_for_its_sender(store: Store) -> None:
    await write(store, KeepNonce("s", "n", NOW))
    assert await load(store, NonceKey("s", "n")) is True
    assert await load(store, NonceKey("other", "n")) is False
