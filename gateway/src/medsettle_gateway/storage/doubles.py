"""Nobody holds two schemes on a day (不得重复参保): what an import must not leave behind.

One scheme under two numbers of a person is likely to be a mistake: it is entered, and named as doubtful.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from medsettle_gateway.domain.people import Span
from medsettle_gateway.domain.records import DatedRecord, Subject, known
from medsettle_gateway.domain.register import Fault
from medsettle_gateway.eligibility.cover import doubled, overlapping, spans_from
from medsettle_gateway.storage.batches import asked_of
from medsettle_gateway.storage.connection import Connection
from medsettle_gateway.storage.entering import Tally
from medsettle_gateway.storage.rows import record_of

_DOUBLE: Final = (
    "与另一险种的参保期间重叠,不能重复参保;请先结束其中一个",
    "the cover overlaps that in another scheme, and nobody holds two: end one of them first",
)
_TWICE: Final = (
    "id_number: 同一证件号码在另一个人编号下同时参保,待遇会重复享受",
    "id_number: another number covers the same person on the same day: benefits are had twice",
)
_RECORDS: Final = (
    "SELECT subject, kind, key, valid_from, valid_to, body, withdrawn, entered_at_us FROM records "
    "WHERE subject IN (:among) AND kind IN ('cover', 'registered') ORDER BY position"
)
_PERIODS: Final = _RECORDS.replace("IN ('cover', 'registered')", "= 'cover'")
_SAME_PERSON: Final = (
    "SELECT id_number_hash, member FROM identities "
    "WHERE id_number_hash IN (SELECT id_number_hash FROM identities WHERE member IN (:among))"
)


class _Covered(NamedTuple):
    """Somebody who is covered more than once on a day: by two schemes, or by one under two numbers."""

    member: str
    by_two_schemes: bool


@dataclass(frozen=True, slots=True)
class Doubles:
    """Watches an import batch by batch: what overlaps at first a later row may still mend."""

    connection: Connection
    _lines: dict[str, int] = field(default_factory=dict)

    def note(self, members: Mapping[str, int]) -> None:
        """Notes those of the members, each with its line, who are covered twice on a day as it stands."""
        self._lines.update((each.member, members[each.member]) for each in self._of(members))

    def tell(self, tally: Tally) -> tuple[Fault, ...]:
        """Faults the rows of those who still hold two schemes, once all is entered.

        Returns as doubtful those who are covered by one scheme under two numbers, by line.
        """
        doubtful: list[Fault] = []
        for member, by_two_schemes in self._of(tuple(self._lines)):
            if by_two_schemes:
                tally.fault(self._lines[member], *_DOUBLE)
            else:
                doubtful.append(Fault(self._lines[member], *_TWICE))
        return tuple(sorted(doubtful))

    def _of(self, members: Iterable[str]) -> Iterator[_Covered]:
        """Of each person under all numbers together, however many a wrong identity number has brought."""
        named = list(members)
        persons: defaultdict[bytes, dict[str, None]] = defaultdict(dict)
        for person, member in asked_of(self.connection, _SAME_PERSON, named):
            persons[bytes(person)][member] = None
        person_of = {member: person for person, numbers in persons.items() for member in numbers}
        spans = self._spans(person_of, _RECORDS)
        by_person = {
            person: {each: spans.get(each, ()) for each in numbers} for person, numbers in persons.items()
        }
        two_schemes = {
            person: doubled([span for each in found.values() for span in each]) is not None
            for person, found in by_person.items()
        }
        at_once = {person: overlapping(found) for person, found in by_person.items()}
        for member in named:
            person = person_of[member]
            if two_schemes[person] or member in at_once[person]:
                yield _Covered(member, two_schemes[person])

    def periods(self, members: Iterable[str]) -> Mapping[str, tuple[Span, ...]]:
        """Returns the periods of cover that are recorded of members beside the register."""
        return self._spans(members, _PERIODS)

    def _spans(self, members: Iterable[str], sql: str) -> Mapping[str, tuple[Span, ...]]:
        records: defaultdict[str, list[DatedRecord]] = defaultdict(list)
        subjects = {Subject.MEMBER.named(member): member for member in members}
        for subject, *columns in asked_of(self.connection, sql, subjects):
            records[subjects[subject]].append(record_of(columns))
        return {member: spans_from(known(each)) for member, each in records.items()}
