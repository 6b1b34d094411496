"""Sales against their entries, and their records against the drugs that count.

Records that cannot be read are looked for one by one, where the database stumbled over one.
"""

import json
import sqlite3
from collections.abc import Iterator

from medsettle_gateway.storage.audit.asking import ROWS_MOST, Books
from medsettle_gateway.storage.connection import DatabaseFailedError

_PAGE_COUNT = 500
_Found = dict[str, list[tuple[object, ...]]]


def sales(books: Books) -> _Found:
    """Returns what is wrong with sales and with the drugs that they hand out, in a file.

    One look at every record shows whether anything is; only then it is asked what. Raises sqlite3.Error.
    """
    try:
        if not books.ask("sales_off"):
            return {}
    except sqlite3.OperationalError:
        pass  # a record that cannot be read, which is found below, or a file, which is not read there either
    return {**sales_and_entries(books), **dispensings(books)}


def sales_and_entries(books: Books) -> _Found:
    """Returns which sales do not stand as their entries say. Raises sqlite3.Error or DatabaseFailedError."""
    return {"sales_and_entries": books.listed("sales_and_entries")}


def dispensings(books: Books) -> _Found:
    """Returns what is wrong with the drugs that sales hand out, or which records keep that from being seen.

    Raises sqlite3.Error or DatabaseFailedError where no record is to blame.
    """
    books.connection.execute("SAVEPOINT dispensings")
    try:
        return {"dispensings": [*books.listed("dispensings")]}
    except (sqlite3.OperationalError, DatabaseFailedError):
        books.connection.execute("ROLLBACK TO SAVEPOINT dispensings")
        unreadable: list[tuple[object, ...]] = [(request_id,) for request_id in _unreadable(books)]
        if not unreadable:
            raise
        return {"records": unreadable[:ROWS_MOST]}


def _unreadable(books: Books) -> Iterator[str]:
    after = ""
    while rows := books.ask("sale_records", after=after, most=_PAGE_COUNT):
        yield from (request_id for request_id, body in rows if not _can_be_read(body))
        after = rows[-1][0]


def _can_be_read(body: str) -> bool:
    try:
        effect = json.loads(body)["effect"] or {}
        return all(isinstance(drug, list) for drug in effect.get("dispensed", ()))
    except (ValueError, LookupError, TypeError, AttributeError):
        return False
