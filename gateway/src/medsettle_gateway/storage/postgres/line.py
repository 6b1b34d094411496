"""One connection of a process: made when it is needed, and made again when it was lost."""

import asyncio
import contextlib

from medsettle_gateway.config import ConfigError
from medsettle_gateway.storage.postgres.address import shown
from medsettle_gateway.storage.postgres.connecting import Connection, Waits, refusals
from medsettle_gateway.storage.postgres.database import open_database
from medsettle_gateway.storage.postgres.ending import kept
from medsettle_gateway.storage.postgres.failures import FAILURES, unavailable
from medsettle_gateway.storage.postgres.turns import TURNS, Turn
from medsettle_gateway.storage.sealing import Sealer

_GOODBYE_S = 2.0
"""How long a server may take to say goodbye."""


def _standby_away(url: str) -> ConfigError:
    place = shown(url)
    return ConfigError(
        f"数据库 {place} 的同步备库没有跟上,尚不能答复已写入的业务;请检查备库,"
        "或由数据库管理员将其移出 synchronous_standby_names。",
        f"The standby of the database {place} does not keep up, so what was written cannot be answered yet: "
        "see to the standby, or have it taken out of synchronous_standby_names.",
    )


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
            connection = await open_database(
                self._url, self._sealer, root=self._root, waits=self._waits, by_index=True
            )
            try:
                await self._serve(connection)
                await self._see_kept(connection)
            except BaseException:
                connection.terminate()
                raise
            self._connection = connection
        return self._connection

    async def _serve(self, connection: Connection) -> None:
        """As long as it lives no recovery can be begun: what was answered before it would be wrong."""
        with refusals(self._url):
            await connection.execute(f"SELECT pg_advisory_lock_shared({TURNS}, {Turn.SERVE})")

    async def _see_kept(self, connection: Connection) -> None:
        """Nothing is answered from what was seen of a server whose standby may lack it."""
        with refusals(self._url):
            try:
                await kept(connection, self._waits.commit_ms / 1000)
            except TimeoutError:
                raise _standby_away(self._url) from None

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
