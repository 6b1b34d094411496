"""Processes that serve together: ready together, started anew, given up, and ended together."""

import asyncio
import signal
import socket
import sys
from pathlib import Path

import pytest

from medsettle_gateway.bootstrap.one_port import shared_port
from medsettle_gateway.bootstrap.workers import NotReadyError, Patience, Workers
from medsettle_gateway.config import ConfigError, ListenSection

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no port is shared by processes there")

SERVES = "import sys; print('ready', flush=True); sys.stdin.read()"
NEVER_SERVES = "import sys; sys.exit(7)"
SAYS_NOTHING = "import sys; sys.stdin.read()"
DIES = "print('ready', flush=True)"
DEAF = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True)\n"
    "while True: time.sleep(60)"
)
IN_TURN = """
import os, signal, sys, time
def turn(over):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print("ready", flush=True)
    if sys.argv[1] == "2":
        sys.stdin.read()
        open(over, "w").close()
    while not os.path.exists(over):
        time.sleep(0.01)
"""
PATIENT = Patience(pause_s=0.01, restarts_most=2)


def workers(script: str, count: int = 2, patience: Patience = PATIENT) -> Workers:
    return Workers((sys.executable, "-S", "-c", script), count, patience)


async def test_all_that_serve_are_ended_together() -> None:
    running = workers(SERVES)
    await running.start()
    processes = list(running._running.values())
    await running.stop()
    assert [each.returncode for each in processes] == [-signal.SIGTERM] * 2


async def test_who_takes_its_time_to_end_keeps_no_other_from_ending(tmp_path: Path) -> None:
    """The first one waits for what the second one does once its standard input has ended."""
    over = tmp_path / "over"
    running = workers(f"{IN_TURN}\nturn({str(over)!r})", patience=PATIENT)
    await running.start()
    processes = list(running._running.values())
    await running.stop()
    assert [each.returncode for each in processes] == [0, 0]


async def test_a_worker_that_never_serves_is_told_with_its_code_before_others_start() -> None:
    running = workers(NEVER_SERVES)
    with pytest.raises(NotReadyError) as refused:
        await running.start()
    assert refused.value.code == 7
    assert list(running._running) == [1]
    await running.stop()


async def test_a_worker_that_does_not_serve_in_time_is_killed() -> None:
    running = workers(SAYS_NOTHING, patience=Patience(ready_s=0.05))
    with pytest.raises(NotReadyError) as refused:
        await running.start()
    assert refused.value.code == -signal.SIGKILL


async def test_a_worker_that_dies_is_started_anew(caplog: pytest.LogCaptureFixture) -> None:
    running = workers(SERVES)
    await running.start()
    first, second = running._running[1], running._running[2]
    keeping = asyncio.create_task(running.keep())
    first.kill()
    while running._running[1] is first:  # noqa: ASYNC110 - it tells nobody
        await asyncio.sleep(0.001)
    assert running._running[2] is second
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)
    await running.stop()
    assert all(each.returncode is not None for each in running._running.values())
    told = [each.__dict__["fields"] for each in caplog.records if each.getMessage() == "worker ended"]
    assert told == [{"worker": 1, "exit_code": -signal.SIGKILL}]


async def test_a_worker_that_dies_again_and_again_is_given_up() -> None:
    running = workers(DIES, count=1)
    await running.start()
    with pytest.raises(ConfigError, match="Worker 1 ended 3 times in a row"):
        await running.keep()
    await running.stop()


async def test_a_worker_that_is_killed_is_started_however_often() -> None:
    running = workers(SERVES, count=1)
    await running.start()
    keeping = asyncio.create_task(running.keep())
    for _ in range(PATIENT.restarts_most + 2):
        before = running._running[1]
        before.kill()
        while running._running[1] is before:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.001)
    assert not keeping.done()
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)
    await running.stop()


async def test_a_worker_that_does_not_listen_is_killed_in_the_end() -> None:
    running = workers(DEAF, count=1, patience=Patience(drain_s=0.2))
    await running.start()
    await running.stop()
    assert running._running[1].returncode == -signal.SIGKILL


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0.0.0.0"])  # noqa: S104
def test_a_free_port_is_kept_for_those_who_share_it(host: str) -> None:
    listen = ListenSection(f"{host}:0")
    with shared_port(listen) as port, socket.socket() as worker, socket.socket() as stranger:
        worker.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        worker.bind(("127.0.0.1", port))
        worker.listen()
        socket.create_connection(("127.0.0.1", port)).close()
        with pytest.raises(OSError, match="in use"):
            stranger.bind(("127.0.0.1", port))


def test_a_port_that_another_gateway_shares_among_its_workers_is_taken() -> None:
    with shared_port(ListenSection("127.0.0.1:0")) as port, socket.socket() as worker:
        worker.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        worker.bind(("127.0.0.1", port))
        worker.listen()
        with pytest.raises(ConfigError, match=f"Cannot listen on 127.0.0.1:{port}"), \
                shared_port(ListenSection(f"127.0.0.1:{port}")):
            pass


def test_a_name_that_has_an_address_twice_is_listened_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where a file of hosts names it on two lines."""
    place = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 0))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [place, place])
    with shared_port(ListenSection("gateway:0")) as port:
        assert port


def test_a_host_that_is_not_this_machine_is_refused() -> None:
    elsewhere = ListenSection("192.0.2.1:0")
    with pytest.raises(ConfigError, match="the address not of this machine"), shared_port(elsewhere):
        pass
