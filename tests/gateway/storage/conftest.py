"""Every test of the contract runs on every kind of store."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from medsettle_gateway.service.ports import Store
from tests.gateway.storage.memory_stand import MemoryStand
from tests.gateway.storage.postgres_stand import PostgresStand
from tests.gateway.storage.stand import SqliteStand, Stand

STANDS = ("sqlite", "model", "postgres")
"""Another kind of store is one more entry."""


@pytest.fixture(params=STANDS)
def stand(request: pytest.FixtureRequest, tmp_path: Path) -> Stand:
    match request.param:
        case "sqlite":
            return SqliteStand(tmp_path)
        case "model":
            return MemoryStand(tmp_path)
    return PostgresStand(request.getfixturevalue("database_url"))


@pytest.fixture
async def store(stand: Stand) -> AsyncIterator[Store]:
    opened = await stand.opened()
    yield opened
    await opened.close()
