"""Tills, credentials and the books from the command line."""

import asyncio
import csv
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.resources import files

import pytest

from medsettle.wire.signing import key_id, verifier_of
from medsettle_gateway.domain.calendar import CST
from medsettle_gateway.domain.credential import AskedFor, Purpose
from medsettle_gateway.domain.facts import ResolvedCredential
from medsettle_gateway.domain.money import format_fen, parse_fen
from medsettle_gateway.resolvers.demo import DemoResolver
from medsettle_gateway.service.commands import Shown
from medsettle_gateway.service.enrol import code_hash
from medsettle_gateway.storage.instants import from_us
from tests.gateway.cli.city import City, on_both_stores

pytestmark = on_both_stores

CLINIC = "H21030200001"


def members_of_the_city() -> Iterator[dict[str, str]]:
    """The people of the demo, as its file has them."""
    text = (files("medsettle_gateway") / "demo_city" / "members.csv").read_text("utf-8-sig")
    yield from csv.DictReader(text.splitlines())


def enrolled(city: City, till: str = "T1", key: str = "k1") -> None:
    """A till with a key, as its enrolment would leave it."""
    with city.gateway.writing() as connection:
        values = (f"{CLINIC}-{till}", CLINIC, till)
        connection.execute("INSERT INTO terminals VALUES (?, ?, ?, 'active')", values)
        connection.execute(
            "INSERT INTO terminal_keys VALUES (?, ?, 'ed25519', ?, 0, 4000000000000000, NULL, NULL)",
            (key, f"{CLINIC}-{till}", b"0"),
        )


def test_a_code_is_handed_out_with_the_fingerprint_of_the_root_and_only_its_hash_is_kept(city: City) -> None:
    answer = city.ask("terminal", "enrol", CLINIC, "T1")
    code, _, fingerprint = answer["code"].partition(".")
    assert len(code) == 16
    assert set(code) <= set("0123456789ABCDEFGHJKMNPQRSTVWXYZ")
    assert fingerprint == key_id(city.gateway.keys.root.public_key)
    assert (answer["terminal"], answer["institution_name"]) == (f"{CLINIC}-T1", "铁东第一门诊部")
    assert city.rows("SELECT code_hash, institution, till, used_by_key FROM enrol_codes") == [
        (code_hash(code), CLINIC, "T1", None)
    ]


def test_for_people_the_code_stands_alone_on_standard_output(city: City) -> None:
    result = city.run("terminal", "enrol", CLINIC, "T1")
    assert result.stdout.count("\n") == 1
    assert "铁东第一门诊部" in result.stderr
    ((expires_at_us,),) = city.rows("SELECT expires_at_us FROM enrol_codes")
    until = from_us(expires_at_us).astimezone(CST).isoformat(timespec="seconds")
    assert until.endswith("+08:00")
    assert result.stderr.endswith(f"有效至 valid until {until}\n")


def test_a_new_code_of_a_till_ends_the_one_before(city: City) -> None:
    city.ask("terminal", "enrol", CLINIC, "T1")
    city.ask("terminal", "enrol", CLINIC, "T2")
    last = city.ask("terminal", "enrol", CLINIC, "T1")["code"].partition(".")[0]
    found = city.rows("SELECT code_hash FROM enrol_codes WHERE till = 'T1'")
    assert found == [(code_hash(last),)]
    assert city.rows("SELECT count(*) FROM enrol_codes") == [(2,)]


def test_no_code_for_an_institution_that_is_unknown(city: City) -> None:
    assert "import it first" in city.run("terminal", "enrol", "H404", "T1", exit_code=1).stderr


@pytest.mark.parametrize(
    ("institution", "till"), [(CLINIC, "T-1"), (CLINIC, "t1"), (CLINIC, "T12345678"), ("H" * 21, "T1")]
)
def test_a_code_is_handed_out_only_for_names_that_a_request_id_can_hold(
    city: City, institution: str, till: str
) -> None:
    assert "of A-Z and 0-9" in city.run("terminal", "enrol", institution, till, exit_code=2).stderr


