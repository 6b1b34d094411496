"""The database on a server: how its schema is brought up to date, and what is refused.

A gateway never makes a schema by the way: an empty database would deny every sale that another one knows.
"""

import time
from typing import Final

import asyncpg

from medsettle_gateway.config import ConfigError
from medsettle_gateway.storage.found import ROOT, SEAL, Found
from medsettle_gateway.storage.migrations import Migration, read_migrations
from medsettle_gateway.storage.postgres.address import shown
from medsettle_gateway.storage.postgres.connecting import Connection, Waits, connect, refusals
from medsettle_gateway.storage.postgres.turns import TURNS, Turn
from medsettle_gateway.storage.sealing import Sealer

_SERVER_OLDEST: Final = 13
"""Where transactions first had ids that never come again."""
_VERSIONS: Final = """
CREATE TABLE IF NOT EXISTS schema_versions (
  version BIGINT PRIMARY KEY,
  oldest BIGINT NOT NULL,
  made_at_us BIGINT NOT NULL
)
"""
_MIGRATING: Final = Waits(lock_ms=60_000, statement_ms=0, idle_ms=0)
"""A step over large tables takes its time."""


def migrations() -> tuple[Migration, ...]:
    """Returns the shipped migrations, in their order, gapless from 1."""
    return read_migrations("medsettle_gateway.storage.postgres")


async def migrate(url: str) -> tuple[int, int]:
    """Brings the schema up to date, making it if it is missing; returns the version before and now.

    All steps commit together. Raises ConfigError if the database cannot be reached, is damaged, or of a newer
    release under which this one does not run.
    """
    with refusals(url):
        connection = await connect(url, _MIGRATING)
        try:
            await _refuse_server(url, connection)
            async with connection.transaction():
                await connection.execute("SELECT pg_advisory_xact_lock($1, $2)", TURNS, Turn.MIGRATE)
                await connection.execute(_VERSIONS)
                before = await _fitting_version(url, connection)
                for step in migrations()[before:]:
                    await connection.execute(step.script)
                    await connection.execute(
                        "INSERT INTO schema_versions VALUES ($1, $2, $3)", step.version, step.oldest,
                        time.time_ns() // 1000,
                    )
                return before, max(before, len(migrations()))
        finally:
            await connection.close()


async def look(url: str) -> Found:
    """Returns what is there, and makes nothing. Raises ConfigError if it cannot be reached."""
    with refusals(url):
        connection = await connect(url, Waits())
        try:
            if not await _versions(connection):
                return Found.NOTHING
            owned = await connection.fetchrow("SELECT 1 FROM settings WHERE name IN ($1, $2)", SEAL, ROOT)
            return Found.NEW if owned is None else Found.OWNED
        finally:
            await connection.close()


async def open_database(
    url: str, sealer: Sealer, *, root: str, waits: Waits | None = None, by_index: bool = False
) -> Connection:
    """Returns a connection to a database that is sound, fits this release and belongs to these keys.

    ``root`` is the id of the root key. ``by_index``: see :func:`connecting.connect`. Raises ConfigError,
    saying what to do, if it is not.
    """
    with refusals(url):
        connection = await connect(url, waits or Waits(), by_index=by_index)
        try:
            await _refuse_server(url, connection)
            version = await _fitting_version(url, connection)
            _refuse_older(url, version)
            await _refuse_other_keys(url, connection, sealer, root)
        except BaseException:
            await connection.close()
            raise
    return connection


def nothing_at(url: str) -> ConfigError:
    """Returns why work cannot go on where keys are but no schema."""
    place = shown(url)
    return ConfigError(
        f"数据库 {place} 是空的;请从备份恢复,不要新建:空的数据库会否认所有已结算的业务。",
        f"The database {place} is empty: restore it from the backup and make no new one, which would deny "
        "every sale that was settled.",
    )


