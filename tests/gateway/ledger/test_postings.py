"""What each transition books: funds never mix, and every book sums to zero."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from msgspec import structs

from medsettle.wire.states import SaleState
from medsettle_gateway.domain.basket import Dispensed
from medsettle_gateway.domain.breakdown import FundShare
from medsettle_gateway.domain.counters import CounterKey
from medsettle_gateway.domain.entry import Entry, Posting, book_sums
from medsettle_gateway.domain.ids import RequestId
from medsettle_gateway.domain.moves import (
    DropDispensed,
    KeepDispensed,
    Move,
    MoveBalance,
    MoveCounter,
    PostEntry,
    PutSale,
    ReturnCodes,
    SellCodes,
)
from medsettle_gateway.domain.sale import AccountBooking, CounterDelta, Effect, SaleRecord
from medsettle_gateway.domain.tracing import TracedCode
from medsettle_gateway.ledger import postings
from medsettle_gateway.ledger.transition import (
    BOOKINGS,
    By,
    entry_of,
    moves_of,
    moves_of_entry,
    opening,
    opening_counters,
)

NOW = datetime(2026, 7, 2, 20, 0, tzinfo=UTC)
PAID = CounterKey("2026", "general_outpatient", "paid")
EFFECT = Effect(
    region="210300",
    scheme="employee",
    funds=(FundShare("pooled", 5_000),),
    accounts=(
        AccountBooking("a-own", "210300", "employee", 2_000),
        AccountBooking("a-parent", "210200", "resident", 1_000),
    ),
    cash_fen=4_000,
    provider_borne_fen=700,
    counters=(CounterDelta(PAID, 5_000),),
)


def sale(state: SaleState, effect: Effect | None = EFFECT) -> SaleRecord:
    return SaleRecord(
        request_id=RequestId.parse("I-1-20260702-1-1"),
        state=state,
        first_state=state,
        version=1,
        operator="li",
        service_on=date(2026, 7, 2),
        requested_at=NOW,
        created_at=NOW,
        committed_at=NOW,
        member="m",
        effect=effect,
    )


def test_settling_books_each_fund_each_account_and_cash_in_books_of_their_own() -> None:
    assert postings.settled(EFFECT, "I") == (
        Posting("210300/employee/pooled", "benefit", 5_000),
        Posting("210300/employee/pooled", "payable/I", -5_000),
        Posting("210300/employee/accounts", "member/a-own", 2_000),
        Posting("210300/employee/accounts", "payable/I", -2_000),
        Posting("210200/resident/accounts", "member/a-parent", 1_000),
        Posting("210200/resident/accounts", "payable/I", -1_000),
        Posting("memo/I", "cash/I", 4_000),
        Posting("memo/I", "charged/I", -4_000),
        Posting("memo/I", "provider/I", 700),
        Posting("memo/I", "charged/I", -700),
    )


def test_a_hold_and_its_confirmation_come_to_what_settling_at_once_books() -> None:
    both = (*postings.held(EFFECT, "I"), *postings.confirmed(EFFECT, "I"))
    assert sums(both) == sums(postings.settled(EFFECT, "I"))


def test_a_hold_that_ends_and_a_reversal_leave_nothing() -> None:
    for there, back in ((postings.held, postings.freed), (postings.settled, postings.returned)):
        assert not any(sums((*there(EFFECT, "I"), *back(EFFECT, "I"))).values())


def sums(booked: postings.Postings) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for book, account, amount_fen in booked:
        found[book, account] = found.get((book, account), 0) + amount_fen
    return {where: amount for where, amount in found.items() if amount}


@pytest.mark.parametrize("way", list(BOOKINGS), ids=str)
def test_every_transition_is_balanced_in_every_book(way: tuple[SaleState, SaleState]) -> None:
    before, after = way
    entry = entry_of(before, sale(after), By("I-1", "li"))
    assert not any(book_sums(entry.postings).values())
    assert (entry.kind, entry.request_id) == (after.value, "I-1-20260702-1-1")


@pytest.mark.parametrize("to", [SaleState.REFUSED, SaleState.SEALED])
def test_what_charged_nothing_posts_nothing(to: SaleState) -> None:
    moves = moves_of(SaleState.ABSENT, sale(to, None), By("I-1", "li"))
    assert [type(move) for move in moves] == [PutSale, PostEntry]


@pytest.mark.parametrize(
    ("way", "deltas"),
    [
        ((SaleState.ABSENT, SaleState.HELD), (0, 5_000)),
        ((SaleState.HELD, SaleState.SETTLED), (5_000, -5_000)),
        ((SaleState.HELD, SaleState.EXPIRED), (0, -5_000)),
        ((SaleState.EXPIRED, SaleState.SETTLED), (5_000, 0)),
        ((SaleState.SETTLED, SaleState.REVERSED), (-5_000, 0)),
    ],
)
def test_a_counter_moves_with_the_entry_that_says_so(
    way: tuple[SaleState, SaleState], deltas: tuple[int, int]
) -> None:
    moves = moves_of(way[0], sale(way[1]), By())
    (entry,) = (move.entry for move in moves if isinstance(move, PostEntry))
    assert [move.move for move in moves if isinstance(move, MoveCounter)] == list(entry.counters)
    ((_, _, _, key, used, held),) = entry.counters
    assert (key, (used, held)) == (PAID, deltas)


def test_a_balance_moves_by_minus_its_postings() -> None:
    moves = moves_of(SaleState.ABSENT, sale(SaleState.HELD), By())
    assert [move for move in moves if isinstance(move, MoveBalance)] == [
        MoveBalance("a-own", -2_000, 2_000), MoveBalance("a-parent", -1_000, 1_000),
    ]


@pytest.mark.parametrize(
    ("before", "state", "move"),
    [
        (SaleState.ABSENT, SaleState.SETTLED, KeepDispensed),
        (SaleState.ABSENT, SaleState.HELD, KeepDispensed),
        (SaleState.HELD, SaleState.SETTLED, None),
        (SaleState.HELD, SaleState.EXPIRED, DropDispensed),
        (SaleState.HELD, SaleState.RELEASED, DropDispensed),
        (SaleState.EXPIRED, SaleState.SETTLED, KeepDispensed),
        (SaleState.EXPIRED, SaleState.RELEASED, None),
        (SaleState.SETTLED, SaleState.REVERSED, DropDispensed),
    ],
)
def test_drugs_count_while_a_sale_is_held_and_once_it_is_settled(
    before: SaleState, state: SaleState, move: type[Move] | None
) -> None:
    drug = Dispensed("厄贝沙坦片", date(2026, 7, 3), 30, "hypertension")
    moves = moves_of(before, sale(state, structs.replace(EFFECT, dispensed=(drug,))), By())
    found = [each for each in moves if isinstance(each, KeepDispensed | DropDispensed)]
    assert [type(each) for each in found] == ([] if move is None else [move])
    if move is KeepDispensed:
        assert found == [KeepDispensed("I-1-20260702-1-1", "m", (drug,))]


def test_a_days_entries_are_of_the_day_in_china() -> None:
    assert entry_of(SaleState.ABSENT, sale(SaleState.SETTLED), By()).business_on == date(2026, 7, 3)


def test_an_opening_brings_a_balance_into_the_books() -> None:
    entry = opening("a-own", "210300", "employee", 9_900, NOW, "import")
    assert sums(entry.postings) == {
        ("210300/employee/accounts", "member/a-own"): -9_900,
        ("210300/employee/accounts", "opening"): 9_900,
    }
    assert moves_of_entry(entry) == (PostEntry(entry), MoveBalance("a-own", 9_900, 0))


def test_an_opening_of_nothing_is_an_entry_without_postings() -> None:
    assert opening("a-own", "210300", "employee", 0, NOW, "import").postings == ()


def test_counters_of_an_older_system_come_in_by_an_entry() -> None:
    moved = entry_of(SaleState.ABSENT, sale(SaleState.SETTLED), By()).counters
    entry = opening_counters(moved, NOW, "import")
    assert moves_of_entry(entry) == (PostEntry(entry), *(MoveCounter(move) for move in moved))


@pytest.mark.parametrize(
    "posted",
    [
        (Posting("a", "x", 1), Posting("b", "y", -1)),
        (Posting("a", "x", 1),),
        (Posting("a", "x", 0),),
    ],
    ids=["across books", "one-sided", "of nothing"],
)
def test_an_entry_that_does_not_balance_is_refused(posted: postings.Postings) -> None:
    entry: Entry = replace(opening("a", "r", "s", 0, NOW, "x"), postings=posted)
    with pytest.raises(AssertionError):
        entry.check()


@pytest.mark.parametrize(
    ("before", "state", "move"),
    [
        (SaleState.ABSENT, SaleState.SETTLED, SellCodes),
        (SaleState.ABSENT, SaleState.HELD, SellCodes),
        (SaleState.ABSENT, SaleState.REFUSED, None),
        (SaleState.HELD, SaleState.SETTLED, None),
        (SaleState.HELD, SaleState.EXPIRED, ReturnCodes),
        (SaleState.HELD, SaleState.RELEASED, ReturnCodes),
        (SaleState.EXPIRED, SaleState.SETTLED, SellCodes),
        (SaleState.EXPIRED, SaleState.RELEASED, None),
        (SaleState.SETTLED, SaleState.REVERSED, ReturnCodes),
    ],
)
def test_packs_are_a_sales_own_while_it_stands(
    before: SaleState, state: SaleState, move: type[Move] | None
) -> None:
    code = TracedCode("81234567890123456789", "XA01")
    moves = moves_of(before, structs.replace(sale(state), codes=(code,)), By())
    found = [each for each in moves if isinstance(each, SellCodes | ReturnCodes)]
    assert [type(each) for each in found] == ([] if move is None else [move])
    assert all(each.codes == (code,) for each in found)
