"""Earlier sales of a member, as far as supervision looks back at them."""

from datetime import date, datetime
from typing import NamedTuple

from msgspec import Struct

from medsettle_gateway.domain.asked import Basket
from medsettle_gateway.domain.calendar import day_of
from medsettle_gateway.domain.plain import from_json
from medsettle_gateway.domain.sale import Effect


class PastLine(NamedTuple):
    """What an earlier sale handed out."""

    item_code: str
    on: date
    days_supply: int | None


class PastSale(Struct, frozen=True):
    """An earlier sale of a member that is paid or held, as far as rules look at it.

    ``held_until``: it is a hold and counts for nothing from then on. ``visited``: the patient's credential
    was there ``at`` that instant, and nobody else was known to bring it. A return of goods is no visit, and a
    late claim none of that instant.
    """

    request_id: str
    institution: str
    at: datetime
    service_on: date
    visited: bool = True
    held_until: datetime | None = None
    lines: tuple[PastLine, ...] = ()
    accounts: tuple[tuple[str, int], ...] = ()


class _Body(Struct):
    """What of a stored sale is read; everything else of it is passed over."""

    service_on: date
    basket: Basket | None = None
    effect: Effect | None = None
    replaces: str = ""
    proxied: bool = False
    hold_expires_at: datetime | None = None


def past_of(request_id: str, institution: str, at: datetime, *, held: bool, body: str) -> PastSale:
    """Returns an earlier sale out of its stored text. A stay is no purchase: its lines are left out.

    Raises ValueError if it is no sale.
    """
    sale = from_json(_Body, body)
    basket, effect = sale.basket, sale.effect
    counts = basket is not None and basket.admitted_on is None
    lines = basket.lines if basket is not None and counts else ()
    return PastSale(
        request_id=request_id,
        institution=institution,
        at=at,
        service_on=sale.service_on,
        visited=not sale.replaces and not sale.proxied and not _is_late(sale, at),
        held_until=sale.hold_expires_at if held else None,
        lines=tuple(
            PastLine(line.item_code, line.service_on or sale.service_on, line.days_supply) for line in lines
        ),
        accounts=tuple((each.account, each.amount_fen) for each in effect.accounts) if effect else (),
    )


def _is_late(sale: _Body, at: datetime) -> bool:
    """Was it claimed after its day? Over midnight a quote carries its day: nobody gives a reason for it."""
    return sale.basket is not None and bool(sale.basket.late_reason) and sale.service_on != day_of(at)
