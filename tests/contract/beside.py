"""Calls beside the test's own, and another process that holds the gateway's database."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.contract.foreign_client import ForeignTill, NotBelievedError, RefusedError
from tests.contract.running import Running
from tests.contract.selling import act


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


def hasty(till: ForeignTill, gateway: Running, timeout_s: float) -> ForeignTill:
    """The same till with a connection of its own, that waits for no answer longer than so many seconds."""
    found = ForeignTill(gateway.target, till.key, till.terminal, till.audience, till.root)
    found.timeout_s = timeout_s
    return found


def while_one_waits(till: ForeignTill, gateway: Running, request_id: str) -> None:
    """Asks for a seal that waits in vain; what was sent before it has arrived, and its deadlines are over."""
    behind = hasty(till, gateway, 0.3)
    with pytest.raises((NotBelievedError, RefusedError), match="DEADLINE_EXCEEDED"):
        behind.call("Seal", **act(request_id))
    behind.close()


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
