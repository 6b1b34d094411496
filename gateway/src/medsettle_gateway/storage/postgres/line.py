"""One connection of a process: made when it is needed, and made again when it was lost."""

import asyncio
import contextlib

from medsettle_gateway.storage.postgres.connecting import Connection, Waits
from medsettle_gateway.storage.postgres.database import open_database
from medsettle_gateway.storage.postgres.failures import FAILURES, unavailable
from medsettle_gateway.storage.sealing import Sealer

_GOODBYE_S = 2.0
"""How long a server may take to say goodbye."""


class Line:
    """One user at a time."""

    def __init__(self, url: str, sealer: Sealer, root: str, waits: Waits) -> None:
        self._url = url
        self._sealer = sealer
        self._root = root
        self._waits = waits
        self._connection: Connection | None = None
        self._closed = False

    async def open(self) -> Connection:
        """Returns the connection, once the database was looked at again. Raises ConfigError."""
        if self._connection is None or self._connection.is_closed():
            self._connection = await open_database(
                self._url, self._sealer, root=self._root, waits=self._waits, by_index=True
            )
        return self._connection

    async def connection(self) -> Connection:
        """Returns the connection, a new one where there is none. Raises StoreUnavailableError."""
        with unavailable():
            if self._closed:
                msg = "the store is closed"
                raise ConnectionError(msg)
            return await self.open()

    def drop(self) -> None:
        """Ends the connection at once: it is not known what state it is in."""
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None

    async def close(self) -> None:
        """Ends it for good."""
        self._closed = True
        if self._connection is not None:
            with contextlib.suppress(*FAILURES):
                await asyncio.wait_for(self._connection.close(), _GOODBYE_S)
            self.drop()
