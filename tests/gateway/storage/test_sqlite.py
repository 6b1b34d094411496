"""What is particular to the embedded store: other processes, full disks, plans, what is never changed."""

import re
import sqlite3
from pathlib import Path

import pytest

from medsettle.wire.states import SaleState
from medsettle_gateway.domain.keys import SaleKey
from medsettle_gateway.domain.moves import PutSale
from medsettle_gateway.domain.plain import to_raw
from medsettle_gateway.service.ports import StoreUnavailableError
from medsettle_gateway.storage.sqlite.database import connect
from medsettle_gateway.storage.sqlite.statements import SQL
from medsettle_gateway.storage.sqlite.store import SqliteStore
from tests.gateway.storage.stand import SqliteStand, entry, full_sale, person, request_id, sale, settlement

KEY = SaleKey(request_id().text)


@pytest.fixture
def stand(tmp_path: Path) -> SqliteStand:
    return SqliteStand(tmp_path)


async def put(store: SqliteStore, number: int = 1) -> None:
    async with store.begin() as transaction:
        await transaction.write([PutSale(sale(number))])


async def test_a_store_that_another_process_holds_is_unavailable_and_then_again_not(
    stand: SqliteStand,
) -> None:
    store, other = stand.open(), connect(stand.path)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailableError):
        await put(store)
    other.execute("ROLLBACK")
    other.close()
    await put(store)
    await store.close()


async def test_readers_are_not_kept_waiting_by_another_process(stand: SqliteStand) -> None:
    store, other = stand.open(), connect(stand.path)
    await put(store)
    other.execute("BEGIN IMMEDIATE")
    assert (await store.load((KEY,))).of(KEY) == sale()
    other.close()
    await store.close()


async def test_a_full_disk_stops_a_transaction_whole_and_passes_when_space_returns(
    stand: SqliteStand,
) -> None:
    member = stand.enter(person("1"))["1"]
    store = stand.open()
    connection = store._writing.connection
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages + 1}")
    large = full_sale(member, settlements=(settlement(input_json=to_raw({"much": "x" * 50_000})),))

    async def put_large() -> None:
        async with store.begin() as transaction:
            await transaction.write([entry(), PutSale(large)])

    with pytest.raises(StoreUnavailableError, match="full"):
        await put_large()
    assert (await store.load((KEY,))).of(KEY) is None
    assert connection.execute("SELECT count(*) FROM entries WHERE kind = 'SETTLED'").fetchone() == (0,)
    connection.execute("PRAGMA max_page_count = 100000")
    await put_large()
    assert (await store.load((KEY,))).of(KEY) == large
    await store.close()


async def test_a_closed_store_is_unavailable(stand: SqliteStand) -> None:
    store = stand.open()
    await store.close()
    with pytest.raises(StoreUnavailableError):
        await store.load((KEY,))


async def test_records_stand_as_text_in_the_file_and_not_as_bytes(stand: SqliteStand) -> None:
    member = stand.enter(person("1"))["1"]
    store = stand.open()
    connection = store._writing.connection
    for version in (1, 2):
        async with store.begin() as transaction:
            await transaction.write([PutSale(full_sale(member, version=version))])
        for table in ("sales", "settlements"):
            kinds = f"SELECT DISTINCT typeof(body), json_valid(body) FROM {table}"  # noqa: S608
            assert connection.execute(kinds).fetchall() == [("text", 1)], (table, version)
    await store.close()


async def test_positions_of_entries_are_gapless_also_after_an_undone_one(stand: SqliteStand) -> None:
    store = stand.open()
    for _ in range(2):
        async with store.begin() as transaction:
            await transaction.write([entry()])

        async def undone() -> None:
            async with store.begin() as transaction:
                await transaction.write([entry()])
                raise ArithmeticError

        with pytest.raises(ArithmeticError):
            await undone()
    found = store._writing.connection.execute("SELECT position FROM entries ORDER BY position").fetchall()
    assert found == [(1,), (2,)]
    await store.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entries SET operator = 'else'",
        "DELETE FROM entries",
        "UPDATE postings SET amount_fen = 1",
        "DELETE FROM postings",
        "UPDATE entry_counters SET used_delta = 0",
        "DELETE FROM entry_counters",
        "DELETE FROM sales",
        "DELETE FROM terminal_keys",
        "REPLACE INTO entries SELECT * FROM entries",
        "REPLACE INTO postings SELECT * FROM postings",
        "REPLACE INTO entry_counters SELECT * FROM entry_counters",
        "REPLACE INTO sales SELECT * FROM sales",
        "REPLACE INTO terminal_keys SELECT * FROM terminal_keys",
    ],
)
async def test_what_is_recorded_for_ever_cannot_be_changed(stand: SqliteStand, statement: str) -> None:
    stand.enter_places()
    member = stand.enter(person("1"))["1"]
    with connection_of(stand) as connection:
        connection.execute("INSERT INTO terminals VALUES ('t', 'H21030200001', 'T1', 'active')")
        connection.execute("INSERT INTO terminal_keys VALUES ('k', 't', 'ed25519', x'00', 0, 0, NULL, NULL)")
        connection.execute(
            "INSERT INTO entry_counters VALUES (1, 1, ?, '210300', 'employee', '2026', 'c', 'paid', 1, 0)",
            (member,),
        )
    store = stand.open()
    await put(store)
    await store.close()
    with connection_of(stand) as connection, pytest.raises(sqlite3.IntegrityError):
        connection.execute(statement)


def connection_of(stand: SqliteStand) -> "Closing":
    return Closing(connect(stand.path))


class Closing:
    """A connection that is closed at the end of its block."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def __enter__(self) -> sqlite3.Connection:
        return self._connection

    def __exit__(self, *_: object) -> None:
        self._connection.close()


@pytest.mark.parametrize("name", sorted(SQL))
def test_no_decision_reads_through_a_whole_table(stand: SqliteStand, name: str) -> None:
    """A scan of something that was made on the way, such as the payers of one member, is small."""
    marks = set(re.findall(r"\?\d+", SQL[name])) or re.findall(r"\?", SQL[name])
    values = [None] * len(marks) if marks else dict.fromkeys(re.findall(r":([a-z_]+)", SQL[name]))
    tables = "sales|settlements|entries|postings|counters|members|accounts|families|identities|nonces"
    with connection_of(stand) as connection:
        plan = connection.execute(f"EXPLAIN QUERY PLAN {SQL[name]}", values).fetchall()
    # A partial index that holds only what is due may be read from its beginning.
    scan = rf"SCAN ({tables})\b(?! USING INDEX sales_(due|expired))"
    scans = [row[3] for row in plan if re.match(scan, row[3])]
    assert scans == []


async def test_no_name_or_number_stands_readable_in_the_files(stand: SqliteStand) -> None:
    stand.enter(person("9876543210", name="诸葛孔明", id_number="210399198504120019"))
    store = stand.open()
    await put(store)
    content = b"".join(path.read_bytes() for path in stand.folder.iterdir())
    await store.close()
    assert b"SEALED" in content
    for secret in ("9876543210", "诸葛孔明", "210399198504120019"):
        assert secret.encode() not in content


def test_every_state_fits_the_table(stand: SqliteStand) -> None:
    """Open states stand in an index of their own: a new one must be added to it."""
    with connection_of(stand) as connection:
        (text,) = connection.execute("SELECT sql FROM sqlite_schema WHERE name = 'sales_open'").fetchone()
    named = set(re.findall(r"'([A-Z]+)'", text))
    assert named == {"PENDING", "HELD", "EXPIRED", "UNDOING"} <= set(SaleState)
