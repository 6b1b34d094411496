"""What may go wrong with one call, for ``Counterpart.fault``."""

from collections.abc import Callable
from typing import Any

from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc import error_details_pb2

from medsettle._exchange.signed import Reply, Request
from medsettle.wire.reasons import Reason
from tests.sdk.counterpart import Counterpart, Fault, Refused


def lost_before(_: Counterpart, request: Request, handle: Callable[[], Reply]) -> Reply:
    """The request never arrived."""
    del request, handle
    return Reply("UNAVAILABLE")


def lost_after(_: Counterpart, request: Request, handle: Callable[[], Reply]) -> Reply:
    """The request was carried out, its answer was lost."""
    del request
    handle()
    return Reply("UNAVAILABLE")


def and_away(lost: Fault) -> Fault:
    """The call is lost so, and from then on nobody answers."""

    def fault(counterpart: Counterpart, request: Request, handle: Callable[[], Reply]) -> Reply:
        counterpart.away = True
        return lost(counterpart, request, handle)

    return fault


def refused(reason: Reason, *details: Message, recorded: bool | None = None, **said: str) -> Fault:
    """The call is refused, signed."""

    def fault(counterpart: Counterpart, request: Request, handle: Callable[[], Reply]) -> Reply:
        del handle
        return counterpart.refuse(request, Refused(reason, *details, recorded=recorded, **said))

    return fault


def retry_after(delay_ms: int) -> error_details_pb2.RetryInfo:
    delay = Duration()
    delay.FromMilliseconds(delay_ms)
    return error_details_pb2.RetryInfo(retry_delay=delay)


def unsigned(_: Counterpart, request: Request, handle: Callable[[], Reply]) -> Reply:
    """The answer comes without its signature."""
    del request
    reply = handle()
    return Reply(reply.code, reply.body, {})


def goes_wrong(**wrong: Any) -> Fault:
    """The answer is signed over another statement."""

    def fault(counterpart: Counterpart, request: Request, handle: Callable[[], Reply]) -> Reply:
        reply = handle()
        return counterpart.sign(request, reply.code, reply.body, wrong)

    return fault


def trailing(**changed: str) -> Fault:
    """Trailing metadata of the answer are replaced."""

    def fault(_: Counterpart, request: Request, handle: Callable[[], Reply]) -> Reply:
        del request
        reply = handle()
        said = {**reply.trailing, **{key.replace("_", "-"): text for key, text in changed.items()}}
        return Reply(reply.code, reply.body, said)

    return fault
