"""The verdict of a day finds what it is there to find."""

import sqlite3
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from medsettle._journal_sql import SCHEMA, put
from medsettle.models import CashState, Outcome
from medsettle.record import SaleRecord
from medsettle.wire.states import SaleState
from tests.chaos.papers import Papers
from tests.chaos.verdict import Books, Sale, _of_answers, faults

TILL = "H21030200001-10"
ID = f"{TILL}-20260702-1-1"
AGAIN = f"{TILL}-20260702-1-2"
LEFT = f"{TILL}-20260702-2-1"
PAID = Sale(SaleState.SETTLED, 500, "")


def books(*wrong: str, **sales: Sale) -> Books:
    named = {{"first": ID, "again": AGAIN, "left": LEFT}[name]: sale for name, sale in sales.items()}
    return Books(named, Counter(), 0, wrong)


@pytest.fixture
def papers(tmp_path: Path) -> Papers:
    made = Papers.read(tmp_path / "shop.txt")
    made.take(ID, 500)
    made.says(TILL, ID, Outcome.PAID)
    return made


def journal(folder: Path, *records: SaleRecord) -> Path:
    path = folder / TILL / "till.journal"
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as sql:
        sql.executescript(SCHEMA)
        for each in records:
            put(sql, each)
        sql.commit()
    return path


def record(state: str, cash: CashState = CashState.COLLECTED, request_id: str = ID) -> SaleRecord:
    return SaleRecord(
        request_id, "run", "7", datetime(2026, 7, 2, tzinfo=UTC), cash_fen=500, cash=cash, state=state
    )


def test_a_sale_that_is_paid_everywhere_is_well(papers: Papers, tmp_path: Path) -> None:
    journals = [journal(tmp_path, record("SETTLED"))]
    assert list(faults(books(first=PAID), journals, [papers])) == []
    assert list(faults(books(first=PAID), journals, [Papers.read(papers.path)])) == []


def test_what_the_ledger_says_of_itself_is_told(papers: Papers) -> None:
    assert list(faults(books("the books are not sound", first=PAID), [], [papers])) == [
        "the books are not sound"
    ]


def test_an_answer_that_no_machine_is_to_blame_for_is_told() -> None:
    log = ["info call method=Quote code=OK", "info call method=Quote code=INTERNAL reason=INTERNAL_ERROR"]
    assert list(_of_answers(log)) == log[1:]


def test_a_ticket_is_charged_once(papers: Papers) -> None:
    found = list(faults(books(first=PAID, again=Sale(SaleState.SETTLED, 0, "")), [], [papers]))
    assert found == [f"ticket {TILL}-20260702-1 is charged 2 times"]


@pytest.mark.parametrize("before", [SaleState.SETTLED, SaleState.RELEASED])
def test_what_is_left_of_a_sale_replaces_it(before: SaleState, papers: Papers) -> None:
    sales = books(first=Sale(before, 500, ""), left=Sale(SaleState.SETTLED, 100, ID))
    assert any(f"{ID} is {before}, and 1 sales" in each for each in faults(sales, [], [papers]))


def test_cash_of_a_sale_and_of_what_is_left_of_it_is_one(papers: Papers, tmp_path: Path) -> None:
    papers.undoes(TILL, ID)
    papers.replaces(LEFT, ID)
    sales = books(first=Sale(SaleState.REVERSED, 500, ""), left=Sale(SaleState.SETTLED, 100, ID))
    assert list(faults(sales, [], [papers])) == [f"{ID}: 500 fen of cash for 100"]
    papers.refund(ID, 400)
    papers.refund(ID, 400)
    assert list(faults(sales, [], [Papers.read(papers.path)])) == []


@pytest.mark.parametrize("state", [SaleState.HELD, SaleState.EXPIRED, SaleState.PENDING])
def test_no_sale_is_open_in_the_evening(state: SaleState, papers: Papers) -> None:
    found = list(faults(books(first=PAID, again=Sale(state, 0, "")), [], [papers]))
    assert found == [f"{AGAIN} is {state} for ever"]


def test_a_journal_has_what_the_gateway_has(papers: Papers, tmp_path: Path) -> None:
    journals = [journal(tmp_path, record("REVERSED", CashState.REFUNDED), record("SETTLED", request_id=LEFT))]
    assert list(faults(books(first=PAID, again=Sale(SaleState.SEALED, 0, "")), journals, [papers])) == [
        f"{ID} is REVERSED in the journal of {TILL}, and SETTLED at the gateway",
        f"{LEFT} is SETTLED in the journal of {TILL}, and ABSENT at the gateway",
        f"{AGAIN} is SEALED at the gateway, and {TILL} does not know of it",
    ]


def test_a_journal_is_closed_in_the_evening(papers: Papers, tmp_path: Path) -> None:
    journals = [journal(tmp_path, record("RELEASED"))]
    papers.refund(ID, 500)
    papers.undoes(TILL, ID)
    found = list(faults(books(first=Sale(SaleState.RELEASED, 500, "")), journals, [papers]))
    assert len(found) == 1
    assert found[0].startswith(f"{ID} is open in the journal of {TILL}")


def test_what_a_till_said_is_true(papers: Papers) -> None:
    found = list(faults(books(first=Sale(SaleState.REVERSED, 500, "")), [], [papers]))
    assert f"{TILL} said that {ID} was PAID, and it is NOT_PAID" in found
    papers.undoes(TILL, ID)
    assert list(faults(books(first=Sale(SaleState.REVERSED, 500, "")), [], [papers])) == [
        f"{ID}: 500 fen of cash for 0"
    ]


def test_a_till_does_not_take_back_its_word(papers: Papers) -> None:
    papers.says(TILL, ID, Outcome.NOT_PAID)
    papers.says(TILL, ID, Outcome.PAID)
    assert list(faults(books(first=PAID), [], [papers])) == [
        f"{TILL} said that {ID} was PAID, then NOT_PAID", f"{TILL} said that {ID} was NOT_PAID, then PAID"
    ]


def test_what_people_met_that_must_not_be_is_told(papers: Papers) -> None:
    papers.trouble("a shop ended\nof itself")
    assert list(faults(books(first=PAID), [], [Papers.read(papers.path)])) == ["a shop ended of itself"]
