"""What a benchmark reports, and how it is printed."""

import os
import platform
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

ROUNDS: Final = 5
"""Repetitions in turns; the median counts."""


@dataclass(frozen=True)
class Row:
    """One line: what was measured, how often a second, and what it is compared with.

    ``of`` is the rate of the line that this one is compared with; None: it is that line.
    """

    subject: str
    per_second: float
    of: float | None = None
    p50_ms: float | None = None
    p99_ms: float | None = None


def median(values: Iterable[float]) -> float:
    """Returns the median."""
    return statistics.median(values)


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
    ratio = "" if row.of is None else f"{row.per_second / row.of:8.2f}"
    times = "" if row.p50_ms is None else f"{row.p50_ms:10.2f}{row.p99_ms:10.2f}"
    return f"{row.subject:<58}{row.per_second:12,.0f}{ratio:>8}{times}"


HEAD: Final = f"{'':<58}{'per second':>12}{'ratio':>8}{'p50 ms':>10}{'p99 ms':>10}"
