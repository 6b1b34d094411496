"""Traceability codes: what a row says of one, what a move writes, and all that ever became of one."""

from datetime import datetime
from typing import Any, Final, NamedTuple

from medsettle_gateway.domain.moves import ReturnCodes, SellCodes
from medsettle_gateway.domain.tracing import CodeState
from medsettle_gateway.storage.connection import Connection
from medsettle_gateway.storage.instants import from_us, to_us

_STATE: Final = (
    "SELECT code, institution, request_id, sold_at_us, split, standing_count FROM trace_codes WHERE code = ?"
)
_EVENTS: Final = (
    "SELECT request_id, item_code, split, sold, at_us FROM trace_events WHERE code = ? "
    "ORDER BY position DESC LIMIT ?"
)
EVENTS_MOST: Final = 1_000

Columns = tuple[Any, ...]


class TraceEvent(NamedTuple):
    """A sale took a code, or gave it back."""

    request_id: str
    item_code: str
    split: bool
    sold: bool
    at: datetime


class Traced(NamedTuple):
    """A code: where it stands sold, None if it does not, and what became of it, the latest first."""

    state: CodeState | None
    events: tuple[TraceEvent, ...]


def state_of(row: Columns) -> CodeState:
    """Returns the state of ``(code, institution, request_id, sold_at_us, split, standing_count)``."""
    _, institution, request_id, sold_at_us, split, standing_count = row
    return CodeState(institution, request_id, from_us(sold_at_us), bool(split), standing_count)


def sell_rows(move: SellCodes) -> list[Columns]:
    """Returns rows of ``(code, institution, split, request_id, sold_at_us)``."""
    sold_at_us = to_us(move.sold_at)
    return [
        (each.code, move.institution, each.split, move.request_id, sold_at_us) for each in move.codes
    ]


def event_rows(move: SellCodes | ReturnCodes) -> list[Columns]:
    """Returns rows of ``trace_events`` behind their position, in the columns' order."""
    sold = isinstance(move, SellCodes)
    at_us = to_us(move.sold_at if isinstance(move, SellCodes) else move.returned_at)
    return [
        (each.code, move.request_id, each.item_code, each.split, sold, at_us) for each in move.codes
    ]


def trace_of(connection: Connection, code: str) -> Traced:
    """Returns where a code stands sold and what became of it, at most a thousand events."""
    row = connection.execute(_STATE, (code,)).fetchone()
    state = None if row is None else state_of(tuple(row))
    found = connection.execute(_EVENTS, (code, EVENTS_MOST)).fetchall()
    events = tuple(
        TraceEvent(request_id, item_code, bool(split), bool(sold), from_us(at_us))
        for request_id, item_code, split, sold, at_us in found
    )
    return Traced(state if state is not None and state.standing_count else None, events)
