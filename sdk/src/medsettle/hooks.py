"""What the till tells its owner while it works: each hook receives one frozen value.

Hooks see ids, codes and times, never a person, a credential or an amount. A hook that raises is
logged by its type and otherwise ignored: it must not stop a sale.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

_LOG = logging.getLogger("medsettle")


@dataclass(frozen=True, slots=True)
class Sent:
    """A request goes out; ``attempt`` counts from 1 within the call."""

    method: str
    request_id: str | None
    attempt: int


@dataclass(frozen=True, slots=True)
class Received:
    """A reply came, or the wait for it ended. ``valid`` false: it counts as none."""

    method: str
    request_id: str | None
    code: str
    reason: str | None
    valid: bool
    elapsed_ms: int


@dataclass(frozen=True, slots=True)
class Retrying:
    """The same call goes out again after the wait."""

    method: str
    request_id: str | None
    attempt: int
    wait_ms: int


@dataclass(frozen=True, slots=True)
class StateChanged:
    """The journal holds a new state of a sale."""

    request_id: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Compared:
    """The till showed the gateway its own answers after a restore with loss.

    ``compared`` false: the gateway does not take this journal for the whole of it, and an operator must end
    the comparison. Of the ``shown`` sales ``entered`` were lost and are back, and ``moved`` had come further
    than the gateway knew.
    """

    epoch: int
    compared: bool
    shown: int
    entered: int
    moved: int
    left_to_operator: int
    refused: int


HookEvent: TypeAlias = Sent | Received | Retrying | StateChanged | Compared
Hook: TypeAlias = Callable[[HookEvent], None]


class Hooks:
    """The hooks of one till."""

    def __init__(self, hooks: Iterable[Hook] = ()) -> None:
        self._hooks = tuple(hooks)

    def tell(self, event: HookEvent) -> None:
        """Calls each hook with the event."""
        for hook in self._hooks:
            try:
                hook(event)
            except Exception as error:  # noqa: BLE001 - the owner's code must not stop a sale
                _LOG.warning("a hook raised %s", type(error).__name__)
