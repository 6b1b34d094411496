"""Verifying trusts no balance and no state: it finds what does not follow from the entries, and names it."""

import re
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from medsettle_gateway.domain.entry import Entry, Posting
from medsettle_gateway.domain.moves import MoveBalance, PostEntry, PutSale
from medsettle_gateway.storage.audit import FundTotal, OpenSale, Summary, summarise
from medsettle_gateway.storage.audit.asking import EMBEDDED, ROWS_MOST, SERVER
from medsettle_gateway.storage.audit.exporting import Exported, Wanted, export
from medsettle_gateway.storage.audit.findings import KINDS
from medsettle_gateway.storage.audit.verifying import QUESTIONS, Verdict, verify
from medsettle_gateway.storage.facts import write
from tests.gateway.storage.books import ACCOUNTS, FUND, Books, booked
from tests.gateway.storage.postgres_stand import PostgresStand
from tests.gateway.storage.stand import NOW, SEALER, TODAY, SqliteStand, request_id, sale


@pytest.fixture(params=["sqlite", "postgres"])
def books(request: pytest.FixtureRequest, tmp_path: Path) -> Books:
    if request.param == "sqlite":
        return booked(SqliteStand(tmp_path))
    return booked(PostgresStand(request.getfixturevalue("database_url")))


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def lasting(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Books:
    """Books that every test leaves as they were."""
    if request.param == "sqlite":
        return booked(SqliteStand(tmp_path_factory.mktemp("books")))
    migrated = request.getfixturevalue("migrated_database")
    return booked(PostgresStand(request.getfixturevalue("databases").new(migrated)))


@pytest.fixture
def embedded(tmp_path: Path) -> Books:
    return booked(SqliteStand(tmp_path))


def test_sound_books_are_added_up(lasting: Books) -> None:
    with lasting.connections() as (connection,):
        assert summarise(connection) == Summary(
            entry_count=3,
            posting_count=10,
            sales=(("HELD", 1), ("SETTLED", 1)),
            funds=(FundTotal(FUND, 5_000),),
            accounts=(6_000, 1_000),  # type: ignore[arg-type] # compares as the tuple that it is
            cash_fen=4_000,
            open_sales=(OpenSale(request_id(2).text, "HELD"),),
            faults=(),
        )


@pytest.mark.parametrize("readers_count", [1, 3])
def test_sound_books_are_verified_whole(lasting: Books, readers_count: int) -> None:
    verdict = lasting.verdict(readers_count=readers_count)
    assert verdict[:4] == (3, 10, 2, 0)
    assert verdict.head is not None
    assert verdict.head[:3] == (2, 3, 3)
    assert verdict.findings == ()


TAMPERINGS = [
    ("UPDATE postings SET amount_fen = amount_fen + 1 WHERE account = 'benefit'", "unbalanced",
     "entry 2: book 210300/employee/pooled is off by 1 fen"),
    ("UPDATE postings SET book = 'memo/I' WHERE amount_fen = -3000", "unbalanced", "is off by 3000 fen"),
    ("UPDATE postings SET account = 'member/ghost' WHERE amount_fen = 1000", "balances",
     "account ghost: 0 fen and 0 held, but its postings say -1000 and 0"),
    ("UPDATE accounts SET balance_fen = balance_fen + 1", "balances", "6001 fen and 1000 held"),
    ("UPDATE accounts SET held_fen = 0", "balances", "0 held, but its postings say 6000 and 1000"),
    ("UPDATE counters SET used = 4999", "counters", "4999 used and 0 held, but its entries say 5000 and 0"),
    ("UPDATE counters SET held = 1", "counters", "5000 used and 1 held"),
    ("DELETE FROM counters", "counters", "0 used and 0 held, but its entries say 5000 and 0"),
    ("UPDATE entry_counters SET used_delta = 1", "counters", "but its entries say 1 and 0"),
    ("UPDATE sales SET state = 'REVERSED' WHERE number = 1", "sales_and_entries",
     "-1-1 is REVERSED, but its last entry is SETTLED"),
    ("UPDATE sales SET version = 2 WHERE number = 1", "sales_and_entries", "at version 2 and has 1 entries"),
    ("DELETE FROM sales WHERE number = 1", "sales_and_entries", "entry 2 is of sale"),
    ("DELETE FROM dispensings", "dispensings", "1 drugs that it hands out do not count, and 0 others do"),
    ("UPDATE dispensings SET days_supply = 8", "dispensings", "do not count, and 1 others do"),
    ("UPDATE dispensings SET benefit = NULL", "dispensings", "do not count, and 1 others do"),
    ("UPDATE dispensings SET number = 9", "dispensings", "do not count, and 1 others do"),
    ("UPDATE sales SET state = 'RELEASED' WHERE number = 2", "dispensings", "0 drugs that it hands out"),
    ("UPDATE sales SET body = '{{' WHERE number = 2", "records", "cannot be read"),
    ("UPDATE prescribed_drugs SET drawn_e4 = 0 WHERE item_code = 'drug-a'", "prescriptions",
     "0 of drug-a count as dispensed, but sales draw 10000"),
    ("DELETE FROM prescription_draws", "prescriptions", "10000 of drug-a count as dispensed, but sales draw"),
    ("UPDATE sales SET state = 'SEALED' WHERE number = 1", "prescriptions", "but sales draw 0"),
    ("UPDATE trace_codes SET standing_count = 0", "codes", "stands in 0 sales, but 1 that stand"),
    ("DELETE FROM trace_events", "codes", "81234567 stands in 1 sales, but 0 that stand took it"),
    ("UPDATE entries SET operator = 'another' WHERE {key} = 2", "chain", "entry 2 was changed"),
    ("UPDATE entries SET reason = 'a reason' WHERE {key} = 3", "chain", "entry 3 was changed"),
    ("UPDATE entries SET business_on = '2026-03-03' WHERE {key} = 1", "chain", "entry 1 was changed"),
    ("UPDATE postings SET account = 'payable/J' WHERE amount_fen = -5000", "chain", "entry 2 was changed"),
    ("UPDATE postings SET account = 'payable/[I' WHERE amount_fen = -5000", "chain", "entry 2 was changed"),
    ("UPDATE postings SET account = 'payable/I\"' WHERE amount_fen = -5000", "chain", "entry 2 was changed"),
    ("UPDATE postings SET number = 9 WHERE amount_fen = -4000", "chain", "entry 2 was changed"),
    ("UPDATE entry_counters SET counter = 'other'", "chain", "entry 2 was changed"),
    ("DELETE FROM entry_counters", "chain", "entry 2 was changed"),
    ("DELETE FROM postings WHERE {key} = 2", "chain", "entry 2 was changed"),
    ("DELETE FROM entries WHERE {key} = 2", "chain", "entry 2 was changed or removed"),
    ("UPDATE blocks SET sealed_at_us = 1 WHERE block = 1", "chain", "block 1 (positions 1 to 2)"),
    ("UPDATE blocks SET marks = hash WHERE block = 2", "chain", "the block itself was changed"),
    ("UPDATE blocks SET first_position = 2 WHERE block = 1", "blocks", "block 1 does not follow"),
    ("DELETE FROM blocks WHERE block = 1", "blocks", "block 2 does not follow the block before it"),
]


@pytest.mark.parametrize(("tampering", "kind", "said"), TAMPERINGS, ids=[each[0] for each in TAMPERINGS])
def test_a_row_that_somebody_changed_is_found_and_named(
    lasting: Books, tampering: str, kind: str, said: str
) -> None:
    found = {finding.kind: finding for finding in lasting.verdict_after(tampering).findings}
    assert kind in found
    assert said in found[kind].en
    assert re.search(r"[\u4e00-\u9fff]", found[kind].zh)
    assert found[kind].row_count >= 1


def test_a_place_without_an_entry_is_found(embedded: Books) -> None:
    verdict = embedded.verdict_after("DELETE FROM entries WHERE position = 2")
    assert said(verdict, "gaps") == "there is no entry at position 2"


def test_the_first_place_without_an_entry_is_found(embedded: Books) -> None:
    verdict = embedded.verdict_after("DELETE FROM entries WHERE position = 1")
    assert said(verdict, "gaps") == "there is no entry at position 1"


def test_a_place_without_an_entry_is_found_on_a_server(database_url: str) -> None:
    books = booked(PostgresStand(database_url))
    verdict = books.verdict_after("DELETE FROM positions WHERE position = 2")
    assert said(verdict, "gaps") == "there is no entry at position 2"


@pytest.mark.parametrize("table", ["postings", "entry_counters"])
def test_rows_of_no_entry_are_found(lasting: Books, table: str) -> None:
    tampering = f"UPDATE {table} SET {{key}} = 77 WHERE {{key}} = 2"  # noqa: S608 - one of two tables
    told = said(lasting.verdict_after(tampering), "orphans")
    assert told == f"{table} has rows of entry 77, which is not there"


COLUMNS = {"entries": "kind", "postings": "book", "entry_counters": "measure", "blocks": "marks"}


@pytest.mark.parametrize("change", ["UPDATE {0} SET {1} = {1}", "DELETE FROM {0}", "TRUNCATE {0} CASCADE"])
def test_the_database_refuses_to_change_the_ledger(lasting: Books, change: str) -> None:
    if lasting.key == "position" and change.startswith("TRUNCATE"):
        change = "DELETE FROM {0} WHERE 1"  # it knows no other way
    with lasting.connections() as (connection,):
        for table in COLUMNS.items():
            with pytest.raises(Exception, match="append-only"):
                connection.execute(change.format(*table))


def test_positions_are_never_changed_on_a_server(database_url: str) -> None:
    with PostgresStand(database_url).reading() as connection:
        for change in ("UPDATE positions SET entry = 1", "DELETE FROM positions", "TRUNCATE positions"):
            with pytest.raises(Exception, match="append-only"):
                connection.execute(change)


def test_a_guard_that_was_taken_away_is_found(embedded: Books) -> None:
    with embedded.connections() as (connection,):
        connection.execute("DROP TRIGGER postings_stand")
    assert "the trigger postings_stand is missing" in said(embedded.verdict(), "guards")


@pytest.mark.parametrize(
    "change",
    ["DROP TRIGGER postings_stand ON postings", "ALTER TABLE postings DISABLE TRIGGER postings_stand"],
)
def test_a_guard_that_was_taken_away_or_switched_off_on_a_server_is_found(
    database_url: str, change: str
) -> None:
    stand = PostgresStand(database_url)
    with stand.reading() as connection:
        connection.execute(change)
    assert "the trigger postings_stand is missing" in said(Books(stand).verdict(), "guards")


def test_a_sale_without_any_entry_is_found(books: Books) -> None:
    books.write(PutSale(sale(3)))
    assert said(books.verdict(), "sales_and_entries") == f"sale {request_id(3).text} has no entry"


def test_an_entry_of_no_sale_is_found_before_it_is_chained(books: Books) -> None:
    books.write(PostEntry(Entry("SEALED", "ghost", NOW, TODAY, "t", "op")))
    verdict = books.verdict()
    assert said(verdict, "sales_and_entries") == "entry 4 is of sale ghost, which is not there"
    assert verdict.waiting_count == 1


def test_a_head_that_was_noted_is_still_there_when_more_has_come(books: Books) -> None:
    noted = books.verdict().head
    assert noted is not None
    books.write(PutSale(sale(3)), PostEntry(Entry("SEALED", request_id(3).text, NOW, TODAY, "t", "op")))
    books.chain()
    assert books.verdict(noted.hash).findings == ()


def test_books_that_were_replaced_do_not_have_the_head_that_was_noted(lasting: Books) -> None:
    finding = next(iter(lasting.verdict(bytes(32)).findings))
    assert (finding.kind, finding.row) == ("head", {"hash": bytes(32).hex()})


def test_a_text_that_is_none_is_found_and_stops_nothing(embedded: Books) -> None:
    with embedded.connections() as (connection,):
        embedded.tamper(connection, "UPDATE entries SET operator = CAST(x'ff' AS TEXT) WHERE position = 2")
        connection.execute("COMMIT")
    assert "entry 2 was changed" in said(embedded.verdict(), "chain")


def test_the_findings_of_all_ranges_come_in_their_order(
    embedded: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("medsettle_gateway.storage.audit.verifying.RANGE_COUNT", 1)
    with embedded.connections() as (connection,):
        embedded.tamper(connection, "UPDATE postings SET amount_fen = amount_fen + 1 WHERE amount_fen > 0")
        connection.execute("COMMIT")
    finding = next(each for each in embedded.verdict(readers_count=3).findings if each.kind == "unbalanced")
    assert finding.row_count == 5
    assert finding.row["entry"] == 1


def test_what_is_found_and_written_out_does_not_depend_on_the_size_of_a_step(
    lasting: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    def both() -> tuple[Verdict, list[Exported]]:
        with lasting.connections() as (connection,):
            return lasting.verdict(), list(export(connection, Wanted()))

    at_once = both()
    monkeypatch.setattr("medsettle_gateway.storage.audit.verifying.RANGE_COUNT", 1)
    monkeypatch.setattr("medsettle_gateway.storage.audit.exporting.PAGE_COUNT", 1)
    assert both() == at_once
    assert [entry.position for entry in at_once[1]] == [1, 2, 3]


def test_whoever_waits_is_told_how_far_it_has_come(lasting: Books) -> None:
    told: list[tuple[int, int]] = []
    with lasting.connections() as connections:
        verify(connections, told=lambda done, of: told.append((done, of)))
    sales_count = 1 if lasting.key == "position" else 2  # the drugs for themselves on a server
    of_count = len(QUESTIONS) + sales_count + 1  # and one range
    assert told == [(done, of_count) for done in range(1, of_count + 1)]


def test_what_is_written_meanwhile_is_not_seen_by_some_of_the_readers_only(embedded: Books) -> None:
    """The second reader begins after something was written: both begin again."""
    account = embedded.account
    amount = Posting(ACCOUNTS, f"member/{account}", 1), Posting(ACCOUNTS, "payable/I", -1)
    move = PostEntry(Entry("SEALED", request_id(3).text, NOW, TODAY, "t", "op", "", amount))
    writes = iter([(PutSale(sale(3)), move, MoveBalance(account, -1, 0))])
    with embedded.connections(2) as (first, second):
        assert isinstance(first, sqlite3.Connection)
        assert isinstance(second, sqlite3.Connection)

        class Late(sqlite3.Connection):
            def execute(self, sql: str, parameters: Any = ()) -> sqlite3.Cursor:
                for moves in writes if sql.startswith("SELECT") else ():
                    with embedded.stand.reading() as writing:
                        writing.execute("BEGIN")
                        write(writing, SEALER, moves)
                        writing.execute("COMMIT")
                return super().execute(sql, parameters)

        path = second.execute("PRAGMA database_list").fetchone()[2]
        late = sqlite3.connect(path, factory=Late, isolation_level=None, check_same_thread=False)
        verdict = verify([first, late])
        late.close()
    assert verdict.entry_count == 4
    assert verdict.findings == ()


def test_both_stores_are_asked_the_same(embedded: Books) -> None:
    own = {"give_positions", "waiting_positions", "behind", "put_behind", "may_see_cluster", "cluster"}
    assert set(SERVER) - own == set(EMBEDDED) - {"sales_off"}
    assert set(QUESTIONS) <= set(KINDS)


@pytest.mark.parametrize("name", sorted(EMBEDDED))
def test_no_question_is_asked_once_for_every_row_of_a_table(embedded: Books, name: str) -> None:
    """Books grow for ever: what is looked up inside a scan is looked up by an index."""
    values = {"first": 1, "last": 10, "most": ROWS_MOST, "hash": b"", "since": "", "until": "", "book": ""}
    values |= {"block": 1, "first_position": 1, "last_position": 1, "sealed_at_us": 1, "marks": b""}
    values |= {"after": "", "institution": ""}
    with embedded.connections() as (connection,):
        plan: Sequence[Any] = connection.execute(f"EXPLAIN QUERY PLAN {EMBEDDED[name]}", values).fetchall()
    inner = re.compile(r"SCAN \w+ (LEFT-JOIN|USING AUTOMATIC)")
    correlated = [row[0] for row in plan if "CORRELATED" in row[3]]
    slow = [row[3] for row in plan if inner.match(row[3]) or (row[1] in correlated and "SCAN" in row[3])]
    assert slow == []


def said(verdict: Verdict, kind: str) -> str:
    """Returns what is said of the one kind; it must have been found."""
    (finding,) = [each for each in verdict.findings if each.kind == kind]
    return finding.en
