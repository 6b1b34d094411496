"""Opening the database file: how it is set up, brought up to date, and refused.

A gateway never makes a database by the way: an empty one would deny every sale that another one
knows.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from medsettle_gateway.config import ConfigError
from medsettle_gateway.storage.found import ROOT, SEAL, Found
from medsettle_gateway.storage.migrations import Migration, read_migrations
from medsettle_gateway.storage.sealing import Sealer

_CHECKED_WHOLE_BYTES: Final = 64 * 1_048_576
"""A larger file is checked whole by ``migrate`` only: a gateway has to be ready at once."""
_PRAGMAS: Final = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA trusted_schema = OFF",
    "PRAGMA recursive_triggers = ON",  # else REPLACE deletes what triggers keep, and asks none of them
)
_OLDEST: Final = "oldest_release"
"""The setting that says of which version of the schema which is the oldest release that works on it."""


def migrations() -> tuple[Migration, ...]:
    """Returns the shipped migrations, in their order, gapless from 1."""
    return read_migrations("medsettle_gateway.storage.sqlite")


def connect(path: Path, *, busy_ms: int = 0) -> sqlite3.Connection:
    """Returns a connection that commits only when told to and waits at most ``busy_ms`` for others.

    Raises sqlite3.Error. The file is made if it is missing.
    """
    connection = sqlite3.connect(
        path, timeout=busy_ms / 1000, isolation_level=None, check_same_thread=False, cached_statements=256
    )
    try:
        for pragma in _PRAGMAS:
            connection.execute(pragma)
    except BaseException:
        connection.close()
        raise
    return connection


def schema_version(connection: sqlite3.Connection) -> int:
    """Returns the version of the schema; 0 for an empty file."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


