"""The server waits for a standby: what is answered is there too, and what is not there is not answered."""

import asyncio
from collections.abc import Iterator

import asyncpg
import pytest

from medsettle.wire.reasons import Reason
from medsettle_gateway.config import ConfigError
from medsettle_gateway.domain.keys import SaleKey
from medsettle_gateway.service.commands import Answer, RefusedAnswer, Settle
from medsettle_gateway.service.ports import StoreUnavailableError
from medsettle_gateway.storage.postgres.database import migrate
from tests.gateway.storage.postgres_stand import WAITS, PostgresStand
from tests.gateway.storage.shop import Shop, books, founded, is_settled, opened
from tests.gateway.storage.stand import load, person
from tests.postgres import Server, Standby, own_server, own_standby

SHORT = WAITS._replace(commit_ms=500)
FATHER, SON = "1", "2"
FOLLOWING = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'"


@pytest.fixture
def pair() -> Iterator[tuple[Server, Standby]]:
    """A server and its standby, which every commit waits for."""
    with own_server() as primary:
        asyncio.run(migrate(primary.url))
        with own_standby(primary) as standby:
            asyncio.run(wait_for_standby(primary))
            yield primary, standby
            primary.stop()


async def wait_for_standby(primary: Server) -> None:
    connection = await asyncpg.connect(primary.url)
    await connection.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
    await connection.execute("SELECT pg_reload_conf()")
    while not await connection.fetchval(FOLLOWING):  # noqa: ASYNC110 - the server tells nobody
        await asyncio.sleep(0.01)
    await connection.close()


async def seen_on(server: Server, command: str) -> int:
    connection = await asyncpg.connect(server.url)
    count = await connection.fetchval("SELECT count(*) FROM sales WHERE request_id = $1", command)
    await connection.close()
    return int(count)


async def blocks_count(server: Server) -> int:
    connection = await asyncpg.connect(server.url)
    found = await connection.fetchval("SELECT count(*) FROM blocks")
    await connection.close()
    return int(found)


def not_known(answer: Answer) -> bool:
    return (
        isinstance(answer, RefusedAnswer) and not answer.recorded
        and answer.refusal.reason is Reason.STORE_UNAVAILABLE
    )


async def known(shop: Shop, command: Settle) -> Answer:
    """Asks until it is known."""
    while not_known(answer := await shop.settle(command)):  # noqa: ASYNC110 - the server tells nobody
        await asyncio.sleep(0.05)
    return answer


async def test_a_commit_that_waits_for_the_standby_is_seen_by_nobody_before_that_has_it(
    pair: tuple[Server, Standby],
) -> None:
    primary, standby = pair
    stand = PostgresStand(primary.url)
    refs = await founded(stand, person(FATHER), person(SON))
    shop = await opened(stand, refs, waits=SHORT)
    command = await shop.asked(1, FATHER)
    text = command.request_id.text
    standby.stop()
    assert not_known(await shop.settle(command))
    assert not_known(await shop.settle(command))
    assert await seen_on(primary, text) == 0
    standby.start()
    assert is_settled(await known(shop, command))
    assert await seen_on(standby, text) == 1
    assert dict(books(stand).sales) == {"SETTLED": 1}
    await shop.close()


async def test_what_a_server_that_was_killed_shows_is_not_answered_before_the_standby_has_it(
    pair: tuple[Server, Standby],
) -> None:
    primary, standby = pair
    stand = PostgresStand(primary.url)
    refs = await founded(stand, person(FATHER))
    shop = await opened(stand, refs, waits=SHORT)
    command = await shop.asked(1, FATHER)
    text = command.request_id.text
    standby.stop()
    assert not_known(await shop.settle(command))
    primary.kill()
    primary.start()
    assert await seen_on(primary, text) == 1
    assert not_known(await shop.settle(command))
    with pytest.raises(StoreUnavailableError, match="standby"):
        await load(shop.store, SaleKey(text))
    with pytest.raises(ConfigError, match="synchronous_standby_names"):
        await stand.opened(SHORT)
    standby.start()
    assert is_settled(await known(shop, command))
    assert await seen_on(standby, text) == 1
    await shop.close()


async def test_a_block_that_waits_for_the_standby_is_seen_by_nobody_before_that_has_it(
    pair: tuple[Server, Standby],
) -> None:
    primary, standby = pair
    stand = PostgresStand(primary.url)
    refs = await founded(stand, person(FATHER))
    shop = await opened(stand, refs, waits=SHORT)
    assert is_settled(await shop.settle(await shop.asked(1, FATHER)))
    assert await shop.store.chain(1, shop.world.clock.at) == 1
    standby.stop()
    with pytest.raises(StoreUnavailableError):
        await shop.store.chain(100, shop.world.clock.at)
    assert await blocks_count(primary) == 1
    standby.start()
    await shop.close()
