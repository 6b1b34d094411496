"""Restores, as tests bring them about on each kind of store."""

from datetime import date, datetime

from medsettle_gateway.domain.keys import RecoveryKey
from medsettle_gateway.service.ports import Store
from medsettle_gateway.storage.recoveries import Begun, Ended, listed, put_end, put_recovery
from medsettle_gateway.storage.stores import EmbeddedDatabase, writing
from tests.gateway.service.memory_store import MemoryStore
from tests.gateway.storage.postgres_stand import PostgresStand
from tests.gateway.storage.stand import ROOT_KEY, SqliteStand, Stand


async def begin(stand: Stand, store: Store, *, until: date, lost_from: datetime, at: datetime) -> int:
    """Says that the store was restored with loss; returns the epoch."""
    begun = Begun(at, lost_from, until, "wang", "a test")
    if isinstance(store, MemoryStore):
        return store.tables.recoveries.begin(until, lost_from, at)
    if isinstance(stand, PostgresStand):
        with stand.writing() as connection:
            put_recovery(connection, begun)
    elif isinstance(stand, SqliteStand):
        with writing(EmbeddedDatabase(stand.path, 1_000), stand.sealer, root=ROOT_KEY) as connection:
            put_recovery(connection, begun)
    return (await store.load((RecoveryKey(),))).of(RecoveryKey()).epoch


async def end_by_people(stand: Stand, store: Store, scope: str, at: datetime) -> None:
    """Ends the latest comparison for a terminal, an institution or, '', for all, as two people do."""
    ended = Ended(scope, at, "wang", "li", "nobody works there any more")
    if isinstance(store, MemoryStore):
        store.tables.recoveries.ended[scope] = len(store.tables.recoveries.begun)
    elif isinstance(stand, PostgresStand):
        with stand.writing() as connection:
            assert put_end(connection, ended)
    elif isinstance(stand, SqliteStand):
        with writing(EmbeddedDatabase(stand.path, 1_000), stand.sealer, root=ROOT_KEY) as connection:
            assert put_end(connection, ended)


async def kept(stand: Stand, store: Store) -> list[tuple[str, str, str, tuple[str, ...]]]:
    """What was shown, as the operator's list has it: id, state, what became of it, what to look at."""
    if isinstance(store, MemoryStore):
        shown = store.tables.recoveries.shown.values()
        return [
            (each.request_id, each.state, each.became.value, tuple(said.value for said in each.findings))
            for each in shown
        ]
    assert isinstance(stand, PostgresStand | SqliteStand)
    with stand.reading() as connection:
        return [
            (each.request_id, each.state, each.became, each.findings)
            for each in listed(connection, findings_only=False)
        ]
