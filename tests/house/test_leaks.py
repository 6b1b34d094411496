"""The watch over all logs finds what it is there for, and is quiet about what logs may show."""

import logging
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from medsettle._commands import GatewayCommands
from medsettle._process import GatewayFailedError
from tests.leaks import Watch, leaks_in

LOG = logging.getLogger("medsettle.gateway")


@pytest.mark.parametrize(
    "text",
    ["210399198504120019", "member 210399198504120019 was refused", "MSD1.eyJqdGkiOiI.c2ln",
     "call 13912345678", "card of 张伟", "11010519491231002X"],
)
def test_what_is_of_people_is_found(text: str) -> None:
    assert leaks_in(text)


@pytest.mark.parametrize(
    "text",
    ["H21030200001-01-20261122-1-1", "1764000000123456", "ref 5f1d7c10c2", "张*", "20261122",
     "amount_fen 13912345678000", "210300", "MSQ1.abcdefghijkl.x", ""],
)
def test_what_logs_may_show_is_none(text: str) -> None:
    assert leaks_in(text) == []


def test_a_record_is_looked_at_with_its_arguments_fields_and_traceback(log_watch: Watch) -> None:
    LOG.debug("who: %s", "张伟")
    LOG.info("call", extra={"fields": {"token": "MSD1.eyJqdGkiOiI.c2ln"}})
    try:
        raise ValueError("210399198504120019")
    except ValueError:
        LOG.exception("failed")
    found = {each.partition(": ")[2].partition(":")[0] for each in log_watch.taken()}
    assert found == {"person of the city", "credential", "number of a paper"}


def test_the_log_of_another_process_is_looked_at(log_watch: Watch, tmp_path: Path) -> None:
    log = tmp_path / "gateway.log"
    log.write_text("11010519491231002X\n", "utf-8")
    log_watch.read(log)
    assert len(log_watch.taken()) == 1
    with log.open("a") as file:
        file.write("13912345678\n")
    log_watch.read(log)
    assert [each.partition(": ")[2].partition(":")[0] for each in log_watch.taken()] == ["phone"]
    log.unlink()


def test_what_another_process_complains_of_is_looked_at_where_it_is_waited_for_and_in_its_file(
    log_watch: Watch, tmp_path: Path
) -> None:
    command = (sys.executable, "-c", "import sys; print('1391234' + '5678', file=sys.stderr)")
    subprocess.run(command, capture_output=True, check=True)
    assert len(log_watch.taken()) == 1
    said = tmp_path / "said"
    for named in ({"stderr": True}, {"stdout": True, "stderr": subprocess.STDOUT}):
        with said.open("ab") as file:
            to = {name: file if value is True else value for name, value in named.items()}
            with subprocess.Popen(command, **to):  # type: ignore[call-overload]
                pass
        log_watch.read_followed()
        assert len(log_watch.taken()) == 1
    said.unlink()
    log_watch.read_followed()
    assert log_watch.taken() == []


def test_what_a_command_complains_of_in_the_process_that_stands_by_is_looked_at(log_watch: Watch) -> None:
    commands = GatewayCommands({})
    with pytest.raises(GatewayFailedError):
        commands.run(("1391234" + "5678",))
    commands.close()
    assert [each.partition(": ")[2].partition(":")[0] for each in log_watch.taken()] == ["phone"]


def test_what_a_command_prints_is_looked_at_unless_it_is_there_to_show_it(log_watch: Watch) -> None:
    @click.command()
    @click.option("--clear", is_flag=True)
    def show(*, clear: bool) -> None:
        click.echo(f"张伟 {clear}")

    for arguments, found in (((), 1), (("--clear",), 0)):
        CliRunner().invoke(show, list(arguments))
        assert len(log_watch.taken()) == found
