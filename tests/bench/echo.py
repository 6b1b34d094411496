"""The bare echo: the gateway's server stack without a gateway. ``python -m tests.bench.echo REPLY_BYTES``."""

import asyncio
import sys

import grpc
import grpc.aio

from medsettle_gateway.rpc.aio import new_event_loop

METHOD = "/echo.Echo/Echo"


async def serve(reply_bytes: int) -> None:
    """Answers every call with that many bytes until the process is ended; prints its port at the start."""
    reply = b"\0" * reply_bytes

    async def answer(_: bytes, context: grpc.aio.ServicerContext[bytes, bytes]) -> bytes:
        context.invocation_metadata()
        return reply

    server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
    handler: grpc.RpcMethodHandler[bytes, bytes] = grpc.unary_unary_rpc_method_handler(answer)
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("echo.Echo", {"Echo": handler}),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(port, flush=True)
    await server.wait_for_termination()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(serve(int(sys.argv[1])))
