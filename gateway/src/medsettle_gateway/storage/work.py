"""What operators enter of places, of those who work there, and of filings: dated, and only ever added to."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

from medsettle_gateway.domain.records import DatedRecord, Subject
from medsettle_gateway.domain.register import RecordRow, Rows
from medsettle_gateway.domain.staff import StaffFact
from medsettle_gateway.storage.batches import asked_of, batches
from medsettle_gateway.storage.connection import Connection
from medsettle_gateway.storage.entering import Entered, Tally
from medsettle_gateway.storage.records import NewRecord, enter_records
from medsettle_gateway.storage.register import People
from medsettle_gateway.storage.rows import record_of

_NO_MEMBER: Final = ("member_no 没有这个个人编号", "member_no: no member has this number")
_NO_PLACE: Final = (
    "code 没有登记这家机构,请先用 institution import 录入",
    "code: no institution has it; enter it with `institution import` first",
)
_HISTORY: Final = (
    "SELECT kind, key, valid_from, valid_to, body, withdrawn, entered_at_us, source FROM records "
    "WHERE subject = ? ORDER BY position"
)
_PLACES: Final = "SELECT code FROM institutions WHERE code IN (:among)"
_POSTED: Final = f"SELECT subject FROM records WHERE kind = '{StaffFact.POST}' AND subject IN (:among)"  # noqa: S608


class Kept(NamedTuple):
    """A record, and the file or command that it came from."""

    record: DatedRecord
    source: str


def enter_places(connection: Connection, rows: Rows[RecordRow], now: datetime, source: str) -> Entered:
    """Enters dated facts about institutions, inside a writing transaction.

    Raises NotEnteredError with every row whose institution is not registered.
    """
    tally = Tally()
    for batch in batches(rows):
        codes = [row.of for _, row in batch]
        known = {code for (code,) in asked_of(connection, _PLACES, codes)}
        records: list[tuple[int, NewRecord]] = []
        for line, row in batch:
            if row.of in known:
                records.append((line, _record(Subject.INSTITUTION.named(row.of), row)))
            else:
                tally.fault(line, *_NO_PLACE)
        enter_records(connection, records, now, source, tally)
    return tally.entered()


def enter_staff(
    connection: Connection, rows: Rows[tuple[RecordRow, RecordRow | None]], now: datetime, source: str
) -> tuple[Entered, Entered]:
    """Enters those who prescribe and review, and returns what of posts and of filings was entered.

    Inside a writing transaction.
    """
    posts, filings = Tally(), Tally()
    for batch in batches(rows):
        first = [(line, _of_staff(post)) for line, (post, _) in batch]
        second = [(line, _of_staff(filing)) for line, (_, filing) in batch if filing is not None]
        enter_records(connection, first, now, source, posts)
        enter_records(connection, second, now, source, filings)
    return posts.entered(), filings.entered()


def enter_staff_records(
    connection: Connection, rows: Rows[RecordRow], now: datetime, source: str
) -> Entered:
    """Enters what is decided about those who prescribe and review, inside a writing transaction."""
    tally = Tally()
    for batch in batches(rows):
        records = [(line, _of_staff(row)) for line, row in batch]
        enter_records(connection, records, now, source, tally)
    return tally.entered()


def enter_filings(people: People, rows: Rows[RecordRow]) -> Entered:
    """Enters what is filed for members, inside a writing transaction; what stood before stays readable.

    Raises NotEnteredError with every row that names nobody.
    """
    tally = Tally()
    for batch in batches(rows):
        found = people.found(row.of for _, row in batch)
        records: list[tuple[int, NewRecord]] = []
        for line, row in batch:
            member = found.get(row.of)
            if member is None:
                tally.fault(line, *_NO_MEMBER)
                continue
            records.append((line, _record(Subject.MEMBER.named(member.member), row)))
        enter_records(people.connection, records, people.now, people.source, tally)
    return tally.entered()


def places_unknown(connection: Connection, codes: Sequence[str]) -> list[str]:
    """Returns those of the codes that no institution of the register has, in their order."""
    known = {code for (code,) in asked_of(connection, _PLACES, codes)}
    return [code for code in codes if code not in known]


def staff_unknown(connection: Connection, codes: Sequence[str]) -> list[str]:
    """Returns those of the codes of whom no post was ever recorded, in their order."""
    subjects = {Subject.STAFF.named(code): code for code in codes}
    known = {subject for (subject,) in asked_of(connection, _POSTED, tuple(subjects))}
    return [code for subject, code in subjects.items() if subject not in known]


def kept_of(connection: Connection, subject: str) -> list[Kept]:
    """Returns everything that was ever recorded of a subject, in the order of entry."""
    rows = connection.execute(_HISTORY, (subject,)).fetchall()
    return [Kept(record_of(columns), source) for *columns, source in rows]


def _of_staff(row: RecordRow) -> NewRecord:
    return _record(Subject.STAFF.named(row.of), row)


def _record(subject: str, row: RecordRow) -> NewRecord:
    return NewRecord(subject, row.kind, row.key, row.valid_from, row.valid_to, row.body, row.withdrawn)
