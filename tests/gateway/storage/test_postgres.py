"""What is particular to the store on a server: locks, limits, plans, what is never changed."""

import asyncio
import random
import re
import traceback
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from medsettle_gateway.domain.keys import (
    AnyKey,
    KeyRecordKey,
    MemberKey,
    SaleKey,
    TerminalKey,
    TerminalKeysKey,
    TicketKey,
)
from medsettle_gateway.domain.moves import PutSale, PutTerminal, PutTerminalKey, UseCredential
from medsettle_gateway.service.ports import ContendedError, LockedError, StoreUnavailableError
from medsettle_gateway.storage.postgres.connecting import Waits, connect
from medsettle_gateway.storage.postgres.statements import SQL
from medsettle_gateway.storage.postgres.store import PostgresStore
from tests.gateway.storage.postgres_stand import WAITS, PostgresStand
from tests.gateway.storage.stand import (
    NOW,
    TERMINAL,
    entry,
    full_sale,
    key_record,
    load,
    person,
    request_id,
    sale,
    tie,
    when_free,
    write,
)

KEY = SaleKey(request_id().text)
FATHER, SON = "1", "2"


@pytest.fixture
def stand(database_url: str) -> PostgresStand:
    return PostgresStand(database_url)


@dataclass
class Pair:
    """Two stores, as two processes have them."""

    one: PostgresStore
    other: PostgresStore


@pytest.fixture
async def pair(stand: PostgresStand) -> AsyncIterator[Pair]:
    one, other = await stand.opened(), await stand.opened()
    yield Pair(one, other)
    await one.close()
    await other.close()


async def test_who_meets_anothers_lock_is_told_for_which_keys_and_goes_on_with_the_rest(pair: Pair) -> None:
    mine, free = SaleKey(request_id(1).text), SaleKey(request_id(2).text)
    await write(pair.one, PutSale(sale(2)))
    async with pair.one.begin() as first:
        await first.load((mine,))
        async with pair.other.begin() as second:
            with pytest.raises(LockedError) as refused:
                await second.load((mine, free, TerminalKey(TERMINAL.terminal)))
            assert refused.value.keys == (mine,)
            assert (await second.load((free,))).of(free) == sale(2)
            with pytest.raises(LockedError) as again:
                await second.load((mine,))
            assert again.value.keys == (mine,)
    async with pair.other.begin() as second:
        await second.load((mine,))


async def test_whoever_wants_what_a_key_leads_to_is_told_for_that_key(
    stand: PostgresStand, pair: Pair
) -> None:
    """The account is a relative's, and the sale names whom it is of only when it is looked up."""
    refs = stand.enter(person(FATHER), person(SON), person("3"), ties=(tie(SON, FATHER),))
    of_the_son, of_another = full_sale(refs[SON]), full_sale(refs["3"], request_id=request_id(2))
    await write(pair.one, PutSale(of_the_son), PutSale(of_another))
    named = [SaleKey(each.request_id.text) for each in (of_the_son, of_another)]
    async with pair.one.begin() as first:
        await first.load((MemberKey(refs[FATHER]),))
        async with pair.other.begin() as second:
            with pytest.raises(LockedError) as refused:
                await second.load((*named, MemberKey(refs["3"])))
            assert refused.value.keys == (named[0],)
            assert (await second.load((named[1],))).of(named[1]) == of_another


async def test_what_was_read_and_speaks_of_what_another_holds_is_told_for_its_key(
    stand: PostgresStand, pair: Pair
) -> None:
    """Which terminal a key is of shows only in its record."""
    stand.enter_places()
    record = key_record()
    await write(pair.one, PutTerminal(TERMINAL), PutTerminalKey(record))
    async with pair.one.begin() as first:
        await first.load((TerminalKeysKey(TERMINAL.terminal),))
        async with pair.other.begin() as second:
            with pytest.raises(LockedError) as refused:
                await second.load((KEY, KeyRecordKey(record.key)))
            assert refused.value.keys == (KeyRecordKey(record.key),)
            assert (await second.load((KEY,))).of(KEY) is None


async def test_what_the_server_refuses_stands_in_no_log_with_its_row(pair: Pair) -> None:
    use = UseCredential("shown-once", request_id().text, NOW, NOW)
    await write(pair.one, use)
    with pytest.raises(AssertionError) as refused:
        await write(pair.other, use)
    logged = "".join(traceback.format_exception(refused.value))
    assert "use_credential" in logged
    assert "shown-once" not in logged


async def test_a_commit_that_the_server_makes_a_rollback_is_none(pair: Pair) -> None:
    """Somebody has overlooked that a statement failed; what was to be answered is not on disk."""
    await write(pair.one, UseCredential("shown-once", request_id().text, NOW, NOW))
    failed = UseCredential("shown-once", request_id(2).text, NOW, NOW)

    async def overlook() -> None:
        async with pair.one.begin() as transaction:
            await transaction.write((PutSale(sale()),))
            with pytest.raises(AssertionError):
                await transaction.write((failed,))

    with pytest.raises(AssertionError, match="COMMIT came to ROLLBACK"):
        await overlook()
    assert await load(pair.one, KEY) is None
    await write(pair.one, PutSale(sale()))


