"""Whether a database has everything that decisions ask of it."""

import asyncpg

from medsettle_gateway.config import ConfigError
from medsettle_gateway.storage.postgres.address import shown
from medsettle_gateway.storage.postgres.connecting import Connection, refusals, said
from medsettle_gateway.storage.postgres.statements import SQL


async def refuse_unsound(url: str, connection: Connection) -> None:
    """Raises ConfigError unless every statement that decisions run fits the tables that are there."""
    with refusals(url):
        for name, statement in SQL.items():
            try:
                await connection.prepare(statement)
            except asyncpg.SyntaxOrAccessError as error:
                place, what = shown(url), f"{name}: {said(error)}"
                raise ConfigError(
                    f"数据库 {place} 不完整({what});请不要继续使用,从备份恢复。",
                    f"The database {place} is not whole ({what}): do not use it, restore a backup.",
                ) from error
