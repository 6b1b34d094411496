"""The books recomputed, on each kind of store."""

from medsettle_gateway.storage.audit.summary import summarise
from medsettle_gateway.storage.audit.verifying import verify
from tests.gateway.recovery.house import House
from tests.gateway.service.books_hold import check_tables
from tests.gateway.service.memory_store import MemoryStore
from tests.gateway.storage.recovering import kept
from tests.gateway.storage.stand import SqliteStand


async def assert_sound(house: House) -> None:
    """Every entry balances, and balances, sums, states and the chain follow from the entries."""
    if isinstance(house.store, MemoryStore):
        check_tables(house.store.tables)
        return
    with house.stand.reading() as connection:  # type: ignore[attr-defined]
        assert verify([connection]).findings == ()
        if isinstance(house.stand, SqliteStand):
            assert summarise(connection).faults == ()


async def findings(house: House) -> dict[str, tuple[str, tuple[str, ...]]]:
    """What became of each sale that was shown, and what to look at, by id."""
    return {text: (became, found) for text, _, became, found in await kept(house.stand, house.store)}
