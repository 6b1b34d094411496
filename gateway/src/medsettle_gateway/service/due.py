"""Holds around a member: what counts of them, and that an ended one counts for nothing, swept or not."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import NamedTuple

from medsettle.wire.states import Event, SaleState
from medsettle_gateway.domain.asked import Basket
from medsettle_gateway.domain.basket import Dispensed
from medsettle_gateway.domain.calendar import day_of
from medsettle_gateway.domain.counters import CounterKey
from medsettle_gateway.domain.facts import CounterState, DispensedFacts, MemberFacts
from medsettle_gateway.domain.keys import CountersKey, DispensedKey, StayEndKey
from medsettle_gateway.domain.moves import DropDispensed, Move, MoveBalance, MoveCounter, PutSale
from medsettle_gateway.domain.sale import SaleHead, SaleRecord
from medsettle_gateway.ledger.transition import By, moves_of
from medsettle_gateway.service.change import ended
from medsettle_gateway.service.desk import Now


class Freed(NamedTuple):
    """The moves that end the holds, and the member's facts as they are then."""

    moves: tuple[Move, ...]
    member: MemberFacts
    counters: Mapping[CounterKey, int]

    def still_out(self, drugs: Iterable[DispensedFacts]) -> tuple[Dispensed, ...]:
        """Returns the drugs that count then: those of the holds that end do not."""
        dropped = {move.request_id for move in self.moves if isinstance(move, DropDispensed)}
        return tuple(each.drug for each in drugs if each.request_id not in dropped)

    def still_there(self, sale: SaleHead | None) -> SaleHead | None:
        """Returns the sale, unless it is a hold that ends."""
        ended = {move.sale.request_id.text for move in self.moves if isinstance(move, PutSale)}
        return None if sale is None or sale.request_id in ended else sale


def dispensed_keys(member: str, region: str, service_on: date, now: Now) -> tuple[DispensedKey, ...]:
    """Returns what to load of drugs that were handed out around the day; nothing where no rule counts them.

    Every window with the day in it counts: for a day before today there are some that end after it.
    """
    days = now.desk.authority.window_days(region)
    if not days:
        return ()
    reach = timedelta(days=days - 1)
    until = max(service_on, min(service_on + reach, day_of(now.at)))
    return (DispensedKey(member, service_on - reach, until, now.desk.rules.dispensed_count),)


def stay_keys(member: str, institution: str, basket: Basket | None) -> tuple[StayEndKey, ...]:
    """Returns what to load of the end of the stay that is billed; nothing where none is."""
    stay = None if basket is None else basket.stay_at(institution)
    return () if stay is None else (StayEndKey(member, stay),)


def end_hold(sale: SaleRecord, at: datetime) -> tuple[SaleRecord, tuple[Move, ...]]:
    """Returns a held sale once its hold is over, and the moves of it."""
    over = ended(sale, Event.HOLD_ENDED, at)
    return over, moves_of(sale.state, over, By())


def free_due(
    due: tuple[SaleRecord, ...],
    member: MemberFacts,
    counters: Mapping[CountersKey, Mapping[CounterKey, CounterState]],
    at: datetime,
    but: str = "",
) -> Freed:
    """Returns what is left once the due holds have ended, except the one sale that is being confirmed.

    ``counters`` are those that the sale reads, by the keys that say whose they are.

    One that a remote authority has charged reserves nothing here, and is left to time: to end it cannot be
    taken back, and after a restore with loss it may have been confirmed.
    """
    moves: tuple[Move, ...] = ()
    for sale in due:
        if sale.state is SaleState.HELD and sale.upstream is None and sale.request_id.text != but:
            moves += end_hold(sale, at)[1]
    return Freed(moves, _balances(member, moves), _sums(counters, moves))


def _balances(member: MemberFacts, moves: tuple[Move, ...]) -> MemberFacts:
    if not moves:
        return member
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
    counters: Mapping[CountersKey, Mapping[CounterKey, CounterState]], moves: tuple[Move, ...]
) -> dict[CounterKey, int]:
    """What is used, and what is held where that counts, less what the moves free of the same counters."""
    sums: dict[CounterKey, int] = {}
    whose: dict[CounterKey, tuple[str, str, str]] = {}
    for of, states in counters.items():
        for key, state in states.items():
            sums[key] = _counting(key, state.used, state.held)
            whose[key] = of.member, of.region, of.scheme
    for move in moves:
        if isinstance(move, MoveCounter):
            _, _, _, key, used_delta, held_delta = move.move
            # Who has changed region or scheme may have a hold under the same name in the counters of before.
            if whose.get(key) == move.move[:3]:
                sums[key] += _counting(key, used_delta, held_delta)
    return sums


def _counting(key: CounterKey, used: int, held: int) -> int:
    # A hold reserves what a fund may pay, so that two sales never pass a cap together. What the patient
    # bears of it is borne only once it is collected: a deductible that a hold has met and that its release
    # or end leaves unpaid would have made another sale cheaper for nothing. A hold that is confirmed after
    # such a sale bore it twice; its confirmation names that sale.
    return used + held if key.measure == "paid" else used
