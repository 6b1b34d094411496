"""What a till learns of its connection and its keys."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Probe:
    """A signed answer came through: address, channel, both keys and the root are in order.

    ``clock_offset_ms``: how far the gateway's clock is ahead of the machine's.
    """

    round_trip_ms: int
    clock_offset_ms: int
    terminal_key: str
    answering_key: str


@dataclass(frozen=True, slots=True)
class KeyRotation:
    """The keys that are valid from now on: the new one, and for a while the old one."""

    key: str
    not_after: datetime | None
    old_key: str
    old_not_after: datetime | None
