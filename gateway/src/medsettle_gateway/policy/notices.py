"""Warnings: thresholds of the year that raise an event, and change no amount."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from medsettle_gateway.policy.benefit import Title
from medsettle_gateway.policy.limits import Accumulator
from medsettle_gateway.policy.rows import Figure


class At(StrEnum):
    """Whether the amount itself already raises the event (达, 以上), or only more (超过)."""

    REACHED = "reached"
    EXCEEDED = "exceeded"


@dataclass(frozen=True, slots=True)
class Notice:
    """One entry of ``warnings``: an AMOUNT figure, compared with what the patient bore in the year.

    A person whom no row meets is not watched.
    """

    id: str
    path: str
    title: Title
    of: Accumulator
    at: At
    figure: Figure

    def raised(self, threshold_fen: int, before_fen: int, after_fen: int) -> bool:
        """Did this settlement pass the threshold?"""
        if self.at is At.EXCEEDED:
            return before_fen <= threshold_fen < after_fen
        return before_fen < threshold_fen <= after_fen


class Raised(NamedTuple):
    """A warning that a settlement raised, in fen: the threshold, and what was borne before and after."""

    id: str
    title: Title
    threshold_fen: int
    before_fen: int
    after_fen: int
    clause: str
