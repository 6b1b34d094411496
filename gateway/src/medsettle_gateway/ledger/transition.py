"""What each transition of a sale does to money: its entry in the books, and the moves that follow from it.

Balances and counters are moved by nothing but the entry: its postings on ``member/`` and ``held/``, and its
counter moves.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final, NamedTuple

from medsettle.wire.states import SaleState
from medsettle_gateway.domain.accounts import NO_BOOK, is_family_counter
from medsettle_gateway.domain.calendar import business_on
from medsettle_gateway.domain.entry import CounterMove, Entry
from medsettle_gateway.domain.moves import (
    DrawPrescriptions,
    DropDispensed,
    DropErrand,
    GiveBackPrescriptions,
    KeepDispensed,
    Move,
    MoveBalance,
    MoveCounter,
    PostEntry,
    PutErrand,
    PutSale,
    ReturnCodes,
    SellCodes,
)
from medsettle_gateway.domain.sale import Effect, SaleRecord
from medsettle_gateway.domain.upstream import Errand
from medsettle_gateway.ledger import books, postings

_S = SaleState


class Booking(NamedTuple):
    """How one transition books a sale's effect: its postings, and the factors for its counters."""

    postings: Callable[[Effect, str], postings.Postings]
    used: int
    held: int


def _nothing(effect: Effect, institution: str) -> postings.Postings:  # noqa: ARG001 - called alike
    return ()


_SETTLED: Final = Booking(postings.settled, used=1, held=0)
_CONFIRMED: Final = Booking(postings.confirmed, used=1, held=-1)
_RETURNED: Final = Booking(postings.returned, used=-1, held=0)
_HELD: Final = Booking(postings.held, used=0, held=1)
_FREED: Final = Booking(postings.freed, used=0, held=-1)
_NOTHING: Final = Booking(_nothing, used=0, held=0)

BOOKINGS: Final[Mapping[tuple[SaleState, SaleState], Booking]] = {
    (_S.ABSENT, _S.SETTLED): _SETTLED,
    (_S.ABSENT, _S.HELD): _HELD,
    (_S.ABSENT, _S.REFUSED): _NOTHING,
    (_S.ABSENT, _S.SEALED): _NOTHING,
    (_S.ABSENT, _S.PENDING): _NOTHING,
    (_S.PENDING, _S.PENDING): _NOTHING,
    (_S.PENDING, _S.SETTLED): _SETTLED,
    (_S.PENDING, _S.HELD): _HELD,
    (_S.PENDING, _S.UNDOING): _SETTLED,
    (_S.PENDING, _S.REFUSED): _NOTHING,
    (_S.HELD, _S.SETTLED): _CONFIRMED,
    (_S.HELD, _S.UNDOING): _CONFIRMED,
    (_S.HELD, _S.RELEASED): _FREED,
    (_S.HELD, _S.EXPIRED): _FREED,
    (_S.EXPIRED, _S.SETTLED): _SETTLED,
    (_S.EXPIRED, _S.RELEASED): _NOTHING,
    (_S.SETTLED, _S.REVERSED): _RETURNED,
    (_S.SETTLED, _S.UNDOING): _NOTHING,
    (_S.UNDOING, _S.REVERSED): _RETURNED,
    (_S.UNDOING, _S.RELEASED): _RETURNED,
    (_S.UNDOING, _S.SEALED): _RETURNED,
    (_S.UNDOING, _S.REFUSED): _RETURNED,
}
"""Every transition of the state table. What stands in the books hangs on the state alone, whichever way led
there: all of the sale while it is SETTLED or UNDOING, since the authority has charged it; what is reserved
while it is HELD; nothing in any other state.
"""

LOST_BOOKINGS: Final[Mapping[tuple[SaleState, SaleState], Booking]] = {
    (_S.ABSENT, _S.EXPIRED): _NOTHING,
    (_S.ABSENT, _S.RELEASED): _NOTHING,
    (_S.ABSENT, _S.REVERSED): _NOTHING,
    (_S.ABSENT, _S.UNDOING): _SETTLED,
}
"""How a sale that the books lost comes back, besides the ways above: at once in the state that was shown."""

_ASKED: Final = frozenset({_S.PENDING, _S.UNDOING})
_DRAWS: Final = frozenset({_S.PENDING, _S.HELD, _S.SETTLED, _S.UNDOING})
"""While a sale is in one of these states, its packs and what it dispenses of prescriptions are its own: an
authority that was asked may settle it, and until it has undone it the goods may be with the patient.
"""


class By(NamedTuple):
    """Who brought a transition about: both are empty where time did."""

    terminal: str = ""
    operator: str = ""
    reason: str = ""


def entry_of(before: SaleState, sale: SaleRecord, by: By) -> Entry:
    """Returns the entry of a sale that has just moved from ``before``; it is checked."""
    booking = _booking(before, sale.state)
    effect = sale.effect
    entry = Entry(
        kind=sale.state.value,
        request_id=sale.request_id.text,
        committed_at=sale.committed_at,
        business_on=business_on(sale.committed_at),
        terminal=by.terminal,
        operator=by.operator,
        reason=by.reason,
        postings=booking.postings(effect, sale.institution) if effect else (),
        counters=_counters(booking, sale, effect) if effect else (),
    )
    entry.check()
    return entry


