"""Clients that open a call and then take their time: how many of them there may be, and for how long."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, TypeAlias

import grpc

from medsettle.wire.reasons import Reason

SILENT_COUNT: Final = 64
"""Calls without a message that are let be before all are timed: with usual clients there are hardly any."""
HEARD_COUNT: Final = 1_024
"""With every so many calls that brought their message half of those that ended without one are forgotten."""
OTHERS_COUNT: Final = 64
"""Open streams of health and reflection; a health watch stays open as long as its client likes."""

Handling: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"
Answered = Callable[[bytes, Any], Awaitable[bytes]]
"""Answers one call, of which it gets the message and the context."""
Refuse = Callable[[Any, Reason], Awaitable[None]]
"""Ends a call of which it gets the context; it never returns."""


class Patience:
    """Knows which calls are without their message, and chooses how the next one is read.

    grpc.aio reads a message fastest without a clock, and then waits for ever, even where the client has said
    that there is none. So only those calls are timed that come while others are silent, or after many ended
    unheard: the first ones may hold their places, and nobody else's. Whoever ended unheard is forgotten as
    others are heard, or in a long life a few would slow down everybody.
    """

    def __init__(self, wait_s: float, refuse: Refuse) -> None:
        self._wait_s = wait_s
        self._refuse = refuse
        self._silent: set[asyncio.Task[Any]] = set()
        self._unheard_count = 0
        self._heard_count = 0

    def handlers(self, answered: Answered) -> Callable[[], Handling]:
        """Returns what chooses a method's handler as a call of it begins."""

        async def spoken(body: bytes, context: Any) -> bytes:  # noqa: ANN401 - grpc's own is generic
            self._silent.discard(_call())
            self._heard()
            return await answered(body, context)

        async def timed(_: object, context: Any) -> bytes:  # noqa: ANN401
            body = await self._message(context)
            self._heard()
            return await answered(body, context)

        usual: Handling = grpc.unary_unary_rpc_method_handler(spoken)
        clocked: Handling = grpc.stream_unary_rpc_method_handler(timed)

        def chosen() -> Handling:
            if len(self._silent) + self._unheard_count >= SILENT_COUNT:
                return clocked
            call = _call()
            self._silent.add(call)
            call.add_done_callback(self._ended)
            return usual

        return chosen

    def _heard(self) -> None:
        self._heard_count += 1
        if self._heard_count == HEARD_COUNT:
            self._heard_count = 0
            self._unheard_count //= 2

    def _ended(self, call: "asyncio.Task[Any]") -> None:
        """A call that ends unheard may still be open on the wire."""
        if call in self._silent:
            self._silent.discard(call)
            self._unheard_count += 1

    async def _message(self, context: Any) -> bytes:  # noqa: ANN401
        reason = Reason.REQUEST_MALFORMED
        try:
            body = await asyncio.wait_for(context.read(), self._wait_s)
        except TimeoutError:
            body, reason = None, Reason.DEADLINE_PASSED
        if not isinstance(body, bytes):
            await self._refuse(context, reason)
        return bytes(body)


class OtherServices(grpc.GenericRpcHandler):
    """Health and reflection, with a bound on how many of their streams are open at one time.

    Register them here as at a server, and this at the server.
    """

    def __init__(self) -> None:
        self._handlers: list[grpc.GenericRpcHandler] = []
        self._open: set[asyncio.Task[Any]] = set()
        self._full: Handling = grpc.stream_unary_rpc_method_handler(_too_many)

    def add_generic_rpc_handlers(self, handlers: Sequence[grpc.GenericRpcHandler]) -> None:
        """Takes the handlers of a service."""
        self._handlers.extend(handlers)

    def add_registered_method_handlers(self, service: str, handlers: object) -> None:
        """Takes nothing: it is the same methods under another form."""

    def service(
        self, handler_call_details: grpc.HandlerCallDetails
    ) -> "Handling | None":
        """Returns what answers this method; None if it is of none of these services."""
        for each in self._handlers:
            found = each.service(handler_call_details)
            if found is not None:
                return self._counted(found)
        return None

    def _counted(self, found: Handling) -> Handling:
        if len(self._open) >= OTHERS_COUNT:
            return self._full
        call = _call()
        self._open.add(call)
        call.add_done_callback(self._open.discard)
        return found


def _call() -> "asyncio.Task[Any]":
    """The call that is running: grpc.aio gives each a task of its own."""
    call = asyncio.current_task()
    if call is None:
        raise RuntimeError("outside a call")
    return call


async def _too_many(_: object, context: Any) -> bytes:  # noqa: ANN401
    text = f"{OTHERS_COUNT} calls of this kind are open already"
    return bytes(await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, text))
