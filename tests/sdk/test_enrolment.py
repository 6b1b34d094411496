"""Enrolment trusts only the gateway that the operator's code is of, and keeps nothing of another."""

import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from medsettle._exchange.signed import Reply, Request
from medsettle.config import read_config
from medsettle.credentials import is_private, read_key
from medsettle.enrolment import Channel, Enrolment, enrol
from medsettle.errors import ConfigError, JournalError, MedsettleError, TerminalNotReadyError
from medsettle.journal import SqliteJournal
from medsettle.models import Basket
from medsettle.till import Till
from medsettle.wire import signing
from medsettle.wire.reasons import Reason
from tests.sdk.counterpart import (
    AUDIENCE,
    CODE,
    ROOT,
    TERMINAL,
    TERMINAL_KEY,
    Counterpart,
)
from tests.sdk.faults import (
    goes_wrong,
    lost_after,
    lost_before,
    refused,
    trailing,
    unsigned,
)
from tests.sdk.wires import DirectTransport, served

HERE = Channel("127.0.0.1:1", insecure=True)
FULL_CODE = f"{CODE}.{ROOT.key}"


def enrolled(counterpart: Counterpart, folder: Path, code: str = FULL_CODE, **more: Any) -> Enrolment:
    wire = DirectTransport(counterpart)
    return enrol(HERE, code, TERMINAL, folder, clock=counterpart.clock, transport=wire, **more)


@pytest.mark.parametrize("suite", ["ed25519", "p256"])
def test_an_enrolled_terminal_can_sell(
    counterpart: Counterpart, tmp_path: Path, basket: Basket, suite: str
) -> None:
    made = enrolled(counterpart, tmp_path / "till", suite=suite)
    config = read_config(made.config_file)
    assert (config.terminal, config.audience, config.root_public_key) == (TERMINAL, AUDIENCE, ROOT.public_key)
    assert config.institution_name == '康宁 "大" 药房'
    assert read_key(made.key_file).key == made.key
    assert read_key(made.key_file).suite == suite
    wire = DirectTransport(counterpart)
    with Till.open(made.config_file, clock=counterpart.clock, transport=wire) as till:
        assert till.quote("scanned", basket).split.cash_fen == 4000


@pytest.mark.skipif(sys.platform == "win32", reason="no such modes")
def test_only_the_owner_can_read_the_key(counterpart: Counterpart, tmp_path: Path) -> None:
    made = enrolled(counterpart, tmp_path)
    assert is_private(made.key_file)
    assert made.key_file.stat().st_mode & 0o777 == 0o600


def test_the_code_is_sent_without_its_fingerprint(counterpart: Counterpart, tmp_path: Path) -> None:
    enrolled(counterpart, tmp_path)
    (body,) = counterpart.bodies
    assert CODE.encode() in body
    assert ROOT.key.encode() not in body


def impostor(_: Counterpart, request: Request, handle: Callable[[], Reply]) -> Reply:
    """Another gateway, perfectly in order but for its root."""
    from medsettle.wire.v1 import terminal_pb2

    answer = terminal_pb2.EnrolResponse.FromString(handle().body)
    root = signing.KeySigner.generate()
    answer.root_public_key = root.public_key
    other = Counterpart(_.clock)
    reply = other.sign(request, "OK", answer.SerializeToString())
    certificate = signing.Certificate.decode(str(reply.trailing[signing.ANSWER_CERTIFICATE]))
    forged = signing.Certificate(
        certificate.audience, certificate.key, certificate.suite, certificate.public_key,
        certificate.not_before_ms, certificate.not_after_ms, root.sign(certificate.statement()),
    )
    return Reply("OK", reply.body, {**reply.trailing, signing.ANSWER_CERTIFICATE: forged.encode()})


def ready(folder: Path) -> bool:
    return (folder / "till.key").exists() or (folder / "till.toml").exists()


