"""What a script asks its driver to do."""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from medsettle.wire.calls import Call


@dataclass(frozen=True, slots=True)
class Ask:
    """Send a call, with its retries; the result is a ``Verdict``.

    ``at_most_ms``: all tries together may take no longer, whatever the call's own deadline.
    """

    call: Call
    body: bytes
    request_id: str | None = None
    at_most_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """Do short work on the disk; its result is sent back, its error thrown in."""

    work: Callable[[], Any]


@dataclass(frozen=True, slots=True)
class Consult:
    """Ask a person or a payment provider; under AsyncTill the answer may be awaited.

    ``blocks``: it holds its thread up until it knows, so an event loop asks it in another one.
    """

    work: Callable[[], Any]
    blocks: bool = False


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait."""

    seconds: float


Effect: TypeAlias = Ask | Note | Consult | Pause
_T = TypeVar("_T")
Script: TypeAlias = Generator[Effect, Any, _T]
