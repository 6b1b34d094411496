"""A process that settles one ticket after another until it is ended, whatever becomes of the server.

It says each ticket's number on standard output once it is answered as settled. Where the store is unavailable
it asks for the same ticket again, as a till does.
"""

import asyncio
import itertools
import json
import sys

from medsettle.wire.reasons import Reason
from medsettle_gateway.service.commands import RefusedAnswer, Settle
from medsettle_gateway.service.ports import StoreUnavailableError
from tests.gateway.storage.postgres_stand import PostgresStand
from tests.gateway.storage.shop import Shop, opened

PAUSE_S = 0.02


async def settle_for_ever(url: str, till: str, refs: dict[str, str]) -> None:
    """Each round is a group: one ticket for each member."""
    shop = await opened(PostgresStand(url), refs)
    numbers = itertools.count(1)
    while True:
        await asyncio.gather(*(settle(shop, till, next(numbers), who) for who in refs))


async def settle(shop: Shop, till: str, number: int, who: str) -> None:
    command = await asked(shop, till, number, who)
    answer = await shop.settle(command)
    while isinstance(answer, RefusedAnswer):
        assert answer.refusal.reason is Reason.STORE_UNAVAILABLE, answer
        await asyncio.sleep(PAUSE_S)
        answer = await shop.settle(command)
    print(number, flush=True)


async def asked(shop: Shop, till: str, number: int, who: str) -> Settle:
    while True:
        try:
            return await shop.asked(number, who, 1_000, till=till)
        except (StoreUnavailableError, AssertionError):
            await asyncio.sleep(PAUSE_S)


if __name__ == "__main__":
    asyncio.run(settle_for_ever(sys.argv[1], sys.argv[2], json.loads(sys.argv[3])))
