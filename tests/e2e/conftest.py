"""What a day at the counters needs: one gateway a module, a clinic's till and a pharmacy's."""

from collections.abc import Iterator

import pytest

from medsettle.testing import Gateway
from medsettle.till import Till
from tests.e2e.counter import CLINIC, PHARMACY, enrolled


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    with Gateway() as running:
        yield running


@pytest.fixture(scope="module")
def clinic(gateway: Gateway) -> Iterator[Till]:
    with Till.open(enrolled(gateway, CLINIC)) as till:
        yield till


@pytest.fixture(scope="module")
def pharmacy(gateway: Gateway) -> Iterator[Till]:
    with Till.open(enrolled(gateway, PHARMACY)) as till:
        yield till
