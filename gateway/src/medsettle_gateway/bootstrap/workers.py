"""Several processes that serve together: started, started anew when one dies, and ended together.

A worker is a process of its own from the first instruction, never a fork: gRPC does not bear one. It says on
standard output when it serves, and ends when its standard input does, so that none outlives who started it.
"""

import asyncio
import contextlib
import logging
import signal
from asyncio.subprocess import Process
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from medsettle_gateway.bootstrap.process import told_to_end
from medsettle_gateway.config import ConfigError

LOGGER: Final = logging.getLogger("medsettle.gateway")

_DOUBLINGS_MOST: Final = 16
_KILLED: Final = -9
"""As asyncio says that SIGKILL ended a process; Windows has neither the signal nor workers."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How often and how soon a worker is started anew, and how long anything may take, in seconds."""

    ready_s: float = 60.0
    """From the start of a worker to the line that says that it serves."""
    drain_s: float = 30.0
    """From being told to end to having ended."""
    pause_s: float = 0.1
    """Before a new start; twice as long each time."""
    pause_most_s: float = 10.0
    lasting_s: float = 60.0
    """Who has lived so long begins anew to be counted."""
    restarts_most: int = 20
    """Ends in a row of one worker that was not killed; with one more all are ended."""


class NotReadyError(Exception):
    """A worker ended, or took too long, before it served. ``code`` is what it ended with."""

    def __init__(self, code: int) -> None:
        super().__init__(f"the worker ended with {code} before it served")
        self.code = code


@dataclass
class Workers:
    """Processes of one command line, to which each one's number is added."""

    command: Sequence[str]
    count: int
    patience: Patience = field(default_factory=Patience)
    _running: dict[int, Process] = field(default_factory=dict)
    _ending: bool = False

    async def start(self) -> None:
        """Returns when all serve. Raises NotReadyError for the first that does not.

        The first one starts alone: what is wrong with all of them is said once.
        """
        await self._launch(1)
        await _all(self._launch(number) for number in range(2, self.count + 1))

    async def keep(self) -> None:
        """Starts anew whichever ends, until it is cancelled. Raises ConfigError if one ends too often."""
        await _all(self._keep(number) for number in range(1, self.count + 1))

    async def stop(self) -> None:
        """Tells all to finish what they have begun, and returns when they have ended."""
        self._ending = True
        running = tuple(self._running.values())
        for each in running:
            with contextlib.suppress(ProcessLookupError):
                each.send_signal(signal.SIGTERM)
        await asyncio.gather(*map(self._end, running))

    async def _end(self, process: Process) -> None:
        """Returns when a worker that was told has ended; one that takes too long is killed."""
        if process.stdin is not None:
            process.stdin.close()
        try:
            async with asyncio.timeout(self.patience.drain_s):
                await process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def _launch(self, number: int) -> None:
        """Returns when the worker serves. Raises NotReadyError."""
        process = await asyncio.create_subprocess_exec(
            *self.command, str(number), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            start_new_session=True,  # an interrupt from the keyboard is for who started it
        )
        self._running[number] = process
        if self._ending:
            process.kill()
        assert process.stdout is not None  # noqa: S101 - asked for above
        try:
            async with asyncio.timeout(self.patience.ready_s):
                line = await process.stdout.readline()
        except TimeoutError:
            process.kill()
            line = b""
        if not line:
            raise NotReadyError(await process.wait())

    async def _keep(self, number: int) -> None:
        loop = asyncio.get_running_loop()
        ends_count = pauses_count = 0
        while True:
            began = loop.time()
            code = await self._running[number].wait()
            if self._ending:
                return
            if loop.time() - began >= self.patience.lasting_s:
                ends_count = pauses_count = 0
            # Who was killed may have done nothing wrong: it is started again, however often.
            ends_count += code != _KILLED
            LOGGER.error("worker ended", extra={"fields": {"worker": number, "exit_code": code}})
            if ends_count > self.patience.restarts_most:
                raise ConfigError(
                    f"工作进程 {number} 连续结束了 {ends_count} 次;原因见日志。",
                    f"Worker {number} ended {ends_count} times in a row: the log says why.",
                )
            await asyncio.sleep(min(self.patience.pause_s * 2**pauses_count, self.patience.pause_most_s))
            pauses_count = min(pauses_count + 1, _DOUBLINGS_MOST)
            with contextlib.suppress(NotReadyError):  # its end is met above
                await self._launch(number)
                LOGGER.info("worker restarted", extra={"fields": {"worker": number}})


def run_workers(workers: Workers, ready: Callable[[], None]) -> None:
    """Runs them until this process is told to end; ``ready`` is called once all serve.

    Raises NotReadyError if one does not start, ConfigError if one cannot be kept.
    """
    asyncio.run(_run(workers, ready))


async def _run(workers: Workers, ready: Callable[[], None]) -> None:
    told = asyncio.Event()
    with told_to_end(told):
        telling = asyncio.create_task(told.wait())
        try:
            if await _before(workers.start(), telling):
                ready()
                await _before(workers.keep(), telling)
            LOGGER.info("stopping")
        finally:
            telling.cancel()
            await workers.stop()
            LOGGER.info("stopped")


async def _before(work: Coroutine[Any, Any, None], telling: "asyncio.Task[Any]") -> bool:
    """Returns whether the work ended before this process was told to; if not, it is cancelled."""
    working = asyncio.create_task(work)
    try:
        await asyncio.wait({working, telling}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            return False
        working.result()
        return True
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)


async def _all(works: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Returns when all have ended; the first that raises cancels the others."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
