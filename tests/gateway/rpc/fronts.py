"""Each front, over a real socket."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib.util import find_spec
from typing import Any

import grpc
import grpc.aio
import pytest

from medsettle.wire.calls import SEAL
from medsettle_gateway.bootstrap.fronts import AnyFront
from medsettle_gateway.config import LimitsSection, ListenSection
from medsettle_gateway.rpc.aio import DETAILS, Front
from tests.gateway.rpc.stage import Refused, Stage, seal, signed

LIMITS = LimitsSection(request_bytes=4_096)
BODY = seal()
ANSWERED_S = 60
"""What only ends a test that hangs: a machine may be busy."""
ANYWHERE = ListenSection(address="127.0.0.1:0")

Made = Callable[[Any, ListenSection, LimitsSection], AnyFront]


def aio(handler: Any, listen: ListenSection, limits: LimitsSection) -> AnyFront:
    return Front(handler, listen, limits, nobody)


def fast(handler: Any, listen: ListenSection, limits: LimitsSection) -> AnyFront:
    from medsettle_gateway.rpc.fast import FastFront

    return FastFront(handler, listen, limits, nobody)


def nobody(what: str, error: BaseException) -> None:
    """Hears nothing."""


FRONTS: dict[str, Made] = {"aio": aio, "fast": fast} if find_spec("pygrpc_native") else {"aio": aio}


@asynccontextmanager
async def served(
    made: Made,
    stage: Stage,
    listen: ListenSection = ANYWHERE,
    credentials: grpc.ChannelCredentials | None = None,
) -> AsyncIterator[tuple[AnyFront, grpc.aio.Channel]]:
    front = made(stage.calls, listen, stage.limits)
    target = f"localhost:{await front.start()}"
    options = [("grpc.max_send_message_length", -1)]
    if credentials is None:
        channel = grpc.aio.insecure_channel(target, options=options)
    else:
        channel = grpc.aio.secure_channel(target, credentials, options=options)
    try:
        async with channel:
            yield front, channel
    finally:
        await front.drain(1)


def method(channel: grpc.aio.Channel, path: str = SEAL.path) -> Any:
    """A call that moves bytes, as a till makes it."""
    return channel.unary_unary(path)


async def send(channel: grpc.aio.Channel, body: bytes = BODY, path: str = SEAL.path, **options: Any) -> bytes:
    metadata = tuple(signed(SEAL, body).items())
    answer: bytes = await method(channel, path)(body, metadata=metadata, timeout=ANSWERED_S, **options)
    return answer


async def refused(channel: grpc.aio.Channel, **options: Any) -> tuple[grpc.StatusCode, Refused]:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await send(channel, **options)
    trailing = dict(caught.value.trailing_metadata() or ())
    return caught.value.code(), Refused.read(trailing[DETAILS])
