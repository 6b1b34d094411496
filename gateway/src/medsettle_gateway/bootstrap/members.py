"""Members by their numbers: for an operator's credential resolver, whose service knows no other name."""

import asyncio
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Final, TypeVar

from medsettle_gateway.config import Config, ConfigError
from medsettle_gateway.files.identity_keys import KeyFile
from medsettle_gateway.files.keys import Keys, load_keys
from medsettle_gateway.resolvers.people import NumberKind, Registered
from medsettle_gateway.service.ports import StoreUnavailableError
from medsettle_gateway.storage.connection import Connection, DatabaseFailedError
from medsettle_gateway.storage.register import holders_of, member_of
from medsettle_gateway.storage.sealing import Sealer
from medsettle_gateway.storage.stores import database_of

T = TypeVar("T")

_SELDOM_S: Final = 5.0
_OFTEN_S: Final = 0.2
"""How long nothing is read again, with a command and with a file."""
_REST_TIMES: Final = 10
"""At most an eleventh of the time is spent on a command that does not answer."""


def sealer_of(config: Config, keys: Keys) -> Sealer:
    """Returns what seals people's names and numbers: it takes new keys as soon as they are in their file.

    Not again and again: a command may ask a service far away, and whoever serves waits for it.
    """
    section = config.keys
    file = KeyFile(section.directory, section.identity_key_command, keys.identities)
    pause_s = _SELDOM_S if section.identity_key_command else _OFTEN_S
    return Sealer.of(*keys.identities, reload=_Seldom(file.read, pause_s), changed=file.changed)


class _Seldom:
    """Reads the keys anew, but not again and again: the slower that is, the longer it rests."""

    def __init__(self, read: Callable[[], tuple[bytes, ...]], pause_s: float) -> None:
        self._read, self._pause_s, self._not_before = read, pause_s, 0.0

    def __call__(self) -> tuple[bytes, ...]:
        began = time.monotonic()
        if began < self._not_before:
            return ()
        try:
            return self._read()
        finally:
            ended = time.monotonic()
            self._not_before = ended + max(self._pause_s, _REST_TIMES * (ended - began))


class Members:
    """Finds members of a gateway's register, one look-up after another, on a connection beside the gateway.

    The connection is made with the first look-up, and anew after a failure. ``close`` ends it.
    """

    def __init__(self, config: Config) -> None:
        """Raises ConfigError if the keys or the driver are missing."""
        keys = load_keys(config.keys.directory, config.keys.identity_key_command)
        self._database = database_of(config)
        self._sealer, self._root = sealer_of(config, keys), keys.root.key
        self._line = ThreadPoolExecutor(1, "medsettle-members")
        self._connection: Connection | None = None

    async def of(self, number: str) -> str | None:
        """Returns the reference of the member with this number (个人编号); None if the register has nobody.

        Raises ConfigError if the database cannot be opened, and what its driver raises.
        """
        return await self._asked(lambda connection: member_of(connection, self._sealer, number))

    async def known_by(self, kind: NumberKind, number: str) -> tuple[Registered, ...]:
        """Returns everybody in the register who has this number of an identity or a social card.

        Raises StoreUnavailableError.
        """
        try:
            found = await self._asked(
                lambda connection: holders_of(connection, self._sealer, kind.value, number) or None
            )
        except (sqlite3.Error, DatabaseFailedError, ConfigError) as error:
            msg = f"the register cannot be read: {type(error).__name__}"
            raise StoreUnavailableError(msg) from None
        return tuple(Registered(*each) for each in found or ())

    async def close(self) -> None:
        """Ends the connection, once the look-up that runs has ended."""
        await asyncio.get_running_loop().run_in_executor(self._line, self._drop)
        self._line.shutdown(wait=False)

    async def _asked(self, ask: Callable[[Connection], T | None]) -> T | None:
        return await asyncio.get_running_loop().run_in_executor(self._line, self._look_up, ask)

    def _look_up(self, ask: Callable[[Connection], T | None]) -> T | None:
        """Asked once more on a new connection where the one that was kept fails."""
        is_kept = self._connection is not None
        try:
            return self._found(ask)
        except (sqlite3.Error, DatabaseFailedError):
            self._drop()
            if not is_kept:
                raise
            return self._found(ask)

    def _found(self, ask: Callable[[Connection], T | None]) -> T | None:
        if self._connection is None:
            self._connection = self._database.connect(self._sealer, root=self._root)
        found = ask(self._connection)
        if found is None and self._sealer.renew():  # entered since, by a key that is newer than ours
            found = ask(self._connection)
        return found

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(sqlite3.Error, DatabaseFailedError):
                connection.close()
