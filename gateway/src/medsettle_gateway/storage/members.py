"""Entering members, a batch of rows at a time: looked up together, compared one by one, written together."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple

from medsettle_gateway.domain.accounts import ACCOUNT_STATE, AccountSet
from medsettle_gateway.domain.calendar import day_of
from medsettle_gateway.domain.facts import AccountState
from medsettle_gateway.domain.locks import Kind, Lock
from medsettle_gateway.domain.moves import Move
from medsettle_gateway.domain.people import Cover, PersonKind, Registered, Span
from medsettle_gateway.domain.records import Subject
from medsettle_gateway.domain.register import Fault, MemberRecord
from medsettle_gateway.ledger.transition import moves_of_entry, opening
from medsettle_gateway.storage.batches import BATCH_ROWS, asked_of
from medsettle_gateway.storage.connection import Connection, lock
from medsettle_gateway.storage.doubles import Doubles
from medsettle_gateway.storage.entering import Tally
from medsettle_gateway.storage.facts import write
from medsettle_gateway.storage.records import FULL, NewRecord, full, put_records
from medsettle_gateway.storage.sealing import Identity, Sealer

NUMBER, ID_NUMBER, SOCIAL_CARD = "number", "id_number", "social_card"

_FACTS: Final = (
    "region", "scheme", "standing", "enrolment", "aid", "conditions", "covered_from", "covered_to", "born_on",
)
_COLUMNS: Final = ", ".join(_FACTS)
_FIND: Final = f"""
SELECT number_hash, member, sealed, account, state, opening_fen, {_COLUMNS}
FROM identities JOIN members USING (member) LEFT JOIN accounts USING (member) WHERE number_hash IN (:among)
"""  # noqa: S608 - our own columns
_PUT_MEMBER: Final = f"INSERT INTO members (member, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608
_PUT_IDENTITY: Final = (
    "INSERT INTO identities (member, number_hash, id_number_hash, social_card_hash, sealed) "
    "VALUES (?, ?, ?, ?, ?) ON CONFLICT (member) DO UPDATE SET number_hash = excluded.number_hash, "
    "id_number_hash = excluded.id_number_hash, social_card_hash = excluded.social_card_hash, "
    "sealed = excluded.sealed"
)
_PUT_ACCOUNT: Final = (
    "INSERT INTO accounts (account, member, state, opening_fen, balance_fen, held_fen) "
    "VALUES (?, ?, ?, ?, 0, 0)"
)
_CHANGE_MEMBER: Final = f"UPDATE members SET ({_COLUMNS}) = (?, ?, ?, ?, ?, ?, ?, ?, ?) WHERE member = ?"  # noqa: S608
_CHANGE_ACCOUNT: Final = "UPDATE accounts SET state = ? WHERE account = ?"

_CLOSED: Final = (
    "个人账户已经注销,不能重新开户;请留空 account_yuan 和 account_state",
    "the account was closed and is not opened again: leave account_yuan and account_state empty",
)
_MOVED: Final = (
    "已有个人账户,不能更改 region 或 scheme",
    "region and scheme cannot change while the member has an account",
)
_OPENED: Final = (
    "account_yuan 只用于开户;账户已存在,请留空或保持开户时的金额",
    "account_yuan opens an account, and this one is open: leave it empty or as it was",
)
_OF_NO_PERIOD: Final = (
    "已逐段录入参保期间,本行与其中任何一段都不一致;请先用 member records cover 录入变更",
    "periods of cover are recorded, and the row is like none: enter the change with `member records cover`",
)
_UNBORN: Final = ("born_on 晚于今天", "born_on is after today")

Values = tuple[Any, ...]


class _Known(NamedTuple):
    """What is recorded of a member; ``account`` None: there is none."""

    member: str
    sealed: bytes
    account: str | None
    state: str | None
    opening_fen: int | None
    facts: Values


@dataclass(frozen=True, slots=True)
class _Writing:
    """What a batch comes to, by statement, in the order in which they are run; then the entries."""

    put_members: list[Values] = field(default_factory=list)
    put_identities: list[Values] = field(default_factory=list)
    put_accounts: list[Values] = field(default_factory=list)
    change_members: list[Values] = field(default_factory=list)
    put_records: list[NewRecord] = field(default_factory=list)
    moves: list[Move] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Members:
    """Enters batches of members inside a writing transaction; see People for what its fields are."""

    connection: Connection
    sealer: Sealer
    now: datetime
    new_reference: Callable[[], str]
    source: str
    doubles: Doubles
    _states: dict[str, str] = field(default_factory=dict)
    """Accounts whose state is to change."""

    def finish(self, tally: Tally) -> tuple[Fault, ...]:
        """Changes the states of accounts, once all else is done: sales of their owners wait for the end.

        And tallies who would hold two schemes on a day. Returns the rows that are doubtful.
        """
        doubtful = self.doubles.tell(tally)
        states = sorted(self._states.items())
        # So many fit where a server keeps locks; with more, a sale and this may stop each other once.
        if len(states) <= BATCH_ROWS:
            lock(self.connection, (Lock(Kind.ACCOUNT, account) for account, _ in states))
        if states:
            self.connection.executemany(_CHANGE_ACCOUNT, [(state, account) for account, state in states])
        return doubtful

    def enter(self, rows: Sequence[tuple[int, MemberRecord]], tally: Tally) -> None:
        """Enters rows of different members and tallies each."""
        known, writing = self._known(rows), _Writing()
        periods = self.doubles.periods(each.member for each in known.values())
        crowded = full(self.connection, (Subject.MEMBER.named(each.member) for each in known.values()))
        entered: dict[str, int] = {}
        for line, record in rows:
            if record.born_on is not None and record.born_on > day_of(self.now):
                tally.fault(line, *_UNBORN)
                continue
            before = known.get(self._number_hash(record))
            if before is None:
                entered[self._add(record, writing)] = line
                tally.count("new")
            elif (fault := _misfit(before, record, periods.get(before.member, ()))) is not None:
                tally.fault(line, *fault)
            elif crowded and Subject.MEMBER.named(before.member) in crowded and _is_recorded(before, record):
                tally.fault(line, *FULL)
            else:
                changed = self._change(before, record, writing)
                tally.count("changed" if changed else "same")
                if changed:
                    entered[before.member] = line
        self._write(writing)
        self.doubles.note(entered)

    def _known(self, rows: Sequence[tuple[int, MemberRecord]]) -> Mapping[bytes, _Known]:
        hashes = [self._number_hash(record) for _, record in rows]
        return {
            bytes(row[0]): _Known(row[1], row[2], row[3], row[4], row[5], tuple(row[6:]))
            for row in asked_of(self.connection, _FIND, hashes)
        }

    def _number_hash(self, record: MemberRecord) -> bytes:
        return self.sealer.find(NUMBER, record.number)

    def _add(self, record: MemberRecord, writing: _Writing) -> str:
        """Returns the new member's reference."""
        member = self.new_reference()
        writing.put_members.append((member, *_facts(record)))
        writing.put_records.append(_registered(member, record))
        writing.put_identities.append(self._sealed(member, _identity(record)))
        self._open_account(member, record, writing)
        return member

    def _sealed(self, member: str, identity: Identity) -> Values:
        card = identity.social_card_no
        find = self.sealer.find
        return (
            member, find(NUMBER, identity.number), find(ID_NUMBER, identity.id_number),
            find(SOCIAL_CARD, card) if card else None, self.sealer.seal(member, identity),
        )

    def _open_account(self, member: str, record: MemberRecord, writing: _Writing) -> None:
        if record.account_fen is None:
            return
        account = self.new_reference()
        writing.put_accounts.append((account, member, _account_state(record).value, record.account_fen))
        if record.frozen:
            writing.put_records.append(self._set(member, account, record))
        if record.account_fen:
            entry = opening(
                account, record.region, record.scheme.value, record.account_fen, self.now, self.source
            )
            writing.moves.extend(moves_of_entry(entry))

    def _change(self, before: _Known, record: MemberRecord, writing: _Writing) -> bool:
        """Returns whether anything changed."""
        member, facts = before.member, _facts(record)
        if record.keeps_born_on:
            facts = (*facts[:-1], before.facts[-1])
        was = self.sealer.open(member, before.sealed)
        identity = _identity(record, was)
        renamed = was != identity
        if renamed:
            writing.put_identities.append(self._sealed(member, identity))
        if before.facts != facts:
            writing.change_members.append((*facts, member))
        if _is_news(before, record):
            writing.put_records.append(_registered(member, record))
        changed = renamed or before.facts != facts
        if record.account_fen is None:
            return changed
        if before.account is None:
            self._open_account(member, record, writing)
            return True
        if before.state == _account_state(record):
            return changed
        self._states[before.account] = _account_state(record).value
        writing.put_records.append(self._set(member, before.account, record))
        return True

    def _set(self, member: str, account: str, record: MemberRecord) -> NewRecord:
        body = AccountSet(_account_state(record))
        return NewRecord(Subject.MEMBER.named(member), ACCOUNT_STATE, account, day_of(self.now), None, body)

    def _write(self, writing: _Writing) -> None:
        for sql, rows in (
            (_PUT_MEMBER, writing.put_members),
            (_PUT_IDENTITY, writing.put_identities),
            (_PUT_ACCOUNT, writing.put_accounts),
            (_CHANGE_MEMBER, writing.change_members),
        ):
            if rows:
                self.connection.executemany(sql, rows)
        put_records(self.connection, writing.put_records, self.now, self.source)
        write(self.connection, self.sealer, writing.moves)


