"""Many seeds over two processes, and what they come to together."""

import gc
import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import Final

from tests.simulation.world import Result, World

PROCESSES: Final = 2
_BEHIND: Final = 5
"""How much nicer than others: tests that wait for an answer in time go first on a busy machine."""
_OFTEN: Final = 50_000
"""Objects between two looks of the collector: the rules of the town are many, and stay."""


@dataclass
class Sum:
    """What many runs came to."""

    failed: list[Result] = field(default_factory=list)
    met: Counter[str] = field(default_factory=Counter)
    seeds_count: int = 0
    till_days: int = 0
    sales_count: int = 0

    def add(self, result: Result) -> None:
        """Adds one run."""
        self.seeds_count += 1
        self.till_days += result.till_days
        self.sales_count += result.sales_count
        self.met.update(result.met)
        if result.faults:
            self.failed.append(result)

    def told(self, seconds: float) -> str:
        """Returns the sum as a line to read."""
        rate = round(self.till_days / seconds * 60)
        return (
            f"{self.seeds_count:,} seeds, {self.till_days:,} till-days ({rate:,} a minute), "
            f"{self.sales_count:,} sales, {len(self.failed)} failed"
        )


def simulate(seed: str, days: int = 1) -> Result:
    """Returns how the days of a seed went; what goes wrong in the simulation itself is a fault too."""
    try:
        return World(seed, days).run()
    except Exception as error:  # noqa: BLE001 - whatever it is, the seed must be told
        return Result(seed, (f"it did not come to its end: {error!r}",), "", 0, 0, 0, {})


def many(seeds: Sequence[str], days: int = 1) -> Iterator[Result]:
    """Yields how each seed went, in any order."""
    with get_context("spawn").Pool(PROCESSES, _get_ready) as pool:
        yield from pool.imap_unordered(_one, [(seed, days) for seed in seeds], chunksize=10)


def how_to_replay(result: Result, days: int = 1) -> str:
    """Returns what went wrong, and the command that shows it again."""
    again = f"make simulate SEED={result.seed}" + (f" DAYS={days}" if days > 1 else "")
    return "\n".join((f"seed {result.seed}: {again}", *(f"    {fault}" for fault in result.faults)))


def _one(asked: tuple[str, int]) -> Result:
    return simulate(*asked)


def _get_ready() -> None:
    if sys.platform != "win32":
        os.nice(_BEHIND)
    simulate("warm")
    gc.collect()
    gc.freeze()
    gc.set_threshold(_OFTEN, 20, 100)
