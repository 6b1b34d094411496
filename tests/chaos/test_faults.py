"""The faults are real: disks are full, clocks are wrong, lines cut and copy what passes."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from random import Random

import psutil
import pytest

from tests.chaos import disks, line
from tests.chaos.clocks import GatewayClock
from tests.chaos.disks import Disk
from tests.chaos.line import Fate, Line

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="processes are limited as only Unix can")

WRITER = """
import os, sys
file = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT)
print("ready", flush=True)
for line in sys.stdin:
    try:
        print(os.write(file, bytes(1 << 20)), flush=True)
    except OSError as error:
        print(error.strerror, flush=True)
"""
NOW = "from medsettle_gateway.bootstrap.process import SystemClock; print(SystemClock().now().isoformat())"


@pytest.mark.parametrize("mounting", [True, False])
def test_a_full_disk_takes_nothing_until_it_is_free_again(
    mounting: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not mounting:
        monkeypatch.setattr(disks, "mounting_is_allowed", lambda: False)
    disk = Disk(tmp_path / "disk")
    if mounting and not disk.mounted:
        pytest.skip("nothing can be mounted here")
    if not disk.can_be_full:
        pytest.skip("no other process can be limited here")
    command = [sys.executable, "-c", WRITER, str(disk.folder / "file")]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, bufsize=1) as writer:
        assert writer.stdin is not None
        assert writer.stdout is not None

        def writes() -> str:
            """A megabyte twice, since the first fills what was left; returns how the second one ended."""
            assert writer.stdin is not None
            assert writer.stdout is not None
            writer.stdin.write("\n\n")
            return [writer.stdout.readline().strip() for _ in range(2)][-1]

        said = [writer.stdout.readline().strip(), writes()]
        disk.fill(Random(1), [psutil.Process(writer.pid)])
        said.append(writes())
        disk.free()
        said.append(writes())
        writer.stdin.close()
    disk.close()
    full = "No space left on device" if mounting else "File too large"
    assert said == ["ready", "1048576", full, "1048576"]


def test_a_gateway_goes_by_a_clock_that_jumps_and_nobody_else_does(tmp_path: Path) -> None:
    clock = GatewayClock(tmp_path / "clock")
    clock.jump(Random(2), far=False)
    assert clock.ahead > timedelta(seconds=10)
    environment = {**os.environ, **GatewayClock.environment(tmp_path / "clock")}
    printed = [
        subprocess.check_output([sys.executable, "-c", NOW], env=each, text=True)
        for each in (environment, dict(os.environ))
    ]
    jumped, machine = (datetime.fromisoformat(each.strip()) - datetime.now(UTC) for each in printed)
    assert abs(jumped - clock.ahead) < timedelta(seconds=9) < jumped
    assert abs(machine) < timedelta(seconds=9)


class Echo:
    """A server that answers each connection with what it hears, and keeps it."""

    def __init__(self, listener: socket.socket) -> None:
        self.port = listener.getsockname()[1]
        self.heard: list[bytes] = []
        self._more = threading.Condition()
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def hears(self, lengths: list[int]) -> None:
        """Waits until so much was heard of each connection, or long enough to see that it never is."""
        with self._more:
            self._more.wait_for(lambda: sorted(map(len, self.heard)) == lengths, timeout=20)

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            for number in count():
                there = listener.accept()[0]
                self.heard.append(b"")
                threading.Thread(target=self._answer, args=(there, number), daemon=True).start()

    def _answer(self, there: socket.socket, number: int) -> None:
        with closing(there), suppress(OSError):
            while data := there.recv(65_536):
                with self._more:
                    self.heard[number] += data
                    self._more.notify_all()
                there.sendall(data)


@pytest.fixture
def echo() -> Iterator[Echo]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield Echo(listener)
        listener.shutdown(socket.SHUT_RDWR)


def sent(fate: Fate, echo: Echo, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """Returns what comes back of 100,000 bytes before the connection ends."""
    monkeypatch.setattr(line, "_WEIGHTS", {fate: 1})
    playing = Line("seed")
    playing.gateway_port = echo.port
    playing.calm = False
    back = b""
    try:
        with socket.create_connection(("127.0.0.1", playing.port)) as till, suppress(OSError):
            till.settimeout(20)
            till.sendall(bytes(100_000))
            while len(back) < 100_000 and (data := till.recv(65_536)):
                back += data
            if fate is Fate.COPIED:  # the copy may be heard after the answer, and ends with the connection
                echo.hears([100_000, 100_000])
    finally:
        playing.close()
    assert playing.met == {fate: 1}
    return back


@pytest.mark.parametrize("fate", Fate)
def test_each_connection_meets_its_fate(
    fate: Fate, echo: Echo, monkeypatch: pytest.MonkeyPatch
) -> None:
    back = sent(fate, echo, monkeypatch)
    heard = echo.heard
    lossy = {Fate.CUT_REQUEST, Fate.CUT_ANSWER, Fate.NO_REQUEST, Fate.NO_ANSWER, Fate.REFUSED}
    assert (len(back) < 100_000) is (fate in lossy)
    assert len(heard) == {Fate.REFUSED: 0, Fate.COPIED: 2}.get(fate, 1)
    if fate is Fate.COPIED:
        assert heard[0] == heard[1] == bytes(100_000)
    if fate in {Fate.CUT_REQUEST, Fate.NO_REQUEST}:
        assert len(heard[0]) < 100_000
