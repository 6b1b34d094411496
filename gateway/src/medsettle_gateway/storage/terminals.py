"""What operators do with tills: hand out codes, suspend, end keys."""

from datetime import datetime
from typing import NamedTuple

from medsettle_gateway.domain.facts import EnrolCode
from medsettle_gateway.domain.locks import Kind, Lock
from medsettle_gateway.storage.connection import Connection, lock
from medsettle_gateway.storage.instants import from_us, from_us_or_none, to_us


class ListedKey(NamedTuple):
    """One key of a till."""

    key: str
    suite: str
    not_before: datetime
    not_after: datetime
    revoked_at: datetime | None


class ListedTerminal(NamedTuple):
    """One till and its keys, oldest first."""

    terminal: str
    institution: str
    institution_name: str
    state: str
    keys: tuple[ListedKey, ...]


def hand_out_code(connection: Connection, code: EnrolCode) -> str | None:
    """Records a one-time code; returns the institution's name, or None if there is no such institution.

    Codes of the same till that were not used end with this.
    """
    found = connection.execute(
        "SELECT name FROM institutions WHERE code = ?", (code.institution,)
    ).fetchone()
    if found is None:
        return None
    unused = connection.execute(
        "SELECT code_hash FROM enrol_codes WHERE institution = ? AND till = ? AND used_by_key IS NULL",
        (code.institution, code.till),
    )
    for (code_hash,) in unused.fetchall():
        lock(connection, (Lock(Kind.CODE, code_hash),))
        connection.execute(
            "DELETE FROM enrol_codes WHERE code_hash = ? AND used_by_key IS NULL", (code_hash,)
        )
    connection.execute(
        "INSERT INTO enrol_codes (code_hash, institution, till, expires_at_us) VALUES (?, ?, ?, ?)",
        (code.code_hash, code.institution, code.till, to_us(code.expires_at)),
    )
    return str(found[0])


def list_terminals(connection: Connection) -> tuple[ListedTerminal, ...]:
    """Returns every till with its keys, by id."""
    terminals = connection.execute(
        "SELECT terminal, institution, name, terminals.state FROM terminals "
        "JOIN institutions ON code = institution ORDER BY terminal"
    ).fetchall()
    return tuple(
        ListedTerminal(terminal, institution, name, state, _keys(connection, terminal))
        for terminal, institution, name, state in terminals
    )


def set_state(connection: Connection, terminal: str, state: str) -> bool:
    """Suspends a till or lets it work again; returns whether there is such a till."""
    lock(connection, (Lock(Kind.TERMINAL, terminal),))
    done = connection.execute("UPDATE terminals SET state = ? WHERE terminal = ?", (state, terminal))
    return done.rowcount == 1


def revoke_key(connection: Connection, key: str, now: datetime, *, compromised: bool) -> bool:
    """Ends a key at once; returns whether there is such a key. What was signed before stays valid."""
    of = connection.execute("SELECT terminal FROM terminal_keys WHERE key = ?", (key,)).fetchone()
    if of is None:
        return False
    lock(connection, (Lock(Kind.TERMINAL, of[0]),))
    connection.execute(
        "UPDATE terminal_keys SET revoked_at_us = coalesce(revoked_at_us, :now_us), "
        "compromised_at_us = CASE WHEN :compromised THEN coalesce(compromised_at_us, :now_us) "
        "ELSE compromised_at_us END WHERE key = :key",
        {"key": key, "now_us": to_us(now), "compromised": compromised},
    )
    return True


def _keys(connection: Connection, terminal: str) -> tuple[ListedKey, ...]:
    found = connection.execute(
        "SELECT key, suite, not_before_us, not_after_us, revoked_at_us FROM terminal_keys "
        "WHERE terminal = ? ORDER BY not_before_us, key",
        (terminal,),
    )
    return tuple(
        ListedKey(key, suite, from_us(before_us), from_us(after_us), from_us_or_none(revoked_us))
        for key, suite, before_us, after_us, revoked_us in found
    )
