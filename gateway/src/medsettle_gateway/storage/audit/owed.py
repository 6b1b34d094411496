"""What each institution is owed of some business days, by book: the figures of its monthly claim."""

from datetime import date
from typing import Final, NamedTuple

from medsettle_gateway.storage.audit.asking import Books
from medsettle_gateway.storage.connection import Connection

OWED_MOST: Final = 100_000
"""Institutions times books that are listed: more than a province has."""


class Owed(NamedTuple):
    """What a book owes an institution, in fen, and for how many sales.

    Below 0 where more came back in those days than was settled. A sale that was settled and reversed within
    them is none of these sales; one that was reversed in another month than it was settled is one in both.
    """

    institution: str
    book: str
    sales_count: int
    amount_fen: int


def owed(connection: Connection, since: date, until: date, institution: str = "") -> tuple[Owed, ...]:
    """Returns what is owed for the days, both included, by institution and book; ``institution`` empty: all.

    What was reversed or returned counts on the day of that. Raises sqlite3.Error or DatabaseFailedError.
    """
    rows = Books.of(connection).ask(
        "owed", since=since.isoformat(), until=until.isoformat(), institution=institution, most=OWED_MOST
    )
    return tuple(Owed(code, book, int(count), int(fen)) for code, book, count, fen in rows)
