"""Settling, verifying and memory after very many sales, beside an empty database (SALES=2000000)."""

import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import psutil

from medsettle.testing import Gateway
from medsettle_gateway.cli.frame import open_gateway
from medsettle_gateway.storage.audit.processes import sharing
from medsettle_gateway.storage.audit.verifying import verify
from tests.bench.counter import Counter
from tests.bench.many_sales import Told, chain, fill
from tests.bench.rows import Row, median
from tests.bench.settling import UNHURRIED, Load, Side, settle

SALES: Final = 2_000_000
ROUNDS: Final = 5
CALLS_AT: Final = {1: 400, 32: 2_000}
"""Calls of a round, by how many are in flight."""
WARM_UP: Final = 400
NEEDED_BYTES: Final = 20_000
"""Of free disk for a sale: its rows and their indexes, and room to sort those."""
READERS: Final = 2
SAMPLE: Final = 1_000
"""Records that are measured."""
_MEGABYTE: Final = 1_000_000
_MIB: Final = 1_048_576


def measure() -> Iterator[Row]:
    """Yields how the sales were loaded and verified, then settling and memory with them and without."""
    sales_count = int(os.environ.get("SALES", SALES))
    with ExitStack() as opened:
        empty, full = opened.enter_context(side()), opened.enter_context(side())
        free = shutil.disk_usage(full.gateway.directory).free
        if free < sales_count * NEEDED_BYTES:
            yield Row(
                f"not measured: {sales_count:,} sales need {sales_count * NEEDED_BYTES // _MEGABYTE:,} MB, "
                f"and {free // _MEGABYTE:,} are free: set TMPDIR, or a smaller SALES"
            )
            return
        settle(full, WARM_UP, 32)
        full.gateway.stop()
        yield from loaded(full.gateway.config_path, sales_count)
        yield verified(full.gateway.config_path)
        started = time.perf_counter()
        full.gateway.start()
        ready_ms = (time.perf_counter() - started) * 1000
        settle(full, WARM_UP, 32)
        settle(empty, WARM_UP, 32)
        yield Row(f"a gateway that is started on {sales_count:,} sales serves after {ready_ms:,.0f} ms")
        yield from settled({"an empty database": empty, f"{sales_count:,} sales": full})


@contextmanager
def side() -> Iterator[Side]:
    """Yields a gateway with as many members as all rounds need."""
    members_count = ROUNDS * sum(CALLS_AT.values()) + 2 * WARM_UP + 2
    with Gateway(settings=UNHURRIED) as gateway:
        yield Side("aio", gateway, Counter(gateway, members_count))


def loaded(config_path: Path, sales_count: int) -> Iterator[Row]:
    """Yields how long it took to fill a gateway's file, how large it is, and how long its chain took."""
    started = time.perf_counter()
    with progress("loading") as told:
        size_bytes = fill(config_path, sales_count, told)
    took = time.perf_counter() - started
    size = f"{size_bytes / _MEGABYTE:,.0f} MB on disk, {size_bytes / sales_count:,.0f} bytes a sale"
    yield Row(f"loaded: {sales_count:,} sales", sales_count / took, note=f"{took:,.0f} s, {size}")
    yield recorded(config_path)
    started = time.perf_counter()
    entries_count = chain(config_path)
    took = time.perf_counter() - started
    yield Row(f"chained: {entries_count:,} entries", entries_count / took, note=f"{took:,.0f} s")


def recorded(config_path: Path) -> Row:
    """Returns what the records of one sale take: the longest columns by far."""
    with open_gateway(config_path).reading() as connection:
        lengths = [
            connection.execute(
                f"SELECT avg(length(CAST(body AS BLOB))) FROM (SELECT body FROM {table} LIMIT {SAMPLE})"  # noqa: S608
            ).fetchone()[0]
            for table in ("sales", "settlements")
        ]
    sale, settlement = (f"{length:,.0f}" for length in lengths)
    return Row(f"of the bytes of a sale: sales.body {sale}, settlements.body {settlement}")


def verified(config_path: Path) -> Row:
    """Returns the rate at which ``ledger verify`` goes through these books; they must hold."""
    gateway = open_gateway(config_path)
    started = time.perf_counter()
    with sharing(gateway.reading, READERS) as connections, progress("verifying") as told:
        verdict = verify(connections, None, told)
        took = time.perf_counter() - started
    assert (verdict.findings, verdict.waiting_count) == ((), 0), verdict.findings
    entries_count = verdict.entry_count
    return Row(
        f"verified: {entries_count:,} entries, readers: {READERS}", entries_count / took,
        note=f"{took:,.0f} s",
    )


def settled(sides: dict[str, Side]) -> Iterator[Row]:
    """Yields the medians of rounds in turns, and what the gateways' memory was before and after."""
    before = {name: resident_bytes(each) for name, each in sides.items()}
    for in_flight, calls_count in CALLS_AT.items():
        rounds: dict[str, list[Load]] = {name: [] for name in sides}
        for number in range(ROUNDS):
            names = [*sides] if number % 2 else [*reversed(sides)]
            for name in names:
                rounds[name].append(settle(sides[name], calls_count, in_flight)[0])
        yield from rows(in_flight, rounds)
    sales_count = ROUNDS * sum(CALLS_AT.values())
    for name, each in sides.items():
        now = resident_bytes(each)
        yield Row(
            f"memory of the gateway over {name}: {before[name] / _MIB:.1f} MiB, "
            f"after {sales_count:,} further sales {now / _MIB:.1f} MiB"
        )


def rows(in_flight: int, rounds: dict[str, list[Load]]) -> Iterator[Row]:
    """Yields a row a side; the first is what the others are compared with."""
    of_rate = of_p50_ms = 0.0
    for name, loads in rounds.items():
        rate, p50_ms = median(each.per_second for each in loads), median(each.p50_ms for each in loads)
        note = f"p50 {p50_ms / of_p50_ms:.2f} of the first" if of_p50_ms else ""
        yield Row(
            f"settle, {name}, {in_flight} in flight", rate, of_rate or None, p50_ms,
            median(each.p99_ms for each in loads), note,
        )
        of_rate, of_p50_ms = of_rate or rate, of_p50_ms or p50_ms


def resident_bytes(side: Side) -> int:
    """Returns the memory that a gateway's process holds."""
    return int(psutil.Process(side.gateway.pid).memory_info().rss)


@contextmanager
def progress(what: str) -> Iterator[Told]:
    """Yields what hears how far something is, and shows it where somebody looks on."""
    if not sys.stderr.isatty():
        yield lambda *_: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done_count, of_count: bar.update(task, completed=done_count, total=of_count)
