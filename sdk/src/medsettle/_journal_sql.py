"""The journal's tables, and the statements that write them."""

import hashlib
import sqlite3
import zlib
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from medsettle._record_text import from_text, to_text
from medsettle.evidence import Evidence
from medsettle.record import SaleRecord
from medsettle.sale import is_closed
from medsettle.ticket import RequestId, china_day
from medsettle.till_reasons import TillReason

SCHEMA_VERSION: Final = 1
APPLICATION_ID: Final = 0x6D656473
ANSWER_BYTES_MAX: Final = 1_048_576
PROOFS_MAX: Final = 32
"""Signed answers of one sale."""
PROOFS_KEPT_DAYS: Final = 60
KEPT_DAYS: Final = 400
"""How long a closed sale stays; open ones stay, with their answers, until they are closed."""

SCHEMA: Final = f"""
CREATE TABLE sale (
    request_id TEXT PRIMARY KEY, terminal TEXT NOT NULL, day TEXT NOT NULL, number INTEGER NOT NULL,
    attempt INTEGER NOT NULL, closed INTEGER NOT NULL, written INTEGER NOT NULL, version INTEGER NOT NULL,
    record TEXT NOT NULL, digest TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX sale_by_ticket ON sale (terminal, day, number, attempt);
CREATE INDEX sale_by_age ON sale (written);
CREATE INDEX sale_open ON sale (closed, written);
CREATE TABLE evidence (
    request_id TEXT NOT NULL, method TEXT NOT NULL, request_digest TEXT NOT NULL, nonce TEXT NOT NULL,
    key TEXT NOT NULL, timestamp_ms INTEGER NOT NULL, code TEXT NOT NULL, answer BLOB NOT NULL,
    signature TEXT NOT NULL, certificate TEXT NOT NULL
);
CREATE INDEX evidence_by_sale ON evidence (request_id);
CREATE INDEX evidence_by_time ON evidence (timestamp_ms);
CREATE TABLE counter (
    terminal TEXT NOT NULL, day TEXT NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (terminal, day)
) WITHOUT ROWID;
CREATE TABLE ballast (weight BLOB NOT NULL);
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {SCHEMA_VERSION};
"""


