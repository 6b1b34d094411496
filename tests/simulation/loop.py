"""An event loop without a machine: time is a number, nothing runs but what is due, and a process may die.

Whatever was begun in a process belongs to it. Once it is dead nothing of it ever runs again: no callback,
no ``finally``, exactly as after a power cut.
"""

import asyncio
import heapq
import itertools
from collections import deque
from collections.abc import Callable, Coroutine
from contextvars import Context, ContextVar, copy_context
from typing import Any, Final, TypeVar

T = TypeVar("T")
_LATENCY_S: Final = 0.000_1


class Process:
    """Something that runs, on a machine of its own, until it dies."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.alive = True
        self.tasks: dict[asyncio.Task[Any], None] = {}
        self._watchers: list[Callable[[], None]] = []

    def die(self) -> None:
        """Ends it, at once."""
        if self.alive:
            self.alive = False
            for watcher in self._watchers:
                watcher()

    def watch(self, watcher: Callable[[], None]) -> None:
        """Has the watcher called when the process dies."""
        self._watchers.append(watcher)


OUTSIDE: Final = Process("outside")
_PROCESS: ContextVar[Process] = ContextVar("process", default=OUTSIDE)


class _Due:
    """What is to be called: as ``asyncio.Handle``, without what nobody asks for here."""

    __slots__ = ("_args", "_callback", "_context")

    def __init__(
        self, callback: Callable[..., object], args: tuple[Any, ...], context: Context | None
    ) -> None:
        self._callback: Callable[..., object] | None = callback
        self._args = args
        self._context = copy_context() if context is None else context

    def cancel(self) -> None:
        self._callback, self._args = None, ()

    def cancelled(self) -> bool:
        return self._callback is None

    def run(self, loop: "VirtualLoop") -> None:
        """Calls it, unless it was cancelled or its process is dead."""
        callback, context = self._callback, self._context
        if callback is None or not context.get(_PROCESS, OUTSIDE).alive:
            return
        try:
            context.run(callback, *self._args)
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as error:  # noqa: BLE001 - as any loop: it is told, and the others go on
            loop.call_exception_handler({"message": f"exception in {callback!r}", "exception": error})


class StillError(Exception):
    """Somebody waits, and nothing will ever happen."""


class VirtualLoop(asyncio.BaseEventLoop):
    """Runs what is ready, in its order; when nothing is, the time is that of the next timer.

    ``disk_s`` says how long work on a disk takes.
    """

    def __init__(self, disk_s: Callable[[], float] = lambda: _LATENCY_S) -> None:
        # What the base class would set up (a selector, a self-pipe) has no place here.
        self._now = 0.0
        self._ready: deque[_Due] = deque()
        self._timers: list[tuple[float, int, _Due]] = []
        self._count = itertools.count()
        self._disk_s = disk_s
        self._closed = False
        self.faults: list[dict[str, Any]] = []

    def time(self) -> float:
        return self._now

    def call_soon(  # type: ignore[override]
        self, callback: Any, *args: Any, context: Context | None = None
    ) -> _Due:
        due = _Due(callback, args, context)
        self._ready.append(due)
        return due

    def call_at(  # type: ignore[override]
        self, when: float, callback: Any, *args: Any, context: Context | None = None
    ) -> _Due:
        due = _Due(callback, args, context)
        heapq.heappush(self._timers, (when, next(self._count), due))
        return due

    def call_later(  # type: ignore[override]
        self, delay: float, callback: Any, *args: Any, context: Context | None = None
    ) -> _Due:
        due = _Due(callback, args, context)
        heapq.heappush(self._timers, (self._now + max(0.0, delay), next(self._count), due))
        return due

    def create_future(self) -> "asyncio.Future[Any]":
        return asyncio.Future(loop=self)

    def create_task(  # type: ignore[override]
        self, coro: Any, *, name: str | None = None, context: Context | None = None
    ) -> "asyncio.Task[Any]":
        return asyncio.Task(coro, loop=self, name=name, context=context)

    def run_in_executor(  # type: ignore[override]
        self, executor: Any, func: Callable[..., T], *args: Any
    ) -> "asyncio.Future[T]":
        """Work on a disk: it takes a while, it is done, and then it takes a while until that is known."""
        done: asyncio.Future[T] = self.create_future()
        self.call_later(self._disk_s(), self._work, done, func, args)
        return done

    def _work(self, done: "asyncio.Future[T]", func: Callable[..., T], args: tuple[Any, ...]) -> None:
        try:
            result = func(*args)
        except Exception as error:  # noqa: BLE001 - it is whoever waits for it who hears of it
            self.call_later(_LATENCY_S, self._tell, done, None, error)
        else:
            self.call_later(_LATENCY_S, self._tell, done, result, None)

    def _tell(self, done: "asyncio.Future[Any]", result: object, error: Exception | None) -> None:
        if done.done():
            return
        if error is None:
            done.set_result(result)
        else:
            done.set_exception(error)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Returns what the work comes to. Raises StillError if it waits for what never happens."""
        asyncio._set_running_loop(self)
        try:
            task: asyncio.Task[T] = self.create_task(work)
            ready, timers, done = self._ready, self._timers, task.done
            while not done():
                if ready:
                    ready.popleft().run(self)
                elif timers:
                    when, _, due = heapq.heappop(timers)
                    self._now = max(self._now, when)
                    due.run(self)
                else:
                    raise StillError
            return task.result()
        finally:
            asyncio._set_running_loop(None)

    def get_debug(self) -> bool:
        return False

    def is_running(self) -> bool:
        return True

    def is_closed(self) -> bool:
        return self._closed

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """Notes what nobody awaited; a task of a dead process is none."""
        if "exception" in context:
            self.faults.append(context)

    def close(self) -> None:
        """Lets go of everything that was left."""
        self._closed = True
        self._ready.clear()
        self._timers.clear()


def begin(process: Process, work: Coroutine[Any, Any, T], name: str = "") -> "asyncio.Task[T]":
    """Begins work in a process."""
    loop = asyncio.get_running_loop()
    context = copy_context()
    context.run(_PROCESS.set, process)
    task: asyncio.Task[T] = loop.create_task(work, name=name or process.name, context=context)
    task._log_destroy_pending = False  # type: ignore[attr-defined]
    process.tasks[task] = None
    task.add_done_callback(lambda done: process.tasks.pop(done, None), context=context)
    return task


def current() -> Process:
    """Returns the process that runs now."""
    return _PROCESS.get()


def buried(process: Process) -> None:
    """Lets go of what a dead process was about, so that nothing of it is left to be collected."""
    for task in tuple(process.tasks):
        coroutine = task.get_coro()
        if isinstance(coroutine, Coroutine):
            coroutine.close()
    process.tasks.clear()
