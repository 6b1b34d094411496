"""Copies of the embedded database: of one moment, whole, never over anything, put back when alone."""

import json
import sqlite3
import threading
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from medsettle_gateway.config import ConfigError
from medsettle_gateway.domain.moves import PutSale
from medsettle_gateway.storage.sqlite import backup as copies
from medsettle_gateway.storage.sqlite import database
from medsettle_gateway.storage.sqlite.backup import Manifest
from tests.gateway.storage.stand import NOW, ROOT_KEY, SqliteStand, entry, sale

OWNER = ("gateway.test", ROOT_KEY)


def quietly(_done: int, _of: int) -> None:
    """Nobody looks on."""


def backed_up(stand: SqliteStand, folder: Path) -> Manifest:
    return copies.back_up(stand.path, folder, OWNER, NOW, quietly)


@pytest.fixture
def stand(tmp_path: Path) -> SqliteStand:
    return SqliteStand(tmp_path / "gateway")


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path) -> None:
    (tmp_path / "gateway").mkdir()


def test_a_copy_says_what_it_is_of_and_is_sound(stand: SqliteStand, tmp_path: Path) -> None:
    manifest = backed_up(stand, tmp_path / "copy")
    assert (manifest.gateway, manifest.root, manifest.epoch, manifest.made_at) == (*OWNER, 0, NOW)
    assert sorted(path.name for path in (tmp_path / "copy").iterdir()) == ["gateway.db", "manifest.json"]
    found, verdict = copies.check(tmp_path / "copy", quietly)
    assert found == manifest
    assert verdict.findings == ()
    assert json.loads((tmp_path / "copy" / "manifest.json").read_text("utf-8"))["sha256"] == manifest.sha256


def test_a_copy_is_of_one_moment_whatever_is_written_meanwhile(stand: SqliteStand, tmp_path: Path) -> None:
    """Each transaction moves an amount from one row to the other: at any moment they come to the same."""
    with closing(sqlite3.connect(stand.path, isolation_level=None)) as connection:
        connection.execute("CREATE TABLE pair (id INTEGER PRIMARY KEY, fen INTEGER NOT NULL, weight BLOB)")
        connection.execute("INSERT INTO pair VALUES (1, 0, zeroblob(20000000)), (9, 0, zeroblob(20000000))")
    stop, moved = threading.Event(), threading.Event()

    def move() -> None:
        with closing(sqlite3.connect(stand.path, isolation_level=None, timeout=10)) as connection:
            while not stop.is_set():
                connection.execute("BEGIN IMMEDIATE")
                connection.execute("UPDATE pair SET fen = fen + 1 WHERE id = 1")
                connection.execute("UPDATE pair SET fen = fen - 1 WHERE id = 9")
                connection.execute("COMMIT")
                moved.set()

    def wait_for_a_move(_done: int, _of: int) -> None:
        moved.clear()
        assert moved.wait(30), "whoever writes waits for the copying"

    writer = threading.Thread(target=move)
    writer.start()
    try:
        copies.back_up(stand.path, tmp_path / "copy", OWNER, NOW, wait_for_a_move)
    finally:
        stop.set()
        writer.join()
    with closing(sqlite3.connect(tmp_path / "copy" / "gateway.db")) as copy:
        plus, minus = (fen for (fen,) in copy.execute("SELECT fen FROM pair ORDER BY id"))
    assert plus == -minus


def test_nothing_is_written_over(stand: SqliteStand, tmp_path: Path) -> None:
    backed_up(stand, tmp_path / "copy")
    before = (tmp_path / "copy" / "manifest.json").read_bytes()
    with pytest.raises(ConfigError, match="exists"):
        backed_up(stand, tmp_path / "copy")
    assert (tmp_path / "copy" / "manifest.json").read_bytes() == before


def test_what_a_crash_left_of_a_copy_is_no_copy(stand: SqliteStand, tmp_path: Path) -> None:
    partial = tmp_path / "copy.partial"
    partial.mkdir()
    (partial / "gateway.db").write_bytes(b"half of it")
    with pytest.raises(ConfigError, match="no whole backup"):
        copies.check(partial, quietly)
    backed_up(stand, tmp_path / "copy")
    assert not partial.exists()


