"""What a place is on a day, by what was known at an instant."""

from datetime import date, datetime

from medsettle_gateway.domain.errors import Refused
from medsettle_gateway.domain.facts import InstitutionFacts
from medsettle_gateway.domain.keys import Facts, RecordsKey
from medsettle_gateway.domain.records import Subject, known
from medsettle_gateway.eligibility.places import not_open, place_of


def place_keys(institution: str) -> tuple[RecordsKey, ...]:
    """Returns what to load of an institution beside the register's row to say what it is on a day."""
    return (RecordsKey(Subject.INSTITUTION.named(institution)),)


def place_on(
    facts: Facts, institution: InstitutionFacts, day: date, known_at: datetime | None = None
) -> InstitutionFacts:
    """Returns the institution as of the day: designations, district, means.

    ``known_at``: by what was known at that instant; None: now. Raises Refused: INSTITUTION_EXITED,
    INSTITUTION_SUSPENDED, with the days and the cause.
    """
    (key,) = place_keys(institution.code)
    records = facts.of(key)
    if not records:
        return institution  # most places
    found = known(records, known_at)
    refusal = not_open(institution.code, found, day)
    if refusal is not None:
        raise Refused(refusal)
    return place_of(institution, found, day)
