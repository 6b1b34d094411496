"""Prints this machine's numbers: ``make bench``; some subjects by name; ``--json`` for programs."""

import argparse
import dataclasses
import json
import sys

from tests.bench import (
    calculating,
    checking,
    comparing,
    inpatient,
    loading,
    recovering,
    settling,
    verifying,
    workers,
)
from tests.bench.rows import HEAD, ROUNDS, line, machine

SUBJECTS = {
    "comparing": comparing, "calculating": calculating, "inpatient": inpatient, "settling": settling,
    "verifying": verifying, "workers": workers, "checking": checking, "loading": loading,
    "recovering": recovering,
}  # fmt: skip
LONG = ("workers", "checking", "loading", "recovering")
"""Only when they are named: they take minutes, and much of the disk."""


def main() -> int:
    """Measures the subjects and prints their rows as they come."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    every = ", ".join(SUBJECTS)
    told = f"of {every}; default: all but {', '.join(LONG)}"
    parser.add_argument("subjects", nargs="*", metavar="SUBJECT", help=told)
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    arguments = parser.parse_args()
    unknown = [name for name in arguments.subjects if name not in SUBJECTS]
    if unknown:
        parser.error(f"no subject {unknown[0]!r}; there are {every}")
    names = arguments.subjects or [name for name in SUBJECTS if name not in LONG]
    subjects = [SUBJECTS[name] for name in names]
    if arguments.json:
        rows = [dataclasses.asdict(row) for subject in subjects for row in subject.measure()]
        print(json.dumps({"machine": machine(), "rows": rows}, ensure_ascii=False, indent=2))
        return 0
    print(f"{machine()}; medians of {ROUNDS} rounds in turns")
    for subject in subjects:
        print(f"\n{(subject.__doc__ or '').splitlines()[0]}\n{HEAD}")
        for row in subject.measure():
            print(line(row), flush=True)
    if not arguments.subjects:
        print(f'\nleft out, since they take long: make bench SUBJECTS="{" ".join(LONG)}"')
    return 0


if __name__ == "__main__":
    sys.exit(main())
