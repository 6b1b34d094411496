"""What the tests take for gRPC's: a call that ends when its loop is closed, and nothing else."""

import asyncio
from typing import Any

import grpc.aio
import pytest

from tests.conftest import passed_on_by_poller

LEFT_S = 1.0
"""The loop is closed before the call ends, and a busy machine may take its time for it."""


async def leave_a_call() -> object:
    """Begins a call that nobody answers, and does not wait for its end."""
    channel = grpc.aio.insecure_channel("127.0.0.1:1", options=[("grpc.enable_retries", 0)])
    ask: Any = channel.unary_unary("/nobody/home")
    call = ask(b"", timeout=LEFT_S, wait_for_ready=True)
    await asyncio.sleep(0)
    return channel, call


async def heard_in_another_loop() -> BaseException:
    """Returns what the poller raises in a loop that has nothing to do with the call."""
    heard: asyncio.Future[BaseException] = asyncio.get_running_loop().create_future()

    def hear(_: object, context: dict[str, Any]) -> None:
        if not heard.done():
            heard.set_result(context["exception"])

    asyncio.get_running_loop().set_exception_handler(hear)
    server = grpc.aio.server()
    await server.start()
    try:
        return await asyncio.wait_for(heard, 30)
    finally:
        await server.stop(None)


def test_a_call_that_ends_when_its_loop_is_closed_is_no_fault_of_the_loop_that_hears_of_it() -> None:
    first = asyncio.new_event_loop()
    left = first.run_until_complete(leave_a_call())
    first.close()
    error = asyncio.run(heard_in_another_loop())
    assert passed_on_by_poller(error)
    del left


def test_whoever_else_finds_a_loop_closed_is_at_fault() -> None:
    closed = asyncio.new_event_loop()
    closed.close()
    with pytest.raises(RuntimeError) as raised:
        closed.call_soon_threadsafe(print)
    assert not passed_on_by_poller(raised.value)
    assert not passed_on_by_poller(None)
