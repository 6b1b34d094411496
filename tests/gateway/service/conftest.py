"""Worlds that several tests begin with; a module that wants another has its own."""

from collections.abc import AsyncIterator

import pytest

from tests.gateway.service.remote_world import RemoteWorld


@pytest.fixture
async def world() -> AsyncIterator[RemoteWorld]:
    """The city where a remote authority decides, and what is under way there is carried."""
    begun = await RemoteWorld().begun()
    yield begun
    await begun.ends()
