"""Who reads the books: connections of this process, and processes that have a connection of their own.

Threads do not share the work on a file well, although each has a connection: a process has one lock for all
of SQLite's memory. A server reads in processes of its own.
"""

import multiprocessing
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from typing import Protocol, TypeVar

from medsettle_gateway.storage.audit.asking import Books
from medsettle_gateway.storage.connection import Connection

T = TypeVar("T")


class Reader(Protocol):
    """Somebody who reads the books."""

    def do(self, task: Callable[[Books], T]) -> T:
        """Returns what a task comes to. Raises sqlite3.Error or DatabaseFailedError."""


class ReaderProcess:
    """A process that reads the books in a file. What it does it is sent by name: functions of modules.

    Raises sqlite3.OperationalError where none can be started.
    """

    def __init__(self, path: Path) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, path), name="verify", daemon=True)
        try:
            self._process.start()
        except OSError as error:
            self._pipe.close()
            msg = f"no process could be started that shares the reading: {error.strerror}"
            raise sqlite3.OperationalError(msg) from error
        finally:
            theirs.close()

    def do(self, task: Callable[[Books], T]) -> T:
        """Returns what a task comes to. Raises whatever it raises, or sqlite3.OperationalError."""
        try:
            self._pipe.send(task)
            result: T | Exception = self._pipe.recv()
        except (EOFError, OSError) as error:
            msg = "a process that shared the reading has ended"
            raise sqlite3.OperationalError(msg) from error
        if isinstance(result, Exception):
            raise result
        return result

    def close(self) -> None:
        """Ends the process, whatever it does: it writes nothing."""
        self._pipe.close()
        self._process.terminate()
        self._process.join()


def _serve(pipe: Pipe, path: Path) -> None:
    # Who interrupts the command means all of it: only the first process says so.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with closing(_opened(path)) as connection:
        books = Books.of(connection)
        while True:
            try:
                task = pipe.recv()
            except EOFError:
                return
            pipe.send(_result(task, books))


def _opened(path: Path) -> sqlite3.Connection:
    """Returns a connection that writes nothing and makes no file."""
    connection = sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True, isolation_level=None)
    connection.execute("PRAGMA query_only = ON")
    connection.execute("PRAGMA trusted_schema = OFF")
    return connection


def _result(task: Callable[[Books], T], books: Books) -> T | Exception:
    try:
        return task(books)
    except Exception as error:  # noqa: BLE001 - it is raised where it was asked for
        return error


@contextmanager
def sharing(
    reading: Callable[[], AbstractContextManager[Connection]], count: int
) -> Iterator[list[Connection | ReaderProcess]]:
    """Yields so many who read the same database, for ``verify``; the first is a connection."""
    with ExitStack() as stack:
        first = stack.enter_context(reading())
        found: list[Connection | ReaderProcess] = [first]
        for _ in range(count - 1):
            if isinstance(first, sqlite3.Connection):
                found.append(stack.enter_context(closing(ReaderProcess(_path_of(first)))))
            else:
                found.append(stack.enter_context(reading()))
        yield found


def _path_of(connection: sqlite3.Connection) -> Path:
    (path,) = (row[2] for row in connection.execute("PRAGMA database_list") if row[1] == "main")
    return Path(path)
