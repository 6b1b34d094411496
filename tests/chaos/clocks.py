"""Clocks that jump: the gateway's, in a file that its processes look at, and each till's own."""

import mmap
import os
import struct
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from medsettle.clock import SystemClock

_HOOK = Path(__file__).with_name("clock")
_NAMED_BY = "MEDSETTLE_CHAOS_CLOCK"
_US = timedelta(microseconds=1)
_FURTHEST = timedelta(hours=30)
_SMALL_S = 200
"""Forward and back by so much: within what a till's signature may be off."""


class GatewayClock:
    """How far the gateway's machine is ahead, for all who look at the file."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.write_bytes(bytes(8))
        with path.open("r+b") as file:
            self._ahead = mmap.mmap(file.fileno(), 8)
        self.steady = timedelta()
        """What it has gained for good: time that was once proven to tills does not come back."""

    @property
    def ahead(self) -> timedelta:
        return int(struct.unpack("<q", self._ahead[:8])[0]) * _US

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def jump(self, chance: Random, *, far: bool) -> None:
        """Sets it forward or back by minutes; ``far``: sometimes forward by hours, to stay.

        It is never behind the machine's: keys that were enrolled a moment ago would not be valid yet.
        """
        if far and chance.random() < 0.3:
            self.steady = min(self.steady + chance.choice((0.2, 1, 11)) * timedelta(hours=1), _FURTHEST)
        self._set(self.steady + timedelta(seconds=chance.randint(0, _SMALL_S)))

    def _set(self, ahead: timedelta) -> None:
        self._ahead[:8] = struct.pack("<q", ahead // _US)

    @staticmethod
    def environment(path: Path) -> dict[str, str]:
        """Returns what makes gateways that are started with it go by the clock."""
        path_before = os.environ.get("PYTHONPATH", "")
        return {_NAMED_BY: str(path), "PYTHONPATH": os.pathsep.join(filter(None, (str(_HOOK), path_before)))}


class TillClock(SystemClock):
    """A till's machine, whose clock somebody sets now and then."""

    def __init__(self) -> None:
        self.off = timedelta()

    def now(self) -> datetime:
        return super().now() + self.off

    def jump(self, chance: Random) -> None:
        hours = chance.choice((0, 0, 0.02, 1, 30))
        self.off = timedelta(hours=hours * chance.choice((1, -1)))
