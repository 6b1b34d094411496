"""What happened, in its order: a digest to compare two runs by, and how often each kind of thing was met."""

import hashlib
from collections import Counter
from collections.abc import Callable
from typing import Protocol


class Note(Protocol):
    """Takes an event down."""

    def __call__(self, what: str, met: str = "") -> None:
        """``what`` is the event, ``met`` the kind of thing that it counts as."""


class Events:
    """The log of one run."""

    def __init__(self, now: Callable[[], float], *, kept: bool) -> None:
        self._now = now
        self._digest = hashlib.blake2b(digest_size=16)
        self.lines: list[str] | None = [] if kept else None
        self.count = 0
        self.met: Counter[str] = Counter()

    def note(self, what: str, met: str = "") -> None:
        """Takes an event down."""
        line = f"{self._now():.6f} {what}"
        self._digest.update(line.encode())
        self.count += 1
        if met:
            self.met[met] += 1
        if self.lines is not None:
            self.lines.append(line)

    @property
    def digest(self) -> str:
        """Of every event, in its order."""
        return self._digest.hexdigest()
