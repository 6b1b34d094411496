"""Facts about sales."""

from collections.abc import Mapping, Sequence

from medsettle_gateway.domain import keys
from medsettle_gateway.domain.ids import Ticket
from medsettle_gateway.domain.past import PastSale
from medsettle_gateway.domain.sale import SaleHead, SaleRecord
from medsettle_gateway.domain.upstream import Errand
from medsettle_gateway.storage.instants import from_us, to_us
from medsettle_gateway.storage.postgres.reading import Reading, by_place, columns_of, sale_of
from medsettle_gateway.storage.rows import head_of, past_sale_of


async def sales(
    reading: Reading, asked: Sequence[keys.SaleKey]
) -> Mapping[keys.SaleKey, SaleRecord | None]:
    """Returns the sale under each id, or None."""
    found = {row[0]: sale_of(row) for row in await reading.rows("sale", [key.request_id for key in asked])}
    return {key: found.get(key.request_id) for key in asked}


async def errands(
    reading: Reading, asked: Sequence[keys.ErrandKey]
) -> Mapping[keys.ErrandKey, Errand | None]:
    """Returns what is to be found out of each sale, or None."""
    rows = await reading.rows("errand", [key.request_id for key in asked])
    found = {text: Errand(text, from_us(due_at_us), attempts) for text, due_at_us, attempts in rows}
    return {key: found.get(key.request_id) for key in asked}


async def tickets(
    reading: Reading, asked: Sequence[keys.TicketKey]
) -> Mapping[keys.TicketKey, tuple[SaleHead, ...]]:
    """Returns the attempts of each ticket."""
    rows = await reading.rows("ticket", [_beginning(key.ticket) for key in asked])
    return by_place(asked, rows, head_of)


def _beginning(ticket: Ticket) -> str:
    """What the ids of all attempts begin with."""
    return f"{ticket.institution}-{ticket.till}-{ticket.day:%Y%m%d}-{ticket.number}"


async def recent_sales(
    reading: Reading, asked: Sequence[keys.RecentSalesKey]
) -> Mapping[keys.RecentSalesKey, tuple[SaleHead, ...]]:
    """Returns what each member bought at the institution a moment ago."""
    texts = (
        (key.member, key.institution, key.basket_digest, to_us(key.since), key.limit) for key in asked
    )
    return by_place(asked, await reading.rows("recent_sales", *columns_of(texts, 5)), head_of)


async def later_sales(
    reading: Reading, asked: Sequence[keys.LaterSalesKey]
) -> Mapping[keys.LaterSalesKey, tuple[SaleRecord, ...]]:
    """Returns the sales that were calculated at each instant or after it."""
    texts = ((key.member, to_us(key.since), key.limit) for key in asked)
    return by_place(asked, await reading.rows("later_sales", *columns_of(texts, 3)), sale_of)


async def settled_since(
    reading: Reading, asked: Sequence[keys.SettledSinceKey]
) -> Mapping[keys.SettledSinceKey, tuple[SaleRecord, ...]]:
    """Returns the sales that became settled at each instant or after it."""
    texts = ((key.member, to_us(key.since), key.limit) for key in asked)
    return by_place(asked, await reading.rows("settled_since", *columns_of(texts, 3)), sale_of)


async def past_sales(
    reading: Reading, asked: Sequence[keys.PastSalesKey]
) -> Mapping[keys.PastSalesKey, tuple[PastSale, ...]]:
    """Returns the earlier sales of each member that are paid, held or being asked about."""
    texts = ((key.member, to_us(key.since), key.limit) for key in asked)
    return by_place(asked, await reading.rows("past_sales", *columns_of(texts, 3)), past_sale_of)


async def due_holds(
    reading: Reading, asked: Sequence[keys.DueHoldsKey]
) -> Mapping[keys.DueHoldsKey, tuple[SaleRecord, ...]]:
    """Returns the ended holds around each member."""
    texts = ((key.member, to_us(key.due_at), key.limit) for key in asked)
    return by_place(asked, await reading.rows("due_holds", *columns_of(texts, 3)), sale_of)


async def stay_ends(
    reading: Reading, asked: Sequence[keys.StayEndKey]
) -> Mapping[keys.StayEndKey, SaleHead | None]:
    """Returns the final bill of each stay, or None."""
    texts = ((key.member, key.stay) for key in asked)
    found = by_place(asked, await reading.rows("stay_end", *columns_of(texts, 2)), head_of)
    return {key: heads[0] if heads else None for key, heads in found.items()}
