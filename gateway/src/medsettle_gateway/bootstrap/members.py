"""Members by their numbers: for an operator's credential resolver, whose service knows no other name."""

import asyncio

from medsettle_gateway.config import Config
from medsettle_gateway.files.keys import load_keys
from medsettle_gateway.resolvers.people import NumberKind, Registered
from medsettle_gateway.storage.register import holders_of, member_of
from medsettle_gateway.storage.sealing import Sealer
from medsettle_gateway.storage.stores import connected, database_of


class Members:
    """Finds members of a gateway's register. Each look-up reads the database anew, beside the gateway."""

    def __init__(self, config: Config) -> None:
        """Raises ConfigError if the keys or the driver are missing."""
        keys = load_keys(config.keys.directory)
        self._database = database_of(config)
        self._sealer, self._root = Sealer.of(keys.identities), keys.root.key

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
        return tuple(Registered(*each) for each in found)

    def _look_up(self, number: str) -> str | None:
        with connected(self._database, self._sealer, root=self._root) as connection:
            return member_of(connection, self._sealer, number)
