"""A reversal on a server lists the later sales that stood on what it took back."""

from medsettle_gateway.domain.ids import RequestId
from medsettle_gateway.domain.sale import SaleRecord
from tests.gateway.storage.postgres_stand import PostgresStand
from tests.gateway.storage.shop import Shop, books, founded, is_settled, opened
from tests.gateway.storage.stand import person


async def settled(shop: Shop, number: int, who: str = "1") -> str:
    command = await shop.asked(number, who)
    assert is_settled(await shop.settle(command))
    return command.request_id.text


async def undone(shop: Shop, request_id: str) -> SaleRecord:
    return await shop.world.sale(shop.world.reverse(RequestId.parse(request_id)))


async def test_later_sales_on_the_same_counters_are_due_after_a_reversal(database_url: str) -> None:
    stand = PostgresStand(database_url)
    refs = await founded(stand, person("1", account_fen=0), person("2", account_fen=0))
    shop = await opened(stand, refs)
    first = await settled(shop, 1)
    later = [await settled(shop, 2), await settled(shop, 3)]
    await settled(shop, 4, "2")
    assert (await undone(shop, first)).recompute_due == tuple(later)
    assert (await undone(shop, later[1])).recompute_due == ()
    await shop.close()
    assert books(stand).faults == ()
