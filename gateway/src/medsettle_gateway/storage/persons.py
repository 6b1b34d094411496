"""What operators enter of a person, dated: it is only ever added to, and no day has two schemes."""

from collections.abc import Callable
from typing import Final

from medsettle_gateway.domain.people import PersonKind, PersonRow
from medsettle_gateway.domain.records import Subject
from medsettle_gateway.domain.register import Fault, Rows
from medsettle_gateway.storage.batches import batches
from medsettle_gateway.storage.doubles import Doubles
from medsettle_gateway.storage.entering import Entered, Tally
from medsettle_gateway.storage.records import NewRecord, enter_records
from medsettle_gateway.storage.register import People
from medsettle_gateway.storage.work import Kept, kept_of

_UNKNOWN: Final = ("member_no 没有这个个人编号", "member_no: no member has this number")


def enter_persons(
    people: People, rows: Rows[PersonRow],
    note: Callable[[str, PersonRow], None] = lambda _region, _row: None,
    doubtful: Callable[[Fault], None] = lambda _: None,
) -> Entered:
    """Enters dated facts about members, inside a writing transaction; what stood before stays readable.

    ``note`` is told of each row with its member's region. Raises NotEnteredError with every row that names
    nobody, and with those after which somebody would hold two schemes on a day, under this number or another
    one of the same identity number. ``doubtful`` is told of each row that is entered and covers a person whom
    another number covers on the same day.
    """
    tally = Tally()
    doubles = Doubles(people.connection)
    for batch in batches(rows):
        found = people.found(row.number for _, row in batch)
        records: list[tuple[int, NewRecord]] = []
        covered: dict[str, int] = {}
        for line, row in batch:
            member = found.get(row.number)
            if member is None:
                tally.fault(line, *_UNKNOWN)
                continue
            note(member.region, row)
            subject = Subject.MEMBER.named(member.member)
            facts = (row.key, row.valid_from, row.valid_to, row.body, row.withdrawn)
            records.append((line, NewRecord(subject, row.kind.value, *facts)))
            if row.kind is PersonKind.COVER:
                covered[member.member] = line
        enter_records(people.connection, records, people.now, people.source, tally)
        doubles.note(covered)
    for each in doubles.tell(tally):
        doubtful(each)
    return tally.entered()


def history(people: People, number: str) -> tuple[Kept, ...] | None:
    """Returns everything that was ever recorded of a member, in the order of entry; None: nobody has it."""
    member = people.member_of(number)
    if member is None:
        return None
    return tuple(kept_of(people.connection, Subject.MEMBER.named(member)))
