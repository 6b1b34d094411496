"""A process that writes until it is killed: a sale and its entry in each transaction, never one alone."""

import asyncio
import sys
from pathlib import Path

from medsettle_gateway.domain.moves import PutSale
from medsettle_gateway.storage.sqlite.store import SqliteStore
from tests.gateway.storage.stand import ROOT_KEY, SEALER, entry, request_id, sale


async def write_for_ever(path: Path) -> None:
    """Says on standard output which sale is committed; the middle of a transaction is most of the time."""
    store = SqliteStore.open(path, SEALER, root=ROOT_KEY, busy_ms=1000)
    number = 0
    while True:
        number += 1
        async with store.begin() as transaction:
            await transaction.write([PutSale(sale(number))])
            for _ in range(50):
                await transaction.write([entry(text=request_id(number).text)])
        print(number, flush=True)


if __name__ == "__main__":
    asyncio.run(write_for_ever(Path(sys.argv[1])))
