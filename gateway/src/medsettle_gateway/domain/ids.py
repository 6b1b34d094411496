"""The ids that a till makes: it can rebuild them from the paper ticket."""

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple, Self

from medsettle.wire.request_ids import parts_of


class Ticket(NamedTuple):
    """One paper ticket; at most one of its attempts may be alive."""

    institution: str
    till: str
    day: date
    number: int


@dataclass(frozen=True, slots=True)
class RequestId:
    """The id of one attempt to settle a ticket. ``text`` is what the till wrote and signed."""

    text: str
    ticket: Ticket
    attempt: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Returns the id of ``<institution>-<till>-<yyyymmdd>-<number>-<attempt>``.

        Raises ValueError for anything else.
        """
        parts = parts_of(text)
        return cls(text, Ticket(parts.institution, parts.till, parts.on, parts.number), parts.attempt)

    @property
    def institution(self) -> str:
        """The institution's code."""
        return self.ticket.institution

    @property
    def terminal(self) -> str:
        """The terminal's id, ``<institution>-<till>``."""
        return terminal_id(self.ticket.institution, self.ticket.till)

    def __str__(self) -> str:
        """As the till wrote it."""
        return self.text


def terminal_id(institution: str, till: str) -> str:
    """Returns the id of a till: ``<institution>-<till>``."""
    return f"{institution}-{till}"
