"""What every test has: asyncio as the loop, properties that are tried alike everywhere, and a server."""

import asyncio
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from anyio._backends._asyncio import TestRunner
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from tests.postgres import Databases

settings.register_profile(
    "ci", deadline=None, derandomize=True, max_examples=60, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("explore", deadline=None, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True, scope="session")
def closed_loops_stay_closed() -> Iterator[None]:
    """gRPC has one poller for all loops of a process: what is left of a loop that a test has closed comes up
    in the loop of a later test, which has nothing to do with it.
    """
    heard = TestRunner._exception_handler

    def hear(self: TestRunner, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if not (isinstance(error, RuntimeError) and str(error) == "Event loop is closed"):
            heard(self, loop, context)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TestRunner, "_exception_handler", hear)
        yield


@pytest.fixture(scope="session")
def databases() -> Iterator["Databases"]:
    """Databases of a real PostgreSQL, which is started for the first test that asks."""
    from tests.postgres import databases

    with databases() as made:
        yield made


@pytest.fixture(scope="session")
def migrated_database(databases: "Databases") -> str:
    """The address of a database with the newest schema, to be copied and not to be written."""
    from medsettle_gateway.storage.postgres.database import migrate

    url = databases.new()
    asyncio.run(migrate(url))
    return url


@pytest.fixture
def database_url(databases: "Databases", migrated_database: str) -> Iterator[str]:
    """The address of a database of one's own with the newest schema, which belongs to no keys yet."""
    url = databases.new(migrated_database)
    yield url
    databases.drop(url)
