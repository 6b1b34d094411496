"""Several processes on one port over PostgreSQL: to a till they are one gateway, whoever of them dies."""

import itertools
import re
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from medsettle.errors import RefusedError, TerminalNotReadyError
from medsettle.models import Collect, Outcome
from medsettle.testing import Gateway
from medsettle.till import Till
from medsettle.wire.reasons import Reason
from medsettle_gateway.cli.frame import open_gateway
from medsettle_gateway.storage.postgres.turns import TURNS, Turn
from tests.e2e.counter import CLINIC, LI, MA, OUYANG_MING, ZHANG, enrolled, sell, visit
from tests.gateway.cli.city import City

if TYPE_CHECKING:
    from tests.postgres import Databases

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(sys.platform == "win32", reason="no port is shared by processes there"),
]

COUNT = 2
CALL = re.compile(r" call .*worker=(?P<worker>[0-9]+)")
SWEEPING = """
SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid = ? AND objid = ?
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
PATIENCE_S = 120
REVOKED_WITHIN_S = 1.0
LITTLE_YUAN = "0.01"
"""However often somebody comes, the account pays all of it, and nothing is held for cash."""


@pytest.fixture(scope="module")
def gateway(databases: "Databases", tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    url = databases.new()
    folder = tmp_path_factory.mktemp("workers") / "city"
    City(folder).run("demo-city", str(folder), "--database-url", url)
    settings = {
        "limits.hold_s": "1", "limits.sweep_interval_ms": "50", "limits.duplicate_window_s": "0",
    }
    with Gateway(folder, settings, ("--workers", str(COUNT))) as running:
        yield running
        running.stop()
    databases.drop(url)


@pytest.fixture
def config(gateway: Gateway) -> Any:
    return enrolled(gateway, CLINIC, str(next(_TILLS)))


_TILLS = itertools.count(10)


def until(holds: Callable[[], Any], what: str) -> Any:
    """Waits until something holds and returns what it is."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        if found := holds():
            return found
        time.sleep(0.02)
    pytest.fail(f"{what} did not come about")


def workers_of(gateway: Gateway) -> list[psutil.Process]:
    """The processes that serve, once there are as many as there should be."""
    watching = psutil.Process(gateway.pid)
    found: list[psutil.Process] = until(
        lambda: len(there := watching.children()) == COUNT and there, "every worker"
    )
    return found


def restarts(gateway: Gateway) -> int:
    return gateway.log.count("worker restarted")


def killed(gateway: Gateway, worker: psutil.Process) -> None:
    """Kills a worker and waits until another one serves in its place."""
    before = restarts(gateway)
    worker.kill()
    until(lambda: restarts(gateway) > before, "a new worker")


def asked_by(gateway: Gateway) -> Counter[str]:
    """Calls by worker."""
    return Counter(match["worker"] for match in CALL.finditer(gateway.log))


def on_every_worker(gateway: Gateway, config: Any, act: Callable[[Till], object]) -> None:
    """Does it over new connections until each worker was asked at least once."""
    met: Counter[str] = Counter()

    def once_more() -> bool:
        before = asked_by(gateway)
        with Till.open(config) as till:
            act(till)
        met.update(until(lambda: asked_by(gateway) - before, "the line of a call"))
        return len(met) == COUNT

    until(once_more, "a call to each worker")


def rows(gateway: Gateway, query: str, *values: Any) -> list[Any]:
    with open_gateway(gateway.config_path).reading() as connection:
        return connection.execute(query, values).fetchall()


def held(gateway: Gateway, till: Till, member: str) -> str:
    """Reserves and leaves it so."""
    credential = gateway.issue_credential(member)
    quote = till.quote(credential, visit("350.00"))
    card = till.settle(
        till.next_number(), credential, visit("350.00"), expected=quote.split, collect=Collect.LATER
    )
    assert card.state == "HELD"
    return card.request_id or ""


def kinds_of(gateway: Gateway, request_id: str) -> list[str]:
    """The entries of a sale, in their order."""
    found = rows(gateway, "SELECT kind FROM entries WHERE request_id = ? ORDER BY entry", request_id)
    return [kind for (kind,) in found]


def expired(gateway: Gateway, request_id: str) -> None:
    until(lambda: "EXPIRED" in kinds_of(gateway, request_id), "the end of the hold")


def balanced(gateway: Gateway) -> bool:
    return gateway.books()["balanced"] is True


def test_every_worker_settles_and_the_books_are_one(gateway: Gateway, config: Any) -> None:
    cards = []
    on_every_worker(
        gateway, config, lambda till: cards.append(sell(gateway, till, ZHANG, visit("10.00")))
    )
    assert {card.outcome for card in cards} == {Outcome.PAID}
    settled = [f"{card.request_id}" for card in cards]
    assert all(kinds_of(gateway, each)[-1] == "SETTLED" for each in settled)
    assert balanced(gateway)


