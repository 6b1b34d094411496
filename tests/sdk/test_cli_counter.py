"""What a cashier sees and types: facts, the next command, who works the till, what is asked first."""

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from medsettle.cli.run import run
from medsettle.models import Basket, Collect, Line
from medsettle.testing import Gateway
from medsettle.till import Till
from tests.sdk.shells import LI, SCAN, WANG, ZHANG, Ended, Keyboard, Shell

pytestmark = pytest.mark.e2e
UNKNOWN = "H21030200001-01-20261122-987654-1"


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    with Gateway() as running:
        yield running


@pytest.fixture(scope="module")
def shell(gateway: Gateway) -> Shell:
    return Shell(gateway, gateway.enrol_till("H21030200001"))


def typing(shell: Shell, *words: str, typed: str) -> Ended:
    output, complaints = io.StringIO(), io.StringIO()
    code = run(
        [*words, "--config", str(shell.config)], source=Keyboard(typed), output=output, complaints=complaints
    )
    return Ended(code, output.getvalue(), complaints.getvalue())


def test_the_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run(["--version"])
    assert ended.value.code == 0
    assert re.fullmatch(r"medsettle \d+\.\d+\S*\n", capsys.readouterr().out)


@pytest.mark.parametrize("words", [
    ("sell", f"{SCAN}@90.00", "--yes"), ("quote", f"{SCAN}@90.00"), ("seal", UNKNOWN), ("release", UNKNOWN),
    ("reverse", UNKNOWN, "--reason", "r"),
])
def test_who_works_the_till_is_asked_for_before_anything_is_scanned(
    shell: Shell, words: tuple[str, ...]
) -> None:
    command, *more = words
    ended = shell.run(command, *more, typed="not read\n")
    assert ended.code == 2
    assert "--operator" in ended.complaints
    assert "收银员" in ended.complaints


def test_who_works_the_till_may_stand_in_the_configuration(gateway: Gateway) -> None:
    config = gateway.enrol_till("H21030200001", "21")
    config.write_text('operator = "009"\n' + config.read_text("utf-8"), "utf-8")
    shell = Shell(gateway, config)
    ended = shell.run("sell", f"{SCAN}@91.00", "--yes", "--json", typed=shell.scan(ZHANG))
    assert ended.answer["sale"]["operator"] == "009"


