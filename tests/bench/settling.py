"""Settling eight lines, signed, calculated and on disk before the answer, beside a bare echo of grpc.aio."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, ExitStack, contextmanager
from dataclasses import dataclass
from typing import Final

import grpc
import grpc.aio

from medsettle.testing import Gateway
from medsettle.wire.calls import SETTLE
from medsettle.wire.v1.sale_pb2 import SALE_STATE_SETTLED
from medsettle.wire.v1.settlement_pb2 import SettleResponse
from medsettle_gateway.rpc.aio import new_event_loop
from tests.bench.counter import Counter, Signed
from tests.bench.echo import METHOD
from tests.bench.rows import Row, median, percentile
from tests.e2e.blocks import ROOT

ROUNDS: Final = 3
CALLS_AT: Final = {1: 400, 32: 2_000, 256: 3_000}
"""Calls of a round, by how many are in flight."""
WARM_UP: Final = 200
FRONTS: Final = ("aio", "fast")
UNHURRIED: Final = {"limits.terminal_calls_per_s": "0", "limits.connection_calls": "1024"}
"""One till stands for many here."""
_OWN_CONNECTION: Final = (("grpc.use_local_subchannel_pool", 1),)


@dataclass(frozen=True)
class Load:
    """What one round came to."""

    per_second: float
    p50_ms: float
    p99_ms: float


@dataclass(frozen=True)
class Side:
    """A gateway behind one front, and the till whose requests it gets."""

    front: str
    gateway: Gateway
    counter: Counter


def measure() -> Iterator[Row]:
    """Yields the echo, and the settlement behind each front, at each number in flight."""
    with ExitStack() as opened:
        sides = [opened.enter_context(side(front)) for front in FRONTS]
        sizes = {len(settle(each, WARM_UP, 32)[1][0]) for each in sides}
        echo = opened.enter_context(echoing(max(sizes)))
        for in_flight, calls_count in CALLS_AT.items():
            rounds = [side_by_side(sides, echo, calls_count, in_flight) for _ in range(ROUNDS)]
            yield from rows(in_flight, rounds)


@contextmanager
def side(front: str) -> Iterator[Side]:
    """Yields a gateway behind the front, with as many members as all rounds need."""
    members_count = ROUNDS * sum(CALLS_AT.values()) + WARM_UP + 2
    with Gateway(settings={"listen.front": front, **UNHURRIED}) as gateway:
        yield Side(front, gateway, Counter(gateway, members_count))


def side_by_side(sides: list[Side], echo: str, calls_count: int, in_flight: int) -> dict[str, Load]:
    """Returns what the echo, and then each front, makes of as many requests."""
    loads = {"echo": drive(echo, METHOD, sides[0].counter.like(calls_count), in_flight)[0]}
    for each in sides:
        loads[each.front] = settle(each, calls_count, in_flight)[0]
    return loads


def settle(
    side: Side, calls_count: int, in_flight: int, connections_count: int = 1
) -> tuple[Load, list[bytes]]:
    """Returns what the gateway makes of requests that were signed before, and its answers, all settled."""
    requests = side.counter.requests(calls_count)
    load, answers = drive(
        side.gateway.direct_address, SETTLE.path, requests, in_flight, connections_count
    )
    for answer in answers:
        state = SettleResponse.FromString(answer).sale.state
        assert state == SALE_STATE_SETTLED, f"a sale ended in state {state}"
    return load, answers


def rows(in_flight: int, rounds: list[dict[str, Load]]) -> Iterator[Row]:
    """Yields the medians of the rounds."""
    bare = median(each["echo"].per_second for each in rounds)
    for name in ("echo", *FRONTS):
        loads = [each[name] for each in rounds]
        told = "echo of grpc.aio" if name == "echo" else f"settle, {name} front"
        yield Row(
            f"{told}, {in_flight} in flight", median(load.per_second for load in loads),
            None if name == "echo" else bare, median(load.p50_ms for load in loads),
            median(load.p99_ms for load in loads),
        )


def drive(
    address: str, method: str, requests: list[Signed], in_flight: int, connections_count: int = 1
) -> tuple[Load, list[bytes]]:
    """Sends the requests, so many at a time, and returns what it came to and the answers."""
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        return runner.run(driving(address, method, requests, in_flight, connections_count))


async def driving(
    address: str, method: str, requests: list[Signed], in_flight: int, connections_count: int
) -> tuple[Load, list[bytes]]:
    """Does what ``drive`` says."""
    waiting = iter(requests)
    answers: list[bytes] = []
    seconds: list[float] = []
    async with AsyncExitStack() as opened:
        channels = [
            await opened.enter_async_context(grpc.aio.insecure_channel(address, options=_OWN_CONNECTION))
            for _ in range(connections_count)
        ]

        async def worker(channel: grpc.aio.Channel) -> None:
            call: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(method)
            for metadata, body in waiting:
                started = time.perf_counter()
                answers.append(await call(body, metadata=metadata, timeout=60))
                seconds.append(time.perf_counter() - started)

        for channel in channels:
            await channel.channel_ready()
        started = time.perf_counter()
        await asyncio.gather(*(worker(channels[each % connections_count]) for each in range(in_flight)))
        took = time.perf_counter() - started
    seconds.sort()
    load = Load(len(requests) / took, percentile(seconds, 0.5) * 1000, percentile(seconds, 0.99) * 1000)
    return load, answers


@contextmanager
def echoing(reply_bytes: int) -> Iterator[str]:
    """Yields the address of a bare echo in a process of its own."""
    command = [sys.executable, "-m", "tests.bench.echo", str(reply_bytes)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        try:
            yield f"127.0.0.1:{process.stdout.readline().strip()}"
        finally:
            process.terminate()
