"""The real gateway, one for all tests of the wire, and tills by another hand."""

from collections.abc import Callable, Iterator
from importlib.util import find_spec

import pytest

from tests.contract.foreign_client import ForeignTill, Key
from tests.contract.running import Running, running

FRONTS = ("aio", "fast") if find_spec("pygrpc_native") else ("aio",)
"""What carries the calls: the contract holds on each that there is for this machine."""


@pytest.fixture(scope="session", params=FRONTS)
def gateway(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("city"), request.param) as found:
        yield found


@pytest.fixture(scope="session")
def open_till(gateway: Running) -> Iterator[Callable[..., ForeignTill]]:
    opened: list[ForeignTill] = []

    def open_one(suite: str = "ed25519") -> ForeignTill:
        opened.append(ForeignTill(gateway.target, Key(suite)))
        return opened[-1]

    yield open_one
    for each in opened:
        each.close()


@pytest.fixture(scope="session")
def till(gateway: Running, open_till: Callable[..., ForeignTill]) -> ForeignTill:
    till = open_till()
    till.enrol(gateway.enrol_code("01"))
    return till


@pytest.fixture
def untouched(till: ForeignTill) -> Iterator[ForeignTill]:
    """The till, whose clock and metadata a test may bend: straight again afterwards."""
    yield till
    till.offset_ms = 0
    till.tampering = {}
