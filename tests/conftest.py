"""What every test has: asyncio as the loop, properties that are tried alike everywhere, and a server."""

import asyncio
import os
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from anyio._backends._asyncio import TestRunner
from hypothesis import HealthCheck, settings

from tests.dealing import dealt

if TYPE_CHECKING:
    from tests.leaks import Watch
    from tests.postgres import Databases

_POLLER_MEETS_CLOSED = [
    ("completion_queue.pyx.pxi", "_handle_events"), ("base_events.py", "call_soon_threadsafe"),
    ("base_events.py", "_check_closed"),
]

settings.register_profile(
    "ci", deadline=None, derandomize=True, max_examples=60, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("explore", deadline=None, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where several processes share the tests, the longest begin."""
    processes_count = getattr(config, "workerinput", {}).get("workercount", 1)
    if processes_count > 1:
        top = config.rootpath
        items[:] = dealt(items, lambda item: item.path.relative_to(top).as_posix(), processes_count)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


def passed_on_by_poller(error: BaseException | None) -> bool:
    """Did gRPC's poller hand an event to a loop that is closed?"""
    frames = [frame.f_code for frame, _ in traceback.walk_tb(error.__traceback__ if error else None)]
    names = [(Path(code.co_filename).name, code.co_name.rpartition(".")[2]) for code in frames]
    return isinstance(error, RuntimeError) and names[1:] == _POLLER_MEETS_CLOSED


@pytest.fixture(autouse=True, scope="session")
def closed_loops_stay_closed() -> Iterator[None]:
    """gRPC has one poller for all loops of a process: a call whose loop was closed ends in the loop of a
    later test, which has nothing to do with it. Whatever else finds its loop closed is a fault.
    """
    heard = TestRunner._exception_handler

    def hear(self: TestRunner, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        if not passed_on_by_poller(context.get("exception")):
            heard(self, loop, context)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TestRunner, "_exception_handler", hear)
        yield


@pytest.fixture(autouse=True, scope="session")
def log_watch() -> Iterator["Watch"]:
    """Looks at everything that is logged while the tests run."""
    from tests.leaks import watching

    with watching() as watch:
        yield watch
        watch.read_followed()
        found = watch.taken()  # what was said when the last test was over
    assert not found, told(found)


def told(found: list[str]) -> str:
    return "a log shows what it must not: " + "; ".join(found)


@pytest.fixture(autouse=True)
def nothing_of_people_is_logged(request: pytest.FixtureRequest, log_watch: "Watch") -> Iterator[None]:
    """No log shows a name, a number or a credential, whatever a test does; some are in its own folder."""
    folder = request.getfixturevalue("tmp_path") if "tmp_path" in request.fixturenames else None
    yield
    for log in folder.rglob("*.log") if folder is not None else ():
        log_watch.read(log)
    log_watch.read_followed()
    found = log_watch.taken()
    assert not found, told(found)


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
