"""Settling on PostgreSQL by two processes on one port, beside one process on a file and a bare echo."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

import psutil

from medsettle.testing import Gateway
from tests.bench.counter import Counter
from tests.bench.echo import METHOD
from tests.bench.rows import Row, median
from tests.bench.settling import (
    CALLS_AT,
    FRONTS,
    ROUNDS,
    UNHURRIED,
    WARM_UP,
    Load,
    Side,
    drive,
    echoing,
    settle,
)

if TYPE_CHECKING:
    from tests.postgres import Databases

WORKERS: Final = 2
CONNECTIONS_AT: Final = {1: 1, 32: 16, 256: 32}
"""Of the driver, by how many calls are in flight: the system gives each connection to one of the workers."""
MEMBERS: Final = ROUNDS * sum(CALLS_AT.values()) + WARM_UP + 2
_US: Final = 1_000_000


@dataclass
class Contender:
    """Something that answers calls, and the processes whose time that takes, by name."""

    name: str
    run: Callable[[int, int], Load]
    processes: dict[str, psutil.Process]
    loads: list[Load] = field(default_factory=list)
    busy_us: list[dict[str, float]] = field(default_factory=list)

    def lap(self, calls_count: int, in_flight: int) -> None:
        """Measures one round."""
        before = {name: busy_s(each) for name, each in self.processes.items()}
        driver = time.process_time()
        load = self.run(calls_count, in_flight)
        self.loads.append(load)
        busy = {name: busy_s(each) - before[name] for name, each in self.processes.items()}
        busy["the driver and signing"] = time.process_time() - driver
        self.busy_us.append({name: each * _US / calls_count for name, each in busy.items()})

    def row(self, in_flight: int, of: float | None) -> Row:
        """Returns the medians of the rounds, and begins anew."""
        busy = {name: median(each[name] for each in self.busy_us) for name in self.busy_us[0]}
        told = ", ".join(f"{name} {each:,.0f} us" for name, each in busy.items())
        row = Row(
            f"{self.name}, {in_flight} in flight", median(each.per_second for each in self.loads), of,
            median(each.p50_ms for each in self.loads), median(each.p99_ms for each in self.loads), told,
        )
        self.loads.clear()
        self.busy_us.clear()
        return row


def measure() -> Iterator[Row]:
    """Yields the echo, and settling over a file and by workers over PostgreSQL, at each number in flight."""
    with ExitStack() as opened:
        try:
            contenders = [*contending(opened)]
        except ImportError as error:
            yield Row(f"not measured: {error.name} is not installed")
            return
        yield Row("beside each: the processor's time of a call, by who spends it")
        for in_flight, calls_count in CALLS_AT.items():
            for _ in range(ROUNDS):
                for each in contenders:
                    each.lap(calls_count, in_flight)
            of: float | None = None
            for each in contenders:
                row = each.row(in_flight, of)
                of = of or row.per_second
                yield row


def contending(opened: ExitStack) -> Iterator[Contender]:
    """Yields the echo first, since the others are compared with it."""
    made, processes = opened.enter_context(databases())
    found: list[tuple[str, Side, dict[str, psutil.Process]]] = []
    for front in FRONTS:
        file = opened.enter_context(on_a_file(front))
        server = opened.enter_context(on_a_server(front, made.new()))
        found += [
            (f"settle, a file, {front} front", file, {}),
            (f"settle, PostgreSQL, {WORKERS} workers, {front} front", server, processes),
        ]
    reply_bytes = max(len(settle(side, WARM_UP, 32)[1][0]) for _, side, _ in found)
    address = opened.enter_context(echoing(reply_bytes))
    yield Contender("echo of grpc.aio", partial(echoed, address, found[0][1].counter), {})
    for name, side, others in found:
        own = psutil.Process(side.gateway.pid)
        yield Contender(name, partial(settled, side), {"gateway": own, **others})


def settled(side: Side, calls_count: int, in_flight: int) -> Load:
    """Returns what the gateway makes of so many sales."""
    return settle(side, calls_count, in_flight, CONNECTIONS_AT[in_flight])[0]


def echoed(address: str, counter: Counter, calls_count: int, in_flight: int) -> Load:
    """Returns what the echo makes of as many requests of the same size."""
    requests = counter.like(calls_count)
    return drive(address, METHOD, requests, in_flight, CONNECTIONS_AT[in_flight])[0]


@contextmanager
def on_a_file(front: str) -> Iterator[Side]:
    """Yields a gateway of one process over SQLite."""
    with Gateway(settings={"listen.front": front, **UNHURRIED}) as gateway:
        yield Side(front, gateway, Counter(gateway, MEMBERS))


@contextmanager
def on_a_server(front: str, url: str) -> Iterator[Side]:
    """Yields a gateway of several processes over a database of its own."""
    with TemporaryDirectory() as folder:
        directory = Path(folder) / "city"
        options = ("--workers", str(WORKERS))
        gateway = Gateway(directory, {"listen.front": front, **UNHURRIED}, options)
        gateway.run("demo-city", str(directory), "--database-url", url)
        with gateway:
            yield Side(front, gateway, Counter(gateway, MEMBERS))


@contextmanager
def databases() -> Iterator[tuple["Databases", dict[str, psutil.Process]]]:
    """Yields databases on a server of one's own, and its process; or on the one that DATABASE_URL names."""
    from tests.postgres import Databases, own_server

    named = os.environ.get("DATABASE_URL")
    with ExitStack() as stack:
        processes = {}
        if named is None:
            server = stack.enter_context(own_server())
            named = server.url
            processes["PostgreSQL"] = psutil.Process(server.pid)
        made = Databases(named)
        stack.callback(made.drop_all)
        yield made, processes


def busy_s(process: psutil.Process) -> float:
    """Returns the processor's time of a process and of those that it has started, in seconds."""
    times = [each.cpu_times() for each in (process, *process.children(recursive=True))]
    return float(sum(each.user + each.system for each in times))
