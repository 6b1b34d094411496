"""``python -m medsettle`` and the command ``medsettle``."""

import contextlib
import os
import sys
from typing import Final

from medsettle.cli.run import run

_STANDARD_STREAM_COUNT: Final = 3


def main() -> int:
    """Runs the command of the process and returns its exit code, whatever becomes of its output."""
    # The user sees our sentences; gRPC's own log lines only where they were asked for.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    _plug()
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            # A console that lacks a character shows a question mark: no receipt fails over that.
            reconfigure(errors="replace")
    try:
        return run()
    finally:
        _let_go()


def _plug() -> None:
    """Opens what was closed before the start, so that no file of the till gets a standard stream's number."""
    for number in range(_STANDARD_STREAM_COUNT):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


def _let_go() -> None:
    """What cannot be written any more goes nowhere: at its end Python would change the exit code over it."""
    for stream in (sys.stdout, sys.stderr):
        if stream is None:
            continue
        try:
            stream.flush()
        except (OSError, ValueError):
            with contextlib.suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


if __name__ == "__main__":
    sys.exit(main())
