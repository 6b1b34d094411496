"""Every test of the contract runs on every kind of store."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from medsettle_gateway.service.ports import Store
from tests.gateway.storage.kinds import stand_of
from tests.gateway.storage.postgres_stand import Pair, PostgresStand
from tests.gateway.storage.stand import Stand

STANDS = ("sqlite", "model", "postgres")
"""Another kind of store is one more entry."""


@pytest.fixture(params=STANDS)
def stand(request: pytest.FixtureRequest, tmp_path: Path) -> Stand:
    return stand_of(request.param, tmp_path, request)


@pytest.fixture
async def store(stand: Stand) -> AsyncIterator[Store]:
    opened = await stand.opened()
    yield opened
    await opened.close()


@pytest.fixture
async def pair(database_url: str) -> AsyncIterator[Pair]:
    """Two stores over one database of a server."""
    stand = PostgresStand(database_url)
    one, other = await stand.opened(), await stand.opened()
    yield Pair(one, other)
    await one.close()
    await other.close()
