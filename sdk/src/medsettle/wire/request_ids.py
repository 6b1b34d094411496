"""Ids of terminals and of requests: one rule for the side that writes them and the side that reads them.

A request id is ``<institution>-<till>-<yyyymmdd>-<number>-<attempt>``. It stands on the paper ticket and is
typed from there, so there is one way only to write it: capital letters, no leading zeros.
"""

import re
from datetime import date
from typing import Final, NamedTuple

LAST_NUMBER: Final = 999_999_999
"""Ticket numbers count from 1 to this on each day of a till."""
LAST_ATTEMPT: Final = 99
"""Attempts of one ticket count from 1 to this."""
RULE: Final = (
    "<institution>-<till>-<yyyymmdd>-<number>-<attempt>: up to 20 and 8 of A-Z and 0-9, a day, "
    "1 to 999999999 and 1 to 99 without leading zeros"
)

_INSTITUTION: Final = r"(?P<institution>[A-Z0-9]{1,20})"
_TILL: Final = r"(?P<till>[A-Z0-9]{1,8})"
_TERMINAL: Final = re.compile(rf"{_INSTITUTION}-{_TILL}")
_REQUEST_ID: Final = re.compile(
    rf"{_INSTITUTION}-{_TILL}-(?P<day>[0-9]{{8}})-(?P<number>[1-9][0-9]{{0,8}})-(?P<attempt>[1-9][0-9]?)"
)


class Parts(NamedTuple):
    """The parts of a request id."""

    institution: str
    till: str
    on: date
    number: int
    attempt: int


def is_terminal(text: str) -> bool:
    """Returns whether the text is a terminal's id, ``<institution>-<till>``."""
    return _TERMINAL.fullmatch(text) is not None


def parts_of(text: str) -> Parts:
    """Returns the parts of a request id. Raises ValueError for anything else, and for a day that is none."""
    match = _REQUEST_ID.fullmatch(text)
    if match is None:
        raise ValueError(f"a request id is {RULE}")
    day = match["day"]
    on = date(int(day[:4]), int(day[4:6]), int(day[6:]))
    return Parts(match["institution"], match["till"], on, int(match["number"]), int(match["attempt"]))
