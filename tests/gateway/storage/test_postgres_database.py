"""Opening a database on a server: what is made, what is brought up to date, what is refused."""

import asyncio
from collections.abc import Iterator
from typing import Any

import asyncpg
import pytest

from medsettle_gateway.config import ConfigError
from medsettle_gateway.domain.accounts import FamilyBinding
from medsettle_gateway.domain.member import Enrolment, Owner, Scheme, Standing
from medsettle_gateway.domain.people import Registered
from medsettle_gateway.domain.plain import from_json
from medsettle_gateway.storage.found import Found
from medsettle_gateway.storage.migrations import Migration
from medsettle_gateway.storage.postgres import database
from medsettle_gateway.storage.postgres.database import look, migrate, migrations, open_database
from medsettle_gateway.storage.postgres.store import PostgresStore
from medsettle_gateway.storage.sealing import Sealer
from tests.gateway.storage.postgres_stand import WAITS, PostgresStand
from tests.gateway.storage.stand import ROOT_KEY, SEALER
from tests.postgres import Databases, Server, own_server

LATEST = len(migrations())
_RECORDS, _ACCOUNTS = 5, 8
"""The steps that begin to keep what the register said, and since when families are bound."""

SCHEMA = {
    "columns": """
        SELECT table_name, ordinal_position, column_name, data_type, is_nullable, column_default, is_identity,
          collation_name
        FROM information_schema.columns WHERE table_schema = 'public' ORDER BY table_name, ordinal_position
    """,
    "indexes": "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY indexname",
    "constraints": """
        SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2
    """,
    "triggers": "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1",
    "functions": """
        SELECT proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY 1
    """,
    "options": "SELECT relname, reloptions FROM pg_class WHERE reloptions IS NOT NULL ORDER BY 1",
}


@pytest.fixture
def empty_url(databases: Databases) -> Iterator[str]:
    url = databases.new()
    yield url
    databases.drop(url)


