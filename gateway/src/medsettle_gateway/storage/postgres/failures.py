"""What the server's failures mean to those who ask."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg

from medsettle_gateway.config import ConfigError
from medsettle_gateway.service.ports import ContendedError, StoreUnavailableError
from medsettle_gateway.storage.postgres.connecting import said

_AGAIN = (
    asyncpg.TransactionRollbackError,  # a deadlock, or what was read has changed
    asyncpg.LockNotAvailableError,
    asyncpg.OutOfMemoryError,  # no room for more locks: fewer at a time fit
    asyncpg.InvalidCachedStatementError,  # the schema has changed under the connection
)
FAILURES = (
    asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, TimeoutError,
    ConfigError,
)
"""Whatever a server or the way to it may fail of."""


@contextmanager
def unavailable() -> Iterator[None]:
    """Raises StoreUnavailableError for what the server fails of; ContendedError if it may be repeated.

    The server's own error is not told with it: it may show a row, and all of it would stand in the log.
    """
    try:
        yield
    except _AGAIN as error:
        raise ContendedError(said(error)) from None
    except FAILURES as error:
        msg = f"the database cannot be used: {said(error) or type(error).__name__}"
        raise StoreUnavailableError(msg) from None


async def to_its_end(work: "asyncio.Future[object]") -> None:
    """Waits for work that must not be broken off; a caller that was cancelled is told so after it."""
    cancelled: asyncio.CancelledError | None = None
    while not work.done():
        try:
            await asyncio.shield(work)
        except asyncio.CancelledError as error:
            cancelled = error
        except Exception:  # noqa: BLE001 - it is raised below
            break
    work.result()
    if cancelled is not None:
        raise cancelled
