"""Where the time of one calculation goes: ``python -m tests.bench.profiling``.

A profiler makes calls dearer than they are, so read the order and not the numbers.
"""

import cProfile
import pstats
from collections.abc import Iterator

from medsettle_gateway.policy.engine import calculate
from tests.bench.inpatient import loaded, whole_case

CALLS = 3_000
SHOWN = 20


def main() -> None:
    """Prints the functions in which the time of the stay is spent, with their own share of it."""
    pack, case = loaded(), whole_case()
    calculate(pack, case)
    profiler = cProfile.Profile()
    profiler.enable()
    for _ in range(CALLS):
        calculate(pack, case)
    profiler.disable()
    print(f"{len(case.lines)} lines, with the trace: share of the time, calls a calculation, function")
    for told in shares(pstats.Stats(profiler)):
        print(told)


def shares(stats: pstats.Stats) -> Iterator[str]:
    """Yields a line a function, the dearest first."""
    spent = stats.get_stats_profile().func_profiles
    whole_s = sum(each.tottime for each in spent.values())
    for name, each in sorted(spent.items(), key=lambda item: -item[1].tottime)[:SHOWN]:
        calls = int(str(each.ncalls).split("/", maxsplit=1)[0]) / CALLS
        place = each.file_name.rsplit("medsettle_gateway/", maxsplit=1)[-1]
        print_name = name if each.line_number == 0 else f"{place}: {name}"
        yield f"{each.tottime / whole_s:7.1%} {calls:7.1f}  {print_name}"


if __name__ == "__main__":
    main()
