"""Backups, restores and recoveries from the command line."""

import asyncio
import json
import shutil
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import NoReturn

import pytest
from click.testing import CliRunner

from medsettle_gateway.cli import backup
from medsettle_gateway.cli.top import top
from medsettle_gateway.domain.calendar import CST
from medsettle_gateway.storage.sqlite import database
from tests.gateway.cli.city import City, on_both_stores
from tests.gateway.cli.test_operating import CLINIC, enrolled

BY = ("--by", "王某", "--reason", "磁盘损坏")
TWO = ("--by", "王某", "--second", "李某", "--reason", "收银机已报废")


def backed_up(city: City) -> Path:
    return Path(city.ask("backup", "create", str(city.folder / "copies"))["backup"])


def test_a_backup_is_named_by_its_time_and_verified(city: City) -> None:
    copy = backed_up(city)
    assert copy.parent == city.folder / "copies"
    assert copy.name.startswith("demo-20")
    found = CliRunner().invoke(top, ["backup", "verify", str(copy), "--json"])
    assert json.loads(found.stdout)["backup"] == str(copy)


def test_a_backup_does_not_hold_the_keys(city: City) -> None:
    assert sorted(path.name for path in backed_up(city).iterdir()) == ["gateway.db", "manifest.json"]


def test_a_restore_takes_the_place_of_nothing_unless_it_is_told_to(city: City) -> None:
    copy = backed_up(city)
    assert "--replace" in city.run("restore", str(copy), *BY, exit_code=2).stderr
    assert city.ask("recovery", "status")["recoveries"] == []


def test_a_restore_puts_the_copy_back_and_raises_the_epoch(city: City) -> None:
    copy = backed_up(city)
    enrolled(city)
    answer = city.ask("restore", str(copy), *BY, "--replace")
    assert answer["epoch"] == 1
    assert Path(answer["aside"]).is_file()
    assert city.rows("SELECT count(*) FROM terminals") == [(0,)]
    again = city.ask("restore", str(copy), *BY, "--replace")
    assert again["epoch"] == 2, "what was restored before was another epoch"


def test_a_database_that_was_lost_is_restored(city: City) -> None:
    copy = backed_up(city)
    (city.folder / "gateway.db").unlink()
    assert "restore it from the backup" in city.run("ledger", "summary", exit_code=2).stderr
    assert city.ask("restore", str(copy), *BY)["aside"] is None
    assert city.ask("ledger", "verify")["sound"] is True
    said = city.run("restore", str(copy), *BY, "--replace").stdout
    assert f"medsettle-gateway serve --config {city.folder / 'gateway.toml'} --demo" in said


def test_no_recovery_is_begun_of_a_database_that_was_lost(city: City) -> None:
    for path in city.folder.glob("gateway.db*"):
        path.unlink()
    said = city.run("recovery", "begin", *BY, exit_code=2).stderr
    assert "restore it from the backup" in said
    assert list(city.folder.glob("gateway.db*")) == []


def leave_a_log(path: Path) -> Path:
    """Changes a database, and leaves what a crash and a lost file leave of it: the log alone."""
    kept = path.with_name("kept")
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("CREATE TABLE later (amount_fen INTEGER)")
        shutil.copy(path.with_name(f"{path.name}-wal"), kept)
    path.unlink()
    return kept.rename(path.with_name(f"{path.name}-wal"))


def test_the_log_of_a_lost_database_does_not_get_into_the_one_that_is_restored(city: City) -> None:
    copy = backed_up(city)
    log = leave_a_log(city.folder / "gateway.db")
    content = log.read_bytes()
    aside = Path(city.ask("restore", str(copy), *BY)["aside"])
    assert city.rows("SELECT name FROM sqlite_schema WHERE name = 'later'") == []
    assert city.rows("SELECT epoch FROM recoveries") == [(1,)]
    assert aside.read_bytes() == content


