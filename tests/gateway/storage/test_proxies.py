"""Who came for a patient in every store: kept once with its sale, and sealed."""

import asyncio

import pytest

from medsettle_gateway.domain.credential import Proxy, Relation
from medsettle_gateway.domain.moves import KeepProxy, PutSale
from medsettle_gateway.service.ports import Store
from medsettle_gateway.storage.proxies import proxy_of
from tests.gateway.storage.postgres_stand import PostgresStand
from tests.gateway.storage.stand import NOW, SEALER, SqliteStand, request_id, sale, write

PROXY = Proxy(Relation.CHILD, "张晓", "21030219850412001X", "13912345678")


async def test_it_is_kept_once_and_with_its_sale(store: Store) -> None:
    await write(store, PutSale(sale(1)), KeepProxy(request_id(1).text, PROXY, NOW))
    with pytest.raises(AssertionError):
        await write(store, KeepProxy(request_id(1).text, PROXY, NOW))
    with pytest.raises(AssertionError):
        await write(store, KeepProxy(request_id(2).text, PROXY, NOW))


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_nothing_of_the_person_stands_in_the_database(kind: str, request: pytest.FixtureRequest) -> None:
    stand = (
        SqliteStand(request.getfixturevalue("tmp_path")) if kind == "sqlite"
        else PostgresStand(request.getfixturevalue("database_url"))
    )

    async def keep() -> None:
        store = await stand.opened()
        await write(store, PutSale(sale(1)), KeepProxy(request_id(1).text, PROXY, NOW))
        await store.close()

    asyncio.run(keep())
    with stand.writing() as connection:
        assert proxy_of(connection, SEALER, request_id(1).text) == PROXY
        assert proxy_of(connection, SEALER, request_id(2).text) is None
        (sealed,) = connection.execute("SELECT sealed FROM proxies").fetchone()
        (body,) = connection.execute("SELECT body FROM sales").fetchone()
    for secret in (PROXY.name, PROXY.id_number, PROXY.phone):
        assert secret.encode() not in bytes(sealed)
        assert secret not in body
    with pytest.raises(ValueError, match="not sealed under this key"):
        SEALER.open_proxy(request_id(2).text, bytes(sealed))
