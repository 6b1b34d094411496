"""Making a gateway, and what a command says when it cannot work."""

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from medsettle_gateway.storage.sqlite import database
from tests.gateway.cli.city import City

KEYS = ("root.pem", "identities", "quotes")


def test_init_makes_a_gateway_that_is_no_demo_and_keeps_it(tmp_path: Path) -> None:
    city = City(tmp_path / "new")
    first = city.ask("init", str(city.folder), "--id", "anshan-1")
    city.config.write_text(city.config.read_text("utf-8") + "hold_s = 300\n", "utf-8")
    assert city.ask("init", str(city.folder)) == {**first, "kept": True}
    assert "was kept as it is" in city.run("init", str(city.folder), "--id", "anshan-1").stdout
    config = city.gateway.config
    assert (config.gateway.id, config.gateway.demo, config.limits.hold_s) == ("anshan-1", False, 300)
    assert city.gateway.keys.issuer is None
    assert city.ask("ledger", "summary")["entry_count"] == 0


def content(folder: Path) -> dict[str, bytes]:
    """Every file of a gateway but the database's shared memory and log."""
    passing = {".db-shm", ".db-wal"}
    found = (each for each in folder.rglob("*") if each.is_file() and each.suffix not in passing)
    return {str(each.relative_to(folder)): each.read_bytes() for each in found}


@pytest.mark.parametrize(
    ("asked", "said"),
    [(("--id", "other"), "its id is 'anshan-1', not 'other'"), (("--demo",), "it is no demo")],
)
def test_init_for_another_gateway_says_what_is_kept_and_exits_1(
    tmp_path: Path, asked: tuple[str, ...], said: str
) -> None:
    city = City(tmp_path)
    city.run("init", str(tmp_path), "--id", "anshan-1")
    before = content(tmp_path)
    result = city.run("init", str(tmp_path), *asked, exit_code=1)
    assert said in result.stderr
    assert "configuration, keys and database are kept" in result.stderr
    assert content(tmp_path) == before


@pytest.mark.parametrize("gateway_id", ["bad id!", "", 'a"\nb = "c', "城市"])
def test_an_id_that_cannot_be_used_is_refused_before_anything_is_written(
    tmp_path: Path, gateway_id: str
) -> None:
    city = City(tmp_path / "new")
    result = city.run("init", str(city.folder), "--id", gateway_id, exit_code=2)
    assert "gateway.id must be lower-case letters" in result.stderr
    assert not city.folder.exists()


@pytest.mark.parametrize("lost", [(name,) for name in KEYS] + [KEYS])
@pytest.mark.parametrize("founding", ["init", "demo-city"])
def test_a_lost_key_is_restored_from_a_backup_and_never_made_anew(
    city: City, tmp_path: Path, lost: tuple[str, ...], founding: str
) -> None:
    for name in lost:
        shutil.move(city.folder / "keys" / name, tmp_path / name)
    before = content(city.folder)
    result = city.run(founding, str(city.folder), exit_code=2)
    assert "restore the key directory from the backup" in result.stderr
    assert "init" not in result.stderr
    assert content(city.folder) == before
    for name in lost:
        shutil.move(tmp_path / name, city.folder / "keys" / name)
    city.run(founding, str(city.folder))


def test_the_root_of_another_gateway_is_refused(city: City, tmp_path: Path) -> None:
    City(tmp_path / "other").run("init", str(tmp_path / "other"))
    shutil.copy(tmp_path / "other" / "keys" / "root.pem", city.folder / "keys" / "root.pem")
    for command in (("serve", "--demo"), ("init", str(city.folder)), ("terminal", "list")):
        result = city.run(*command, exit_code=2)
        assert "belongs to another key (root.pem differs): restore the keys/" in result.stderr


def test_a_lost_database_is_restored_from_a_backup_and_never_made_anew(city: City) -> None:
    for path in city.folder.glob("gateway.db*"):
        path.unlink()
    recovery = ("recovery", "begin", "--by", "wang", "--reason", "the disk failed")
    for command in (("init", str(city.folder)), ("migrate",), ("serve", "--demo"), recovery):
        result = city.run(*command, exit_code=2)
        assert "restore it from the backup" in result.stderr
        assert not (city.folder / "gateway.db").exists()


def test_an_init_that_ended_before_its_keys_were_made_is_finished_by_the_next(tmp_path: Path) -> None:
    city = City(tmp_path)
    city.run("init", str(tmp_path))
    shutil.rmtree(tmp_path / "keys")
    for path in tmp_path.glob("gateway.db*"):
        path.unlink()
    database.migrate(tmp_path / "gateway.db")
    finished = city.ask("init", str(tmp_path))
    assert (finished["root"], finished["kept"]) == (city.gateway.keys.root.key, False)


def test_a_folder_that_never_had_a_gateway_is_told_to_make_one(tmp_path: Path) -> None:
    city = City(tmp_path)
    city.config.write_text("", "utf-8")
    for command in (("serve",), ("terminal", "list"), ("migrate",)):
        result = city.run(*command, exit_code=2)
        assert "no gateway has been made here. Run medsettle-gateway init" in result.stderr


