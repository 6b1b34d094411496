"""What is loaded and written between begin and commit, under locks that other processes respect."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from medsettle_gateway.domain.keys import AnyKey, Facts
from medsettle_gateway.domain.locks import Lock, locks_of_key, locks_read, locks_written
from medsettle_gateway.domain.moves import Move
from medsettle_gateway.service.ports import ContendedError, LockedError
from medsettle_gateway.storage.instants import from_us
from medsettle_gateway.storage.postgres.connecting import Connection
from medsettle_gateway.storage.postgres.failures import unavailable
from medsettle_gateway.storage.postgres.latest import last_committed_at
from medsettle_gateway.storage.postgres.loading import load
from medsettle_gateway.storage.postgres.locking import (
    Shared,
    as_read,
    missing,
    try_for,
    try_with_people,
    wanted_by,
)
from medsettle_gateway.storage.postgres.statements import SQL
from medsettle_gateway.storage.postgres.writing import write
from medsettle_gateway.storage.sealing import Sealer

_ROUNDS_COUNT: Final = 3
"""How often facts are read again because they speak of more than was locked."""


class PostgresTransaction:
    """See :class:`medsettle_gateway.service.ports.Transaction`."""

    def __init__(self, connection: Connection, sealer: Sealer, at: datetime) -> None:
        self._connection = connection
        self._sealer = sealer
        self._at = at
        self._held: dict[Lock, Shared] = {}

    @classmethod
    async def begun(cls, connection: Connection, sealer: Sealer) -> "PostgresTransaction":
        """Returns a transaction that has just begun. Raises asyncpg's errors and OSError."""
        await connection.execute("BEGIN ISOLATION LEVEL READ COMMITTED")
        return cls(connection, sealer, from_us(await connection.fetchval(SQL["begun"])))

    @property
    def at(self) -> datetime:
        """The server's instant, not before any entry that was committed before the locks were had."""
        return self._at

    async def load(self, keys: Sequence[AnyKey]) -> Facts:
        """Returns the facts of the keys, locked until the end, this transaction's own moves included.

        Raises LockedError, which names the keys that others stand in the way of, and ContendedError.
        """
        with unavailable():
            await self._lock(keys)
            facts = await load(self._connection, self._sealer, keys)
            for _ in range(_ROUNDS_COUNT):
                more = missing(as_read(locks_read(facts)), self._held)
                if not more:
                    return facts
                again = [key for key in keys if not more.keys().isdisjoint(locks_read(facts, (key,)))]
                refused = await self._try(more)
                if refused:
                    raise LockedError(
                        [key for key in again if not refused.keys().isdisjoint(locks_read(facts, (key,)))]
                    )
                facts = facts.joined(await load(self._connection, self._sealer, again))
        msg = "what was read speaks of something else each time"
        raise ContendedError(msg)

    async def write(self, moves: Sequence[Move]) -> None:
        """Does the moves. Raises AssertionError if one breaks what the store asserts."""
        with unavailable():
            if await self._try(missing(dict.fromkeys(locks_written(moves), False), self._held)):
                msg = "another process decides about what is to be written"
                raise ContendedError(msg)
            await write(self._connection, self._sealer, moves)

    async def _lock(self, keys: Sequence[AnyKey]) -> None:
        """Locks what the keys stand for, and what is most likely read with them. Raises LockedError."""
        if self._held:
            refused = await self._try(missing(wanted_by(keys), self._held))
            for_keys = tuple(key for key in keys if not refused.keys().isdisjoint(locks_of_key(key)))
        else:
            held, for_keys = await try_with_people(self._connection, keys)
            await self._hold(held)
        if for_keys:
            raise LockedError(for_keys)

    async def _try(self, wanted: dict[Lock, Shared]) -> dict[Lock, Shared]:
        """Returns the locks that cannot be had; the others are held from now on."""
        if not wanted:
            return {}
        had = await try_for(self._connection, wanted)
        await self._hold(had)
        return {lock: shared for lock, shared in wanted.items() if lock not in had}

    async def _hold(self, had: dict[Lock, Shared]) -> None:
        if had:
            self._held.update(had)
            await self._keep_behind()

    async def _keep_behind(self) -> None:
        """Whoever held a lock before has entered what it decided: that came first, by its instant too."""
        last = await last_committed_at(self._connection)
        if last is not None and last > self._at:
            self._at = last