def moves_of(before: SaleState, sale: SaleRecord, by: By) -> tuple[Move, ...]:
    """Returns everything that a transition writes: the sale, its entry, what the entry moves, its drugs, what
    it draws of prescriptions, and what a remote authority is to be asked of it.
    """
    return (
        PutSale(sale),
        *moves_of_entry(entry_of(before, sale, by)),
        *_dispensed(before, sale),
        *_prescribed(before, sale),
        *_traced(before, sale),
        *_errand(before, sale),
    )


def moves_of_entry(entry: Entry) -> tuple[Move, ...]:
    """Returns the entry and the moves of balances and counters that follow from it."""
    return (
        PostEntry(entry),
        *(MoveBalance(account, *deltas) for account, deltas in _balances(entry).items()),
        *(MoveCounter(move) for move in entry.counters),
    )


def opening(
    account: str, region: str, scheme: str, amount_fen: int, committed_at: datetime, reason: str
) -> Entry:
    """Returns the entry that brings an account's balance into the books."""
    entry = _opening(committed_at, reason, postings.opened(account, region, scheme, amount_fen), ())
    entry.check()
    return entry


def of_account(
    kind: str, other: str, account: tuple[str, str, str], amount_fen: int, committed_at: datetime, reason: str
) -> Entry:
    """Returns the entry that adds to an account, or takes from it what is negative, against ``other``.

    ``account`` is its id with the region and scheme of its book.
    """
    name, region, scheme = account
    posted = postings.with_region(name, region, scheme, other, amount_fen)
    entry = replace(_opening(committed_at, reason, posted, ()), kind=kind)
    entry.check()
    return entry


def opening_counters(moves: tuple[CounterMove, ...], committed_at: datetime, reason: str) -> Entry:
    """Returns the entry that brings counters into the books, as an older system had them."""
    return _opening(committed_at, reason, (), moves)


def _opening(
    committed_at: datetime, reason: str, posted: postings.Postings, moves: tuple[CounterMove, ...]
) -> Entry:
    return Entry(
        kind="OPENING",
        request_id="",
        committed_at=committed_at,
        business_on=business_on(committed_at),
        terminal="",
        operator="",
        reason=reason,
        postings=posted,
        counters=moves,
    )


def _booking(before: SaleState, after: SaleState) -> Booking:
    way = (before, after)
    return BOOKINGS[way] if way in BOOKINGS else LOST_BOOKINGS[way]


def _counters(booking: Booking, sale: SaleRecord, effect: Effect) -> tuple[CounterMove, ...]:
    if not (booking.used or booking.held):
        return ()
    book = effect.region, effect.scheme
    return tuple(
        CounterMove(
            sale.member or "", *(NO_BOOK if is_family_counter(key) else book), key, booking.used * amount,
            booking.held * amount,
        )
        for key, amount in effect.counters
    )


def _dispensed(before: SaleState, sale: SaleRecord) -> tuple[Move, ...]:
    """The drugs of a sale count as its counters do: while it is held, and once it is settled."""
    drugs = sale.effect.dispensed if sale.effect else ()
    booking = _booking(before, sale.state)
    change = booking.used + booking.held
    if not drugs or change == 0:
        return ()
    text = sale.request_id.text
    return (KeepDispensed(text, sale.member or "", drugs),) if change > 0 else (DropDispensed(text),)


def draws_anew(before: SaleState | None, after: SaleState) -> bool:
    """Returns whether a sale that comes from one state (None: from nowhere) to another begins to draw."""
    return before not in _DRAWS and after in _DRAWS


def _prescribed(before: SaleState, sale: SaleRecord) -> tuple[Move, ...]:
    """What a sale draws of prescriptions is drawn while it stands, and given back when it ends."""
    stood, stands = before in _DRAWS, sale.state in _DRAWS
    if not sale.drawn or stood is stands:
        return ()
    text = sale.request_id.text
    return (DrawPrescriptions(text, sale.drawn),) if stands else (GiveBackPrescriptions(text, sale.drawn),)


def _traced(before: SaleState, sale: SaleRecord) -> tuple[Move, ...]:
    """The packs of a sale are sold while it stands, and may be sold again once it ends."""
    stood, stands = before in _DRAWS, sale.state in _DRAWS
    if not sale.codes or stood is stands:
        return ()
    text = sale.request_id.text
    if stands:
        return (SellCodes(text, sale.institution, sale.codes, sale.committed_at),)
    return (ReturnCodes(text, sale.codes, sale.committed_at),)


def _errand(before: SaleState, sale: SaleRecord) -> tuple[Move, ...]:
    """A sale has an errand for as long as it waits for a remote authority; a new question begins anew."""
    text = sale.request_id.text
    if sale.state not in _ASKED:
        return (DropErrand(text),) if before in _ASKED else ()
    if sale.state is before:
        return ()
    asked = sale.upstream
    if asked is None:
        msg = f"{text} is {sale.state} and names no authority"
        raise AssertionError(msg)
    due_at = asked.sent_until if sale.state is _S.PENDING else sale.committed_at
    return (PutErrand(Errand(text, due_at)),)


def _balances(entry: Entry) -> dict[str, tuple[int, int]]:
    """By account: what the entry adds to the available balance, and to what is held, in fen."""
    deltas: dict[str, tuple[int, int]] = {}
    for posting in entry.postings:
        available, held = books.available_of(posting.account), books.held_of(posting.account)
        account = available if available is not None else held
        if account is None:
            continue
        balance_fen, held_fen = deltas.get(account, (0, 0))
        if available is not None:
            deltas[account] = (balance_fen - posting.amount_fen, held_fen)
        else:
            deltas[account] = (balance_fen, held_fen - posting.amount_fen)
    return deltas