@pytest.mark.parametrize("words", [
    ("sell", f"{SCAN}@90.00", "--ticket", "0"), ("sell", f"{SCAN}@90.00", "--ticket", "12a"),
    ("sell", f"{SCAN}@90.00", "--acknowledge", "QUOTE_CHANGED"), ("status", "12"),
    ("reverse", "H21030200001-01-20261332-1-1", "--reason", "r"),
])
def test_a_number_or_a_word_that_does_not_exist_ends_with_2(shell: Shell, words: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as ended:
        shell.run(words[0], *words[1:], "--operator", "7")
    assert ended.value.code == 2


def test_a_refusal_shows_its_facts(shell: Shell) -> None:
    ended = shell.run("sell", "NOSUCHITEM@5.00", "--operator", "7", "--yes", typed=shell.scan(ZHANG))
    assert ended.code == 1
    assert "NOSUCHITEM" in ended.output
    assert "ITEM_UNKNOWN" in ended.output


def test_a_possible_duplicate_names_the_words_that_overrule_it(shell: Shell) -> None:
    words = ("sell", f"{SCAN}@92.00", "--operator", "7", "--yes")
    assert shell.run(*words, typed=shell.scan(LI)).code == 0
    refused = shell.run(*words, "--ticket", "920", typed=shell.scan(LI))
    assert refused.code == 1
    assert "--acknowledge POSSIBLE_DUPLICATE" in " ".join(refused.output.split())
    more = ("--ticket", "920", "--acknowledge", "POSSIBLE_DUPLICATE")
    assert shell.run(*words, *more, typed=shell.scan(LI)).code == 0


def test_a_hold_is_released_by_hand(shell: Shell) -> None:
    with Till.open(shell.config) as till:
        scanned = shell.scan(WANG).strip()
        basket = Basket((Line(SCAN, 1, "93.00"),))
        quote = till.quote(scanned, basket, operator="7")
        held = till.settle(93, scanned, basket, expected=quote.split, collect=Collect.LATER, operator="7")
    assert held.state == "HELD"
    ended = shell.run("release", str(held.request_id), "--operator", "7")
    assert ended.code == 0
    assert "未支付 NOT PAID" in ended.output


def test_an_unknown_id_is_sealed_by_hand_and_can_be_no_sale_any_more(shell: Shell) -> None:
    with Till.open(shell.config) as till:
        number = till.next_number()
    request_id = shell.sold(LI, f"{SCAN}@94.00").rsplit("-", 2)[0] + f"-{int(number) + 500}-1"
    ended = shell.run("seal", request_id, "--operator", "7", "--json")
    assert (ended.code, ended.answer["state"]) == (1, "SEALED")
    refused = shell.run(
        "sell", f"{SCAN}@94.00", "--operator", "7", "--yes", "--json", "--ticket", request_id.split("-")[3],
        typed=shell.scan(ZHANG),
    )
    assert refused.answer["request_id"] != request_id


def test_reversing_an_id_that_nobody_knows_is_not_done_unasked(shell: Shell) -> None:
    words = ("reverse", UNKNOWN, "--reason", "returned", "--operator", "7")
    ended = shell.run(*words)
    assert ended.code == 2
    assert "going on only seals that id" in ended.complaints
    assert "--yes" in ended.complaints
    assert shell.run("status", UNKNOWN).code == 3
    asked = typing(shell, *words, typed="n\n")
    assert asked.code == 3
    assert "SALE_UNKNOWN" in asked.complaints
    assert shell.run("status", UNKNOWN).code == 3
    sealed = typing(shell, *words, typed="y\n")
    assert sealed.code == 0
    assert "已封存" in sealed.output


def test_reversing_with_yes_says_that_it_only_seals(shell: Shell) -> None:
    request_id = UNKNOWN.replace("987654", "987655")
    ended = shell.run("reverse", request_id, "--reason", "returned", "--operator", "7", "--yes")
    assert ended.code == 0
    assert "going on only seals that id" in ended.complaints


def test_cash_that_is_still_due_is_no_new_order_each_time(gateway: Gateway) -> None:
    shell = Shell(gateway, gateway.enrol_till("H21030200001", "22"))
    request_id = shell.sold(WANG, f"{SCAN}@400.00")
    first = shell.run("reverse", request_id, "--reason", "returned", "--operator", "7")
    assert "如尚未办理" not in first.output
    for _ in range(2):
        again = shell.run("recover")
        assert again.code == 3
        assert "-> 如尚未办理:请退还现金部分" in again.output
        assert "Unless it is done already: give back" in " ".join(again.output.split())
    assert shell.run("refunded", request_id).code == 0
    ended = shell.run("recover")
    assert (ended.code, "Nothing is open" in ended.output) == (0, True)


def test_the_keyboard_at_the_cash_question_leaves_a_question_not_an_order(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell = Shell(gateway, gateway.enrol_till("H21030200001", "23"))

    class Stopped(Keyboard):
        def readline(self, *_: Any) -> str:  # type: ignore[override]
            line = super().readline()
            if not line:
                raise KeyboardInterrupt
            return line

    complaints = io.StringIO()
    words = ["sell", f"{SCAN}@401.00", "--operator", "7", "--config", str(shell.config)]
    source = Stopped(shell.scan(WANG) + "y\n")
    assert run(words, source=source, output=io.StringIO(), complaints=complaints) == 3
    assert "medsettle recover" in complaints.getvalue()
    ended = shell.run("recover")
    assert "请核对现金部分" in ended.output
    assert "to give back" not in ended.output


def test_the_keyboard_before_the_scan_ends_with_130(shell: Shell) -> None:
    class Stopped(Keyboard):
        def readline(self, *_: Any) -> str:  # type: ignore[override]
            raise KeyboardInterrupt

    words = ["sell", f"{SCAN}@95.00", "--operator", "7", "--config", str(shell.config)]
    assert run(words, source=Stopped(), output=io.StringIO(), complaints=io.StringIO()) == 130


@pytest.mark.parametrize(("words", "typed"), [
    (("nonsense", "--terminal", "P21030200101-01", "--gateway", "h:1", "--insecure"), "CODE is not right"),
    (("a.0123456789abcdef", "--terminal", "p1", "--gateway", "h:1", "--insecure"), "--terminal is not right"),
    (("a.0123456789abcdef", "--terminal", "P1-1", "--gateway", "nowhere", "--insecure"),
     "--gateway is not right"),
    (("a.0123456789abcdef", "--terminal", "P1-1", "--gateway", "8.8.8.8:1", "--insecure"),
     "--insecure is not right"),
    (("a.0123456789abcdef", "--terminal", "P1-1", "--gateway", "h:1", "--ca", "none.pem"),
     "--ca is not right"),
])
def test_enrolment_speaks_of_what_was_typed(
    shell: Shell, tmp_path: Path, words: tuple[str, ...], typed: str
) -> None:
    ended = shell.run("enrol", *words, "--directory", str(tmp_path / "till"))
    assert ended.code == 2
    assert typed in ended.complaints
    assert "tls." not in ended.complaints
    assert "till.toml" not in ended.complaints


def test_enrolment_over_tls_at_a_port_without_it_says_so(shell: Shell, tmp_path: Path) -> None:
    words = (shell.gateway.enrolment_code("P21030200101"), "--terminal", "P21030200101-01")
    ended = shell.run("enrol", *words, "--gateway", shell.gateway.address, "--directory", str(tmp_path))
    assert ended.code == 2
    assert "does not speak TLS" in ended.complaints
    assert "没有使用TLS" in ended.complaints


def secure(shell: Shell, folder: Path) -> Shell:
    """Returns a till whose configuration wants TLS where there is none."""
    for name in ("till.key", "till.toml"):
        (folder / name).write_bytes(shell.config.with_name(name).read_bytes())
    (folder / "till.key").chmod(0o600)
    text = (folder / "till.toml").read_text("utf-8").replace("insecure = true", "insecure = false")
    (folder / "till.toml").write_text(f"{text}\n[deadlines_ms]\nCheckEligibility = 1_000\n", "utf-8")
    return Shell(shell.gateway, folder / "till.toml")


def test_doctor_says_that_the_port_does_not_speak_tls(shell: Shell, tmp_path: Path) -> None:
    ended = secure(shell, tmp_path).run("doctor", "--json")
    checks = {check["name"]: check for check in ended.answer["checks"]}
    assert ended.code == 4
    assert "does not speak TLS" in checks["tls"]["found"]
    assert "insecure" in checks["tls"]["next"]


def test_a_cashier_sees_no_log_lines_of_the_network(shell: Shell, tmp_path: Path) -> None:
    other = secure(shell, tmp_path)
    ended = other.process("check", "--credential", "x")
    assert ended.code == 4
    assert "GATEWAY_AWAY" in ended.complaints
    assert "medsettle doctor" in ended.complaints
    assert not re.search(r"\.cc:\d+|absl|SSL", ended.complaints)
    asked_for = other.process("check", "--credential", "x", settings={"GRPC_VERBOSITY": "INFO"})
    assert ".cc:" in asked_for.complaints


def test_doctor_names_a_journal_that_was_lost_until_it_counts_on(gateway: Gateway) -> None:
    shell = Shell(gateway, gateway.enrol_till("H21030200001", "24"))
    assert shell.run("doctor").code == 0
    request_id = shell.sold(LI, f"{SCAN}@96.00")
    assert shell.run("doctor").code == 0
    for path in shell.config.parent.glob("till.journal*"):
        path.unlink()
    ended = shell.run("doctor", "--json")
    checks = {check["name"]: check for check in ended.answer["checks"]}
    assert ended.code == 4
    assert request_id in checks["memory"]["found"]
    assert "medsettle status" in checks["memory"]["next"]
    assert shell.sold(LI, f"{SCAN}@96.50") != request_id
    assert shell.run("doctor").code == 0


def test_a_sale_under_the_id_of_a_lost_one_is_not_shown_as_not_paid(gateway: Gateway) -> None:
    shell = Shell(gateway, gateway.enrol_till("H21030200001", "25"))
    words = ("sell", "--operator", "7", "--yes", "--ticket", "1")
    assert shell.run(*words, f"{SCAN}@97.00", typed=shell.scan(LI)).code == 0
    for path in shell.config.parent.glob("till.journal*"):
        path.unlink()
    ended = shell.run(*words, f"{SCAN}@98.00", typed=shell.scan(ZHANG))
    assert ended.code == 1
    assert "NOT PAID" not in ended.output
    assert "ANOTHER SALE'S ID" in ended.output
    assert "SETTLED" in ended.output
    assert "97.00 yuan" in " ".join(ended.output.split())
