"""What a place is on a day, by what was known at an instant."""

from datetime import date, datetime
from functools import lru_cache
from typing import Final

from medsettle_gateway.domain.errors import Refused
from medsettle_gateway.domain.facts import InstitutionFacts
from medsettle_gateway.domain.keys import Facts, RecordsKey
from medsettle_gateway.domain.place import PlaceFact
from medsettle_gateway.domain.records import SINCE_EVER, DatedRecord, Subject, known
from medsettle_gateway.eligibility.places import not_open, place_of, row_of

_REGISTERED: Final = PlaceFact.REGISTERED.value
_KEPT_MOST: Final = 4_096
"""Names of facts that are kept: a decision asks for one five times."""


@lru_cache(_KEPT_MOST)
def place_keys(institution: str) -> tuple[RecordsKey, ...]:
    """Returns what to load of an institution beside the register's row to say what it is on a day."""
    return (RecordsKey(Subject.INSTITUTION.named(institution)),)


def registered_on(
    facts: Facts, institution: InstitutionFacts, day: date, known_at: datetime | None = None
) -> InstitutionFacts:
    """Returns the institution as the register has it on the day; it may be suspended.

    ``known_at``: by what was known at that instant; None: now.
    """
    named = registered_on, institution.code, day, known_at
    return facts.follows(named, lambda: _registered_on(facts, institution, day, known_at))


def _registered_on(
    facts: Facts, institution: InstitutionFacts, day: date, known_at: datetime | None
) -> InstitutionFacts:
    (key,) = place_keys(institution.code)
    rows = [each for each in facts.of(key) if each.kind == _REGISTERED]
    if not rows or (len(rows) == 1 and _is_plain(rows[0])):
        return institution
    return row_of(institution, known(rows, known_at), day)


def place_on(
    facts: Facts, institution: InstitutionFacts, day: date, known_at: datetime | None = None
) -> InstitutionFacts:
    """Returns the institution as of the day: its row, designations, district, means.

    ``known_at``: by what was known at that instant; None: now. Raises Refused: INSTITUTION_EXITED,
    INSTITUTION_SUSPENDED, with the days and the cause.
    """
    named = place_on, institution.code, day, known_at
    return facts.follows(named, lambda: _place_on(facts, institution, day, known_at))


def _place_on(
    facts: Facts, institution: InstitutionFacts, day: date, known_at: datetime | None
) -> InstitutionFacts:
    (key,) = place_keys(institution.code)
    records = facts.of(key)
    if not records or (len(records) == 1 and _is_plain(records[0])):
        return institution  # most places
    found = known(records, known_at)
    refusal = not_open(institution.code, found, day)
    if refusal is not None:
        raise Refused(refusal)
    return place_of(institution, found, day)


def _is_plain(record: DatedRecord) -> bool:
    """Is it a row of the register that has held since ever? Alone it is the row as it is now."""
    return record.kind == _REGISTERED and record.valid_from == SINCE_EVER
