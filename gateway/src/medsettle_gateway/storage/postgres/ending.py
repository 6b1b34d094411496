"""The end of a transaction: it is on disk and on the standby, if the server has one, or it is not known."""

import asyncio
from typing import Final

from medsettle_gateway.storage.postgres.connecting import Connection

_NEVER_S: Final = 365 * 86_400.0
_BEHIND_ALL: Final = "SELECT pg_logical_emit_message(TRUE, 'medsettle', '')"
"""Changes nothing, and is committed behind everything that can be seen."""


async def commit(connection: Connection, within_s: float | None = None) -> None:
    """Commits. Raises asyncpg's errors and OSError, and AssertionError if a statement had failed before.

    The server then undoes everything, and does not call that a fault.

    A server that waits for its standby longer than ``within_s`` is left alone with it: the line is ended. To
    cancel the statement would end the wait instead, and show everybody what the standby does not have. So
    nobody sees anything of the transaction, or gets its locks, before the standby has it.
    """
    alarm = None
    if within_s is not None:
        alarm = asyncio.get_running_loop().call_later(within_s, connection.terminate)
    try:
        done = await connection.execute("COMMIT", timeout=_NEVER_S)
    finally:
        if alarm is not None:
            alarm.cancel()
    if done != "COMMIT":
        msg = f"a statement of the transaction had failed: its COMMIT came to {done}"
        raise AssertionError(msg)


async def kept(connection: Connection, within_s: float) -> None:
    """Returns once whatever can be seen is on disk, and on the standby if the server waits for one.

    A server that was killed while it waited shows after its start what the standby may not have. Raises
    TimeoutError, asyncpg's errors and OSError.
    """
    await connection.execute(_BEHIND_ALL, timeout=within_s)