async def test_who_holds_a_lock_never_waits_for_another(pair: Pair) -> None:
    """Each holds what the other wants next: waiting would be for ever."""
    mine, yours = SaleKey(request_id(1).text), SaleKey(request_id(2).text)
    async with pair.one.begin() as first:
        await first.load((mine,))

        async def crossed() -> None:
            async with pair.other.begin() as second:
                await second.load((yours,))
                await second.load((mine,))

        with pytest.raises(ContendedError):
            await crossed()
        await first.load((yours,))


async def test_the_accounts_that_may_pay_are_locked_with_the_member(stand: PostgresStand, pair: Pair) -> None:
    refs = stand.enter(person(FATHER), person(SON), ties=(tie(SON, FATHER),))

    async def relative() -> None:
        async with pair.other.begin() as transaction:
            await transaction.load((MemberKey(refs[FATHER]),))

    async with pair.one.begin() as transaction:
        await transaction.load((MemberKey(refs[SON]),))
        with pytest.raises(ContendedError):
            await relative()


async def test_a_sale_is_locked_with_whom_it_is_of(stand: PostgresStand, pair: Pair) -> None:
    ref = stand.enter(person(FATHER))[FATHER]
    await write(pair.one, PutSale(full_sale(ref)))

    async def of_the_person() -> None:
        async with pair.other.begin() as transaction:
            await transaction.load((MemberKey(ref),))

    async with pair.one.begin() as transaction:
        await transaction.load((KEY,))
        with pytest.raises(ContendedError):
            await of_the_person()


async def test_looking_at_a_terminal_keeps_nobody_waiting_and_changing_it_does(
    stand: PostgresStand, pair: Pair
) -> None:
    stand.enter_places()
    look = TerminalKey(TERMINAL.terminal)
    async with pair.one.begin() as first:
        await first.load((look,))
        async with pair.other.begin() as second:
            await second.load((look,))
            with pytest.raises(ContendedError):
                await second.write((PutTerminal(TERMINAL),))

    async def change() -> None:
        async with pair.other.begin() as transaction:
            await transaction.load((TerminalKeysKey(TERMINAL.terminal),))

    async with pair.one.begin() as first:
        await first.load((look,))
        with pytest.raises(ContendedError):
            await change()
    await write(pair.one, PutTerminal(TERMINAL))


async def test_any_mix_of_locks_in_any_order_comes_to_an_end(stand: PostgresStand) -> None:
    """What one transaction asks for first is taken in one order; later it gives way. None is a deadlock."""
    names = [str(number) for number in range(1, 7)]
    refs = stand.enter(
        *(person(name) for name in names), ties=tuple(tie(a, b) for a in names for b in names if a < b)
    )
    stores = [await stand.opened() for _ in range(4)]
    chance = random.Random(4)

    async def run(store: PostgresStore) -> None:
        for _ in range(12):
            keys: list[AnyKey] = [MemberKey(refs[name]) for name in chance.sample(names, 2)]
            keys += [TicketKey(request_id(number).ticket) for number in chance.sample(range(1, 9), 3)]
            chance.shuffle(keys)
            try:
                async with store.begin() as transaction:
                    await transaction.load(keys[:3])
                    await transaction.load(keys[3:])
            except ContendedError as error:
                reasons.add(str(error))
            else:
                done.append(store)

    reasons: set[str] = set()
    done: list[PostgresStore] = []
    await asyncio.gather(*map(run, stores))
    assert done
    assert reasons <= {"another process decides about the same things"}  # nobody waited in a circle
    for store in stores:
        await store.close()


async def test_a_transactions_instant_is_not_before_what_its_locks_held_before(pair: Pair) -> None:
    async with pair.other.begin() as late:
        async with pair.one.begin() as early:
            await early.load((KEY,))
            moment = early.at + timedelta(seconds=1)
            await early.write((replace(entry(), entry=replace(entry().entry, committed_at=moment)),))
        assert late.at < moment
        await late.load((KEY,))
        assert late.at == moment


async def test_a_process_holds_a_few_connections_however_many_ask(stand: PostgresStand) -> None:
    store = await stand.opened()
    await asyncio.gather(*(load(store, SaleKey(request_id(number).text)) for number in range(1, 200)))
    await store.due_sales(sale().created_at, sale().created_at, 1)
    observer = await asyncpg.connect(stand.url)
    count = await observer.fetchval(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
        "AND application_name = 'medsettle-gateway'"
    )
    await observer.close()
    await store.close()
    assert count <= 4


async def test_what_is_unsound_is_told_to_who_asked_for_it_and_to_nobody_else(stand: PostgresStand) -> None:
    store = await stand.opened()
    await write(store, PutSale(sale(1)), PutSale(sale(2)))
    await stand.execute("UPDATE sales SET body = '{}' WHERE number = 1")
    broken, sound = await asyncio.gather(
        *(load(store, SaleKey(request_id(number).text)) for number in (1, 2)), return_exceptions=True
    )
    await store.close()
    assert isinstance(broken, ValueError)
    assert sound == sale(2)


