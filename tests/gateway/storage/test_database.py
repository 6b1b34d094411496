"""Opening a database file: what is made, what is brought up to date, what is refused."""

import os
import sqlite3
import stat
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from medsettle_gateway.config import ConfigError
from medsettle_gateway.domain.accounts import BINDING, FamilyBinding
from medsettle_gateway.domain.facts import AccountState
from medsettle_gateway.domain.keys import CatalogueKey, MemberKey, RecordsKey
from medsettle_gateway.domain.member import Enrolment, Owner, Scheme, Standing
from medsettle_gateway.domain.people import Registered
from medsettle_gateway.storage.found import Found
from medsettle_gateway.storage.migrations import Migration
from medsettle_gateway.storage.sealing import Sealer
from medsettle_gateway.storage.sqlite import database
from medsettle_gateway.storage.sqlite.database import look, migrate, migrations, open_database
from medsettle_gateway.storage.sqlite.loading import Reading
from medsettle_gateway.storage.stores import EmbeddedDatabase, writing
from tests.gateway.storage.stand import ROOT_KEY, SEALER, SqliteStand

LATEST = len(migrations())
_ACCOUNTS = 9
"""The step by which bindings became records."""


def schema(path: Path) -> list[tuple[str, str]]:
    connection = sqlite3.connect(path)
    try:
        return connection.execute("SELECT name, sql FROM sqlite_schema ORDER BY name").fetchall()
    finally:
        connection.close()


def at_version(path: Path, version: int) -> None:
    """Leaves the file as the release of that version made it."""
    connection = sqlite3.connect(path)
    for step in migrations()[:version]:
        connection.executescript(step.script)
    connection.execute(f"PRAGMA user_version = {version}")
    connection.commit()
    connection.close()


def refusal_of(path: Path, sealer: Sealer = SEALER, root: str = ROOT_KEY) -> ConfigError:
    with pytest.raises(ConfigError) as refused:
        open_database(path, sealer, root=root).close()
    return refused.value


@pytest.mark.parametrize("version", range(LATEST + 1))
def test_a_migrated_database_is_the_same_as_a_fresh_one(tmp_path: Path, version: int) -> None:
    old, fresh = tmp_path / "old.db", tmp_path / "fresh.db"
    at_version(old, version)
    assert migrate(old) == (version, LATEST)
    assert migrate(fresh) == (0, LATEST)
    assert schema(old) == schema(fresh)


