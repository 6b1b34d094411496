"""What serves the shops: a gateway over SQLite, or processes over a PostgreSQL of its own."""

import contextlib
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

import psutil

from medsettle.testing import Gateway, GatewayFailedError
from tests.chaos.clocks import GatewayClock
from tests.chaos.disks import Disk
from tests.chaos.line import Line

WORKERS = 2
SETTINGS = {
    "limits.hold_s": "8", "limits.late_confirm_s": "60", "limits.sweep_interval_ms": "300",
    "limits.terminal_calls_per_s": "0", "limits.address_failures_per_s": "0", "limits.drain_ms": "3000",
}
_STARTS_MOST = 10


class House:
    """A gateway over SQLite, with a disk and a clock of its own."""

    name = "sqlite"
    far_clock = True

    def __init__(self, folder: Path, line: Line) -> None:
        self.folder = folder
        self.line = line
        self.disk = Disk(self._disk_folder())
        self.clock_file = folder / "clock"
        self.clock = GatewayClock(self.clock_file)
        self._environment = dict(os.environ)
        os.environ.update(GatewayClock.environment(self.clock_file))
        self.ended_by_itself = 0
        self.gateway = Gateway(folder / "gateway", SETTINGS, self._serve_options())

    def _disk_folder(self) -> Path:
        return self.folder / "gateway" / "data"

    def _serve_options(self) -> tuple[str, ...]:
        return ()

    def found(self) -> None:
        """Makes the city and serves it."""
        path = self.disk.folder / "gateway.db"
        os.environ["MEDSETTLE_GATEWAY__STORAGE__PATH"] = str(path)
        self.gateway.run("demo-city", str(self.gateway.directory))
        self.start()

    def start(self) -> None:
        """Serves again. A start that meets a fault which is still there is tried again."""
        for each in range(_STARTS_MOST):
            try:
                self.gateway.start()
            except GatewayFailedError:
                if each + 1 == _STARTS_MOST:
                    raise
                time.sleep(0.5)
            else:
                self.line.gateway_port = self.gateway.proxy.gateway_port
                return

    def stands(self) -> None:
        """Puts right what ended by itself."""
        if not self.gateway.running:
            self.ended_by_itself += 1
            self.start()

    def serving(self) -> list[psutil.Process]:
        """The processes that answer calls."""
        return [psutil.Process(self.gateway.pid)] if self.gateway.running else []

    def writers(self) -> list[psutil.Process]:
        """The processes that write to the disk."""
        return self.serving()

    def kill_one(self, chance: Random) -> str:
        """Kills what serves, and starts it again after a while."""
        self.gateway.kill()
        time.sleep(chance.choice((0, 0, 0.3, 1)))
        self.start()
        return "gateway"

    def stop_gently(self) -> None:
        self.gateway.stop()
        self.start()

    @contextlib.contextmanager
    def stalled(self, chance: Random) -> Iterator[None]:
        """One of those that serve stands still."""
        there = self.serving()
        chosen = chance.choice(there) if there else None
        with contextlib.suppress(psutil.Error):
            if chosen:
                chosen.suspend()
        try:
            yield
        finally:
            with contextlib.suppress(psutil.Error):
                if chosen:
                    chosen.resume()

    def keep(self) -> None:
        """Copies what would be lost with the disk."""
        if self.disk.mounted:
            shutil.copytree(self.disk.folder, self.folder / "kept", ignore=_sockets, dirs_exist_ok=True)

    def close(self) -> None:
        self.gateway.close()
        self.disk.close()
        os.environ.clear()
        os.environ.update(self._environment)


class ServedHouse(House):
    """Processes that share a port and a PostgreSQL, which is killed as well."""

    name = "postgres"
    far_clock = False  # the server's clock is the machine's: gateways must not be far from it

    def _disk_folder(self) -> Path:
        return Path(tempfile.mkdtemp(prefix="medsettle-pg-"))

    def _serve_options(self) -> tuple[str, ...]:
        return ("--workers", str(WORKERS))

    def found(self) -> None:
        from tests.postgres import Databases, Server

        self.server = Server(self.disk.folder)
        url = Databases(self.server.url).new()
        self.gateway.run("demo-city", str(self.gateway.directory), "--database-url", url)
        self.start()

    def start(self) -> None:
        self._server_stands()
        super().start()

    def stands(self) -> None:
        self._server_stands()
        super().stands()

    def serving(self) -> list[psutil.Process]:
        if not self.gateway.running:
            return []
        with contextlib.suppress(psutil.Error):
            found: list[psutil.Process] = psutil.Process(self.gateway.pid).children()
            return found
        return []

    def writers(self) -> list[psutil.Process]:
        with contextlib.suppress(psutil.Error, OSError, ValueError):
            postmaster = psutil.Process(self.server.pid)
            if postmaster.status() != psutil.STATUS_ZOMBIE:
                return [postmaster, *postmaster.children(recursive=True)]
        return []

    def kill_one(self, chance: Random) -> str:
        what = chance.choices(("worker", "gateway", "server"), (50, 30, 20))[0]
        if what == "gateway":
            return super().kill_one(chance)
        if what == "server":
            with contextlib.suppress(psutil.Error, OSError):
                self.server.kill()
            time.sleep(chance.choice((0, 0.3, 1)))
            self._server_stands()
            return what
        there = self.serving()
        if not there:
            return super().kill_one(chance)
        with contextlib.suppress(psutil.Error):
            chance.choice(there).send_signal(signal.SIGKILL)
        return what

    def _server_stands(self) -> None:
        if not self.writers():
            self.server.start()

    def close(self) -> None:
        super().close()
        if hasattr(self, "server"):
            with contextlib.suppress(psutil.Error, OSError):
                self.server.kill()
        self.disk.close()
        shutil.rmtree(self.disk.folder, ignore_errors=True)


HOUSES: dict[str, type[House]] = {each.name: each for each in (House, ServedHouse)}


def _sockets(folder: str, names: list[str]) -> list[str]:
    return [name for name in names if name.startswith(".s.")]
