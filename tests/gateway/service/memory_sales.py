"""Sales in memory, as they are looked up."""

from collections.abc import Mapping
from datetime import datetime

from medsettle.wire.states import ALIVE, SaleState
from medsettle_gateway.domain import keys
from medsettle_gateway.domain.past import PastSale, past_of
from medsettle_gateway.domain.sale import SaleHead, SaleRecord, to_stored

Sales = Mapping[str, SaleRecord]


def head_of(sale: SaleRecord) -> SaleHead:
    return SaleHead(sale.request_id.text, sale.state, sale.created_at)


def position(sale: SaleRecord) -> tuple[datetime, str]:
    return (sale.created_at, sale.request_id.text)


def recent(sales: Sales, key: keys.RecentSalesKey) -> tuple[SaleHead, ...]:
    recent = [
        sale
        for sale in sales.values()
        if (sale.member, sale.institution) == (key.member, key.institution)
        and sale.basket_digest == key.basket_digest
        and sale.created_at >= key.since
        and sale.state in ALIVE
    ]
    return tuple(head_of(sale) for sale in sorted(recent, key=position)[: key.limit])


def later(sales: Sales, key: keys.LaterSalesKey) -> tuple[SaleRecord, ...]:
    later = [
        sale
        for sale in sales.values()
        if sale.state in {SaleState.SETTLED, SaleState.HELD}
        and sale.member == key.member
        and sale.calculated_at is not None
        and sale.calculated_at >= key.since
    ]
    later.sort(key=lambda sale: (sale.calculated_at, sale.request_id.text))
    return tuple(later[: key.limit])


def settled_since(sales: Sales, key: keys.SettledSinceKey) -> tuple[SaleRecord, ...]:
    settled = [
        sale
        for sale in sales.values()
        if sale.state is SaleState.SETTLED and sale.member == key.member and sale.committed_at >= key.since
    ]
    settled.sort(key=lambda sale: (sale.committed_at, sale.request_id.text))
    return tuple(settled[: key.limit])


def past(sales: Sales, key: keys.PastSalesKey) -> tuple[PastSale, ...]:
    counting = {SaleState.PENDING, SaleState.HELD, SaleState.SETTLED}
    found = [
        sale
        for sale in sales.values()
        if sale.state in counting and sale.member == key.member and sale.created_at >= key.since
    ]
    return tuple(
        past_of(
            sale.request_id.text, sale.institution, sale.created_at,
            held=sale.state is SaleState.HELD, body=to_stored(sale).body,
        )
        for sale in sorted(found, key=position)[-key.limit :]
    )


def stay_end(sales: Sales, key: keys.StayEndKey) -> SaleHead | None:
    found = [
        head_of(sale)
        for sale in sales.values()
        if (sale.member, sale.ends_stay) == (key.member, key.stay)
        and sale.state in ALIVE - {SaleState.EXPIRED}
    ]
    return found[0] if found else None


def ticket(sales: Sales, key: keys.TicketKey) -> tuple[SaleHead, ...]:
    attempts = [sale for sale in sales.values() if sale.request_id.ticket == key.ticket]
    return tuple(head_of(sale) for sale in sorted(attempts, key=lambda sale: sale.request_id.attempt))
