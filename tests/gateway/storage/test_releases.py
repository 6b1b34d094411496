"""Gateways are replaced one by one: those of the release before go on, on the schema of the next."""

import re
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import asyncpg

from medsettle_gateway.domain.keys import SaleKey
from medsettle_gateway.domain.moves import PutSale
from medsettle_gateway.storage.postgres import recovery as server_recovery
from medsettle_gateway.storage.postgres.statements import SQL as SERVER_SQL
from medsettle_gateway.storage.sqlite import recovery as file_recovery
from medsettle_gateway.storage.sqlite.database import migrate
from medsettle_gateway.storage.sqlite.statements import SQL as FILE_SQL
from tests.gateway.storage.postgres_stand import PostgresStand
from tests.gateway.storage.released import (
    Kept,
    asked_of_a_file,
    asked_of_a_server,
    kept,
    rows_of_file,
    rows_of_server,
)
from tests.gateway.storage.stand import entry, load, sale, settlement

OPERATORS = {"end_recovery"}
"""What an operator must have begun before."""
REGISTERED = {"schema_versions", "settings"}
"""How many rows these have is the newer release's matter."""


def of_decisions(rows: dict[str, int]) -> dict[str, int]:
    return {table: count for table, count in rows.items() if table not in REGISTERED}


def test_the_release_before_runs_on_the_newest_schema_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "gateway.db"
    migrate(path)
    before = kept("sqlite")
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for call in before.calls:
            connection.execute(call.sql).fetchall()
        rows = rows_of_file(connection)
    assert {table: rows[table] for table in of_decisions(before.rows)} == of_decisions(before.rows)


async def test_the_release_before_runs_on_the_newest_schema_of_a_server(database_url: str) -> None:
    before = kept("postgres")
    connection = await asyncpg.connect(database_url)
    try:
        for sql, values in before.calls:
            await connection.fetch(sql, *values) if values else await connection.execute(sql)
        rows = await rows_of_server(connection)
    finally:
        await connection.close()
    assert {table: rows[table] for table in of_decisions(before.rows)} == of_decisions(before.rows)


async def test_a_gateway_goes_on_while_its_tables_get_new_columns_and_indexes(database_url: str) -> None:
    stand = PostgresStand(database_url)
    store = await stand.opened()
    for number, change in enumerate((
        "SELECT 1",
        "ALTER TABLE sales ADD COLUMN more TEXT",
        "ALTER TABLE settlements ADD COLUMN more BIGINT",
        "CREATE INDEX sales_more ON sales (more)",
        "ALTER TABLE entries ADD COLUMN more TEXT NOT NULL DEFAULT ''",
    ), 1):
        await stand.execute(change)
        one = sale(number, settlements=(settlement(),))
        async with store.begin() as transaction:
            await transaction.load((SaleKey(one.request_id.text),))
            await transaction.write((PutSale(one), entry(text=one.request_id.text)))
        assert await load(store, SaleKey(one.request_id.text)) == one
    await store.close()


def test_what_is_kept_of_a_release_has_all_that_it_asks(
    tmp_path: Path, databases: Any
) -> None:
    """Else a statement would be forgotten, and a schema that breaks it pass."""
    url = databases.new()
    asked = {"file": asked_of_a_file(tmp_path), "server": asked_of_a_server(url)}
    databases.drop(url)
    named = {"file": {**FILE_SQL, **file_recovery.SQL}, "server": {**SERVER_SQL, **server_recovery.SQL}}
    for where, found in asked.items():
        assert set(forgotten(named[where], found)) <= OPERATORS


def forgotten(named: Mapping[str, str], found: Kept) -> list[str]:
    """Names of statements that no call is."""
    asked = [plain(call.sql) for call in found.calls]
    return [name for name, sql in named.items() if not any(map(pattern(sql).fullmatch, asked))]


def pattern(sql: str) -> re.Pattern[str]:
    """What the statement looks like with any values in place of their names and marks."""
    return re.compile(re.sub(r"(?<!:):[a-z_]+|\\\?\d*", ".+?", re.escape(plain(sql)).replace("\\ ", " ")))


def plain(sql: str) -> str:
    """A statement without comments, in one line."""
    lines = [line.partition("-- ")[0] for line in sql.splitlines()]
    return " ".join(" ".join(lines).replace(";", " ").split())
