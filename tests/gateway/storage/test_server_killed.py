"""The server or a gateway is killed in the middle of its work: nothing is lost or doubled."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from medsettle_gateway.domain.keys import SaleKey
from medsettle_gateway.domain.moves import PutSale
from medsettle_gateway.service.ports import ContendedError, Store, StoreUnavailableError
from medsettle_gateway.storage.postgres.database import migrate
from tests.gateway.storage.postgres_stand import PostgresStand
from tests.gateway.storage.shop import books, founded
from tests.gateway.storage.stand import load, person, request_id, sale, when_free, write
from tests.postgres import Server, own_server

ROOT = Path(__file__).parents[3]
PEOPLE = tuple(person(str(number), account_fen=10_000_000) for number in range(1, 9))
KEY = SaleKey(request_id().text)


@pytest.fixture
def server() -> Iterator[Server]:
    with own_server() as started:
        yield started


@pytest.fixture
def stand(server: Server) -> PostgresStand:
    asyncio.run(migrate(server.url))
    return PostgresStand(server.url)


@contextmanager
def gateway(stand: PostgresStand, till: str, refs: dict[str, str]) -> Iterator["subprocess.Popen[str]"]:
    """A process that settles; it is killed at the end, if it was not before."""
    program = [sys.executable, "-m", "tests.gateway.storage.settling_process"]
    command = [*program, stand.url, till, json.dumps(refs)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def answered(process: "subprocess.Popen[str]", count: int) -> set[int]:
    """Waits for so many further answers."""
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(count)]
    assert all(lines), f"the process ended with {process.wait()}"
    return set(map(int, lines))


def rest(process: "subprocess.Popen[str]") -> set[int]:
    """Kills the process and returns what it had said besides."""
    assert process.stdout is not None
    process.kill()
    return {int(line) for line in process.stdout if line.endswith("\n")}


def settled_tickets(stand: PostgresStand, till: str) -> list[int]:
    with stand.reading() as connection:
        rows = connection.execute(
            "SELECT number FROM sales WHERE state = 'SETTLED' AND till = ? ORDER BY number", (till,)
        )
        return [number for (number,) in rows]


def test_what_was_answered_survives_every_death_of_the_server_and_no_ticket_is_charged_twice(
    server: Server, stand: PostgresStand
) -> None:
    refs = asyncio.run(founded(stand, *PEOPLE))
    names = sorted(refs)
    halves = {"T1": {name: refs[name] for name in names[:4]}, "1": {name: refs[name] for name in names[4:]}}
    with ExitStack() as stack:
        gateways = {till: stack.enter_context(gateway(stand, till, half)) for till, half in halves.items()}
        said = {till: answered(process, 10) for till, process in gateways.items()}
        for _ in range(2):
            server.kill()
            server.start()
            for till, process in gateways.items():
                said[till] |= answered(process, 10)
        for till, process in gateways.items():
            said[till] |= rest(process)
    found = {till: settled_tickets(stand, till) for till in gateways}
    for till, numbers in said.items():
        assert numbers <= set(found[till])
        assert len(found[till]) == len(set(found[till]))
    summary = books(stand)
    assert summary.faults == ()
    assert summary.entry_count - len(PEOPLE) == sum(map(len, found.values()))


async def test_a_store_works_again_once_its_server_does(server: Server, stand: PostgresStand) -> None:
    store = await stand.opened()
    await write(store, PutSale(sale()))
    server.kill()
    for _ in range(2):
        with pytest.raises(StoreUnavailableError):
            await load(store, KEY)
        with pytest.raises(StoreUnavailableError):
            await write(store, PutSale(sale(2)))
        with pytest.raises(StoreUnavailableError):
            await store.last_committed_at()
        with pytest.raises(StoreUnavailableError):
            await store.due_sales(sale().created_at, sale().created_at, 1)
    server.start()
    assert await load(store, KEY) == sale()
    await write(store, PutSale(sale(2)))
    assert await store.due_sales(sale().created_at, sale().created_at, 1) == ()
    await store.close()


async def test_a_gateway_that_is_killed_gives_up_what_it_held(database_url: str) -> None:
    stand = PostgresStand(database_url)
    store = await stand.opened()
    program = [sys.executable, "-m", "tests.gateway.storage.holding_process"]
    command = [*program, stand.url, KEY.request_id]
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert await process.stdout.readline() == b"held\n"
    with pytest.raises(ContendedError):
        await write_after_loading(store)
    process.kill()
    await process.wait()
    await when_free(lambda: write_after_loading(store))
    assert await load(store, KEY) == sale()
    await store.close()


async def write_after_loading(store: Store) -> None:
    async with store.begin() as transaction:
        await transaction.load((KEY,))
        await transaction.write((PutSale(sale()),))
