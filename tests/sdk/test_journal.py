"""The journal: on disk before the first byte leaves, whole or refused, for one process only."""

import errno
import random
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medsettle._exchange.signed import Reply, Request
from medsettle._journal_sql import SCHEMA
from medsettle._record_text import from_text, to_text
from medsettle.errors import (
    JournalDamagedError,
    JournalError,
    JournalFullError,
    JournalLockedError,
)
from medsettle.journal import SqliteJournal
from medsettle.models import Basket, CashState, Collect, Outcome, Refusal, SaleState, Split, Tendered
from medsettle.record import Goal, SaleRecord
from medsettle.tender import CashTender
from medsettle.ticket import RequestId
from medsettle.till import Till
from tests.sdk.counterpart import Counterpart
from tests.sdk.journalled import DAY, NOON_MS, PROOF, record


def test_what_was_written_is_there_after_a_restart(opened: Callable[[], SqliteJournal]) -> None:
    journal = opened()
    journal.begin(record())
    held = record(
        state=SaleState.HELD, tenders=(Tendered("cash", 4000, "r"),), cash=CashState.COLLECTED, version=1
    )
    journal.write(held, PROOF)
    again = opened()
    assert again.load(held.request_id) == held
    assert list(again.evidence(held.request_id)) == [PROOF]
    assert list(again.unfinished()) == [held]


def test_a_closed_sale_is_not_unfinished(opened: Callable[[], SqliteJournal]) -> None:
    journal = opened()
    journal.begin(record())
    journal.write(record(state=SaleState.SETTLED, version=1))
    assert list(journal.unfinished()) == []
    assert journal.load("P1-1-20260302-1-1") is not None


def test_open_sales_come_oldest_first_and_attempts_in_order(opened: Callable[[], SqliteJournal]) -> None:
    journal = opened()
    for number, attempt in ((7, 1), (3, 1), (3, 2), (10, 1)):
        journal.begin(record(number, attempt))
    assert [each.request_id[-4:] for each in journal.unfinished()] == ["-7-1", "-3-1", "-3-2", "10-1"]
    attempts = journal.attempts(RequestId.first("P1-1", DAY, "3"))
    assert [each.request_id[-3:] for each in attempts] == ["3-1", "3-2"]


def test_a_second_opener_is_locked_out_and_the_first_goes_on(
    opened: Callable[[], SqliteJournal], path: Path
) -> None:
    journal = opened()
    with pytest.raises(JournalLockedError, match="JOURNAL_LOCKED"):
        SqliteJournal(path)
    journal.begin(record())


def test_another_process_is_locked_out(opened: Callable[[], SqliteJournal], path: Path) -> None:
    opened()
    code = """if True:
        import sys, pathlib
        from medsettle.errors import JournalLockedError
        from medsettle.journal import SqliteJournal
        try:
            SqliteJournal(pathlib.Path(sys.argv[1]))
        except JournalLockedError as error:
            print(error.reason)
    """
    run = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True, timeout=300
    )
    assert run.stdout.strip() == "JOURNAL_LOCKED"


@pytest.mark.skipif(sys.platform == "win32", reason="a link needs a privilege there")
def test_a_journal_that_is_reached_by_a_link_is_locked_too(
    opened: Callable[[], SqliteJournal], path: Path
) -> None:
    opened()
    link = path.with_name("link.journal")
    link.symlink_to(path)
    with pytest.raises(JournalLockedError):
        SqliteJournal(link)


def test_a_journal_that_was_closed_meanwhile_is_one_clear_sentence(
    opened: Callable[[], SqliteJournal]
) -> None:
    journal = opened()
    journal.close()
    with pytest.raises(JournalError, match="JOURNAL_UNAVAILABLE"):
        journal.begin(record())
    with pytest.raises(JournalError, match="JOURNAL_UNAVAILABLE"):
        journal.load(record().request_id)


