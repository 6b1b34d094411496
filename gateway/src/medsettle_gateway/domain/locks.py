"""What a decision stands on and what it changes, as names that two decisions may share.

Two decisions that share no lock have nothing to do with each other: they may be made in one group, or in two
processes at once. Of two that share one, the second must see what the first has written. Locks are taken in
their order, which is the same everywhere, so that nobody waits for one who waits for him.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import IntEnum
from typing import Any, Final, NamedTuple

from medsettle_gateway.domain import keys, moves
from medsettle_gateway.domain.facts import KeyRecord, MemberFacts
from medsettle_gateway.domain.ids import Ticket
from medsettle_gateway.domain.keys import AnyKey, Facts
from medsettle_gateway.domain.moves import Move
from medsettle_gateway.domain.prescriptions import Draw
from medsettle_gateway.domain.sale import SaleRecord
from medsettle_gateway.domain.tracing import TracedCode


class Kind(IntEnum):
    """What is locked, in the order in which locks are taken."""

    TICKET = 1
    """A sale with all its attempts: ``institution-till-day-number``."""
    MEMBER = 2
    """A person's counters, drugs, stays, and sales as far as they are looked up by person."""
    ACCOUNT = 3
    PRESCRIPTION = 4
    """What is dispensed of a prescription: ``institution/number``."""
    CREDENTIAL = 5
    CODE = 6
    TERMINAL = 7
    """A terminal and its keys."""
    NONCE = 8
    TRACE_CODE = 9
    """A traceability code: whether it stands sold."""


class Lock(NamedTuple):
    """One name that decisions may share."""

    kind: Kind
    name: str


Locks = frozenset[Lock]

_MEMBER: Final = Kind.MEMBER
_new: Final = tuple.__new__
"""Makes a named tuple of many in half the time: the fields by position, in their order."""


def locks_read(facts: Facts, asked: Iterable[AnyKey] | None = None) -> Locks:
    """Returns what a decision stands on that was made from these facts: all of them, or those asked for."""
    known, found = facts.known(), list[Lock]()
    for key in known if asked is None else asked:
        found += _OF_KEY[type(key)](key)
        value = known[key]
        of_value = _OF_VALUE.get(type(value))
        if of_value is not None:
            found += of_value(value)
    return frozenset(found)


def locks_of_key(key: AnyKey) -> tuple[Lock, ...]:
    """Returns what must be locked before a key is loaded, as far as the key itself tells.

    Empty for what no decision changes. Raises KeyError for a kind of key that is not named below.
    """
    return _OF_KEY[type(key)](key)


def locks_written(done: Sequence[Move]) -> Locks:
    """Returns what the moves change."""
    found: list[Lock] = []
    for move in done:
        found += _OF_MOVE[type(move)](move)
    return frozenset(found)


def ticket_lock(ticket: Ticket) -> Lock:
    """Returns the lock of a sale, whichever attempt it is."""
    day = ticket.day.isoformat().replace("-", "")
    return Lock(Kind.TICKET, f"{ticket.institution}-{ticket.till}-{day}-{ticket.number}")


def _ticket_of(request_id: str) -> Lock:
    """The same from the id of an attempt: there is one way only to write it, and the attempt comes last."""
    return _new(Lock, (Kind.TICKET, request_id[: request_id.rindex("-")]))


def _member(member: str | None) -> tuple[Lock, ...]:
    return (_new(Lock, (_MEMBER, member)),) if member else ()


def _prescription(institution: str, number: str) -> Lock:
    return Lock(Kind.PRESCRIPTION, f"{institution}/{number}")


def _drawn(draws: Iterable[Draw]) -> tuple[Lock, ...]:
    return tuple(_prescription(draw.institution, draw.number) for draw in draws)


def _traced(codes: Iterable[TracedCode]) -> tuple[Lock, ...]:
    return tuple(Lock(Kind.TRACE_CODE, each.code) for each in codes)


def _of_sale(sale: SaleRecord) -> tuple[Lock, ...]:
    bookings = sale.effect.accounts if sale.effect is not None else ()
    return (
        _ticket_of(sale.request_id.text),
        *_member(sale.member),
        *(Lock(Kind.ACCOUNT, booking.account) for booking in bookings),
        *_drawn(sale.drawn),
        *_traced(sale.codes),
    )


def _of_sales(found: tuple[Any, ...]) -> list[Lock]:
    return [lock for each in found if isinstance(each, SaleRecord) for lock in _of_sale(each)]


_OF_VALUE: Final[Mapping[type[Any], Callable[[Any], Iterable[Lock]]]] = {
    MemberFacts: lambda member: [Lock(Kind.ACCOUNT, each.account) for each in member.accounts],
    SaleRecord: _of_sale,
    KeyRecord: lambda record: (Lock(Kind.TERMINAL, record.terminal),),
    tuple: _of_sales,
}
"""What a fact that was loaded speaks of besides its key: accounts, others' holds, a key's terminal."""

