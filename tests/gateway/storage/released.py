"""What a release asks of its database, kept, so that the schemas of later releases can be tried with it.

``make released`` writes tests/gateway/storage/released/ when a version is released: every statement that was
run on the way through all keys and moves, in order, with its values, and how many rows each table had then.
"""

import asyncio
import base64
import contextlib
import json
import sqlite3
import tempfile
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple
from unittest.mock import patch

import asyncpg

from medsettle_gateway.domain.keys import MemberKey
from medsettle_gateway.service.ports import LockedError, Store
from medsettle_gateway.storage.postgres.database import migrate as migrate_server
from medsettle_gateway.storage.sqlite import database as embedded
from medsettle_gateway.storage.sqlite.database import migrate
from tests.gateway.storage.postgres_stand import PostgresStand
from tests.gateway.storage.release_course import FATHER, founded, take_course
from tests.gateway.storage.stand import SqliteStand, Stand
from tests.postgres import databases

RELEASED: Final = Path(__file__).with_name("released")
TABLES_OF_FILE: Final = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
TABLES_OF_SERVER: Final = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"


class Call(NamedTuple):
    """A statement and its values."""

    sql: str
    values: Sequence[Any] = ()


class Kept(NamedTuple):
    """What a release asked, and how many rows there were at the end."""

    calls: list[Call]
    rows: dict[str, int]


def kept(store: str) -> Kept:
    """Returns what the last release asked of a kind of store."""
    rows, *told = (RELEASED / f"{store}.jsonl").read_text("utf-8").splitlines()
    calls = [Call(sql, list(map(_value, values))) for sql, values in map(json.loads, told)]
    return Kept(calls, json.loads(rows))


def keep(store: str, found: Kept) -> None:
    """Writes it down, a call a line, behind the line of how many rows there are."""
    RELEASED.mkdir(exist_ok=True)
    calls = ([sql, list(map(_plain, values))] for sql, values in found.calls)
    lines = (json.dumps(each, ensure_ascii=False) for each in (found.rows, *calls))
    (RELEASED / f"{store}.jsonl").write_text("".join(f"{line}\n" for line in lines), "utf-8")


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return {"base64": base64.b64encode(value).decode()}
    return list(map(_plain, value)) if isinstance(value, list | tuple) else value


def _value(plain: Any) -> Any:
    if isinstance(plain, dict):
        return base64.b64decode(plain["base64"])
    return list(map(_value, plain)) if isinstance(plain, list) else plain


def asked_of_a_file(folder: Path) -> Kept:
    """Takes the course on a new file."""
    migrate(folder / "gateway.db")
    with _heard_by_file() as calls:
        asyncio.run(_course(SqliteStand(folder)))
    with closing(sqlite3.connect(folder / "gateway.db")) as connection:
        return Kept(calls, rows_of_file(connection))


def rows_of_file(connection: sqlite3.Connection) -> dict[str, int]:
    """Returns how many rows each table has."""
    names = [name for (name,) in connection.execute(TABLES_OF_FILE).fetchall()]
    count = "SELECT count(*) FROM {}"
    return {name: connection.execute(count.format(name)).fetchone()[0] for name in sorted(names)}


def asked_of_a_server(url: str) -> Kept:
    """Takes the course on a new database of a server."""
    asyncio.run(migrate_server(url))
    with _heard_by_server() as calls:
        asyncio.run(_course(PostgresStand(url), _meet_a_lock))
    return Kept(calls, asyncio.run(_rows_of_server(url)))


async def _rows_of_server(url: str) -> dict[str, int]:
    connection = await asyncpg.connect(url)
    try:
        return await rows_of_server(connection)
    finally:
        await connection.close()


async def rows_of_server(connection: Any) -> dict[str, int]:
    """Returns how many rows each table has."""
    names = sorted(row["tablename"] for row in await connection.fetch(TABLES_OF_SERVER))
    count = "SELECT count(*) FROM {}"
    return {name: await connection.fetchval(count.format(name)) for name in names}


async def _nothing_more(stand: Stand, store: Store, refs: dict[str, str]) -> None:
    """A file has one writer at a time."""


async def _meet_a_lock(stand: Stand, store: Store, refs: dict[str, str]) -> None:
    """Asks for what another gateway holds."""
    key, other = MemberKey(refs[FATHER]), await stand.opened()
    async with other.begin() as holding:
        await holding.load((key,))
        with contextlib.suppress(LockedError):
            async with store.begin() as transaction:
                await transaction.load((key,))
    await other.close()


async def _course(
    stand: Stand, more: Callable[[Stand, Store, dict[str, str]], Awaitable[None]] = _nothing_more
) -> None:
    refs = await asyncio.to_thread(founded, stand)
    store: Store = await stand.opened()
    await take_course(store, refs)
    await more(stand, store, refs)
    await store.close()


@contextmanager
def _heard_by_file() -> Iterator[list[Call]]:
    """Every statement with its values in it; what triggers run besides begins with ``--``."""
    calls: list[Call] = []
    connect = embedded.connect

    def heard(sql: str) -> None:
        if not sql.startswith(("--", "PRAGMA")):
            calls.append(Call(sql))

    def connected(path: Path, *, busy_ms: int = 0) -> sqlite3.Connection:
        connection = connect(path, busy_ms=busy_ms)
        connection.set_trace_callback(heard)
        return connection

    with patch.object(embedded, "connect", connected), patch(f"{STORE_OF_FILE}.connect", connected):
        yield calls


STORE_OF_FILE: Final = "medsettle_gateway.storage.sqlite.store"


class _Prepared:
    """A prepared statement that is heard: the connection's own logger hears only what is not prepared."""

    def __init__(self, statement: Any, heard: list[Call]) -> None:
        self._statement = statement
        self._heard = heard

    async def fetch(self, *values: Any) -> Any:
        self._heard.append(Call(self._statement.get_query(), values))
        return await self._statement.fetch(*values)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._statement, name)


@contextmanager
def _heard_by_server() -> Iterator[list[Call]]:
    calls: list[Call] = []
    connect: Callable[..., Any] = asyncpg.connect

    class Hearing(asyncpg.Connection):  # type: ignore[misc]
        async def prepare(self, query: str, **settings: Any) -> Any:
            return _Prepared(await super().prepare(query, **settings), calls)

    def heard(query: Any) -> None:
        if query.exception is None and not query.query.lstrip().startswith("WITH RECURSIVE typeinfo"):
            many = query.args is not None and not isinstance(query.args, tuple)
            calls.extend(Call(query.query, each or ()) for each in (query.args if many else [query.args]))

    async def connected(*arguments: Any, **settings: Any) -> Any:
        connection = await connect(*arguments, **settings, connection_class=Hearing)
        connection.add_query_logger(heard)
        return connection

    with patch.object(asyncpg, "connect", connected):
        yield calls


def main() -> None:
    """Writes what this release asks of both stores."""
    with tempfile.TemporaryDirectory() as folder:
        keep("sqlite", asked_of_a_file(Path(folder)))
    with databases() as made:
        keep("postgres", asked_of_a_server(made.new()))


if __name__ == "__main__":
    main()
