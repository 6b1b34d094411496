"""What a command ends with says what became of the sale, whether it could be shown or not."""

import io
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from medsettle.cli import at_till
from medsettle.cli import run as running
from medsettle.cli.counter import Counter
from medsettle.cli.run import run
from medsettle.testing import Gateway
from medsettle.till import Till
from tests.sdk.shells import LI, SCAN, Shell

pytestmark = pytest.mark.e2e
posix = pytest.mark.skipif(sys.platform == "win32", reason="no such streams")


class Full(io.StringIO):
    """A file on a disk without room."""

    def write(self, _: str) -> int:
        raise OSError(28, "No space left on device")


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    with Gateway() as started:
        yield started


@pytest.fixture(scope="module")
def shell(gateway: Gateway) -> Shell:
    return Shell(gateway, gateway.enrol_till("H21030200001"))


def settled(shell: Shell, ticket: str) -> bool:
    with Till.open(shell.config) as till:
        return any(sale.request_id.split("-")[3] == ticket for sale in till.list_sales(states=("SETTLED",)))


@pytest.mark.parametrize("columns", ["5", "0", "-3", "97", "wide", "٤٨"])
def test_a_width_that_no_paper_has_is_refused_before_anything_is_scanned(shell: Shell, columns: str) -> None:
    with pytest.raises(SystemExit) as ended:
        shell.run("sell", f"{SCAN}@70.00", "--operator", "7", "--yes", f"--columns={columns}")
    assert ended.value.code == 2


@posix
def test_a_sale_ends_with_0_when_the_disk_of_its_output_is_full(shell: Shell) -> None:
    with Path("/dev/full").open("wb") as full:
        ended = shell.process(
            "sell", f"{SCAN}@71.00", "--operator", "7", "--yes", "--ticket", "71",
            typed=shell.scan(LI).encode(), output=full,
        )
    assert ended.code == 0
    assert "could not be shown" in ended.complaints
    assert "medsettle status H21030200001-01-" in ended.complaints
    assert "Traceback" not in ended.complaints
    assert settled(shell, "71")


@posix
@pytest.mark.parametrize("form", [(), ("--json",)])
def test_a_sale_ends_with_0_when_nobody_reads_its_output(shell: Shell, form: tuple[str, ...]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    ticket = f"72{len(form)}"
    try:
        ended = shell.process(
            "sell", f"{SCAN}@72.0{len(form)}", "--operator", "7", "--yes", "--ticket", ticket, *form,
            typed=shell.scan(LI).encode(), output=writer,
        )
    finally:
        os.close(writer)
    assert (ended.code, ended.complaints) == (0, "")
    assert settled(shell, ticket)


@posix
def test_a_sale_ends_with_0_without_any_output_or_complaints(shell: Shell) -> None:
    command = [
        sys.executable, "-m", "medsettle", "sell", f"{SCAN}@73.00", "--operator", "7", "--yes", "--ticket",
        "73", "--config", str(shell.config),
    ]
    ended = subprocess.run(
        ["sh", "-c", 'exec "$@" >&- 2>&-', "sh", *command], input=shell.scan(LI).encode(), timeout=300,
        check=False,
    )
    assert ended.returncode == 0
    assert settled(shell, "73")


def test_a_receipt_that_fails_does_not_change_what_the_sale_ends_with(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> str:
        raise ZeroDivisionError

    monkeypatch.setattr(at_till, "render_card", fail)
    words = ("sell", f"{SCAN}@74.00", "--operator", "7", "--yes", "--ticket", "74")
    ended = shell.run(*words, typed=shell.scan(LI))
    assert ended.code == 0
    assert "ZeroDivisionError" in ended.complaints
    assert "Traceback" not in ended.complaints
    debugged = ("sell", f"{SCAN}@74.50", "--operator", "7", "--yes", "--ticket", "7450", "--debug")
    assert "Traceback" in shell.run(*debugged, typed=shell.scan(LI)).complaints


def test_amounts_that_could_not_be_shown_are_agreed_to_by_nobody(shell: Shell) -> None:
    complaints = io.StringIO()
    code = run(
        ["sell", f"{SCAN}@75.00", "--operator", "7", "--ticket", "75", "--config", str(shell.config)],
        source=io.StringIO(shell.scan(LI) + "y\ny\n"), output=Full(), complaints=complaints,
    )
    assert code == 1
    assert "No space left on device" in complaints.getvalue()
    assert not settled(shell, "75")


def test_a_look_up_that_could_not_be_shown_is_no_success(shell: Shell) -> None:
    words = ["check", "--credential", shell.scan(LI).strip(), "--config", str(shell.config)]
    assert run(words, source=io.StringIO(), output=Full(), complaints=io.StringIO()) == 4


@pytest.mark.parametrize(("sent", "code"), [(True, 3), (False, 4)])
def test_a_mistake_of_the_program_ends_with_3_once_money_was_asked_for_and_else_with_4(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, sent: bool, code: int
) -> None:
    def fail(counter: Counter) -> int:
        counter.moved.extend(["H21030200001-01-20261122-1-1"] if sent else [])
        raise ZeroDivisionError

    monkeypatch.setattr(running, "_command", lambda _: fail)
    ended = shell.run("sell", f"{SCAN}@76.00")
    assert ended.code == code
    assert "收银程序内部出错" in ended.complaints
    assert ("Do not collect again" in ended.complaints) is sent
    assert "Traceback" not in ended.complaints


@pytest.mark.parametrize(("sent", "code"), [(True, 3), (False, 130)])
def test_the_keyboard_leaves_a_sale_open_only_once_money_was_asked_for(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, sent: bool, code: int
) -> None:
    def stop(counter: Counter) -> int:
        counter.moved.extend(["H21030200001-01-20261122-1-1"] if sent else [])
        raise KeyboardInterrupt

    monkeypatch.setattr(running, "_command", lambda _: stop)
    ended = shell.run("sell", f"{SCAN}@77.00")
    assert ended.code == code
    assert ("medsettle recover" in ended.complaints) is sent
