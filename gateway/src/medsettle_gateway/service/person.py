"""Who a person is on a day, by what was known at an instant."""

from dataclasses import replace
from datetime import date, datetime
from functools import lru_cache
from typing import Final

from medsettle_gateway.domain.facts import MemberFacts
from medsettle_gateway.domain.keys import Facts, RecordsKey
from medsettle_gateway.domain.people import PersonKind, Registered
from medsettle_gateway.domain.records import DatedRecord, Subject, known
from medsettle_gateway.eligibility.cover import on_day, past_of

_REGISTERED: Final = PersonKind.REGISTERED.value
_KEPT_MOST: Final = 4_096
"""Names of facts that are kept: a decision asks for one six times."""
_KINDS: Final = frozenset(kind.value for kind in PersonKind)
_PLAIN: Final[tuple[list[str], ...]] = ([], [_REGISTERED])
"""Of whom nothing is recorded but the row of the register as it is now."""


@lru_cache(_KEPT_MOST)
def person_keys(member: str) -> tuple[RecordsKey, ...]:
    """Returns what to load of a member beside the register's row to say who the person is on a day."""
    return (RecordsKey(Subject.MEMBER.named(member)),)


def person_on(
    facts: Facts, member: MemberFacts, day: date, known_at: datetime | None = None
) -> MemberFacts:
    """Returns the member as of the day: region, scheme, standing, enrolment and days of cover, and the past.

    ``known_at``: by what was known at that instant, the region's own facts too; None: now. What the region's
    rules make of it, such as arrears, its authority says.
    """
    (key,) = person_keys(member.member)
    records: tuple[DatedRecord, ...] = facts.of(key)
    if known_at is None and [each.kind for each in records if each.kind in _KINDS] in _PLAIN:
        return member  # most people
    found = known(records, known_at)
    if known_at is not None:
        own = (each._replace(replaced_at=None) for each in member.attributes if each.known(known_at))
        member = replace(_as_registered(member, found), attributes=tuple(own))
    return on_day(member, past_of(member, found), day)


def _as_registered(member: MemberFacts, found: tuple[DatedRecord, ...]) -> MemberFacts:
    """The row as it was; what was known before any row was kept is what is known now."""
    rows = [each for each in found if each.kind == _REGISTERED]
    if not rows:
        return member
    last = max(rows, key=lambda row: row.entered_at)
    row = last.read(Registered)
    return replace(
        member,
        region=row.region,
        scheme=row.scheme,
        standing=row.standing,
        enrolment=row.enrolment,
        aid=row.aid,
        conditions=row.conditions,
        covered_from=last.valid_from,
        covered_to=last.valid_to,
    )
