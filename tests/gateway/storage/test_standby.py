"""The server waits for a standby: what is answered is there too, and what is not there is not answered."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from medsettle.wire.reasons import Reason
from medsettle_gateway.config import ConfigError
from medsettle_gateway.domain.keys import SaleKey
from medsettle_gateway.service.commands import Answer, RefusedAnswer, Settle
from medsettle_gateway.service.ports import StoreUnavailableError
from medsettle_gateway.storage.postgres.database import migrate
from tests.gateway.storage.ahead import Ahead
from tests.gateway.storage.postgres_stand import PostgresStand
from tests.gateway.storage.shop import Shop, books, founded, is_settled, opened
from tests.gateway.storage.stand import load, person
from tests.postgres import Server, Standby, own_server, own_standby

FATHER = "1"
FOLLOWING = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'"
WAITING = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
T = TypeVar("T")


@dataclass
class Pair:
    """A server and its standby, which every commit waits for."""

    primary: Server
    standby: Standby
    database: str

    @property
    def url(self) -> str:
        return self._at(self.primary)

    def _at(self, server: Server) -> str:
        return urlunsplit(urlsplit(server.url)._replace(path=f"/{self.database}"))

    async def on_primary(self, query: str, *values: object) -> int:
        return int((await _fetched(self.url, query, *values))[0])

    async def on_standby(self, query: str, *values: object) -> int:
        return int((await _fetched(self._at(self.standby), query, *values))[0])

    async def waiting(self) -> set[int]:
        """The processes of the primary that wait for the standby."""
        return set(await _fetched(self.primary.url, WAITING))

    async def begin(self) -> None:
        """Makes the database, and returns when commits wait for the standby."""
        connection = await asyncpg.connect(self.primary.url)
        await connection.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
        await connection.execute("SELECT pg_reload_conf()")
        while not await connection.fetchval(FOLLOWING):  # noqa: ASYNC110 - the server tells nobody
            await asyncio.sleep(0.01)
        await connection.execute(f"CREATE DATABASE {self.database} ENCODING 'UTF8' TEMPLATE template0")
        await connection.close()
        await migrate(self.url)


async def _fetched(url: str, query: str, *values: object) -> list[int]:
    connection = await asyncpg.connect(url)
    rows = await connection.fetch(query, *values)
    await connection.close()
    return [row[0] for row in rows]


@dataclass
class Town:
    """A gateway on a server whose standby comes and goes."""

    pair: Pair
    shop: Shop
    stand: PostgresStand
    clock: Ahead = field(default_factory=Ahead)

    async def in_vain(self, work: Coroutine[Any, Any, T]) -> T:
        """Returns what work comes to that waits for the standby longer than it may, as often as it does."""
        seen = await self.pair.waiting()

        async def another_waits() -> bool:
            found = await self.pair.waiting() - seen
            seen.update(found)
            return bool(found)

        return await self.clock.to_the_end_of(work, another_waits)

    async def known(self, command: Settle) -> Answer:
        """Asks until it is known."""
        while not_known(answer := await self.shop.settle(command)):  # noqa: ASYNC110 - no server tells
            await asyncio.sleep(0.05)
        return answer


def not_known(answer: Answer) -> bool:
    return (
        isinstance(answer, RefusedAnswer) and not answer.recorded
        and answer.refusal.reason is Reason.STORE_UNAVAILABLE
    )


_NUMBERS = itertools.count()
SEEN = "SELECT count(*) FROM sales WHERE request_id = $1"
BLOCKS = "SELECT count(*) FROM blocks"


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[Server, Standby]]:
    with own_server() as primary, own_standby(primary) as standby:
        yield primary, standby


@pytest.fixture
def pair(servers: tuple[Server, Standby]) -> Pair:
    """Both, with a database of one's own."""
    primary, standby = servers
    made = Pair(primary, standby, f"town_{next(_NUMBERS)}")
    asyncio.run(made.begin())
    return made


@asynccontextmanager
async def a_town(pair: Pair) -> AsyncIterator[Town]:
    stand = PostgresStand(pair.url)
    shop = await opened(stand, await founded(stand, person(FATHER)))
    yield Town(pair, shop, stand)
    await shop.close()


async def test_a_commit_that_waits_for_the_standby_is_seen_by_nobody_before_that_has_it(pair: Pair) -> None:
    async with a_town(pair) as town:
        command = await town.shop.asked(1, FATHER)
        text = command.request_id.text
        pair.standby.stop("immediate")
        assert not_known(await town.in_vain(town.shop.settle(command)))
        assert not_known(await town.in_vain(town.shop.settle(command)))
        assert await pair.on_primary(SEEN, text) == 0
        pair.standby.start()
        assert is_settled(await town.known(command))
        assert await pair.on_standby(SEEN, text) == 1
        assert dict(books(town.stand).sales) == {"SETTLED": 1}


async def test_what_a_server_that_was_killed_shows_is_not_answered_before_the_standby_has_it(
    pair: Pair,
) -> None:
    async with a_town(pair) as town:
        command = await town.shop.asked(1, FATHER)
        text = command.request_id.text
        pair.standby.stop("immediate")
        assert not_known(await town.in_vain(town.shop.settle(command)))
        pair.primary.kill()
        pair.primary.start()
        assert await pair.on_primary(SEEN, text) == 1
        assert not_known(await town.in_vain(town.shop.settle(command)))
        with pytest.raises(StoreUnavailableError, match="standby"):
            await town.in_vain(load(town.shop.store, SaleKey(text)))
        with pytest.raises(ConfigError, match="synchronous_standby_names"):
            await town.in_vain(town.stand.opened())
        pair.standby.start()
        assert is_settled(await town.known(command))
        assert await pair.on_standby(SEEN, text) == 1


async def test_a_block_that_waits_for_the_standby_is_seen_by_nobody_before_that_has_it(pair: Pair) -> None:
    async with a_town(pair) as town:
        shop = town.shop
        assert is_settled(await shop.settle(await shop.asked(1, FATHER)))
        assert await shop.store.chain(1, shop.world.clock.at) == 1
        pair.standby.stop("immediate")
        with pytest.raises(StoreUnavailableError):
            await town.in_vain(shop.store.chain(100, shop.world.clock.at))
        assert await pair.on_primary(BLOCKS) == 1
        pair.standby.start()
