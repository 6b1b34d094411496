"""How a sale's record changes: one new value a transition, as the state table allows it."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any

from msgspec import structs

from medsettle.wire.states import UNDONE_AS, Event, SaleState
from medsettle_gateway.domain.calendar import business_on
from medsettle_gateway.domain.ids import RequestId
from medsettle_gateway.domain.sale import SaleRecord
from medsettle_gateway.domain.transitions import cell, follow, plain

_BOOKED = (SaleState.SETTLED, SaleState.REVERSED)


def moved(sale: SaleRecord, event: Event, to: SaleState, at: datetime, **changes: Any) -> SaleRecord:  # noqa: ANN401
    """Returns the sale one version on, in the state that the event led to, with further changes of fields.

    Raises AssertionError if the state table does not let the event lead there.
    """
    state = follow(sale.state, event, to)
    if state in _BOOKED:
        changes["business_on"] = business_on(at)
    if state is SaleState.SETTLED:
        changes["settled_on"] = business_on(at)
    return structs.replace(sale, state=state, version=sale.version + 1, committed_at=at, **changes)


def undoing(sale: SaleRecord, event: Event, at: datetime, ends_as: SaleState, **changes: Any) -> SaleRecord:  # noqa: ANN401
    """Returns the sale in UNDOING: its authority is to take back what it charged, and then it is ``ends_as``.

    Raises AssertionError if the state table does not let the event lead there, or the sale end so.
    """
    if sale.upstream is None or ends_as not in UNDONE_AS[sale.state]:
        msg = f"{sale.request_id} is {sale.state} and cannot be undone as {ends_as}"
        raise AssertionError(msg)
    upstream = replace(sale.upstream, ends_as=ends_as)
    return moved(sale, event, SaleState.UNDOING, at, upstream=upstream, **changes)


def ended(sale: SaleRecord, event: Event, at: datetime, **changes: Any) -> SaleRecord:  # noqa: ANN401
    """Returns a sale that ends by the event: at once, or by way of UNDOING where an authority has charged it.

    Raises AssertionError if the state table does not let the event end it.
    """
    if sale.upstream is not None and SaleState.UNDOING in cell(sale.state, event).to:
        return undoing(sale, event, at, UNDONE_AS[sale.state][0], **changes)
    return moved(sale, event, plain(sale.state, event), at, **changes)


def unwanted(sale: SaleRecord, event: Event, at: datetime, **changes: Any) -> SaleRecord:  # noqa: ANN401
    """Returns a sale that nobody wants any more, whatever its authority says of it.

    Raises AssertionError if the state table does not let the event say so.
    """
    if sale.upstream is None or not cell(sale.state, event).unwanted:
        msg = f"{sale.request_id} is {sale.state}: {event} does not mark it as unwanted"
        raise AssertionError(msg)
    upstream = replace(sale.upstream, unwanted=True)
    return moved(sale, event, plain(sale.state, event), at, upstream=upstream, **changes)


def begun(draft: SaleRecord, to: SaleState, at: datetime, **changes: Any) -> SaleRecord:  # noqa: ANN401
    """Returns a new sale's first record, in the state that Settle led to."""
    return moved(draft, Event.SETTLE, to, at, first_state=to, **changes)


def draft(
    request_id: RequestId,
    operator: str,
    requested_at: datetime,
    service_on: date,
    at: datetime,
    **asked: Any,  # noqa: ANN401 - fields
) -> SaleRecord:
    """Returns a record of nothing yet but what was asked: version 0, ABSENT. It is never written."""
    return SaleRecord(
        request_id=request_id,
        state=SaleState.ABSENT,
        first_state=SaleState.ABSENT,
        version=0,
        operator=operator,
        service_on=service_on,
        requested_at=requested_at,
        created_at=at,
        committed_at=at,
        **asked,
    )


def tombstone(
    request_id: RequestId, event: Event, operator: str, requested_at: datetime, at: datetime
) -> SaleRecord:
    """Returns the sealed record of an id under which no sale was seen. Its day is the ticket's."""
    nothing = draft(request_id, operator, requested_at, request_id.ticket.day, at)
    sealed = plain(SaleState.ABSENT, event)
    return moved(nothing, event, sealed, at, first_state=sealed)
