"""Whether the other side of a connection speaks TLS, where it can be told."""

import socket
import ssl
from typing import Final

TIMEOUT_S: Final = 5.0
_PLAIN_ANSWERS: Final = frozenset({"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG"})
"""What OpenSSL calls an answer that is no TLS: gRPC without TLS begins with a frame of HTTP/2."""


def host_and_port(address: str) -> tuple[str, int]:
    """Returns the parts of ``host:port``."""
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)


def is_plain(error: Exception) -> bool:
    """Returns whether a handshake failed because the other side does not speak TLS."""
    return isinstance(error, ssl.SSLError) and error.reason in _PLAIN_ANSWERS


def speaks_tls(address: str) -> bool | None:
    """Returns whether TLS is spoken there; None if that cannot be told. Nothing is sent or trusted."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    host, port = host_and_port(address)
    try:
        with (
            socket.create_connection((host, port), timeout=TIMEOUT_S) as connection,
            context.wrap_socket(connection, server_hostname=host),
        ):
            return True
    except (OSError, ValueError) as error:
        return False if is_plain(error) else None
