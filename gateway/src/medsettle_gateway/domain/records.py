"""Dated facts about people, places and those who work there, as operators enter them one after another.

Nothing is overwritten: a record that corrects another one is a new record of the same kind and key, and one
that was wrong altogether is withdrawn by a new one. So it can be said of any day what held on it, and of
any instant what was known then.
"""

from collections.abc import Iterable
from datetime import date, datetime
from enum import StrEnum
from typing import Final, TypeVar

from msgspec import Raw, Struct

from medsettle_gateway.domain.plain import from_json

T = TypeVar("T")

SINCE_EVER: Final = date.min
"""The first day of what nobody has said a first day of."""


class Subject(StrEnum):
    """What a record is about."""

    MEMBER = "member"
    INSTITUTION = "institution"
    STAFF = "staff"

    def named(self, reference: str) -> str:
        """Returns the subject under which records of a member, institution or staff code are kept."""
        return self + "/" + reference


class DatedRecord(Struct, frozen=True):
    """One fact of a kind; ``key`` tells the facts of a kind apart that may hold at once.

    It holds from ``valid_from`` to ``valid_to``, both included, None until further notice. ``body`` is JSON
    of the type that belongs to the kind. ``withdrawn`` says that the facts of that kind and key never held.
    """

    kind: str
    key: str
    valid_from: date
    valid_to: date | None
    body: Raw
    entered_at: datetime
    withdrawn: bool = False

    def holds(self, on: date) -> bool:
        """Does it hold on this day?"""
        return self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)

    def read(self, kind: type[T]) -> T:
        """Returns the body as a value of its type. Raises ValueError if it is none."""
        return from_json(kind, bytes(self.body).decode())


def known(records: Iterable[DatedRecord], at: datetime | None = None) -> tuple[DatedRecord, ...]:
    """Returns of each kind and key the record that was entered last, up to ``at`` if that is given.

    In the order in which they begin, without those that were withdrawn. ``records``: in the order of entry.
    """
    records = tuple(records)
    if at is None and len(records) == 1 and not records[0].withdrawn:
        return records  # most places and most people
    latest: dict[tuple[str, str], DatedRecord] = {}
    for record in records:
        if at is None or record.entered_at <= at:
            latest[record.kind, record.key] = record
    standing = (record for record in latest.values() if not record.withdrawn)
    return tuple(sorted(standing, key=lambda record: (record.valid_from, record.kind, record.key)))
