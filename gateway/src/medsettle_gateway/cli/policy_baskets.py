"""Calculates many baskets, with a change and without, in batches over processes.

A process is started anew, never forked, and gets the packs as plain data. What goes between processes
is text and sums, and only so many batches are on their way at once: memory does not grow with the file.
"""

import json
import multiprocessing
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import BinaryIO, Final, NamedTuple

from medsettle_gateway.cli.policy_sample import Sampler
from medsettle_gateway.policy.loader import PackSource
from medsettle_gateway.policy.overlays import load_overlay
from medsettle_gateway.policy.reading import Fault, Invalid
from medsettle_gateway.policy.shelf import Shelf
from medsettle_gateway.policy.tally import Tally
from medsettle_gateway.policy.what_if import WhatIf, read_basket

BATCH_COUNT: Final = 1_000
"""Baskets that go to a process at once."""

LINE_BYTES_MOST: Final = 1_048_576
"""The longest line of a file of baskets."""

FAULTS_MOST: Final = 20
"""Wrong baskets that are told before a run ends."""

_WAITING_EACH: Final = 3


class Batch(NamedTuple):
    """Some baskets: lines of a file from a line number on, or numbers to be drawn."""

    first: int
    texts: tuple[bytes, ...] = ()
    draw_count: int = 0


class WrongBasket(NamedTuple):
    """A basket that cannot be read: the line of the file, and what is wrong."""

    line: int
    fault: Fault


class Done(NamedTuple):
    """What a batch came to. ``size`` is how much of the work it was: bytes, or baskets that were drawn."""

    tally: Tally
    wrong: tuple[WrongBasket, ...]
    size: int


@dataclass(frozen=True, slots=True)
class Run:
    """What every process needs: the packs, the one in question, what changes, and the seed of samples."""

    sources: tuple[PackSource, ...]
    pack: str
    figures: Mapping[str, object]
    seed: int = 0
    overlay: PackSource | None = None

    def work(self) -> Callable[[Batch], Done]:
        """Compile the packs and return what does one batch. Raises Invalid."""
        shelf = Shelf(self.sources)
        overlay = None if self.overlay is None else load_overlay(self.overlay)
        changed = shelf.with_figures(self.pack, self.figures, overlay)
        asked = WhatIf(self.pack, shelf.versions, changed.versions)
        sampler = Sampler(shelf.versions.by_id[self.pack][-1], self.seed)

        def done(batch: Batch) -> Done:
            tally = Tally()
            if batch.texts:
                wrong = tuple(_count_lines(asked, tally, batch))
                return Done(tally, wrong, sum(map(len, batch.texts)))
            for number in range(batch.first, batch.first + batch.draw_count):
                asked.count(tally, read_basket(sampler.basket(number), "", self.pack))
            return Done(tally, (), batch.draw_count)

        return done


def _count_lines(asked: WhatIf, tally: Tally, batch: Batch) -> Iterator[WrongBasket]:
    for line, text in enumerate(batch.texts, start=batch.first):
        if not text.strip():
            continue
        try:
            asked.count(tally, read_basket(_parsed(text), str(line), asked.pack))
        except Invalid as invalid:
            yield from (WrongBasket(line, fault) for fault in invalid.faults)


def _parsed(text: bytes) -> object:
    """Raises Invalid for what is no JSON."""
    if len(text) > LINE_BYTES_MOST:
        raise Invalid("", [Fault(0, "", f"a basket is at most {LINE_BYTES_MOST} bytes long")])
    try:
        return json.loads(text)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise Invalid("", [Fault(0, "", f"not JSON: {error}")]) from error


def lines_of(file: BinaryIO) -> Iterator[bytes]:
    """The lines of a file; no more of a line is read than it may have."""
    return iter(partial(file.readline, LINE_BYTES_MOST + 1), b"")


def pack_named_in(text: bytes) -> str | None:
    """The pack that a basket names; None where it names none or cannot be read."""
    try:
        basket = _parsed(text)
    except Invalid:
        return None
    pack = basket.get("pack") if isinstance(basket, dict) else None
    return pack if isinstance(pack, str) else None


def batches_of(lines: Iterable[bytes]) -> Iterator[Batch]:
    """The lines of a file, in batches, numbered from 1."""
    source, first = iter(lines), 1
    while texts := tuple(islice(source, BATCH_COUNT)):
        yield Batch(first, texts)
        first += len(texts)


def batches_to_draw(count: int) -> Iterator[Batch]:
    """So many baskets to be drawn, in batches."""
    for first in range(0, count, BATCH_COUNT):
        yield Batch(first, (), min(BATCH_COUNT, count - first))


def calculate_all(
    run: Run, batches: Iterable[Batch], workers: int, advanced: Callable[[int], None]
) -> tuple[Tally, tuple[WrongBasket, ...]]:
    """The sums over all baskets; wrong ones end the run early and are returned.

    ``advanced`` is told after each batch how much of the work it was. With one worker no process is
    started. Raises Invalid where the figures do not fit the pack.
    """
    tally, wrong = Tally(), list[WrongBasket]()
    for done in _all_done(run, batches, workers):
        tally.merge(done.tally)
        wrong += done.wrong
        advanced(done.size)
        if len(wrong) >= FAULTS_MOST:
            break
    return tally, tuple(wrong[:FAULTS_MOST])


def _all_done(run: Run, batches: Iterable[Batch], workers: int) -> Iterator[Done]:
    """What the batches came to, in their order."""
    if workers == 1:
        yield from map(run.work(), batches)
        return
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, context, _begin, (run,))
    try:
        yield from _in_order(pool, batches, workers * _WAITING_EACH)
    finally:
        pool.shutdown(cancel_futures=True)


def _in_order(pool: ProcessPoolExecutor, batches: Iterable[Batch], waiting_most: int) -> Iterator[Done]:
    waiting: deque[Future[Done]] = deque()
    for batch in batches:
        waiting.append(pool.submit(_do, batch))
        if len(waiting) >= waiting_most:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


_of_process: list[Callable[[Batch], Done]] = []
"""In a process of its own: what does one batch."""


def _begin(run: Run) -> None:
    # Who interrupts the command means all of it: only the first process says so.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _of_process[:] = [run.work()]


def _do(batch: Batch) -> Done:
    return _of_process[0](batch)


def workers_for(asked: int | None, cpus: int | None) -> int:
    """How many processes: as many as asked for, else one for every processor."""
    return asked if asked is not None else max(1, cpus or 1)
