"""One port for several processes: chosen and kept before they start, and shared with nobody else."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Final

from medsettle_gateway.config import ConfigError, ListenSection

_OPTION: Final[int | None] = getattr(socket, "SO_REUSEPORT", None)
"""Not on Windows."""

Place = tuple[Any, ...]
"""Host, port, and what else the family of the address has."""


@contextmanager
def shared_port(listen: ListenSection) -> Iterator[int]:
    """Yields the port that processes of this user may listen on together; no other program gets it meanwhile.

    Raises ConfigError if somebody listens there, or if the system cannot share a port.
    """
    option = _OPTION
    if option is None:
        raise ConfigError(
            "此系统不能让多个进程共用一个端口;请不加 --workers 启动,或在 Linux 上运行。",
            "This system cannot share a port among processes: serve without --workers, or on Linux.",
        )
    with ExitStack() as kept:
        port = listen.port
        try:
            for family, place in _places(listen):
                port = _keep(kept, option, family, (place[0], port, *place[2:]))
        except OSError as error:
            raise cannot_listen(listen.address) from error
        yield port


def cannot_listen(address: str) -> ConfigError:
    """Returns the error of an address that the system refuses: what it may be, and how to name another."""
    return ConfigError(
        f"无法在 {address} 上监听;端口可能被占用,或该地址不属于本机。请在 [listen] 的 address 中换一个,"
        "或设置环境变量 MEDSETTLE_GATEWAY__LISTEN__ADDRESS。",
        f"Cannot listen on {address}: the port may be taken, or the address not of this machine. Name "
        "another by address in [listen], or in the environment by MEDSETTLE_GATEWAY__LISTEN__ADDRESS.",
    )


def _places(listen: ListenSection) -> Iterator[tuple[socket.AddressFamily, Place]]:
    host = listen.host.strip("[]")
    kind, passive = socket.SOCK_STREAM, socket.AI_PASSIVE
    found = socket.getaddrinfo(host, listen.port, type=kind, flags=passive)
    # A name that has an address twice, as a file of hosts may say, is bound there once.
    yield from dict.fromkeys((family, place) for family, _, _, _, place in found)


def _keep(kept: ExitStack, option: int, family: socket.AddressFamily, place: Place) -> int:
    """Returns the port of a socket that is bound and never listens: connections go to those that do."""
    with socket.socket(family, socket.SOCK_STREAM) as alone:
        # Whoever listens is met here; connections that have just ended are not.
        alone.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        alone.bind(place)
        place = (place[0], alone.getsockname()[1], *place[2:])
    each = kept.enter_context(socket.socket(family, socket.SOCK_STREAM))
    if family == socket.AF_INET6:
        each.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    each.setsockopt(socket.SOL_SOCKET, option, 1)
    each.bind(place)
    port: int = each.getsockname()[1]
    return port
