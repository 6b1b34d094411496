"""Family bindings as operators enter and end them: dated records of the patient, and never overwritten.

The table ``families`` only says of whom any record may be: decisions find by it which accounts to look at and
to lock. Nothing is ever taken out of it.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Final, NamedTuple

from msgspec import structs

from medsettle_gateway.domain.accounts import BINDING, FamilyBinding
from medsettle_gateway.domain.calendar import day_of
from medsettle_gateway.domain.locks import Kind, Lock
from medsettle_gateway.domain.plain import from_json
from medsettle_gateway.domain.records import Subject
from medsettle_gateway.domain.register import FamilyTie, Rows
from medsettle_gateway.storage.batches import asked_of, batches
from medsettle_gateway.storage.connection import lock
from medsettle_gateway.storage.entering import Entered, Tally
from medsettle_gateway.storage.records import NewRecord, enter_records
from medsettle_gateway.storage.register import People

_A_DAY: Final = timedelta(days=1)
_UNKNOWN: Final = ("没有这个个人编号", "no member has this number")
_BIND: Final = (
    "INSERT INTO families (member, payer, relation) VALUES (?, ?, ?) ON CONFLICT (member, payer) DO NOTHING"
)
_FIND: Final = (
    "SELECT subject, key, valid_from, valid_to, body, withdrawn FROM records WHERE subject IN (:among) "
    "AND kind = :kind ORDER BY position"
)

_Pair = tuple[str, str]
"""Subject and payer."""


class _Bound(NamedTuple):
    """What is known last of a binding that was not withdrawn."""

    valid_from: date
    valid_to: date | None
    binding: FamilyBinding


def enter_families(people: People, rows: Rows[FamilyTie]) -> Entered:
    """Enters whose account may pay for whom, inside a writing transaction; what stood before stays readable.

    What a row keeps (``FamilyTie.keeps``) is taken from a binding that has not ended. Raises NotEnteredError
    with every row that names nobody.
    """
    tally, today = Tally(), day_of(people.now)
    for batch in batches(rows, lambda row: (row[1].number, row[1].payer_number)):
        found = people.found(number for _, tie in batch for number in (tie.number, tie.payer_number))
        held = _held(people, (Subject.MEMBER.named(each.member) for each in found.values()))
        put: list[tuple[int, NewRecord]] = []
        ties: list[tuple[str, str, str]] = []
        for line, tie in batch:
            member, payer = found.get(tie.number), found.get(tie.payer_number)
            if member is None or payer is None:
                column = "member_no" if member is None else "payer_member_no"
                tally.fault(line, f"{column} {_UNKNOWN[0]}", f"{column}: {_UNKNOWN[1]}")
                continue
            subject = Subject.MEMBER.named(member.member)
            bound = _kept(tie, held.get((subject, payer.member)), today)
            if bound.valid_to is not None and bound.valid_to < bound.valid_from:
                tally.fault(line, "to 早于绑定的起始日", "to is before the day on which the binding begins")
                continue
            put.append((line, NewRecord(subject, BINDING, payer.member, *bound)))
            ties.append((member.member, payer.member, tie.relation.value))
        enter_records(people.connection, put, people.now, people.source, tally)
        if ties:
            people.connection.executemany(_BIND, ties)
    return tally.entered()


def end_binding(people: People, number: str, payer_number: str) -> bool:
    """Ends a binding with the day before; returns whether there was one that had not ended.

    One that began today never held.
    """
    member, payer = people.member_of(number), people.member_of(payer_number)
    if member is None or payer is None:
        return False
    lock(people.connection, (Lock(Kind.MEMBER, member), Lock(Kind.MEMBER, payer)))
    subject, today = Subject.MEMBER.named(member), day_of(people.now)
    bound = _held(people, (subject,)).get((subject, payer))
    if bound is None or _ended(bound, today):
        return False
    never = bound.valid_from >= today
    last_on = bound.valid_to if never else today - _A_DAY
    record = NewRecord(subject, BINDING, payer, bound.valid_from, last_on, bound.binding, withdrawn=never)
    tally = Tally()
    enter_records(people.connection, [(1, record)], people.now, people.source, tally)
    tally.entered()
    return True


def _held(people: People, subjects: Iterable[str]) -> dict[_Pair, _Bound]:
    """What is known last of each pair; what was withdrawn is not among it."""
    held: dict[_Pair, _Bound] = {}
    rows = asked_of(people.connection, _FIND, subjects, {"kind": BINDING})
    for subject, key, valid_from, valid_to, body, withdrawn in rows:
        held.pop((subject, key), None)
        if not withdrawn:
            ends = None if valid_to is None else date.fromisoformat(valid_to)
            held[subject, key] = _Bound(date.fromisoformat(valid_from), ends, from_json(FamilyBinding, body))
    return held


def _kept(tie: FamilyTie, before: _Bound | None, today: date) -> _Bound:
    """The binding as it is from now on; what the file says nothing of stays as it was."""
    said = FamilyBinding(tie.relation, tie.limit_fen, tie.consented_on)
    if before is None or _ended(before, today):
        return _Bound(tie.valid_from or today, tie.valid_to, said)
    if not tie.keeps:
        return _Bound(tie.valid_from or before.valid_from, tie.valid_to, said)
    kept = {name: getattr(before.binding, name) for name in tie.keeps if name != "valid_to"}
    return _Bound(
        tie.valid_from or before.valid_from,
        before.valid_to if "valid_to" in tie.keeps else tie.valid_to,
        structs.replace(said, **kept),
    )


def _ended(bound: _Bound, today: date) -> bool:
    return bound.valid_to is not None and bound.valid_to < today
