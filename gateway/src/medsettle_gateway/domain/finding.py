"""What supervision at the counter finds in a sale, and what a cashier says to it."""

from enum import StrEnum
from typing import NamedTuple


class Verdict(StrEnum):
    """What a finding asks of the cashier."""

    REMIND = "remind"
    """To tell the patient (提醒)."""
    WARN = "warn"
    """To look, and to go on only with a reason, which is recorded (预警)."""
    BLOCK = "block"
    """Not to settle (阻断)."""


class Finding(NamedTuple):
    """What a rule found in a sale: as it was shown, and as it is recorded."""

    code: str
    verdict: Verdict
    zh: str
    en: str
    line_ids: tuple[str, ...] = ()
    clause: str = ""


class AcceptedWarning(NamedTuple):
    """A warning in spite of which the cashier went on, and why."""

    code: str
    reason: str
