"""The writer's clock: no instant is before the last one, whatever the machine's clock does."""

from datetime import UTC, datetime, timedelta
from typing import Final

from medsettle_gateway.service.ports import Clock, Report, Store

_TICK: Final = timedelta(microseconds=1)
_BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)


class ClockBehindError(Exception):
    """The machine's clock is far behind the last entry of the books."""


class Instants:
    """Instants of decisions: later sales are told from earlier ones by them, over restarts too."""

    behind_most: Final = timedelta(minutes=3)
    """A clock that is set right goes back by less; what is behind further is reported."""
    told_again: Final = timedelta(minutes=1)

    def __init__(self, store: Store, clock: Clock, report: Report) -> None:
        self._store = store
        self._clock = clock
        self._report = report
        self._last_at: datetime | None = None
        self._told_at: datetime | None = None

    async def look(self) -> None:
        """Reports books that lie in the future already. Raises StoreUnavailableError."""
        self._compare(await self._known())

    async def following(self, at: datetime | None = None) -> datetime:
        """Returns the clock's instant, or where that is before the last one the next after it.

        Which one was the last the store says first. ``at`` is the store's own instant, where it has one: it
        stands in for the clock, and is not before the last entry of its books. Raises StoreUnavailableError.
        """
        last_at = await self._known()
        self._compare(last_at if at is None else max(last_at, at))
        now = self._clock.now() if at is None else at
        self._last_at = now if now >= last_at else last_at + _TICK
        return self._last_at

    async def _known(self) -> datetime:
        if self._last_at is None:
            self._last_at = await self._store.last_committed_at() or _BEGINNING
        return self._last_at

    def _compare(self, latest_at: datetime) -> None:
        now = self._clock.now()
        behind = latest_at - now
        if behind <= self.behind_most:
            return
        if self._told_at is None or abs(now - self._told_at) >= self.told_again:
            self._told_at = now
            self._report("clock", ClockBehindError(
                f"this machine's clock is {behind} behind the last entry of the books, or the clock of the "
                "database: set the clocks right; until they have come so far, sales are entered right after "
                "that entry and on its day"
            ))
