"""Tickets and request ids: ``<institution>-<till>-<yyyymmdd>-<number>-<attempt>``.

An id can be rebuilt from the paper ticket. Days are China Standard Time, a constant UTC+8.
"""

import re
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, timezone
from typing import Final, Self

from medsettle.errors import till_error
from medsettle.till_reasons import TillReason

CHINA: Final = timezone(timedelta(hours=8), "CST")
LAST_ATTEMPT: Final = 99
"""Attempts of one ticket number on one day."""

_TERMINAL: Final = re.compile(r"([A-Z0-9]{1,20})-([A-Z0-9]{1,8})", re.ASCII)
_NUMBER: Final = re.compile(r"(?!0+$)[0-9]{1,9}", re.ASCII)
_REQUEST_ID: Final = re.compile(
    r"([A-Z0-9]{1,20}-[A-Z0-9]{1,8})-([0-9]{8})-((?!0+-)[0-9]{1,9})-([1-9][0-9]?)", re.ASCII
)


def china_day(at: datetime) -> date:
    """Returns the day of an aware instant in China Standard Time."""
    return at.astimezone(CHINA).date()


def is_terminal(text: str) -> bool:
    """Returns whether the text is a terminal id: ``<institution>-<till>``."""
    return _TERMINAL.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Ticket:
    """A paper ticket of this till. ``on`` None: today."""

    number: str
    on: date | None = None


@dataclass(frozen=True, slots=True)
class RequestId:
    """The parts of a request id; ``str`` puts them together."""

    terminal: str
    on: date
    number: str
    attempt: int

    def __str__(self) -> str:
        """The request id as it is journalled and sent."""
        return f"{self.terminal}-{self.on:%Y%m%d}-{self.number}-{self.attempt}"

    @classmethod
    def first(cls, terminal: str, on: date, number: str) -> Self:
        """Returns the first attempt of a ticket; 0012 and 12 are one. Raises RequestError: TICKET_INVALID."""
        if _NUMBER.fullmatch(number) is None:
            raise till_error(TillReason.TICKET_INVALID, number=number[:40])
        return cls(terminal, on, number.lstrip("0"), 1)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Returns the parts of a request id. Raises RequestError: TICKET_INVALID."""
        match = _REQUEST_ID.fullmatch(text)
        if match is None:
            raise till_error(TillReason.TICKET_INVALID, request_id=text[:80])
        terminal, day, number, attempt = match.groups()
        try:
            on = date(int(day[:4]), int(day[4:6]), int(day[6:]))
        except ValueError as error:
            raise till_error(TillReason.TICKET_INVALID, request_id=text) from error
        return cls(terminal, on, number, int(attempt))

    def next_attempt(self) -> Self:
        """Returns the next attempt of the same ticket. Raises RequestError: ATTEMPTS_USED_UP."""
        if self.attempt >= LAST_ATTEMPT:
            raise till_error(TillReason.ATTEMPTS_USED_UP, request_id=str(self))
        return replace(self, attempt=self.attempt + 1)
