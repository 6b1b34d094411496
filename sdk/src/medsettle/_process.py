"""A gateway as a child process: started until it serves, stopped gently, or killed."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

_READY: Final = re.compile(r"listening on \S+:(?P<port>[0-9]{1,5})")
_MODULE: Final = "medsettle_gateway"
_NEW_GROUP: Final[int] = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
_SHOWN_LINE_COUNT: Final = 20
_COMMAND_TIMEOUT_S: Final = 60.0


class GatewayFailedError(RuntimeError):
    """The gateway did not start, or one of its commands failed; the message has what it printed."""


def run_command(arguments: Sequence[str], environment: Mapping[str, str]) -> str:
    """Returns what a command of the gateway prints. Raises GatewayFailedError with its complaint."""
    try:
        done = subprocess.run(  # noqa: S603 - this interpreter, and arguments of a test
            [sys.executable, "-m", _MODULE, *arguments],
            env=_environment(environment), capture_output=True, text=True, encoding="utf-8",
            timeout=_COMMAND_TIMEOUT_S, check=False, stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired as error:
        late = f"medsettle-gateway {arguments[0]}: no end within {error.timeout:g} s"
        raise GatewayFailedError(late) from error
    if done.returncode:
        shown = f"{done.stdout}{done.stderr}".strip()
        raise GatewayFailedError(f"medsettle-gateway {' '.join(arguments)}: exit {done.returncode}\n{shown}")
    return done.stdout


class GatewayProcess:
    """One run of ``medsettle-gateway serve``; what it prints goes to ``log_path``."""

    def __init__(self, arguments: Sequence[str], environment: Mapping[str, str], log_path: Path) -> None:
        """Starts it; ``wait_until_ready`` says where it listens."""
        self._log_path = log_path
        self._ready = threading.Event()
        self._port = 0
        self._process = subprocess.Popen(  # noqa: S603 - this interpreter, and arguments of a test
            [sys.executable, "-m", _MODULE, *arguments],
            env=_environment(environment), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, encoding="utf-8", errors="replace",
            creationflags=_NEW_GROUP,
        )
        self._reading = threading.Thread(target=self._read, name="gateway-log", daemon=True)
        self._reading.start()

    def wait_until_ready(self, timeout_s: float) -> int:
        """Returns the port. Raises GatewayFailedError if it ends or does not serve in time."""
        in_time = self._ready.wait(timeout_s)
        if self._port:
            return self._port
        what = "ended at once" if in_time else f"did not serve within {timeout_s:g} s"
        self.kill()
        lines = self._log_path.read_text("utf-8").splitlines()[-_SHOWN_LINE_COUNT:]
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
        code = self._process.wait()
        self._reading.join()
        if self._process.stdout is not None:
            self._process.stdout.close()
        return code

    def _read(self) -> None:
        with self._log_path.open("a", encoding="utf-8") as log:
            for line in self._process.stdout or ():
                log.write(line)
                log.flush()
                if not self._port and (match := _READY.search(line)):
                    self._port = int(match["port"])
                    self._ready.set()
        self._ready.set()


def _environment(settings: Mapping[str, str]) -> dict[str, str]:
    return {**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1", **settings}
