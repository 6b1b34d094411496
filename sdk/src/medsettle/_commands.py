"""Commands of a gateway for tests: one process stands by for all of them, so that each takes milliseconds."""

import contextlib
import json
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from medsettle._process import COMMAND_TIMEOUT_S, GatewayFailedError, printed, run_command, variables

_MODULE: Final = "medsettle_gateway.cli.standing_by"
_READY: Final = "standing by\n"


class GatewayCommands:
    """Gives commands one after another to a process that is started with the first of them.

    A command that comes from another thread meanwhile has a process of its own.
    """

    def __init__(self, settings: Mapping[str, str], timeout_s: float = COMMAND_TIMEOUT_S) -> None:
        """Nothing starts yet. ``settings`` are variables above those of this process."""
        self._settings = settings
        self._timeout_s = timeout_s
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._end: Callable[[], object] | None = None

    def run(self, arguments: Sequence[str]) -> str:
        """Returns what a command prints. Raises GatewayFailedError with its complaint."""
        if not self._lock.acquire(blocking=False):
            return run_command(arguments, self._settings)
        try:
            process = self._standing_by()
            if process is None:  # its own start will say what is wrong
                return run_command(arguments, self._settings)
            return self._asked(process, arguments)
        finally:
            self._lock.release()

    def close(self) -> None:
        """Ends the process; the next command would start another."""
        with self._lock:
            self._forget()

    def _asked(self, process: "subprocess.Popen[str]", arguments: Sequence[str]) -> str:
        request = {
            "arguments": list(arguments), "environment": variables(self._settings),
            "directory": str(Path.cwd()),
        }
        line = self._said(process, f"{json.dumps(request)}\n")
        if not line:  # it may have been done or not: it is not done twice
            self._forget()
            what = " ".join(("medsettle-gateway", *arguments))
            raise GatewayFailedError(f"{what}: its process ended, or was ended after {self._timeout_s:g} s")
        answer = json.loads(line)
        return printed(arguments, answer["code"], answer["stdout"], answer["stderr"])

    def _standing_by(self) -> "subprocess.Popen[str] | None":
        """Returns the process, started if need be; None if it does not come up."""
        if self._process is not None:
            return self._process
        process = subprocess.Popen(  # noqa: S603 - this interpreter
            [sys.executable, "-m", _MODULE], env=variables(self._settings), stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, encoding="utf-8",
        )
        self._process, self._end = process, weakref.finalize(self, _end, process)
        if self._said(process, "") == _READY:
            return process
        self._forget()
        return None

    def _said(self, process: "subprocess.Popen[str]", request: str) -> str:
        """Returns the line that comes next; nothing if the process ends, or has to be ended by then."""
        if process.stdin is None or process.stdout is None:
            return ""
        late = threading.Timer(self._timeout_s, process.kill)
        late.daemon = True
        late.start()
        try:
            process.stdin.write(request)
            process.stdin.flush()
            return process.stdout.readline()
        except OSError:  # it is gone
            return ""
        finally:
            late.cancel()

    def _forget(self) -> None:
        if self._end is not None:
            self._end()
        self._process = self._end = None


def _end(process: "subprocess.Popen[str]") -> None:
    """It has nothing under way: to let it end by itself would only take longer."""
    process.kill()
    for stream in (process.stdin, process.stdout):
        with contextlib.suppress(OSError):
            if stream is not None:
                stream.close()
    process.wait()