def test_a_city_has_members_of_each_kind(city: City) -> None:
    kinds = city.rows("SELECT DISTINCT scheme, standing FROM members ORDER BY 1, 2")
    assert kinds == [
        ("employee", "active"), ("employee", "flexible"), ("employee", "retired"),
        ("resident", "adult"), ("resident", "minor"),
    ]
    assert city.rows("SELECT count(*) FROM members WHERE covered_to IS NOT NULL") == [(1,)]
    assert city.rows("SELECT count(*) FROM accounts WHERE state = 'frozen'") == [(1,)]
    assert city.rows("SELECT kind, count(*) FROM institutions GROUP BY kind") == [
        ("clinic", 2), ("hospital", 1), ("pharmacy", 2)
    ]
    assert city.rows("SELECT count(*) FROM counters WHERE used = 298000") == [(1,)]
    assert city.ask("ledger", "summary")["balanced"] is True


def test_a_daughter_of_the_city_may_use_her_fathers_account(city: City) -> None:
    shown = city.ask("member", "show", "2103000006")
    (fathers,) = shown["accounts"]
    assert (fathers["owner"], fathers["balance_fen"], fathers["standing_consent"]) == ("parent", 15_000, True)


def test_a_son_of_the_city_may_use_so_much_of_his_mothers_account_in_a_year(city: City) -> None:
    (mothers,) = city.ask("member", "show", "2103000017")["accounts"]
    assert (mothers["limit_left_fen"], mothers["standing_consent"]) == (20_000, False)


def test_a_tie_of_the_city_that_has_ended_is_shown_of_the_days_on_which_it_held(city: City) -> None:
    assert [each["owner"] for each in city.ask("member", "show", "2103000012")["accounts"]] == ["self"]
    then = city.ask("member", "show", "2103000012", "--on", "2025-06-30")
    assert [each["owner"] for each in then["accounts"]] == ["self", "spouse"]


def test_making_the_city_again_changes_nothing(city: City) -> None:
    with city.untouched():
        sums = city.rows("SELECT sum(balance_fen) FROM accounts")
    city.run("demo-city", str(city.folder))
    assert city.rows("SELECT sum(balance_fen) FROM accounts") == sums


def test_a_gateway_that_is_no_demo_does_not_become_a_city(tmp_path: Path) -> None:
    city = City(tmp_path)
    city.run("init", str(tmp_path))
    result = city.run("demo-city", str(tmp_path), exit_code=2)
    assert "gateway.demo = true" in result.stderr


@pytest.mark.parametrize(("more", "told"), [((), True), (("--no-next",), False)])
def test_a_city_that_was_made_says_what_comes_next_unless_it_is_done_anyway(
    tmp_path: Path, more: tuple[str, ...], told: bool
) -> None:
    said = City(tmp_path).run("demo-city", str(tmp_path / "new"), *more).stdout
    assert "演示城市已建立 the city stands" in said
    assert ("next: medsettle-gateway serve" in said) is told


def test_migrating_what_is_up_to_date_says_so(city: City) -> None:
    newest = len(database.migrations())
    assert city.ask("migrate") == {"from": newest, "to": newest}
    said = city.run("migrate").stdout
    assert f"数据库已是版本 {newest},无需升级。The database is of version {newest}: up to date." in said


def test_every_setting_is_listed_with_its_value_range_and_variable(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEDSETTLE_GATEWAY__LIMITS__HOLD_S", "300")
    listed = {each["name"]: each for each in city.ask("settings")["settings"]}
    assert listed["limits.hold_s"] == {
        "name": "limits.hold_s", "value": 300, "least": 1, "most": 86_400,
        "variable": "MEDSETTLE_GATEWAY__LIMITS__HOLD_S", "choices": None,
    }
    assert listed["gateway.demo"]["value"] is True
    text = city.run("settings").stdout
    assert "limits.hold_s = 300  (1 .. 86400)" in text
    assert "listen.tls_key = -" in text
    assert "listen.front = aio  (aio | fast)" in text
    assert "log.level = info  (debug | info | warning | error)" in text
    assert "gateway.demo = true  (true | false)" in text


def wrong_value(city: City) -> None:
    city.config.write_text('[limits]\nhold_s = "ten"\n', "utf-8")


def no_keys(city: City) -> None:
    (city.folder / "keys" / "root.pem").unlink()
    (city.folder / "keys" / "identities").unlink()


def no_database(city: City) -> None:
    (city.folder / "gateway.db").unlink()


def newer_database(city: City) -> None:
    connection = sqlite3.connect(city.folder / "gateway.db")
    connection.execute("PRAGMA user_version = 99")
    connection.close()


@pytest.mark.parametrize(
    ("spoil", "en"),
    [
        (wrong_value, "limits.hold_s must be a whole number, not 'ten'."),
        (no_keys, "Cannot read the key file"),
        (no_database, "There is no database"),
        (newer_database, "is of version 99"),
    ],
)
@pytest.mark.parametrize("command", [("ledger", "summary"), ("terminal", "list"), ("serve", "--demo")])
def test_what_cannot_work_ends_with_one_sentence_in_each_language_and_exit_code_2(
    city: City, spoil: Callable[[City], None], en: str, command: tuple[str, ...]
) -> None:
    spoil(city)
    result = city.run(*command, exit_code=2)
    zh_line, en_line = result.stderr.splitlines()
    assert en in en_line
    assert max(zh_line) >= "\u4e00"
    assert result.stdout == ""


def test_a_configuration_that_is_not_there_is_wrong_usage(tmp_path: Path) -> None:
    City(tmp_path).run("serve", exit_code=2)
