"""A till and the gateway in miniature that it talks to."""

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from medsettle.aio import AsyncTill
from medsettle.journal import SqliteJournal
from medsettle.models import Basket, Line
from medsettle.till import Till
from tests.sdk.counterpart import TERMINAL_KEY, Counterpart, FakeClock
from tests.sdk.wires import AsyncDirectTransport, DirectTransport, config_in


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def counterpart(clock: FakeClock) -> Counterpart:
    return Counterpart(clock)


@pytest.fixture
def open_till(tmp_path: Path, counterpart: Counterpart) -> Iterator[Callable[[], Till]]:
    """Opens the till; again: as after a restart of its program."""
    tills: list[Till] = []

    def opened() -> Till:
        for till in tills:
            till.close()
        till = Till.open(
            config_in(tmp_path), clock=counterpart.clock, signer=TERMINAL_KEY,
            transport=DirectTransport(counterpart),
        )
        tills.append(till)
        return till

    yield opened
    for till in tills:
        till.close()


@pytest.fixture
def till(open_till: Callable[[], Till]) -> Till:
    return open_till()


@pytest.fixture
async def async_till(tmp_path: Path, counterpart: Counterpart) -> AsyncIterator[AsyncTill]:
    async with await AsyncTill.open(
        config_in(tmp_path), clock=counterpart.clock, signer=TERMINAL_KEY,
        transport=AsyncDirectTransport(counterpart),
    ) as till:
        yield till


@pytest.fixture
def basket() -> Basket:
    return Basket((Line("XA01", quantity="2", unit_price="60.00"),))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "till.journal"


@pytest.fixture
def opened(path: Path) -> Iterator[Callable[[], SqliteJournal]]:
    journals: list[SqliteJournal] = []

    def open_again() -> SqliteJournal:
        for journal in journals:
            journal.close()
        journals.append(SqliteJournal(path))
        return journals[-1]

    yield open_again
    for journal in journals:
        journal.close()