def test_what_the_first_release_recorded_is_there_after_the_migration(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    at_version(path, 1)
    connection = sqlite3.connect(path)
    connection.executescript("""
        INSERT INTO members VALUES ('m', '210300', 'employee', 'active', 'pooled_and_account', 'none', '[]',
          '2010-01-01', NULL);
        INSERT INTO accounts VALUES ('a', 'm', 'frozen', 100, 70, 30);
        INSERT INTO catalogues VALUES ('210300', 'd', 1, 0);
        INSERT INTO catalogue_items VALUES ('210300', 'XA01', '2022-01-01', NULL, '药', 'drug', 'A', NULL,
          NULL, NULL);
    """)
    for number, state, entered in [(1, "SETTLED", (3, 5)), (2, "REVERSED", (6, 8))]:
        values = [f"c-1-20220101-{number}-1", number, state]
        connection.execute("""
            INSERT INTO sales VALUES (?1, 'c', '1', '2022-01-01', ?2, 1, 'c-1', ?3, 2, 'm', '', '2022-01-01',
              1, 2, 9, '{}')
        """, values)
        for at_us in entered:
            entry = (at_us, values[0], at_us)
            connection.execute("INSERT INTO entries VALUES (?, '', ?, ?, '', '', '', '')", entry)
    connection.commit()
    connection.close()
    migrate(path)
    open_database(path, SEALER, root=ROOT_KEY).close()
    connection = database.connect(path)
    reading = Reading(connection, SEALER)
    member = reading.load((MemberKey("m"),)).of(MemberKey("m"))
    assert member is not None
    assert [(each.account, each.state, each.balance_fen, each.held_fen) for each in member.accounts] == [
        ("a", AccountState.FROZEN, 70, 30)
    ]
    assert (member.born_on, member.attributes) == (None, ())
    known = RecordsKey("member/m")
    (row,) = reading.load((known,)).of(known)
    assert (row.key, row.entered_at, row.read(Registered)) == (
        "2010-01-01", datetime(1970, 1, 1, tzinfo=UTC),
        Registered("210300", Scheme.EMPLOYEE, Standing.ACTIVE, Enrolment.POOLED_AND_ACCOUNT),
    )  # fmt: skip
    key = CatalogueKey("210300", ("XA01",))
    (item,) = reading.load((key,)).of(key).items["XA01"]
    assert item.classes == ()
    settled_at = connection.execute("SELECT settled_at_us FROM sales ORDER BY number").fetchall()
    assert settled_at == [(5,), (None,)]
    connection.close()


def test_a_family_that_was_bound_before_bindings_had_days_is_bound_by_a_record(tmp_path: Path) -> None:
    path = tmp_path / "g.db"
    at_version(path, _ACCOUNTS - 1)
    connection = database.connect(path)
    for name in ("m", "p"):
        connection.execute(
            "INSERT INTO members (member, region, scheme, standing, enrolment, aid, conditions, "
            "covered_from) VALUES (?, '210300', 'employee', 'active', 'pooled_and_account', 'none', '[]', "
            "'2010-01-01')",
            (name,),
        )
    connection.execute("INSERT INTO families (member, payer, relation) VALUES ('m', 'p', 'parent')")
    connection.commit()
    connection.close()
    migrate(path)
    connection = database.connect(path)
    known = RecordsKey("member/m")
    (row,) = [each for each in Reading(connection, SEALER).load((known,)).of(known) if each.kind == BINDING]
    with pytest.raises(sqlite3.IntegrityError, match="families are never deleted"):
        connection.execute("DELETE FROM families")
    connection.close()
    assert (row.key, row.valid_from, row.valid_to) == ("p", date(1900, 1, 1), None)
    assert row.read(FamilyBinding) == FamilyBinding(Owner.PARENT)
    assert row.entered_at == datetime(1970, 1, 1, tzinfo=UTC)


def test_migrating_twice_changes_nothing(tmp_path: Path) -> None:
    migrate(tmp_path / "g.db")
    assert migrate(tmp_path / "g.db") == (LATEST, LATEST)


def test_a_migration_that_fails_leaves_the_version_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "g.db"
    migrate(path)
    before = schema(path)
    broken = "CREATE TABLE more (a TEXT);\nINSERT INTO nowhere VALUES (1);\n"
    steps = (*migrations(), Migration(LATEST + 1, broken, 1))
    monkeypatch.setattr(database, "migrations", lambda: steps)
    with pytest.raises(ConfigError):
        migrate(path)
    assert schema(path) == before


def test_an_opened_database_waits_for_the_disk_and_keeps_its_references(tmp_path: Path) -> None:
    migrate(tmp_path / "g.db")
    connection = open_database(tmp_path / "g.db", SEALER, root=ROOT_KEY)
    settings = [
        connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("journal_mode", "synchronous", "foreign_keys")
    ]
    connection.close()
    assert settings == ["wal", 2, 1]


def missing(path: Path) -> None:
    assert not path.exists()


def of_a_newer_release(path: Path) -> None:
    migrate(path)
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {LATEST + 1}")
    connection.close()


def without_a_schema(path: Path) -> None:
    at_version(path, 0)


def not_a_database(path: Path) -> None:
    path.write_bytes(b"these are not the pages of a database\n" * 200)


def cut_off(path: Path) -> None:
    migrate(path)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def overwritten_in_the_middle(path: Path) -> None:
    migrate(path)
    content = bytearray(path.read_bytes())
    middle = len(content) // 2 // 4096 * 4096
    content[middle : middle + 4096] = b"\xff" * 4096
    path.write_bytes(content)


def a_folder(path: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize(
    ("make", "zh", "en"),
    [
        (missing, "请从备份恢复", "restore it from the backup"),
        (without_a_schema, "请从备份恢复", "restore it from the backup"),
        (of_a_newer_release, "更新的", "use a newer medsettle-gateway"),
        (not_a_database, "已损坏", "restore a backup"),
        (cut_off, "已损坏", "restore a backup"),
        (overwritten_in_the_middle, "已损坏", "restore a backup"),
        (a_folder, "不存在", "There is no database"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_what_to_do(
    tmp_path: Path, make: Callable[[Path], None], zh: str, en: str
) -> None:
    path = tmp_path / "g.db"
    make(path)
    refused = refusal_of(path)
    assert zh in refused.zh
    assert en in refused.en
    assert "\n" not in refused.zh + refused.en


def test_a_database_of_an_older_release_is_refused_until_it_is_migrated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "g.db"
    migrate(path)
    steps = (*migrations(), Migration(LATEST + 1, "CREATE TABLE more (a TEXT) STRICT;\n", LATEST + 1))
    monkeypatch.setattr(database, "migrations", lambda: steps)
    assert "run medsettle-gateway migrate" in refusal_of(path).en
    migrate(path)
    open_database(path, SEALER, root=ROOT_KEY).close()


@pytest.mark.parametrize(("oldest", "runs"), [(LATEST, True), (LATEST + 1, False)])
def test_a_newer_schema_is_used_where_it_says_that_this_release_may(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, oldest: int, runs: bool
) -> None:
    path = tmp_path / "g.db"
    steps = (*migrations(), Migration(LATEST + 1, "CREATE TABLE more (a TEXT) STRICT;\n", oldest))
    with monkeypatch.context() as newer:
        newer.setattr(database, "migrations", lambda: steps)
        migrate(path)
    if runs:
        open_database(path, SEALER, root=ROOT_KEY).close()
        assert migrate(path) == (LATEST + 1, LATEST + 1)
    else:
        assert "use a newer medsettle-gateway" in refusal_of(path).en
        with pytest.raises(ConfigError, match="use a newer"):
            migrate(path)


def test_refusing_a_missing_database_does_not_make_an_empty_one(tmp_path: Path) -> None:
    refusal_of(tmp_path / "g.db")
    assert list(tmp_path.iterdir()) == []


def test_migrating_a_damaged_file_is_refused(tmp_path: Path) -> None:
    overwritten_in_the_middle(tmp_path / "g.db")
    with pytest.raises(ConfigError, match="restore a backup"):
        migrate(tmp_path / "g.db")


@pytest.mark.parametrize(
    ("sealer", "root", "file"),
    [(Sealer.of(b"other" * 8), ROOT_KEY, "identities"), (SEALER, "another", "root.pem")],
)
def test_a_database_is_refused_with_other_keys_than_it_was_first_opened_with(
    tmp_path: Path, sealer: Sealer, root: str, file: str
) -> None:
    path = tmp_path / "g.db"
    migrate(path)
    open_database(path, SEALER, root=ROOT_KEY).close()
    refused = refusal_of(path, sealer, root)
    assert f"({file} differs): restore the keys/" in refused.en
    assert "请从备份恢复" in refused.zh
    open_database(path, SEALER, root=ROOT_KEY).close()


def test_what_is_there_is_nothing_then_new_then_owned_by_its_keys(tmp_path: Path) -> None:
    path = tmp_path / "g.db"
    assert look(path) is Found.NOTHING
    assert not path.exists()
    path.touch()
    assert look(path) is Found.NOTHING
    migrate(path)
    assert look(path) is Found.NEW
    open_database(path, SEALER, root=ROOT_KEY).close()
    assert look(path) is Found.OWNED


@pytest.mark.skipif(sys.platform == "win32", reason="files have no modes there")
def test_the_database_and_the_files_beside_it_are_their_owners_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        stand = SqliteStand(tmp_path)
        with writing(EmbeddedDatabase(stand.path, 0), SEALER, root=ROOT_KEY):
            modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in tmp_path.iterdir()}
    finally:
        os.umask(before)
    assert modes == dict.fromkeys(("gateway.db", "gateway.db-wal", "gateway.db-shm"), 0o600)
