"""The chain of the embedded database: blocks are made beside the writer, on a connection of their own."""

import asyncio
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

from medsettle_gateway.ledger.chain import Block
from medsettle_gateway.storage.audit.asking import EMBEDDED, Rows
from medsettle_gateway.storage.audit.chaining import finished, next_block
from medsettle_gateway.storage.sqlite.database import connect


class Chaining:
    """Makes the next block in a thread. Entries never change, so it needs no turn of the writer's."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._thread = ThreadPoolExecutor(1, "chain")

    async def next_block(self, limit: int, sealed_at: datetime) -> Block | None:
        """Returns the block that covers the next entries; None where none wait.

        Raises sqlite3.Error, and AssertionError where what waits is broken.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._next_block, limit, sealed_at)

    def close(self) -> None:
        """Waits for the block at hand, which nobody will add any more."""
        self._thread.shutdown()
        if self._connection is not None:
            self._connection.close()

    def _next_block(self, limit: int, sealed_at: datetime) -> Block | None:
        if self._connection is None:
            self._connection = connect(self._path)
        connection = self._connection

        async def ask(question: str, **values: object) -> Rows:
            return connection.execute(EMBEDDED[question], values).fetchall()

        return finished(next_block(ask, limit, sealed_at))


def add_block(connection: sqlite3.Connection, block: Block) -> bool:
    """Adds the block; returns False if another process has added it already. Raises sqlite3.Error."""
    try:
        connection.execute(EMBEDDED["add_block"], block._asdict())
    except sqlite3.IntegrityError:
        return False
    return True
