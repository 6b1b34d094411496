"""A process that holds a lock of a sale until it is killed."""

import asyncio
import sys

from medsettle_gateway.domain.keys import SaleKey
from tests.gateway.storage.postgres_stand import PostgresStand


async def hold(url: str, request_id: str) -> None:
    """Says so on standard output once it has it."""
    store = await PostgresStand(url).opened()
    async with store.begin() as transaction:
        await transaction.load((SaleKey(request_id),))
        print("held", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(hold(sys.argv[1], sys.argv[2]))
