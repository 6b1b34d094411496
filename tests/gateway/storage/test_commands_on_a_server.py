"""Statements of commands on a server: written for both stores, answered one by one."""

import asyncio
import itertools
import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest

from medsettle_gateway.domain.locks import Kind, Lock
from medsettle_gateway.domain.register import MemberRecord
from medsettle_gateway.storage.batches import BATCH_ROWS, asked_of, batches
from medsettle_gateway.storage.connection import Connection, DatabaseFailedError, entry_column, snapshot
from medsettle_gateway.storage.entering import Entered
from medsettle_gateway.storage.postgres.blocking import BlockingConnection
from medsettle_gateway.storage.postgres.placeholders import translated
from medsettle_gateway.storage.postgres.turns import TURNS, Turn
from medsettle_gateway.storage.register import People
from medsettle_gateway.storage.sqlite.database import connect
from tests.gateway.storage.stand import NOW, ROOT_KEY, SEALER, person


def opened(url: str, busy_ms: int = 1_000) -> BlockingConnection:
    return BlockingConnection.open(url, SEALER, root=ROOT_KEY, busy_ms=busy_ms)


@pytest.fixture
def connection(database_url: str) -> Iterator[BlockingConnection]:
    connection = opened(database_url)
    yield connection
    connection.close()


@pytest.mark.parametrize(
    ("sql", "text", "names"),
    [
        ("SELECT ? + ?", "SELECT $1 + $2", ()),
        ("SELECT :b, :a, :b", "SELECT $1, $2, $1", ("b", "a")),
        ("SELECT ':a ?', \"?\", x::text, :a", "SELECT ':a ?', \"?\", x::text, $1", ("a",)),
        ("SELECT 1 -- :a ?\n, :a", "SELECT 1 -- :a ?\n, $1", ("a",)),
        ("SELECT 'it''s ?' WHERE a = ?", "SELECT 'it''s ?' WHERE a = $1", ()),
    ],
)
def test_parameters_are_numbered_and_texts_left_alone(sql: str, text: str, names: tuple[str, ...]) -> None:
    assert translated(sql) == (text, names)


def test_both_ways_of_naming_in_one_statement_are_refused() -> None:
    with pytest.raises(ValueError, match="either"):
        translated("SELECT ?, :a")


def test_a_name_that_is_missing_is_an_error() -> None:
    with pytest.raises(KeyError):
        translated("SELECT :a, :b").arguments({"a": 1})


def test_rows_come_as_tuples_and_say_how_many_were_changed(connection: BlockingConnection) -> None:
    put = connection.execute("INSERT INTO settings (name, value) VALUES (?, ?), ('y', '2')", ("x", "1"))
    assert put.rowcount == 2
    found = connection.execute("SELECT name, value FROM settings WHERE name = :a OR name = :b ORDER BY 1",
                               {"a": "x", "b": "y"})
    assert found.fetchone() == ("x", "1")
    assert found.fetchmany(5) == [("y", "2")]
    assert found.fetchone() is None
    assert connection.execute("DELETE FROM settings WHERE name IN ('x', 'y', 'z')").rowcount == 2
    sums = connection.execute("SELECT sum(x) FROM (VALUES (?::BIGINT), (2)) AS t (x)", (2**62,))
    assert sums.fetchall() == [(2**62 + 2,)]


def test_what_was_not_committed_is_undone(database_url: str, connection: BlockingConnection) -> None:
    other = opened(database_url)
    other.begin()
    other.execute("INSERT INTO settings (name, value) VALUES ('x', '1')")
    other.close()
    assert connection.execute("SELECT count(*) FROM settings WHERE name = 'x'").fetchone() == (0,)


def test_what_the_server_refuses_is_told_without_the_row(connection: BlockingConnection) -> None:
    with pytest.raises(DatabaseFailedError) as refused:
        connection.executemany("INSERT INTO settings (name, value) VALUES (?, ?)", [("secret", "1")] * 2)
    assert "duplicate key" in str(refused.value)
    assert "secret" not in str(refused.value)
    assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_commit_that_the_server_makes_a_rollback_is_none(connection: BlockingConnection) -> None:
    connection.begin()
    connection.execute("INSERT INTO settings (name, value) VALUES ('x', '1')")
    with pytest.raises(DatabaseFailedError):
        connection.execute("SELECT 1 / 0")
    with pytest.raises(AssertionError, match="COMMIT came to ROLLBACK"):
        connection.execute("COMMIT")
    assert connection.execute("SELECT count(*) FROM settings WHERE name = 'x'").fetchone() == (0,)


def test_it_works_where_an_event_loop_runs(database_url: str) -> None:
    async def within() -> object:
        connection = opened(database_url)
        try:
            return connection.execute("SELECT 1").fetchone()
        finally:
            connection.close()

    assert asyncio.run(within()) == (1,)


