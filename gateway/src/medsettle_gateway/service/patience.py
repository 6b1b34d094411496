"""Waits that end: for what may never come, by the clock and the spawning that are passed in."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from medsettle_gateway.service.ports import Clock, Spawn

T = TypeVar("T")


class Patience:
    """Waits for what other work brings, but no longer than it is told to."""

    def __init__(self, clock: Clock, spawn: Spawn) -> None:
        self._clock = clock
        self._spawn = spawn

    async def until(self, told: "asyncio.Future[Any]", seconds: float) -> bool:
        """Returns whether the future was done in time; its result is not looked at."""
        rung: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def ring(_: object) -> None:
            if not rung.done():
                rung.set_result(None)

        told.add_done_callback(ring)
        alarm = self._spawn(self._alarm(ring, seconds), name="medsettle-alarm")
        try:
            if not told.done():
                await rung
        finally:
            alarm.cancel()
            told.remove_done_callback(ring)
        return told.done()

    async def within(self, work: Coroutine[Any, Any, T], seconds: float, *, name: str) -> T | None:
        """Returns what the work returns; None where it did not end in time, and it is cancelled then.

        Raises what the work raises.
        """
        ended: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        running = self._spawn(_into(ended, work), name=name)
        try:
            return ended.result() if await self.until(ended, seconds) else None
        finally:
            running.cancel()

    async def _alarm(self, ring: Any, seconds: float) -> None:  # noqa: ANN401 - a callback
        await self._clock.sleep(seconds)
        ring(None)


async def _into(ended: "asyncio.Future[T]", work: Coroutine[Any, Any, T]) -> None:
    """Runs the work; whatever becomes of it, whoever waits for it hears."""
    try:
        result = await work
    except Exception as error:  # noqa: BLE001 - it is raised where it is waited for
        if not ended.done():
            ended.set_exception(error)
    else:
        if not ended.done():
            ended.set_result(result)
