"""Ended holds around a member: what they reserved is free in every decision, swept or not."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from medsettle.wire.states import Event, SaleState
from medsettle_gateway.domain.counters import CounterKey
from medsettle_gateway.domain.facts import CounterState, MemberFacts
from medsettle_gateway.domain.moves import Move, MoveBalance, MoveCounter
from medsettle_gateway.domain.sale import SaleRecord
from medsettle_gateway.domain.transitions import plain
from medsettle_gateway.ledger.transition import By, moves_of
from medsettle_gateway.service.change import moved


class Freed(NamedTuple):
    """The moves that end the holds, and the member's facts as they are then."""

    moves: tuple[Move, ...]
    member: MemberFacts
    counters: Mapping[CounterKey, int]


def end_hold(sale: SaleRecord, at: datetime) -> tuple[SaleRecord, tuple[Move, ...]]:
    """Returns a held sale once its hold is over, and the moves of it."""
    ended = moved(sale, Event.HOLD_ENDED, plain(sale.state, Event.HOLD_ENDED), at)
    return ended, moves_of(sale.state, ended, By())


def free_due(
    due: tuple[SaleRecord, ...],
    member: MemberFacts,
    counters: Mapping[CounterKey, CounterState],
    at: datetime,
    but: str = "",
) -> Freed:
    """Returns what is left once the due holds have ended, except the one sale that is being confirmed."""
    moves: tuple[Move, ...] = ()
    for sale in due:
        if sale.state is SaleState.HELD and sale.request_id.text != but:
            moves += end_hold(sale, at)[1]
    return Freed(moves, _balances(member, moves), _sums(member, counters, moves))


def _balances(member: MemberFacts, moves: tuple[Move, ...]) -> MemberFacts:
    freed: dict[str, int] = {}
    for move in moves:
        if isinstance(move, MoveBalance):
            freed[move.account] = freed.get(move.account, 0) + move.balance_delta_fen
    accounts = tuple(
        replace(account, balance_fen=account.balance_fen + freed.get(account.account, 0))
        for account in member.accounts
    )
    return replace(member, accounts=accounts)


def _sums(
    member: MemberFacts, counters: Mapping[CounterKey, CounterState], moves: tuple[Move, ...]
) -> dict[CounterKey, int]:
    """Used and held together, less what the moves free of this member's."""
    sums = {key: state.used + state.held for key, state in counters.items()}
    for move in moves:
        if isinstance(move, MoveCounter) and move.move.member == member.member and move.move.key in sums:
            sums[move.move.key] += move.move.used_delta + move.move.held_delta
    return sums
