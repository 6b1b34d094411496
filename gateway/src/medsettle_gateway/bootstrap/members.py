"""Members by their numbers: for an operator's credential resolver, whose service knows no other name."""

import asyncio
import time
from collections.abc import Callable
from typing import Final

from medsettle_gateway.config import Config
from medsettle_gateway.files.identity_keys import reading_again
from medsettle_gateway.files.keys import Keys, load_keys
from medsettle_gateway.resolvers.people import NumberKind, Registered
from medsettle_gateway.storage.register import holders_of, member_of
from medsettle_gateway.storage.sealing import Sealer
from medsettle_gateway.storage.stores import connected, database_of

_SELDOM_S: Final = 5.0
_OFTEN_S: Final = 0.2
"""How long nothing is read again, with a command and with a file."""


def sealer_of(config: Config, keys: Keys) -> Sealer:
    """Returns what seals people's names and numbers: it looks for new keys where it meets a seal of one.

    Not again and again: a command may ask a service far away.
    """
    command = config.keys.identity_key_command
    again = reading_again(config.keys.directory, command)
    return Sealer.of(*keys.identities, reload=_Seldom(again, _SELDOM_S if command else _OFTEN_S))


class _Seldom:
    """Reads the keys anew, but not again and again."""

    def __init__(self, read: Callable[[], tuple[bytes, ...]], pause_s: float) -> None:
        self._read, self._pause_s, self._not_before = read, pause_s, 0.0

    def __call__(self) -> tuple[bytes, ...]:
        now = time.monotonic()
        if now < self._not_before:
            return ()
        self._not_before = now + self._pause_s
        return self._read()


class Members:
    """Finds members of a gateway's register. Each look-up reads the database anew, beside the gateway."""

    def __init__(self, config: Config) -> None:
        """Raises ConfigError if the keys or the driver are missing."""
        keys = load_keys(config.keys.directory, config.keys.identity_key_command)
        self._database = database_of(config)
        self._sealer, self._root = sealer_of(config, keys), keys.root.key

    async def of(self, number: str) -> str | None:
        """Returns the reference of the member with this number (个人编号); None if the register has nobody.

        Raises ConfigError if the database cannot be opened, and what its driver raises.
        """
        return await asyncio.to_thread(self._look_up, number)

    async def known_by(self, kind: NumberKind, number: str) -> tuple[Registered, ...]:
        """Returns everybody in the register who has this number of an identity or a social card.

        Raises what ``of`` raises.
        """
        return await asyncio.to_thread(self._known_by, kind, number)

    def _known_by(self, kind: NumberKind, number: str) -> tuple[Registered, ...]:
        with connected(self._database, self._sealer, root=self._root) as connection:
            found = holders_of(connection, self._sealer, kind.value, number)
            if not found and self._sealer.renew():  # entered since, by a key that is newer than ours
                found = holders_of(connection, self._sealer, kind.value, number)
        return tuple(Registered(*each) for each in found)

    def _look_up(self, number: str) -> str | None:
        with connected(self._database, self._sealer, root=self._root) as connection:
            member = member_of(connection, self._sealer, number)
            if member is None and self._sealer.renew():
                member = member_of(connection, self._sealer, number)
            return member
