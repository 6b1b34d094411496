"""``make simulate``: a town under bad weather, many times over, or the one seed that failed.

::

    make simulate                   2,000 seeds that nobody tried before, over two processes
    make simulate SEED=17           the days of one seed, the same each time
    make simulate SEED=17 DAYS=3    three days of it
    make simulate SEED=17 EVENTS=1  with everything that happened, in its order
"""

import argparse
import secrets
import sys
import time

from tests.simulation.running import Sum, how_to_replay, many
from tests.simulation.world import World


def main() -> int:
    parser = argparse.ArgumentParser(prog="make simulate", description=__doc__.partition("\n")[0])
    parser.add_argument("--seed", default="")
    parser.add_argument("--days", type=int, default=1)
    parser.add_argument("--count", type=int, default=2_000)
    parser.add_argument("--events", action="store_true")
    asked = parser.parse_args()
    return one(asked.seed, asked.days, events=asked.events) if asked.seed else some(asked.count, asked.days)


def one(seed: str, days: int, *, events: bool) -> int:
    result = World(seed, days, keep_events=events).run()
    print(*result.events, sep="\n")
    print(f"seed {seed}: {result.till_days} till-days, {result.sales_count} sales, digest {result.digest}")
    for what, count in sorted(result.met.items()):
        print(f"  {count:>6} {what}")
    print(*result.faults or ("all is well",), sep="\n")
    return int(bool(result.faults))


def some(count: int, days: int) -> int:
    batch, began = secrets.token_hex(4), time.monotonic()
    print(f"seeds {batch}-0 to {batch}-{count - 1}")
    total = Sum()
    for result in many([f"{batch}-{number}" for number in range(count)], days):
        total.add(result)
        if result.faults:
            print(how_to_replay(result, days), flush=True)
    print(total.told(time.monotonic() - began))
    return int(bool(total.failed))


if __name__ == "__main__":
    sys.exit(main())
