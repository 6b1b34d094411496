"""Every test of the contract runs on every kind of store."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from medsettle_gateway.service.ports import Store
from tests.gateway.storage.memory_stand import MemoryStand
from tests.gateway.storage.stand import SqliteStand, Stand

STANDS: dict[str, Callable[[Path], Stand]] = {"sqlite": SqliteStand, "model": MemoryStand}
"""Another kind of store is one more entry."""


@pytest.fixture(params=STANDS)
def stand(request: pytest.FixtureRequest, tmp_path: Path) -> Stand:
    return STANDS[request.param](tmp_path)


@pytest.fixture
async def store(stand: Stand) -> AsyncIterator[Store]:
    opened = stand.open()
    yield opened
    await opened.close()
