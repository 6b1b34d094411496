"""Judges the contract against the one of the last release, or keeps this one as released.

``make released`` writes protos/released.binpb when a version is released; ``make check`` refuses
whatever would break a till that was built with it.
"""

import argparse
import subprocess
import sys
from pathlib import Path

PROTOS = Path(__file__).resolve().parent
RELEASED = PROTOS / "released.binpb"


def buf(*arguments: str) -> int:
    """Returns buf's exit code; buf stands beside this interpreter."""
    program = next(Path(sys.executable).parent.glob("buf*"))
    return subprocess.run([str(program), *arguments], check=False, cwd=PROTOS).returncode


def main() -> int:
    """Returns 0, or buf's exit code."""
    parser = argparse.ArgumentParser(description="Keep or check the released contract.")
    parser.add_argument("--check", action="store_true", help="compare with the released contract")
    if not parser.parse_args().check:
        return buf("build", "--output", RELEASED.name)
    if not RELEASED.exists():
        print("protos/released.binpb: nothing is released yet, so nothing can break")
        return 0
    return buf("breaking", "--against", RELEASED.name)


if __name__ == "__main__":
    sys.exit(main())
