"""Time as the till knows it: the machine's clock, and how far the gateway's is from it."""

import asyncio
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Where time comes from. Tests pass their own."""

    def now(self) -> datetime:
        """Returns the machine's time as an aware instant."""

    def monotonic(self) -> float:
        """Returns seconds that only ever go forward."""

    def sleep(self, seconds: float) -> None:
        """Waits."""

    async def pause(self, seconds: float) -> None:
        """Waits without holding up the event loop."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Returns the machine's time as an aware instant."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Returns seconds that only ever go forward."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Waits."""
        time.sleep(seconds)

    async def pause(self, seconds: float) -> None:
        """Waits without holding up the event loop."""
        await asyncio.sleep(seconds)


class CorrectedClock:
    """A clock set by the gateway's where the gateway said that it is off. Safe for threads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._offset = timedelta()
        self._lock = threading.Lock()

    @property
    def offset_ms(self) -> int:
        """How far the gateway's clock is ahead of the machine's, as last corrected, in milliseconds."""
        with self._lock:
            return self._offset // timedelta(milliseconds=1)

    def now(self) -> datetime:
        """Returns the corrected time as an aware instant."""
        with self._lock:
            return self._clock.now() + self._offset

    def now_ms(self) -> int:
        """Returns the corrected time in milliseconds since 1970."""
        return (self.now() - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)

    def monotonic(self) -> float:
        """Returns seconds that only ever go forward."""
        return self._clock.monotonic()

    def sleep(self, seconds: float) -> None:
        """Waits."""
        self._clock.sleep(seconds)

    async def pause(self, seconds: float) -> None:
        """Waits without holding up the event loop."""
        await self._clock.pause(seconds)

    def correct(self, gateway_at: datetime) -> None:
        """Goes by the gateway's time from now on."""
        with self._lock:
            self._offset = gateway_at - self._clock.now()