@pytest.mark.parametrize(
    ("fault", "reason"),
    [(impostor, "ROOT_MISMATCH"), (unsigned, "ANSWER_UNVERIFIED"),
     (goes_wrong(nonce="another"), "ANSWER_UNVERIFIED"), (goes_wrong(audience=AUDIENCE), "ANSWER_UNVERIFIED"),
     (trailing(answer_certificate="AAAA.AAAA"), "ANSWER_UNVERIFIED")],
    ids=["impostor", "unsigned", "replayed", "of another call", "no certificate"],
)
def test_an_answer_that_the_codes_root_does_not_vouch_for_makes_no_terminal(
    counterpart: Counterpart, tmp_path: Path, fault: Any, reason: str
) -> None:
    counterpart.fault("Enrol", fault)
    with pytest.raises(MedsettleError, match=reason):
        enrolled(counterpart, tmp_path)
    assert not ready(tmp_path)


@pytest.mark.parametrize("fault", [lost_after, unsigned])
def test_the_same_code_after_a_lost_answer_registers_the_same_key(
    counterpart: Counterpart, tmp_path: Path, fault: Any
) -> None:
    counterpart.fault("Enrol", fault)
    with pytest.raises(MedsettleError):
        enrolled(counterpart, tmp_path)
    (registered,) = counterpart.terminal_keys.keys() - {TERMINAL_KEY.key}
    made = enrolled(counterpart, tmp_path)
    assert made.key == read_key(made.key_file).key == registered
    names = {each.name for each in tmp_path.iterdir()}
    assert {name for name in names if not name.startswith("till.journal")} == {"till.key", "till.toml"}


