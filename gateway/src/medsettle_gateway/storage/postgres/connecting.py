"""Connections to the server: how each is set up, and what its failures mean."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final, NamedTuple, TypeAlias

import asyncpg
from asyncpg import exceptions

from medsettle_gateway.config import ConfigError
from medsettle_gateway.storage.postgres.address import shown

Connection: TypeAlias = asyncpg.Connection

_SETTINGS: Final[Mapping[str, str]] = {
    "application_name": "medsettle-gateway",
    # The answer leaves after the commit is on disk (a standby's too, if one is named), whatever the default.
    "synchronous_commit": "on",
    "timezone": "UTC",
    "jit": "off",
    # A machine that is gone must not keep its locks until somebody looks.
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
}
_BY_INDEX: Final[Mapping[str, str]] = {
    # A plan that was made over empty tables must still be right when they are full.
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
}


class Waits(NamedTuple):
    """How long anything may take, in milliseconds; the server ends it, and this side where it is silent."""

    connect_ms: int = 5_000
    lock_ms: int = 2_000
    """For a row that another process changes; commands also for what gateways are deciding about."""
    statement_ms: int = 15_000
    commit_ms: int = 10_000
    """For the disk, and for the standby where one is waited for."""
    idle_ms: int = 15_000
    """For the next statement of a transaction: a process that hangs must not stop the others."""
    silent_ms: int = 5_000
    """For a server that is gone to say so, on top of what the statement may take."""


async def connect(url: str, waits: Waits, *, by_index: bool = False) -> Connection:
    """Returns a connection. ``by_index``: every statement goes through an index, as decisions do.

    Raises what :func:`refusals` tells: OSError, TimeoutError, asyncpg's errors.
    """
    settings = {
        **_SETTINGS,
        **(_BY_INDEX if by_index else {}),
        "lock_timeout": str(max(waits.lock_ms, 1)),  # 0 would be for ever
        "statement_timeout": str(waits.statement_ms),
        "idle_in_transaction_session_timeout": str(waits.idle_ms),
    }
    return await asyncpg.connect(
        url,
        timeout=waits.connect_ms / 1000,
        command_timeout=(waits.statement_ms + waits.silent_ms) / 1000 if waits.statement_ms else None,
        statement_cache_size=1_000,
        max_cached_statement_lifetime=0,
        server_settings=settings,
    )


@contextmanager
def refusals(url: str) -> Iterator[None]:
    """Whatever the server fails of inside is a ConfigError that says what to do."""
    try:
        yield
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise _refusal(shown(url), error) from error


def said(error: BaseException) -> str:
    """Returns what the server said, in one line and without the row that it was about."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return " ".join(str(error.args[0] if error.args else error).split())


def _refusal(place: str, error: Exception) -> ConfigError:
    match error:
        case exceptions.ClientConfigurationError():
            return ConfigError(
                "storage.database_url 不是有效的数据库地址;格式为 postgresql://用户@主机/数据库。",
                "storage.database_url is no address of a database: write postgresql://USER@HOST/DATABASE.",
            )
        case asyncpg.InvalidAuthorizationSpecificationError():
            return ConfigError(
                f"数据库 {place} 拒绝了用户或密码({said(error)});请检查 storage.database_url。",
                f"The database {place} refuses the user or the password ({said(error)}): "
                "check storage.database_url.",
            )
        case asyncpg.InvalidCatalogNameError():
            return ConfigError(
                f"数据库 {place} 不存在;请先由数据库管理员创建,或检查 storage.database_url 中的名称。",
                f"There is no database {place}: have it created, or check the name in storage.database_url.",
            )
        case asyncpg.InsufficientPrivilegeError():
            return ConfigError(
                f"数据库 {place} 的用户没有所需权限({said(error)});迁移用所有者,运行用授权的角色。",
                f"The user of {place} lacks a privilege ({said(error)}): migrate as the owner, serve as a "
                "role that was granted what the README lists.",
            )
        case asyncpg.LockNotAvailableError():
            return ConfigError(
                f"数据库 {place} 正被其他进程占用;请稍后再试。",
                f"The database {place} is busy with another process: try again later.",
            )
        case asyncpg.PostgresError() if not isinstance(error, asyncpg.PostgresConnectionError):
            return ConfigError(
                f"数据库 {place} 不可用({said(error)})。",
                f"The database {place} cannot be used ({said(error)}).",
            )
    why = said(error) or type(error).__name__
    return ConfigError(
        f"无法连接数据库 {place}({why});请检查地址、网络,以及服务器是否在运行。",
        f"Cannot reach the database {place} ({why}): check its address, the network, and that the server "
        "runs.",
    )