async def _versions(connection: Connection) -> list[tuple[int, int]]:
    """Returns the steps that were taken: version, and the oldest release that works on it."""
    if await connection.fetchval("SELECT to_regclass('schema_versions')") is None:
        return []
    found = await connection.fetch("SELECT version, oldest FROM schema_versions ORDER BY version")
    return [(version, oldest) for version, oldest in found]


async def _fitting_version(url: str, connection: Connection) -> int:
    """Returns the version of the schema, 0 for none. Raises ConfigError if it does not fit this release."""
    taken = await _versions(connection)
    version, known = len(taken), len(migrations())
    if [each for each, _ in taken] != list(range(1, version + 1)):
        raise _damaged(url, "schema_versions")
    if version > known and max(oldest for _, oldest in taken) > known:
        raise ConfigError(
            f"数据库 {shown(url)} 的版本是 {version},本程序只认识到 {known};请使用更新的 medsettle-gateway。",
            f"The database {shown(url)} is of version {version}, this release knows up to {known}: "
            "use a newer medsettle-gateway.",
        )
    return version


def _damaged(url: str, what: str) -> ConfigError:
    return ConfigError(
        f"数据库 {shown(url)} 不完整({what});请不要继续使用,从备份恢复。",
        f"The database {shown(url)} is not whole ({what}): do not use it, restore a backup.",
    )


def _refuse_older(url: str, version: int) -> None:
    known = len(migrations())
    if version == 0:
        raise nothing_at(url)
    if version < known:
        raise ConfigError(
            f"数据库 {shown(url)} 的版本是 {version},需要 {known};"
            "请先备份,再执行 medsettle-gateway migrate。",
            f"The database {shown(url)} is of version {version}, this release needs {known}: "
            "back it up, then run medsettle-gateway migrate.",
        )


async def _refuse_server(url: str, connection: Connection) -> None:
    """What is promised after a commit must be true of this server."""
    version = connection.get_server_version().major
    if version < _SERVER_OLDEST:
        raise ConfigError(
            f"数据库 {shown(url)} 是 PostgreSQL {version},需要 {_SERVER_OLDEST} 或更新的版本。",
            f"The database {shown(url)} is PostgreSQL {version}: this needs {_SERVER_OLDEST} or newer.",
        )
    for name, wanted in (("server_encoding", "UTF8"), ("fsync", "on"), ("full_page_writes", "on")):
        found = await connection.fetchval("SELECT current_setting($1)", name)
        if found != wanted:
            raise ConfigError(
                f"数据库 {shown(url)} 的 {name} 是 {found},必须是 {wanted}:"
                "否则已答复的结算可能丢失或无法保存。",
                f"The database {shown(url)} has {name} = {found}: it must be {wanted}, or what was answered "
                "may be lost or cannot be kept.",
            )


async def _refuse_other_keys(url: str, connection: Connection, sealer: Sealer, root: str) -> None:
    """Another seal never opens the names again; with another root no till believes an answer."""
    await sealer.ready()
    owners = await _owners(connection)
    if len(owners) < len((SEAL, ROOT)):
        await connection.executemany(
            "INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING",
            [(SEAL, sealer.seals[0]), (ROOT, root)],
        )
        owners = await _owners(connection)
    for is_mine, file in (
        (sealer.owns(owners[SEAL]), "identities"), (owners[ROOT] == root, "root.pem"),
    ):
        if not is_mine:
            raise ConfigError(
                f"数据库 {shown(url)} 属于另一套密钥({file} 不同);"
                "请从备份恢复与它一起的 keys/ 目录,不要新建密钥。",
                f"The database {shown(url)} belongs to another key ({file} differs): restore the keys/ that "
                "belong to it from the backup, and make no new ones.",
            )


async def _owners(connection: Connection) -> dict[str, str]:
    try:
        found = await connection.fetch("SELECT name, value FROM settings WHERE name IN ($1, $2)", SEAL, ROOT)
    except asyncpg.UndefinedTableError as error:
        msg = "schema_versions names steps whose tables are not there"
        raise asyncpg.DataCorruptedError(msg) from error
    return {each["name"]: each["value"] for each in found}
