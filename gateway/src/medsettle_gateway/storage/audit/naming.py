"""The names of the books, for those who have mistyped one."""

from difflib import get_close_matches
from typing import Final

from medsettle_gateway.storage.audit.asking import Books
from medsettle_gateway.storage.connection import Connection

NAMES_MOST: Final = 10_000
"""Names among which the nearest are looked for."""
NEAREST: Final = 3


def books_near(connection: Connection, book: str) -> tuple[str, ...] | None:
    """Returns None where anything was ever posted in a book, else the names of those that are nearest.

    Raises sqlite3.Error or DatabaseFailedError.
    """
    books = Books.of(connection)
    if books.ask("has_postings", book=book):
        return None
    names = [name for (name,) in books.ask("names", most=NAMES_MOST)]
    return tuple(get_close_matches(book, names, NEAREST) or names[:NEAREST])
