"""What a benchmark reports, and how it is printed."""

import gc
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

ROUNDS: Final = 5
"""Repetitions in turns; the median counts."""


@dataclass(frozen=True)
class Row:
    """One line: what was measured, how often a second, and what it is compared with.

    ``of`` is the rate of the line that this one is compared with; None: it is that line. Without a rate
    the line only says something.
    """

    subject: str
    per_second: float | None = None
    of: float | None = None
    p50_ms: float | None = None
    p99_ms: float | None = None
    note: str = ""


def repeated(call: Callable[[], object], times_count: int) -> Callable[[], int]:
    """Returns a lap that calls so many times."""

    def lap() -> int:
        for _ in range(times_count):
            call()
        return times_count

    return lap


def median(values: Iterable[float]) -> float:
    """Returns the median."""
    return statistics.median(values)


def in_turns(laps: Mapping[str, Callable[[], int]], rounds: int = ROUNDS) -> dict[str, float]:
    """Returns the median rate of each lap, which does something so many times as it returns.

    A second is one of the processor's, so that what else runs on the machine counts for nobody. What was
    prepared is kept from the collector of garbage: going through it would slow each lap by what the
    others have prepared.
    """
    rates: dict[str, list[float]] = {name: [] for name in laps}
    gc.collect()
    gc.freeze()
    for _ in range(rounds):
        for name, lap in laps.items():
            started = time.process_time()
            done_count = lap()
            rates[name].append(done_count / (time.process_time() - started))
    gc.unfreeze()
    return {name: median(found) for name, found in rates.items()}


def percentile(sorted_values: Sequence[float], share: float) -> float:
    """Returns the value below which that share of the values lies."""
    return sorted_values[min(len(sorted_values) - 1, int(len(sorted_values) * share))]


def machine() -> str:
    """Returns what the numbers were measured on."""
    return (
        f"{platform.python_implementation()} {platform.python_version()}, "
        f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}"
    )


def line(row: Row) -> str:
    """Returns a row as one line of text."""
    if row.per_second is None:
        return row.subject
    ratio = "" if row.of is None else f"{row.per_second / row.of:8.2f}"
    times = f"{duration(row.p50_ms):>12}{duration(row.p99_ms):>12}"
    return f"{row.subject:<58}{row.per_second:12,.0f}{ratio:>8}{times}  {row.note}".rstrip()


def duration(took_ms: float | None) -> str:
    """Returns a duration in microseconds or milliseconds, whichever is readable; nothing for None."""
    if took_ms is None:
        return ""
    return f"{took_ms * 1000:.1f} us" if took_ms < 1 else f"{took_ms:.1f} ms"


HEAD: Final = f"{'':<58}{'per second':>12}{'ratio':>8}{'p50':>12}{'p99':>12}"
