"""The end of a transaction."""

from medsettle_gateway.storage.postgres.connecting import Connection


async def commit(connection: Connection) -> None:
    """Commits. Raises asyncpg's errors and OSError, and AssertionError if a statement had failed before.

    The server then undoes everything, and does not call that a fault.
    """
    done = await connection.execute("COMMIT")
    if done != "COMMIT":
        msg = f"a statement of the transaction had failed: its COMMIT came to {done}"
        raise AssertionError(msg)
