"""What the books are asked, in the words of either store."""

import sqlite3
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple, TypeVar

from medsettle_gateway.storage.connection import Connection
from medsettle_gateway.storage.statements import read_statements

ROWS_MOST: Final = 1_000
"""Rows that one question may list."""

Rows = list[tuple[Any, ...]]
T = TypeVar("T")


class Table(NamedTuple):
    """A table of the ledger, and its columns in the order in which the chain writes them, its position first.

    ``code_count`` of them are texts that are all codes, without commas and quotes; 0 where people write too.
    """

    name: str
    columns: tuple[str, ...]
    order: str
    code_count: int


ENTRIES: Final = Table(
    "entries",
    ("kind", "request_id", "committed_at_us", "business_on", "terminal", "operator", "reason"), "position", 0,
)
POSTINGS: Final = Table("postings", ("number", "book", "account", "amount_fen"), "position, number", 2)
COUNTERS: Final = Table(
    "entry_counters",
    ("number", "member", "region", "scheme", "period", "counter", "measure", "used_delta", "held_delta"),
    "position, number", 6,
)
TABLES: Final = (ENTRIES, POSTINGS, COUNTERS)
_TEMPLATES: Final = ("lines", "rows", "section")
"""Statements that are asked of each of the tables."""
_LINES: Final = "group_concat({line}, char(10))"
_LISTS: Final = "json_group_array(json_array({columns}))"
"""A list is made in half the time of a line in a file: SQLite copies that once for each column."""


def _questions(file: str, position: str, source: str, line: str, divider: str) -> Mapping[str, str]:
    """Returns statements by name; those of a table are called ``lines of entries``."""
    package = "medsettle_gateway.storage.audit"
    found = {**read_statements(package, "shared.sql"), **read_statements(package, file)}
    for template in _TEMPLATES:
        text = found.pop(template)
        for table in TABLES:
            columns = (position.format(table.name), *table.columns)
            written = line.format(divider.join(columns))
            section = _LISTS if table.code_count else _LINES
            found[f"{template} of {table.name}"] = text.format(
                columns=", ".join(columns), line=written, table=source.format(table.name), order=table.order,
                section=section.format(columns=", ".join(columns), line=written),
            )
    return found


EMBEDDED: Final = _questions("sqlite.sql", "{}.position", "{}", "{}", " || char(9) || ")
SERVER: Final = _questions(
    "postgres.sql", "positions.position", "positions JOIN {} USING (entry)", "concat_ws(chr(9), {})", ", "
)


class Books(NamedTuple):
    """The books over a connection."""

    connection: Connection
    questions: Mapping[str, str]

    @classmethod
    def of(cls, connection: Connection) -> "Books":
        """Returns the books that a connection is to."""
        return cls(connection, EMBEDDED if isinstance(connection, sqlite3.Connection) else SERVER)

    @property
    def embedded(self) -> bool:
        """Is it the database in a file?"""
        return self.questions is EMBEDDED

    def ask(self, question: str, **values: object) -> Rows:
        """Returns what a question finds. Raises sqlite3.Error or DatabaseFailedError."""
        return self.connection.execute(self.questions[question], values).fetchall()

    def listed(self, question: str) -> Rows:
        """Returns the first rows that a question finds, at most ``ROWS_MOST``."""
        return self.ask(question, most=ROWS_MOST)

    def do(self, task: Callable[["Books"], T]) -> T:
        """Returns what a task comes to."""
        return task(self)
