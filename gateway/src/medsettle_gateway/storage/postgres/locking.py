"""Locks of decisions, held in the server until the transaction ends.

They bind processes that never heard of each other, and the order in which they are waited for is the same in
all. A transaction that holds some already never waits for more: nobody waits in a circle.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from medsettle_gateway.domain.keys import AnyKey, SaleKey, TerminalKeysKey
from medsettle_gateway.domain.locks import Kind, Lock, locks_of_key
from medsettle_gateway.storage.postgres.connecting import Connection
from medsettle_gateway.storage.postgres.reading import columns_of
from medsettle_gateway.storage.postgres.statements import SQL

Shared = bool
"""Whether others may hold the lock as well, who do not change what it stands for either."""

_LOOKED_AT: Final = frozenset({Kind.TERMINAL})
"""Every decision looks at its terminal, and hardly any changes one."""


def wanted_by(keys: Iterable[AnyKey]) -> dict[Lock, Shared]:
    """Returns the locks of the keys. A terminal whose keys are asked for is about to be changed."""
    wanted: dict[Lock, Shared] = {}
    for key in keys:
        shared = not isinstance(key, TerminalKeysKey)
        for lock in locks_of_key(key):
            wanted[lock] = wanted.get(lock, True) and shared and lock.kind in _LOOKED_AT
    return wanted


def as_read(locks: Iterable[Lock]) -> dict[Lock, Shared]:
    """Returns the locks of what was read."""
    return {lock: lock.kind in _LOOKED_AT for lock in locks}


async def take(connection: Connection, locks: Iterable[Lock]) -> None:
    """Waits for all of the locks. Raises asyncpg.LockNotAvailableError after the connection's ``lock_ms``."""
    await take_with_people(connection, dict.fromkeys(locks, False), ())


async def take_with_people(
    connection: Connection, wanted: Mapping[Lock, Shared], keys: Sequence[AnyKey]
) -> dict[Lock, Shared]:
    """Waits for the locks, and for those of everyone's accounts who may pay for whom they are of.

    Of the keys, the sales say whom they are of. Returns what is held now, which may be more than was asked.
    Raises asyncpg.LockNotAvailableError.
    """
    rows = [(int(lock.kind), lock.name, shared) for lock, shared in wanted.items()]
    request_ids = [key.request_id for key in keys if isinstance(key, SaleKey)]
    found = await connection.fetch(
        SQL["lock"], *columns_of(rows, 3), request_ids, int(Kind.MEMBER), int(Kind.ACCOUNT)
    )
    return {Lock(Kind(row["kind"]), row["name"]): row["shared"] for row in found}


async def try_for(connection: Connection, wanted: Mapping[Lock, Shared]) -> bool:
    """Returns whether all of the locks could be had at once. Those that could are held either way."""
    rows = [(int(lock.kind), lock.name, shared) for lock, shared in wanted.items()]
    return bool(await connection.fetchval(SQL["try_lock"], *columns_of(rows, 3)))


def missing(wanted: Mapping[Lock, Shared], held: Mapping[Lock, Shared]) -> dict[Lock, Shared]:
    """Returns the locks that are wanted and not held, or held less firmly."""
    return {
        lock: shared for lock, shared in wanted.items() if lock not in held or (held[lock] and not shared)
    }
