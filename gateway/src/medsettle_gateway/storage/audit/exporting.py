"""The ledger written out: entries with their postings, in the order of their positions."""

from collections.abc import Iterator
from datetime import date, datetime
from itertools import groupby
from typing import Any, Final, NamedTuple

from medsettle_gateway.domain.entry import Posting
from medsettle_gateway.storage.audit.asking import Books, Rows
from medsettle_gateway.storage.audit.head import bounds_of
from medsettle_gateway.storage.connection import Connection, snapshot
from medsettle_gateway.storage.instants import from_us

PAGE_COUNT: Final = 4_096
"""Positions that are read at once."""


class Wanted(NamedTuple):
    """Business days, both included, and a book; empty for all books."""

    since: date = date.min
    until: date = date.max
    book: str = ""


class Exported(NamedTuple):
    """An entry with those of its postings that are wanted: at least one."""

    position: int
    kind: str
    request_id: str
    committed_at: datetime
    business_on: str
    terminal: str
    postings: tuple[Posting, ...]


def export(connection: Connection, wanted: Wanted) -> Iterator[Exported]:
    """Yields entries as they stand at one point in time; those that move no money are left out.

    Free texts and operators are not among the columns: whatever a till wrote there stays in the database.
    Raises sqlite3.Error or DatabaseFailedError.
    """
    with snapshot(connection):
        books = Books.of(connection)
        books.ask("by_range")
        for first in range(1, bounds_of(books).last_position + 1, PAGE_COUNT):
            yield from _entries(books.ask(
                "export", first=first, last=first + PAGE_COUNT - 1, since=wanted.since.isoformat(),
                until=wanted.until.isoformat(), book=wanted.book,
            ))


def _entries(rows: Rows) -> Iterator[Exported]:
    for (position, kind, request_id, committed_at_us, business_on, terminal), same in groupby(rows, _entry):
        postings = tuple(Posting(*row[6:]) for row in same)
        yield Exported(
            position, kind, request_id, from_us(committed_at_us), business_on, terminal, postings
        )


def _entry(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return row[:6]


class BookTotal(NamedTuple):
    """What was posted in one book, by sign, in fen. Both together are 0 in whole entries."""

    plus_fen: int
    minus_fen: int


class Totals:
    """Adds up what was written out."""

    def __init__(self) -> None:
        self.entry_count = 0
        self.posting_count = 0
        self.books: dict[str, BookTotal] = {}

    def add(self, entry: Exported) -> None:
        """Counts an entry and its postings."""
        self.entry_count += 1
        for book, _, amount_fen in entry.postings:
            self.posting_count += 1
            plus_fen, minus_fen = self.books.get(book, BookTotal(0, 0))
            self.books[book] = BookTotal(plus_fen + max(amount_fen, 0), minus_fen + min(amount_fen, 0))
