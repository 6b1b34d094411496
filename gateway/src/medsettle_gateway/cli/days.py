"""Days as they are typed in options of commands."""

from datetime import date, timedelta
from typing import Final

import click

from medsettle_gateway.cli.frame import now
from medsettle_gateway.cli.usage import WrongValueError
from medsettle_gateway.domain.calendar import day_of
from medsettle_gateway.files import cells

_WEEK: Final = timedelta(days=7)


def day_typed(_context: click.Context, option: click.Parameter, text: str | None) -> date | None:
    """Returns the day of an option, None if it was not given. Raises WrongValueError."""
    try:
        return None if text is None else cells.day(text)
    except cells.CellError as error:
        raise WrongValueError(error.zh, error.en, param=option) from error


def days_of(first_on: date | None, last_on: date | None) -> tuple[date, date]:
    """Returns the first and the last day that ``--from`` and ``--to`` ask for: by default the last week.

    Raises WrongValueError where the last is before the first.
    """
    last = last_on or day_of(now())
    first = first_on or last - _WEEK
    if last < first:
        raise WrongValueError("早于 --from", "is before --from", param_hint="--to")
    return first, last