def test_commands_that_write_wait_for_each_other(database_url: str, connection: BlockingConnection) -> None:
    connection.begin()
    hasty = opened(database_url, busy_ms=10)
    with pytest.raises(DatabaseFailedError, match="lock timeout"):
        hasty.begin()
    hasty.close()
    patient, entered = opened(database_url, busy_ms=60_000), threading.Event()

    def wait() -> None:
        patient.begin()
        entered.set()

    waiting = threading.Thread(target=wait)
    waiting.start()
    assert not entered.is_set()
    connection.execute("COMMIT")
    waiting.join()
    assert entered.is_set()
    patient.close()


def test_what_a_command_changes_no_gateway_decides_about(
    database_url: str, connection: BlockingConnection
) -> None:
    connection.begin()
    connection.lock([Lock(Kind.MEMBER, "m2"), Lock(Kind.MEMBER, "m1"), Lock(Kind.ACCOUNT, "a1")])
    hasty = opened(database_url, busy_ms=10)
    hasty.execute("BEGIN")
    with pytest.raises(DatabaseFailedError, match="lock timeout"):
        hasty.lock([Lock(Kind.ACCOUNT, "a1")])
    hasty.execute("ROLLBACK")
    connection.execute("ROLLBACK")
    hasty.begin()
    hasty.lock([Lock(Kind.ACCOUNT, "a1")])
    hasty.close()


_NUMBERS = itertools.count()


def entering(connection: BlockingConnection, *people: MemberRecord) -> Entered:
    connection.begin()
    register = People(connection, SEALER, NOW, lambda: f"r{next(_NUMBERS)}", "a test")
    entered = register.enter_members(enumerate(people, 2))
    connection.execute("COMMIT")
    return entered


def test_an_account_is_frozen_when_nobody_decides_about_it(
    database_url: str, connection: BlockingConnection
) -> None:
    entering(connection, person("1"))
    ((account,),) = connection.execute("SELECT account FROM accounts").fetchall()
    connection.execute("BEGIN")
    connection.lock([Lock(Kind.ACCOUNT, account)])
    hasty = opened(database_url, busy_ms=10)
    assert entering(hasty, replace(person("1"), name="another")) == Entered(changed_count=1)
    with pytest.raises(DatabaseFailedError, match="lock timeout"):
        entering(hasty, replace(person("1"), frozen=True), person("2"))
    hasty.close()
    assert connection.execute("SELECT state FROM accounts").fetchall() == [("active",)]
    connection.execute("ROLLBACK")
    assert entering(connection, replace(person("1"), frozen=True)) == Entered(changed_count=1)
    assert connection.execute("SELECT state FROM accounts").fetchall() == [("frozen",)]


def test_a_snapshot_stands_still(database_url: str, connection: BlockingConnection) -> None:
    count = "SELECT count(*) FROM settings WHERE name = 'x'"
    with snapshot(connection):
        assert connection.execute(count).fetchone() == (0,)
        other = opened(database_url)
        other.execute("INSERT INTO settings (name, value) VALUES ('x', '1')")
        other.close()
        assert connection.execute(count).fetchone() == (0,)
    assert connection.execute(count).fetchone() == (1,)


def test_the_lock_of_commands_is_none_of_a_duty(database_url: str, connection: BlockingConnection) -> None:
    connection.begin()
    other = opened(database_url)
    for turn in set(Turn) - {Turn.COMMAND}:
        free = other.execute("SELECT pg_try_advisory_lock(?, ?)", (TURNS, turn)).fetchone()
        assert free == (True,), turn
    other.close()


def test_batches_keep_the_order_and_no_two_of_a_name() -> None:
    rows = [(number, number % 300) for number in range(1_000)]
    cut = list(batches(rows, lambda row: row[1]))
    assert [row for batch in cut for row in batch] == rows
    assert all(len({name for _, name in batch}) == len(batch) for batch in cut)
    assert [len(batch) for batch in batches(range(BATCH_ROWS * 2 + 1))] == [BATCH_ROWS, BATCH_ROWS, 1]


@pytest.mark.parametrize("count", [0, 1, BATCH_ROWS, BATCH_ROWS + 1])
def test_any_number_of_values_is_asked_for_on_both_stores(
    database_url: str, tmp_path_factory: pytest.TempPathFactory, count: int
) -> None:
    embedded = connect(tmp_path_factory.mktemp("g") / "g.db")
    embedded.execute("CREATE TABLE settings (name TEXT, value TEXT)")
    server = opened(database_url)
    both: tuple[Connection, ...] = (embedded, server)
    names = [str(number) for number in range(count)]
    for each in both:
        each.executemany("INSERT INTO settings (name, value) VALUES (?, '1')", [(name,) for name in names])
        found = asked_of(each, "SELECT name FROM settings WHERE name IN (:among) AND value = :value",
                         [*names, "none"], {"value": "1"})
        assert sorted(name for (name,) in found) == sorted(names)
        each.close()
    assert [entry_column(each) for each in both] == ["position", "entry"]
