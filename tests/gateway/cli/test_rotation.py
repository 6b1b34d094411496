"""One key of people's names and numbers takes the place of another, while everything is found and opened."""

import itertools
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from medsettle_gateway.bootstrap.members import sealer_of
from medsettle_gateway.config import ConfigError
from medsettle_gateway.domain.credential import Proxy, Relation
from medsettle_gateway.domain.moves import KeepProxy, KeepReassertion, PutSale
from medsettle_gateway.files.identity_keys import KeyFile, drop_identity_keys
from medsettle_gateway.files.keys import load_keys
from medsettle_gateway.storage import rotation
from medsettle_gateway.storage.facts import write
from medsettle_gateway.storage.proxies import proxy_of
from medsettle_gateway.storage.register import holders_of, member_of
from medsettle_gateway.storage.sealing import Sealer
from tests.gateway.cli.city import City, on_both_stores
from tests.gateway.storage.release_course import SHOWN
from tests.gateway.storage.stand import NOW, sale

pytestmark = on_both_stores

MEMBER = "2103000001"
CARD = "A21030001"
PROXY = Proxy(Relation.CHILD, "张晓", "21030219850412001X", "13912345678")


def members_count(city: City) -> int:
    return int(city.rows("SELECT count(*) FROM identities")[0][0])


def with_proxy(city: City) -> str:
    one = sale(1)
    with city.gateway.writing() as connection:
        write(connection, city.gateway.sealer, (
            PutSale(one), KeepProxy(one.request_id.text, PROXY, NOW), KeepReassertion(SHOWN),
        ))
    return one.request_id.text


def answer_shown(city: City) -> bytes:
    """What a till showed after a restore, as it is read with the keys that there are now."""
    ((request_id, sealed),) = city.rows("SELECT request_id, answer_sealed FROM reassertions")
    return city.gateway.sealer.open_answer(request_id, bytes(sealed))


def found_as(city: City, sealer: Sealer) -> tuple[str | None, int]:
    """Whom the number is, and how many hold the card, as this sealer finds them."""
    with city.gateway.reading() as connection:
        return (
            member_of(connection, sealer, MEMBER), len(holders_of(connection, sealer, "social_card", CARD))
        )


def test_a_rotation_seals_everything_anew_and_drops_the_old_key_only_after_that(city: City) -> None:
    text, before = with_proxy(city), city.gateway.sealer
    whom = found_as(city, before)
    assert whom == (whom[0], 1)
    assert whom[0] is not None
    added = city.ask("identity", "add-key")["added"]
    told = city.ask("identity", "keys")
    count = members_count(city) + 2
    assert (told["newest"], told["pending"]) == (added, True)
    assert told["sealed"] == {before.key_ids[0]: count, added: 0}
    assert "still in use" in city.run("identity", "drop-keys", exit_code=1).stderr
    assert found_as(city, city.gateway.sealer) == whom
    assert city.ask("identity", "rotate", "--check")["sealed_anew"] == count
    assert city.ask("identity", "keys")["pending"]
    assert city.ask("identity", "rotate")["sealed_anew"] == count
    told = city.ask("identity", "keys")
    assert told == {"newest": added, "pending": False, "sealed": {before.key_ids[0]: 0, added: count}}
    assert city.ask("identity", "drop-keys")["dropped"] == [before.key_ids[0]]
    assert found_as(city, city.gateway.sealer) == whom
    with city.gateway.reading() as connection:
        assert proxy_of(connection, city.gateway.sealer, text) == PROXY
    assert answer_shown(city) == SHOWN.evidence.answer
    city.run("member", "show", MEMBER)
    assert city.ask("identity", "rotate")["sealed_anew"] == 0


def test_a_gateway_that_serves_finds_the_new_key_by_itself(city: City) -> None:
    """Its sealer was made before; it reads the keys anew at the first value of the new one."""
    serving = city.gateway.sealer
    whom = found_as(city, serving)
    city.ask("identity", "add-key")
    city.ask("identity", "rotate")
    with city.gateway.reading() as connection:
        row = connection.execute("SELECT member, sealed FROM identities").fetchone()
    assert serving.open(row[0], bytes(row[1])).name
    assert found_as(city, serving) == whom
    assert len(serving.key_ids) == 2


def test_a_gateway_that_has_met_nothing_of_the_new_key_seals_nothing_under_one_that_was_dropped(
    city: City
) -> None:
    """Who came for a patient would be lost for ever, for nobody has the old key any more."""
    serving = city.gateway.sealer
    for command in ("add-key", "rotate", "drop-keys"):
        city.ask("identity", command)
    sealed = serving.seal_proxy("r", PROXY)
    assert city.gateway.sealer.open_proxy("r", sealed) == PROXY