@pytest.mark.skipif(sys.platform == "win32", reason="its locks are others")
def test_a_disk_without_locks_is_not_taken_for_another_program(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def without_locks(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", without_locks)
    with pytest.raises(JournalError, match=r"JOURNAL_UNAVAILABLE.*No locks available"):
        SqliteJournal(path)


def test_the_lock_is_free_once_the_journal_is_closed(opened: Callable[[], SqliteJournal]) -> None:
    opened()
    opened().begin(record())


@pytest.mark.parametrize("damage", ["header", "page", "text", "cut"])
def test_a_damaged_file_is_refused_before_any_money_moves(
    opened: Callable[[], SqliteJournal], path: Path, damage: str
) -> None:
    journal = opened()
    for number in range(1, 41):
        journal.begin(record(number))
    journal.close()
    data = bytearray(path.read_bytes())
    if damage == "header":
        data[:16] = b"not a database!!"
    elif damage == "page":
        data[4096:12288] = b"\xa5" * 8192
    elif damage == "cut":
        data = data[: len(data) - 8192]
    else:
        at = data.index(b'"cash_fen":4000')
        data[at : at + 15] = b'"cash_fen":9000'
    path.write_bytes(bytes(data))
    with pytest.raises(JournalDamagedError, match="JOURNAL_DAMAGED"):
        SqliteJournal(path)
    assert path.read_bytes() == bytes(data), "the file is kept as it is"


def test_a_file_of_something_else_is_refused(path: Path) -> None:
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE shopping (item)")
    other.commit()
    other.close()
    with pytest.raises(JournalDamagedError, match="not a journal"):
        SqliteJournal(path)


def test_a_file_of_something_else_stays_as_its_owner_set_it(path: Path) -> None:
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA journal_mode = WAL")
        other.execute("CREATE TABLE shopping (item)")
        other.commit()
    with pytest.raises(JournalDamagedError):
        SqliteJournal(path)
    with closing(sqlite3.connect(path)) as other:
        assert other.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_file_that_the_power_left_half_made_is_made_anew(path: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "made", isolation_level=None)) as made:
        made.execute("PRAGMA journal_mode = PERSIST")
        made.execute("PRAGMA cache_size = 1")
        made.execute("BEGIN IMMEDIATE")
        for statement in SCHEMA.split(";")[:-3]:
            made.execute(statement)
        made.execute("INSERT INTO ballast VALUES (zeroblob(200000))")
        for left, name in ((path, "made"), (path.with_name(f"{path.name}-journal"), "made-journal")):
            left.write_bytes((tmp_path / name).read_bytes())
    assert path.stat().st_size > 0
    with closing(SqliteJournal(path)) as journal:
        journal.begin(record())


def test_a_journal_of_a_newer_release_is_refused(opened: Callable[[], SqliteJournal], path: Path) -> None:
    opened().close()
    newer = sqlite3.connect(path)
    newer.execute("PRAGMA user_version = 99")
    newer.close()
    with pytest.raises(JournalError, match="JOURNAL_TOO_NEW"):
        SqliteJournal(path)


def test_a_path_that_cannot_be_written_is_one_clear_sentence(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="JOURNAL_UNAVAILABLE"):
        SqliteJournal(tmp_path / "missing" / "till.journal")


def fill(journal: SqliteJournal) -> None:
    for number in range(2, 2000):
        journal.begin(record(number))


def full(journal: SqliteJournal) -> None:
    """No page more than now fits into the file: to SQLite, a full disk."""
    pages = journal._sql.execute("PRAGMA page_count").fetchone()[0]
    journal._sql.execute(f"PRAGMA max_page_count = {pages}")


def test_on_a_full_disk_no_new_sale_starts_and_a_started_one_is_still_written(
    opened: Callable[[], SqliteJournal],
) -> None:
    journal = opened()
    journal.begin(record())
    full(journal)
    with pytest.raises(JournalFullError, match="JOURNAL_FULL"):
        fill(journal)
    held = record(state=SaleState.HELD, version=1)
    proof = replace(PROOF, answer=random.Random(1).randbytes(60_000))
    journal.write(held, proof)
    assert journal.load(held.request_id) == held
    assert list(journal.evidence(held.request_id)) == [proof]
    with pytest.raises(JournalFullError):
        journal.begin(record(5000))


def test_on_a_full_disk_nothing_leaves_the_till(
    till: Till, counterpart: Counterpart, basket: Basket
) -> None:
    journal = till._desk.journal
    assert isinstance(journal, SqliteJournal)
    full(journal)
    with pytest.raises(JournalFullError) as caught:
        till.settle("1", "scanned", basket, expected=Split(4000, {"pooled": 8000}))
    assert "磁盘" in str(caught.value)
    assert counterpart.seen == []


def test_a_disk_that_fills_after_the_request_leaves_the_sale_open(
    till: Till, counterpart: Counterpart, basket: Basket
) -> None:
    journal = till._desk.journal
    assert isinstance(journal, SqliteJournal)

    def fills(side: Counterpart, request: Request, handle: Callable[[], Reply]) -> Reply:
        del side, request
        journal._sql.execute("DELETE FROM ballast")
        journal._sql.execute("VACUUM")
        full(journal)
        journal._sql.execute("PRAGMA query_only = 1")
        return handle()

    counterpart.fault("Settle", fills)
    never_asked = CashTender(lambda _: False, lambda _: False)
    card = till.checkout("1", "scanned", basket, show=lambda _: True, tender=never_asked)
    assert (card.outcome, card.state) == (Outcome.OPEN, None)
    assert card.refusal is not None
    assert card.refusal.reason.startswith("JOURNAL_")
    journal._sql.execute("PRAGMA query_only = 0")


@pytest.mark.skipif(sys.platform == "win32", reason="no limits of file sizes")
def test_a_file_that_may_not_grow_stops_the_till(path: Path) -> None:
    code = """if True:
        import sys, pathlib, resource
        sys.path.insert(0, sys.argv[2])
        from medsettle.errors import JournalError
        from medsettle.journal import SqliteJournal
        from tests.sdk.journalled import record
        journal = SqliteJournal(pathlib.Path(sys.argv[1]))
        resource.setrlimit(resource.RLIMIT_FSIZE, (340_000, 340_000))
        try:
            for number in range(1, 2000):
                journal.begin(record(number))
        except JournalError as error:
            print(error.reason, len(journal.unfinished()) == number - 1)
    """
    root = Path(__file__).parents[2]
    run = subprocess.run(
        [sys.executable, "-c", code, str(path), str(root)], capture_output=True, text=True, check=True,
        timeout=300,
    )
    reason, kept = run.stdout.split()
    assert reason in {"JOURNAL_FULL", "JOURNAL_UNAVAILABLE"}
    assert kept == "True"


def test_too_many_open_sales_stop_new_ones(
    opened: Callable[[], SqliteJournal], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("medsettle.journal.OPEN_SALES_MAX", 3)
    journal = opened()
    for number in range(1, 4):
        journal.begin(record(number))
    with pytest.raises(JournalFullError, match="TOO_MANY_OPEN"):
        journal.begin(record(4))


def test_closed_sales_leave_after_their_time_and_open_ones_stay(
    opened: Callable[[], SqliteJournal],
) -> None:
    journal = opened()
    old, open_, recent = "P1-1-20250101-1-1", "P1-1-20250101-2-1", "P1-1-20251201-3-1"
    for request_id, state in ((old, "SETTLED"), (open_, "HELD"), (recent, "SETTLED")):
        journal.begin(replace(record(), request_id=request_id))
        journal.write(replace(record(), request_id=request_id, state=state, version=1), PROOF)
    journal.begin(record())
    assert journal.load(old) is None
    assert journal.load(recent) is not None
    assert [len(journal.evidence(each)) for each in (old, open_, recent)] == [0, 1, 0]
    assert [each.request_id for each in journal.unfinished()] == [open_, record().request_id]


@pytest.mark.parametrize("wrong", ["ticket", "clock"])
def test_a_ticket_or_a_clock_that_is_years_ahead_empties_nothing(
    opened: Callable[[], SqliteJournal], wrong: str
) -> None:
    journal = opened()
    journal.begin(record())
    journal.write(record(state=SaleState.SETTLED, version=1), PROOF)
    ahead = record(2, requested_at=datetime(2036, 3, 2, tzinfo=UTC))
    if wrong == "ticket":
        ahead = replace(record(), request_id="P1-1-20360302-2-1")
    journal.begin(ahead)
    assert list(journal.evidence(record().request_id)) == [PROOF]


def test_of_many_answers_about_one_sale_the_latest_are_kept(
    opened: Callable[[], SqliteJournal],
) -> None:
    journal = opened()
    journal.begin(record())
    for number in range(40):
        journal.write(record(version=number + 1), replace(PROOF, nonce=str(number)))
    assert [proof.nonce for proof in journal.evidence(record().request_id)] == [str(n) for n in range(8, 40)]


def test_no_clock_of_the_machine_makes_a_proof_leave(opened: Callable[[], SqliteJournal]) -> None:
    journal = opened()
    journal.begin(record())
    journal.write(record(state=SaleState.SETTLED, version=1), PROOF)
    ahead = "P1-1-20360302-2-1"
    journal.begin(replace(record(), request_id=ahead, requested_at=datetime(2036, 3, 2, tzinfo=UTC)))
    assert list(journal.evidence(record().request_id)) == [PROOF]
    assert journal.proven_ms() == NOON_MS


@pytest.mark.skipif(sys.platform == "win32", reason="no such modes")
def test_only_the_owner_can_read_what_a_till_journals(
    opened: Callable[[], SqliteJournal], path: Path
) -> None:
    path.touch(0o644)
    path.chmod(0o644)
    opened().begin(record())
    modes = {each.name: each.stat().st_mode & 0o777 for each in path.parent.iterdir()}
    assert modes == dict.fromkeys(["till.journal", "till.journal-journal", "till.journal.lock"], 0o600)


texts = st.text(max_size=20)
amounts = st.integers(0, 10**9)


@given(
    st.builds(
        SaleRecord, request_id=texts, run=texts, operator=texts,
        requested_at=st.datetimes(timezones=st.just(UTC)), collect=st.sampled_from(Collect), content=texts,
        expected=st.none() | st.builds(
            Split, amounts, st.dictionaries(texts, amounts), st.dictionaries(texts, amounts)
        ),
        cash_fen=amounts, cash=st.sampled_from(CashState),
        tenders=st.lists(st.builds(Tendered, texts, amounts, texts), max_size=3).map(tuple),
        goal=st.sampled_from(Goal), undo_reason=texts, state=texts, stale=st.booleans(),
        fresh=st.booleans(), version=st.integers(0, 99), tried=st.just(frozenset()), waiting=st.just(False),
        refusal=st.none() | st.builds(
            Refusal, texts, st.booleans(), texts, texts, texts, texts, st.dictionaries(texts, texts)
        ),
    )
)
def test_a_record_survives_its_own_text(made: SaleRecord) -> None:
    assert from_text(to_text(made)) == made
