"""Days of China Standard Time, a constant UTC+8, and the calendar of clearing days."""

from calendar import monthrange
from datetime import date, datetime, time, timedelta, timezone
from functools import lru_cache
from typing import Final, NamedTuple

CST: Final = timezone(timedelta(hours=8), "CST")
_A_DAY: Final = timedelta(days=1)
_INSTANTS_COUNT: Final = 256
"""A decision asks for the day of one instant again and again."""


class MonthDay(NamedTuple):
    """A day of every year."""

    month: int
    day: int

    def in_year(self, year: int) -> date:
        """Returns the day in a year; 29 February is the 28th where there is none."""
        day = min(self.day, monthrange(year, self.month)[1])
        return date(year, self.month, day)


def months_later(day: date, months: int) -> date:
    """Returns the same day of the month so many months on, or the last one where that month is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return MonthDay(month + 1, day.day).in_year(year)


@lru_cache(_INSTANTS_COUNT)
def day_of(instant: datetime) -> date:
    """Returns the day in China Standard Time on which an aware instant falls."""
    return instant.astimezone(CST).date()


def day_begins_at(day: date) -> datetime:
    """Returns the first instant of the day in China Standard Time."""
    return datetime.combine(day, time(), CST)


def day_ends_at(day: date) -> datetime:
    """Returns the first instant after the day in China Standard Time."""
    return day_begins_at(day + _A_DAY)


def business_on(instant: datetime) -> date:
    """Returns the clearing day of an instant: for now each calendar day is one."""
    return day_of(instant)


def next_business_on(day: date) -> date:
    """Returns the clearing day after the given one."""
    return day + _A_DAY
