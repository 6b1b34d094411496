"""A gateway whose books are on a server: how it is made, and what is said where it cannot be used."""

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from medsettle_gateway.storage.postgres import blocking, ending
from medsettle_gateway.storage.postgres.connecting import Connection
from medsettle_gateway.storage.postgres.database import migrations
from tests.gateway.cli.city import City

if TYPE_CHECKING:
    from tests.postgres import Databases

VARIABLE = "MEDSETTLE_GATEWAY__STORAGE__DATABASE_URL"
SECRET = "hunter2"


@pytest.fixture
def url(databases: "Databases") -> Iterator[str]:
    """A database that is empty."""
    url = databases.new()
    yield url
    databases.drop(url)


@pytest.fixture
def served(model_city_on_a_server: City, tmp_path: Path) -> City:
    """A folder of one's own over the books that all share: nothing is written there."""
    return model_city_on_a_server.copied(tmp_path / "city", model_city_on_a_server.url)


def refused(city: City, *command: str, exit_code: int = 2) -> tuple[str, str]:
    """The two sentences with which a command ends."""
    result = city.run(*(command or ("ledger", "summary")), exit_code=exit_code)
    assert SECRET not in result.output
    zh, en = result.stderr.splitlines()
    assert max(zh) >= "\u4e00"
    return zh, en


def test_init_makes_a_gateway_on_a_server_and_keeps_it(tmp_path: Path, url: str) -> None:
    city = City(tmp_path / "new", url)
    first = city.ask("init", str(city.folder), "--database-url", url)
    assert city.ask("init", str(city.folder)) == {**first, "kept": True}
    assert city.ask("init", str(city.folder), "--database-url", url)["kept"] is True
    newest = len(migrations())
    assert city.ask("migrate") == {"from": newest, "to": newest}
    assert not (city.folder / "gateway.db").exists()


def test_a_database_that_is_named_by_the_environment_is_not_written_into_the_file(
    tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, url)
    city = City(tmp_path / "new")
    city.run("init", str(city.folder))
    assert url not in city.config.read_text("utf-8")
    assert city.ask("ledger", "summary")["entry_count"] == 0
    monkeypatch.delenv(VARIABLE)
    assert "There is no database" in refused(city)[1]


def test_init_for_another_database_says_what_is_kept(served: City, url: str) -> None:
    before = served.config.read_bytes()
    result = served.run("init", str(served.folder), "--database-url", url, exit_code=1)
    assert f"its database is {served.url}, not {url}" in result.stderr
    assert served.config.read_bytes() == before


def test_an_init_that_did_not_reach_its_database_says_where_to_correct_the_address(
    tmp_path: Path, url: str
) -> None:
    city = City(tmp_path / "new", url)
    city.run("init", str(city.folder), "--database-url", "postgresql://me@127.0.0.1:1/books", exit_code=2)
    result = city.run("init", str(city.folder), "--database-url", url, exit_code=1)
    assert "correct the address in that file" in result.stderr
    text = city.config.read_text("utf-8")
    city.config.write_text(text.replace("postgresql://me@127.0.0.1:1/books", url), "utf-8")
    assert city.ask("init", str(city.folder), "--database-url", url)["kept"] is False


@pytest.mark.parametrize(
    "address", [f"postgresql://me:{SECRET}@db/books", f"postgresql://db/b?password={SECRET}"]
)
def test_a_password_is_not_written_into_the_configuration(tmp_path: Path, address: str) -> None:
    city = City(tmp_path / "new")
    result = city.run("init", str(city.folder), "--database-url", address, exit_code=2)
    assert VARIABLE in result.stderr
    assert SECRET not in result.output
    assert not city.folder.exists()


@pytest.mark.parametrize("asked", [(), ("--json",)])
def test_settings_hide_a_password(
    served: City, asked: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, f"postgresql://me:{SECRET}@db:5432/books?sslpassword={SECRET}&sslmode=require")
    shown = served.run("settings", *asked).output
    assert SECRET not in shown
    assert "postgresql://me:***@db:5432/books?sslpassword=***&sslmode=require" in shown


