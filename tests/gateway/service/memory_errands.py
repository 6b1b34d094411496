"""What the store in memory keeps of remote authorities: errands, and credentials that become free again."""

from collections.abc import Container
from datetime import datetime

from medsettle_gateway.domain.moves import FreeCredential
from medsettle_gateway.domain.upstream import Errand


class Errands(dict[str, Errand]):
    """Errands by request id."""

    def due(self, due_at: datetime, limit: int) -> tuple[str, ...]:
        found = [(each.due_at, each.request_id) for each in self.values() if each.due_at <= due_at]
        return tuple(request_id for _, request_id in sorted(found)[:limit])

    def put(self, errand: Errand, sales: Container[str]) -> None:
        assert errand.request_id in sales
        self[errand.request_id] = errand


def free(credentials: dict[str, str], move: FreeCredential) -> None:
    assert credentials[move.credential_id] == move.request_id
    del credentials[move.credential_id]
