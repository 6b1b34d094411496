"""Prints this machine's numbers: ``make bench``."""

import sys

from tests.bench import calculating, settling
from tests.bench.rows import HEAD, ROUNDS, line, machine

SUBJECTS = (calculating, settling)


def main() -> int:
    """Measures every subject and prints its rows as they come."""
    print(f"{machine()}; medians of {ROUNDS} rounds in turns")
    for subject in SUBJECTS:
        print(f"\n{(subject.__doc__ or '').splitlines()[0]}\n{HEAD}")
        for row in subject.measure():
            print(line(row), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
