"""The days that commands of supervision look at."""

from datetime import date, timedelta
from typing import Final

import click

from medsettle_gateway.cli.frame import now
from medsettle_gateway.cli.usage import WrongValueError
from medsettle_gateway.domain.calendar import day_of
from medsettle_gateway.files import cells

_WEEK: Final = timedelta(days=7)


def day(_context: click.Context, option: click.Parameter, text: str | None) -> date | None:
    """Returns the day that was typed. Raises WrongValueError."""
    try:
        return None if text is None else cells.day(text)
    except cells.CellError as error:
        raise WrongValueError(error.zh, error.en, param=option) from error


def days_of(since: date | None, until: date | None) -> tuple[date, date]:
    """Returns the first and the last day that is asked about: of what was not said, the last week.

    Raises WrongValueError where the last is before the first.
    """
    last = until or day_of(now())
    first = since or last - _WEEK
    if last < first:
        raise WrongValueError("早于 --since", "is before --since", param_hint="--until")
    return first, last