def test_tills_are_listed_with_their_keys(city: City) -> None:
    assert "No till has enrolled yet" in city.run("terminal", "list").stdout
    enrolled(city)
    (till,) = city.ask("terminal", "list")["terminals"]
    assert (till["terminal"], till["state"]) == (f"{CLINIC}-T1", "active")
    assert [key["key"] for key in till["keys"]] == ["k1"]
    shown = city.run("terminal", "list").stdout
    assert f"{CLINIC}-T1  铁东第一门诊部  正常 active" in shown
    assert datetime.fromisoformat(till["keys"][0]["not_after"]).astimezone(CST).isoformat() in shown


def test_a_till_is_suspended_and_resumed(city: City) -> None:
    enrolled(city)
    assert city.ask("terminal", "suspend", f"{CLINIC}-T1")["state"] == "suspended"
    assert city.rows("SELECT state FROM terminals") == [("suspended",)]
    assert "active" in city.run("terminal", "resume", f"{CLINIC}-T1").stdout
    assert "No till" in city.run("terminal", "suspend", f"{CLINIC}-T9", exit_code=1).stderr


@pytest.mark.parametrize(("options", "compromised"), [((), False), (("--compromised",), True)])
def test_a_key_is_revoked_once_and_for_all(city: City, options: tuple[str, ...], compromised: bool) -> None:
    enrolled(city)
    city.run("terminal", "revoke-key", "k1", *options)
    ((revoked_us, compromised_us),) = city.rows("SELECT revoked_at_us, compromised_at_us FROM terminal_keys")
    city.run("terminal", "revoke-key", "k1")
    assert city.rows("SELECT revoked_at_us FROM terminal_keys") == [(revoked_us,)]
    assert (compromised_us is not None) == compromised
    assert "revoked" in city.run("terminal", "list").stdout
    assert "No key" in city.run("terminal", "revoke-key", "k9", exit_code=1).stderr


def test_a_credential_is_recognised_as_the_member_and_is_each_time_another(city: City) -> None:
    one, other = (city.ask("credential", "issue", "2103000001")["token"] for _ in range(2))
    issuer = city.gateway.keys.issuer
    assert issuer is not None
    resolver = DemoResolver(verifier_of(issuer.public_key), frozenset({"210300"}))
    asked = AskedFor("210300", "P21030200101", Purpose.PURCHASE)
    found = [
        asyncio.run(resolver.resolve(Shown("electronic", token), asked, datetime.now(UTC)))
        for token in (one, other)
    ]
    with city.gateway.reading() as connection:
        member = city.gateway.people(connection, "").member_of("2103000001")
    assert [each.member for each in found if isinstance(each, ResolvedCredential)] == [member, member]
    assert len({each.credential_id for each in found if isinstance(each, ResolvedCredential)}) == 2


def test_no_credential_for_nobody_and_none_without_a_demo(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "No member has this number" in city.run("credential", "issue", "404", exit_code=1).stderr
    monkeypatch.setenv("MEDSETTLE_GATEWAY__GATEWAY__DEMO", "false")
    result = city.run("credential", "issue", "2103000001", exit_code=2)
    assert "only issued by a demo gateway" in result.stderr


def test_the_books_are_summed_up_for_people_and_for_programs(city: City) -> None:
    answer = city.ask("ledger", "summary")
    assert (answer["balanced"], answer["open_sales"], answer["faults"]) == (True, [], [])
    balance_fen = sum(parse_fen(row["account_yuan"]) for row in members_of_the_city() if row["account_yuan"])
    assert balance_fen > 0
    assert answer["accounts"] == {"balance_fen": balance_fen, "held_fen": 0}
    text = city.run("ledger", "summary").stdout
    assert format_fen(balance_fen) in text
    assert "No sale is open" in text


def test_books_that_are_off_end_with_exit_code_1(city: City) -> None:
    city.change("UPDATE accounts SET balance_fen = balance_fen + 1 WHERE balance_fen = 100000")
    answer = city.ask("ledger", "summary", exit_code=1)
    assert answer["balanced"] is False
    (fault,) = answer["faults"]
    assert "100001 fen and 0 held, but its postings say 100000 and 0" in fault["en"]
    text = city.run("ledger", "summary", exit_code=1).stdout
    assert f"错误:{fault['zh']}" in text
    assert f"Fault: {fault['en']}" in text
