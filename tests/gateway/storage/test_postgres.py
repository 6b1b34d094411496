"""What is particular to the store on a server: locks, limits, plans, what is never changed."""

import asyncio
import re
import traceback
from typing import Any

import asyncpg
import pytest

from medsettle_gateway.domain.keys import (
    SaleKey,
)
from medsettle_gateway.domain.moves import PutSale, UseCredential
from medsettle_gateway.service.ports import StoreUnavailableError
from medsettle_gateway.storage.postgres.connecting import Waits, connect
from medsettle_gateway.storage.postgres.statements import SQL
from tests.gateway.storage.postgres_stand import WAITS, Pair, PostgresStand
from tests.gateway.storage.stand import (
    NOW,
    load,
    request_id,
    sale,
    when_free,
    write,
)

KEY = SaleKey(request_id().text)


@pytest.fixture
def stand(database_url: str) -> PostgresStand:
    return PostgresStand(database_url)


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
    hanging = await stand.opened(WAITS._replace(idle_ms=500))
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
        ("records", "UPDATE DELETE TRUNCATE"),
        ("proxies", "UPDATE DELETE TRUNCATE"),
        ("identity_accesses", "UPDATE DELETE TRUNCATE"),
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
            columns |= {"member_attributes": "value", "records": "body"}
            columns |= {"proxies": "kept_at_us", "identity_accesses": "author"}
            name = columns.get(table, "id")
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
