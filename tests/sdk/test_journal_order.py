"""Nothing in the journal is given twice, mixed up with another till's, or overwritten by what is older."""

from collections.abc import Callable
from datetime import date

import pytest

from medsettle.errors import JournalError, RequestError
from medsettle.journal import SqliteJournal
from medsettle.models import SaleState
from medsettle.ticket import RequestId
from tests.sdk.journalled import DAY, PROOF, record


def ticket(number: int, terminal: str = "P1-1") -> RequestId:
    return RequestId.first(terminal, DAY, str(number))


def test_attempts_are_those_of_one_terminal(opened: Callable[[], SqliteJournal]) -> None:
    journal = opened()
    journal.begin(record(5, terminal="P1-1"))
    journal.begin(record(5, terminal="P1-2"))
    assert [each.request_id[:4] for each in journal.attempts(ticket(5, "P1-2"))] == ["P1-2"]


@pytest.mark.parametrize("version", [0, 1, 3])
def test_a_record_made_of_an_older_version_or_of_none_is_not_written(
    opened: Callable[[], SqliteJournal], version: int
) -> None:
    journal = opened()
    journal.begin(record())
    newest = record(state=SaleState.SETTLED, version=1)
    journal.write(newest)
    with pytest.raises(JournalError, match="older version"):
        journal.write(record(state=SaleState.HELD, version=version), PROOF)
    assert journal.load(newest.request_id) == newest
    assert list(journal.evidence(newest.request_id)) == []


def test_the_intent_of_a_known_sale_does_not_take_its_place(opened: Callable[[], SqliteJournal]) -> None:
    journal = opened()
    journal.begin(record())
    journal.write(record(state=SaleState.SETTLED, version=1))
    with pytest.raises(JournalError):
        journal.begin(record())
    assert list(journal.unfinished()) == []


def test_ticket_numbers_are_not_given_twice(opened: Callable[[], SqliteJournal]) -> None:
    assert [opened().next_number("P1-1", DAY) for _ in range(3)] == ["1", "2", "3"]
    assert opened().next_number("P1-1", date(2026, 3, 3)) == "1"
    assert opened().next_number("P1-2", DAY) == "1"


def test_a_number_is_not_given_again_after_a_day_that_a_wrong_clock_told(
    opened: Callable[[], SqliteJournal],
) -> None:
    journal = opened()
    assert journal.next_number("P1-1", DAY) == "1"
    journal.next_number("P1-1", date(2027, 3, 2))
    assert journal.next_number("P1-1", DAY) == "2"


def test_a_number_that_a_cashier_typed_is_not_given(opened: Callable[[], SqliteJournal]) -> None:
    journal = opened()
    for typed in (9, 10):
        journal.begin(record(typed))
    journal.begin(record(70, terminal="P1-2"))
    assert [journal.next_number("P1-1", DAY) for _ in range(2)] == ["11", "12"]


def test_after_the_last_number_there_is_none(opened: Callable[[], SqliteJournal]) -> None:
    journal = opened()
    journal.begin(record(999_999_999))
    for _ in range(2):
        with pytest.raises(RequestError, match="TICKET_INVALID"):
            journal.next_number("P1-1", DAY)
