"""Settling eight lines, signed, calculated and on disk before the answer, beside a bare echo."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
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
CALLS_AT: Final = {1: 300, 32: 1_000, 256: 1_500}
"""Calls of a round, by how many are in flight."""
WARM_UP: Final = 100


@dataclass(frozen=True)
class Load:
    """What one round came to."""

    per_second: float
    p50_ms: float
    p99_ms: float


def measure() -> Iterator[Row]:
    """Yields the echo and the settlement at each number in flight."""
    members_count = ROUNDS * sum(CALLS_AT.values()) + WARM_UP + 2
    with Gateway() as gateway:
        counter = Counter(gateway, members_count)
        answers = drive(gateway.direct_address, SETTLE.path, counter.requests(WARM_UP), 32)[1]
        with echoing(len(answers[0])) as echo:
            for in_flight, calls_count in CALLS_AT.items():
                rounds = [
                    side_by_side(gateway.direct_address, echo, counter.requests(calls_count), in_flight)
                    for _ in range(ROUNDS)
                ]
                yield from rows(in_flight, rounds)


def side_by_side(gateway: str, echo: str, requests: list[Signed], in_flight: int) -> tuple[Load, Load]:
    """Returns what the echo and then the gateway make of the same requests."""
    bare, _ = drive(echo, METHOD, requests, in_flight)
    settled, answers = drive(gateway, SETTLE.path, requests, in_flight)
    for answer in answers:
        state = SettleResponse.FromString(answer).sale.state
        assert state == SALE_STATE_SETTLED, f"a sale ended in state {state}"
    return bare, settled


def rows(in_flight: int, rounds: list[tuple[Load, Load]]) -> Iterator[Row]:
    """Yields the medians of the rounds."""
    bare = median(echo.per_second for echo, _ in rounds)
    for name, side, of in (("echo", 0, None), ("settle", 1, bare)):
        loads = [each[side] for each in rounds]
        yield Row(
            f"{name}, {in_flight} in flight", median(load.per_second for load in loads), of,
            median(load.p50_ms for load in loads), median(load.p99_ms for load in loads),
        )


def drive(address: str, method: str, requests: list[Signed], in_flight: int) -> tuple[Load, list[bytes]]:
    """Sends the requests, so many at a time, and returns what it came to and the answers."""
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        return runner.run(driving(address, method, requests, in_flight))


async def driving(
    address: str, method: str, requests: list[Signed], in_flight: int
) -> tuple[Load, list[bytes]]:
    """Does what ``drive`` says."""
    waiting = iter(requests)
    answers: list[bytes] = []
    seconds: list[float] = []
    async with grpc.aio.insecure_channel(address) as channel:
        call: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(method)

        async def worker() -> None:
            for metadata, body in waiting:
                started = time.perf_counter()
                answers.append(await call(body, metadata=metadata, timeout=60))
                seconds.append(time.perf_counter() - started)

        await channel.channel_ready()
        started = time.perf_counter()
        await asyncio.gather(*(worker() for _ in range(in_flight)))
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
