"""Where the chain ends: what finance notes, so that nobody can replace the books behind it."""

from typing import NamedTuple

from medsettle_gateway.ledger.chain import Block
from medsettle_gateway.storage.audit.asking import Books
from medsettle_gateway.storage.connection import Connection, snapshot


class Standing(NamedTuple):
    """How far the books have come: the newest block, and how many entries no block covers yet."""

    head: Block | None
    waiting_count: int


class Bounds(NamedTuple):
    """The last position and the last key of an entry, and how many entries have no position yet."""

    last_position: int
    last_entry: int
    unplaced_count: int
    last_block: int


def bounds_of(books: Books) -> Bounds:
    """Returns how far the books have come."""
    return Bounds(*books.ask("standing")[0])


def standing_of(books: Books) -> Standing:
    """Returns the newest block and what waits for the next, inside a transaction."""
    bounds, rows = bounds_of(books), books.ask("head")
    head = Block(*rows[0]) if rows else None
    covered_count = head.last_position if head else 0
    return Standing(head, bounds.last_position + bounds.unplaced_count - covered_count)


def stand(connection: Connection) -> Standing:
    """Returns the same at one point in time. Raises sqlite3.Error or DatabaseFailedError."""
    with snapshot(connection):
        return standing_of(Books.of(connection))
