"""From till to counterpart: without a socket, and over a real one."""

from collections.abc import Iterator, Mapping
from concurrent import futures
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc

from medsettle._exchange.signed import OK, Reply, Request
from medsettle.config import TillConfig
from medsettle.wire import calls, signing
from tests.sdk.counterpart import AUDIENCE, ROOT, TERMINAL, Counterpart


class DirectTransport:
    """From till to counterpart without a socket. A lost answer takes as long as the try may."""

    def __init__(self, counterpart: Counterpart) -> None:
        self.counterpart = counterpart
        self.timeouts_ms: list[int] = []
        self.closed = False

    def call(self, request: Request, timeout_ms: int) -> Reply:
        self.timeouts_ms.append(timeout_ms)
        reply = self.counterpart.answer(request)
        if reply.code == "DEADLINE_EXCEEDED" and not reply.trailing:
            self.counterpart.clock.move(timeout_ms / 1000)
        return reply

    def close(self) -> None:
        self.closed = True


class AsyncDirectTransport:
    """The same for an AsyncTill."""

    def __init__(self, counterpart: Counterpart) -> None:
        self.direct = DirectTransport(counterpart)

    async def call(self, request: Request, timeout_ms: int) -> Reply:
        return self.direct.call(request, timeout_ms)

    async def close(self) -> None:
        self.direct.close()


def config_in(folder: Path, **changed: Any) -> TillConfig:
    facts: Mapping[str, Any] = {
        "address": "127.0.0.1:1", "terminal": TERMINAL, "audience": AUDIENCE,
        "root_public_key": ROOT.public_key, "key_file": folder / "till.key",
        "journal": folder / "till.journal", "operator": "001", "insecure": True,
    }
    return TillConfig(**{**facts, **changed})


@contextmanager
def served(counterpart: Counterpart) -> Iterator[str]:
    """Puts the counterpart behind a real gRPC server on this machine; gives its address."""

    class Handlers(grpc.GenericRpcHandler):
        def service(self, details: grpc.HandlerCallDetails) -> "grpc.RpcMethodHandler[bytes, bytes] | None":
            call = calls.BY_PATH.get(details.method)
            if call is None:
                return None
            said = tuple((key, value) for key, value in details.invocation_metadata)
            return grpc.unary_unary_rpc_method_handler(lambda body, at: respond(call, said, body, at))

    def respond(call: calls.Call, said: Any, body: bytes, context: grpc.ServicerContext) -> bytes:
        facts = {key: value for key, value in said if isinstance(value, str)}
        fields = (signing.TERMINAL, signing.KEY, signing.TIMESTAMP, signing.NONCE, signing.SIGNATURE)
        request = Request(call, body, facts[signing.NONCE], tuple((name, facts[name]) for name in fields))
        reply = counterpart.answer(request)
        context.set_trailing_metadata(tuple(reply.trailing.items()))
        if reply.code != OK:
            context.set_code(grpc.StatusCode[reply.code])
        return reply.body

    server = grpc.server(futures.ThreadPoolExecutor(4))
    server.add_generic_rpc_handlers((Handlers(),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(0).wait()
