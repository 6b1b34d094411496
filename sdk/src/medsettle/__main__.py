"""``python -m medsettle`` and the command ``medsettle``."""

import sys

from medsettle.cli.run import run


def main() -> int:
    """Runs the command of the process and returns its exit code."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            # A console that lacks a character shows a question mark: no receipt fails over that.
            reconfigure(errors="replace")
    return run()


if __name__ == "__main__":
    sys.exit(main())
