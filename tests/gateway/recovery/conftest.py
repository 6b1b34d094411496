"""A house over each kind of store, and how each is put back to what it was."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from medsettle_gateway.domain.calendar import day_of
from medsettle_gateway.storage.recoveries import put_recovery, since_now
from medsettle_gateway.storage.sqlite import backup as copies
from medsettle_gateway.storage.stores import EmbeddedDatabase, writing
from tests.gateway.recovery.house import AUDIENCE, House, Restore, Seller
from tests.gateway.service.memory_store import MemoryStore
from tests.gateway.storage.kinds import stand_of
from tests.gateway.storage.postgres_stand import PostgresStand
from tests.gateway.storage.stand import ROOT_KEY, SqliteStand, Stand


@pytest.fixture(params=("sqlite", "model", "postgres"))
def stand(request: pytest.FixtureRequest, tmp_path: Path) -> Stand:
    return stand_of(request.param, tmp_path, request)


@pytest.fixture
async def house(stand: Stand, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[House]:
    """A house with two tills over each kind of store, or ``on_the_model`` alone, which can lose its books."""
    one = await House(stand, tmp_path).found("T1", "T2")
    one.copying = partial(_copied, one, request)
    yield one
    await one.close()
    assert one.reports == []


@pytest.fixture
async def till(house: House) -> Seller:
    return await house.till("T1")


@pytest.fixture
async def other(house: House) -> Seller:
    return await house.till("T2")


async def _copied(house: House, request: pytest.FixtureRequest) -> Restore:
    stand = house.stand
    if isinstance(stand, SqliteStand):
        return _of_file(house, stand, house.folder)
    if isinstance(stand, PostgresStand):
        return await _of_server(house, stand, request)
    return _of_model(house)


def _of_file(house: House, stand: SqliteStand, folder: Path) -> Restore:
    at = house.clock.now()
    copy = folder / f"copy-{at:%H%M%S%f}"
    copies.back_up(stand.path, copy, (AUDIENCE, ROOT_KEY), at, lambda *_: None)

    async def restore() -> None:
        await house.stop()
        again = folder / f"restored-{house.clock.now():%H%M%S%f}"
        again.mkdir()
        copies.put_back(copy, again / "gateway.db")
        with writing(EmbeddedDatabase(again / "gateway.db", 0), stand.sealer, root=ROOT_KEY) as connection:
            put_recovery(connection, since_now(connection, house.clock.now(), "wang", "the disk failed", at))
        await house.serve(SqliteStand(again))

    return restore


async def _of_server(house: House, stand: PostgresStand, request: pytest.FixtureRequest) -> Restore:
    databases = request.getfixturevalue("databases")
    at = house.clock.now()
    await house.stop()  # a database is copied while nobody is connected to it
    copy = await asyncio.to_thread(databases.new, stand.url)
    request.addfinalizer(lambda: databases.drop(copy))
    await house.serve(stand)

    async def restore() -> None:
        await house.stop()
        url = await asyncio.to_thread(databases.new, copy)
        request.addfinalizer(lambda: databases.drop(url))
        again = PostgresStand(url)
        with again.writing() as connection:
            put_recovery(connection, since_now(connection, house.clock.now(), "wang", "the disk failed", at))
        await house.serve(again)

    return restore


def _of_model(house: House) -> Restore:
    assert isinstance(house.store, MemoryStore)
    copy, at = house.store.tables.copied(), house.clock.now()

    async def restore() -> None:
        assert isinstance(house.store, MemoryStore)
        await house.stop()
        now, tables = house.clock.now(), copy.copied()
        tables.recoveries.begin(day_of(now) + timedelta(days=1), at, now)
        house.store.tables = tables
        await house.serve(house.stand)

    return restore
