"""What a check of policy packs finds."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is: an error keeps a pack from being loaded or used."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing found: in which file, on which line (0 if unknown), where in the pack, how bad, and what."""

    source: str
    line: int
    path: str
    level: Level
    message: str
