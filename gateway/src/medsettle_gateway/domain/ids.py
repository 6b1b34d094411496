"""The ids that a till makes: it can rebuild them from the paper ticket."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple, Self

_FORM: Final = re.compile(
    r"(?P<institution>[A-Za-z0-9]{1,24})-(?P<till>[A-Za-z0-9]{1,12})"
    r"-(?P<day>[0-9]{8})-(?P<number>[0-9]{1,9})-(?P<attempt>[0-9]{1,3})"
)


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
        """Reads ``<institution>-<till>-<yyyymmdd>-<number>-<attempt>``.

        Raises ValueError for anything else, for a day that no calendar has, and for number or attempt 0.
        """
        match = _FORM.fullmatch(text)
        if match is None:
            msg = "a request id is <institution>-<till>-<yyyymmdd>-<number>-<attempt>"
            raise ValueError(msg)
        number, attempt = int(match["number"]), int(match["attempt"])
        if number == 0 or attempt == 0:
            msg = "the number and the attempt of a request id count from 1"
            raise ValueError(msg)
        day = date.fromisoformat(match["day"])
        return cls(text, Ticket(match["institution"], match["till"], day, number), attempt)

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
