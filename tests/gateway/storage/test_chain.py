"""The chain is the same in every store, and nothing that is committed late gets behind what is chained."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from medsettle_gateway.domain.counters import CounterKey
from medsettle_gateway.domain.entry import CounterMove, Entry, Posting
from medsettle_gateway.domain.moves import PostEntry
from medsettle_gateway.ledger.chain import Block
from medsettle_gateway.service.ports import Store, StoreUnavailableError
from medsettle_gateway.storage.audit.verifying import verify
from medsettle_gateway.storage.postgres.store import PostgresStore
from tests.gateway.service.memory_chain import seal_next
from tests.gateway.storage.postgres_stand import PostgresStand
from tests.gateway.storage.stand import NOW, TODAY, SqliteStand, person, request_id

AnyStand = SqliteStand | PostgresStand

odd_texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=5) | st.sampled_from(
    ["\\", "\t", "\n", "\\n", "a\tb", "一\n二"]
)
amounts_fen = st.integers(-(2**53), 2**53).filter(bool)


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    books = draw(st.lists(st.tuples(odd_texts, odd_texts, odd_texts, amounts_fen), max_size=3))
    postings = [
        posting
        for book, plus, minus, amount_fen in books
        for posting in (Posting(book, plus, amount_fen), Posting(book, minus, -amount_fen))
    ]
    moves = draw(st.lists(st.tuples(odd_texts, odd_texts, odd_texts, st.integers(-5, 5)), max_size=2))
    counters = tuple(
        CounterMove("r0", region, "employee", CounterKey(period, counter, "paid"), used, 1)
        for region, period, counter, used in moves
    )
    at = NOW + timedelta(microseconds=draw(st.integers(0, 10**9)))
    return Entry(
        draw(odd_texts), request_id().text, at, TODAY, draw(odd_texts), draw(odd_texts), draw(odd_texts),
        tuple(postings), counters,
    )


async def post(store: Store, posted: list[Entry]) -> None:
    async with store.begin() as transaction:
        await transaction.write([PostEntry(entry) for entry in posted])


def entry(number: int, reason: str = "") -> Entry:
    return Entry("SEALED", request_id(number).text, NOW, TODAY, "t", "op", reason)


def blocks_of(stand: AnyStand) -> list[Block]:
    columns = "block, first_position, last_position, sealed_at_us, marks, hash"
    with stand.reading() as connection:
        found = connection.execute(f"SELECT {columns} FROM blocks ORDER BY block").fetchall()  # noqa: S608
    return [Block(*row) for row in found]


def chained_reasons(stand: PostgresStand) -> list[str]:
    with stand.reading() as connection:
        return [
            row[0] for row in connection.execute(
                "SELECT reason FROM positions JOIN entries USING (entry) ORDER BY position"
            )
        ]


def findings(stand: AnyStand) -> list[str]:
    """What is wrong with the chain; these entries belong to no sale."""
    with stand.reading() as connection:
        verdict = verify([connection])
    others = {"sales_and_entries", "balances", "counters"}
    return [finding.en for finding in verdict.findings if finding.kind not in others]


class Three:
    """Two databases and the pure chain, which are given the same entries."""

    def __init__(self, sqlite: SqliteStand, postgres: PostgresStand) -> None:
        self.stands: tuple[AnyStand, ...] = (sqlite, postgres)
        for stand in self.stands:
            assert list(stand.enter(person("1", account_fen=0)).values()) == ["r0"]
        self.entries: dict[int, Entry] = {}
        self.blocks: list[Block] = []

    async def post_and_chain(self, posted: list[Entry], limit: int) -> None:
        self.entries.update(enumerate(posted, len(self.entries) + 1))
        counts = [seal_next(self.entries, self.blocks, limit, NOW) for _ in range(len(posted))]
        for stand in self.stands:
            store = await stand.opened()
            await post(store, posted)
            assert [await store.chain(limit, NOW) for _ in range(len(posted))] == counts
            await store.close()


@pytest.fixture
def three(tmp_path: Path, database_url: str) -> Three:
    return Three(SqliteStand(tmp_path), PostgresStand(database_url))


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(entries(), min_size=1, max_size=5), st.integers(1, 3))
def test_the_same_entries_have_the_same_blocks_in_every_store(
    three: Three, posted: list[Entry], limit: int
) -> None:
    asyncio.run(three.post_and_chain(posted, limit))
    for stand in three.stands:
        assert blocks_of(stand) == three.blocks
        assert findings(stand) == []


@pytest.fixture(params=["sqlite", "postgres"])
def stand(request: pytest.FixtureRequest, tmp_path: Path) -> AnyStand:
    own: AnyStand
    if request.param == "sqlite":
        own = SqliteStand(tmp_path)
    else:
        own = PostgresStand(request.getfixturevalue("database_url"))
    own.enter(person("1", account_fen=0))
    return own


@pytest.fixture
async def store(stand: AnyStand) -> AsyncIterator[Store]:
    opened = await stand.opened()
    yield opened
    await opened.close()


async def test_no_block_is_made_where_nothing_waits(store: Store, stand: AnyStand) -> None:
    assert await store.chain(10, NOW) == 0
    await post(store, [entry(1)])
    assert await store.chain(10, NOW) == 1
    assert await store.chain(10, NOW) == 0
    assert [block[:3] for block in blocks_of(stand)] == [(1, 1, 1)]


async def test_a_block_covers_a_limited_number_of_entries(store: Store, stand: AnyStand) -> None:
    await post(store, [entry(number) for number in range(1, 6)])
    assert [await store.chain(2, NOW) for _ in range(4)] == [2, 2, 1, 0]
    assert [block.entry_count for block in blocks_of(stand)] == [2, 2, 1]


async def test_an_entry_that_does_not_balance_is_never_sealed(stand: AnyStand) -> None:
    key = "position" if isinstance(stand, SqliteStand) else "entry"
    store = await stand.opened()
    await post(store, [entry(1), entry(2)])
    with stand.reading() as connection:
        connection.execute(f"INSERT INTO postings ({key}, number, book, account, amount_fen) "  # noqa: S608
                           "VALUES (2, 1, 'b', 'a', 1)")
    with pytest.raises(AssertionError, match="entry 2 is not chained: its book b is off by 1 fen"):
        await store.chain(10, NOW)
    assert await store.chain(1, NOW) == 1  # what stands before it
    await store.close()


async def test_writing_goes_on_while_a_block_is_made(store: Store, stand: AnyStand) -> None:
    await post(store, [entry(1)])
    async with store.begin() as transaction:
        await transaction.write([PostEntry(entry(2))])
        chaining = asyncio.ensure_future(store.chain(10, NOW))
    assert await chaining in {1, 2}  # whichever was committed first
    await store.chain(10, NOW)
    assert sum(block.entry_count for block in blocks_of(stand)) == 2


@asynccontextmanager
async def session(stand: PostgresStand) -> AsyncIterator[asyncpg.Connection]:
    """Another process that writes entries, one statement after another."""
    connection = await asyncpg.connect(stand.url)
    try:
        yield connection
    finally:
        await connection.close()


async def insert(connection: asyncpg.Connection, reason: str) -> None:
    await connection.execute(
        "INSERT INTO entries (kind, request_id, committed_at_us, business_on, terminal, operator, reason) "
        "VALUES ('SEALED', '', 1, '2026-03-02', '', '', $1)",
        reason,
    )


@pytest.fixture
def server(database_url: str) -> PostgresStand:
    stand = PostgresStand(database_url)
    stand.enter()
    return stand


@pytest.fixture
async def shared(server: PostgresStand) -> AsyncIterator[PostgresStore]:
    opened = await server.opened()
    yield opened
    await opened.close()


async def test_what_is_committed_late_is_chained_behind_what_was_there(
    server: PostgresStand, shared: PostgresStore
) -> None:
    async with session(server) as late, session(server) as early:
        await late.execute("BEGIN")
        await insert(late, "late")
        await insert(early, "early")
        assert await shared.chain(10, NOW) == 1
        before = blocks_of(server)
        await late.execute("COMMIT")
        assert await shared.chain(10, NOW) == 1
    assert chained_reasons(server) == ["early", "late"]
    assert blocks_of(server)[: len(before)] == before
    assert findings(server) == []


async def test_what_was_undone_leaves_no_gap(server: PostgresStand, shared: PostgresStore) -> None:
    async with session(server) as one:
        await one.execute("BEGIN")
        await insert(one, "undone")
        await one.execute("ROLLBACK")
        await insert(one, "done")
    assert await shared.chain(10, NOW) == 1
    assert findings(server) == []


async def test_an_entry_is_never_chained_before_the_one_it_rests_on(
    server: PostgresStand, shared: PostgresStore
) -> None:
    """An old transaction rests on what a younger one has committed, while a third one is still open."""
    async with session(server) as old, session(server) as between, session(server) as young:
        for each in (old, between, young):
            await each.execute("BEGIN")
            await each.execute("SELECT pg_current_xact_id()")
        await insert(young, "settled")
        await young.execute("COMMIT")
        await insert(old, "reversed")
        await old.execute("COMMIT")
        assert await shared.chain(10, NOW) == 2
        await insert(between, "another")
        await between.execute("COMMIT")
        assert await shared.chain(10, NOW) == 1
    assert chained_reasons(server) == ["settled", "reversed", "another"]


async def test_one_process_at_a_time_makes_blocks(server: PostgresStand, shared: PostgresStore) -> None:
    async with session(server) as other:
        await insert(other, "one")
        await other.execute("BEGIN")
        await other.execute("SELECT pg_advisory_xact_lock(1835361395, 3)")
        assert await shared.chain(10, NOW) == 0
        await other.execute("COMMIT")
    assert await shared.chain(10, NOW) == 1


@pytest.mark.parametrize("seed", range(3))
async def test_any_order_of_commits_is_chained_without_a_gap_and_never_again(
    server: PostgresStand, seed: int
) -> None:
    random = Random(seed)
    stores = [await server.opened() for _ in range(2)]
    seen: list[Block] = []

    async def write(connection: asyncpg.Connection, name: int) -> None:
        for number in range(15):
            await connection.execute("BEGIN")
            for part in range(random.randrange(1, 4)):
                await insert(connection, f"{name} {number} {part}")
            await connection.execute(random.choice(["COMMIT", "COMMIT", "ROLLBACK"]))

    async def chain(own: PostgresStore, writers: "asyncio.Future[Any]") -> None:
        while not writers.done():
            await own.chain(random.randrange(1, 5), NOW)
            now = await asyncio.to_thread(blocks_of, server)
            shared_count = min(len(now), len(seen))  # the other one may have looked later
            assert now[:shared_count] == seen[:shared_count]
            seen.extend(now[shared_count:])

    async with session(server) as a, session(server) as b, session(server) as c:
        writers = asyncio.gather(*(write(each, name) for name, each in enumerate((a, b, c))))
        await asyncio.gather(writers, *(chain(store, writers) for store in stores))
    while await stores[0].chain(100, NOW):
        pass
    for store in stores:
        await store.close()
    with server.reading() as connection:
        ((written_count,),) = connection.execute("SELECT count(*) FROM entries").fetchall()
    assert len(chained_reasons(server)) == written_count
    assert findings(server) == []


async def test_entries_of_a_cluster_that_counted_further_are_chained_all_the_same(
    server: PostgresStand, shared: PostgresStore
) -> None:
    """A dump is restored into a cluster whose transactions have smaller numbers."""
    async with session(server) as one:
        await one.execute(
            "INSERT INTO settings VALUES ('positions_behind', 'another/4000000000') "
            "ON CONFLICT (name) DO UPDATE SET value = excluded.value"
        )
        await insert(one, "restored")
    assert await shared.chain(10, NOW) == 1
    async with session(server) as one:
        await insert(one, "new")
        kept = await one.fetchval("SELECT value FROM settings WHERE name = 'positions_behind'")
    assert not kept.startswith("another")
    assert await shared.chain(10, NOW) == 1


async def test_more_entries_than_are_placed_at_once_are_chained_in_the_end(
    server: PostgresStand, shared: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    for limit in ("POSITIONS_MOST", "POSITIONS_MOST_SLOWLY"):
        monkeypatch.setattr(f"medsettle_gateway.storage.postgres.chaining.{limit}", 2)
    async with session(server) as one:
        for number in range(5):
            await insert(one, str(number))
    assert [await shared.chain(10, NOW) for _ in range(4)] == [2, 2, 1, 0]
    assert chained_reasons(server) == ["0", "1", "2", "3", "4"]


async def test_the_chain_goes_on_after_its_connection_was_lost(
    server: PostgresStand, shared: PostgresStore
) -> None:
    """What answers then may be a standby that had not received everything: it counts from further back."""
    async with session(server) as one:
        await insert(one, "one")
        assert await shared.chain(10, NOW) == 1
        assert shared._chaining._behind is not None
        shared._chaining._behind = shared._chaining._behind._replace(transaction="4000000000")
        await one.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        await insert(one, "two")
    with contextlib.suppress(StoreUnavailableError):  # unless it was seen before it was asked
        await shared.chain(10, NOW)
    await shared.chain(10, NOW)
    assert chained_reasons(server) == ["one", "two"]
