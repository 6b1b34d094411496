"""Days and instants as they are typed in options of commands: each in one way everywhere."""

from datetime import date, datetime, timedelta
from typing import Final

import click

from medsettle_gateway.cli.frame import now
from medsettle_gateway.cli.usage import WrongValueError
from medsettle_gateway.domain.calendar import day_of
from medsettle_gateway.files import cells

_WEEK: Final = timedelta(days=7)
_SUCH: Final = "2026-11-22T03:00:00+08:00"


def day_typed(_context: click.Context, option: click.Parameter, text: str | None) -> date | None:
    """Returns the day of an option, None if it was not given. Raises WrongValueError."""
    try:
        return None if text is None else cells.day(text)
    except cells.CellError as error:
        raise WrongValueError(error.zh, error.en, param=option) from error


def instant_typed(_context: click.Context, option: click.Parameter, text: str | None) -> datetime | None:
    """Returns the aware instant of an option, None if it was not given.

    Raises WrongValueError: for one without its offset, which two people may read as two instants, and for one
    that is still to come, of which nothing is known yet.
    """
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise WrongValueError(
            f"应为带时区的时刻:{_SUCH}", f"must be an instant with its offset: {_SUCH}", param=option
        )
    if at > now():
        raise WrongValueError("晚于现在", "is later than now", param=option)
    return at


def days_of(first_on: date | None, last_on: date | None) -> tuple[date, date]:
    """Returns the first and the last day that ``--from`` and ``--to`` ask for: by default the last week.

    Raises WrongValueError where the last is before the first.
    """
    last = last_on or day_of(now())
    first = first_on or last - _WEEK
    if last < first:
        raise WrongValueError("早于 --from", "is before --from", param_hint="--to")
    return first, last