def test_who_watches_over_workers_has_never_loaded_grpc(gateway: Gateway) -> None:
    def loaded(process: psutil.Process) -> bool:
        return any("cygrpc" in each.path for each in process.memory_maps())

    assert not loaded(psutil.Process(gateway.pid))
    assert all(map(loaded, workers_of(gateway)))


def test_a_worker_that_is_killed_loses_no_sale(gateway: Gateway) -> None:
    """Cashiers go on selling, each to one person, while one worker after the other is killed."""
    stop = threading.Event()

    def cashier(config: Any, member: str) -> list[Any]:
        cards = []
        with Till.open(config) as till:
            while not stop.is_set():
                cards.append(sell(gateway, till, member, visit(LITTLE_YUAN)))
        return cards

    people = {member: enrolled(gateway, CLINIC, str(next(_TILLS))) for member in (ZHANG, LI, MA)}
    with ThreadPoolExecutor(len(people)) as cashiers:
        selling = [cashiers.submit(cashier, config, member) for member, config in people.items()]
        try:
            for worker in workers_of(gateway):
                killed(gateway, worker)
        finally:
            stop.set()
        cards = [card for each in selling for card in each.result()]
    assert {card.outcome for card in cards} == {Outcome.PAID}
    books = gateway.books()
    assert (books["balanced"], books["open_sales"]) == (True, [])
    assert all(kinds_of(gateway, card.request_id) == ["SETTLED"] for card in cards)


def test_a_hold_expires_once_and_one_process_sweeps(gateway: Gateway, config: Any) -> None:
    with Till.open(config) as till:
        request_id = held(gateway, till, OUYANG_MING)
    expired(gateway, request_id)
    assert rows(gateway, SWEEPING, TURNS, Turn.SWEEP) == [(1,)]
    assert kinds_of(gateway, request_id) == ["HELD", "EXPIRED"]
    assert balanced(gateway)


def test_holds_expire_when_the_process_that_swept_is_gone(gateway: Gateway, config: Any) -> None:
    for worker in workers_of(gateway):
        killed(gateway, worker)
        with Till.open(config) as till:
            request_id = held(gateway, till, OUYANG_MING)
        expired(gateway, request_id)
        assert kinds_of(gateway, request_id) == ["HELD", "EXPIRED"]


def test_a_key_that_is_revoked_is_good_nowhere_a_second_later(gateway: Gateway, config: Any) -> None:
    credential = gateway.issue_credential(ZHANG)
    on_every_worker(gateway, config, lambda till: till.check_eligibility(credential))
    ((key,),) = rows(gateway, "SELECT key FROM terminal_keys WHERE terminal = ?", config.terminal)
    gateway.run("terminal", "revoke-key", key, "--config", str(gateway.config_path))
    time.sleep(REVOKED_WITHIN_S)

    def refused(till: Till) -> None:
        with pytest.raises((RefusedError, TerminalNotReadyError)) as caught:
            till.check_eligibility(credential)
        assert caught.value.reason == Reason.KEY_NOT_ACTIVE

    on_every_worker(gateway, config, refused)


def test_told_to_end_every_worker_finishes_what_it_began(gateway: Gateway) -> None:
    assert gateway.stop() == 0
    ended = [line for line in gateway.log.splitlines() if " stopped worker=" in line]
    assert len(ended) == COUNT
    assert not psutil.pid_exists(gateway.pid)
    gateway.restart()
    assert balanced(gateway)


def test_workers_end_with_who_started_them(gateway: Gateway) -> None:
    workers = workers_of(gateway)
    gateway.kill()
    _, alive = psutil.wait_procs(workers, timeout=PATIENCE_S)
    assert alive == []
    gateway.restart()
    assert balanced(gateway)


def test_workers_outlive_a_server_that_is_killed_and_so_do_their_successors(tmp_path: Path) -> None:
    from tests.postgres import Databases, own_server

    with own_server() as server:
        url, folder = Databases(server.url).new(), tmp_path / "city"
        City(folder).run("demo-city", str(folder), "--database-url", url)
        settings = {"limits.duplicate_window_s": "0"}
        with Gateway(folder, settings, ("--workers", str(COUNT))) as gateway:
            with Till.open(enrolled(gateway, CLINIC)) as till:
                assert sell(gateway, till, ZHANG, visit("10.00")).outcome is Outcome.PAID
                first, _ = workers_of(gateway)
                server.kill()
                first.kill()
                until(lambda: gateway.log.count("worker ended") > 1, "a worker that finds no server")
                server.start()
                until(lambda: restarts(gateway), "a new worker")
                assert sell(gateway, till, ZHANG, visit("10.00")).outcome is Outcome.PAID
            books = gateway.books()
            assert (books["balanced"], dict(books["sales"])) == (True, {"SETTLED": 2})
            assert gateway.stop() == 0
