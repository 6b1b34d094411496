"""What follows from what is shown after a restore with loss: a cell for each case, nothing overturned."""

import pytest

from medsettle.wire.states import OUTCOME, REASSERTED, Outcome, SaleState
from medsettle_gateway.ledger.transition import BOOKINGS, LOST_BOOKINGS

SHOWN = [state for state in SaleState if state is not SaleState.ABSENT]
CELLS = [(books, shown) for books in SaleState for shown in SHOWN]


def test_every_state_of_the_books_has_a_cell_for_every_state_that_is_shown() -> None:
    assert {books: list(row) for books, row in REASSERTED.items()} == dict.fromkeys(SaleState, SHOWN)


@pytest.mark.parametrize(("books", "shown"), CELLS, ids=str)
def test_what_follows_is_booked(books: SaleState, shown: SaleState) -> None:
    to = REASSERTED[books][shown]
    if to is not None and to is not books:
        assert (books, to) in BOOKINGS or (books, to) in LOST_BOOKINGS


@pytest.mark.parametrize(("books", "shown"), CELLS, ids=str)
def test_an_outcome_that_was_proven_stands_or_a_person_decides(books: SaleState, shown: SaleState) -> None:
    """A sale that is settled may still be reversed; nothing that is not paid becomes paid."""
    to = REASSERTED[books][shown]
    if OUTCOME[books] is Outcome.NOT_PAID:
        assert to in {books, None}
    if OUTCOME[books] is Outcome.PAID and to is not books:
        assert to in {None, SaleState.REVERSED}


@pytest.mark.parametrize(("books", "shown"), CELLS, ids=str)
def test_what_the_till_told_the_patient_holds_or_a_person_decides(books: SaleState, shown: SaleState) -> None:
    to = REASSERTED[books][shown]
    if to is None or OUTCOME[shown] is Outcome.OPEN:
        return
    later = books in {SaleState.REVERSED, SaleState.PENDING, SaleState.UNDOING}
    assert later or OUTCOME[to] is OUTCOME[shown]


@pytest.mark.parametrize("shown", SHOWN)
def test_showing_it_again_changes_nothing(shown: SaleState) -> None:
    for books in SaleState:
        to = REASSERTED[books][shown]
        if to is not None:
            assert REASSERTED[to][shown] is to
