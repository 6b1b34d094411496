"""An entry of the ledger: one a transition, append-only, balanced in every book."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from medsettle_gateway.domain.counters import CounterKey


class Posting(NamedTuple):
    """One signed amount on one account of one book, in fen."""

    book: str
    account: str
    amount_fen: int


class CounterMove(NamedTuple):
    """What an entry adds to one counter of one member: to what is used, and to what holds reserve."""

    member: str
    region: str
    scheme: str
    key: CounterKey
    used_delta: int
    held_delta: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One transition in the books.

    ``kind`` is the new state of a sale, ``OPENING`` for what an import brings, or ``ACCRUAL``, ``CREDIT``,
    ``LAPSE`` and ``PAID_OUT`` for what a region does with an account; only those of sales have a
    ``request_id``.
    ``terminal`` and ``operator`` say who did it; both are empty where time did. The store gives the position.
    """

    kind: str
    request_id: str
    committed_at: datetime
    business_on: date
    terminal: str
    operator: str
    reason: str = ""
    postings: tuple[Posting, ...] = ()
    counters: tuple[CounterMove, ...] = ()

    def check(self) -> None:
        """Raises AssertionError, naming the books, unless every book's postings sum to zero."""
        broken = {book: amount for book, amount in book_sums(self.postings).items() if amount}
        if broken:
            msg = f"books do not balance in the entry {self.kind} of {self.request_id!r}: {broken}"
            raise AssertionError(msg)
        if any(posting.amount_fen == 0 for posting in self.postings):
            msg = f"a posting of nothing in the entry {self.kind} of {self.request_id!r}"
            raise AssertionError(msg)


def book_sums(postings: Iterable[Posting]) -> dict[str, int]:
    """Returns the sum of the postings of each book, in fen."""
    sums: dict[str, int] = {}
    for posting in postings:
        sums[posting.book] = sums.get(posting.book, 0) + posting.amount_fen
    return sums
