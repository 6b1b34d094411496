"""A sale's legs: who bears what, and what has happened to it."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, NamedTuple

from medsettle.wire.states import SaleState
from medsettle_gateway.domain.sale import SaleRecord


class LegKind(StrEnum):
    """Who bears a leg."""

    FUND = "FUND"
    ACCOUNT = "ACCOUNT"
    CASH = "CASH"
    PROVIDER = "PROVIDER"


class LegState(StrEnum):
    """What has happened to a leg."""

    RESERVED = "RESERVED"
    BOOKED = "BOOKED"
    FREED = "FREED"
    RETURNED = "RETURNED"


class Leg(NamedTuple):
    """One payer's part; ``id`` is a fund, an account, ``cash`` or ``provider``."""

    kind: LegKind
    id: str
    amount_fen: int
    state: LegState


_STATE: Final[Mapping[SaleState, LegState]] = {
    SaleState.PENDING: LegState.RESERVED,
    SaleState.HELD: LegState.RESERVED,
    SaleState.SETTLED: LegState.BOOKED,
    SaleState.UNDOING: LegState.BOOKED,
    SaleState.EXPIRED: LegState.FREED,
    SaleState.RELEASED: LegState.FREED,
    SaleState.REVERSED: LegState.RETURNED,
}


def legs_of(sale: SaleRecord) -> tuple[Leg, ...]:
    """Returns funds, accounts, cash, provider, in this order, without zeros; none if nothing was held."""
    effect, state = sale.effect, _STATE.get(sale.state)
    if effect is None or state is None:
        return ()
    legs = [Leg(LegKind.FUND, fund, amount_fen, state) for fund, amount_fen in effect.funds]
    legs += [Leg(LegKind.ACCOUNT, each.account, each.amount_fen, state) for each in effect.accounts]
    legs.append(Leg(LegKind.CASH, "cash", effect.cash_fen, state))
    legs.append(Leg(LegKind.PROVIDER, "provider", effect.provider_borne_fen, state))
    return tuple(leg for leg in legs if leg.amount_fen)
