"""Earlier sales of a member, as far as supervision looks back at them."""

from datetime import date, datetime
from typing import NamedTuple

from msgspec import Struct

from medsettle_gateway.domain.asked import Basket
from medsettle_gateway.domain.plain import from_json
from medsettle_gateway.domain.sale import Effect


class PastLine(NamedTuple):
    """What an earlier sale handed out."""

    item_code: str
    on: date
    days_supply: int | None


class PastSale(Struct, frozen=True):
    """An earlier sale of a member that is paid or held, as far as rules look at it.

    ``held_until``: it is a hold and counts for nothing from then on. ``visited``: the patient was there for
    it, in the flesh or by a credential: a return of goods is no visit.
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
        visited=not sale.replaces,
        held_until=sale.hold_expires_at if held else None,
        lines=tuple(
            PastLine(line.item_code, line.service_on or sale.service_on, line.days_supply) for line in lines
        ),
        accounts=tuple((each.account, each.amount_fen) for each in effect.accounts) if effect else (),
    )