@pytest.mark.parametrize("where", [100, -5000])
def test_a_copy_that_changed_since_is_refused(stand: SqliteStand, tmp_path: Path, where: int) -> None:
    backed_up(stand, tmp_path / "copy")
    file = tmp_path / "copy" / "gateway.db"
    content = bytearray(file.read_bytes())
    content[where] ^= 1
    file.write_bytes(content)
    with pytest.raises(ConfigError, match="is not what was backed up"):
        copies.check(tmp_path / "copy", quietly)


async def test_a_copy_whose_books_do_not_add_up_is_not_made(stand: SqliteStand, tmp_path: Path) -> None:
    store = stand.open()
    async with store.begin() as transaction:
        await transaction.write((entry(text=""),))
    await store.close()
    with closing(sqlite3.connect(stand.path)) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute(
            "INSERT INTO postings SELECT position, 1, 'a-book', 'benefit', 5 FROM entries"
        )
        connection.commit()
    with pytest.raises(ConfigError, match="is not sound"):
        backed_up(stand, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


def test_a_database_that_is_in_use_is_not_set_aside(stand: SqliteStand) -> None:
    with closing(sqlite3.connect(stand.path)) as gateway:
        gateway.execute("SELECT 1 FROM settings").fetchone()
        with pytest.raises(ConfigError, match="is in use"):
            copies.set_aside(stand.path, NOW)
    aside = copies.set_aside(stand.path, NOW)
    assert aside is not None
    assert not stand.path.exists()
    assert aside.name == "gateway.db.replaced-20260302T010000.123456Z"


async def test_what_was_only_in_the_log_is_set_aside_too(stand: SqliteStand, tmp_path: Path) -> None:
    store = stand.open()
    async with store.begin() as transaction:
        await transaction.write((PutSale(sale()),))
    await store.close()
    aside = copies.set_aside(stand.path, datetime(2026, 3, 2, tzinfo=UTC))
    assert aside is not None
    with closing(sqlite3.connect(aside)) as connection:
        assert connection.execute("SELECT count(*) FROM sales").fetchone() == (1,)
    assert sorted(path.name for path in tmp_path.joinpath("gateway").iterdir()) == [aside.name]


def test_a_copy_is_put_back_where_nothing_is(stand: SqliteStand, tmp_path: Path) -> None:
    backed_up(stand, tmp_path / "copy")
    target = tmp_path / "again.db"
    copies.put_back(tmp_path / "copy", target)
    assert target.read_bytes() == (tmp_path / "copy" / "gateway.db").read_bytes()
    with pytest.raises(FileExistsError):
        copies.put_back(tmp_path / "copy", target)


@pytest.mark.parametrize("end", ["-wal", "-journal"])
def test_a_log_that_was_left_without_its_database_is_set_aside_alone(tmp_path: Path, end: str) -> None:
    path, log = tmp_path / "gateway.db", tmp_path / f"gateway.db{end}"
    assert copies.set_aside(path, NOW) is None
    log.write_bytes(b"of another database")
    assert copies.set_aside(path, NOW) == tmp_path / f"gateway.db.replaced-20260302T010000.123456Z{end}"
    assert not log.exists()
    assert not path.exists()


def test_a_copy_is_not_put_back_beside_the_log_of_another_database(
    stand: SqliteStand, tmp_path: Path
) -> None:
    backed_up(stand, tmp_path / "copy")
    (tmp_path / "again.db-wal").write_bytes(b"of another database")
    with pytest.raises(FileExistsError):
        copies.put_back(tmp_path / "copy", tmp_path / "again.db")
    assert not (tmp_path / "again.db").exists()


@pytest.mark.parametrize("version", range(2, len(database.migrations())))
def test_what_an_older_release_made_is_backed_up_before_it_is_migrated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: int
) -> None:
    """As it is: whoever goes back to that release can use it."""
    known = database.migrations()
    with monkeypatch.context() as older:
        older.setattr(database, "migrations", lambda: known[:version])
        stand = SqliteStand(tmp_path / "gateway")
    assert backed_up(stand, tmp_path / "copy").schema_version == version
    _, verdict = copies.check(tmp_path / "copy", quietly)
    assert verdict.findings == ()
    with closing(sqlite3.connect(tmp_path / "copy" / "gateway.db")) as copy:
        assert database.schema_version(copy) == version
