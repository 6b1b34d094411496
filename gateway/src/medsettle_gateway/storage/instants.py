"""Instants as the database keeps them: microseconds since 1970, exact both ways."""

from datetime import UTC, datetime, timedelta
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def to_us(instant: datetime) -> int:
    """Returns an aware instant in microseconds since 1970."""
    return (instant - _EPOCH) // _MICROSECOND


def to_us_or_none(instant: datetime | None) -> int | None:
    """Returns the same, or None for None."""
    return None if instant is None else to_us(instant)


def from_us(instant_us: int) -> datetime:
    """Returns the instant, in UTC."""
    return _EPOCH + timedelta(microseconds=instant_us)


def from_us_or_none(instant_us: int | None) -> datetime | None:
    """Returns the same, or None for None."""
    return None if instant_us is None else from_us(instant_us)
