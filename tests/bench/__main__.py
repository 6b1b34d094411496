"""Prints this machine's numbers: ``make bench``; ``--json`` for programs."""

import argparse
import dataclasses
import json
import sys

from tests.bench import calculating, settling
from tests.bench.rows import HEAD, ROUNDS, line, machine

SUBJECTS = (calculating, settling)


def main() -> int:
    """Measures every subject and prints its rows as they come."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    if parser.parse_args().json:
        rows = [dataclasses.asdict(row) for subject in SUBJECTS for row in subject.measure()]
        print(json.dumps({"machine": machine(), "rows": rows}, ensure_ascii=False, indent=2))
        return 0
    print(f"{machine()}; medians of {ROUNDS} rounds in turns")
    for subject in SUBJECTS:
        print(f"\n{(subject.__doc__ or '').splitlines()[0]}\n{HEAD}")
        for row in subject.measure():
            print(line(row), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
