"""The process around a gateway: its time, the work that runs in it, and how it is told to end."""

import asyncio
import gc
import os
import signal
import sys
from collections.abc import Callable, Collection, Coroutine, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final

_READ_BYTES: Final = 4_096
_LOOK_AFTER: Final = (5_000, 20, 20)
"""New values until cycles are looked for, and looks until older ones are looked through too. A group of calls
makes thousands that are gone with it: to look after every few hundred costs much and finds nothing."""


def spare_the_loaded() -> None:
    """Says that what has been loaded so far stays, so that it is not searched for cycles again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_LOOK_AFTER)


class SystemClock:
    """The machine's time."""

    def now(self) -> datetime:
        """Returns the instant, in UTC."""
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        """Returns after that time."""
        await asyncio.sleep(seconds)


class Spawner:
    """Starts work beside the caller and knows what is running.

    ``lasting`` names work that nothing goes on without: ``broken`` is set once an error has ended any of it.
    """

    def __init__(
        self, failed: Callable[[str, BaseException], None], lasting: Collection[str] = ()
    ) -> None:
        self._running: set[asyncio.Task[None]] = set()
        self._failed = failed
        self._lasting = frozenset(lasting)
        self.broken = asyncio.Event()

    def __call__(self, work: Coroutine[Any, Any, None], *, name: str) -> "asyncio.Future[None]":
        """Returns the running work; a failure of it is reported."""
        task = asyncio.create_task(work, name=name)
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    async def cancel(self) -> None:
        """Ends everything that still runs."""
        running = tuple(self._running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._failed(task.get_name(), error)
            if task.get_name() in self._lasting:
                self.broken.set()


@contextmanager
def told_by_parent(told: asyncio.Event) -> Iterator[None]:
    """Sets the event when standard input ends: whoever started this process is gone. Not on Windows."""
    loop, descriptor = asyncio.get_running_loop(), sys.stdin.fileno()

    def look() -> None:
        if not os.read(descriptor, _READ_BYTES):
            loop.remove_reader(descriptor)
            told.set()

    loop.add_reader(descriptor, look)
    try:
        yield
    finally:
        loop.remove_reader(descriptor)


@contextmanager
def told_to_end(told: asyncio.Event) -> Iterator[None]:
    """Sets the event when the process is told to end; a second time ends it at once."""
    loop = asyncio.get_running_loop()
    wanted = [signal.SIGINT, signal.SIGTERM]
    if sys.platform == "win32":
        wanted.append(signal.SIGBREAK)
    before = {each: signal.getsignal(each) for each in wanted}

    def end(number: int, _frame: object) -> None:
        signal.signal(number, before[signal.Signals(number)])
        loop.call_soon_threadsafe(told.set)

    for each in wanted:
        signal.signal(each, end)
    try:
        yield
    finally:
        for each in wanted:
            signal.signal(each, before[each])
