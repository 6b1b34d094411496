"""Time that passes only when a test lets it, and work that can be cut off as a crash does."""

import asyncio
import heapq
import itertools
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from tests.gateway.service.world import HandClock

T = TypeVar("T")
_ROUNDS_COUNT = 40
"""Turns of the event loop after which nothing moves any more unless time passes."""


async def quiet() -> None:
    for _ in range(_ROUNDS_COUNT):
        await asyncio.sleep(0)


@dataclass
class VirtualClock(HandClock):
    """Whoever sleeps is woken when the time has come, in the order of time."""

    sleepers: list[tuple[datetime, int, "asyncio.Future[None]"]] = field(default_factory=list)
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    async def sleep(self, seconds: float) -> None:
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self.sleepers, (self.at + timedelta(seconds=seconds), next(self._numbers), woken))
        await woken

    async def passes(self, **by: float) -> None:
        """Lets time pass, step by step from one who wakes to the next."""
        end = self.at + timedelta(**by)
        await quiet()
        while self._next_at() <= end:
            await self._step()
        self.at = end
        await quiet()

    async def until(self, work: Coroutine[Any, Any, T]) -> T:
        """Returns what the work returns, letting as much time pass as it needs."""
        task = asyncio.get_running_loop().create_task(work)
        await quiet()
        while not task.done():
            await self._step()
        return task.result()

    def _next_at(self) -> datetime:
        while self.sleepers and self.sleepers[0][2].done():
            heapq.heappop(self.sleepers)
        return self.sleepers[0][0] if self.sleepers else datetime.max.replace(tzinfo=self.at.tzinfo)

    async def _step(self) -> None:
        self.at = max(self.at, self._next_at())
        while self._next_at() <= self.at:
            heapq.heappop(self.sleepers)[2].set_result(None)
        await quiet()


@dataclass
class Process:
    """What one process has running; a crash cuts all of it off at once."""

    running: list["asyncio.Task[None]"] = field(default_factory=list)

    def spawn(self, work: Coroutine[Any, Any, None], *, name: str) -> "asyncio.Future[None]":
        task = asyncio.get_running_loop().create_task(work, name=name)
        self.running.append(task)
        return task

    async def crash(self) -> None:
        for task in self.running:
            task.cancel()
        await asyncio.gather(*self.running, return_exceptions=True)
        self.running.clear()