def migrate(path: Path, *, busy_ms: int = 0) -> tuple[int, int]:
    """Brings the file up to date, making it if it is missing; returns the version before and now.

    All steps commit together. Raises ConfigError if the file is damaged, or of a newer release on whose
    schema this one does not work.
    """
    with _refusals(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        # Made by us and not by SQLite, for its owner alone; the files beside it get the same rights.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        connection = connect(path, busy_ms=busy_ms)
        try:
            connection.execute("BEGIN IMMEDIATE")
            before = schema_version(connection)
            _refuse_newer(path, connection)
            _refuse_damaged(path, connection, whole=True)
            for step in migrations()[before:]:
                for statement in _statements(step.script):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {step.version}")
                oldest = f"{step.version}:{step.oldest}"
                connection.execute("REPLACE INTO settings VALUES (?, ?)", (_OLDEST, oldest))
            connection.execute("COMMIT")
            return before, schema_version(connection)
        finally:
            connection.close()


def look(path: Path, *, busy_ms: int = 0) -> Found:
    """Returns what is there, and makes nothing. Raises ConfigError if it is no sound database."""
    if not path.is_file():
        return Found.NOTHING
    with _refusals(path), closing(connect(path, busy_ms=busy_ms)) as connection:
        if schema_version(connection) == 0:
            return Found.NOTHING
        owned = connection.execute("SELECT 1 FROM settings WHERE name IN (?, ?)", (SEAL, ROOT)).fetchone()
        return Found.NEW if owned is None else Found.OWNED


def nothing_at(path: Path) -> ConfigError:
    """Returns why work cannot go on where keys are but no database."""
    return ConfigError(
        f"数据库 {path} 不存在或是空的;请从备份恢复,不要新建:空的数据库会否认所有已结算的业务。",
        f"There is no database {path}, or it is empty: restore it from the backup and make no new one, which "
        "would deny every sale that was settled.",
    )


def open_database(path: Path, sealer: Sealer, *, root: str, busy_ms: int = 0) -> sqlite3.Connection:
    """Returns a connection to a database that is sound, of this release and belongs to these keys.

    ``root`` is the id of the root key. Raises ConfigError, saying what to do, if it is not.
    """
    if not path.is_file():
        raise nothing_at(path)
    with _refusals(path):
        connection = connect(path, busy_ms=busy_ms)
        try:
            _refuse_newer(path, connection)
            _refuse_older(path, schema_version(connection))
            _refuse_damaged(path, connection, whole=path.stat().st_size <= _CHECKED_WHOLE_BYTES)
            _refuse_other_keys(path, connection, sealer, root)
        except BaseException:
            connection.close()
            raise
    return connection


def require_alone(path: Path) -> None:
    """Ends the log of a database that nobody else has open. Raises ConfigError if one does, or none is."""
    if not path.is_file():
        raise nothing_at(path)
    try:
        with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.OperationalError as error:
        raise ConfigError(
            f"数据库 {path} 正在使用:请先停止网关和其他命令({error})。",
            f"The database {path} is in use: stop the gateway and other commands first ({error}).",
        ) from error
    except sqlite3.DatabaseError:
        return  # what is damaged is only moved


@contextmanager
def _refusals(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        raise ConfigError(
            f"无法打开数据库 {path}({error});请检查路径、权限、磁盘空间,以及是否被其他进程占用。",
            f"Cannot open the database {path} ({error}): check its path, its permissions, the disk space "
            "and whether another process holds it.",
        ) from error
    except sqlite3.DatabaseError as error:
        raise _damaged(path, str(error)) from error
    except OSError as error:
        raise ConfigError(
            f"无法打开数据库 {path}({error.strerror})。",
            f"Cannot open the database {path} ({error.strerror}).",
        ) from error


def _damaged(path: Path, what: str) -> ConfigError:
    return ConfigError(
        f"数据库 {path} 已损坏({what});请不要继续使用,从备份恢复。",
        f"The database {path} is damaged ({what}): do not use it, restore a backup.",
    )


def _refuse_newer(path: Path, connection: sqlite3.Connection) -> None:
    """A release runs on a newer schema where the steps that it does not know say so."""
    version, known = schema_version(connection), len(migrations())
    if version > known and _oldest_release(connection) > known:
        raise ConfigError(
            f"数据库 {path} 的版本是 {version},本程序只认识到 {known};请使用更新的 medsettle-gateway。",
            f"The database {path} is of version {version}, this release knows up to {known}: "
            "use a newer medsettle-gateway.",
        )


def _oldest_release(connection: sqlite3.Connection) -> int:
    """Returns what the schema says, and its own version where it does not say it of this one."""
    version = schema_version(connection)
    row = connection.execute("SELECT value FROM settings WHERE name = ?", (_OLDEST,)).fetchone()
    said_of, _, oldest = row[0].partition(":") if row is not None else ("", "", "")
    return int(oldest) if said_of == str(version) else version


def _refuse_older(path: Path, version: int) -> None:
    known = len(migrations())
    if version == 0:
        raise nothing_at(path)
    if version < known:
        raise ConfigError(
            f"数据库 {path} 的版本是 {version},需要 {known};请先备份,再执行 medsettle-gateway migrate。",
            f"The database {path} is of version {version}, this release needs {known}: "
            "back it up, then run medsettle-gateway migrate.",
        )


def _refuse_damaged(path: Path, connection: sqlite3.Connection, *, whole: bool) -> None:
    if whole:
        (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if found != "ok":
            raise _damaged(path, " ".join(str(found).split()))
    connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()


def _refuse_other_keys(path: Path, connection: sqlite3.Connection, sealer: Sealer, root: str) -> None:
    """Another seal never opens the names again; with another root no till believes an answer."""
    if len(_owners(connection)) < len((SEAL, ROOT)):
        connection.executemany(
            "INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING",
            [(SEAL, sealer.seals[0]), (ROOT, root)],
        )
    owners = _owners(connection)
    for is_mine, file in (
        (sealer.owns(owners[SEAL]), "identities"), (owners[ROOT] == root, "root.pem"),
    ):
        if not is_mine:
            raise ConfigError(
                f"数据库 {path} 属于另一套密钥({file} 不同);请从备份恢复与它一起的 keys/ 目录,不要新建密钥。",
                f"The database {path} belongs to another key ({file} differs): restore the keys/ that belong "
                "to it from the backup, and make no new ones.",
            )


def _owners(connection: sqlite3.Connection) -> dict[str, str]:
    return dict(
        connection.execute("SELECT name, value FROM settings WHERE name IN (?, ?)", (SEAL, ROOT)).fetchall()
    )


def _statements(script: str) -> Iterator[str]:
    """Yields the statements of a script one by one: executescript would commit in between."""
    pending = ""
    for line in script.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            yield pending
            pending = ""
