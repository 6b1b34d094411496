"""The state table at work: every change of a sale's state is looked up in ``medsettle.wire.states``."""

from medsettle.wire.reasons import Reason
from medsettle.wire.states import GATEWAY, Cell, Event, SaleState


def cell(state: SaleState, event: Event) -> Cell:
    """Returns what the event does in the state."""
    return GATEWAY[state][event]


def refused(state: SaleState, event: Event) -> Reason | None:
    """Returns why the event is refused in the state, or None."""
    return cell(state, event).refuse


def changes(state: SaleState, event: Event) -> bool:
    """Returns whether the event may move the sale on; else it answers the state as it is."""
    return bool(cell(state, event).to)


def plain(state: SaleState, event: Event) -> SaleState:
    """Returns the state that follows in the plain case. Raises AssertionError where nothing changes."""
    return follow(state, event, next(iter(cell(state, event).to), state))


def follow(state: SaleState, event: Event, to: SaleState) -> SaleState:
    """Returns ``to``. Raises AssertionError if the table does not let the event lead there."""
    if to not in cell(state, event).to:
        msg = f"the state table has no way from {state} by {event} to {to}"
        raise AssertionError(msg)
    return to
