"""Making a gateway, and what a command says when it cannot work."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from medsettle_gateway.domain.keys import MemberKey
from medsettle_gateway.domain.member import Owner
from medsettle_gateway.storage.loading import Reading
from tests.gateway.cli.city import City


def test_init_makes_a_gateway_that_is_no_demo_and_keeps_it(tmp_path: Path) -> None:
    city = City(tmp_path / "new")
    first = city.ask("init", str(city.folder), "--id", "anshan-1")
    city.config.write_text(city.config.read_text("utf-8") + "hold_s = 300\n", "utf-8")
    assert city.ask("init", str(city.folder), "--id", "other") == first
    config = city.gateway.config
    assert (config.gateway.id, config.gateway.demo, config.limits.hold_s) == ("anshan-1", False, 300)
    assert city.gateway.keys.issuer is None
    assert city.ask("ledger", "summary")["entry_count"] == 0


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
    gateway = city.gateway
    with gateway.reading() as connection:
        daughter = gateway.people(connection, "").member_of("2103000006")
        assert daughter is not None
        facts = Reading(connection, gateway.sealer).load((MemberKey(daughter),)).of(MemberKey(daughter))
    assert facts is not None
    assert [(each.owner, each.balance_fen) for each in facts.accounts] == [(Owner.PARENT, 15_000)]


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


def test_migrating_what_is_up_to_date_says_so(city: City) -> None:
    assert city.ask("migrate") == {"from": 1, "to": 1}


def test_every_setting_is_listed_with_its_value_range_and_variable(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEDSETTLE_GATEWAY__LIMITS__HOLD_S", "300")
    listed = {each["name"]: each for each in city.ask("settings")["settings"]}
    assert listed["limits.hold_s"] == {
        "name": "limits.hold_s", "value": 300, "least": 1, "most": 86_400,
        "variable": "MEDSETTLE_GATEWAY__LIMITS__HOLD_S",
    }
    assert listed["gateway.demo"]["value"] is True
    text = city.run("settings").stdout
    assert "limits.hold_s = 300  (1 .. 86400)" in text
    assert "listen.tls_key = -" in text


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
@pytest.mark.parametrize("command", [("ledger", "summary"), ("terminal", "list"), ("serve",)])
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
