"""A service over real sockets: what every fault of it comes to, and what the log of it never shows."""

import asyncio
import gzip
import json
import logging
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any

import pytest

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.credential import CodeHolder
from medsettle_gateway.domain.facts import ResolvedCredential
from medsettle_gateway.resolvers.codes import CodeService, Memory
from medsettle_gateway.resolvers.ec_query import Place
from medsettle_gateway.resolvers.simulator import CONTROL, PATH, Fault, Orders, Simulation, Simulator
from medsettle_gateway.resolvers.transport import (
    AwayError,
    Enveloped,
    HttpTransport,
    Repeating,
    StrangeError,
    TransportError,
)
from tests.gateway.resolvers.desk import ASKED, LI, LIFE, NOW, ZHANG, a_register, reason_of, shown
from tests.gateway.service.world import HandClock

MARK = "marked-8c1f"
MARKED = CodeHolder(f"code-{MARK}", ZHANG.id_number, "张三", "210300")


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator(Simulation.of([ZHANG, LI, MARKED]), 0) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.simulation.order(Orders())
        server.shutdown()
        thread.join()


@contextmanager
def fault(simulator: Simulator, kind: Fault, times: int | None = None) -> Iterator[None]:
    simulator.simulation.order(Orders(kind, times))
    yield
    simulator.simulation.order(Orders())


def address(simulator: Simulator) -> str:
    return f"http://127.0.0.1:{simulator.server_port}{PATH}"


def service(
    simulator: Simulator, attempts: int = 1, timeout_s: float = 5.0, url: str = ""
) -> CodeService:
    transport = HttpTransport(url or address(simulator), timeout_s=timeout_s, connections=4)
    return CodeService(
        "national", Repeating(transport, attempts, HandClock()), a_register(), Place(), frozenset({"210300"}),
        Memory(b"m" * 32, 10), b"i" * 32, LIFE,
    )


async def answer_of(asked: CodeService, code: str = ZHANG.code) -> Any:
    try:
        return await asked.resolve(shown(code), ASKED, NOW)
    finally:
        await asked.transport.close()


async def test_a_code_is_decoded_over_the_wire(simulator: Simulator) -> None:
    found = await answer_of(service(simulator))
    assert isinstance(found, ResolvedCredential)
    assert found.member == "m-zhang"
    (asked,) = simulator.simulation.asked
    assert asked == {
        "orgId": "P21030200101", "businessType": "02121", "operatorId": "li", "officeId": "",
        "deviceType": "",
    }


@pytest.mark.parametrize(("kind", "reason"), [
    (Fault.CODE_AS_STRING, None),
    (Fault.INVALID, Reason.CREDENTIAL_INVALID),
    (Fault.EXPIRED, Reason.CREDENTIAL_EXPIRED),
    (Fault.WRONG_REGION, Reason.CREDENTIAL_OTHER_REGION),
    (Fault.AWAY, Reason.CREDENTIAL_SERVICE_UNAVAILABLE),
    (Fault.BROKEN, Reason.CREDENTIAL_SERVICE_UNAVAILABLE),
    (Fault.GARBAGE, Reason.CREDENTIAL_SERVICE_UNAVAILABLE),
    (Fault.TOO_LONG, Reason.CREDENTIAL_SERVICE_UNAVAILABLE),
    (Fault.BUSY, Reason.CREDENTIAL_SERVICE_UNAVAILABLE),
])
async def test_each_fault_has_its_answer(simulator: Simulator, kind: Fault, reason: Reason | None) -> None:
    with fault(simulator, kind):
        assert reason_of(await answer_of(service(simulator))) is reason


async def test_a_code_of_nobody_is_invalid(simulator: Simulator) -> None:
    assert reason_of(await answer_of(service(simulator), "unheard-of")) is Reason.CREDENTIAL_INVALID


async def test_a_service_that_is_too_slow_is_given_up_and_one_that_is_not_there_too(
    simulator: Simulator
) -> None:
    with fault(simulator, Fault.SLOW):
        slow = await answer_of(service(simulator, timeout_s=0.05))
    assert reason_of(slow) is Reason.CREDENTIAL_SERVICE_UNAVAILABLE
    nobody = await answer_of(service(simulator, url="http://127.0.0.1:9/localQrCodeQuery"))
    assert reason_of(nobody) is Reason.CREDENTIAL_SERVICE_UNAVAILABLE


@pytest.mark.parametrize(("kind", "queries"), [(Fault.AWAY, 2), (Fault.BROKEN, 2)])
async def test_a_service_that_is_away_for_a_moment_is_asked_again(
    simulator: Simulator, kind: Fault, queries: int
) -> None:
    with fault(simulator, kind, times=1):
        assert reason_of(await answer_of(service(simulator, attempts=2))) is None
    assert simulator.simulation.counts["queries"] == queries


@pytest.mark.parametrize("kind", [Fault.GARBAGE, Fault.INVALID, Fault.TOO_LONG, Fault.BUSY])
async def test_what_was_answered_is_not_asked_again(simulator: Simulator, kind: Fault) -> None:
    with fault(simulator, kind):
        await answer_of(service(simulator, attempts=5))
    assert simulator.simulation.counts["queries"] == 1


async def test_it_is_asked_no_more_often_than_is_allowed_with_pauses_by_the_clock_that_is_passed_in() -> None:
    class Away:
        asked = 0

        async def send(self, _: bytes) -> bytes:
            self.asked += 1
            raise AwayError("ConnectError")

        async def close(self) -> None:
            """Nothing is held."""

    away, clock = Away(), HandClock()
    began_at = clock.at
    with pytest.raises(AwayError):
        await Repeating(away, 3, clock).send(b"")
    assert away.asked == 3
    assert clock.at - began_at == timedelta(milliseconds=150)