async def test_a_statement_that_takes_too_long_is_ended(stand: PostgresStand) -> None:
    store = await stand.opened(WAITS._replace(statement_ms=1_000))

    async def slow(connection: Any) -> None:
        await connection.fetch("SELECT pg_sleep(60)")

    with pytest.raises(StoreUnavailableError, match="statement timeout"):
        await store._readers.run(slow)
    assert await load(store, KEY) is None
    await store.close()


async def test_a_process_that_hangs_in_a_transaction_loses_it_and_its_locks(stand: PostgresStand) -> None:
    hanging = await stand.opened(WAITS._replace(idle_ms=50))
    other = await stand.opened()

    async def second() -> None:
        async with other.begin() as transaction:
            await transaction.load((KEY,))

    async def hang() -> None:
        async with hanging.begin() as transaction:
            await transaction.load((KEY,))
            await when_free(second)
            await transaction.load((KEY,))

    with pytest.raises(StoreUnavailableError):
        await hang()
    await hanging.close()
    await other.close()


async def test_a_closed_store_is_unavailable(stand: PostgresStand) -> None:
    store = await stand.opened()
    await store.close()
    with pytest.raises(StoreUnavailableError):
        await load(store, KEY)
    with pytest.raises(StoreUnavailableError):
        await write(store, PutSale(sale()))


async def test_what_a_server_cannot_hold_is_refused_as_a_move_and_the_store_goes_on(
    stand: PostgresStand,
) -> None:
    store = await stand.opened()
    with pytest.raises(AssertionError, match="refuses insert_sale"):
        await write(store, PutSale(sale(basket_digest="nul \0")))
    await write(store, PutSale(sale()))
    await store.close()


@pytest.mark.parametrize(
    ("table", "verbs"),
    [
        ("entries", "UPDATE DELETE TRUNCATE"),
        ("postings", "UPDATE DELETE TRUNCATE"),
        ("entry_counters", "UPDATE DELETE TRUNCATE"),
        ("member_attributes", "UPDATE DELETE TRUNCATE"),
        ("emergency_orders", "UPDATE DELETE TRUNCATE"),
        ("emergency_order_places", "UPDATE DELETE TRUNCATE"),
        ("emergency_order_ends", "UPDATE DELETE TRUNCATE"),
        ("sales", "DELETE TRUNCATE"),
        ("terminal_keys", "DELETE TRUNCATE"),
    ],
)
async def test_what_is_recorded_for_ever_is_refused_to_the_owner_too(
    stand: PostgresStand, table: str, verbs: str
) -> None:
    for verb in verbs.split():
        with pytest.raises(asyncpg.RestrictViolationError):
            await stand.execute(statement(verb, table))


def statement(verb: str, table: str) -> str:
    match verb:
        case "UPDATE":
            columns = {"entries": "reason", "postings": "book", "entry_counters": "counter"}
            name = columns.get(table, "value" if table == "member_attributes" else "id")
            return f"{verb} {table} SET {name} = {name}"
        case "DELETE":
            return f"{verb} FROM {table}"
    return f"{verb} {table} CASCADE"


@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("sale", "sales_pkey"), ("ticket", "sales_pkey"), ("recent_sales", "sales_of_member"),
        ("later_sales", "sales_settled"), ("settled_since", "sales_settled_at"), ("due_holds", "sales_held"),
        ("stay_end", "sales_of_stay"), ("list_sales", "sales_of_institution"),
        ("due_errands", "errands_due"), ("dispensed", "dispensings_of"), ("counters", "counters_pkey"),
    ],
)
async def test_a_sale_is_found_through_what_tells_it_from_the_most_others(
    migrated_database: str, name: str, index: str
) -> None:
    assert index in await plan_of(migrated_database, name)


@pytest.mark.parametrize("name", sorted(SQL))
async def test_no_decision_reads_through_a_whole_table(migrated_database: str, name: str) -> None:
    """Planned for tables that are empty, as on the first day: the plan stays when they are full."""
    plan = await plan_of(migrated_database, name)
    assert re.findall(r"Seq Scan on (\w+)", plan) == []
    for scan in re.split(r"->|(?=Bitmap Heap Scan)", plan):
        newest = "Scan Backward using entries_by_time" in scan  # its first row is all that is read
        assert "Index Cond" in scan or newest or not re.search(r"Index (Only )?Scan", scan), scan


async def plan_of(url: str, name: str) -> str:
    """As a gateway gets it."""
    connection = await connect(url, Waits(), by_index=True)
    try:
        count = len((await connection.prepare(SQL[name])).get_parameters())
        values = ", ".join(["NULL"] * count)
        await connection.execute(f"PREPARE planned AS {SQL[name]}")
        found = await connection.fetch(f"EXPLAIN EXECUTE planned {f'({values})' if count else ''}")
        return "\n".join(row[0] for row in found)
    finally:
        await connection.close()
