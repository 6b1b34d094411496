"""Time as the till knows it: the machine's clock, and how far the gateway's is from it.

Nothing that is unsigned moves it, nothing moves it far, and what the gateway has once proven is past.
"""

import asyncio
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from medsettle.wire.signing import WINDOW_MS

OFFSET_MAX: Final = timedelta(days=3)
"""Beyond it the store must set the machine's clock: a wrong day would stand on tickets and receipts."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MS: Final = timedelta(milliseconds=1)


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
    """A clock set by the gateway's where the gateway proved that it is off. Safe for threads.

    ``proven_ms``: the latest time that the gateway has signed, in milliseconds since 1970; it is past.
    """

    def __init__(self, clock: Clock, proven_ms: int = 0) -> None:
        self._clock = clock
        self._offset = timedelta()
        self._proven_ms = proven_ms
        self._lock = threading.Lock()

    @property
    def offset_ms(self) -> int:
        """How far the gateway's clock is ahead of the machine's, as last corrected, in milliseconds."""
        with self._lock:
            return self._offset // _MS

    @property
    def proven_ms(self) -> int:
        """The latest time that the gateway has signed, in milliseconds since 1970; 0 if there is none."""
        with self._lock:
            return self._proven_ms

    def now(self) -> datetime:
        """Returns the corrected time as an aware instant."""
        with self._lock:
            return self._clock.now() + self._offset

    def now_ms(self) -> int:
        """Returns the corrected time in milliseconds since 1970."""
        return (self.now() - _EPOCH) // _MS

    def monotonic(self) -> float:
        """Returns seconds that only ever go forward."""
        return self._clock.monotonic()

    def sleep(self, seconds: float) -> None:
        """Waits."""
        self._clock.sleep(seconds)

    async def pause(self, seconds: float) -> None:
        """Waits without holding up the event loop."""
        await self._clock.pause(seconds)

    def proven(self, at_ms: int) -> None:
        """Takes note of a time that the gateway has signed, in milliseconds since 1970."""
        with self._lock:
            self._proven_ms = max(self._proven_ms, at_ms)

    def correct(self, gateway_at: datetime) -> bool:
        """Goes by the gateway's time from now on.

        Returns False, and changes nothing, if that is more than three days from the machine's clock, or
        before what the gateway has proven already.
        """
        with self._lock:
            offset = gateway_at - self._clock.now()
            earliest = _EPOCH + timedelta(milliseconds=self._proven_ms - WINDOW_MS)
            if abs(offset) > OFFSET_MAX or gateway_at < earliest:
                return False
            self._offset = offset
            return True
