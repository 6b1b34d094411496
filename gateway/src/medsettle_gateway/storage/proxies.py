"""Who came for the patient of a sale: sealed as it is kept, opened only to be shown to operators."""

from typing import Any, Final

from medsettle_gateway.domain.credential import Proxy
from medsettle_gateway.domain.moves import KeepProxy
from medsettle_gateway.storage.connection import Connection
from medsettle_gateway.storage.instants import to_us
from medsettle_gateway.storage.sealing import Sealer

_FIND: Final = "SELECT sealed FROM proxies WHERE request_id = ?"


def proxy_row(move: KeepProxy, sealer: Sealer) -> tuple[Any, ...]:
    """Returns the row that keeps it."""
    return (move.request_id, sealer.seal_proxy(move.request_id, move.proxy), to_us(move.kept_at))


def proxy_of(connection: Connection, sealer: Sealer, request_id: str) -> Proxy | None:
    """Returns who came for the patient of a sale; None: nobody else did."""
    found = connection.execute(_FIND, (request_id,)).fetchone()
    return None if found is None else sealer.open_proxy(request_id, bytes(found[0]))
