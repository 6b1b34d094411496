"""The front that speaks TLS, from files; and the loop that it runs on."""

import asyncio
from pathlib import Path

import grpc
import grpc.aio
import pytest

from medsettle_gateway.config import ListenSection
from medsettle_gateway.rpc.aio import new_event_loop
from tests.gateway.rpc.certificates import Authority
from tests.gateway.rpc.fronts import LIMITS, aio, nobody, send, served
from tests.gateway.rpc.stage import Stage


async def test_the_fast_front_refuses_to_be_asked_for_tls(tmp_path: Path) -> None:
    listen = ListenSection(tls_certificate=tmp_path / "c", tls_key=tmp_path / "k")
    fast = pytest.importorskip("medsettle_gateway.rpc.fast", reason="there is none for this machine")
    with pytest.raises(ValueError, match="no TLS"):
        fast.FastFront(Stage().calls, listen, LIMITS, nobody)


async def test_a_certificate_that_is_none_stops_the_start(tmp_path: Path) -> None:
    rubbish = tmp_path / "rubbish.pem"
    rubbish.write_text("rubbish")
    listen = ListenSection(address="127.0.0.1:0", tls_certificate=rubbish, tls_key=rubbish)
    with pytest.raises(OSError, match="certificate"):
        await aio(Stage().calls, listen, LIMITS).start()


async def test_tls_is_served_from_files(tmp_path: Path) -> None:
    authority = Authority.make()
    certificate, key = authority.issued(tmp_path, "localhost")
    listen = ListenSection(address="127.0.0.1:0", tls_certificate=certificate, tls_key=key)
    trusting = grpc.ssl_channel_credentials(authority.pem)
    async with served(aio, Stage(limits=LIMITS), listen, trusting) as (_, channel):
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
    async with served(aio, Stage(limits=LIMITS), listen, stranger) as (_, channel):
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await send(channel)
        assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
    client = grpc.ssl_channel_credentials(authority.pem, key.read_bytes(), certificate.read_bytes())
    async with served(aio, Stage(limits=LIMITS), listen, client) as (_, channel):
        assert await send(channel)


def test_the_fast_loop_is_used_where_it_exists() -> None:
    loop = new_event_loop()
    try:
        assert isinstance(loop, asyncio.AbstractEventLoop)
    finally:
        loop.close()