def no_server(url: str) -> str:
    return f"postgresql://me:{SECRET}@127.0.0.1:1/books"


def no_database(url: str) -> str:
    return url.replace("medsettle_test", "nothing_of_the_kind").replace("@", f":{SECRET}@")


def no_user(url: str) -> str:
    return url.replace("postgres@", f"nobody_known:{SECRET}@")


def an_empty_one(url: str) -> str:
    return url


@pytest.mark.parametrize(
    ("address", "en"),
    [
        (no_server, "check its address, the network, and that the server runs"),
        (no_database, "There is no database postgres@"),
        (no_user, "refuses the user or the password"),
        (an_empty_one, "is empty: restore it from the backup and make no new one"),
    ],
)
@pytest.mark.parametrize("command", [("ledger", "summary"), ("serve", "--demo"), ("terminal", "list")])
def test_a_server_that_cannot_be_used_is_told_without_a_password(
    served: City, url: str, address: Callable[[str], str], en: str, command: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(VARIABLE, address(url))
    assert en in refused(served, *command)[1]


def test_an_address_that_is_none_is_not_repeated(served: City, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, f"postgresql:me:{SECRET}")
    assert "storage.database_url must be the address of a database" in refused(served)[1]


def test_a_schema_that_this_release_does_not_know_is_refused(url: str, tmp_path: Path) -> None:
    city = City(tmp_path / "new", url)
    city.run("init", str(city.folder), "--database-url", url)
    city.change("INSERT INTO schema_versions SELECT max(version) + 1, ?, 0 FROM schema_versions", 99)
    assert re.search("is of version [0-9]+, this release knows up to", refused(city)[1])


def test_an_older_schema_is_brought_up_to_date_by_migrate_alone(url: str, tmp_path: Path) -> None:
    city = City(tmp_path / "new", url)
    city.run("init", str(city.folder), "--database-url", url)
    city.change("CREATE TABLE kept AS SELECT max(version) AS version FROM schema_versions")
    city.change("DELETE FROM schema_versions WHERE version = (SELECT version FROM kept)")
    assert "back it up, then run medsettle-gateway migrate" in refused(city)[1]


def test_the_books_of_another_gateway_are_refused(served: City, tmp_path: Path) -> None:
    City(tmp_path / "other").run("init", str(tmp_path / "other"), "--demo")
    shutil.copy(tmp_path / "other" / "keys" / "root.pem", served.folder / "keys" / "root.pem")
    assert "belongs to another key (root.pem differs): restore the keys/" in refused(served)[1]


def test_keys_that_are_lost_are_not_made_anew(served: City) -> None:
    shutil.rmtree(served.folder / "keys")
    assert "restore the key directory from the backup" in refused(served, "init", str(served.folder))[1]


def test_without_its_driver_it_says_what_to_install(served: City, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("medsettle_gateway.storage.stores.DRIVER", "no_such_driver")
    assert "run pip install 'medsettle-gateway[postgres]'" in refused(served)[1]


def test_workers_need_a_server(city: City) -> None:
    assert "--workers needs PostgreSQL" in refused(city, "serve", "--demo", "--workers", "2")[1]


@pytest.mark.parametrize("city", ["server"], indirect=True)
@pytest.mark.parametrize("lost", [ConnectionResetError(104, "reset by peer"), KeyboardInterrupt()], ids=repr)
def test_a_commit_whose_answer_was_lost_is_told_as_unknown(
    city: City, monkeypatch: pytest.MonkeyPatch, lost: BaseException
) -> None:
    commit = ending.commit

    async def lose_the_answer(connection: Connection) -> None:
        await commit(connection)
        raise lost

    monkeypatch.setattr(blocking, "commit", lose_the_answer)
    zh, en = refused(city, "recovery", "begin", "--by", "wang", "--reason", "disk", exit_code=1)
    assert "没有记录再执行一次" in zh
    assert "look first" in en
    monkeypatch.undo()
    assert len(city.ask("recovery", "status")["recoveries"]) == 1
