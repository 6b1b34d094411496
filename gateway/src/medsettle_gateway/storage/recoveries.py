"""What operators do about a restore with loss: begin a recovery, look how far it is, end it by hand."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Final, NamedTuple

from medsettle_gateway.domain.calendar import day_of
from medsettle_gateway.storage.connection import Connection, last_committed_at
from medsettle_gateway.storage.instants import from_us, to_us

ROWS_MOST: Final = 10_000
_BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)
_A_DAY: Final = timedelta(days=1)


class Begun(NamedTuple):
    """A restore with loss: when, what may be missing since when, and for which ids absence proves nothing."""

    begun_at: datetime
    lost_from: datetime
    absent_until: date
    author: str
    reason: str


class Ended(NamedTuple):
    """The end of a comparison by two people. ``scope``: a terminal, an institution, or '' for all."""

    scope: str
    ended_at: datetime
    author: str
    second_author: str
    reason: str


class Progress(NamedTuple):
    """How far a recovery is: tills that have compared, or for whom it was ended; and those left, by id."""

    epoch: int
    begun: Begun
    compared_count: int
    left: tuple[str, ...]


class Listed(NamedTuple):
    """A sale that a till has shown: what became of it, and what an operator should look at."""

    request_id: str
    state: str
    epoch: int
    terminal: str
    shown_at: datetime
    became: str
    findings: tuple[str, ...]


def since_now(
    connection: Connection, at: datetime, author: str, reason: str, whole_until: datetime | None = None
) -> Begun:
    """Returns the recovery of books that have just been restored.

    ``whole_until``: up to then nothing is missing, if that is known; else it is up to the last entry. One
    that is still to come is not known: a clock was wrong, and too much that is shown does no harm. Ids of
    days up to tomorrow may be of sales that were lost: a till may be a day ahead, and this clock behind.
    """
    last_at = last_committed_at(connection) or _BEGINNING
    begun_at = max(at, last_at)
    lost_from = max(last_at, whole_until) if whole_until is not None and whole_until <= begun_at else last_at
    newest = begun_at if whole_until is None else max(begun_at, whole_until)
    return Begun(begun_at, lost_from, day_of(newest) + _A_DAY, author, reason)


def put_recovery(connection: Connection, begun: Begun, *, above: int = 0) -> int:
    """Records a restore with loss, inside a writing transaction; returns its epoch.

    It is above every one that the books know, and ``above`` those of other books that they replace.
    """
    epoch = max(above, latest_epoch(connection)) + 1
    connection.execute(
        "INSERT INTO recoveries (epoch, begun_at_us, lost_from_us, absent_until, author, reason) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        (
            epoch, to_us(begun.begun_at), to_us(begun.lost_from), begun.absent_until.isoformat(),
            begun.author, begun.reason,
        ),
    )
    return epoch


def latest_epoch(connection: Connection) -> int:
    """Returns how often the books were restored with loss."""
    found = connection.execute("SELECT coalesce(max(epoch), 0) FROM recoveries").fetchone()
    return int(found[0])


def scope_exists(connection: Connection, scope: str) -> bool:
    """Returns whether there is such an institution or terminal, or a code for it; '' is all of them."""
    if not scope:
        return True
    found = connection.execute(
        "SELECT 1 FROM institutions WHERE code = :scope UNION ALL "
        "SELECT 1 FROM terminals WHERE terminal = :scope UNION ALL "
        "SELECT 1 FROM enrol_codes WHERE institution || '-' || till = :scope",
        {"scope": scope},
    )
    return found.fetchone() is not None


def may_have_been_lost(connection: Connection, institution: str, terminal: str) -> bool:
    """Returns whether a terminal that the books do not have may have been enrolled in what they lost."""
    found = connection.execute(
        "SELECT 1 FROM recoveries WHERE epoch > ("
        "SELECT coalesce(max(epoch), 0) FROM recovery_ends WHERE scope IN ('', :institution, :terminal)"
        ") AND NOT EXISTS (SELECT 1 FROM terminals WHERE terminal = :terminal)",
        {"institution": institution, "terminal": terminal},
    )
    return found.fetchone() is not None


def put_end(connection: Connection, ended: Ended) -> bool:
    """Ends the latest recovery for a scope; returns whether that is news."""
    epoch = latest_epoch(connection)
    known = connection.execute(
        "SELECT 1 FROM recovery_ends WHERE epoch = ? AND scope = ?", (epoch, ended.scope)
    ).fetchone()
    if epoch == 0 or known is not None:
        return False
    connection.execute(
        "INSERT INTO recovery_ends (epoch, scope, ended_at_us, author, second_author, reason) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        (epoch, ended.scope, to_us(ended.ended_at), ended.author, ended.second_author, ended.reason),
    )
    return True


def progress(connection: Connection) -> tuple[Progress, ...]:
    """Returns every recovery, the latest first, with the tills for whom it is not over."""
    rows = connection.execute(
        "SELECT epoch, begun_at_us, lost_from_us, absent_until, author, reason FROM recoveries "
        "ORDER BY epoch DESC"
    ).fetchall()
    return tuple(_progress(connection, *row) for row in rows)


def _progress(
    connection: Connection, epoch: int, begun_at_us: int, lost_from_us: int, absent_until: str, author: str,
    reason: str,
) -> Progress:
    left = connection.execute(
        "SELECT terminal FROM terminals WHERE NOT EXISTS ("
        "SELECT 1 FROM recovery_ends WHERE epoch >= :epoch AND scope IN ('', institution, terminal)"
        ") ORDER BY terminal LIMIT :most",
        {"epoch": epoch, "most": ROWS_MOST},
    ).fetchall()
    (count,) = connection.execute("SELECT count(*) FROM terminals").fetchone()
    begun = Begun(
        from_us(begun_at_us), from_us(lost_from_us), date.fromisoformat(absent_until), author, reason
    )
    return Progress(epoch, begun, int(count) - len(left), tuple(terminal for (terminal,) in left))


def listed(connection: Connection, *, findings_only: bool) -> Iterator[Listed]:
    """Yields the sales that tills have shown, in the order in which they were; or those to be looked at."""
    chosen = "WHERE findings <> '[]' " if findings_only else ""
    rows = connection.execute(
        "SELECT request_id, state, epoch, terminal, shown_at_us, became, findings FROM reassertions "  # noqa: S608
        f"{chosen}ORDER BY shown_at_us, request_id, state LIMIT :most",
        {"most": ROWS_MOST},
    )
    for request_id, state, epoch, terminal, shown_at_us, became, findings in rows:
        yield Listed(
            request_id, state, epoch, terminal, from_us(shown_at_us), became, tuple(json.loads(findings))
        )
