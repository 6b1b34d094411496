"""Emergency orders (应急): what an operator signed, and who may trust it.

An order lifts rules of the calculation for a time, at named institutions or in a whole region. What is signed
is a JSON text, kept as it was signed.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final, NamedTuple

from medsettle_gateway.domain.basket import Waiver
from medsettle_gateway.domain.plain import canonical, from_json

LONGEST_DAYS: Final = 366
"""Days that one order may hold, the first and the last included: it ends by itself."""

ORDER_STATEMENT: Final = b"v1-emergency-order\n"
"""Stands before the text of an order in what is signed."""
END_STATEMENT: Final = b"v1-emergency-order-end\n"
"""The same for the end that was brought forward."""


@dataclass(frozen=True, slots=True)
class OrderRecord:
    """One order. ``institutions`` empty: every one of the region. Both days are included.

    ``authority`` ordered it, ``document`` is its paper's number, ``author`` entered it. ``skips`` are rules
    of supervision that do not look meanwhile, by id or kind; orders signed before there were any have none.
    """

    id: str
    region: str
    institutions: tuple[str, ...]
    waives: tuple[Waiver, ...]
    holds_from: date
    holds_to: date
    authority: str
    document: str
    author: str
    issued_at: datetime
    skips: tuple[str, ...] = ()

    def holds(self, region: str, institution: str, since: date, until: date) -> bool:
        """Does it hold at the institution on any of the days, the first and the last included?"""
        if self.region != region or self.holds_from > until or self.holds_to < since:
            return False
        return not self.institutions or institution in self.institutions


@dataclass(frozen=True, slots=True)
class OrderEnd:
    """An order ends before its time: ``last_on`` is the last day on which it holds."""

    id: str
    last_on: date
    author: str
    ended_at: datetime


class SignedOrder(NamedTuple):
    """An order and its earlier end, if there is one, as texts with their signatures."""

    id: str
    statement: str
    signature: bytes
    end_statement: str | None = None
    end_signature: bytes | None = None


def order_text(order: OrderRecord) -> str:
    """Returns the text of an order that is signed behind :data:`ORDER_STATEMENT`."""
    return canonical(order).decode()


def end_text(end: OrderEnd) -> str:
    """Returns the text of an end that is signed behind :data:`END_STATEMENT`."""
    return canonical(end).decode()


def read_order(signed: SignedOrder) -> OrderRecord:
    """Returns the order of its texts, with its earlier end; signatures are not looked at.

    Raises ValueError for texts that are of another id, or no order at all.
    """
    order = from_json(OrderRecord, signed.statement)
    if signed.end_statement is not None:
        end = from_json(OrderEnd, signed.end_statement)
        if end.id != order.id:
            msg = f"the end is of order {end.id}"
            raise ValueError(msg)
        order = replace(order, holds_to=min(order.holds_to, end.last_on))
    if order.id != signed.id:
        msg = f"the order is {order.id}"
        raise ValueError(msg)
    return order
