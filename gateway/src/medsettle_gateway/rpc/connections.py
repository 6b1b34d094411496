"""What one connection may take: how many there are, how long they live, and what each may hold open."""

from typing import Final

from medsettle_gateway.config import LimitsSection

_HANDSHAKE_MS: Final = 10_000
"""For TLS and the first HTTP/2 settings; who says nothing at all is gone after it."""
_PING_APART_MS: Final = 10_000
"""A client that asks more often whether the gateway is there is disconnected."""
_LAST_CALLS_MS: Final = 5_000
"""Beyond the longest call, before an old connection is cut."""
_METADATA_BYTES: Final = 16_384
_READ_BYTES: Final = 65_536


def server_options(limits: LimitsSection, *, shared_port: bool = False) -> list[tuple[str, int]]:
    """Returns gRPC's options of a server; with ``shared_port`` others of this user may listen there too."""
    return [
        # unasked, a second gateway on the same port is a mistake and no share of the load
        ("grpc.so_reuseport", int(shared_port)),
        # up to twice the limit a request is told in our words that it is too large
        ("grpc.max_receive_message_length", 2 * limits.request_bytes),
        ("grpc.max_metadata_size", _METADATA_BYTES // 2),
        ("grpc.absolute_max_metadata_size", _METADATA_BYTES),
        # what one connection may be read ahead: it would be megabytes for whoever sends fast
        ("grpc.experimental.tcp_max_read_chunk_size", _READ_BYTES),
        ("grpc.max_allowed_incoming_connections", limits.connections),
        ("grpc.max_concurrent_streams", limits.connection_calls),
        # Calls that the interpreter has not seen yet: gRPC would cancel them by chance, a till's among them.
        ("grpc.server.max_pending_requests", limits.open_calls),
        ("grpc.server.max_pending_requests_hard_limit", limits.open_calls),
        ("grpc.server_handshake_timeout_ms", _HANDSHAKE_MS),
        # Tills come back by themselves: this spreads them over gateways, and ends whoever never reads.
        ("grpc.max_connection_age_ms", limits.connection_age_s * 1_000),
        ("grpc.max_connection_age_grace_ms", limits.deadline_ms + _LAST_CALLS_MS),
        ("grpc.max_connection_idle_ms", limits.connection_idle_s * 1_000),
        # A till whose line is cut says no goodbye: it is asked, and dropped if it does not answer.
        ("grpc.keepalive_time_ms", limits.keepalive_s * 1_000),
        ("grpc.keepalive_timeout_ms", limits.keepalive_wait_s * 1_000),
        ("grpc.http2.ping_timeout_ms", limits.keepalive_wait_s * 1_000),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.min_recv_ping_interval_without_data_ms", _PING_APART_MS),
    ]
