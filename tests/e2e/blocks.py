"""Runs what a page tells its reader to type, as the reader would."""

import contextlib
import os
import random
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc

ROOT = Path(__file__).resolve().parents[2]
FENCE = re.compile(r"^```(\w+)(?: (\w+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LIMIT_S = 600
START_S = 120
PORTS = range(20_000, 32_000)
"""Below those that systems hand out: between the look and the use no connection takes one of them."""
PORTS_TRIED_COUNT = 100


@dataclass(frozen=True)
class Block:
    """A fenced block of a page: its language, a word beside it, and its text."""

    language: str
    mark: str
    text: str


def blocks(page: Path) -> list[Block]:
    """Returns the fenced blocks of a page in their order."""
    return [Block(found[1], found[2] or "", found[3]) for found in FENCE.finditer(page.read_text("utf-8"))]


def environment(**more: str) -> Mapping[str, str]:
    """Returns the variables of a reader who has activated the environment that make made."""
    programs = str(Path(sys.executable).parent)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    return {**kept, "PATH": os.pathsep.join((programs, kept.get("PATH", ""))), "PYTHONUTF8": "1", **more}


def run(command: list[str], cwd: Path, variables: Mapping[str, str], given: str = "") -> str:
    """Returns what a command prints. Fails with all that it printed."""
    ended = subprocess.run(
        command, cwd=cwd, env=variables, input=given, capture_output=True, text=True, check=False,
        timeout=LIMIT_S, encoding="utf-8",
    )
    assert ended.returncode == 0, f"{command}\n{ended.stdout}\n{ended.stderr}"
    return ended.stdout


def run_shell(text: str, cwd: Path, variables: Mapping[str, str]) -> str:
    """Returns what a block of shell commands prints; it stops at the first that fails."""
    return run(["bash", "-euo", "pipefail", "-c", text], cwd, variables)


def free_address() -> str:
    """Returns an address on this machine that nobody listens on now and nobody gets who asks for any."""
    for port in random.sample(PORTS, PORTS_TRIED_COUNT):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return f"127.0.0.1:{port}"
    raise AssertionError("no port is free")


@contextmanager
def serving(
    text: str, cwd: Path, log_path: Path, variables: Mapping[str, str], address: str
) -> Iterator[None]:
    """Runs a block that does not end by itself, from when it answers until the context is left."""
    with (
        log_path.open("wb") as log,
        subprocess.Popen(
            ["bash", "-euc", text], cwd=cwd, env=variables, stdout=log, stderr=log, start_new_session=True
        ) as process,
    ):
        try:
            with grpc.insecure_channel(address) as channel:
                grpc.channel_ready_future(channel).result(timeout=START_S)
            yield
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(START_S)
