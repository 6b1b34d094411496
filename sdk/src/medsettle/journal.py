"""The till's journal: the intent before the first byte leaves, the evidence after each answer.

It outlives the program and the power. What it holds of a sale: ids, states, amounts, the signed
answers (packed, 60 days). It never holds a credential.

The file is SQLite with ``synchronous = FULL``: ``write`` returns when the disk has it. The rollback
journal is kept between transactions (``PERSIST``) rather than a write-ahead log: one file can be
copied while the till is closed, and what was once allocated stays. A ballast of 256 KiB is given up,
once, when the disk fills between a request and its answer, so that the answer can still be written;
no new sale starts before it is back.
"""

import os
import sqlite3
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import Final, Protocol, TypeVar

from medsettle._journal_lock import FileLock
from medsettle._journal_sql import (
    ANSWER_BYTES_MAX,
    APPLICATION_ID,
    SCHEMA,
    SCHEMA_VERSION,
    answered_since,
    began_ms,
    digest_of,
    forget,
    next_number,
    proofs,
    proven_ms,
    put,
    put_evidence,
    reason_of,
)
from medsettle._record_text import from_text
from medsettle.errors import MedsettleError, till_error
from medsettle.evidence import Evidence
from medsettle.record import SaleRecord
from medsettle.ticket import RequestId, china_day
from medsettle.till_reasons import TillReason
from medsettle.wire.request_ids import LAST_NUMBER

_T = TypeVar("_T")

OPEN_SALES_MAX: Final = 1_000
BALLAST_BYTES: Final = 262_144


class Journal(Protocol):
    """Where a till keeps its sales. Every write is on disk when it returns."""

    def begin(self, record: SaleRecord) -> None:
        """Writes the intent of a new sale. Raises JournalError, and then nothing may be sent."""

    def write(self, record: SaleRecord, evidence: Evidence | None = None) -> None:
        """Writes what is known of a sale now, and the signed answer that says so. Raises JournalError.

        A record that was made of an older version than the last is an error, and nothing is written.
        """

    def load(self, request_id: str) -> SaleRecord | None:
        """Returns the sale, or None if this till does not know it. Raises JournalError."""

    def attempts(self, ticket: RequestId) -> Sequence[SaleRecord]:
        """Returns all attempts of the ticket of an id, in their order. Raises JournalError."""

    def unfinished(self) -> Sequence[SaleRecord]:
        """Returns the sales that are not closed, oldest first, at most 1,000. Raises JournalError."""

    def evidence(self, request_id: str) -> Sequence[Evidence]:
        """Returns the signed answers about a sale, in their order. Raises JournalError."""

    def began_ms(self, now_ms: int) -> int:
        """Returns since when it keeps answers, in milliseconds since 1970; a new one begins now.

        Raises JournalError.
        """

    def answered_since(self, since_ms: int, after: tuple[int, str], limit: int) -> Sequence[tuple[int, str]]:
        """Returns when each sale was last answered about, and its id, behind ``after``, oldest first.

        Those that were at ``since_ms`` or later. Raises JournalError.
        """

    def has_counted(self, terminal: str) -> bool:
        """Returns whether it ever gave a ticket number: a new one knows none of the terminal's sales.

        Raises JournalError.
        """

    def next_number(self, terminal: str, on: date, after: int = 0) -> str:
        """Returns a number behind ``after`` that no ticket of the terminal had on that day.

        Raises JournalError.
        """

    def proven_ms(self) -> int:
        """Returns the latest time that a signed answer states, in milliseconds since 1970, or 0.

        Raises JournalError.
        """

    def close(self) -> None:
        """Lets go of the file; again is harmless."""


