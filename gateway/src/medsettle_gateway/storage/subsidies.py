"""Subsidy accounts in the database: whom a year concerns, what it brought, and how accounts were closed.

Everything is one entry of the ledger; the tables beside it say that it was done, once.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, NamedTuple

from medsettle_gateway.domain.facts import MemberFacts
from medsettle_gateway.domain.keys import AnyKey, MemberKey
from medsettle_gateway.domain.locks import Kind, Lock
from medsettle_gateway.eligibility.cover import spans_of
from medsettle_gateway.ledger import books
from medsettle_gateway.ledger.transition import moves_of_entry, of_account
from medsettle_gateway.service.person import person_keys, person_on
from medsettle_gateway.storage.batches import asked_of
from medsettle_gateway.storage.connection import Connection, entry_column, lock
from medsettle_gateway.storage.facts import load, write
from medsettle_gateway.storage.instants import to_us
from medsettle_gateway.storage.sealing import Sealer

Row = tuple[Any, ...]

CREDIT, LAPSE, PAID_OUT = "CREDIT", "LAPSE", "PAID_OUT"
_TAKEN_BY: Final = {CREDIT: "subsidy", LAPSE: "lapsed", PAID_OUT: "paid_out"}

_UNSPENT: Final = """
WITH own AS (
  SELECT account, {entry} AS entry, kind, request_id, amount_fen FROM postings JOIN entries USING ({entry})
  WHERE account IN (:among) AND account >= 'member/' AND account < 'member0'
), since AS (SELECT account, min(entry) AS credited FROM own WHERE kind = 'CREDIT' GROUP BY account)
SELECT own.account, -sum(amount_fen) FROM own LEFT JOIN since ON since.account = own.account
WHERE kind IN ('CREDIT', 'LAPSE') OR request_id <> '' AND credited < (
  SELECT min(begun.{entry}) FROM entries AS begun
  WHERE begun.request_id = own.request_id AND begun.request_id <> ''
) GROUP BY own.account
"""
"""Every sale counts as a whole: one that began before the first credit spent nothing of it, and gives back
nothing of it. The bounds of ``account`` are those of the index."""

_TABLES: Final = {
    "accounts": "account, member, state, opening_fen, balance_fen, held_fen",
    "subsidies": "account, year, kind, amount_fen, pack, pack_digest, rule, clause, entered_at_us",
    "account_closings": "account, number, cause, paid_to, documents, amount_fen, pack, pack_digest, clause, "
    "author, closed_at_us, approver",
}


class Found(NamedTuple):
    """A member, the account if there is one, and what was done for the year and for later ones.

    ``member`` is the register's row, which names the book; ``person`` is who it was on the day asked about.
    ``unspent_fen`` is what was ever credited, without what lapsed of it and what sales begun since the first
    credit took.
    """

    member: MemberFacts
    person: MemberFacts
    account: str | None
    closed: bool
    balance_fen: int
    held_fen: int
    unspent_fen: int
    done: tuple[str, ...]
    later: bool
    frozen: bool = False


class Rule(NamedTuple):
    """By which pack and clause something was done."""

    pack: str
    pack_digest: str
    rule: str
    clause: str


class ClosingRecord(NamedTuple):
    """Why an account was closed, who got the rest, on which papers, and which two people did it."""

    cause: str
    paid_to: str
    documents: tuple[str, ...]
    author: str
    approver: str


@dataclass(frozen=True, slots=True)
class Subsidies:
    """Subsidy accounts inside a writing transaction."""

    connection: Connection
    sealer: Sealer
    now: datetime
    new_reference: Callable[[], str]

    def members(self, region: str, after: str, limit: int) -> tuple[str, ...]:
        """Returns the next members of a region, by reference."""
        found = self.connection.execute(
            "SELECT member FROM members WHERE region = ? AND member > ? ORDER BY member LIMIT ?",
            (region, after, limit),
        )
        return tuple(member for (member,) in found)

    def find(self, members: Sequence[str], on: date) -> tuple[Found, ...]:
        """Returns the members that there are with their own accounts, closed ones too, in their order.

        With what was done for the day's year, and who they were on the day by all that is known. No gateway
        decides about any of them until the transaction ends.
        """
        lock(self.connection, (Lock(Kind.MEMBER, member) for member in members))
        accounts = self._accounts(members)
        lock(self.connection, (Lock(Kind.ACCOUNT, each[0]) for each in accounts.values()))
        accounts = self._accounts(members)
        names = [each[0] for each in accounts.values()]
        year = str(on.year)
        unspent, done = self._unspent(names), self._known(names, year)
        keys: list[AnyKey] = []
        for member in members:
            keys += (MemberKey(member), *person_keys(member))
        facts = load(self.connection, self.sealer, keys)
        return tuple(
            self._found((known, person_on(facts, known, on)), year, accounts.get(member), unspent, done)
            for member in members if (known := facts.of(MemberKey(member))) is not None
        )

    def credit(self, found: Found, year: str, amount_fen: int, rule: Rule) -> None:
        """Credits an account for a year, opening it where there is none."""
        account = found.account or self._open(found.member)
        self._move(account, found.member, amount_fen, CREDIT, f"subsidy {year}: {rule.pack} {rule.clause}")
        self._done(account, year, "credit", amount_fen, rule)

    def lapse(self, found: Found, year: str, amount_fen: int, rule: Rule) -> None:
        """Takes back what is left of earlier years at the beginning of a year."""
        account = str(found.account)
        self._move(account, found.member, -amount_fen, LAPSE, f"subsidy before {year}: {rule.pack}")
        self._done(account, year, "lapse", amount_fen, rule)

    def close(self, found: Found, record: ClosingRecord, rule: Rule) -> int:
        """Closes an account for good and returns what is paid out, in fen.

        An account that was closed before pays out what a reversal brought back since.
        """
        account = str(found.account)
        (number,) = self.connection.execute(
            "SELECT count(*) + 1 FROM account_closings WHERE account = ?", (account,)
        ).fetchone()
        reason = f"closed: {record.cause}, paid to {record.paid_to}; {rule.pack} {rule.clause}"
        self._move(account, found.member, -found.balance_fen, PAID_OUT, reason)
        self.connection.execute("UPDATE accounts SET state = 'closed' WHERE account = ?", (account,))
        self._insert("account_closings", (
            account, number, record.cause, record.paid_to, json.dumps(record.documents, ensure_ascii=False),
            found.balance_fen, rule.pack, rule.pack_digest, rule.clause, record.author, to_us(self.now),
            record.approver,
        ))
        return found.balance_fen

    @staticmethod
    def _found(
        who: tuple[MemberFacts, MemberFacts], year: str, account: Row | None, unspent: Mapping[str, int],
        done: Mapping[str, Sequence[tuple[str, str]]],
    ) -> Found:
        if account is None:
            return Found(*who, None, False, 0, 0, 0, (), False)
        name, state, balance_fen, held_fen = account
        known = done.get(name, ())
        return Found(
            *who, name, state == "closed", balance_fen, held_fen, unspent.get(name, 0),
            tuple(kind for of, kind in known if of == year),
            any(of > year and kind == "credit" for of, kind in known),
            state == "frozen",
        )

    def _accounts(self, members: Sequence[str]) -> dict[str, Row]:
        """By member: account, state, balance and what is held of it."""
        sql = "SELECT member, account, state, balance_fen, held_fen FROM accounts WHERE member IN (:among)"
        return {member: tuple(account) for member, *account in asked_of(self.connection, sql, members)}

    def _known(self, accounts: Sequence[str], year: str) -> dict[str, list[tuple[str, str]]]:
        """By account: what was done for the year and for later ones."""
        sql = "SELECT account, year, kind FROM subsidies WHERE account IN (:among) AND year >= :year"
        known: dict[str, list[tuple[str, str]]] = {}
        for account, of, kind in asked_of(self.connection, sql, accounts, {"year": year}):
            known.setdefault(account, []).append((of, kind))
        return known

    def _unspent(self, accounts: Sequence[str]) -> dict[str, int]:
        sql = _UNSPENT.format(entry=entry_column(self.connection))
        posted = {books.member(account): account for account in accounts}
        return {posted[name]: int(fen) for name, fen in asked_of(self.connection, sql, posted)}

    def _open(self, member: MemberFacts) -> str:
        account = self.new_reference()
        self._insert("accounts", (account, member.member, "active", 0, 0, 0))
        return account

    def _move(self, account: str, member: MemberFacts, amount_fen: int, kind: str, reason: str) -> None:
        entry = of_account(
            kind, _TAKEN_BY[kind], (account, member.region, member.scheme.value), amount_fen, self.now, reason
        )
        write(self.connection, self.sealer, moves_of_entry(entry))

    def _done(self, account: str, year: str, kind: str, amount_fen: int, rule: Rule) -> None:
        self._insert("subsidies", (account, year, kind, amount_fen, *rule, to_us(self.now)))

    def _insert(self, table: str, values: Sequence[Any]) -> None:
        marks = ", ".join("?" * len(values))
        sql = f"INSERT INTO {table} ({_TABLES[table]}) VALUES ({marks})"  # noqa: S608 - our own tables
        self.connection.execute(sql, values)


def insured_in(person: MemberFacts, year: int) -> bool:
    """Returns whether the person has cover by the same scheme on any day of a year."""
    first, last = date(year, 1, 1), date(year, 12, 31)
    spans = (span for span in spans_of(person) if span.cover.scheme is person.scheme)
    return any(span.first_on <= last and (span.last_on or last) >= first for span in spans)
