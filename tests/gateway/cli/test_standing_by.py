"""One process that does command after command: nothing of one gets into the next, or into what it starts."""

import json
import subprocess
import sys
from typing import Any

import pytest

from medsettle_gateway.cli import standing_by

APART = """
import subprocess, sys
from medsettle_gateway.cli import standing_by
asked, answers = standing_by._kept_apart()
subprocess.run([sys.executable, "-c", "import sys; sys.stdin.read(); print('aside')"], check=True)
answers.write(asked.read())
answers.close()
"""


def given(*requests: dict[str, Any]) -> list[str]:
    """What the process prints when these are its input."""
    ended = subprocess.run(
        [sys.executable, "-m", "medsettle_gateway.cli.standing_by"], capture_output=True, text=True,
        input="".join(f"{json.dumps(request)}\n" for request in requests), encoding="utf-8", check=True,
    )
    assert ended.stderr == ""
    return ended.stdout.splitlines()


def test_each_request_has_one_answer_until_the_input_ends() -> None:
    request = {"environment": {}, "directory": "."}
    ready, version, wrong, again = given(
        {**request, "arguments": ["--version"]}, {**request, "arguments": ["没有"]},
        {**request, "arguments": ["--version"]},
    )
    assert ready == "standing by"
    assert json.loads(version) == {"code": 0, "stdout": "medsettle-gateway, version 0.1.0\n", "stderr": ""}
    assert again == version
    assert json.loads(wrong)["code"] == 2
    assert json.loads(wrong)["stdout"] == ""
    assert "No such command '没有'" in json.loads(wrong)["stderr"]


def test_a_program_that_a_command_starts_gets_neither_input_nor_answers() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", APART], capture_output=True, text=True, check=True, input="asked\n"
    )
    assert (ended.stdout, ended.stderr) == ("asked\n", "")


@pytest.mark.parametrize(
    ("ending", "code", "said"),
    [
        (SystemExit(), 0, ""), (SystemExit(3), 3, ""), (SystemExit("why"), 1, "why\n"),
        (ZeroDivisionError("within"), 1, "ZeroDivisionError: within\n"),
    ],
)
def test_however_a_command_ends_its_code_is_that_of_a_process(
    ending: BaseException, code: int, said: str, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def ends(*_: object, **__: object) -> None:
        raise ending

    monkeypatch.setattr(standing_by, "top", ends)
    assert standing_by._code(["ledger"]) == code
    assert capsys.readouterr().err.endswith(said)
