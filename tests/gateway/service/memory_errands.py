"""What the store in memory keeps of remote authorities: errands, and credentials that become free again."""

from collections.abc import Container, Mapping
from datetime import UTC, datetime

from medsettle_gateway.domain.moves import FreeCredential
from medsettle_gateway.domain.sale import SaleRecord
from medsettle_gateway.domain.upstream import DueErrand, Errand


class Errands(dict[str, Errand]):
    """Errands by request id."""

    def due(
        self, due_at: datetime, limit: int, after: DueErrand | None, sales: Mapping[str, SaleRecord]
    ) -> tuple[DueErrand, ...]:
        behind = (after.due_at, after.request_id) if after else (datetime.min.replace(tzinfo=UTC), "")
        found = [(each.due_at, each.request_id) for each in self.values() if each.due_at <= due_at]
        chosen = [place for place in sorted(found) if place > behind][:limit]
        return tuple(DueErrand(text, at, _authority(sales[text])) for at, text in chosen)

    def put(self, errand: Errand, sales: Container[str]) -> None:
        assert errand.request_id in sales
        self[errand.request_id] = errand


def _authority(sale: SaleRecord) -> str:
    return sale.upstream.authority if sale.upstream else ""


def free(credentials: dict[str, str], move: FreeCredential) -> None:
    assert credentials[move.credential_id] == move.request_id
    del credentials[move.credential_id]