async def run(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        for each in statements:
            await connection.execute(each)
    finally:
        await connection.close()


async def schema(url: str) -> dict[str, list[Any]]:
    connection = await asyncpg.connect(url)
    try:
        return {name: list(map(tuple, await connection.fetch(query))) for name, query in SCHEMA.items()}
    finally:
        await connection.close()


async def open_and_close(url: str, sealer: Sealer = SEALER, root: str = ROOT_KEY) -> None:
    store = await PostgresStore.open(url, sealer, root=root, waits=WAITS)
    await store.close()


async def refusal_of(url: str, sealer: Sealer = SEALER, root: str = ROOT_KEY) -> ConfigError:
    with pytest.raises(ConfigError) as refused:
        await open_and_close(url, sealer, root)
    return refused.value


def up_to(version: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on the release is the one that knew so many steps."""
    steps = migrations()[:version]
    monkeypatch.setattr(database, "migrations", lambda: steps)


@pytest.mark.parametrize("version", range(LATEST + 1))
async def test_a_migrated_database_is_the_same_as_a_fresh_one(
    empty_url: str, database_url: str, version: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as older:
        up_to(version, older)
        await migrate(empty_url)
    assert await migrate(empty_url) == (version, LATEST)
    assert await schema(empty_url) == await schema(database_url)


async def test_what_the_register_said_before_records_were_kept_is_one_of_them(
    empty_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as older:
        up_to(_RECORDS - 1, older)
        await migrate(empty_url)
    connection = await asyncpg.connect(empty_url)
    try:
        await connection.execute(
            "INSERT INTO members (member, region, scheme, standing, enrolment, aid, conditions, "
            "covered_from, covered_to) VALUES ('m', '210300', 'employee', 'active', 'pooled_and_account', "
            """'none', '["gout"]', '2010-01-01', '2026-06-30')"""
        )
        await migrate(empty_url)
        subject, key, valid_to, body, entered_at_us = await connection.fetchrow(
            "SELECT subject, key, valid_to, body, entered_at_us FROM records"
        )
    finally:
        await connection.close()
    assert (subject, key, valid_to, entered_at_us) == ("member/m", "2010-01-01", "2026-06-30", 0)
    assert from_json(Registered, body) == Registered(
        "210300", Scheme.EMPLOYEE, Standing.ACTIVE, Enrolment.POOLED_AND_ACCOUNT, conditions=("gout",)
    )


async def test_a_family_that_was_bound_before_bindings_had_days_is_bound_by_a_record(
    empty_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as older:
        up_to(_ACCOUNTS - 1, older)
        await migrate(empty_url)
    connection = await asyncpg.connect(empty_url)
    try:
        for name in ("m", "p"):
            await connection.execute(
                "INSERT INTO members (member, region, scheme, standing, enrolment, aid, conditions, "
                "covered_from) VALUES ($1, '210300', 'employee', 'active', 'pooled_and_account', 'none', "
                "'[]', '2010-01-01')",
                name,
            )
        await connection.execute("INSERT INTO families (member, payer, relation) VALUES ('m', 'p', 'parent')")
        await migrate(empty_url)
        row = await connection.fetchrow(
            "SELECT subject, key, valid_from, valid_to, body, entered_at_us FROM records "
            "WHERE kind = 'binding'"
        )
        with pytest.raises(asyncpg.RestrictViolationError, match="families are never deleted"):
            await connection.execute("DELETE FROM families")
    finally:
        await connection.close()
    assert row is not None
    assert tuple(row)[:4] == ("member/m", "p", "1900-01-01", None)
    assert (from_json(FamilyBinding, row["body"]), row["entered_at_us"]) == (FamilyBinding(Owner.PARENT), 0)


async def test_migrating_twice_changes_nothing(database_url: str) -> None:
    assert await migrate(database_url) == (LATEST, LATEST)


async def test_of_several_that_migrate_at_once_one_does(empty_url: str) -> None:
    done = await asyncio.gather(*(migrate(empty_url) for _ in range(4)))
    assert sorted(done) == [(0, LATEST), *[(LATEST, LATEST)] * 3]


async def test_a_migration_that_fails_leaves_the_version_before(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await schema(database_url)
    broken = "CREATE TABLE more (a TEXT); INSERT INTO nowhere VALUES (1);"
    steps = (*migrations(), Migration(LATEST + 1, broken, 1))
    monkeypatch.setattr(database, "migrations", lambda: steps)
    with pytest.raises(ConfigError, match="nowhere"):
        await migrate(database_url)
    assert await schema(database_url) == before


async def test_a_database_of_an_older_release_is_refused_until_it_is_migrated(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = (*migrations(), Migration(LATEST + 1, "CREATE TABLE more (a TEXT);", LATEST + 1))
    monkeypatch.setattr(database, "migrations", lambda: steps)
    assert "run medsettle-gateway migrate" in (await refusal_of(database_url)).en
    await migrate(database_url)
    await open_and_close(database_url)


@pytest.mark.parametrize(("oldest", "runs"), [(LATEST, True), (LATEST + 1, False)])
async def test_a_newer_schema_is_used_where_it_says_that_this_release_may(
    database_url: str, monkeypatch: pytest.MonkeyPatch, oldest: int, runs: bool
) -> None:
    steps = (*migrations(), Migration(LATEST + 1, "CREATE TABLE more (a TEXT);", oldest))
    with monkeypatch.context() as newer:
        newer.setattr(database, "migrations", lambda: steps)
        await migrate(database_url)
    if runs:
        await open_and_close(database_url)
        assert await migrate(database_url) == (LATEST + 1, LATEST + 1)
    else:
        assert "use a newer medsettle-gateway" in (await refusal_of(database_url)).en
        with pytest.raises(ConfigError, match="use a newer"):
            await migrate(database_url)


async def test_what_is_there_is_nothing_then_new_then_owned_by_its_keys(empty_url: str) -> None:
    assert await look(empty_url) is Found.NOTHING
    assert (await schema(empty_url))["columns"] == []
    await migrate(empty_url)
    assert await look(empty_url) is Found.NEW
    await open_and_close(empty_url)
    assert await look(empty_url) is Found.OWNED


@pytest.mark.parametrize(
    ("broken", "zh", "en"),
    [
        ("DROP SCHEMA public CASCADE; CREATE SCHEMA public", "请从备份恢复", "restore it from the backup"),
        ("DROP TABLE nonces", "不完整", "is not whole"),
        ("ALTER TABLE sales DROP COLUMN attempt", "不完整", "is not whole"),
        ("DELETE FROM schema_versions WHERE version = 1", "不完整", "is not whole"),
        ("DROP TABLE settings", "不可用", "cannot be used"),
    ],
)
async def test_a_database_that_is_not_whole_is_refused_with_what_to_do(
    database_url: str, broken: str, zh: str, en: str
) -> None:
    await run(database_url, broken)
    refused = await refusal_of(database_url)
    assert zh in refused.zh
    assert en in refused.en
    assert "\n" not in refused.zh + refused.en


@pytest.mark.parametrize(
    ("sealer", "root", "file"),
    [(Sealer.of(b"other" * 8), ROOT_KEY, "identities"), (SEALER, "another", "root.pem")],
)
async def test_a_database_is_refused_with_other_keys_than_it_was_first_opened_with(
    database_url: str, sealer: Sealer, root: str, file: str
) -> None:
    await open_and_close(database_url)
    refused = await refusal_of(database_url, sealer, root)
    assert f"({file} differs): restore the keys/" in refused.en
    assert "请从备份恢复" in refused.zh
    await open_and_close(database_url)


@pytest.mark.parametrize(
    ("url", "zh", "en"),
    [
        ("postgresql://me:secret@127.0.0.1:1/g", "无法连接", "Cannot reach the database me@127.0.0.1:1/g"),
        ("postgresql://me:secret@/g?host=/nowhere", "无法连接", "Cannot reach the database me@/nowhere/g"),
        ("mysql://me:secret@host/gateway", "格式为", "is no address of a database"),
    ],
)
async def test_a_server_that_is_not_there_is_refused_without_showing_a_password(
    url: str, zh: str, en: str
) -> None:
    refused = await refusal_of(url)
    assert zh in refused.zh
    assert en in refused.en
    assert "secret" not in refused.zh + refused.en


async def test_a_database_that_is_not_there_is_refused(database_url: str) -> None:
    refused = await refusal_of(database_url.replace("medsettle_test", "medsettle_none"))
    assert "have it created" in refused.en
    assert "不存在" in refused.zh


@pytest.fixture(scope="module")
def careless_server() -> Iterator[Server]:
    with own_server() as started:
        asyncio.run(migrate(started.url))
        asyncio.run(run(started.url, "ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()"))
        yield started


async def test_a_server_that_may_forget_what_it_committed_is_refused(careless_server: Server) -> None:
    refused = await refusal_of(careless_server.url)
    assert "fsync = off" in refused.en
    assert "可能丢失" in refused.zh


async def test_commits_wait_for_the_disk_whatever_the_servers_default(database_url: str) -> None:
    stand = PostgresStand(database_url)
    await stand.execute("ALTER ROLE CURRENT_USER SET synchronous_commit = off")
    connection = await open_database(database_url, SEALER, root=ROOT_KEY)
    found = await connection.fetchval("SHOW synchronous_commit")
    await connection.close()
    await stand.execute("ALTER ROLE CURRENT_USER RESET synchronous_commit")
    assert found == "on"
