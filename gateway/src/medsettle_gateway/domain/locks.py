"""What a decision stands on and what it changes, as names that two decisions may share.

Two decisions that share no lock have nothing to do with each other: they may be made in one group, or in two
processes at once. Of two that share one, the second must see what the first has written. Locks are taken in
their order, which is the same everywhere, so that nobody waits for one who waits for him.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import IntEnum
from typing import Any, Final, NamedTuple

from medsettle_gateway.domain import keys, moves
from medsettle_gateway.domain.facts import KeyRecord, MemberFacts
from medsettle_gateway.domain.ids import RequestId, Ticket
from medsettle_gateway.domain.keys import AnyKey, Facts
from medsettle_gateway.domain.moves import Move
from medsettle_gateway.domain.sale import SaleRecord


class Kind(IntEnum):
    """What is locked, in the order in which locks are taken."""

    TICKET = 1
    """A sale with all its attempts: ``institution-till-day-number``."""
    MEMBER = 2
    """A person's counters, drugs, stays, and sales as far as they are looked up by person."""
    ACCOUNT = 3
    CREDENTIAL = 4
    CODE = 5
    TERMINAL = 6
    """A terminal and its keys."""
    NONCE = 7


class Lock(NamedTuple):
    """One name that decisions may share."""

    kind: Kind
    name: str


Locks = frozenset[Lock]


def locks_read(facts: Facts, asked: Iterable[AnyKey] | None = None) -> Locks:
    """Returns what a decision stands on that was made from these facts: all of them, or those asked for."""
    return frozenset(
        lock
        for key in (facts.known() if asked is None else asked)
        for lock in (*locks_of_key(key), *_of_value(facts.of(key)))
    )


def locks_of_key(key: AnyKey) -> tuple[Lock, ...]:
    """Returns what must be locked before a key is loaded, as far as the key itself tells.

    Empty for what no decision changes. Raises KeyError for a kind of key that is not named below.
    """
    return _OF_KEY[type(key)](key)


def locks_written(done: Sequence[Move]) -> Locks:
    """Returns what the moves change."""
    return frozenset(lock for move in done for lock in _OF_MOVE[type(move)](move))


def ticket_lock(ticket: Ticket) -> Lock:
    """Returns the lock of a sale, whichever attempt it is."""
    return Lock(Kind.TICKET, f"{ticket.institution}-{ticket.till}-{ticket.day:%Y%m%d}-{ticket.number}")


def _member(member: str | None) -> tuple[Lock, ...]:
    return (Lock(Kind.MEMBER, member),) if member else ()


def _of_sale(sale: SaleRecord) -> Iterator[Lock]:
    yield ticket_lock(sale.request_id.ticket)
    yield from _member(sale.member)
    if sale.effect is not None:
        for booking in sale.effect.accounts:
            yield Lock(Kind.ACCOUNT, booking.account)


def _of_value(value: object) -> Iterator[Lock]:
    """What a fact that was loaded speaks of besides its key: accounts, others' holds, a key's terminal."""
    match value:
        case MemberFacts():
            for account in value.accounts:
                yield Lock(Kind.ACCOUNT, account.account)
        case SaleRecord():
            yield from _of_sale(value)
        case KeyRecord():
            yield Lock(Kind.TERMINAL, value.terminal)
        case tuple():
            for each in value:
                if isinstance(each, SaleRecord):
                    yield from _of_sale(each)
        case _:
            pass


FREE: Final[Mapping[type[AnyKey], str]] = {
    keys.InstitutionKey: "operators enter places; a decision that began before goes by what it saw",
    keys.MaskedNameKey: "names are shown and decide nothing",
    keys.CatalogueKey: "operators enter a catalogue whole, under a digest that each sale names",
    keys.RecoveryKey: "a restore comes before gateways start, and who sees an end late asks again",
    keys.OrdersKey: "orders are signed outside and only ever added",
}
"""Keys that lock nothing, and why."""

_OF_KEY: Final[Mapping[type[AnyKey], Callable[[Any], tuple[Lock, ...]]]] = {
    **dict.fromkeys(FREE, lambda _: ()),
    keys.SaleKey: lambda key: (ticket_lock(RequestId.parse(key.request_id).ticket),),
    keys.ErrandKey: lambda key: (ticket_lock(RequestId.parse(key.request_id).ticket),),
    keys.TicketKey: lambda key: (ticket_lock(key.ticket),),
    keys.RecentSalesKey: lambda key: _member(key.member),
    keys.LaterSalesKey: lambda key: _member(key.member),
    keys.SettledSinceKey: lambda key: _member(key.member),
    keys.DueHoldsKey: lambda key: _member(key.member),
    keys.StayEndKey: lambda key: _member(key.member),
    keys.MemberKey: lambda key: _member(key.member),
    keys.CountersKey: lambda key: _member(key.member),
    keys.DispensedKey: lambda key: _member(key.member),
    keys.CredentialUseKey: lambda key: (Lock(Kind.CREDENTIAL, key.credential_id),),
    keys.EnrolCodeKey: lambda key: (Lock(Kind.CODE, key.code_hash),),
    keys.TerminalKey: lambda key: (Lock(Kind.TERMINAL, key.terminal),),
    keys.KeyRecordKey: lambda _: (),  # its record names the terminal; the store refuses a second one
    keys.TerminalKeysKey: lambda key: (Lock(Kind.TERMINAL, key.terminal),),
    keys.NonceKey: lambda key: (Lock(Kind.NONCE, f"{key.sender}/{key.nonce}"),),
}

_OF_MOVE: Final[Mapping[type[Any], Callable[[Any], tuple[Lock, ...]]]] = {
    moves.PutSale: lambda move: (ticket_lock(move.sale.request_id.ticket), *_member(move.sale.member)),
    moves.PostEntry: lambda _: (),  # what it adds up to is moved by the next two
    moves.MoveBalance: lambda move: (Lock(Kind.ACCOUNT, move.account),),
    moves.MoveCounter: lambda move: _member(move.move.member),
    moves.KeepDispensed: lambda move: _member(move.member),
    moves.DropDispensed: lambda _: (),  # comes with its sale, which names the member
    moves.UseCredential: lambda move: (Lock(Kind.CREDENTIAL, move.credential_id),),
    moves.FreeCredential: lambda move: (Lock(Kind.CREDENTIAL, move.credential_id),),
    moves.PutErrand: lambda move: (ticket_lock(RequestId.parse(move.errand.request_id).ticket),),
    moves.DropErrand: lambda move: (ticket_lock(RequestId.parse(move.request_id).ticket),),
    moves.KeepReassertion: lambda move: (ticket_lock(RequestId.parse(move.shown.request_id).ticket),),
    moves.EndRecovery: lambda _: (),  # nobody stands on its being open: who finds it so asks again
    moves.KeepNonce: lambda move: (Lock(Kind.NONCE, f"{move.sender}/{move.nonce}"),),
    moves.PutTerminal: lambda move: (Lock(Kind.TERMINAL, move.terminal.terminal),),
    moves.PutTerminalKey: lambda move: (Lock(Kind.TERMINAL, move.record.terminal),),
    moves.EndTerminalKey: lambda _: (),  # comes with the key that takes its place
    moves.UseEnrolCode: lambda move: (Lock(Kind.CODE, move.code_hash),),
}
