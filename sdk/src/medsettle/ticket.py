"""Tickets and request ids: ``<institution>-<till>-<yyyymmdd>-<number>-<attempt>``.

An id can be rebuilt from the paper ticket. Days are China Standard Time, a constant UTC+8.
"""

import re
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, timezone
from typing import Final, Self

from medsettle.errors import till_error
from medsettle.till_reasons import TillReason
from medsettle.wire.request_ids import LAST_ATTEMPT, parts_of

CHINA: Final = timezone(timedelta(hours=8), "CST")

_NUMBER: Final = re.compile(r"(?!0+$)[0-9]{1,9}", re.ASCII)
"""As a cashier types it; leading zeros are dropped."""


def china_time(at: datetime) -> datetime:
    """Returns an aware instant as the clocks in China show it."""
    return at.astimezone(CHINA)


def china_day(at: datetime) -> date:
    """Returns the day of an aware instant in China Standard Time."""
    return china_time(at).date()


@dataclass(frozen=True, slots=True)
class Ticket:
    """A paper ticket of this till. ``on`` None: today."""

    number: str | int
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

    @property
    def institution(self) -> str:
        """The institution's code."""
        return self.terminal.rpartition("-")[0]

    @classmethod
    def first(cls, terminal: str, on: date, number: str | int) -> Self:
        """Returns the first attempt of a ticket; 0012 and 12 are one. Raises RequestError: TICKET_INVALID."""
        text = str(number)
        if _NUMBER.fullmatch(text) is None:
            raise till_error(TillReason.TICKET_INVALID, number=ascii(text)[1:-1][:40])
        return cls(terminal, on, text.lstrip("0"), 1)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Returns the parts of a request id. Raises RequestError: TICKET_INVALID."""
        try:
            parts = parts_of(str(text))
        except ValueError as error:
            shown = ascii(str(text))[1:-1][:80]
            raise till_error(TillReason.TICKET_INVALID, request_id=shown) from error
        terminal = f"{parts.institution}-{parts.till}"
        return cls(terminal, parts.on, str(parts.number), parts.attempt)

    def next_attempt(self) -> Self:
        """Returns the next attempt of the same ticket. Raises RequestError: ATTEMPTS_USED_UP."""
        if self.attempt >= LAST_ATTEMPT:
            raise till_error(TillReason.ATTEMPTS_USED_UP, request_id=str(self))
        return replace(self, attempt=self.attempt + 1)
