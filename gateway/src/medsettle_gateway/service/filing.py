"""What is filed for a member on a day, by what was known at an instant.

What of it holds at a place the region's rules say: :class:`..service.authority.Cover` has it for a check.
"""

from dataclasses import replace
from datetime import datetime
from typing import Final

from medsettle_gateway.domain.facts import MemberFacts
from medsettle_gateway.domain.filings import FilingFact
from medsettle_gateway.domain.keys import Facts, RecordsKey
from medsettle_gateway.domain.records import DatedRecord, Subject, known
from medsettle_gateway.eligibility.filings import filed_of

_KINDS: Final = frozenset(kind.value for kind in FilingFact)


def filing_keys(member: str) -> tuple[RecordsKey, ...]:
    """Returns what to load of a member to know what is filed; the same as for who the person is."""
    return (RecordsKey(Subject.MEMBER.named(member)),)


def with_filings(facts: Facts, member: MemberFacts, known_at: datetime | None = None) -> MemberFacts:
    """Returns the member with all that is filed. ``known_at`` as everywhere; None: what is known now."""
    (key,) = filing_keys(member.member)
    records: tuple[DatedRecord, ...] = facts.of(key)
    if not any(each.kind in _KINDS for each in records):
        return member  # most people
    return replace(member, filed=filed_of(known(records, known_at)))
