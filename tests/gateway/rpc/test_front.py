"""Each front over a real socket: it moves bytes, ends what it began, and says when it stops."""

import asyncio
import socket
from datetime import datetime
from typing import Any

import grpc
import grpc.aio
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from medsettle.wire.calls import CALLS, PACKAGE, SEAL
from medsettle_gateway.config import ListenSection
from medsettle_gateway.rpc.aio import DETAILS, SERVICES
from medsettle_gateway.service import commands
from tests.gateway.rpc.fronts import ANSWERED_S, BODY, FRONTS, LIMITS, Made, method, refused, send, served
from tests.gateway.rpc.stage import Refused, Stage, sealed_sale, signed


@pytest.fixture(params=FRONTS)
def made(request: pytest.FixtureRequest) -> Made:
    return FRONTS[request.param]


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


async def test_an_answer_comes_back_with_its_signature(made: Made) -> None:
    async with served(made, Stage(limits=LIMITS)) as (_, channel):
        call = method(channel)(BODY, metadata=tuple(signed(SEAL, BODY).items()))
        assert await call
        names = {name for name, _ in await call.trailing_metadata() or ()}
        assert names == {"answer-key", "answer-timestamp", "answer-signature", "answer-certificate"}


async def test_a_refusal_comes_back_with_details_and_signature(made: Made) -> None:
    async with served(made, Stage(limits=LIMITS)) as (_, channel):
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await method(channel)(b"")
        trailing = dict(caught.value.trailing_metadata() or ())
        assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED
        assert Refused.read(trailing[DETAILS]).reason == "SIGNATURE_MISSING"
        assert "answer-signature" in trailing


async def test_a_request_over_the_limit_is_told_so_in_our_words(made: Made) -> None:
    async with served(made, Stage(limits=LIMITS)) as (_, channel):
        code, answer = await refused(channel, body=bytes(4_097))
        assert (code, answer.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "REQUEST_TOO_LARGE")


async def test_a_request_far_over_the_limit_is_turned_away_by_the_transport(made: Made) -> None:
    stage = Stage(limits=LIMITS)
    async with served(made, stage) as (_, channel):
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await send(channel, body=bytes(1_000_000))
        assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert await send(channel)
    assert len(stage.handled) == 1


async def test_a_small_request_that_unpacks_into_a_large_one_is_turned_away(made: Made) -> None:
    stage = Stage(limits=LIMITS)
    async with served(made, stage) as (_, channel):
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await send(channel, body=bytes(30_000_000), compression=grpc.Compression.Gzip)
        assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert await send(channel)
    assert len(stage.handled) == 1


async def test_metadata_beyond_all_measure_are_turned_away_and_the_next_call_is_served(made: Made) -> None:
    stage = Stage(limits=LIMITS)
    async with served(made, stage) as (_, channel):
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await method(channel)(BODY, metadata=(("terminal", "x" * 60_000),), timeout=ANSWERED_S)
        # One transport says so by a status of gRPC, the other by one of HTTP, which a client calls UNKNOWN.
        assert caught.value.code() in {grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.UNKNOWN}
        assert await send(channel)


@pytest.mark.parametrize("name", ["SettlementService/Refund", "NothingService/Settle"])
async def test_an_unknown_method_of_the_contract_is_not_supported(name: str, made: Made) -> None:
    async with served(made, Stage(limits=LIMITS)) as (_, channel):
        code, answer = await refused(channel, path=f"/{PACKAGE}.{name}")
        assert (code, answer.reason) == (grpc.StatusCode.UNIMPLEMENTED, "NOT_SUPPORTED")


async def test_a_method_of_a_stranger_is_unimplemented(made: Made) -> None:
    async with served(made, Stage(limits=LIMITS)) as (_, channel):
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await method(channel, "/other.Service/Call")(b"")
        assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


async def test_what_has_begun_is_ended_even_if_the_client_goes(made: Made) -> None:
    stage, service = waiting_stage()
    async with served(made, stage) as (_, channel):
        call = method(channel)(BODY, metadata=tuple(signed(SEAL, BODY).items()))
        await service.begun.wait()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        service.go_on.set()
        await service.ended.wait()
    assert [each.code for each in stage.handled] == ["OK"]


async def test_a_deadline_ends_the_wait_and_not_the_work(made: Made) -> None:
    stage, service = waiting_stage()
    async with served(made, stage) as (_, channel):
        for timeout_s in (0.05, 0.5, 5, 50):  # on a machine that is busy the first may be over too early
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await method(channel)(
                    BODY, metadata=tuple(signed(SEAL, BODY).items()), timeout=timeout_s
                )
            assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
            if service.begun.is_set():
                break
        assert service.begun.is_set()
        assert not service.ended.is_set()
        service.go_on.set()
        await service.ended.wait()


async def test_a_drain_lets_calls_finish_and_asks_new_ones_to_come_back(made: Made) -> None:
    stage, service = waiting_stage()
    async with served(made, stage) as (front, channel):
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


async def test_a_drain_does_not_wait_for_ever(made: Made) -> None:
    stage, service = waiting_stage()
    async with served(made, stage) as (front, channel):
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
async def test_health_is_served_for_each_service(service: str, made: Made) -> None:
    async with served(made, Stage(limits=LIMITS)) as (_, channel):
        assert await health_of(channel, service) == health_pb2.HealthCheckResponse.SERVING


def test_every_service_of_the_contract_is_announced() -> None:
    assert {call.path.split("/")[1] for call in CALLS} == set(SERVICES)


async def test_an_address_that_is_taken_stops_the_start_with_a_sentence(made: Made) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        front = made(Stage().calls, ListenSection(address=address), LIMITS)
        with pytest.raises(OSError, match=r"无法监听.*cannot listen"):
            await front.start()
