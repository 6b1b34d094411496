"""The grpc.aio front over a real socket: it moves bytes, ends what it began, and says when it stops."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from medsettle.wire.calls import CALLS, PACKAGE, SEAL
from medsettle_gateway.config import LimitsSection, ListenSection
from medsettle_gateway.rpc.aio import DETAILS, SERVICES, Front, new_event_loop
from medsettle_gateway.service import commands
from tests.gateway.rpc.certificates import Authority
from tests.gateway.rpc.stage import Refused, Stage, seal, sealed_sale, signed

LIMITS = LimitsSection(request_bytes=4_096)
BODY = seal()


@asynccontextmanager
async def served(
    stage: Stage, listen: ListenSection | None = None, credentials: grpc.ChannelCredentials | None = None
) -> AsyncIterator[tuple[Front, grpc.aio.Channel]]:
    front = Front(stage.calls, listen or ListenSection(address="127.0.0.1:0"), stage.limits)
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
    answer: bytes = await method(channel, path)(body, metadata=metadata, timeout=5, **options)
    return answer


async def refused(channel: grpc.aio.Channel, **options: Any) -> tuple[grpc.StatusCode, Refused]:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await send(channel, **options)
    trailing = dict(caught.value.trailing_metadata() or ())
    return caught.value.code(), Refused.read(trailing[DETAILS])


class Waiting:
    """A service that says when it has begun, and goes on when it is told to."""

    def __init__(self) -> None:
        self.begun, self.go_on, self.ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def __call__(self, command: commands.Command, deadline_at: datetime) -> commands.Answer:
        self.begun.set()
        await self.go_on.wait()
        self.ended.set()
        return sealed_sale()


def waiting_stage() -> tuple[Stage, Waiting]:
    service = Waiting()
    return Stage(limits=LIMITS, service=service), service


async def test_an_answer_comes_back_with_its_signature() -> None:
    async with served(Stage(limits=LIMITS)) as (_, channel):
        call = method(channel)(BODY, metadata=tuple(signed(SEAL, BODY).items()))
        assert await call
        names = {name for name, _ in await call.trailing_metadata() or ()}
        assert names == {"answer-key", "answer-timestamp", "answer-signature", "answer-certificate"}


async def test_a_refusal_comes_back_with_details_and_signature() -> None:
    async with served(Stage(limits=LIMITS)) as (_, channel):
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await method(channel)(b"")
        trailing = dict(caught.value.trailing_metadata() or ())
        assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED
        assert Refused.read(trailing[DETAILS]).reason == "SIGNATURE_MISSING"
        assert "answer-signature" in trailing


async def test_a_request_over_the_limit_is_told_so_in_our_words() -> None:
    async with served(Stage(limits=LIMITS)) as (_, channel):
        code, answer = await refused(channel, body=bytes(4_097))
        assert (code, answer.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "REQUEST_TOO_LARGE")


async def test_a_request_far_over_the_limit_is_turned_away_by_the_transport() -> None:
    stage = Stage(limits=LIMITS)
    async with served(stage) as (_, channel):
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await send(channel, body=bytes(1_000_000))
        assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert await send(channel)
    assert len(stage.handled) == 1


async def test_a_small_request_that_unpacks_into_a_large_one_is_turned_away() -> None:
    stage = Stage(limits=LIMITS)
    async with served(stage) as (_, channel):
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await send(channel, body=bytes(30_000_000), compression=grpc.Compression.Gzip)
        assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert await send(channel)
    assert len(stage.handled) == 1


async def test_metadata_beyond_all_measure_are_turned_away_and_the_next_call_is_served() -> None:
    stage = Stage(limits=LIMITS)
    async with served(stage) as (_, channel):
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await method(channel)(BODY, metadata=(("terminal", "x" * 60_000),), timeout=5)
        assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert await send(channel)


@pytest.mark.parametrize("name", ["SettlementService/Refund", "NothingService/Settle"])
async def test_an_unknown_method_of_the_contract_is_not_supported(name: str) -> None:
    async with served(Stage(limits=LIMITS)) as (_, channel):
        code, answer = await refused(channel, path=f"/{PACKAGE}.{name}")
        assert (code, answer.reason) == (grpc.StatusCode.UNIMPLEMENTED, "NOT_SUPPORTED")


async def test_a_method_of_a_stranger_is_unimplemented() -> None:
    async with served(Stage(limits=LIMITS)) as (_, channel):
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await method(channel, "/other.Service/Call")(b"")
        assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


async def test_what_has_begun_is_ended_even_if_the_client_goes() -> None:
    stage, service = waiting_stage()
    async with served(stage) as (_, channel):
        call = method(channel)(BODY, metadata=tuple(signed(SEAL, BODY).items()))
        await service.begun.wait()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        service.go_on.set()
        await service.ended.wait()
    assert [each.code for each in stage.handled] == ["OK"]


async def test_a_deadline_ends_the_wait_and_not_the_work() -> None:
    stage, service = waiting_stage()
    async with served(stage) as (_, channel):
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await method(channel)(
                BODY, metadata=tuple(signed(SEAL, BODY).items()), timeout=0.05
            )
        assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        service.go_on.set()
        await service.ended.wait()


async def test_a_drain_lets_calls_finish_and_asks_new_ones_to_come_back() -> None:
    stage, service = waiting_stage()
    async with served(stage) as (front, channel):
        first = asyncio.create_task(send(channel))
        await service.begun.wait()
        drained = asyncio.create_task(front.drain(10))
        await until_it_drains(channel)
        code, answer = await refused(channel)
        assert (code, answer.reason) == (grpc.StatusCode.UNAVAILABLE, "SHUTTING_DOWN")
        assert answer.retry_ms == LIMITS.retry_ms
        health = await health_of(channel)
        service.go_on.set()
        assert await first
        await drained
    assert health == health_pb2.HealthCheckResponse.NOT_SERVING


async def test_a_drain_does_not_wait_for_ever() -> None:
    stage, service = waiting_stage()
    async with served(stage) as (front, channel):
        stuck = asyncio.create_task(send(channel))
        await service.begun.wait()
        await front.drain(0.01)
        with pytest.raises(grpc.aio.AioRpcError):
            await stuck
    assert not service.ended.is_set()


async def until_it_drains(channel: grpc.aio.Channel) -> None:
    watched = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest())
    async for told in watched:
        if told.status == health_pb2.HealthCheckResponse.NOT_SERVING:
            break
    watched.cancel()


async def health_of(channel: grpc.aio.Channel, service: str = "") -> Any:
    stub = health_pb2_grpc.HealthStub(channel)
    return (await stub.Check(health_pb2.HealthCheckRequest(service=service))).status


@pytest.mark.parametrize("service", ["", *SERVICES])
async def test_health_is_served_for_each_service(service: str) -> None:
    async with served(Stage(limits=LIMITS)) as (_, channel):
        assert await health_of(channel, service) == health_pb2.HealthCheckResponse.SERVING


def test_every_service_of_the_contract_is_announced() -> None:
    assert {call.path.split("/")[1] for call in CALLS} == set(SERVICES)


async def test_an_address_that_is_taken_stops_the_start_with_a_sentence() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        front = Front(Stage().calls, ListenSection(address=address), LIMITS)
        with pytest.raises(OSError, match=r"无法监听.*cannot listen"):
            await front.start()


async def test_a_certificate_that_is_none_stops_the_start(tmp_path: Path) -> None:
    rubbish = tmp_path / "rubbish.pem"
    rubbish.write_text("rubbish")
    listen = ListenSection(address="127.0.0.1:0", tls_certificate=rubbish, tls_key=rubbish)
    with pytest.raises(OSError, match="certificate"):
        await Front(Stage().calls, listen, LIMITS).start()


async def test_tls_is_served_from_files(tmp_path: Path) -> None:
    authority = Authority.make()
    certificate, key = authority.issued(tmp_path, "localhost")
    listen = ListenSection(address="127.0.0.1:0", tls_certificate=certificate, tls_key=key)
    trusting = grpc.ssl_channel_credentials(authority.pem)
    async with served(Stage(limits=LIMITS), listen, trusting) as (_, channel):
        assert await send(channel)


async def test_with_a_client_authority_a_stranger_is_not_let_in(tmp_path: Path) -> None:
    authority = Authority.make()
    certificate, key = authority.issued(tmp_path, "localhost")
    client_ca = tmp_path / "ca.pem"
    client_ca.write_bytes(authority.pem)
    listen = ListenSection(
        address="127.0.0.1:0", tls_certificate=certificate, tls_key=key, tls_client_ca=client_ca
    )
    stranger = grpc.ssl_channel_credentials(authority.pem)
    async with served(Stage(limits=LIMITS), listen, stranger) as (_, channel):
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await send(channel)
        assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
    client = grpc.ssl_channel_credentials(authority.pem, key.read_bytes(), certificate.read_bytes())
    async with served(Stage(limits=LIMITS), listen, client) as (_, channel):
        assert await send(channel)


def test_the_fast_loop_is_used_where_it_exists() -> None:
    loop = new_event_loop()
    try:
        assert isinstance(loop, asyncio.AbstractEventLoop)
    finally:
        loop.close()
