"""Every kind of store by its name."""

from pathlib import Path

import pytest

from tests.gateway.storage.memory_stand import MemoryStand
from tests.gateway.storage.postgres_stand import PostgresStand
from tests.gateway.storage.stand import SqliteStand, Stand


def stand_of(kind: str, folder: Path, request: pytest.FixtureRequest) -> Stand:
    """Returns an empty stand; only one on a server asks for a server."""
    match kind:
        case "sqlite":
            return SqliteStand(folder)
        case "model":
            return MemoryStand(folder)
    return PostgresStand(request.getfixturevalue("database_url"))
