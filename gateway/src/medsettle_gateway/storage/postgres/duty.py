"""A duty that one process at a time has: a lock of the server, held as long as its connection lives."""

from medsettle_gateway.service.ports import StoreUnavailableError
from medsettle_gateway.storage.postgres.connecting import Connection
from medsettle_gateway.storage.postgres.failures import unavailable
from medsettle_gateway.storage.postgres.line import Line
from medsettle_gateway.storage.postgres.turns import TURNS, Turn


class Duty:
    """Whose process is gone loses it: the server frees the lock with the connection."""

    def __init__(self, line: Line, turn: Turn) -> None:
        self._line = line
        self._turn = turn
        self._held_by: Connection | None = None

    async def connection(self) -> Connection | None:
        """Returns the connection that holds the duty; None while another process has it.

        Raises StoreUnavailableError.
        """
        try:
            connection = await self._line.connection()
            if connection is not self._held_by:
                self._held_by = None
                with unavailable():
                    if await connection.fetchval("SELECT pg_try_advisory_lock($1, $2)", TURNS, self._turn):
                        self._held_by = connection
        except StoreUnavailableError:
            self._line.drop()
            raise
        return self._held_by

    async def close(self) -> None:
        """Gives the duty up."""
        self._held_by = None
        await self._line.close()