class Turned:
    """An envelope that turns the bytes round and signs them with one letter."""

    def seal(self, request: bytes) -> bytes:
        return b"S" + request[::-1]

    def open(self, answer: bytes) -> bytes:
        if answer[:1] != b"S":
            raise ValueError(MARK)
        return answer[:0:-1]


async def test_a_province_may_wrap_the_call_in_an_envelope_of_its_own() -> None:
    class Echo:
        def __init__(self, answer: bytes) -> None:
            self.answer, self.got = answer, b""

        async def send(self, request: bytes) -> bytes:
            self.got = request
            return self.answer

        async def close(self) -> None:
            """Nothing is held."""

    echo = Echo(b"Sdias")
    assert await Enveloped(echo, Turned()).send(b"asked") == b"said"
    assert echo.got == b"Sdeksa"
    with pytest.raises(StrangeError) as raised:
        await Enveloped(Echo(b"forged"), Turned()).send(b"asked")
    assert MARK not in str(raised.value)


@pytest.mark.parametrize("kind", [*Fault])
async def test_no_log_error_or_repr_shows_a_code_a_token_or_a_person_at_any_level(
    simulator: Simulator, kind: Fault, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("httpx", "httpcore", "tenacity", "asyncio", "medsettle"):
        caplog.set_level(logging.DEBUG, logger=name)
    asked = service(simulator, attempts=2, timeout_s=0.05 if kind is Fault.SLOW else 5.0)
    with fault(simulator, kind):
        answer = await answer_of(asked, MARKED.code)
    lines = [
        f"{record.getMessage()} {record.__dict__.get('fields', '')} {record.exc_text}"
        for record in caplog.records
    ]
    assert lines, "the libraries below are silent: what is looked at here is not there any more"
    for text in (*lines, repr(answer), repr(asked), repr(shown(MARKED.code))):
        assert MARK not in text
        assert MARKED.id_number not in text
        assert MARKED.name not in text


async def test_what_is_raised_carries_nothing_of_what_was_sent(simulator: Simulator) -> None:
    transport = HttpTransport("http://127.0.0.1:9/", timeout_s=1, connections=1)
    with pytest.raises(TransportError) as raised:
        await transport.send(MARK.encode())
    await transport.close()
    assert MARK not in repr(raised.value)
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__


async def test_an_answer_is_not_unpacked() -> None:
    """60 KB of it would be 60 MB: far more than an answer may have before anybody counts."""
    packed, heads = gzip.compress(b"x" * 10_000_000), []

    async def bomb(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)
        writer.write(head + packed)
        with suppress(ConnectionError):
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(bomb, "127.0.0.1", 0)
    transport = HttpTransport(
        f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", timeout_s=5, connections=1
    )
    with pytest.raises(StrangeError, match="packed"):
        await transport.send(b"{}")
    await transport.close()
    server.close()
    await server.wait_closed()
    assert b"accept-encoding: identity" in heads[0].lower()


async def test_no_session_of_one_patient_is_carried_to_the_next() -> None:
    heads = []

    async def sessions(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(2):
            heads.append(await reader.readuntil(b"\r\n\r\n{}"))
            writer.write(b"HTTP/1.1 200 OK\r\nSet-Cookie: session=1; Path=/\r\nContent-Length: 2\r\n\r\n{}")
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(sessions, "127.0.0.1", 0)
    transport = HttpTransport(
        f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", timeout_s=5, connections=1
    )
    for _ in range(2):
        assert await transport.send(b"{}") == b"{}"
    await transport.close()
    server.close()
    await server.wait_closed()
    assert [b"cookie" in head.lower() for head in heads] == [False, False]


async def test_a_slow_drip_ends_when_its_time_is_over() -> None:
    async def drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{")
        await writer.drain()
        await never.wait()
        writer.close()

    never = asyncio.Event()
    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    transport = HttpTransport(f"http://127.0.0.1:{port}/", timeout_s=0.05, connections=1)
    with pytest.raises(AwayError):
        await transport.send(b"{}")
    await transport.close()
    never.set()
    server.close()
    await server.wait_closed()


def ask(simulator: Simulator, data: Any = None) -> Any:
    body = None if data is None else json.dumps(data).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{simulator.server_port}{CONTROL}", data=body)
    with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310
        return json.loads(answer.read())


async def test_the_simulator_is_steered_over_its_control_path(simulator: Simulator) -> None:
    await asyncio.to_thread(ask, simulator, {"expired": [ZHANG.code]})
    assert reason_of(await answer_of(service(simulator))) is Reason.CREDENTIAL_EXPIRED
    assert reason_of(await answer_of(service(simulator), LI.code)) is None
    told = await asyncio.to_thread(ask, simulator)
    assert told["queries"] == 2
    assert ZHANG.code not in json.dumps(told)


@pytest.mark.parametrize("order", [
    {"fault": "unheard-of"}, {"times": 0}, {"times": True}, {"expired": "x"}, {"more": 1}, [], "away",
])
async def test_the_simulator_says_which_orders_it_knows(simulator: Simulator, order: Any) -> None:
    with pytest.raises(urllib.error.HTTPError) as raised:
        await asyncio.to_thread(ask, simulator, order)
    assert raised.value.code == 400
    assert json.loads(raised.value.read())["error"]
    raised.value.close()
