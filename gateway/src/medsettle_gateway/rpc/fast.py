"""The fast front: HTTP/2 and gRPC outside the interpreter, for loopback or behind a proxy that ends TLS.

It carries the calls of the contract; health, reflection and methods that nobody knows are answered by the
grpc.aio front, through a socket file of their own. It speaks no TLS, does not bound connections, takes a
message of any size before it refuses it, and does not hurry a client that opens a call and says nothing:
whatever stands before it does. Needs the extra ``fast``.
"""

import asyncio
import shutil
import tempfile
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import grpc
import pygrpc_native

from medsettle.wire.calls import CALLS
from medsettle_gateway.config import LimitsSection, ListenSection
from medsettle_gateway.rpc.aio import DETAILS, Answer, Front, Handler
from medsettle_gateway.rpc.tls import Failed

Metadata = tuple[tuple[str, str | bytes], ...]

_BATCH_COUNT: Final = 256
_IO_THREADS: Final = 1
"""One carries more calls than one interpreter answers."""
_METADATA_BYTES: Final = 16_384
_PATHS: Final = tuple(call.path for call in CALLS)
_CODES: Final = {code.name: code.value[0] for code in grpc.StatusCode}
_TOO_LARGE: Final = _CODES["RESOURCE_EXHAUSTED"]
_WRITTEN_WITHIN_S: Final = 0.25
"""How long an answer may take from here to the line; nothing tells when it is there."""


class FastFront:
    """One listening socket. See :class:`medsettle_gateway.rpc.aio.Front`, whose place it takes."""

    def __init__(
        self, handler: Handler, listen: ListenSection, limits: LimitsSection, failed: Failed, *,
        shared_port: bool = False,
    ) -> None:
        """With ``shared_port`` other processes of this user may listen there too."""
        if listen.tls_certificate is not None:
            raise ValueError("the fast front speaks no TLS")
        self._handler = handler
        self._listen = listen
        self._limits = limits
        self._shared_port = shared_port
        self._folder = Path(tempfile.mkdtemp(prefix="medsettle-front-"))
        socket = self._folder / "others"
        self._others = Front(handler, replace(listen, address=f"unix:{socket}"), limits, failed)
        self._socket = str(socket)
        self._native: pygrpc_native.NativeGrpcFront | None = None
        self._under_way: set[asyncio.Task[None]] = set()
        self._answered_at = float("-inf")

    async def start(self) -> int:
        """Listens, and returns the port. Raises OSError if the address is taken."""
        try:
            native = self._listening()
        except OSError as error:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise OSError(
                f"无法监听 {self._listen.address}:地址被占用或不可用。"
                f"cannot listen on {self._listen.address}: it is taken, or not of this machine"
            ) from error
        self._native = native
        await self._others.start()
        native.set_fallback(self._socket)
        native.start()
        receive = partial(_receive, native, asyncio.get_running_loop(), self._begin)
        threading.Thread(target=receive, name="medsettle-front", daemon=True).start()
        return native.bound_port

    async def drain(self, grace_s: float) -> None:
        """Refuses new calls, lets those under way finish within the grace, then closes the socket."""
        await self._others.refuse()
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=grace_s)
        await self._others.drain(0)
        for task in self._under_way:
            task.cancel()
        # To close cuts what the threads of the line have taken over and not yet written.
        unwritten_s = self._answered_at + _WRITTEN_WITHIN_S - asyncio.get_running_loop().time()
        if unwritten_s > 0:
            await asyncio.sleep(unwritten_s)
        if self._native is not None:
            await asyncio.to_thread(self._native.close)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _listening(self) -> pygrpc_native.NativeGrpcFront:
        limits = self._limits
        return pygrpc_native.NativeGrpcFront(
            self._listen.address,
            [(path, False) for path in _PATHS],
            io_threads=_IO_THREADS,
            call_details=True,
            keepalive_time_ms=limits.keepalive_s * 1_000,
            keepalive_timeout_ms=limits.keepalive_wait_s * 1_000,
            max_concurrent_streams=limits.connection_calls,
            max_metadata_size=_METADATA_BYTES,
            reuse_port=self._shared_port,
        )

    def _begin(self, events: Sequence[tuple[Any, ...]]) -> None:
        """Begins the calls of a batch. What was begun is ended, whatever became of its client."""
        for kind, call, method, body, _, details in events:
            if kind == pygrpc_native.EVENT_CALL:
                task = asyncio.create_task(self._answer(call, _PATHS[method], body, *details))
                self._under_way.add(task)
                task.add_done_callback(self._under_way.discard)

    async def _answer(
        self, call: int, path: str, body: bytes, metadata: Metadata, peer: str,
        left_s: float | None,
    ) -> None:
        native = self._native
        if native is None:
            return
        if len(body) > 2 * self._limits.request_bytes:  # as the other front's transport does
            native.fail(call, _TOO_LARGE, "the message is larger than any that is answered")
            return
        allowed_ms = None if left_s is None else int(left_s * 1000)
        answer: Answer = await self._handler.handle(path, metadata, body, allowed_ms, lambda: peer)
        self._answered_at = asyncio.get_running_loop().time()
        if answer.status is None:
            native.respond(call, answer.body, trailing_metadata=answer.trailer)
            return
        trailer: Metadata = (*answer.trailer, (DETAILS, answer.status.details))
        native.fail(call, _CODES[answer.status.code.value], answer.status.message, trailing_metadata=trailer)


def _receive(
    native: pygrpc_native.NativeGrpcFront,
    loop: asyncio.AbstractEventLoop,
    begin: Callable[[Sequence[tuple[Any, ...]]], None],
) -> None:
    """Hands what arrives to the event loop, a batch at a time, until the front is closed."""
    while (events := native.recv_batch_details(_BATCH_COUNT)) is not None:
        try:
            loop.call_soon_threadsafe(begin, events)
        except RuntimeError:  # the loop has ended without a drain
            return
