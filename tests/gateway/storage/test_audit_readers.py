"""Several read the books at one moment; what the quick way may not read is read the exact way."""

import errno
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medsettle.wire.states import SaleState
from medsettle_gateway.domain.basket import Dispensed
from medsettle_gateway.domain.entry import Entry, Posting
from medsettle_gateway.domain.moves import KeepDispensed, PostEntry, PutSale
from medsettle_gateway.domain.sale import Effect
from medsettle_gateway.ledger.chain import Section, are_plain, line
from medsettle_gateway.storage.audit.asking import COUNTERS, POSTINGS, Books, Table
from medsettle_gateway.storage.audit.chained import lines_of
from medsettle_gateway.storage.audit.head import Bounds, bounds_of
from medsettle_gateway.storage.audit.processes import ReaderProcess, sharing
from medsettle_gateway.storage.audit.verifying import verdict_of
from tests.gateway.storage import books as made
from tests.gateway.storage.stand import NOW, REGION, TODAY, SqliteStand, request_id, sale


@pytest.fixture
def embedded(tmp_path: Path) -> made.Books:
    return made.booked(SqliteStand(tmp_path))


def rows_of(table: Table) -> st.SearchStrategy[list[Any]]:
    texts = ("book", "account", "member", "region", "scheme", "period", "counter", "measure")
    signs = st.text(st.sampled_from('a[]",\\\t\n\0项'), max_size=4)
    values = [signs if column in texts else st.integers(-99, 99) for column in table.columns]
    return st.lists(st.tuples(st.integers(1, 2**53), *values), min_size=1, max_size=4)


@pytest.mark.parametrize("table", [POSTINGS, COUNTERS], ids=lambda table: table.name)
@given(data=st.data())
def test_lists_become_the_lines_that_they_are_or_no_lines_at_all(table: Table, data: st.DataObject) -> None:
    rows = data.draw(rows_of(table))
    lists = json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode()
    found = lines_of(lists, len(rows), table)
    sections = [Section(0, b""), Section(0, b""), Section(0, b"")]
    sections[1 if table is POSTINGS else 2] = Section(len(rows), found)
    if are_plain(sections):
        assert found == b"\n".join(map(line, rows))
    else:
        assert any(sign in text for row in rows for text in map(str, row) for sign in '[]",\\\t\n\0')


@pytest.mark.parametrize("name", ["plain", "a,b", "[a]", 'a"b', "a\\b", "a\tb\nc", "药店"])
def test_whatever_a_name_has_in_it_is_chained_and_holds(embedded: made.Books, name: str) -> None:
    postings = Posting(made.MEMO, f"cash/{name}", 1), Posting(made.MEMO, f"charged/{name}", -1)
    embedded.write(
        PutSale(sale(3)),
        PostEntry(Entry("SEALED", request_id(3).text, NOW, TODAY, "t", "op", "why", postings)),
    )
    embedded.chain()
    verdict = embedded.verdict(readers_count=2)
    assert (verdict.findings, verdict.waiting_count) == ((), 0)


@pytest.mark.parametrize("name", ["厄贝沙坦片", 'a"b\\c/d', "a\tb\nc\x01", "\N{PILL}"])
def test_one_look_at_a_sale_is_enough_whatever_its_drugs_are_called(embedded: made.Books, name: str) -> None:
    drugs = Dispensed(name, TODAY, None, None, None), Dispensed(name, TODAY, 7, "c", "b")
    effect = Effect(REGION, "employee", (), (), 0, 0, (), drugs)
    embedded.write(
        PutSale(sale(3, state=SaleState.HELD, member=embedded.member, effect=effect)),
        PostEntry(Entry("HELD", request_id(3).text, NOW, TODAY, "t", "op")),
        KeepDispensed(request_id(3).text, embedded.member, drugs),
    )
    with embedded.connections() as (connection,):
        books = Books.of(connection)
        assert books.ask("sales_off") == []
        embedded.tamper(connection, "UPDATE dispensings SET drug = drug || 'x' WHERE days_supply IS NULL")
        assert books.ask("sales_off") != []
        connection.execute("ROLLBACK")


def test_a_process_reads_what_a_connection_to_the_same_file_reads(embedded: made.Books) -> None:
    with sharing(embedded.stand.reading, 2) as (own, other):
        assert isinstance(own, sqlite3.Connection)
        assert isinstance(other, ReaderProcess)
        assert other.do(bounds_of) == Books.of(own).do(bounds_of) == Bounds(3, 3, 0, 2)


def test_what_a_task_raises_in_a_process_is_raised_where_it_was_asked_for(embedded: made.Books) -> None:
    with sharing(embedded.stand.reading, 2) as (_, other):
        assert isinstance(other, ReaderProcess)
        with pytest.raises(sqlite3.OperationalError, match="no such table"):
            other.do(ask_nonsense)
        assert other.do(bounds_of).last_position == 3


def ask_nonsense(books: Books) -> None:
    books.connection.execute("SELECT 1 FROM nonsense")


def test_a_process_that_was_killed_is_an_error_of_the_database(embedded: made.Books) -> None:
    with sharing(embedded.stand.reading, 2) as (_, other):
        assert isinstance(other, ReaderProcess)
        other._process.kill()
        other._process.join()
        with pytest.raises(sqlite3.OperationalError, match="has ended"):
            other.do(bounds_of)


def test_a_process_that_cannot_be_started_is_an_error_of_the_database(
    embedded: made.Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object) -> NoReturn:
        raise OSError(errno.EAGAIN, "Resource temporarily unavailable")

    monkeypatch.setattr("multiprocessing.context.SpawnProcess.start", failing)
    with (
        pytest.raises(sqlite3.OperationalError, match="no process could be started"),
        sharing(embedded.stand.reading, 2),
    ):
        pass


class Reader:
    """Does tasks until one of them fails."""

    def __init__(self, books: Books, fails: Callable[[int], bool]) -> None:
        self.books = books
        self.fails = fails
        self.task_count = 0

    def do(self, task: Callable[[Books], Any]) -> Any:
        self.task_count += 1
        if self.fails(self.task_count):
            raise sqlite3.OperationalError("disk I/O error")
        return task(self.books)


def test_nobody_begins_with_what_is_left_once_somebody_has_failed(
    embedded: made.Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("medsettle_gateway.storage.audit.verifying.RANGE_COUNT", 1)
    with embedded.connections() as (connection,):
        reader = Reader(Books.of(connection), lambda count: count == 3)
        with pytest.raises(sqlite3.OperationalError, match="disk I/O error"):
            verdict_of([reader])
    assert reader.task_count == 3
