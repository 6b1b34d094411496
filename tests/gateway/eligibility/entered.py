"""Dated facts as if they had been entered."""

from datetime import UTC, date, datetime, timedelta

from medsettle_gateway.domain.plain import to_raw
from medsettle_gateway.domain.records import DatedRecord

ENTERED_AT = datetime(2026, 1, 1, tzinfo=UTC)
MARCH = date(2026, 3, 2)
DAY = timedelta(days=1)


def recorded(
    kind: str,
    key: str,
    begins: date,
    ends: date | None,
    body: object,
    *,
    after: timedelta = timedelta(0),
    withdrawn: bool = False,
) -> DatedRecord:
    """Returns a record that was entered so long after the first ones."""
    return DatedRecord(str(kind), key, begins, ends, to_raw(body), ENTERED_AT + after, withdrawn)
