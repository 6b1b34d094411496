"""Clients that open calls and then say nothing, over a real socket: they hold places, never everybody's."""

import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
import grpc.aio
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from medsettle.wire.calls import SEAL
from medsettle_gateway.config import LimitsSection
from medsettle_gateway.rpc import patience
from medsettle_gateway.rpc.aio import DETAILS
from tests.gateway.rpc.fronts import aio, refused, send, served
from tests.gateway.rpc.stage import Refused, Stage

QUICK = LimitsSection(message_wait_ms=500)
"""So long that whoever says something has said it, and as long as these tests wait for those who do not."""
SLOW = LimitsSection(message_wait_ms=60_000)
FEW = 3


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "SILENT_COUNT", FEW)
    monkeypatch.setattr(patience, "OTHERS_COUNT", FEW)


@asynccontextmanager
async def silent(channel: grpc.aio.Channel, count: int) -> AsyncIterator[list[Any]]:
    """Opens calls, sends their headers, and no message."""
    calls: list[Any] = []
    for _ in range(count):
        call: Any = channel.stream_unary(SEAL.path)()
        await call.wait_for_connection()
        calls.append(call)
    yield calls
    for call in calls:
        call.cancel()


async def settled(calls: list[Any]) -> list[grpc.StatusCode]:
    return [await call.code() for call in calls]


async def test_silent_calls_keep_nobody_from_being_served() -> None:
    async with served(aio, Stage(limits=SLOW)) as (_, channel), silent(channel, 5 * FEW):
        for _ in range(5):
            assert await send(channel)


async def test_beyond_the_first_silent_calls_end_when_their_time_is_over() -> None:
    async with served(aio, Stage(limits=QUICK)) as (_, channel), silent(channel, FEW + 4) as calls:
        assert await settled(calls[FEW:]) == [grpc.StatusCode.DEADLINE_EXCEEDED] * 4
        assert [call.done() for call in calls[:FEW]] == [False] * FEW
        assert Refused.read(dict(await calls[-1].trailing_metadata())[DETAILS]).reason == "DEADLINE_PASSED"
        assert await send(channel)


async def test_a_message_that_comes_late_and_in_time_is_answered() -> None:
    async with served(aio, Stage(limits=SLOW)) as (_, channel), silent(channel, FEW + 1) as calls:
        for call in calls:
            await call.write(b"")
            await call.done_writing()
        assert await settled(calls) == [grpc.StatusCode.UNAUTHENTICATED] * (FEW + 1)


async def test_who_ends_a_call_without_a_message_gets_an_end() -> None:
    async with served(aio, Stage(limits=SLOW)) as (_, channel), silent(channel, FEW + 4) as calls:
        for call in calls[FEW:]:
            await call.done_writing()
        assert await settled(calls[FEW:]) == [grpc.StatusCode.INVALID_ARGUMENT] * 4
        assert Refused.read(dict(await calls[-1].trailing_metadata())[DETAILS]).reason == "REQUEST_MALFORMED"
        assert await send(channel)


async def test_once_many_calls_ended_unheard_all_are_timed() -> None:
    async with served(aio, Stage(limits=QUICK)) as (_, channel):
        async with silent(channel, FEW) as calls:
            for call in calls:
                await call.done_writing()
            assert await send(channel)
        async with silent(channel, 1) as calls:
            assert await settled(calls) == [grpc.StatusCode.DEADLINE_EXCEEDED]
        assert await send(channel)


async def test_calls_that_ended_unheard_are_forgotten_as_others_are_heard(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(patience, "HEARD_COUNT", FEW)
    async with served(aio, Stage(limits=QUICK)) as (_, channel):
        async with silent(channel, FEW) as calls:
            for call in calls:
                await call.done_writing()
            for _ in range(FEW):
                assert await send(channel)
        async with silent(channel, FEW) as calls:
            assert (await settled(calls[FEW - 1:])) == [grpc.StatusCode.DEADLINE_EXCEEDED]
            assert [call.done() for call in calls[:FEW - 1]] == [False] * (FEW - 1)


async def test_refusals_go_on_beside_silent_calls() -> None:
    stage = Stage(limits=LimitsSection(request_bytes=4_096))
    async with served(aio, stage) as (_, channel), silent(channel, 3 * FEW):
        _, answer = await refused(channel, body=bytes(4_097))
        assert answer.reason == "REQUEST_TOO_LARGE"


async def test_more_health_watches_than_allowed_are_refused_and_sales_go_on() -> None:
    async with served(aio, Stage()) as (_, channel):
        stub = health_pb2_grpc.HealthStub(channel)
        watches = [stub.Watch(health_pb2.HealthCheckRequest()) for _ in range(FEW)]
        for watch in watches:
            assert (await watch.read()).status == health_pb2.HealthCheckResponse.SERVING
        one_more = stub.Watch(health_pb2.HealthCheckRequest())
        assert await one_more.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert await send(channel)
        watches[0].cancel()
        await until_checked(stub)
        for watch in watches:
            watch.cancel()


async def until_checked(stub: Any) -> None:
    """Returns once health answers again: the place of a watch that was cancelled is free by then."""
    for _ in range(1_000):
        with contextlib.suppress(grpc.aio.AioRpcError):
            await stub.Check(health_pb2.HealthCheckRequest())
            return
    raise AssertionError("health is never checked again")