FREE: Final[Mapping[type[AnyKey], str]] = {
    keys.InstitutionKey: "operators enter places; a decision that began before goes by what it saw",
    keys.RecordsKey: "operators only ever add records; a decision that began before goes by what it saw",
    keys.MaskedNameKey: "names are shown and decide nothing",
    keys.CatalogueKey: "operators enter a catalogue whole, under a digest that each sale names",
    keys.RecoveryKey: "a restore comes before gateways start, and who sees an end late asks again",
    keys.AwaitedKey: "who compares shows each sale under its lock first, and says that he is done after that",
    keys.OrdersKey: "orders are signed outside and only ever added",
    keys.OpenPrescriptionsKey: "they are shown; who dispenses one looks at it by its number",
}
"""Keys that lock nothing, and why."""

_OF_KEY: Final[Mapping[type[AnyKey], Callable[[Any], tuple[Lock, ...]]]] = {
    **dict.fromkeys(FREE, lambda _: ()),
    keys.SaleKey: lambda key: (_ticket_of(key.request_id),),
    keys.ErrandKey: lambda key: (_ticket_of(key.request_id),),
    keys.TicketKey: lambda key: (ticket_lock(key.ticket),),
    keys.RecentSalesKey: lambda key: _member(key.member),
    keys.LaterSalesKey: lambda key: _member(key.member),
    keys.PastSalesKey: lambda key: _member(key.member),
    keys.SettledSinceKey: lambda key: _member(key.member),
    keys.DueHoldsKey: lambda key: _member(key.member),
    keys.StayEndKey: lambda key: _member(key.member),
    keys.MemberKey: lambda key: _member(key.member),
    keys.CountersKey: lambda key: _member(key.member),
    keys.DispensedKey: lambda key: _member(key.member),
    keys.PrescriptionKey: lambda key: (_prescription(key.institution, key.number),),
    keys.TraceCodesKey: lambda key: tuple(Lock(Kind.TRACE_CODE, code) for code in key.codes),
    keys.CredentialUseKey: lambda key: (Lock(Kind.CREDENTIAL, key.credential_id),),
    keys.EnrolCodeKey: lambda key: (Lock(Kind.CODE, key.code_hash),),
    keys.TerminalKey: lambda key: (Lock(Kind.TERMINAL, key.terminal),),
    keys.KeyRecordKey: lambda _: (),  # its record names the terminal; the store refuses a second one
    keys.TerminalKeysKey: lambda key: (Lock(Kind.TERMINAL, key.terminal),),
    keys.NonceKey: lambda key: (Lock(Kind.NONCE, f"{key.sender}/{key.nonce}"),),
}

_OF_MOVE: Final[Mapping[type[Any], Callable[[Any], tuple[Lock, ...]]]] = {
    moves.PutSale: lambda move: (_ticket_of(move.sale.request_id.text), *_member(move.sale.member)),
    moves.PostEntry: lambda _: (),  # what it adds up to is moved by the next two
    moves.MoveBalance: lambda move: (Lock(Kind.ACCOUNT, move.account),),
    moves.MoveCounter: lambda move: _member(move.move.member),
    moves.KeepDispensed: lambda move: _member(move.member),
    moves.DropDispensed: lambda _: (),  # comes with its sale, which names the member
    moves.KeepPrescription: lambda move: (
        _prescription(move.prescription.institution, move.prescription.number),
    ),
    moves.KeepReview: lambda move: (_prescription(move.institution, move.number),),
    moves.KeepWithdrawal: lambda move: (_prescription(move.institution, move.number),),
    moves.DrawPrescriptions: lambda move: _drawn(move.draws),
    moves.GiveBackPrescriptions: lambda move: _drawn(move.draws),
    moves.SellCodes: lambda move: _traced(move.codes),
    moves.ReturnCodes: lambda move: _traced(move.codes),
    moves.UseCredential: lambda move: (Lock(Kind.CREDENTIAL, move.credential_id),),
    moves.FreeCredential: lambda move: (Lock(Kind.CREDENTIAL, move.credential_id),),
    moves.KeepProxy: lambda move: (_ticket_of(move.request_id),),
    moves.PutErrand: lambda move: (_ticket_of(move.errand.request_id),),
    moves.DropErrand: lambda move: (_ticket_of(move.request_id),),
    moves.KeepReassertion: lambda move: (_ticket_of(move.shown.request_id),),
    moves.EndRecovery: lambda _: (),  # nobody stands on its being open: who finds it so asks again
    moves.KeepNonce: lambda move: (Lock(Kind.NONCE, f"{move.sender}/{move.nonce}"),),
    moves.PutTerminal: lambda move: (Lock(Kind.TERMINAL, move.terminal.terminal),),
    moves.PutTerminalKey: lambda move: (Lock(Kind.TERMINAL, move.record.terminal),),
    moves.EndTerminalKey: lambda _: (),  # comes with the key that takes its place
    moves.UseEnrolCode: lambda move: (Lock(Kind.CODE, move.code_hash),),
}
