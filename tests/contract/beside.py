"""Calls beside the test's own, and another process that holds the gateway's database."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tests.contract.foreign_client import NotBelievedError, RefusedError
from tests.contract.running import Running


class Beside(threading.Thread):
    """A call beside the test's own; ``outcome`` is what it returned or what was raised."""

    def __init__(self, call: Callable[[], Any]) -> None:
        super().__init__()
        self._call = call
        self.outcome: Any = None
        self.start()

    def run(self) -> None:
        try:
            self.outcome = self._call()
        except (RefusedError, NotBelievedError) as error:
            self.outcome = error

    def result(self) -> Any:
        self.join(60)
        assert not self.is_alive(), "the call never ends"
        return self.outcome


@contextmanager
def held(gateway: Running) -> Iterator[Callable[[], None]]:
    """Another process writes to the database for as long as it likes; yields how to let go."""
    other = sqlite3.connect(gateway.folder / "gateway.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    def let_go() -> None:
        if other.in_transaction:
            other.execute("ROLLBACK")

    try:
        yield let_go
    finally:
        let_go()
        other.close()
