"""Which store a configuration means, and what is done with either: looked at, made, opened."""

import asyncio
import importlib.util
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from medsettle_gateway.config import Config, ConfigError
from medsettle_gateway.service.ports import Store
from medsettle_gateway.storage.connection import (
    CommitUnknownError,
    Connection,
    DatabaseFailedError,
    begin,
)
from medsettle_gateway.storage.found import Found
from medsettle_gateway.storage.sealing import Sealer
from medsettle_gateway.storage.sqlite import database as embedded
from medsettle_gateway.storage.sqlite.store import SqliteStore

DRIVER = "asyncpg"


class Database(Protocol):
    """Where a gateway's books are kept. Whatever cannot be used is a ConfigError that says what to do."""

    @property
    def shown(self) -> str:
        """Where it is, for people."""

    def look(self) -> Found:
        """Returns what is there, and makes nothing."""

    def nothing(self) -> ConfigError:
        """Returns why work cannot go on where keys are but no database."""

    def migrate(self) -> tuple[int, int]:
        """Brings it up to date, making it if it is empty; returns the version before and now."""

    def connect(self, sealer: Sealer, *, root: str) -> Connection:
        """Returns a connection for commands; ``root`` is the id of the root key that it belongs to."""

    async def open(self, sealer: Sealer, *, root: str) -> Store:
        """Returns the store that decisions are made on."""


@dataclass(frozen=True, slots=True)
class EmbeddedDatabase:
    """A file of SQLite."""

    path: Path
    busy_ms: int

    @property
    def shown(self) -> str:
        """Its path."""
        return str(self.path)

    def look(self) -> Found:
        """Returns what is there."""
        return embedded.look(self.path, busy_ms=self.busy_ms)

    def nothing(self) -> ConfigError:
        """Returns why work cannot go on without it."""
        return embedded.nothing_at(self.path)

    def migrate(self) -> tuple[int, int]:
        """Brings it up to date; returns the version before and now."""
        return embedded.migrate(self.path, busy_ms=self.busy_ms)

    def connect(self, sealer: Sealer, *, root: str) -> sqlite3.Connection:
        """Returns a connection for commands."""
        return embedded.open_database(self.path, sealer, root=root, busy_ms=self.busy_ms)

    async def open(self, sealer: Sealer, *, root: str) -> SqliteStore:
        """Returns the store."""
        return SqliteStore.open(self.path, sealer, root=root, busy_ms=self.busy_ms)


@dataclass(frozen=True, slots=True)
class ServerDatabase:
    """A database of PostgreSQL; its driver is loaded with the first use."""

    url: str
    busy_ms: int

    @property
    def shown(self) -> str:
        """Where it is, without a password."""
        from medsettle_gateway.storage.postgres.address import shown  # noqa: PLC0415

        return shown(self.url)

    def look(self) -> Found:
        """Returns what is there."""
        from medsettle_gateway.storage.postgres.database import look  # noqa: PLC0415 - the driver is optional

        return asyncio.run(look(self.url))

    def nothing(self) -> ConfigError:
        """Returns why work cannot go on without it."""
        from medsettle_gateway.storage.postgres.database import nothing_at  # noqa: PLC0415

        return nothing_at(self.url)

    def migrate(self) -> tuple[int, int]:
        """Brings it up to date; returns the version before and now."""
        from medsettle_gateway.storage.postgres.database import migrate  # noqa: PLC0415

        return asyncio.run(migrate(self.url))

    def connect(self, sealer: Sealer, *, root: str) -> Connection:
        """Returns a connection for commands."""
        from medsettle_gateway.storage.postgres.blocking import BlockingConnection  # noqa: PLC0415

        return BlockingConnection.open(self.url, sealer, root=root, busy_ms=self.busy_ms)

    async def open(self, sealer: Sealer, *, root: str) -> Store:
        """Returns the store."""
        from medsettle_gateway.storage.postgres.connecting import Waits  # noqa: PLC0415
        from medsettle_gateway.storage.postgres.store import PostgresStore  # noqa: PLC0415

        return await PostgresStore.open(self.url, sealer, root=root, waits=Waits(lock_ms=self.busy_ms))


def database_of(config: Config) -> Database:
    """Returns the database that a configuration names. Raises ConfigError if its driver is not installed."""
    url, busy_ms = config.storage.database_url, config.limits.store_busy_ms
    if url is None:
        return EmbeddedDatabase(config.storage.path, busy_ms)
    if importlib.util.find_spec(DRIVER) is None:
        raise ConfigError(
            f"storage.database_url 需要 {DRIVER};请执行 pip install 'medsettle-gateway[postgres]'。",
            f"storage.database_url needs {DRIVER}: run pip install 'medsettle-gateway[postgres]'.",
        )
    return ServerDatabase(url.text, busy_ms)


@contextmanager
def connected(database: Database, sealer: Sealer, *, root: str) -> Iterator[Connection]:
    """Yields a connection outside of any transaction. Raises ConfigError if it cannot be had."""
    connection = database.connect(sealer, root=root)
    try:
        yield connection
    finally:
        connection.close()


@contextmanager
def writing_alone(database: Database, sealer: Sealer, *, root: str) -> Iterator[Connection]:
    """The same as ``writing``, while no gateway answers. Raises ConfigError if one does, or is about to."""
    if isinstance(database, EmbeddedDatabase):
        embedded.require_alone(database.path)
    with writing(database, sealer, root=root) as connection:
        if not isinstance(connection, sqlite3.Connection) and not connection.serve_alone():
            raise ConfigError(
                f"数据库 {database.shown} 上有网关在服务:请先停止所有网关。",
                f"Gateways serve the database {database.shown}: stop all of them first.",
            )
        yield connection


@contextmanager
def writing(database: Database, sealer: Sealer, *, root: str, keep: bool = True) -> Iterator[Connection]:
    """Yields a connection inside a writing transaction; leaving it commits if ``keep``.

    Raises ConfigError if the database cannot be opened, sqlite3.Error or DatabaseFailedError if it cannot be
    written, CommitUnknownError if it is not known whether it was.
    """
    with connected(database, sealer, root=root) as connection:
        begin(connection)
        yield connection
        if not keep:
            connection.execute("ROLLBACK")
            return
        try:
            connection.execute("COMMIT")
        except (DatabaseFailedError, KeyboardInterrupt) as error:
            raise CommitUnknownError(str(error) or "interrupted") from error
