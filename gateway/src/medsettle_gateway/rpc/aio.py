"""The grpc.aio front: it moves bytes between a socket and :mod:`medsettle_gateway.rpc.calls`.

Another front is one more file like this one. What a call means is not decided here: this file knows
of sockets, TLS, message sizes, deadlines and cancellation.
"""

import asyncio
import importlib.util
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import Any, Final, Protocol

import grpc
import grpc.aio
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from medsettle.wire.calls import CALLS, PACKAGE
from medsettle.wire.reasons import Reason
from medsettle_gateway.config import LimitsSection, ListenSection
from medsettle_gateway.domain.sale import RefusalRecord
from medsettle_gateway.rpc.connections import server_options
from medsettle_gateway.rpc.patience import OtherServices, Patience
from medsettle_gateway.rpc.status import Status, status_of
from medsettle_gateway.rpc.tls import Failed, server_credentials
from medsettle_gateway.service.commands import RefusedAnswer

SERVICES: Final = tuple(sorted({f"{PACKAGE}.{call.service}" for call in CALLS}))
DETAILS: Final = "grpc-status-details-bin"

_OURS: Final = f"/{PACKAGE}."
_LAST_WORDS_S: Final = 1.0
"""How long a stop waits for answers to leave after the last call has ended; a health watch would stay."""


class Answer(Protocol):
    """What became of a call."""

    @property
    def body(self) -> bytes:
        """The message; empty if it was refused."""

    @property
    def status(self) -> Status | None:
        """Why it was refused; None if it was not."""

    @property
    def trailer(self) -> tuple[tuple[str, str], ...]:
        """Metadata that sign the answer."""


class Handler(Protocol):
    """Answers calls; it never raises."""

    async def handle(
        self, path: str, metadata: Iterable[tuple[str, str | bytes]], body: bytes, allowed_ms: int | None,
        peer: Callable[[], str],
    ) -> Answer:
        """Returns the answer. ``allowed_ms`` is what is left of the client's deadline, ``peer`` who calls."""

    def drain(self) -> None:
        """From now on every new call is refused with SHUTTING_DOWN."""


def new_event_loop() -> asyncio.AbstractEventLoop:
    """Returns uvloop's event loop where it exists, else the standard one. For asyncio.Runner."""
    if importlib.util.find_spec("uvloop") is None:
        return asyncio.new_event_loop()
    import uvloop  # noqa: PLC0415 - not on Windows

    return uvloop.new_event_loop()


def _nobody(what: str, error: BaseException) -> None:
    """Hears nothing."""


class Front:
    """One listening socket."""

    def __init__(
        self, handler: Handler, listen: ListenSection, limits: LimitsSection, failed: Failed = _nobody, *,
        shared_port: bool = False,
    ) -> None:
        self._handler = handler
        self._listen = listen
        self._failed = failed
        self._health = health.aio.HealthServicer()
        self._under_way: set[asyncio.Task[Answer]] = set()
        self._server = grpc.aio.server(
            options=server_options(limits, shared_port=shared_port), maximum_concurrent_rpcs=limits.open_calls
        )
        patience, others = Patience(limits.message_wait_ms / 1000, _refuse), OtherServices()
        health_pb2_grpc.add_HealthServicer_to_server(self._health, others)
        reflection.enable_server_reflection((*SERVICES, health.SERVICE_NAME, reflection.SERVICE_NAME), others)
        self._server.add_generic_rpc_handlers((_Methods(self._answer, patience), others))

    async def start(self) -> int:
        """Listens, and returns the port. Raises OSError if the address is taken, TlsFileError for a file."""
        credentials = server_credentials(self._listen, self._failed)
        try:
            if credentials is None:
                port = self._server.add_insecure_port(self._listen.address)
            else:
                port = self._server.add_secure_port(self._listen.address, credentials)
        except RuntimeError as error:
            raise OSError(
                f"无法监听 {self._listen.address}:地址被占用或不可用。"
                f"cannot listen on {self._listen.address}: it is taken, or not of this machine"
            ) from error
        for service in ("", *SERVICES):
            await self._health.set(service, health_pb2.HealthCheckResponse.SERVING)
        await self._server.start()
        return port

    async def refuse(self) -> None:
        """From now on new calls are refused, and who asks hears that nothing is served any more."""
        self._handler.drain()
        await self._health.enter_graceful_shutdown()

    async def drain(self, grace_s: float) -> None:
        """Refuses new calls, lets those under way finish within the grace, then closes the socket."""
        await self.refuse()
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=grace_s)
        await self._server.stop(min(grace_s, _LAST_WORDS_S))
        for task in self._under_way:
            task.cancel()

    async def _answer(
        self, path: str, body: bytes, context: grpc.aio.ServicerContext[bytes, bytes]
    ) -> bytes:
        """Carries one call. What it has begun it ends, even if the client has gone."""
        left_s: float | None = context.time_remaining()  # None where the client set no deadline
        metadata = tuple(context.invocation_metadata() or ())
        allowed_ms = None if left_s is None else int(left_s * 1000)
        task = asyncio.create_task(self._handler.handle(path, metadata, body, allowed_ms, context.peer))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        answer = await asyncio.shield(task)
        if answer.status is None:
            context.set_trailing_metadata(answer.trailer)
            return answer.body
        code = grpc.StatusCode[answer.status.code.value]
        trailer: tuple[tuple[str, str | bytes], ...] = (*answer.trailer, (DETAILS, answer.status.details))
        return await context.abort(code, answer.status.message, trailer)


class _Methods(grpc.GenericRpcHandler):
    """Every method of our package, known or not: who asks for an unknown one is told so."""

    def __init__(self, answer: Callable[[str, bytes, Any], Awaitable[bytes]], patience: Patience) -> None:
        self._answer = answer
        self._patience = patience
        self._handlers = {call.path: self._handler(call.path) for call in CALLS}

    def service(
        self, handler_call_details: grpc.HandlerCallDetails
    ) -> "grpc.RpcMethodHandler[Any, Any] | None":
        """Returns what answers this method; None leaves it to the other services."""
        path = handler_call_details.method
        known = self._handlers.get(path)
        if known is None and path.startswith(_OURS):
            known = self._handler(path)
        return None if known is None else known()

    def _handler(self, path: str) -> "Callable[[], grpc.RpcMethodHandler[Any, Any]]":
        return self._patience.handlers(partial(self._answer, path))


async def _refuse(context: "grpc.aio.ServicerContext[bytes, bytes]", reason: Reason) -> None:
    """Ends a call of which nothing was read."""
    status = status_of(RefusedAnswer(RefusalRecord(reason), recorded=False))
    await context.abort(grpc.StatusCode[status.code.value], status.message, ((DETAILS, status.details),))
