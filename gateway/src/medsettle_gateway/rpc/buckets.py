"""Token buckets, one a name, as whole numbers: how often something may happen. Pure; time is passed in."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_TOKEN: Final = 1_000_000
"""What one token counts: a microsecond refills ``per_s`` of it, so that nothing is rounded."""


@dataclass(slots=True)
class Buckets:
    """``burst`` tokens a name to begin with, ``per_s`` new ones a second, never more than ``burst``.

    ``per_s`` 0: everything may happen at any time. At most ``most_count`` names are remembered: then the one
    that was longest not heard of is forgotten, which fills its bucket.
    """

    per_s: int
    burst: int
    most_count: int
    _spent_until: dict[str, int] = field(default_factory=dict)
    """When each bucket is full again, in the buckets' own time; the one that was spent last comes last."""
    _time: int = 0
    _seen_us: int = 0

    def __len__(self) -> int:
        """Returns how many names are remembered."""
        return len(self._spent_until)

    def wait_ms(self, name: str, at: datetime) -> int:
        """Returns after how many milliseconds there is a token for the name; 0: now. Nothing is spent."""
        if not self.per_s or name not in self._spent_until:
            return 0
        return self._wait_ms(self._spent_until[name], self._at(at))

    def spend(self, name: str, at: datetime) -> int:
        """Spends a token and returns 0; or returns what ``wait_ms`` says, and nothing is spent."""
        if not self.per_s:
            return 0
        now = self._at(at)
        self._forget_full(now)
        until = max(now, self._spent_until.get(name, now))
        wait_ms = self._wait_ms(until, now)
        if not wait_ms:
            self._spent_until.pop(name, None)
            self._spent_until[name] = until + _TOKEN
            if len(self._spent_until) > self.most_count:
                del self._spent_until[next(iter(self._spent_until))]
        return wait_ms

    def _wait_ms(self, until: int, now: int) -> int:
        missing = until - now - (self.burst - 1) * _TOKEN
        return max(0, -(-missing // (self.per_s * 1_000)))

    def _at(self, at: datetime) -> int:
        """The buckets' own time, which stands still where the clock jumps back: no name waits for ever.

        It runs too fast where instants come in another order than they were: what is back is gone on from.
        """
        now_us = (at - _EPOCH) // _MICROSECOND
        self._time += max(0, now_us - self._seen_us) * self.per_s
        self._seen_us = now_us
        return self._time

    def _forget_full(self, now: int) -> None:
        """A full bucket is as good as none: the longest unheard of are dropped, two for one that may come."""
        for name in tuple(islice(self._spent_until, 2)):
            if self._spent_until[name] <= now:
                del self._spent_until[name]
