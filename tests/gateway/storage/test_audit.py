"""A summary of the books trusts no balance: it finds what does not follow from the entries."""

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from medsettle.wire.states import SaleState
from medsettle_gateway.domain.basket import Dispensed
from medsettle_gateway.domain.entry import CounterMove, Entry, Posting
from medsettle_gateway.domain.moves import KeepDispensed, MoveBalance, MoveCounter, PostEntry, PutSale
from medsettle_gateway.storage.audit import FundTotal, OpenSale, Summary, summarise
from medsettle_gateway.storage.audit.asking import EMBEDDED, ROWS_MOST
from medsettle_gateway.storage.sqlite.database import connect
from medsettle_gateway.storage.sqlite.writing import write
from tests.gateway.storage.stand import NOW, PAID, REGION, TODAY, SqliteStand, person, request_id, sale

FUND, ACCOUNTS, MEMO = f"{REGION}/employee/pooled", f"{REGION}/employee/accounts", "memo/I"


@pytest.fixture
def books(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """A settled sale of 120.00: pooled 50.00, account 30.00, cash 40.00; and a held one."""
    stand = SqliteStand(tmp_path)
    member = stand.enter(person("1", account_fen=10_000))["1"]
    connection = connect(stand.path)
    (account,) = connection.execute("SELECT account FROM accounts").fetchone()
    counter = CounterMove(member, REGION, "employee", PAID, 5_000, 0)
    settled = (
        Posting(FUND, "benefit", 5_000), Posting(FUND, "payable/I", -5_000),
        Posting(ACCOUNTS, f"member/{account}", 3_000), Posting(ACCOUNTS, "payable/I", -3_000),
        Posting(MEMO, "cash/I", 4_000), Posting(MEMO, "charged/I", -4_000),
    )
    held = (Posting(ACCOUNTS, f"member/{account}", 1_000), Posting(ACCOUNTS, f"held/{account}", -1_000))
    write(connection, [
        PutSale(sale(1, state=SaleState.SETTLED, member=member)),
        PostEntry(Entry("SETTLED", request_id(1).text, NOW, TODAY, "t", "op", "", settled, (counter,))),
        MoveBalance(account, -3_000, 0),
        MoveCounter(counter),
        PutSale(sale(2, state=SaleState.HELD, member=member)),
        PostEntry(Entry("HELD", request_id(2).text, NOW, TODAY, "t", "op", "", held)),
        MoveBalance(account, -1_000, 1_000),
    ])
    yield connection
    connection.close()


def test_sound_books_are_added_up(books: sqlite3.Connection) -> None:
    assert summarise(books) == Summary(
        entry_count=3,
        posting_count=10,
        sales=(("HELD", 1), ("SETTLED", 1)),
        funds=(FundTotal(FUND, 5_000),),
        accounts=(6_000, 1_000),  # type: ignore[arg-type] # compares as the tuple that it is
        cash_fen=4_000,
        open_sales=(OpenSale(request_id(2).text, "HELD"),),
        faults=(),
    )


@pytest.mark.parametrize(
    ("tampering", "found"),
    [
        ("UPDATE postings SET amount_fen = amount_fen + 1 WHERE account = 'benefit'", "is off by 1 fen"),
        ("UPDATE postings SET book = 'memo/I' WHERE amount_fen = -3000", "accounts is off by 3000 fen"),
        ("UPDATE accounts SET balance_fen = balance_fen + 1", "its postings say 6000 and 1000"),
        ("UPDATE accounts SET held_fen = 0", "6000 fen and 0 held"),
        ("UPDATE postings SET account = 'member/ghost' WHERE account LIKE 'member/%'", "account ghost"),
        ("UPDATE counters SET used = 4999", "4999 used and 0 held, but its entries say 5000 and 0"),
        ("DELETE FROM counters", "0 used and 0 held, but its entries say 5000"),
        ("UPDATE entry_counters SET counter = 'other'", "counter general_outpatient paid"),
        ("UPDATE sales SET state = 'REVERSED' WHERE number = 1", "REVERSED, but its last entry is SETTLED"),
        ("UPDATE sales SET version = 2 WHERE number = 1", "is at version 2 and has 1 entries"),
        ("DELETE FROM entries WHERE position = 2", "there is no entry at position 2"),
    ],
)
def test_what_does_not_follow_from_the_entries_is_found(
    books: sqlite3.Connection, tampering: str, found: str
) -> None:
    books.execute("PRAGMA foreign_keys = OFF")
    for (trigger,) in books.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
        books.execute(f"DROP TRIGGER {trigger}")
    assert books.execute(tampering).rowcount > 0
    faults = summarise(books).faults
    assert any(found in fault for fault in faults), faults


def test_a_sale_without_any_entry_is_found(books: sqlite3.Connection) -> None:
    write(books, [PutSale(sale(3))])
    assert summarise(books).faults == (f"sale {request_id(3).text} has no entry",)


def test_an_entry_of_no_sale_is_found(books: sqlite3.Connection) -> None:
    write(books, [PostEntry(Entry("SEALED", "ghost", NOW, TODAY, "t", "op"))])
    assert summarise(books).faults == ("entry 4 is of sale ghost, which is not there",)


def test_drugs_that_count_without_their_sale_are_found(books: sqlite3.Connection) -> None:
    text, drugs = request_id(2).text, (Dispensed("阿莫西林胶囊", TODAY), Dispensed("厄贝沙坦片", TODAY))
    (member,) = books.execute("SELECT member FROM members").fetchone()
    write(books, [KeepDispensed(text, member, drugs)])
    assert summarise(books).faults == (hands_out(text, 0, 2),)


def test_drugs_of_a_held_sale_that_do_not_count_are_found(books: sqlite3.Connection) -> None:
    body = handing_out('["厄贝沙坦片","2026-03-02",7,null]')
    books.execute("UPDATE sales SET body = ? WHERE number = 2", (body,))
    assert summarise(books).faults == (hands_out(request_id(2).text, 1, 0),)


@pytest.mark.parametrize(
    ("said", "fault_count"),
    [
        ('["厄贝沙坦片","2026-03-02",7,"hypertension","chronic"]', 0),
        ('["厄贝沙坦片","2026-03-02",7,"hypertension"]', 1),
        ('["厄贝沙坦片","2026-03-02",7,"hypertension","other"]', 1),
        ('["厄贝沙坦片","2026-03-02",8,"hypertension","chronic"]', 1),
        ('["厄贝沙坦片","2026-03-01",7,"hypertension","chronic"]', 1),
    ],
    ids=["as it says", "no benefit", "another benefit", "other days", "another day"],
)
def test_a_drug_counts_as_its_sale_says(books: sqlite3.Connection, said: str, fault_count: int) -> None:
    text = request_id(2).text
    (member,) = books.execute("SELECT member FROM members").fetchone()
    drug = Dispensed("厄贝沙坦片", TODAY, 7, "hypertension", "chronic")
    write(books, [KeepDispensed(text, member, (drug,))])
    books.execute("UPDATE sales SET body = ? WHERE number = 2", (handing_out(said),))
    assert summarise(books).faults == (hands_out(text, 1, 1),) * fault_count


def handing_out(drug: str) -> str:
    return f'{{"effect":{{"dispensed":[{drug}]}}}}'


def hands_out(text: str, missing: int, unsaid: int) -> str:
    return f"sale {text}: {missing} drugs that it hands out do not count, and {unsaid} others do"


@pytest.mark.parametrize("name", sorted(EMBEDDED))
def test_no_question_is_asked_once_for_every_row_of_a_table(books: sqlite3.Connection, name: str) -> None:
    """Books grow for ever: what is looked up inside a scan is looked up by an index."""
    values = {"first": 1, "last": 10, "most": ROWS_MOST, "hash": b"", "since": "", "until": "", "book": ""}
    values |= {"block": 1, "first_position": 1, "last_position": 1, "sealed_at_us": 1, "marks": b""}
    plan = books.execute(f"EXPLAIN QUERY PLAN {EMBEDDED[name]}", values).fetchall()
    inner = re.compile(r"SCAN \w+ (LEFT-JOIN|USING AUTOMATIC)")
    correlated = [row[0] for row in plan if "CORRELATED" in row[3]]
    slow = [row[3] for row in plan if inner.match(row[3]) or (row[1] in correlated and "SCAN" in row[3])]
    assert slow == []
