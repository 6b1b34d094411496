"""What months bring to personal accounts (个人账户计入): once for an account and month, corrections beside.

Everything is one entry of the ledger; the table beside it says from which base and by which rule. A row that
says another amount for a month is a correction: a further row, and an entry of the difference.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from medsettle_gateway.domain.facts import MemberFacts
from medsettle_gateway.domain.keys import AnyKey, Facts, MemberKey
from medsettle_gateway.domain.locks import Kind, Lock
from medsettle_gateway.ledger.transition import moves_of_entry, of_account
from medsettle_gateway.service.person import person_keys
from medsettle_gateway.storage.batches import asked_of
from medsettle_gateway.storage.connection import Connection, lock
from medsettle_gateway.storage.facts import load, write
from medsettle_gateway.storage.instants import to_us
from medsettle_gateway.storage.register import People
from medsettle_gateway.storage.subsidies import Rule

ACCRUAL: Final = "ACCRUAL"
_OTHER: Final = "accrued"
_FIND: Final = "SELECT member, account, state, balance_fen FROM accounts WHERE member IN (:among)"
_LAST: Final = (
    "SELECT account, month, number, base_fen, amount_fen, rule FROM accruals WHERE account IN (:among) "
    "ORDER BY account, month, number"
)
_OPEN: Final = (
    "INSERT INTO accounts (account, member, state, opening_fen, balance_fen, held_fen) "
    "VALUES (?, ?, 'active', 0, 0, 0)"
)
_PUT: Final = (
    "INSERT INTO accruals (account, month, number, base_fen, amount_fen, changed_fen, pack, pack_digest, "
    "rule, clause, entered_at_us, source) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


class Brought(NamedTuple):
    """What was accrued last for a month, as the ``number``-th row of it."""

    number: int
    base_fen: int | None
    amount_fen: int
    rule: str


class Earner(NamedTuple):
    """A member, the account if there is one, and what was accrued to it by month."""

    member: MemberFacts
    account: str | None
    closed: bool
    balance_fen: int
    brought: Mapping[str, Brought]


class Accrued(NamedTuple):
    """What a month comes to: the base it is reckoned from (None: no share of one), and by which rule."""

    month: str
    base_fen: int | None
    amount_fen: int
    rule: Rule


@dataclass(frozen=True, slots=True)
class Accruals:
    """Accruals inside a writing transaction."""

    connection: Connection
    people: People
    new_reference: Callable[[], str]

    @property
    def now(self) -> datetime:
        """When it is entered."""
        return self.people.now

    def find(self, numbers: Sequence[str]) -> tuple[Mapping[str, Earner], Facts]:
        """Returns who has these numbers, by number, and what is recorded of them.

        Who is not known is not among them. No gateway decides about any of them until the transaction ends.
        """
        found = self.people.found(numbers)
        members = [each.member for each in found.values()]
        lock(self.connection, (Lock(Kind.MEMBER, member) for member in members))
        accounts = self._accounts(members)
        lock(self.connection, (Lock(Kind.ACCOUNT, each[0]) for each in accounts.values()))
        accounts = self._accounts(members)
        brought = self._brought([each[0] for each in accounts.values()])
        keys: list[AnyKey] = []
        for member in members:
            keys += (MemberKey(member), *person_keys(member))
        facts = load(self.connection, self.people.sealer, keys)
        earners: dict[str, Earner] = {}
        for number, registered in found.items():
            earner = facts.of(MemberKey(registered.member))
            if earner is not None:
                account, state, balance_fen = accounts.get(registered.member, (None, "", 0))
                earners[number] = Earner(
                    earner, account, state == "closed", balance_fen, brought.get(account or "", {})
                )
        return earners, facts

    def enter(self, earner: Earner, accrued: Accrued) -> int:
        """Enters what a month comes to and returns what it changes on the account, in fen.

        An account is opened where there is none.
        """
        before = earner.brought.get(accrued.month)
        account = earner.account or self._open(earner.member)
        changed_fen = accrued.amount_fen - (before.amount_fen if before else 0)
        number = before.number + 1 if before else 1
        self.connection.execute(_PUT, (
            account, accrued.month, number, accrued.base_fen, accrued.amount_fen, changed_fen,
            *accrued.rule, to_us(self.now), self.people.source,
        ))
        if changed_fen:
            member = earner.member
            book = (account, member.region, member.scheme.value)
            reason = f"accrual {accrued.month}/{number}: {accrued.rule.pack} {accrued.rule.clause}"
            entry = of_account(ACCRUAL, _OTHER, book, changed_fen, self.now, reason)
            write(self.connection, self.people.sealer, moves_of_entry(entry))
        return changed_fen

    def _open(self, member: MemberFacts) -> str:
        account = self.new_reference()
        self.connection.execute(_OPEN, (account, member.member))
        return account

    def _accounts(self, members: Sequence[str]) -> dict[str, tuple[Any, ...]]:
        """By member: account, state and balance."""
        return {member: tuple(rest) for member, *rest in asked_of(self.connection, _FIND, members)}

    def _brought(self, accounts: Sequence[str]) -> dict[str, dict[str, Brought]]:
        """By account and month, what was entered last."""
        brought: dict[str, dict[str, Brought]] = {}
        for account, month, *rest in asked_of(self.connection, _LAST, accounts):
            brought.setdefault(account, {})[month] = Brought(*rest)
        return brought
