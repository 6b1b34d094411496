"""Which front carries the calls."""

from importlib.util import find_spec
from typing import Protocol

from medsettle_gateway.config import ConfigError, LimitsSection, ListenSection
from medsettle_gateway.rpc.aio import Front, Handler
from medsettle_gateway.rpc.tls import Failed


class AnyFront(Protocol):
    """One listening socket."""

    async def start(self) -> int:
        """Listens, and returns the port. Raises OSError if the address is taken, TlsFileError for a file."""

    async def drain(self, grace_s: float) -> None:
        """Refuses new calls, lets those under way finish within the grace, then closes the socket."""


def open_front(
    handler: Handler, listen: ListenSection, limits: LimitsSection, failed: Failed, *,
    shared_port: bool = False,
) -> AnyFront:
    """Returns the front that the configuration names. Raises ConfigError if it is not installed."""
    if listen.front != "fast":
        return Front(handler, listen, limits, failed, shared_port=shared_port)
    if find_spec("pygrpc_native") is None:
        raise ConfigError(
            'listen.front = "fast" 需要另外安装:pip install "medsettle-gateway[fast]"(Windows 上没有);'
            '否则请设为 "aio"。',
            'listen.front = "fast" needs pip install "medsettle-gateway[fast]", which Windows has not; '
            'else set it to "aio".',
        )
    from medsettle_gateway.rpc.fast import FastFront  # noqa: PLC0415 - where it is installed

    return FastFront(handler, listen, limits, failed, shared_port=shared_port)
