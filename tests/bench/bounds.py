"""Where the time of a settlement goes: ``python -m tests.bench.bounds``.

The gateway's calls are made in this process, without a transport, 32 in flight; by the processor's clock it
is looked up again and again what is being done. Transport is what the echo of ``settling`` costs, on top.
"""

import asyncio
import collections
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Final

from medsettle.testing import Gateway as Sandbox
from medsettle.wire.calls import SETTLE
from medsettle_gateway.bootstrap.gateway import Gateway, report
from medsettle_gateway.bootstrap.process import spare_the_loaded
from medsettle_gateway.cli.frame import open_gateway
from medsettle_gateway.cli.logs import set_up
from medsettle_gateway.rpc.aio import new_event_loop
from medsettle_gateway.rpc.calls import Calls
from tests.bench.counter import Counter, Signed
from tests.bench.rows import machine
from tests.bench.settling import UNHURRIED

CALLS: Final = 6_000
WARM_UP: Final = 500
IN_FLIGHT: Final = 32
EVERY_S: Final = 0.0005
PARTS: Final = (
    ("checking signatures: the request's and the demo credential's", ("verify", "rpc/verifying.py")),
    ("signing: the answer and the receipt", ("sign", "wire/signing.py")),
    ("the line in the log", ("logging/__init__.py", "cli/logs.py")),
    ("writing: the sale, its entry, balances, counters", ("storage/sqlite/writing",)),
    ("loading: the sale's, the person's, the goods' rows", ("storage/sqlite/", "storage/rows.py")),
    ("reading the request", ("rpc/codec/requests.py", "rpc/codec/basket.py", "rpc/codec/form.py")),
    ("making the answer", ("rpc/codec/answers.py", "rpc/codec/sale.py", "rpc/codec/booked.py")),
    ("deciding: the calculation", ("/policy/",)),
    ("deciding: question, record, books, receipt", ("_decided",)),
    ("what to load, and locks", ("service/group.py", "domain/locks.py")),
    (
        "the call around it: metadata, digests, credential, queue",
        ("/rpc/", "/resolvers/", "service/front.py", "service/writer.py"),
    ),
)
"""What is done, and by which function or file it is known: the innermost frame that one of them knows."""


def main() -> None:
    """Prints each part's share of the time, and its microseconds a settlement."""
    with Sandbox(settings=UNHURRIED) as sandbox:
        counter = Counter(sandbox, CALLS + WARM_UP + 2)
        warm, measured = counter.requests(WARM_UP), counter.requests(CALLS)
        sandbox.stop()
        os.environ["MEDSETTLE_GATEWAY__LISTEN__ADDRESS"] = "127.0.0.1:0"
        os.environ["MEDSETTLE_GATEWAY__LIMITS__TERMINAL_CALLS_PER_S"] = "0"
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            took_us, found = runner.run(settled(sandbox.config_path, warm, measured))
    total = sum(found.values())
    print(f"{machine()}; {took_us:,.0f} us of the processor a settlement, without transport")
    for part, count in found.most_common():
        print(f"{count / total:7.1%} {took_us * count / total:7.0f} us  {part}")


async def settled(
    config_path: Path, warm: list[Signed], measured: list[Signed]
) -> tuple[float, "collections.Counter[str]"]:
    """Returns the processor's time of one settlement, and what was found being done."""
    config = open_gateway(config_path).config
    set_up(config.log)
    gateway = await Gateway.of(config)
    spare_the_loaded()
    gateway.writer.start(gateway.spawner)
    calls = gateway.calls
    try:
        await drive(calls, warm)
        with sampled() as found:
            began = time.process_time()
            await drive(calls, measured)
            took_s = time.process_time() - began
    finally:
        await gateway.stop()
    return took_s / len(measured) * 1e6, found


async def drive(calls: Calls, requests: list[Signed]) -> None:
    """Makes the calls, so many at a time; each must succeed."""
    waiting = iter(requests)

    async def worker() -> None:
        for metadata, body in waiting:
            answer = await calls.handle(SETTLE.path, metadata, body, 60_000)
            if answer.status is not None:
                report("bounds", RuntimeError(answer.status.message))
                raise SystemExit(1)

    await asyncio.gather(*(worker() for _ in range(IN_FLIGHT)))


@contextmanager
def sampled() -> Iterator["collections.Counter[str]"]:
    """Yields what is being done, looked up while the processor works."""
    found: collections.Counter[str] = collections.Counter()

    def look(_: int, frame: FrameType | None) -> None:
        found[part_of(frame)] += 1

    signal.signal(signal.SIGPROF, look)
    signal.setitimer(signal.ITIMER_PROF, EVERY_S, EVERY_S)
    try:
        yield found
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def part_of(frame: FrameType | None) -> str:
    """Returns what a stack of calls is about."""
    while frame is not None:
        name, file = frame.f_code.co_name, frame.f_code.co_filename.replace(os.sep, "/")
        for part, known in PARTS:
            if any(each == name or ("/" in each and each in file) for each in known):
                return part
        frame = frame.f_back
    return "the event loop"


if __name__ == "__main__":
    main()
