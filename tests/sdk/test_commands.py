"""Commands that one process does for a test say and do what each would as a process of its own."""

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from medsettle._commands import GatewayCommands
from medsettle._process import GatewayFailedError, run_command

pytestmark = pytest.mark.e2e

PEOPLE = Path(__file__).parents[2] / "examples" / "town" / "codes.csv"
"""Of whom a simulated service would tell for as long as it is asked."""


@pytest.fixture
def commands() -> Iterator[GatewayCommands]:
    given = GatewayCommands({"MEDSETTLE_GATEWAY__LIMITS__HOLD_S": "77"})
    yield given
    given.close()


@pytest.fixture
def city(commands: GatewayCommands, tmp_path: Path) -> Path:
    commands.run(("demo-city", str(tmp_path / "city"), "--no-next"))
    return tmp_path / "city"


def test_it_prints_what_it_prints_as_a_process(commands: GatewayCommands, city: Path) -> None:
    for typed in (("ledger", "summary"), ("terminal", "list", "--json"), ("settings",)):
        command = (*typed, "--config", str(city / "gateway.toml"))
        assert commands.run(command) == run_command(command, commands._settings)
    assert "77" in commands.run(("settings", "--config", str(city / "gateway.toml")))


@pytest.mark.parametrize(
    "typed", [("nothing",), ("serve", "--nothing"), ("ledger",), ("credential", "issue", "nobody")]
)
def test_it_fails_as_a_process_does(commands: GatewayCommands, typed: tuple[str, ...]) -> None:
    said = []
    for run in (commands.run, lambda command: run_command(command, commands._settings)):
        with pytest.raises(GatewayFailedError) as caught:
            run(typed)
        said.append(str(caught.value))
    assert said[0] == said[1]
    assert "exit 2" in said[0]


def test_it_sees_the_directory_and_the_variables_as_they_are_now(
    commands: GatewayCommands, city: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(GatewayFailedError, match=r"gateway\.toml does not exist"):
        commands.run(("terminal", "list"))
    monkeypatch.chdir(city)
    commands.run(("terminal", "list"))
    monkeypatch.setenv("MEDSETTLE_GATEWAY__LIMITS__CREDENTIAL_S", "never")
    with pytest.raises(GatewayFailedError, match=r"limits\.credential_s"):
        commands.run(("terminal", "list"))
    monkeypatch.delenv("MEDSETTLE_GATEWAY__LIMITS__CREDENTIAL_S")
    commands.run(("terminal", "list"))


def test_beside_another_command_it_has_a_process_of_its_own(commands: GatewayCommands) -> None:
    with commands._lock:
        assert "medsettle-gateway" in commands.run(("--version",))
        assert commands._process is None


def test_a_process_that_is_gone_is_told_once_and_the_next_command_has_another(
    commands: GatewayCommands
) -> None:
    commands.run(("--version",))
    assert commands._process is not None
    commands._process.kill()
    with pytest.raises(GatewayFailedError, match="medsettle-gateway --version: its process ended"):
        commands.run(("--version",))
    assert "medsettle-gateway" in commands.run(("--version",))


def test_a_command_that_does_not_end_is_ended(commands: GatewayCommands) -> None:
    commands.run(("--version",))
    standing_by = commands._process
    assert standing_by is not None
    commands._timeout_s = 0.5
    with pytest.raises(GatewayFailedError, match=r"was ended after 0\.5 s"):
        commands.run(("credential", "simulate", "--people", str(PEOPLE)))
    assert standing_by.poll() is not None


def test_its_process_ends_with_it() -> None:
    forgotten = GatewayCommands({})
    forgotten.run(("--version",))
    process = forgotten._process
    assert process is not None
    assert process.poll() is None
    del forgotten
    gc.collect()
    assert process.poll() is not None


def test_what_does_not_start_says_why(commands: GatewayCommands, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONHOME", "/nowhere")
    with pytest.raises(GatewayFailedError, match="medsettle-gateway --version: exit"):
        commands.run(("--version",))
    assert commands._process is None
