"""A credential service is who its certificate says, or it is told nothing; where it points is not gone to."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from medsettle_gateway.resolvers.transport import AwayError, HttpTransport, StrangeError
from tests.gateway.rpc.certificates import HOUR, Authority

HERE = "127.0.0.1"


class Listening:
    """Takes down what it is sent, and answers as it is told to."""

    def __init__(self, head: bytes = b"HTTP/1.1 200 OK") -> None:
        self.head, self.port = head, 0
        self.heard: list[bytes] = []

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.heard.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(self.head + b"\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}")
        await writer.drain()
        writer.close()


@asynccontextmanager
async def listening(service: Listening, tls: ssl.SSLContext | None = None) -> AsyncIterator[Listening]:
    server = await asyncio.start_server(service.answer, HERE, 0, ssl=tls)
    service.port = server.sockets[0].getsockname()[1]
    yield service
    server.close()
    await server.wait_closed()


def as_server(certificate: Path, key: Path) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(certificate, key)
    return made


@pytest.fixture
def trusted(tmp_path: Path) -> tuple[Authority, ssl.SSLContext]:
    authority = Authority.make()
    return authority, ssl.create_default_context(cafile=str(authority.kept(tmp_path)))


async def sent(port: int, verify: object = True) -> bytes:
    transport = HttpTransport(f"https://{HERE}:{port}/", timeout_s=5, connections=1, verify=verify)
    try:
        return await transport.send(b"{}")
    finally:
        await transport.close()


async def test_a_service_of_the_authority_that_is_named_is_told_what_is_asked(
    tmp_path: Path, trusted: tuple[Authority, ssl.SSLContext]
) -> None:
    authority, context = trusted
    async with listening(Listening(), as_server(*authority.issued(tmp_path, HERE))) as service:
        assert await sent(service.port, context) == b"{}"


@pytest.mark.parametrize("fault", ["another authority", "another host", "over", "no authority named"])
async def test_whoever_else_answers_is_told_nothing(
    tmp_path: Path, trusted: tuple[Authority, ssl.SSLContext], fault: str
) -> None:
    authority, context = trusted
    signs = Authority.make() if fault == "another authority" else authority
    host = "ec.example.cn" if fault == "another host" else HERE
    ends = -HOUR / 2 if fault == "over" else HOUR
    async with listening(Listening(), as_server(*signs.issued(tmp_path, host, ends=ends))) as service:
        with pytest.raises(AwayError):
            await sent(service.port, True if fault == "no authority named" else context)
        assert service.heard == []


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_service_that_points_elsewhere_sends_nobody_there(status: int) -> None:
    """The code and our secret would go with it, to wherever whoever answers likes."""
    async with listening(Listening()) as elsewhere:
        head = f"HTTP/1.1 {status} Moved\r\nLocation: http://{HERE}:{elsewhere.port}/".encode()
        async with listening(Listening(head)) as service:
            transport = HttpTransport(f"http://{HERE}:{service.port}/", timeout_s=5, connections=1)
            with pytest.raises(StrangeError, match=str(status)):
                await transport.send(b"{}")
            await transport.close()
        assert (len(service.heard), elsewhere.heard) == (1, [])


async def test_no_proxy_of_the_environment_is_told_what_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    async with listening(Listening()) as proxy, listening(Listening()) as service:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://{HERE}:{proxy.port}")
        monkeypatch.setenv("NO_PROXY", "")
        transport = HttpTransport(f"http://{HERE}:{service.port}/", timeout_s=5, connections=1)
        assert await transport.send(b"{}") == b"{}"
        await transport.close()
        assert (len(service.heard), proxy.heard) == (1, [])
