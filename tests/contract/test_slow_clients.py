"""Thousands who are connected and say nothing, and some who say half: sales go on beside them."""

import contextlib
import struct
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import psutil
import pytest

from tests.contract.beside import Beside, hasty, held
from tests.contract.foreign_client import ForeignTill, NotBelievedError, RefusedError
from tests.contract.raw_http2 import (
    DATA,
    END_HEADERS,
    HEADERS,
    INITIAL_WINDOW_SIZE,
    SETTINGS,
    Wire,
    asked,
    encoded,
    frame,
    message,
)
from tests.contract.running import Running, running
from tests.contract.selling import act, new_id, sale_of

pytestmark = [
    pytest.mark.e2e, pytest.mark.skipif(sys.platform == "win32", reason="a process has too few files there"),
]

PATH = "/medsettle.wire.v1.SettlementService/Settle"
OPENED = encoded(asked(PATH))
IDLE_COUNT = 2_000
SILENT_COUNT = 200
"""Calls of one silent connection; there are several."""
MEMBERS = [f"21030000{number:02}" for number in range(1, 10)]
PER_IDLE_BYTES = 100_000

City = tuple[Running, ForeignTill]


@contextlib.contextmanager
def city_in(folder: Path, **limits: int) -> Iterator[City]:
    with running(folder, "aio", **limits) as gateway:
        till = ForeignTill(gateway.target)
        till.enrol(gateway.enrol_code("01"))
        yield gateway, till
        till.close()


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    with city_in(tmp_path_factory.mktemp("city")) as found:
        yield found


@pytest.fixture(scope="module", autouse=True)
def _files() -> Iterator[None]:
    """This process holds the other ends of the connections."""
    import resource  # not on Windows

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def sells(city: City, count: int = 3) -> None:
    gateway, till = city
    for member in MEMBERS[:count]:
        settled = till.call("Settle", **sale_of(till, gateway, member, 100))
        assert till.state_of(settled.sale) == "SETTLED"
        reversed_ = till.call("Reverse", **act(settled.sale.request_id, reason="x"))
        assert till.state_of(reversed_.sale) == "REVERSED"


@contextlib.contextmanager
def connections(target: str, count: int, *said: bytes) -> Iterator[list[Wire]]:
    """So many connections, on each of which the same is said."""
    with contextlib.ExitStack() as stack:
        wires = [stack.enter_context(Wire.to(target)) for _ in range(count)]
        for wire in wires:
            wire.say(*said)
        yield wires


def greeted(wire: Wire) -> bool:
    """Returns whether the gateway speaks on the connection; it closes one that is too many."""
    return next(wire.frames(), None) is not None


def test_sales_go_on_beside_thousands_of_idle_connections(city: City) -> None:
    gateway, _ = city
    process = psutil.Process(gateway.process.pid)
    before = process.memory_info().rss
    with connections(gateway.target, IDLE_COUNT) as wires:
        assert all(greeted(wire) for wire in wires)
        assert process.num_fds() > IDLE_COUNT
        sells(city)
        assert process.memory_info().rss - before < IDLE_COUNT * PER_IDLE_BYTES
    sells(city, 1)


def test_sales_go_on_beside_calls_that_are_opened_and_left(city: City) -> None:
    silent = [frame(HEADERS, END_HEADERS, stream, OPENED) for stream in range(1, 2 * SILENT_COUNT, 2)]
    with connections(city[0].target, 20, *silent):
        sells(city)


def test_sales_go_on_beside_messages_that_stop_in_the_middle(city: City) -> None:
    halves = [
        part for stream in range(1, 2 * SILENT_COUNT, 2) for part in (
            frame(HEADERS, END_HEADERS, stream, OPENED), frame(DATA, 0, stream, message(b"xx", length=100))
        )
    ]
    with connections(city[0].target, 20, *halves):
        sells(city)


def test_sales_go_on_beside_clients_that_take_no_answer(city: City) -> None:
    ask = [
        part for stream in range(1, 2 * SILENT_COUNT, 2) for part in (
            frame(HEADERS, END_HEADERS, stream, OPENED), frame(DATA, 1, stream, message(b"x"))
        )
    ]
    deaf = frame(SETTINGS, 0, 0, struct.pack(">HI", INITIAL_WINDOW_SIZE, 0))
    with connections(city[0].target, 20, deaf, *ask):
        sells(city)


def test_a_connection_more_than_allowed_is_closed_and_those_that_are_there_go_on(tmp_path: Path) -> None:
    with city_in(tmp_path, connections=30) as city:
        sells(city, 1)
        with connections(city[0].target, 40) as wires:
            answered = [greeted(wire) for wire in wires]
            assert 20 <= sum(answered) < 30
            sells(city, 1)
        sells(city, 1)


def test_an_idle_connection_is_ended_and_the_next_call_makes_another(tmp_path: Path) -> None:
    with city_in(tmp_path, connection_idle_s=1) as city:
        with Wire.to(city[0].target) as wire:
            assert wire.ended()
        sells(city, 1)


def test_connections_are_made_anew_in_time_without_losing_a_call(tmp_path: Path) -> None:
    with city_in(tmp_path, connection_age_s=1) as city:
        with Wire.to(city[0].target) as aging:
            waiting = Beside(aging.ended)
            while waiting.is_alive():
                sells(city, 1)
            assert waiting.result()
        sells(city, 1)


def test_who_no_longer_answers_is_disconnected(tmp_path: Path) -> None:
    with city_in(tmp_path, keepalive_s=1, keepalive_wait_s=1) as city, Wire.to(city[0].target) as wire:
        assert wire.ended(answers_pings=False)
        sells(city, 1)


def test_a_call_without_a_deadline_has_the_longest_that_is_allowed(tmp_path: Path) -> None:
    limits = {"deadline_ms": 1_000, "store_busy_ms": 2_000, "retry_ms": 50, "group_count": 1}
    with city_in(tmp_path, **limits) as (gateway, till):
        patient = ForeignTill(gateway.target, till.key, till.terminal, till.audience, till.root)
        patient.timeout_s = None
        ids = [new_id(till) for _ in range(3)]
        with held(gateway):
            waiting = [Beside(partial(patient.call, "Seal", **act(each))) for each in ids]
            reasons = sorted(each.result().reason for each in waiting)
        assert set(reasons) <= {"DEADLINE_PASSED", "STORE_UNAVAILABLE"}
        assert "DEADLINE_PASSED" in reasons
        for each in ids:
            with pytest.raises(RefusedError, match="SALE_NOT_FOUND"):
                till.call("GetSale", request_id=each)
        patient.close()


def test_what_was_answered_to_nobody_is_answered_again(city: City) -> None:
    gateway, till = city
    fields = sale_of(till, gateway, MEMBERS[0], 100)
    in_haste = hasty(till, gateway, 0.2)
    with held(gateway) as let_go:
        with pytest.raises((NotBelievedError, RefusedError), match="DEADLINE_EXCEEDED"):
            in_haste.call("Settle", **fields)
        let_go()
    assert till.state_of(till.call("Settle", **fields).sale) == "SETTLED"
    till.call("Reverse", **act(fields["request_id"], reason="x"))
    in_haste.close()