def reason_of(error: Exception) -> TillReason:
    """Returns why the till cannot go on, by what SQLite or the system said."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return TillReason.JOURNAL_FULL
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return TillReason.JOURNAL_DAMAGED
    return TillReason.JOURNAL_UNAVAILABLE


def digest_of(text: str) -> str:
    """Returns the digest that stands beside a record."""
    return hashlib.sha256(text.encode()).hexdigest()


def put(sql: sqlite3.Connection, record: SaleRecord) -> bool:
    """Writes a record: a new one, or the next version of what was known.

    Returns False, and writes nothing, for a record that was made of an older version than the last.
    """
    ticket, text = RequestId.parse(record.request_id), to_text(record)
    if from_text(text) != replace(record, tried=frozenset(), waiting=False):
        raise AssertionError("a record that does not survive its own text")
    values: tuple[Any, ...] = (
        record.request_id, ticket.terminal, ticket.on.isoformat(), int(ticket.number), ticket.attempt,
        is_closed(record), record.version, text, digest_of(text),
    )
    written = sql.execute(
        """INSERT INTO sale
           VALUES (?1, ?2, ?3, ?4, ?5, ?6, (SELECT coalesce(max(written), 0) + 1 FROM sale), ?7, ?8, ?9)
           ON CONFLICT (request_id) DO UPDATE
           SET closed = excluded.closed, version = excluded.version, record = excluded.record,
               digest = excluded.digest
           WHERE version = excluded.version - 1""",
        values,
    )
    return written.rowcount == 1


def next_number(sql: sqlite3.Connection, terminal: str, on: date, after: int) -> int:
    """Returns the number behind ``after``, the last given and the last of a sale, and counts it as given."""
    sql.execute(
        """INSERT INTO counter VALUES (?1, ?2, 0) ON CONFLICT (terminal, day) DO NOTHING""",
        (terminal, on.isoformat()),
    )
    row = sql.execute(
        """UPDATE counter SET number = 1 + max(?3, number, coalesce(
               (SELECT max(number) FROM sale WHERE terminal = ?1 AND day = ?2), 0))
           WHERE terminal = ?1 AND day = ?2 RETURNING number""",
        (terminal, on.isoformat(), after),
    ).fetchone()
    number: int = row[0]
    return number


def put_evidence(sql: sqlite3.Connection, request_id: str, evidence: Evidence) -> None:
    """Writes a signed answer; of a sale that is asked for again and again, the latest are kept."""
    sql.execute(
        "INSERT INTO evidence VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            request_id, evidence.method, evidence.request_digest, evidence.nonce, evidence.key,
            evidence.timestamp_ms, evidence.code, zlib.compress(evidence.answer), evidence.signature,
            evidence.certificate,
        ),
    )
    sql.execute(
        """DELETE FROM evidence WHERE request_id = ?1 AND rowid NOT IN
           (SELECT rowid FROM evidence WHERE request_id = ?1 ORDER BY rowid DESC LIMIT ?2)""",
        (request_id, PROOFS_MAX),
    )


def proofs(sql: sqlite3.Connection, request_id: str) -> list[Evidence]:
    """Returns the signed answers about a sale, in their order."""
    rows = sql.execute(
        """SELECT method, request_digest, nonce, key, timestamp_ms, code, answer, signature, certificate
           FROM evidence WHERE request_id = ? ORDER BY rowid""",
        (request_id,),
    ).fetchall()
    return [
        Evidence(method, asked, nonce, key, at_ms, code, _unpacked(packed), signature, certificate)
        for method, asked, nonce, key, at_ms, code, packed, signature, certificate in rows
    ]


def _unpacked(answer: bytes) -> bytes:
    return zlib.decompressobj().decompress(answer, ANSWER_BYTES_MAX)


def answered_since(
    sql: sqlite3.Connection, since_ms: int, after: tuple[int, str], limit: int
) -> list[tuple[int, str]]:
    """Returns when each sale was last answered about, and its id, behind ``after``, oldest first."""
    return sql.execute(
        """SELECT max(timestamp_ms) AS latest, request_id FROM evidence WHERE timestamp_ms >= ?1
           GROUP BY request_id HAVING (latest, request_id) > (?2, ?3) ORDER BY latest, request_id LIMIT ?4""",
        (since_ms, *after, limit),
    ).fetchall()


def began_ms(sql: sqlite3.Connection, now_ms: int) -> int:
    """Returns since when the journal is kept, and remembers it.

    One of an earlier release does not say: it is as old as what it holds.
    """
    sql.execute("CREATE TABLE IF NOT EXISTS begun (at_ms INTEGER NOT NULL)")
    found = sql.execute("SELECT min(at_ms) FROM begun").fetchone()[0]
    if found is None:
        held = sql.execute("SELECT min(timestamp_ms) FROM evidence").fetchone()[0]
        days = sql.execute("SELECT min(day) FROM (SELECT day FROM sale UNION ALL SELECT day FROM counter)")
        found = min(now_ms if held is None else held, _end_of(days.fetchone()[0], now_ms), now_ms)
        sql.execute("INSERT INTO begun VALUES (?)", (found,))
    return int(found)


def _end_of(day: str | None, now_ms: int) -> int:
    """When a day was over in China: by then the journal was there."""
    if day is None:
        return now_ms
    over = datetime.fromisoformat(f"{day}T00:00:00+08:00") + timedelta(days=1)
    return round(over.timestamp() * 1000)


def proven_ms(sql: sqlite3.Connection) -> int:
    """Returns the latest time that a signed answer states, in milliseconds since 1970; 0 if there is none."""
    latest: int = sql.execute("SELECT coalesce(max(timestamp_ms), 0) FROM evidence").fetchone()[0]
    return latest


def forget(sql: sqlite3.Connection, today: date) -> None:
    """What is closed leaves once nobody will ask for it at the till: the answers first, then the sale.

    No clock of this machine makes it leave: no day counts that the gateway has not signed.
    """
    proven_on = china_day(datetime.fromtimestamp(proven_ms(sql) / 1000, UTC))
    today = min(today, proven_on)
    old = "SELECT request_id FROM sale WHERE closed = 1 AND day < ?"
    proofs_until = (today - timedelta(days=PROOFS_KEPT_DAYS)).isoformat()
    sql.execute(f"DELETE FROM evidence WHERE request_id IN ({old})", (proofs_until,))  # noqa: S608
    sales_until = (today - timedelta(days=KEPT_DAYS)).isoformat()
    sql.execute("DELETE FROM sale WHERE closed = 1 AND day < ?", (sales_until,))
