"""Days of China Standard Time, a constant UTC+8, and the calendar of clearing days."""

from datetime import date, datetime, time, timedelta, timezone
from functools import lru_cache
from typing import Final

CST: Final = timezone(timedelta(hours=8), "CST")
_A_DAY: Final = timedelta(days=1)
_INSTANTS_COUNT: Final = 256
"""A decision asks for the day of one instant again and again."""


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
