"""The real gateway as a process of its own, with a small city, for whoever speaks its wire."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from medsettle_gateway.cli.top import top

INSTITUTION = "H21030200001"
OTHER_INSTITUTION = "P21030200101"
UNHURRIED = {"terminal_calls_per_s": 0, "address_failures_per_s": 0}
"""A test asks as fast as it can, and as wrongly."""


@dataclass
class Running:
    """A gateway that answers at ``target``."""

    folder: Path
    target: str
    process: subprocess.Popen[str]

    def operator(self, *arguments: str) -> dict[str, Any]:
        """Runs a command of the operator beside the gateway; returns its JSON."""
        return operator(*arguments, "--config", str(self.folder / "gateway.toml"))

    def enrol_code(self, till: str, institution: str = INSTITUTION) -> str:
        code: str = self.operator("terminal", "enrol", institution, till)["code"]
        return code

    def credential(self, member_no: str) -> str:
        token: str = self.operator("credential", "issue", member_no)["token"]
        return token


def operator(*arguments: str) -> dict[str, Any]:
    done = CliRunner().invoke(top, [*arguments, "--json"])
    assert done.exit_code == 0, f"{arguments}: {done.output}"
    printed: dict[str, Any] = json.loads(done.stdout)
    return printed


@contextmanager
def running(folder: Path, front: str = "aio", **limits: int) -> Iterator[Running]:
    """Starts a gateway with the demo city in the folder, behind that front, and ends it."""
    operator("demo-city", str(folder))
    config = folder / "gateway.toml"
    with config.open("a", encoding="utf-8") as file:
        file.writelines(f"{name} = {value}\n" for name, value in (UNHURRIED | limits).items())
    command = [
        sys.executable, "-m", "medsettle_gateway", "serve", "--config", str(config),
        "--listen", "127.0.0.1:0", "--demo",
    ]
    environment = {**os.environ, "MEDSETTLE_GATEWAY__LISTEN__FRONT": front}
    with (folder / "gateway.log").open("w", encoding="utf-8") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, env=environment)
    assert process.stdout is not None
    try:
        ready = process.stdout.readline()
        assert "listening on" in ready, (ready, (folder / "gateway.log").read_text("utf-8"))
        target = ready.split("listening on ")[1].split()[0]
        yield Running(folder, target, process)
    finally:
        process.terminate()
        process.wait(120)
        process.stdout.close()
