"""What stood in the store a moment ago: for questions that every call asks and that hardly ever change.

Nothing that is decided rests on it: a decision looks again, under its locks.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from medsettle_gateway.domain.keys import AnyKey, Facts
from medsettle_gateway.service.ports import Clock

Load = Callable[[Sequence[AnyKey]], Awaitable[Facts]]
"""Returns the facts of keys. Raises StoreUnavailableError."""


class _Seen(NamedTuple):
    value: Any
    at: datetime


class Recently:
    """Answers from what it saw less than ``life`` ago; a key that is revoked is so for all after that time.

    What is not there is asked for each time: a terminal that has just been enrolled is known at once.
    """

    life: Final = timedelta(seconds=1)
    most_count: Final = 16_384

    def __init__(self, load: Load, clock: Clock) -> None:
        self._load = load
        self._clock = clock
        self._seen: dict[AnyKey, _Seen] = {}

    async def load(self, keys: Sequence[AnyKey]) -> Facts:
        """Returns the facts of the keys. Raises StoreUnavailableError."""
        now, seen = self._clock.now(), self._seen
        found: dict[AnyKey, Any] = {}
        for key in keys:
            known = seen.get(key)
            # The clock may have been set back meanwhile: what was seen in the future is looked at again.
            if known is None or not known.at <= now < known.at + self.life:
                return await self._anew(keys, now)
            found[key] = known.value
        return Facts(found)

    async def _anew(self, keys: Sequence[AnyKey], now: datetime) -> Facts:
        facts = await self._load(keys)
        if len(self._seen) + len(keys) > self.most_count:
            self._seen.clear()
        for key in keys:
            value = facts.of(key)
            if value is not None:
                self._seen[key] = _Seen(value, now)
        return facts
