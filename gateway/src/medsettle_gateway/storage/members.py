"""Entering members, a batch of rows at a time: looked up together, compared one by one, written together."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from medsettle_gateway.domain.accounts import ACCOUNT_STATE, AccountSet
from medsettle_gateway.domain.calendar import day_of
from medsettle_gateway.domain.locks import Kind, Lock
from medsettle_gateway.domain.moves import Move
from medsettle_gateway.domain.records import Subject
from medsettle_gateway.domain.register import Fault, MemberRecord
from medsettle_gateway.ledger.transition import moves_of_entry, opening
from medsettle_gateway.storage.batches import BATCH_ROWS, asked_of
from medsettle_gateway.storage.connection import Connection, lock
from medsettle_gateway.storage.doubles import Doubles
from medsettle_gateway.storage.entering import Tally
from medsettle_gateway.storage.facts import write
from medsettle_gateway.storage.records import FULL, NewRecord, full, put_records
from medsettle_gateway.storage.register_rows import (
    FACTS,
    KnownMember,
    Values,
    account_state,
    facts_of,
    identity_of,
    is_news,
    is_recorded,
    misfit,
    registered,
)
from medsettle_gateway.storage.sealing import Identity, Sealer

NUMBER, ID_NUMBER, SOCIAL_CARD = "number", "id_number", "social_card"

_COLUMNS: Final = ", ".join(FACTS)
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

_UNBORN: Final = ("born_on 晚于今天", "born_on is after today")


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
            elif (fault := misfit(before, record, periods.get(before.member, ()))) is not None:
                tally.fault(line, *fault)
            elif crowded and Subject.MEMBER.named(before.member) in crowded and is_recorded(before, record):
                tally.fault(line, *FULL)
            else:
                changed = self._change(before, record, writing)
                tally.count("changed" if changed else "same")
                if changed:
                    entered[before.member] = line
        self._write(writing)
        self.doubles.note(entered)

    def _known(self, rows: Sequence[tuple[int, MemberRecord]]) -> Mapping[bytes, KnownMember]:
        hashes = [self._number_hash(record) for _, record in rows]
        return {
            bytes(row[0]): KnownMember(row[1], row[2], row[3], row[4], row[5], tuple(row[6:]))
            for row in asked_of(self.connection, _FIND, hashes)
        }

    def _number_hash(self, record: MemberRecord) -> bytes:
        return self.sealer.find(NUMBER, record.number)

    def _add(self, record: MemberRecord, writing: _Writing) -> str:
        """Returns the new member's reference."""
        member = self.new_reference()
        writing.put_members.append((member, *facts_of(record)))
        writing.put_records.append(registered(member, record))
        writing.put_identities.append(self._sealed(member, identity_of(record)))
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
        writing.put_accounts.append((account, member, account_state(record).value, record.account_fen))
        if record.frozen:
            writing.put_records.append(self._set(member, account, record))
        if record.account_fen:
            entry = opening(
                account, record.region, record.scheme.value, record.account_fen, self.now, self.source
            )
            writing.moves.extend(moves_of_entry(entry))

    def _change(self, before: KnownMember, record: MemberRecord, writing: _Writing) -> bool:
        """Returns whether anything changed."""
        member, facts = before.member, facts_of(record)
        if record.keeps_born_on:
            facts = (*facts[:-1], before.facts[-1])
        was = self.sealer.open(member, before.sealed)
        identity = identity_of(record, was)
        renamed = was != identity
        if renamed:
            writing.put_identities.append(self._sealed(member, identity))
        if before.facts != facts:
            writing.change_members.append((*facts, member))
        if is_news(before, record):
            writing.put_records.append(registered(member, record))
        changed = renamed or before.facts != facts
        if record.account_fen is None:
            return changed
        if before.account is None:
            self._open_account(member, record, writing)
            return True
        if before.state == account_state(record):
            return changed
        self._states[before.account] = account_state(record).value
        writing.put_records.append(self._set(member, before.account, record))
        return True

    def _set(self, member: str, account: str, record: MemberRecord) -> NewRecord:
        body = AccountSet(account_state(record))
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
