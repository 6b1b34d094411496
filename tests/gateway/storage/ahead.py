"""The loop's clock, put forward: what waits for what never comes has waited long enough."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

A_LONG_TIME_S = 3_600.0
T = TypeVar("T")


async def _always() -> bool:
    await asyncio.sleep(0)
    return True


class Ahead:
    """Every limit of a wait in this loop is over as soon as it is told so, however busy the machine is."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self._time, self._by_s = loop.time, 0.0
        loop.time = lambda: self._time() + self._by_s  # type: ignore[method-assign]

    async def to_the_end_of(
        self, work: Coroutine[Any, Any, T], vain: Callable[[], Awaitable[bool]] = _always
    ) -> T:
        """Returns what the work comes to; ``vain`` says whether it waits in vain now."""
        working = asyncio.ensure_future(work)
        while not working.done():
            if await vain():
                self._by_s += A_LONG_TIME_S
        return await working
