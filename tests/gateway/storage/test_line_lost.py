"""The line to the server is lost at the worst moment, or the server says nothing more."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.keys import SaleKey
from medsettle_gateway.domain.moves import PutSale
from medsettle_gateway.service.commands import RefusedAnswer, SaleAnswer
from medsettle_gateway.service.ports import StoreUnavailableError
from medsettle_gateway.storage.postgres.database import migrate
from tests.gateway.storage.ahead import Ahead
from tests.gateway.storage.crooked_line import CrookedLine
from tests.gateway.storage.postgres_stand import PostgresStand
from tests.gateway.storage.shop import books, founded, opened
from tests.gateway.storage.stand import load, person, request_id, sale, write
from tests.postgres import Server, own_server

FATHER = "1"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with own_server() as started:
        asyncio.run(migrate(started.url))
        yield started


@pytest.fixture
async def line(server: Server, tmp_path: Path) -> AsyncIterator[CrookedLine]:
    async with CrookedLine(server.folder, tmp_path).open() as opened_line:
        yield opened_line


async def test_a_commit_whose_answer_was_lost_is_not_known_and_asking_again_is_harmless(
    server: Server, line: CrookedLine
) -> None:
    straight = PostgresStand(server.url)
    shop = await opened(PostgresStand(line.url), await founded(straight, person(FATHER)))
    command = await shop.asked(1, FATHER)
    line.cut_after = b"COMMIT"
    unknown = await shop.settle(command)
    assert isinstance(unknown, RefusedAnswer)
    assert (unknown.refusal.reason, unknown.recorded) == (Reason.STORE_UNAVAILABLE, False)
    line.cut_after = b""
    again = await shop.settle(command)
    assert isinstance(again, SaleAnswer)
    assert again.sale.version == 1
    assert again.sale.committed_at == again.sale.created_at
    await shop.close()
    assert dict(books(straight).sales) == {"SETTLED": 1}
    assert books(straight).faults == ()


async def test_a_line_that_is_cut_before_the_commit_leaves_nothing(server: Server, line: CrookedLine) -> None:
    store = await PostgresStand(line.url).opened()
    line.cut_after = b"INSERT INTO sales"
    key = SaleKey(request_id(7).text)
    with pytest.raises(StoreUnavailableError):
        await write(store, PutSale(sale(7)))
    line.cut_after = b""
    assert await load(store, key) is None
    await write(store, PutSale(sale(7)))
    assert await load(store, key) == sale(7)
    await store.close()


async def test_a_server_that_falls_silent_is_unavailable_after_its_time_and_then_again_not(
    line: CrookedLine,
) -> None:
    store = await PostgresStand(line.url).opened()
    await store.last_committed_at()
    clock = Ahead()
    line.silent = True
    with pytest.raises(StoreUnavailableError):
        await clock.to_the_end_of(load(store, SaleKey("x")))
    with pytest.raises(StoreUnavailableError):
        await clock.to_the_end_of(write(store, PutSale(sale(8))))
    line.silent = False
    assert await load(store, SaleKey("x")) is None
    await write(store, PutSale(sale(8)))
    await store.close()
