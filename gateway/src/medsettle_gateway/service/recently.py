"""What stood in the store a moment ago: for questions that every call asks and that hardly ever change.

Nothing that is decided rests on it: a decision looks again, under its locks.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from medsettle_gateway.domain.keys import AnyKey, Facts
from medsettle_gateway.service.ports import Clock

Load = Callable[[Sequence[AnyKey]], Awaitable[Facts]]
"""Returns the facts of keys. Raises StoreUnavailableError."""


class _Seen(NamedTuple):
    facts: Facts
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
        self._seen: dict[tuple[AnyKey, ...], _Seen] = {}

    async def load(self, keys: Sequence[AnyKey]) -> Facts:
        """Returns the facts of the keys, the same for all who ask for these. Raises StoreUnavailableError."""
        asked, now = tuple(keys), self._clock.now()
        seen = self._seen.get(asked)
        # The clock may have been set back meanwhile: what was seen in the future is looked at again.
        if seen is not None and seen.at <= now < seen.at + self.life:
            return seen.facts
        facts = await self._load(asked)
        if len(self._seen) >= self.most_count:
            self._seen.clear()
        if all(facts.of(key) is not None for key in asked):
            self._seen[asked] = _Seen(facts, now)
        return facts
