"""A gateway as a child process: started until it serves, stopped gently, or killed."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

_READY: Final = re.compile(r"listening on \S+:(?P<port>[0-9]{1,5})\s")
_MODULE: Final = "medsettle_gateway"
_NEW_GROUP: Final[int] = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
_SHOWN_LINE_COUNT: Final = 20
_LOOK_AGAIN_S: Final = 0.01
COMMAND_TIMEOUT_S: Final = 60.0


class GatewayFailedError(RuntimeError):
    """The gateway did not start, or one of its commands failed; the message has what it printed."""


def run_command(arguments: Sequence[str], settings: Mapping[str, str]) -> str:
    """Returns what a command of the gateway prints, as a process of its own.

    Raises GatewayFailedError with its complaint.
    """
    try:
        done = subprocess.run(  # noqa: S603 - this interpreter, and arguments of a test
            [sys.executable, "-m", _MODULE, *arguments],
            env=variables(settings), capture_output=True, text=True, encoding="utf-8",
            timeout=COMMAND_TIMEOUT_S, check=False, stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired as error:
        raise GatewayFailedError(f"{_named(arguments)}: no end within {error.timeout:g} s") from error
    return printed(arguments, done.returncode, done.stdout, done.stderr)


def printed(arguments: Sequence[str], code: int, stdout: str, stderr: str) -> str:
    """Returns what a command that has ended printed. Raises GatewayFailedError unless it ended with 0."""
    if code:
        raise GatewayFailedError(f"{_named(arguments)}: exit {code}\n{f'{stdout}{stderr}'.strip()}")
    return stdout


class GatewayProcess:
    """One run of ``medsettle-gateway serve``; what it prints is in ``log_path`` as soon as it is printed."""

    def __init__(self, arguments: Sequence[str], settings: Mapping[str, str], log_path: Path) -> None:
        """Starts it; ``wait_until_ready`` says where it listens."""
        self._log_path = log_path
        with log_path.open("ab") as log:
            self._begins_at = log.tell()
            self._process = subprocess.Popen(  # noqa: S603 - this interpreter, and arguments of a test
                [sys.executable, "-m", _MODULE, *arguments],
                env=variables(settings), stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT, creationflags=_NEW_GROUP,
            )

    def wait_until_ready(self, timeout_s: float) -> int:
        """Returns the port. Raises GatewayFailedError if it ends or does not serve in time."""
        deadline = time.monotonic() + timeout_s
        while True:
            ended = not self.running  # before what it printed is read: that is all of it then
            if match := _READY.search(self._printed()):
                return int(match["port"])
            late = time.monotonic() >= deadline
            if ended or late:
                break
            time.sleep(_LOOK_AGAIN_S)
        what = "ended at once" if ended else f"did not serve within {timeout_s:g} s"
        self.kill()
        lines = self._printed().splitlines()[-_SHOWN_LINE_COUNT:]
        raise GatewayFailedError("\n".join([f"the gateway {what}:", *lines]))

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Has it not ended?"""
        return self._process.poll() is None

    def stop(self, timeout_s: float) -> int:
        """Asks it to drain and returns its exit code; kills it after the timeout."""
        if self.running:
            if sys.platform == "win32":  # only this event can be handled there; terminate() would be a kill
                self._process.send_signal(signal.CTRL_BREAK_EVENT)
            else:
                self._process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout_s)
        return self.kill()

    def kill(self) -> int:
        """Ends it at once, as a power cut would (SIGKILL, TerminateProcess). Returns its exit code."""
        self._process.kill()
        return self._process.wait()

    def _printed(self) -> str:
        with self._log_path.open("rb") as log:
            log.seek(self._begins_at)
            return log.read().decode("utf-8", "replace")


def variables(settings: Mapping[str, str]) -> dict[str, str]:
    """Returns what stands in the environment of a gateway's process: this one's, and the settings above."""
    return {**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1", **settings}


def _named(arguments: Sequence[str]) -> str:
    return " ".join(("medsettle-gateway", *arguments))
