"""Subsidy accounts in the database: whom a year concerns, what it brought, and how accounts were closed.

Everything is one entry of the ledger; the tables beside it say that it was done, once.
"""

import json
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, NamedTuple

from medsettle_gateway.domain.facts import MemberFacts
from medsettle_gateway.domain.keys import MemberKey
from medsettle_gateway.ledger import books
from medsettle_gateway.ledger.transition import moves_of_entry, of_account
from medsettle_gateway.storage.instants import to_us
from medsettle_gateway.storage.sqlite.loading import Reading
from medsettle_gateway.storage.sqlite.writing import write

CREDIT, LAPSE, PAID_OUT = "CREDIT", "LAPSE", "PAID_OUT"
_TAKEN_BY: Final = {CREDIT: "subsidy", LAPSE: "lapsed", PAID_OUT: "paid_out"}

_UNSPENT: Final = """
WITH own AS (
  SELECT position, kind, request_id, amount_fen FROM postings JOIN entries USING (position)
  WHERE account = :account AND account >= 'member/' AND account < 'member0'
), since (position) AS (SELECT min(position) FROM own WHERE kind = 'CREDIT')
SELECT coalesce(-sum(amount_fen), 0) FROM own
WHERE kind IN ('CREDIT', 'LAPSE') OR request_id <> '' AND (SELECT position FROM since) < (
  SELECT min(position) FROM entries AS begun
  WHERE begun.request_id = own.request_id AND begun.request_id <> ''
)
"""
"""Every sale counts as a whole: one that began before the first credit spent nothing of it, and gives back
nothing of it. The bounds of ``account`` are those of the index."""


class Found(NamedTuple):
    """A member, the account if there is one, and what was done for the year and for later ones.

    ``unspent_fen`` is what was ever credited, without what lapsed of it and what sales begun since the first
    credit took.
    """

    member: MemberFacts
    account: str | None
    closed: bool
    balance_fen: int
    held_fen: int
    unspent_fen: int
    done: tuple[str, ...]
    later: bool


class Rule(NamedTuple):
    """By which pack and clause something was done."""

    pack: str
    pack_digest: str
    rule: str
    clause: str


class ClosingRecord(NamedTuple):
    """Why an account was closed, who got the rest, on which papers, and who did it."""

    cause: str
    paid_to: str
    documents: tuple[str, ...]
    author: str


@dataclass(frozen=True, slots=True)
class Subsidies:
    """Subsidy accounts inside a writing transaction."""

    reading: Reading
    now: datetime
    new_reference: Callable[[], str]

    @property
    def _connection(self) -> sqlite3.Connection:
        return self.reading.connection

    def members(self, region: str, scheme: str, after: str, limit: int) -> tuple[str, ...]:
        """Returns the next members of a region and scheme, by reference."""
        found = self._connection.execute(
            "SELECT member FROM members WHERE region = ? AND scheme = ? AND member > ? "
            "ORDER BY member LIMIT ?",
            (region, scheme, after, limit),
        )
        return tuple(member for (member,) in found)

    def find(self, member: str, year: str) -> Found | None:
        """Returns a member with the own account, a closed one too; None if there is no such member."""
        facts = self.reading.load((MemberKey(member),)).of(MemberKey(member))
        if facts is None:
            return None
        row = self._connection.execute(
            "SELECT account, state, balance_fen, held_fen FROM accounts WHERE member = ?", (member,)
        ).fetchone()
        if row is None:
            return Found(facts, None, False, 0, 0, 0, (), False)
        account, state, balance_fen, held_fen = row
        known = self._connection.execute(
            "SELECT year, kind FROM subsidies WHERE account = ? AND year >= ?", (account, year)
        ).fetchall()
        return Found(
            facts, account, state == "closed", balance_fen, held_fen, self._unspent(account),
            tuple(kind for of, kind in known if of == year),
            any(of > year and kind == "credit" for of, kind in known),
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
        (number,) = self._connection.execute(
            "SELECT count(*) + 1 FROM account_closings WHERE account = ?", (account,)
        ).fetchone()
        reason = f"closed: {record.cause}, paid to {record.paid_to}; {rule.pack} {rule.clause}"
        self._move(account, found.member, -found.balance_fen, PAID_OUT, reason)
        self._connection.execute("UPDATE accounts SET state = 'closed' WHERE account = ?", (account,))
        self._insert("account_closings", (
            account, number, record.cause, record.paid_to, json.dumps(record.documents, ensure_ascii=False),
            found.balance_fen, rule.pack, rule.pack_digest, rule.clause, record.author, to_us(self.now),
        ))
        return found.balance_fen

    def _unspent(self, account: str) -> int:
        (unspent_fen,) = self._connection.execute(_UNSPENT, {"account": books.member(account)}).fetchone()
        return int(unspent_fen)

    def _open(self, member: MemberFacts) -> str:
        account = self.new_reference()
        self._insert("accounts", (account, member.member, "active", 0, 0, 0))
        return account

    def _move(self, account: str, member: MemberFacts, amount_fen: int, kind: str, reason: str) -> None:
        entry = of_account(
            kind, _TAKEN_BY[kind], (account, member.region, member.scheme.value), amount_fen, self.now, reason
        )
        write(self._connection, moves_of_entry(entry))

    def _done(self, account: str, year: str, kind: str, amount_fen: int, rule: Rule) -> None:
        self._insert("subsidies", (account, year, kind, amount_fen, *rule, to_us(self.now)))

    def _insert(self, table: str, values: Sequence[Any]) -> None:
        marks = ", ".join("?" * len(values))
        self._connection.execute(f"INSERT INTO {table} VALUES ({marks})", values)  # noqa: S608 - our tables


def insured_in(member: MemberFacts, year: int) -> bool:
    """Returns whether the person has cover on any day of a year."""
    first, last = date(year, 1, 1), date(year, 12, 31)
    return member.covered_from <= last and (member.covered_to is None or member.covered_to >= first)
