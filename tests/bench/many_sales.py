"""Very many settled sales, copied from one that a gateway settled: rows of its own tables, made in sets.

They are of last year, so that what somebody buys today is calculated as if there were none. Instants, days,
places, numbers, members and credentials differ; books, counters and records are each sale's own, and
``ledger verify`` holds on them. The gateway must not run meanwhile.
"""
# ruff: noqa: S608 - the statements are made of this module's constants, and of rows of the database itself

import asyncio
import json
import os
import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple

from medsettle_gateway.cli.frame import open_gateway
from medsettle_gateway.storage.sqlite.database import connect
from medsettle_gateway.storage.sqlite.store import SqliteStore
from medsettle_gateway.storage.stores import EmbeddedDatabase

SALES_OF_MEMBER: Final = 10
"""How often each member came last year."""
PLACES: Final = 500
"""Institutions that share the sales."""
CHUNK: Final = 20_000
BLOCK_COUNT: Final = 1_000
"""Entries of a block of the chain, as the gateway makes them."""
_HURRIED: Final = (
    "journal_mode = DELETE", "journal_mode = OFF", "synchronous = OFF", "foreign_keys = OFF",
    "cache_size = -1048576", f"threads = {os.cpu_count()}",
)
"""Nothing is lost that could not be made again; from a log of its own it cannot go straight to none."""
_CHINA: Final = timedelta(hours=8)
_US: Final = timedelta(microseconds=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

Told = Callable[[int, int], None]
"""Hears how many sales are there, and of how many."""
_Row = dict[str, Any]

_NUMBERS: Final = (
    "WITH RECURSIVE numbers (n) AS (SELECT :first WHERE :first < :end UNION ALL "
    "SELECT n + 1 FROM numbers WHERE n + 1 < :end) "
)
_TABLES: Final = {
    "people": "n INTEGER PRIMARY KEY, member TEXT NOT NULL, account TEXT NOT NULL",
    "places": "n INTEGER PRIMARY KEY, place TEXT NOT NULL",
    "made": "number INTEGER PRIMARY KEY, position INTEGER NOT NULL, place TEXT NOT NULL, "
    "member TEXT NOT NULL, request_id TEXT NOT NULL, day TEXT NOT NULL, at_us INTEGER NOT NULL, "
    "at_text TEXT NOT NULL, credential TEXT NOT NULL",
}
_MADE: Final = _NUMBERS + """, timed (n, at_us) AS (SELECT n, :from_us + n * :every_us FROM numbers),
dated (n, at_us, day) AS (SELECT n, at_us, date(at_us / 1000000 + 28800, 'unixepoch') FROM timed)
INSERT INTO made
SELECT dated.n + 1, :behind + dated.n + 1, place, member,
  place || '-' || :till || '-' || replace(day, '-', '') || '-' || (dated.n + 1) || '-1', day, at_us,
  strftime('%Y-%m-%dT%H:%M:%S', at_us / 1000000, 'unixepoch') || format('.%06dZ', at_us % 1000000),
  format('%012x', dated.n * :apart) || lower(hex(randomblob(6)))
FROM dated CROSS JOIN people ON people.n = dated.n % :members
CROSS JOIN places ON places.n = dated.n % :places
"""
_COUNTED: Final = """
INSERT INTO counters (member, region, scheme, period, counter, measure, used, held)
SELECT people.member, region, scheme, :year, counter, measure,
  sum(used_delta) * ((:sales - people.n + :members - 1) / :members), 0
FROM people CROSS JOIN entry_counters ON position = :position
GROUP BY people.member, region, scheme, counter, measure HAVING sum(used_delta) <> 0
"""


class Stencil(NamedTuple):
    """What of a row varies from copy to copy: texts within texts, and whole columns; as SQL."""

    texts: Mapping[str, str]
    columns: Mapping[str, str]

    def copied(self, table: str, rows: Sequence[_Row], source: str, order: str = "") -> str:
        """Returns the statement that copies rows of a table, once for each row of ``source``."""
        selects = [
            f"SELECT {', '.join(self._value(table, *item) for item in row.items())} FROM {source}"
            for row in rows
        ]
        columns = ", ".join(rows[0])
        return f"INSERT INTO {table} ({columns}) {' UNION ALL '.join(selects)} {order}"

    def _value(self, table: str, column: str, value: Any) -> str:
        known = self.columns.get(f"{table}.{column}") or self.columns.get(column)
        if known is not None:
            return known
        if isinstance(value, bytes):
            return f"x'{value.hex()}'"
        if not isinstance(value, str):
            return "NULL" if value is None else str(value)
        longest_first = sorted(self.texts, key=len, reverse=True)
        parts = re.split(f"({'|'.join(map(re.escape, longest_first))})", value)
        return " || ".join(self.texts.get(part) or _quoted(part) for part in parts if part) or "''"


class Copies:
    """The database while it is filled with copies of one sale."""

    def __init__(self, connection: sqlite3.Connection, request_id: str, sales_count: int) -> None:
        self._connection = connection
        self._sales_count = sales_count
        for name, columns in _TABLES.items():
            connection.execute(f"CREATE TEMP TABLE {name} ({columns})")
        self._sale = self._one("sales", "request_id = ?", request_id)
        self._entry = self._one("entries", "request_id = ?", request_id)
        self._year = str(int(self._sale["day"][:4]) - 1)
        self._members_count = self._enter_people()
        self._enter_places()

    def fill(self, told: Told) -> None:
        """Copies the sale so often, and counts what the copies come to."""
        statements = [*self._statements()]
        values = {**self._when(), "till": self._sale["till"], "behind": self._last_position()}
        values |= {"members": self._members_count, "places": PLACES, "apart": 2**48 // self._sales_count}
        for first in range(0, self._sales_count, CHUNK):
            end = min(first + CHUNK, self._sales_count)
            self._connection.execute("DELETE FROM made")
            self._connection.execute(_MADE, {**values, "first": first, "end": end})
            for statement in statements:
                self._connection.execute(statement)
            told(end, self._sales_count)
        counted = {"year": self._year, "sales": self._sales_count, "members": self._members_count}
        self._connection.execute(_COUNTED, {**counted, "position": self._entry["position"]})

    def _statements(self) -> Iterator[str]:
        """Yields what copies the sale's rows, table after table."""
        stencil, sale = self._stencil(), "request_id = ?"
        for table in ("sales", "settlements", "entries", "credentials_used", "dispensings"):
            rows = self._rows(table, sale, self._sale["request_id"])
            if rows:
                yield stencil.copied(table, rows, "made")
        for table in ("postings", "entry_counters"):
            rows = self._rows(table, "position = ?", self._entry["position"])
            yield stencil.copied(table, rows, "made", "ORDER BY 1, 2")

    def _stencil(self) -> Stencil:
        sale = self._sale
        body = json.loads(sale["body"])
        place, till, day = sale["institution"], sale["till"], sale["day"]
        ticket = f'"{place}","{till}","{day}",{sale["number"]}]'
        written = f"""'"' || place || '","{till}","' || day || '",' || number || ']'"""
        instants = {body[name]: "at_text" for name in ("requested_at", "created_at", "committed_at")}
        year = day[:4]
        return Stencil(
            {
                **instants, sale["request_id"]: "request_id", ticket: written, place: "place", day: "day",
                sale["member"]: "member", f'"{year}"': _quoted(f'"{self._year}"'),
            },
            {
                "position": "position", "dispensings.position": "NULL", "sales.number": "number",
                "created_at_us": "at_us", "calculated_at_us": "at_us", "settled_at_us": "at_us",
                "committed_at_us": "at_us", "used_at_us": "at_us", "credential_id": "credential",
                "expires_at_us": "at_us + 300000000", "entry_counters.period": _quoted(self._year),
            },
        )

    def _enter_people(self) -> int:
        """Enters members like the sale's own, until there are enough; returns how many have an account."""
        connection, member = self._connection, self._sale["member"]
        connection.execute(
            "INSERT INTO people SELECT row_number() OVER () - 1, member, account FROM accounts"
        )
        (there_count,) = connection.execute("SELECT count(*) FROM people").fetchone()
        members_count: int = max(there_count, self._sales_count // SALES_OF_MEMBER)
        connection.execute(
            f"{_NUMBERS} INSERT INTO people SELECT n, lower(hex(randomblob(10))), lower(hex(randomblob(10))) "
            "FROM numbers", {"first": there_count, "end": members_count},
        )
        account = self._one("accounts", "member = ?", member)["account"]
        posting = self._one("postings", "account = ?", f"member/{account}")
        stencil = Stencil({member: "member", account: "account"}, {
            "position": f"{self._last_position() + 1 - there_count} + n", "number_hash": "randomblob(32)",
            "id_number_hash": "randomblob(32)",
        })  # fmt: skip
        new = f"people WHERE n >= {there_count}"
        for table in ("members", "identities", "accounts"):
            connection.execute(stencil.copied(table, self._rows(table, "member = ?", member), new))
        for table in ("entries", "postings"):
            opening = self._rows(table, "position = ?", posting["position"])
            connection.execute(stencil.copied(table, opening, new, "ORDER BY 1, 2"))
        return members_count

    def _enter_places(self) -> None:
        """Enters institutions like the sale's own."""
        own = self._sale["institution"]
        self._connection.execute(
            f"{_NUMBERS} INSERT INTO places "
            "SELECT n, CASE n WHEN 0 THEN :own ELSE substr(:own, 1, 5) || format('%07d', 9000000 + n) END "
            "FROM numbers", {"first": 0, "end": PLACES, "own": own},
        )
        rows = self._rows("institutions", "code = ?", own)
        stencil = Stencil({own: "place"}, {})
        self._connection.execute(stencil.copied("institutions", rows, "places WHERE n > 0"))

    def _when(self) -> dict[str, int]:
        """From when on the sales were, and how far apart: all of last year in China."""
        begin, end = (
            datetime(year, 1, 1, tzinfo=UTC) - _CHINA for year in (int(self._year), int(self._year) + 1)
        )
        return {"from_us": (begin - _EPOCH) // _US, "every_us": (end - begin) // _US // self._sales_count}

    def _last_position(self) -> int:
        (position,) = self._connection.execute("SELECT max(position) FROM entries").fetchone()
        return int(position)

    def _one(self, table: str, where: str, value: Any) -> _Row:
        (row,) = self._rows(table, where, value)
        return row

    def _rows(self, table: str, where: str, value: Any) -> list[_Row]:
        found = self._connection.execute(f"SELECT * FROM {table} WHERE {where}", (value,))
        columns = [column for column, *_ in found.description]
        return [dict(zip(columns, row, strict=True)) for row in found]


def fill(config_path: Path, sales_count: int, told: Told = lambda *_: None) -> int:
    """Fills a gateway's file with copies of a sale that it settled; returns the file's size in bytes."""
    path = database_path(config_path)
    with closing(connect(path)) as connection:
        for pragma in _HURRIED:
            connection.execute(f"PRAGMA {pragma}")
        found = connection.execute("SELECT request_id FROM sales WHERE state = 'SETTLED' LIMIT 1").fetchone()
        connection.execute("BEGIN")
        with _indexed_afterwards(connection):
            Copies(connection, found[0], sales_count).fill(told)
        connection.execute("COMMIT")
    with path.open("rb+") as file:  # what is not on disk yet would be written while something is measured
        os.fsync(file.fileno())
    return path.stat().st_size


def chain(config_path: Path) -> int:
    """Covers every entry by blocks, as the gateway would while it runs; returns how many entries."""
    gateway = open_gateway(config_path)

    async def covered() -> int:
        store = SqliteStore.open(
            database_path(config_path), gateway.sealer, root=gateway.keys.root.key, busy_ms=1_000
        )
        entries_count = 0
        try:
            while found := await store.chain(BLOCK_COUNT, datetime.now(UTC)):
                entries_count += found
        finally:
            await store.close()
        return entries_count

    return asyncio.run(covered())


def database_path(config_path: Path) -> Path:
    """Returns where a gateway's file is."""
    database = open_gateway(config_path).database
    assert isinstance(database, EmbeddedDatabase)
    return database.path


@contextmanager
def _indexed_afterwards(connection: sqlite3.Connection) -> Iterator[None]:
    """An index is made faster of all rows at once than row by row."""
    indexes = connection.execute(
        "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL ORDER BY rowid"
    ).fetchall()
    for name, _ in indexes:
        connection.execute(f"DROP INDEX {name}")
    yield
    for _, statement in indexes:
        connection.execute(statement)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
