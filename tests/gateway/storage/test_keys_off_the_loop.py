"""A store that meets a value of a new key goes on with everything else while a command asks for that key."""

import asyncio
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from medsettle_gateway.domain.credential import Proxy, Relation
from medsettle_gateway.domain.keys import MaskedNameKey, MemberKey
from medsettle_gateway.domain.moves import KeepProxy, PutSale
from medsettle_gateway.storage.proxies import proxy_of
from medsettle_gateway.storage.sealing import Sealer
from tests.gateway.storage.postgres_stand import PostgresStand
from tests.gateway.storage.stand import NOW, SqliteStand, person, request_id, sale, write

OLD, NEW = bytes(32), b"n" * 32
PROXY = Proxy(Relation.CHILD, "张晓", "21030219850412001X", "13912345678")


class SlowKeys:
    """The key service answers once the event loop has gone on, which it never does where the loop waits."""

    def __init__(self) -> None:
        self._went_on = threading.Event()
        self.in_time: list[bool] = []

    @property
    def sealer(self) -> Sealer:
        return Sealer.of(OLD, reload=self._read, changed=lambda: not self.in_time)

    def _read(self) -> Sequence[bytes]:
        self.in_time.append(self._went_on.wait(2))
        return (OLD, NEW)

    def goes_on(self) -> None:
        asyncio.get_running_loop().call_later(0.01, self._went_on.set)


@pytest.fixture(params=["sqlite", "postgres"])
def stand(request: pytest.FixtureRequest, tmp_path: Path) -> SqliteStand | PostgresStand:
    if request.param == "sqlite":
        return SqliteStand(tmp_path)
    return PostgresStand(request.getfixturevalue("database_url"))


@pytest.mark.parametrize("inside", [False, True], ids=["a reading", "a transaction"])
async def test_a_value_of_a_new_key_is_read_without_the_loop_waiting(
    stand: SqliteStand | PostgresStand, inside: bool
) -> None:
    member = await asyncio.to_thread(_entered, stand)
    keys = SlowKeys()
    stand.sealer = Sealer.of(OLD, reload=keys._read)
    store = await stand.opened()
    keys.goes_on()
    wanted = (MaskedNameKey(member), MemberKey(member))
    if inside:
        async with store.begin() as transaction:
            facts = await transaction.load(wanted)
    else:
        facts = await store.load(wanted)
    await store.close()
    assert facts.of(MaskedNameKey(member)) == "张*"
    assert keys.in_time == [True]


async def test_a_new_key_is_asked_for_off_the_loop_before_anything_is_sealed(
    stand: SqliteStand | PostgresStand
) -> None:
    store = await stand.opened()  # the connections are there already
    await store.close()
    keys = SlowKeys()
    stand.sealer = keys.sealer
    keys.goes_on()
    store = await asyncio.to_thread(stand.open) if isinstance(stand, SqliteStand) else await stand.opened()
    await write(store, PutSale(sale(1)), KeepProxy(request_id(1).text, PROXY, NOW))
    await store.close()
    assert keys.in_time == [True]
    stand.sealer = Sealer.of(NEW)
    sealed = await asyncio.to_thread(_kept, stand)
    assert Sealer.of(NEW).open_proxy(request_id(1).text, sealed) == PROXY


def _entered(stand: SqliteStand | PostgresStand) -> str:
    """Enters a member whose name was sealed anew meanwhile, under a key that nobody has met."""
    member = stand.enter(person("7"))["7"]
    with stand.writing() as connection:
        (sealed,) = connection.execute(
            "SELECT sealed FROM identities WHERE member = ?", (member,)
        ).fetchone()
        anew = Sealer.of(NEW).seal(member, Sealer.of(OLD).open(member, bytes(sealed)))
        connection.execute("UPDATE identities SET sealed = ? WHERE member = ?", (anew, member))
    return member


def _kept(stand: SqliteStand | PostgresStand) -> bytes:
    stand.sealer = Sealer.of(OLD, NEW)
    with stand.reading() as connection:
        assert proxy_of(connection, stand.sealer, request_id(1).text) == PROXY
        (sealed,) = connection.execute("SELECT sealed FROM proxies").fetchone()
        return bytes(sealed)
