"""The wire: a gRPC channel that moves bytes, blocking and async.

No serializers: what was signed is what is sent. gRPC's own retries are off: each sending is signed
anew. Plaintext goes to this machine only, unless the configuration says otherwise.
"""

import ipaddress
import ssl
from typing import Any, Final, Protocol

import grpc
import grpc.aio

from medsettle._exchange.signed import OK, Reply, Request
from medsettle.config import TillConfig, wrong

ANSWER_BYTES_MAX: Final = 1_048_576
_OPTIONS: Final = (
    ("grpc.enable_retries", 0),
    ("grpc.enable_http_proxy", 0),
    ("grpc.max_receive_message_length", ANSWER_BYTES_MAX),
    ("grpc.max_metadata_size", 32_768),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 5_000),  # how long connecting may take, despite its name
    ("grpc.max_reconnect_backoff_ms", 2_000),
    # A router that forgot a connection tells nobody: unasked, every call would wait on it in vain long after
    # the line is back. Asking and waiting together take less than a call may, so that it goes out anew.
    ("grpc.keepalive_time_ms", 4_000),
    ("grpc.keepalive_timeout_ms", 4_000),
    ("grpc.http2.ping_timeout_ms", 4_000),
    ("grpc.primary_user_agent", "medsettle"),
)

_LOST: Final = {"CANCELLED": "UNAVAILABLE"}
"""A gateway that ends, or has too many calls, cancels some: as with a lost line, it may have heard them."""


class Transport(Protocol):
    """Sends a signed request and returns what came back; it raises nothing that a network does."""

    def call(self, request: Request, timeout_ms: int) -> Reply:
        """Returns the reply; a lost or late one has the code UNAVAILABLE or DEADLINE_EXCEEDED."""

    def close(self) -> None:
        """Ends the connection."""


class AsyncTransport(Protocol):
    """The same without holding up the event loop."""

    async def call(self, request: Request, timeout_ms: int) -> Reply:
        """Returns the reply; a lost or late one has the code UNAVAILABLE or DEADLINE_EXCEEDED."""

    async def close(self) -> None:
        """Ends the connection."""


class GrpcTransport:
    """A blocking channel."""

    def __init__(self, config: TillConfig) -> None:
        secrets = _secrets(config)
        if secrets is None:
            self._channel = grpc.insecure_channel(config.address, options=_OPTIONS)
        else:
            self._channel = grpc.secure_channel(config.address, secrets, options=_OPTIONS)

    def call(self, request: Request, timeout_ms: int) -> Reply:
        """Returns the reply; a lost or late one has the code UNAVAILABLE or DEADLINE_EXCEEDED."""
        ask: grpc.UnaryUnaryMultiCallable[bytes, bytes] = self._channel.unary_unary(request.call.path)
        try:
            body, call = ask.with_call(request.body, timeout=timeout_ms / 1000, metadata=request.metadata)
        except grpc.RpcError as error:
            return _reply(error.code().name, b"", error.trailing_metadata())
        return _reply(OK, body, call.trailing_metadata())

    def close(self) -> None:
        """Ends the connection."""
        self._channel.close()


class AioTransport:
    """A channel of the running event loop."""

    def __init__(self, config: TillConfig) -> None:
        secrets = _secrets(config)
        if secrets is None:
            self._channel = grpc.aio.insecure_channel(config.address, options=_OPTIONS)
        else:
            self._channel = grpc.aio.secure_channel(config.address, secrets, options=_OPTIONS)

    async def call(self, request: Request, timeout_ms: int) -> Reply:
        """Returns the reply; a lost or late one has the code UNAVAILABLE or DEADLINE_EXCEEDED."""
        ask: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = self._channel.unary_unary(request.call.path)
        call = ask(request.body, timeout=timeout_ms / 1000, metadata=grpc.aio.Metadata(*request.metadata))
        try:
            body = await call
        except grpc.aio.AioRpcError as error:
            return _reply(error.code().name, b"", error.trailing_metadata())
        return _reply(OK, body, await call.trailing_metadata())

    async def close(self) -> None:
        """Ends the connection."""
        await self._channel.close()


def _secrets(config: TillConfig) -> grpc.ChannelCredentials | None:
    """Returns the channel's credentials; None for plaintext. Raises ConfigError."""
    if not config.insecure:
        key, certificate = _certificate(config)
        return grpc.ssl_channel_credentials(_ca(config), key, certificate)
    if not (config.allow_plaintext_beyond_loopback or is_loopback(config.address)):
        raise wrong(
            "tls.insecure", f"发往 {config.address} 的明文会离开本机;请改设 tls.ca_file",
            f"plaintext to {config.address} would leave this machine; name tls.ca_file instead",
        )
    return None


def _ca(config: TillConfig) -> bytes | None:
    if config.ca_file is None:
        return None
    try:
        return config.ca_file.read_bytes()
    except OSError as error:
        file = config.ca_file
        raise wrong("tls.ca_file", f"无法读取 {file}", f"{file} cannot be read") from error


def _certificate(config: TillConfig) -> tuple[bytes | None, bytes | None]:
    """Returns the key and the chain that a gateway may ask for, in PEM; gRPC would not say what is wrong."""
    certificate, key = config.certificate_file, config.certificate_key_file
    if certificate is None or key is None:
        return None, None
    try:
        # without a passphrase: a prompt for one would hold the till up
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(certificate, key, password="")
        return key.read_bytes(), certificate.read_bytes()
    except (OSError, ValueError) as error:
        raise wrong(
            "tls.certificate_file", f"{certificate} 和 {key} 不是 PEM 格式的证书及其未加密的私钥",
            f"{certificate} and {key} are no certificate in PEM and its key, not encrypted",
        ) from error


def is_loopback(address: str) -> bool:
    """Returns whether ``host:port`` is this machine."""
    host = address.rpartition(":")[0].strip("[]")
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _reply(code: str, body: bytes | None, trailing: Any) -> Reply:  # noqa: ANN401 - pairs, typed in four ways
    return Reply(_LOST.get(code, code), body or b"", dict(trailing or ()))