def _is_news(before: _Known, record: MemberRecord) -> bool:
    """Does the row say anything else of the person than before? The day of birth is kept with the name."""
    return before.facts[:-1] != _facts(record)[:-1]


def _is_recorded(before: _Known, record: MemberRecord) -> bool:
    """Does the row come to a further record: of the person, or of the account that it freezes or frees?"""
    state = before.state or AccountState.ACTIVE
    return _is_news(before, record) or (record.account_fen is not None and state != _account_state(record))


def _misfit(before: _Known, record: MemberRecord, periods: Sequence[Span]) -> tuple[str, str] | None:
    """Why a row does not fit the periods of cover or the account, in Chinese and English; None: it does."""
    if periods and _span(record) not in periods and _cover(before.facts) != _cover(_facts(record)):
        return _OF_NO_PERIOD
    if before.account is None:
        return None
    if before.state == "closed":
        return None if record.account_fen is None else _CLOSED
    if before.facts[:2] != (record.region, record.scheme.value):
        return _MOVED
    return None if record.account_fen in {None, before.opening_fen} else _OPENED


def _identity(record: MemberRecord, before: Identity | None = None) -> Identity:
    """Who it is by the row; what the file has no column for stays as it was."""
    card, phone = record.social_card_no, record.phone
    if before is not None:
        card = before.social_card_no if record.keeps_social_card else card
        phone = before.phone if record.keeps_phone else phone
    return Identity(record.number, record.name, record.id_number, card, phone)


def _facts(record: MemberRecord) -> Values:
    return (
        record.region, record.scheme.value, record.standing.value, record.enrolment.value, record.aid.value,
        json.dumps(record.conditions), record.covered_from.isoformat(),
        None if record.covered_to is None else record.covered_to.isoformat(),
        None if record.born_on is None else record.born_on.isoformat(),
    )


def _registered(member: str, record: MemberRecord) -> NewRecord:
    """What the row says, kept for ever; not the day of birth, which is forgotten with the name."""
    body = Registered(
        record.region, record.scheme, record.standing, record.enrolment, record.aid, record.conditions
    )
    first_on, subject = record.covered_from, Subject.MEMBER.named(member)
    return NewRecord(
        subject, PersonKind.REGISTERED, first_on.isoformat(), first_on, record.covered_to, body
    )


def _cover(facts: Values) -> Values:
    """Of the columns those that periods of cover say too."""
    return (*facts[:4], *facts[6:8])


def _span(record: MemberRecord) -> Span:
    cover = Cover(record.region, record.scheme, record.standing, record.enrolment)
    return Span(record.covered_from, record.covered_to, cover)


def _account_state(record: MemberRecord) -> AccountState:
    return AccountState.FROZEN if record.frozen else AccountState.ACTIVE
