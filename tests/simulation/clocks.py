"""The clocks of the machines: each runs with the world's time, and shows what somebody has set it to."""

import asyncio
from datetime import datetime, timedelta

from tests.simulation.city import BEGIN


class MachineClock:
    """A clock that jumps when somebody sets it; what it counts from its start never does."""

    def __init__(self) -> None:
        self.off = timedelta()

    def now(self) -> datetime:
        return BEGIN + timedelta(seconds=self.monotonic()) + self.off

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    async def pause(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class TillClock(MachineClock):
    """As the till's core asks it."""

    def sleep(self, seconds: float) -> None:
        raise AssertionError("an AsyncTill never blocks")


class GatewayClock(MachineClock):
    """As the gateway's service asks it."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
