"""Locks of decisions, held in the server until the transaction ends.

They bind processes that never heard of each other. Decisions never wait for them: who meets one that another
holds is told for which of his keys, and comes back. Commands of operators wait, one of them at a time and in
one order: nobody waits in a circle.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

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
    """Waits for all of the locks, and for those of everyone's accounts who may pay for whom they are of.

    Raises asyncpg.LockNotAvailableError after the connection's ``lock_ms``.
    """
    rows = [(int(lock.kind), lock.name) for lock in locks]
    await connection.execute(SQL["lock"], *columns_of(rows, 2), int(Kind.MEMBER), int(Kind.ACCOUNT))


class Tried(NamedTuple):
    """What could be had at once, and the keys that stand for more."""

    held: dict[Lock, Shared]
    refused: tuple[AnyKey, ...]


async def try_with_people(connection: Connection, keys: Sequence[AnyKey]) -> Tried:
    """Tries to lock what the keys stand for, and the accounts of everyone who may pay for whom they are of.

    Of the keys, the sales say whom they are of. What could be had is held, whatever could not.
    """
    rows = [(int(lock.kind), lock.name, shared) for lock, shared in wanted_by(keys).items()]
    if not rows:
        return Tried({}, ())
    request_ids = [key.request_id for key in keys if isinstance(key, SaleKey)]
    found = await connection.fetch(
        SQL["try_lock_with_people"], *columns_of(rows, 3), request_ids, int(Kind.MEMBER), int(Kind.ACCOUNT)
    )
    held = {Lock(Kind(row["kind"]), row["name"]): row["shared"] for row in found if row["had"]}
    refused = [(row["kind"], row["name"]) for row in found if not row["had"]]
    return Tried(held, await _leading_to(connection, keys, refused) if refused else ())


async def _leading_to(
    connection: Connection, keys: Sequence[AnyKey], refused: Sequence[tuple[int, str]]
) -> tuple[AnyKey, ...]:
    rows = [
        (int(lock.kind), lock.name, place) for place, key in enumerate(keys) for lock in locks_of_key(key)
    ]
    sales = [(key.request_id, place) for place, key in enumerate(keys) if isinstance(key, SaleKey)]
    found = await connection.fetch(
        SQL["leading_to"], *columns_of(rows, 3), *columns_of(sales, 2), int(Kind.MEMBER), int(Kind.ACCOUNT),
        *columns_of(refused, 2),
    )
    return tuple(keys[row["place"]] for row in found)


async def try_for(connection: Connection, wanted: Mapping[Lock, Shared]) -> dict[Lock, Shared]:
    """Returns those of the locks that could be had at once, and are held now."""
    rows = [(int(lock.kind), lock.name, shared) for lock, shared in wanted.items()]
    found = await connection.fetch(SQL["try_lock"], *columns_of(rows, 3))
    return {Lock(Kind(row["kind"]), row["name"]): row["shared"] for row in found if row["had"]}


def missing(wanted: Mapping[Lock, Shared], held: Mapping[Lock, Shared]) -> dict[Lock, Shared]:
    """Returns the locks that are wanted and not held, or held less firmly."""
    return {
        lock: shared for lock, shared in wanted.items() if lock not in held or (held[lock] and not shared)
    }