def test_an_enrolment_that_was_cut_short_is_taken_up(
    counterpart: Counterpart, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def power_cut(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("medsettle.enrolment._write_config", power_cut)
        with pytest.raises(KeyboardInterrupt):
            enrolled(counterpart, tmp_path)
    left = read_key(tmp_path / "till.key").key
    assert enrolled(counterpart, tmp_path).key == left


def test_a_power_cut_while_the_configuration_is_written_is_taken_up(
    counterpart: Counterpart, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def power_loss(_: int) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as cut:
        cut.setattr("medsettle.enrolment.os", SimpleNamespace(fsync=power_loss))
        with pytest.raises(KeyboardInterrupt):
            enrolled(counterpart, tmp_path)
    made = enrolled(counterpart, tmp_path)
    assert read_config(made.config_file).terminal == TERMINAL


def test_another_code_registers_another_key(counterpart: Counterpart, tmp_path: Path) -> None:
    counterpart.fault("Enrol", lost_before)
    with pytest.raises(MedsettleError):
        enrolled(counterpart, tmp_path, f"SPOILT.{ROOT.key}")
    (waiting,) = tmp_path.iterdir()
    assert enrolled(counterpart, tmp_path).key != read_key(waiting).key


def test_a_code_of_another_terminal_is_told_so(counterpart: Counterpart, tmp_path: Path) -> None:
    wire = DirectTransport(counterpart)
    with pytest.raises(ConfigError, match=f"the code is of {TERMINAL}"):
        enrol(HERE, FULL_CODE, "P21030000001-02", tmp_path, clock=counterpart.clock, transport=wire)
    assert not ready(tmp_path)


@pytest.mark.parametrize(
    "code", ["", "ABCD-EFGH", "ABCD-EFGH.", "ABCD-EFGH.xyz", f".{ROOT.key}"],
    ids=["nothing", "no fingerprint", "an empty one", "no such one", "no code"],
)
def test_a_code_without_its_fingerprint_is_refused_before_anything_is_sent(
    counterpart: Counterpart, tmp_path: Path, code: str
) -> None:
    with pytest.raises(ConfigError, match="fingerprint"):
        enrolled(counterpart, tmp_path, code)
    assert counterpart.seen == []


@pytest.mark.parametrize("reason", [Reason.ENROL_CODE_EXPIRED, Reason.NONCE_REPLAYED])
def test_a_refused_enrolment_says_why(counterpart: Counterpart, tmp_path: Path, reason: Reason) -> None:
    counterpart.fault("Enrol", refused(reason))
    with pytest.raises(TerminalNotReadyError, match=reason):
        enrolled(counterpart, tmp_path)


def test_a_wrong_code_is_refused(counterpart: Counterpart, tmp_path: Path) -> None:
    with pytest.raises(TerminalNotReadyError, match="ENROL_CODE_INVALID"):
        enrolled(counterpart, tmp_path, f"WRONG.{ROOT.key}")


def test_a_clock_that_is_off_is_corrected_once(counterpart: Counterpart, tmp_path: Path) -> None:
    counterpart.skew = timedelta(days=2)
    assert enrolled(counterpart, tmp_path).terminal == TERMINAL
    assert counterpart.count("Enrol") == 2


def test_a_clock_that_is_far_off_must_be_set_before_a_terminal_enrols(
    counterpart: Counterpart, tmp_path: Path
) -> None:
    counterpart.skew = timedelta(days=400)
    with pytest.raises(TerminalNotReadyError, match="CLOCK_SKEW"):
        enrolled(counterpart, tmp_path)
    assert counterpart.count("Enrol") == 1


def test_a_terminal_that_is_there_is_not_overwritten(counterpart: Counterpart, tmp_path: Path) -> None:
    first = enrolled(counterpart, tmp_path)
    with pytest.raises(ConfigError, match="directory"):
        enrolled(counterpart, tmp_path)
    assert read_key(first.key_file).key == first.key


@pytest.mark.parametrize("terminal", ["P1", "p1-1", "P1-1-1", ""])
def test_a_terminal_is_named_in_full(counterpart: Counterpart, tmp_path: Path, terminal: str) -> None:
    with pytest.raises(ConfigError, match="terminal"):
        enrol(HERE, FULL_CODE, terminal, tmp_path, transport=DirectTransport(counterpart))


def test_an_unknown_suite_is_refused(counterpart: Counterpart, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="suite"):
        enrolled(counterpart, tmp_path, suite="rsa")


def test_an_enrolment_over_a_real_socket(counterpart: Counterpart, tmp_path: Path) -> None:
    with served(counterpart) as address:
        made = enrol(
            Channel(address, insecure=True), FULL_CODE, TERMINAL, tmp_path, clock=counterpart.clock
        )
        with Till.open(made.config_file, clock=counterpart.clock) as till:
            assert till.probe().terminal_key == made.key


def test_a_gateway_that_is_away_makes_no_terminal(counterpart: Counterpart, tmp_path: Path) -> None:
    counterpart.away = True
    with pytest.raises(MedsettleError, match="GATEWAY_AWAY"):
        enrolled(counterpart, tmp_path)
    assert not ready(tmp_path)


def test_the_journal_begins_with_the_enrolment(counterpart: Counterpart, tmp_path: Path) -> None:
    enrolled_ms = counterpart.now_ms()
    made = enrolled(counterpart, tmp_path)
    counterpart.clock.move(9 * 86_400)
    journal = SqliteJournal(read_config(made.config_file).journal)
    assert journal.began_ms(counterpart.now_ms()) == enrolled_ms
    journal.close()


def test_a_journal_that_is_there_stays_as_old_as_it_is(counterpart: Counterpart, tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path / "till.journal")
    began_ms = journal.began_ms(1_000)
    journal.close()
    enrolled(counterpart, tmp_path)
    again = SqliteJournal(tmp_path / "till.journal")
    assert again.began_ms(counterpart.now_ms()) == began_ms
    again.close()


def test_where_no_journal_can_be_kept_no_till_is_made_and_the_code_stays_good(
    counterpart: Counterpart, tmp_path: Path
) -> None:
    (tmp_path / "till.journal").mkdir()
    with pytest.raises(JournalError):
        enrolled(counterpart, tmp_path)
    assert not (tmp_path / "till.toml").exists()
    (tmp_path / "till.journal").rmdir()
    assert enrolled(counterpart, tmp_path).terminal == TERMINAL
