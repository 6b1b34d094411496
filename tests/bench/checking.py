"""Checking what a patient may have, signed, among a million members (MEMBERS=1000000), beside a bare echo."""

import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path
from typing import Final

from medsettle.testing import Gateway
from medsettle.wire.calls import CHECK_ELIGIBILITY
from medsettle.wire.v1.eligibility_pb2 import ANSWER_YES, CheckEligibilityResponse
from medsettle_gateway.cli.frame import open_gateway
from medsettle_gateway.resolvers.demo import DemoIssuer
from tests.bench.counter import LIFE, REGION, Counter, Signed, write_members
from tests.bench.echo import METHOD
from tests.bench.rows import Row, median
from tests.bench.settling import FRONTS, UNHURRIED, Load, drive, echoing

MEMBERS: Final = 1_000_000
ROUNDS: Final = 5
CALLS_AT: Final = {1: 400, 32: 3_000}
"""Calls of a round, by how many are in flight."""
WARM_UP: Final = 500
ASKED: Final = 20_000
"""Members who are asked about, from all over the register."""
_FIRST: Final = 2_100_000_000_000
_SEED: Final = 20


def measure() -> Iterator[Row]:
    """Yields how the members were entered, then the echo and the check behind each front."""
    members_count = int(os.environ.get("MEMBERS", MEMBERS))
    with tempfile.TemporaryDirectory(prefix="medsettle-") as name:
        folder = Path(name)
        with Gateway(folder, settings=UNHURRIED) as gateway:
            counter = Counter(gateway, 2)
            yield entered(gateway, members_count)
            tokens = credentials(gateway, members_count)
        answer = asked_once(folder, counter, tokens)
        rounds: dict[int, list[dict[str, Load]]] = {in_flight: [] for in_flight in CALLS_AT}
        with echoing(len(answer)) as echo:
            for _ in range(ROUNDS):
                for in_flight, loads in round_of(folder, counter, tokens, echo).items():
                    rounds[in_flight].append(loads)
        for in_flight, loads_of in rounds.items():
            yield from rows(in_flight, loads_of)


def entered(gateway: Gateway, members_count: int) -> Row:
    """Enters so many members by the command, and returns how long that took."""
    table = gateway.directory / "million.csv"
    write_members(table, [str(_FIRST + each) for each in range(members_count)])
    started = time.perf_counter()
    entering = ("member", "import", str(table), "--config", str(gateway.config_path))
    subprocess.run(
        [sys.executable, "-m", "medsettle_gateway", *entering], check=True, stdout=subprocess.DEVNULL
    )
    took = time.perf_counter() - started
    return Row(f"entered: {members_count:,} members", members_count / took, note=f"{took:,.0f} s")


def credentials(gateway: Gateway, members_count: int) -> Iterator[str]:
    """Yields credentials of members from all over the register, issued when they are asked for."""
    chosen = random.Random(_SEED).sample(range(members_count), min(ASKED, members_count))
    opened = open_gateway(gateway.config_path)
    assert opened.keys.issuer is not None
    issuer = DemoIssuer(opened.keys.issuer)
    with opened.reading() as connection:
        found = opened.people(connection, "").found(str(_FIRST + each) for each in chosen)
    members = [each.member for each in found.values()]
    return (
        issuer.issue(os.urandom(12).hex(), each, REGION, datetime.now(UTC), LIFE) for each in cycle(members)
    )


def asked_once(folder: Path, counter: Counter, tokens: Iterator[str]) -> bytes:
    """Returns one answer: an echo of its size is what it is compared with."""
    with Gateway(folder, settings=UNHURRIED) as gateway:
        return checked(gateway, counter.checks(tokens, 1), 1)[1][0]


def round_of(folder: Path, counter: Counter, tokens: Iterator[str], echo: str) -> dict[int, dict[str, Load]]:
    """Returns by number in flight what the echo, and each front in its turn, make of as many requests."""
    loads: dict[int, dict[str, Load]] = {in_flight: {} for in_flight in CALLS_AT}
    for in_flight, calls_count in CALLS_AT.items():
        same = counter.checks(tokens, 1) * calls_count
        loads[in_flight]["echo"] = drive(echo, METHOD, same, in_flight)[0]
    for front in FRONTS:
        with Gateway(folder, settings={"listen.front": front, **UNHURRIED}) as gateway:
            checked(gateway, counter.checks(tokens, WARM_UP), 32)
            for in_flight, calls_count in CALLS_AT.items():
                requests = counter.checks(tokens, calls_count)
                loads[in_flight][front] = checked(gateway, requests, in_flight)[0]
    return loads


def checked(gateway: Gateway, requests: list[Signed], in_flight: int) -> tuple[Load, list[bytes]]:
    """Returns what the gateway makes of requests that were signed before, and its answers, each a yes."""
    load, answers = drive(gateway.direct_address, CHECK_ELIGIBILITY.path, requests, in_flight)
    for each in answers:
        said = CheckEligibilityResponse.FromString(each)
        assert said.covered == ANSWER_YES, f"a check ended in answer {said.covered}"
    return load, answers


def rows(in_flight: int, rounds: list[dict[str, Load]]) -> Iterator[Row]:
    """Yields the medians of the rounds; the note has the ratio that is aimed at."""
    bare = median(each["echo"].per_second for each in rounds)
    bare_p99_ms = median(each["echo"].p99_ms for each in rounds)
    for name in ("echo", *FRONTS):
        loads = [each[name] for each in rounds]
        p99_ms = median(load.p99_ms for load in loads)
        told = "echo of grpc.aio" if name == "echo" else f"check, {name} front"
        yield Row(
            f"{told}, {in_flight} in flight", median(load.per_second for load in loads),
            None if name == "echo" else bare, median(load.p50_ms for load in loads), p99_ms,
            "" if name == "echo" else f"p99 {p99_ms / bare_p99_ms:.1f} of the echo's",
        )
