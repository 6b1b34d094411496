"""Entering a file as one transaction: every row is counted, every row that does not fit is listed."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from medsettle_gateway.domain.register import Fault
from medsettle_gateway.storage.sealing import Sealer
from medsettle_gateway.storage.sqlite.database import open_database

FAULTS_MOST: Final = 10_000


class NotEnteredError(Exception):
    """Rows do not fit what is recorded. ``faults`` has at least one; nothing was entered."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__(f"{len(faults)} rows do not fit, the first on line {faults[0].line}: {faults[0].en}")
        self.faults = faults


class Entered(NamedTuple):
    """How many rows were new, changed something, or stood there already."""

    new_count: int = 0
    changed_count: int = 0
    same_count: int = 0
    removed_count: int = 0


class Tally:
    """Counts rows and gathers faults while a file is entered."""

    def __init__(self) -> None:
        self._counts = {"new": 0, "changed": 0, "same": 0}
        self._faults: list[Fault] = []

    def count(self, kind: str) -> None:
        """Counts one row as new, changed or same."""
        self._counts[kind] += 1

    def fault(self, line: int, zh: str, en: str) -> None:
        """Notes a row that cannot be entered."""
        if len(self._faults) < FAULTS_MOST:
            self._faults.append(Fault(line, zh, en))

    def entered(self, removed_count: int = 0) -> Entered:
        """Returns the counts. Raises NotEnteredError if there were faults."""
        if self._faults:
            raise NotEnteredError(tuple(self._faults))
        return Entered(self._counts["new"], self._counts["changed"], self._counts["same"], removed_count)


@contextmanager
def writing(
    path: Path, sealer: Sealer, *, root: str, busy_ms: int, keep: bool = True
) -> Iterator[sqlite3.Connection]:
    """Yields a connection inside the one writing transaction; leaving it commits if ``keep``.

    Raises ConfigError if the database cannot be opened, sqlite3.Error if it cannot be written.
    """
    connection = open_database(path, sealer, root=root, busy_ms=busy_ms)
    try:
        connection.execute("BEGIN IMMEDIATE")
        yield connection
        connection.execute("COMMIT" if keep else "ROLLBACK")
    finally:
        connection.close()
