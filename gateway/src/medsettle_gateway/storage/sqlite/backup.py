"""Copies of the embedded database: made while gateways write, checked, and put back.

A copy is a folder with the database and a manifest that says what it is a copy of. It appears under its name
when all of it is on disk, and nothing is ever written over.
"""

import errno
import glob
import hashlib
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Self

from medsettle_gateway.config import ConfigError
from medsettle_gateway.domain.plain import from_json, to_json
from medsettle_gateway.storage.audit.head import stand
from medsettle_gateway.storage.audit.verifying import Verdict, verify
from medsettle_gateway.storage.connection import last_committed_at
from medsettle_gateway.storage.recoveries import latest_epoch
from medsettle_gateway.storage.sqlite.database import (
    connect,
    migrate,
    migrations,
    require_alone,
    schema_version,
)

DATABASE: Final = "gateway.db"
MANIFEST: Final = "manifest.json"
_PARTIAL: Final = ".partial"
_REPLACED: Final = ".replaced-"
_STEP_PAGES: Final = 2_048
_CHUNK_BYTES: Final = 1_048_576
_ENDS: Final = ("", "-wal", "-shm", "-journal")
"""Of the files of a database. SQLite puts a log that it finds into whatever database stands beside it."""

Told = Callable[[int, int], None]
"""Hears how much of the work is done, and of how much."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a copy is of, and how far the books had come.

    ``block`` and ``head`` are the newest block of the chain and its hash; 0 and '' before the first.
    """

    gateway: str
    root: str
    schema_version: int
    made_at: datetime
    last_committed_at: datetime | None
    epoch: int
    block: int
    head: str
    sha256: str
    size_bytes: int

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Returns the manifest of a copy. Raises ConfigError."""
        try:
            found = from_json(cls, (folder / MANIFEST).read_text("utf-8"))
            bytes.fromhex(found.head)
        except (OSError, ValueError) as error:
            raise ConfigError(
                f"{folder} 不是完整的备份:{MANIFEST} 缺失或无法读取。",
                f"{folder} is no whole backup: {MANIFEST} is missing or cannot be read.",
            ) from error
        return found


def back_up(path: Path, folder: Path, owner: tuple[str, str], at: datetime, told: Told) -> Manifest:
    """Copies a database as it is at one point in time into a new folder, checks it, and returns its manifest.

    Gateways go on writing meanwhile. ``owner``: the gateway's id, and its root key's. Raises ConfigError if
    the folder exists or the copy is not sound, sqlite3.Error and OSError.
    """
    if folder.exists():
        raise ConfigError(f"{folder} 已存在,备份从不覆盖。", f"{folder} exists: nothing is overwritten.")
    partial = folder.with_name(folder.name + _PARTIAL)
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True, mode=0o700)
    copy = partial / DATABASE
    _copy(path, copy, told)
    manifest = _described(copy, owner, at)
    (partial / MANIFEST).write_text(to_json(manifest) + "\n", "utf-8")
    _flush(partial / MANIFEST)
    _flush(partial)
    check(partial, told)
    partial.rename(folder)
    _flush(folder.parent)
    return manifest


def check(folder: Path, told: Told) -> tuple[Manifest, Verdict]:
    """Returns the manifest of a copy and what its books come to. Raises ConfigError if anything is off."""
    manifest, copy = Manifest.read(folder), folder / DATABASE
    if not copy.is_file() or _sha256(copy) != manifest.sha256:
        raise ConfigError(
            f"{copy} 与备份时不一致,不能使用;请改用另一份备份。",
            f"{copy} is not what was backed up and cannot be used: take another backup.",
        )
    with _reading(copy) as connection:
        found = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(5)")]
        if found != ["ok"] or connection.execute("PRAGMA foreign_key_check").fetchone() is not None:
            raise _unsound(copy, "; ".join(found))
    with _understood(copy) as connection:
        verdict = verify([connection], bytes.fromhex(manifest.head) or None, told)
    if verdict.findings:
        raise _unsound(copy, "; ".join(finding.en for finding in verdict.findings))
    return manifest, verdict


def put_back(folder: Path, path: Path) -> None:
    """Copies the database of a checked copy to a path where nothing is, no log either. Raises OSError."""
    for left in _files_of(path):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(left))
    with (folder / DATABASE).open("rb") as source:
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(number, "wb") as target:
            shutil.copyfileobj(source, target, _CHUNK_BYTES)
    _flush(path)
    _flush(path.parent)


def clear(path: Path) -> None:
    """Removes what was begun and not finished: a database and its log. Raises OSError."""
    for each in _files_of(path):
        each.unlink()


def end_log(path: Path) -> None:
    """Brings everything into the one file, so that it can be moved. Raises ConfigError if it is in use."""
    require_alone(path)
    _flush(path)


def set_aside(path: Path, at: datetime) -> Path | None:
    """Moves a database that nobody uses out of the way, or what is left of one: its log alone.

    Returns where it is now, or its log if that is alone; None if there was nothing. Raises ConfigError if
    a gateway or a command has it open, and OSError.
    """
    if path.exists():
        require_alone(path)
    name = f"{path.name}{_REPLACED}{at:%Y%m%dT%H%M%S.%fZ}"
    moved = {each: each.with_name(name + each.name.removeprefix(path.name)) for each in _files_of(path)}
    for target in moved.values():
        if target.exists():
            raise ConfigError(f"{target} 已存在。", f"{target} exists already.")
    for each, target in moved.items():
        each.rename(target)
    _flush(path.parent)
    return next(iter(moved.values()), None)


def take_place(prepared: Path, path: Path) -> None:
    """Moves a database whose log has ended to a path where nothing is, for good. Raises OSError."""
    prepared.rename(path)
    _flush(path.parent)


def latest_epoch_beside(path: Path) -> int:
    """Returns the highest epoch of a database and of all that were set aside there; 0 if there is none.

    A restore that was cut after it had set the database aside has left nothing in its place.
    """
    aside = [each for each in path.parent.glob(f"{glob.escape(path.name + _REPLACED)}*Z") if each.is_file()]
    return max((epoch_of(each) for each in (path, *aside) if each.exists()), default=0)


def epoch_of(path: Path) -> int:
    """Returns the epoch of a database; 0 where it cannot be read."""
    try:
        with _reading(path) as connection:
            return latest_epoch(connection)
    except sqlite3.Error:
        return 0


def _copy(path: Path, copy: Path, told: Told) -> None:
    os.close(os.open(copy, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    with closing(connect(path)) as source, closing(sqlite3.connect(copy)) as target:
        # While this reads, it sees one state of the file, and so the copying never has to begin anew.
        source.execute("BEGIN")
        source.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchone()
        source.backup(
            target, pages=_STEP_PAGES, progress=lambda _, left, of: told(of - left, of)
        )
        target.execute("PRAGMA journal_mode = DELETE")
    _flush(copy)


def _described(copy: Path, owner: tuple[str, str], at: datetime) -> Manifest:
    with _reading(copy) as connection:
        version = schema_version(connection)
    with _understood(copy) as connection:
        head = stand(connection).head
        return Manifest(
            gateway=owner[0],
            root=owner[1],
            schema_version=version,
            made_at=at,
            last_committed_at=last_committed_at(connection),
            epoch=latest_epoch(connection),
            block=head.block if head else 0,
            head=head.hash.hex() if head else "",
            sha256=_sha256(copy),
            size_bytes=copy.stat().st_size,
        )


@contextmanager
def _understood(copy: Path) -> Iterator[sqlite3.Connection]:
    """A connection to a copy; to one that an older release made as this one would bring it up to date."""
    with _reading(copy) as connection:
        if schema_version(connection) >= len(migrations()):
            yield connection
            return
    with TemporaryDirectory(prefix="medsettle-") as place:
        renewed = Path(place) / DATABASE
        shutil.copyfile(copy, renewed)
        migrate(renewed)
        with _reading(renewed) as connection:
            yield connection


@contextmanager
def _reading(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that changes nothing: not even the mode in which a file is kept."""
    uri = f"{path.resolve().as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)) as connection:
        yield connection


def _files_of(path: Path) -> list[Path]:
    """The database first: a log without it is never taken for one, a database without its log might be."""
    return [each for end in _ENDS if (each := path.with_name(path.name + end)).exists()]


def _unsound(copy: Path, what: str) -> ConfigError:
    return ConfigError(
        f"备份 {copy} 不完好({what});请改用另一份备份。",
        f"The backup {copy} is not sound ({what}): take another one.",
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _flush(path: Path) -> None:
    """What was written is on disk; folders cannot be flushed everywhere."""
    if path.is_dir() and os.name == "nt":
        return
    number = os.open(path, os.O_RDWR if path.is_file() else os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