class SqliteJournal:
    """The journal in one file, for one process. Safe for threads."""

    def __init__(self, path: Path) -> None:
        """Opens and checks the file. Raises JournalError, before any money can move."""
        self._path = path
        self._mutex = threading.RLock()
        self._tidied_on: date | None = None
        # One lock for one file, by whatever links it is reached.
        self._lock = FileLock(path.resolve().with_name(path.resolve().name + ".lock"))
        try:
            self._lock.take()
            self._sql = self._open()
        except (OSError, sqlite3.Error) as error:
            self._lock.release()
            raise self._error(error) from error
        except MedsettleError:
            self._lock.release()
            raise

    def _open(self) -> sqlite3.Connection:
        _make_private(self._path)
        sql = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        try:
            # Not by the file's size: the power may have gone while it was made, and SQLite takes that back.
            new = sql.execute("PRAGMA page_count").fetchone()[0] == 0
            if not new:
                self._check(sql)
            sql.execute("PRAGMA synchronous = FULL")
            sql.execute("PRAGMA journal_mode = PERSIST")
            if new:
                sql.executescript(f"BEGIN IMMEDIATE; {SCHEMA} COMMIT;")
        except BaseException:
            sql.close()
            raise
        return sql

    def _check(self, sql: sqlite3.Connection) -> None:
        """Damaged, foreign or newer files stop the till here."""
        if sql.execute("PRAGMA integrity_check(1)").fetchone()[0] != "ok":
            raise till_error(TillReason.JOURNAL_DAMAGED, file=str(self._path))
        if sql.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
            raise till_error(TillReason.JOURNAL_DAMAGED, file=str(self._path), cause="not a journal")
        version = sql.execute("PRAGMA user_version").fetchone()[0]
        if version > SCHEMA_VERSION:
            raise till_error(TillReason.JOURNAL_TOO_NEW, file=str(self._path), version=str(version))
        for row in sql.execute("SELECT record, digest FROM sale WHERE closed = 0"):
            self._read(*row)

    def begin(self, record: SaleRecord) -> None:
        """Writes the intent of a new sale. Raises JournalError, and then nothing may be sent."""
        with self._transaction() as sql:
            if sql.execute("SELECT count(*) FROM sale WHERE closed = 0").fetchone()[0] >= OPEN_SALES_MAX:
                raise till_error(TillReason.TOO_MANY_OPEN, limit=str(OPEN_SALES_MAX))
            # A clock or a ticket that is years ahead must not empty the journal.
            today = min(RequestId.parse(record.request_id).on, china_day(record.requested_at))
            if today != self._tidied_on:
                forget(sql, today)
                self._tidied_on = today
            if sql.execute("SELECT count(*) FROM ballast").fetchone()[0] == 0:
                sql.execute("INSERT INTO ballast VALUES (zeroblob(?))", (BALLAST_BYTES,))
            self._put(sql, record)

    def write(self, record: SaleRecord, evidence: Evidence | None = None) -> None:
        """Writes what is known of a sale now, and the signed answer that says so. Raises JournalError.

        A record that was made of an older version than the last is an error, and nothing is written.
        """
        try:
            self._write(record, evidence, drop_ballast=False)
        except MedsettleError as error:
            if error.reason != TillReason.JOURNAL_FULL:
                raise
            self._write(record, evidence, drop_ballast=True)

    def _write(self, record: SaleRecord, evidence: Evidence | None, *, drop_ballast: bool) -> None:
        with self._transaction() as sql:
            if drop_ballast:
                sql.execute("DELETE FROM ballast")
            self._put(sql, record)
            if evidence is not None and len(evidence.answer) <= ANSWER_BYTES_MAX:
                put_evidence(sql, record.request_id, evidence)

    def _put(self, sql: sqlite3.Connection, record: SaleRecord) -> None:
        if not put(sql, record):
            cause = f"an older version of {record.request_id}"
            raise till_error(TillReason.JOURNAL_UNAVAILABLE, file=str(self._path), cause=cause)

    def load(self, request_id: str) -> SaleRecord | None:
        """Returns the sale, or None if this till does not know it. Raises JournalError."""
        found = self._select("request_id = ?", request_id)
        return found[0] if found else None

    def attempts(self, ticket: RequestId) -> Sequence[SaleRecord]:
        """Returns all attempts of the ticket of an id, in their order. Raises JournalError."""
        where = "terminal = ? AND day = ? AND number = ? ORDER BY attempt"
        return self._select(where, ticket.terminal, ticket.on.isoformat(), int(ticket.number))

    def unfinished(self) -> Sequence[SaleRecord]:
        """Returns the sales that are not closed, oldest first, at most 1,000. Raises JournalError."""
        return self._select(f"closed = 0 ORDER BY written LIMIT {OPEN_SALES_MAX}")

    def evidence(self, request_id: str) -> Sequence[Evidence]:
        """Returns the signed answers about a sale, in their order. Raises JournalError."""
        return self._guarded(lambda: proofs(self._sql, request_id))

    def began_ms(self, now_ms: int) -> int:
        """Returns since when it keeps answers, in milliseconds since 1970; a new one begins now.

        Raises JournalError.
        """
        with self._transaction() as sql:
            return began_ms(sql, now_ms)

    def answered_since(self, since_ms: int, after: tuple[int, str], limit: int) -> Sequence[tuple[int, str]]:
        """Returns when each sale was last answered about, and its id, behind ``after``, oldest first.

        Those that were at ``since_ms`` or later. Raises JournalError.
        """
        return self._guarded(lambda: answered_since(self._sql, since_ms, after, limit))

    def has_counted(self, terminal: str) -> bool:
        """Returns whether it ever gave a ticket number: a new one knows none of the terminal's sales.

        Raises JournalError.
        """
        query = "SELECT 1 FROM counter WHERE terminal = ? LIMIT 1"
        return self._guarded(lambda: self._sql.execute(query, (terminal,)).fetchone()) is not None

    def next_number(self, terminal: str, on: date, after: int = 0) -> str:
        """Returns a number behind ``after`` that no ticket of the terminal had on that day.

        Raises JournalError, and RequestError: TICKET_INVALID if a sale of that day has the last number.
        """
        with self._transaction() as sql:
            number = next_number(sql, terminal, on, after)
            if number > LAST_NUMBER:
                raise till_error(TillReason.TICKET_INVALID, number=str(number))
        return str(number)

    def proven_ms(self) -> int:
        """Returns the latest time that a signed answer states, in milliseconds since 1970, or 0.

        Raises JournalError.
        """
        return self._guarded(lambda: proven_ms(self._sql))

    def close(self) -> None:
        """Lets go of the file; again is harmless."""
        with self._mutex:
            self._sql.close()
            self._lock.release()

    def _select(self, where: str, *values: str | int) -> list[SaleRecord]:
        query = f"SELECT record, digest FROM sale WHERE {where}"  # noqa: S608 - constants of this module
        rows = self._guarded(lambda: self._sql.execute(query, values).fetchall())
        return [self._read(*row) for row in rows]

    def _read(self, text: str, digest: str) -> SaleRecord:
        try:
            if digest_of(text) != digest:
                raise ValueError("digest")
            return from_text(text)
        except (ValueError, KeyError, TypeError) as error:
            raise till_error(TillReason.JOURNAL_DAMAGED, file=str(self._path)) from error

    def _guarded(self, work: Callable[[], _T]) -> _T:
        with self._mutex:
            try:
                return work()
            except sqlite3.Error as error:
                raise self._error(error) from error

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._mutex:
            try:
                self._sql.execute("BEGIN IMMEDIATE")
                yield self._sql
                self._sql.execute("COMMIT")
            except sqlite3.Error as error:
                self._roll_back()
                raise self._error(error) from error
            except BaseException:
                self._roll_back()
                raise

    def _roll_back(self) -> None:
        # A full disk may have ended the transaction by itself, and another thread may have closed the file;
        # what went wrong first is what is told.
        with suppress(sqlite3.Error):
            if self._sql.in_transaction:
                self._sql.execute("ROLLBACK")

    def _error(self, error: Exception) -> MedsettleError:
        return till_error(reason_of(error), file=str(self._path), cause=str(error))


def _make_private(path: Path) -> None:
    """Makes the file its owner's only: it tells of drugs. SQLite gives the file beside it the same mode."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    if sys.platform != "win32":
        path.chmod(0o600)
