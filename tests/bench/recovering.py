"""Ending open sales after an outage: one till with a full journal, then many at once (OPEN=10000)."""

import os
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Final

from medsettle._exchange.signed import Reply, Request
from medsettle.clock import SystemClock
from medsettle.config import TillConfig, read_config
from medsettle.errors import OutcomeUnknownError
from medsettle.journal import OPEN_SALES_MAX
from medsettle.models import Basket, Collect, Line, Outcome, Split
from medsettle.tender import CashTender
from medsettle.testing import Gateway
from medsettle.till import Till
from medsettle.transport import GrpcTransport
from medsettle.wire.calls import SETTLE
from tests.bench.counter import EIGHT_LINES, INSTITUTION, credentials
from tests.bench.rows import Row
from tests.bench.settling import UNHURRIED

OPEN: Final = 10_000
BASKET: Final = Basket(tuple(Line(*each) for each in EIGHT_LINES), without_accounts=True)
OPERATOR: Final = "03"
PROCESSES: Final = 10
"""Tills that recover at once, each in a process of its own."""
START_S: Final = 2.0
"""After which all begin: until then each has read its journal."""


class CountedClock(SystemClock):
    """Counts what is waited for instead of waiting; for whoever looks at it, the time has passed."""

    def __init__(self) -> None:
        """Nothing was waited for yet."""
        self.waited_s = 0.0

    def monotonic(self) -> float:
        """Returns seconds that only ever go forward."""
        return super().monotonic() + self.waited_s

    def sleep(self, seconds: float) -> None:
        """Counts the wait."""
        self.waited_s += seconds


class BrokenLine:
    """A line that brings no answer back; every second sale comes through to the gateway."""

    def __init__(self, config: TillConfig) -> None:
        """Nothing was sent yet."""
        self._line = GrpcTransport(config)
        self.comes_through = False

    def call(self, request: Request, timeout_ms: int) -> Reply:
        """Returns what a till is told of a line that is down."""
        if self.comes_through and request.call is SETTLE:
            self.comes_through = False
            reply = self._line.call(request, timeout_ms)
            assert reply.code == "OK", reply.code
        return Reply("UNAVAILABLE", b"", {})

    def close(self) -> None:
        """Ends the connection."""
        self._line.close()


@dataclass(frozen=True)
class Work:
    """A till, and what its patients bring and are shown."""

    config_path: Path
    tokens: tuple[str, ...]
    expected: Split


@dataclass(frozen=True)
class Ended:
    """What the recovery of one till came to, when it was over, and how long it should have waited besides."""

    outcomes: tuple[Outcome, ...]
    ended_at: float
    waited_s: float


def measure() -> Iterator[Row]:
    """Yields sales a second without the pauses that a till makes, and how long those would have been."""
    open_count = int(os.environ.get("OPEN", OPEN))
    counts = [min(OPEN_SALES_MAX, open_count - each) for each in range(0, open_count, OPEN_SALES_MAX)]
    with Gateway(settings=UNHURRIED) as gateway, processes() as pool:
        works = prepared(gateway, [counts[0], *counts])
        [*pool.map(break_down, works, [gateway.direct_address] * len(works))]
        gateway.stop()
        gateway.start()
        alone, *others = works
        yield row("one till", *ended(gateway, pool, [alone]))
        yield row(f"{len(others)} tills at once", *ended(gateway, pool, others))
        check(gateway, works)


def prepared(gateway: Gateway, counts: list[int]) -> list[Work]:
    """Enrols a till for each count, and gives it as many patients."""
    tokens = credentials(gateway, sum(counts) + 1)
    paths = [gateway.enrol_till(INSTITUTION, f"{each:02}") for each in range(1, len(counts) + 1)]
    with Till.open(replace(read_config(paths[0]), operator=OPERATOR)) as till:
        expected = till.quote(next(tokens), BASKET).split
    return [
        Work(path, tuple(islice(tokens, count)), expected) for path, count in zip(paths, counts, strict=True)
    ]


def break_down(work: Work, address: str) -> None:
    """Sells over a broken line, until so many sales are open in the till's journal as patients came."""
    config = replace(read_config(work.config_path), address=address, operator=OPERATOR)
    line = BrokenLine(config)
    with Till.open(config, clock=CountedClock(), transport=line) as till:
        for number, token in enumerate(work.tokens, 1):
            line.comes_through = number % 2 == 0
            try:
                till.settle(number, token, BASKET, expected=work.expected, collect=Collect.NOW)
            except OutcomeUnknownError:
                continue
            msg = "an answer over a broken line"
            raise AssertionError(msg)
        assert len(till.open_sales()) == len(work.tokens)


def ended(
    gateway: Gateway, pool: ProcessPoolExecutor, works: list[Work]
) -> tuple[list[Ended], float]:
    """Recovers tills side by side; returns what each came to, and how long it took for all, in seconds."""
    start_at = time.monotonic() + START_S
    address = [gateway.direct_address] * len(works)
    found = [*pool.map(recover, works, address, [start_at] * len(works))]
    return found, max(each.ended_at for each in found) - start_at


def recover(work: Work, address: str, start_at: float) -> Ended:
    """Opens a till after the outage and ends what is open: what was never settled gets its cash back."""
    clock = CountedClock()
    config = replace(read_config(work.config_path), address=address, operator=OPERATOR)
    with Till.open(config, clock=clock) as till:
        time.sleep(max(0.0, start_at - time.monotonic()))
        cards = till.recover(CashTender(lambda _: True, lambda _: True))
        ended_at = time.monotonic()
        assert till.open_sales() == ()
    return Ended(tuple(card.outcome for card in cards), ended_at, clock.waited_s)


def check(gateway: Gateway, works: list[Work]) -> None:
    """Raises AssertionError unless the books have each sale as the tills have it."""
    arrived_count = sum(len(each.tokens) // 2 for each in works)
    sealed_count = sum(len(each.tokens) for each in works) - arrived_count
    books = gateway.books()
    assert (books["balanced"], books["open_sales"]) == (True, [])
    assert dict(books["sales"]) == {"SETTLED": arrived_count, "SEALED": sealed_count}, books["sales"]


def row(told: str, found: list[Ended], took_s: float) -> Row:
    """Returns a row; what every till would have waited besides, it would have waited beside the others."""
    sales_count = sum(len(each.outcomes) for each in found)
    for each in found:
        assert each.outcomes.count(Outcome.PAID) == len(each.outcomes) // 2
        assert each.outcomes.count(Outcome.NOT_PAID) == -(-len(each.outcomes) // 2)
    pauses_s = max(each.waited_s for each in found)
    note = f"{took_s:,.1f} s; with a till's pauses {took_s + pauses_s:,.0f} s at most"
    return Row(f"ended: {sales_count:,} open sales, {told}", sales_count / took_s, note=note)


@contextmanager
def processes() -> Iterator[ProcessPoolExecutor]:
    """Yields processes that know nothing of this one: gRPC outlives no fork."""
    with ProcessPoolExecutor(PROCESSES, get_context("spawn")) as pool:
        yield pool