def test_no_epoch_is_used_twice_where_a_restore_was_cut_before_its_database_took_its_place(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database is set aside then, and nothing is in its place."""
    copy = backed_up(city)
    city.ask("restore", str(copy), *BY, "--replace")

    def cut(*_: object) -> NoReturn:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as cutting:
        cutting.setattr("medsettle_gateway.storage.sqlite.backup.take_place", cut)
        city.run("restore", str(copy), *BY, "--replace", exit_code=2)
    assert not (city.folder / "gateway.db").exists()
    assert city.ask("restore", str(copy), *BY)["epoch"] == 2


def test_what_an_interrupted_restore_left_does_not_get_into_the_next_one(city: City) -> None:
    copy = backed_up(city)
    begun = city.folder / "gateway.db.restoring"
    shutil.copy(city.folder / "gateway.db", begun)
    leave_a_log(begun)
    city.ask("restore", str(copy), *BY, "--replace")
    assert city.rows("SELECT name FROM sqlite_schema WHERE name = 'later'") == []
    assert list(city.folder.glob("gateway.db.restoring*")) == []


def test_a_backup_of_an_older_release_is_restored_and_brought_up_to_date(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    city, known = City(tmp_path / "city"), database.migrations()
    with monkeypatch.context() as older:
        older.setattr(database, "migrations", lambda: known[:3])
        city.run("init", str(city.folder))
    assert "back it up, then run" in city.run("ledger", "summary", exit_code=2).stderr
    copy = backed_up(city)
    assert city.ask("restore", str(copy), *BY, "--replace")["epoch"] == 1
    assert city.ask("migrate") == {"from": len(known), "to": len(known)}
    assert city.ask("ledger", "verify")["sound"] is True


def test_a_backup_of_another_gateway_is_refused(city: City, tmp_path: Path) -> None:
    other = City(tmp_path / "other")
    other.run("demo-city", str(other.folder))
    assert "root key" in city.run("restore", str(backed_up(other)), *BY, "--replace", exit_code=2).stderr


def test_a_damaged_backup_is_refused(city: City) -> None:
    copy = backed_up(city)
    (copy / "gateway.db").write_bytes(b"no database")
    assert "is not what was backed up" in city.run("restore", str(copy), *BY, "--replace", exit_code=2).stderr
    assert (city.folder / "gateway.db").is_file()


def test_a_place_that_cannot_be_written_is_named(city: City) -> None:
    (city.folder / "file").write_text("no folder", "utf-8")
    said = city.run("backup", "create", str(city.folder / "file" / "copies"), exit_code=2).stderr
    assert "Cannot read or write" in said
    assert str(city.folder / "file") in said


def test_a_manifest_with_a_head_that_is_none_is_refused(city: City) -> None:
    copy = backed_up(city)
    manifest = json.loads((copy / "manifest.json").read_text("utf-8"))
    (copy / "manifest.json").write_text(json.dumps({**manifest, "head": "none"}), "utf-8")
    assert "no whole backup" in city.run("restore", str(copy), *BY, "--replace", exit_code=2).stderr


@on_both_stores
def test_a_recovery_lists_the_tills_that_have_not_compared(city: City) -> None:
    enrolled(city)
    assert city.ask("recovery", "begin", *BY)["epoch"] == 1
    (found,) = city.ask("recovery", "status")["recoveries"]
    assert (found["epoch"], found["by"], found["reason"]) == (1, "王某", "磁盘损坏")
    assert (found["compared_count"], found["left"]) == (0, [f"{CLINIC}-T1"])


@on_both_stores
@pytest.mark.parametrize("scope", [("--terminal", f"{CLINIC}-T1"), ("--institution", CLINIC), ("--all",)])
def test_two_people_end_a_comparison(city: City, scope: tuple[str, ...]) -> None:
    enrolled(city)
    city.ask("recovery", "begin", *BY)
    assert city.ask("recovery", "end", *scope, *TWO)["ended"] is True
    assert city.ask("recovery", "end", *scope, *TWO)["ended"] is False
    (found,) = city.ask("recovery", "status")["recoveries"]
    assert (found["compared_count"], found["left"]) == (1, [])
    assert "or for which people ended it: 1, 未核对 left: 0" in city.run("recovery", "status").stdout


def test_one_person_ends_no_comparison(city: City) -> None:
    enrolled(city)
    city.ask("recovery", "begin", *BY)
    for second in (" 王某", "王 某", "王·某"):
        alone = ("--by", "王某", "--second", second, "--reason", "-")
        assert "two people" in city.run("recovery", "end", "--all", *alone, exit_code=1).stderr
    assert "There is no X" in city.run("recovery", "end", "--terminal", "X", *TWO, exit_code=1).stderr
    assert "Name one of" in city.run("recovery", "end", *TWO, exit_code=1).stderr


@on_both_stores
def test_until_when_nothing_is_missing_may_be_known(city: City) -> None:
    at = datetime.now(CST).isoformat()
    assert city.ask("recovery", "begin", *BY, "--whole-until", at)["lost_from"] == at
    said = city.run("recovery", "begin", *BY, "--whole-until", "yesterday", exit_code=2).stderr
    assert "--whole-until,应为带时区的时刻" in said
    there = datetime.fromisoformat(at).astimezone(CST).isoformat(timespec="seconds")
    assert f"may be missing since {there}" in city.run("recovery", "status").stdout


def test_an_instant_that_is_still_to_come_is_nothing_that_is_known(city: City) -> None:
    """Taken at its word, tills would show nothing of what was lost."""
    ahead = (datetime.now(CST) + timedelta(days=1)).isoformat()
    assert "later than now" in city.run(
        "recovery", "begin", *BY, "--whole-until", ahead, exit_code=2
    ).stderr
    copy = backed_up(city)
    manifest = json.loads((copy / "manifest.json").read_text("utf-8"))
    (copy / "manifest.json").write_text(json.dumps({**manifest, "made_at": ahead}), "utf-8")
    lost_from = city.ask("restore", str(copy), *BY, "--replace")["lost_from"]
    assert datetime.fromisoformat(lost_from) == datetime.fromisoformat(manifest["last_committed_at"])


def test_a_clock_that_is_behind_the_books_denies_nothing(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new machine begins with any clock; holds of the books would look as if they came afterwards."""
    copy = backed_up(city)
    manifest = json.loads((copy / "manifest.json").read_text("utf-8"))
    monkeypatch.setattr(backup, "now", lambda: datetime(2020, 1, 1, tzinfo=CST))
    city.ask("restore", str(copy), *BY, "--replace")
    (begun,) = city.ask("recovery", "status")["recoveries"]
    last_at = datetime.fromisoformat(manifest["last_committed_at"])
    assert datetime.fromisoformat(begun["begun_at"]) >= last_at
    made_on = datetime.fromisoformat(manifest["made_at"]).astimezone(CST).date()
    assert begun["absent_until"] == (made_on + timedelta(days=1)).isoformat()


@pytest.mark.parametrize("name", ["", " ", "王\u202e某", "王" * 201])
def test_nobody_decides_without_a_name_that_can_be_read(city: City, name: str) -> None:
    city.ask("recovery", "begin", *BY)
    with city.untouched():
        for by, second in ((name, "李某"), ("李某", name)):
            city.run(
                "recovery", "end", "--all", "--by", by, "--second", second, "--reason", "-", exit_code=2
            )
        city.run("recovery", "begin", "--by", "王某", "--reason", name, exit_code=2)


@on_both_stores
def test_for_people_there_are_sentences(city: City) -> None:
    assert "never restored" in city.run("recovery", "status").stdout
    enrolled(city)
    assert "epoch 1" in city.run("recovery", "begin", *BY).stdout
    assert f"{CLINIC}-T1" in city.run("recovery", "status").stdout
    assert "No sale was shown" in city.run("recovery", "list").stdout
    assert "nothing to be looked at" in city.run("recovery", "list", "--findings").stdout


@pytest.mark.parametrize("city", ["server"], indirect=True)
def test_a_database_on_a_server_is_backed_up_with_its_own_tools(city: City) -> None:
    copies = str(city.folder / "copies")
    assert "pg_basebackup" in city.run("backup", "create", copies, exit_code=2).stderr


@on_both_stores
def test_no_recovery_is_begun_while_a_gateway_serves(city: City) -> None:
    gateway = city.gateway

    async def meanwhile() -> str:
        store = await gateway.database.open(gateway.sealer, root=gateway.keys.root.key)
        try:
            return (await asyncio.to_thread(city.run, "recovery", "begin", *BY, exit_code=2)).stderr
        finally:
            await store.close()

    assert "stop" in asyncio.run(meanwhile())
    assert city.ask("recovery", "status")["recoveries"] == []
    assert city.ask("recovery", "begin", *BY)["epoch"] == 1


@on_both_stores
def test_for_a_till_that_the_books_do_not_have_two_people_say_that_it_is_new(city: City) -> None:
    """It may have been enrolled, and have sold, in what was lost: nobody can know that but people."""
    assert city.ask("terminal", "enrol", CLINIC, "T1")["unproven"] is False
    city.ask("recovery", "begin", *BY)
    said = city.run("terminal", "enrol", CLINIC, "T1").stderr
    assert f"recovery end --terminal {CLINIC}-T1" in said
    assert city.ask("terminal", "enrol", CLINIC, "T1")["unproven"] is True
    assert city.ask("recovery", "end", "--terminal", f"{CLINIC}-T1", *TWO)["ended"] is True
    assert city.ask("terminal", "enrol", CLINIC, "T1")["unproven"] is False


@on_both_stores
def test_a_till_that_the_backup_has_is_enrolled_again_without_more_words(city: City) -> None:
    enrolled(city)
    city.ask("recovery", "begin", *BY)
    assert city.ask("terminal", "enrol", CLINIC, "T1")["unproven"] is False