def test_a_gateway_finds_people_by_both_keys_from_the_moment_on_at_which_there_are_two(city: City) -> None:
    """Of two who have a number, one may be rotated already: who finds only the other takes it for the one."""
    config = city.gateway.config
    serving = sealer_of(config, load_keys(config.keys.directory))
    city.ask("identity", "add-key")
    assert len(serving.finds("id_number", "210399198504120019")) == 2


def test_a_key_that_was_added_meanwhile_is_not_dropped_and_never_all(city: City) -> None:
    directory = city.folder / "keys"
    for _ in range(2):
        city.ask("identity", "add-key")
    before = (directory / "identities").read_text("ascii").split()
    drop_identity_keys(directory, older=1)
    assert (directory / "identities").read_text("ascii").split() == before[1:]
    with pytest.raises(ConfigError, match="no key was dropped"):
        drop_identity_keys(directory, older=2)
    assert (directory / "identities").read_text("ascii").split() == before[1:]


def test_a_rotation_may_be_stopped_and_goes_on_where_it_was(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    count, whom = members_count(city), found_as(city, city.gateway.sealer)
    city.ask("identity", "add-key")
    monkeypatch.setattr(rotation, "BATCH_ROWS", 5)
    heard: list[int] = []

    def stop(changed: int) -> None:
        heard.append(changed)
        if len(heard) == 2:
            raise KeyboardInterrupt

    gateway = city.gateway
    with pytest.raises(KeyboardInterrupt):
        rotation.rotate(gateway.reading, gateway.writing, gateway.sealer, stop)
    assert heard == [5, 5]
    told = city.ask("identity", "keys")
    assert sorted(told["sealed"].values()) == sorted((count - 10, 10))
    assert found_as(city, city.gateway.sealer) == whom
    assert city.ask("identity", "rotate")["sealed_anew"] == count - 10


def test_a_gateway_that_goes_on_under_the_old_key_is_found_out(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one on a machine to which the new key was not copied."""
    stale, numbers = Sealer.of(city.gateway.keys.identities[0]), itertools.count(1)
    city.ask("identity", "add-key")
    batches = rotation._batches

    def beside(*given: Any) -> Iterator[int]:
        yield from batches(*given)
        one = sale(next(numbers))
        text = one.request_id.text
        with city.gateway.writing() as connection:
            write(connection, city.gateway.sealer, (PutSale(one), KeepProxy(text, PROXY, NOW)))
            sealed = stale.seal_proxy(text, PROXY)
            connection.execute("UPDATE proxies SET sealed = ? WHERE request_id = ?", (sealed, text))

    monkeypatch.setattr(rotation, "_batches", beside)
    assert "copy keys/ to every machine" in city.run("identity", "rotate", exit_code=2).stderr
    assert city.ask("identity", "keys")["pending"]
    monkeypatch.undo()
    assert city.ask("identity", "rotate")["sealed_anew"] > 0


def test_members_are_not_imported_between_two_keys(city: City) -> None:
    """The same person would have two hashes, and could be entered twice."""
    city.ask("identity", "add-key")
    file = city.write(
        "members.csv",
        "member_no,name,id_number,region,scheme,standing,enrolment,aid,conditions,covered_from,covered_to,"
        "account_yuan,account_state",
        "2103000999,钱七,210399198504120019,210300,resident,adult,pool_only,none,,2010-01-01,,,",
    )
    assert "identity rotate first" in city.run("member", "import", file, exit_code=2).stderr
    city.ask("identity", "rotate")
    assert "nobody holds two" in city.run("member", "import", file, exit_code=1).stderr


def test_without_the_old_key_nothing_is_taken_for_rotated(city: City) -> None:
    city.ask("identity", "add-key")
    path = city.folder / "keys" / "identities"
    newest = path.read_text("ascii").split()[-1]
    path.write_text(newest + "\n", "ascii")
    assert "belongs to another key" in city.run("identity", "rotate", exit_code=2).stderr


def test_the_file_of_keys_stays_the_owners_alone(city: City) -> None:
    city.ask("identity", "add-key")
    path = city.folder / "keys" / "identities"
    assert len(path.read_text("ascii").split()) == 2
    if sys.platform != "win32":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not [each for each in os.listdir(path.parent) if each.startswith(".")]  # noqa: PTH208


def test_no_more_keys_than_are_read(city: City) -> None:
    for _ in range(7):
        city.ask("identity", "add-key")
    assert "8 keys already" in city.run("identity", "add-key", exit_code=2).stderr


KMS = """
import sys
secret = "k" * 3
text = sys.stdin.read().strip()
if sys.argv[1] == "wrap":
    print(secret + text[::-1])
elif text.startswith(secret):
    print(text[len(secret):][::-1])
else:
    sys.exit(3)
"""


def with_key_service(city: City) -> Path:
    """Keys that are added from now on are wrapped by a program that turns them round."""
    program = city.folder / "kms.py"
    program.write_text(KMS, "utf-8")
    text = city.config.read_text("utf-8")
    commands = "".join(
        f'{name} = ["{sys.executable}", "{program}", "{verb}"]\n'
        for name, verb in (("identity_key_command", "unwrap"), ("identity_wrap_command", "wrap"))
    )
    city.config.write_text(text.replace("[keys]\n", f"[keys]\n{commands}"), "utf-8")
    return city.folder / "keys" / "identities"


def test_a_key_service_wraps_the_key_so_that_it_lies_nowhere_in_the_clear(city: City) -> None:
    path, whom = with_key_service(city), found_as(city, city.gateway.sealer)
    city.ask("identity", "add-key")
    city.ask("identity", "rotate")
    city.ask("identity", "drop-keys")
    (line,) = path.read_text("ascii").split()
    assert line.startswith("wrapped:kkk")
    assert found_as(city, city.gateway.sealer) == whom
    city.run("member", "show", MEMBER)


def test_the_key_service_is_asked_only_of_keys_that_are_new(city: City) -> None:
    path = with_key_service(city)
    city.ask("identity", "add-key")
    section = city.gateway.config.keys
    keys = load_keys(section.directory, section.identity_key_command).identities
    file = KeyFile(section.directory, ("nothing-that-runs",), keys)
    assert (file.changed(), file.read()) == (False, keys)
    path.write_text(path.read_text("ascii").split()[1] + "\n", "ascii")
    assert (file.changed(), file.read()) == (True, keys[1:])
    assert not file.changed()
    path.write_text("wrapped:kkk00\n", "ascii")
    assert (file.changed(), file.read(), file.changed()) == (True, (), True)


@pytest.mark.parametrize("fault", ["print('0' * 64)", "sys.exit(3)"])
def test_a_key_that_the_service_does_not_give_back_is_not_added(city: City, fault: str) -> None:
    """No gateway would start any more with a key in its file that nobody can unwrap."""
    path = with_key_service(city)
    before = path.read_text("ascii")
    program = city.folder / "kms.py"
    program.write_text(KMS.replace("print(text[len(secret):][::-1])", fault), "utf-8")
    assert "key command" in city.run("identity", "add-key", exit_code=2).stderr
    assert path.read_text("ascii") == before


@pytest.mark.parametrize(("line", "said"), [
    ("wrapped:nothing-that-it-made", "ended with 3"), ("wrapped:kkk00", "must hold 64 hex digits"),
])
def test_a_key_service_that_fails_stops_the_start_and_nothing_of_a_key_is_said(
    city: City, line: str, said: str
) -> None:
    path = with_key_service(city)
    path.write_text(line + "\n", "ascii")
    stderr = city.run("terminal", "list", exit_code=2).stderr
    assert said in stderr
    assert line.partition(":")[2] not in stderr


def test_a_wrapped_key_needs_a_command(city: City) -> None:
    path = with_key_service(city)
    city.ask("identity", "add-key")
    text = city.config.read_text("utf-8")
    lines = [each for each in text.splitlines() if "identity_key_command" not in each]
    city.config.write_text("\n".join(lines), "utf-8")
    assert "set keys.identity_key_command" in city.run("terminal", "list", exit_code=2).stderr
    path.write_text(path.read_text("ascii").split()[0] + "\n", "ascii")
    assert "identity_key_command must be set" in city.run("identity", "add-key", exit_code=2).stderr


@pytest.mark.parametrize("statement", [
    "UPDATE reassertions SET became = 'ENTERED'", "UPDATE reassertions SET request_id = 'other'",
    "DELETE FROM reassertions", "UPDATE proxies SET request_id = 'other'",
])
def test_but_for_its_seal_nothing_changes_of_what_stands_for_ever(city: City, statement: str) -> None:
    with_proxy(city)
    with pytest.raises(Exception, match="never"):
        city.change(statement)
