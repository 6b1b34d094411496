"""A person, or a program, at the command line of a till."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from medsettle.cli.run import run
from medsettle.testing import Gateway

SCAN = "002203020010000-220302001"
ZHANG, LI, WANG = "2103000001", "2103000002", "2103000003"


@dataclass
class Ended:
    """How a command ended."""

    code: int
    output: str
    complaints: str

    @property
    def answer(self) -> Any:
        return json.loads(self.output)


class Keyboard(io.StringIO):
    """Somebody types at a terminal."""

    def isatty(self) -> bool:
        return True


@dataclass
class Shell:
    """A person, or a program, at a till."""

    gateway: Gateway
    config: Path

    def run(self, command: str, *words: str, typed: str = "") -> Ended:
        output, complaints = io.StringIO(), io.StringIO()
        code = run(
            [command, *words, *self._where(command)], source=io.StringIO(typed), output=output,
            complaints=complaints,
        )
        return Ended(code, output.getvalue(), complaints.getvalue())

    def run_at_terminal(self, command: str, *words: str, typed: str) -> Ended:
        """Runs the command for somebody who is there to be asked."""
        output, complaints = io.StringIO(), io.StringIO()
        code = run(
            [command, *words, *self._where(command)], source=Keyboard(typed), output=output,
            complaints=complaints,
        )
        return Ended(code, output.getvalue(), complaints.getvalue())

    def process(
        self, command: str, *words: str | bytes, typed: bytes = b"", output: int | IO[Any] = subprocess.PIPE,
        settings: Mapping[str, str] | None = None,
    ) -> Ended:
        """Runs the command as a process of its own, as a shell would."""
        ended = subprocess.run(
            [sys.executable, "-m", "medsettle", command, *words, *self._where(command)], input=typed,
            stdout=output, stderr=subprocess.PIPE, timeout=300, check=False,
            env={**os.environ, "PYTHONUTF8": "1", **(settings or {})},
        )
        said = (ended.stdout or b"").decode("utf-8"), ended.stderr.decode("utf-8")
        return Ended(ended.returncode, *said)

    def _where(self, command: str) -> tuple[str, ...]:
        return ("--config", str(self.config)) if command != "enrol" else ()

    def scan(self, member: str) -> str:
        """Returns the line that the scanner types."""
        return self.gateway.issue_credential(member) + "\n"

    def sold(self, member: str, line: str) -> str:
        """Returns the request id of a paid sale."""
        ended = self.run("sell", line, "--operator", "7", "--yes", "--json", typed=self.scan(member))
        assert ended.code == 0, ended.output
        request_id: str = ended.answer["request_id"]
        return request_id
