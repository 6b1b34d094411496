"""Release, Reverse and Seal: a sale that shall not be, whatever became of it.

On an id that nobody has seen each of them writes a tombstone, so that a late Settle is refused.
"""

from datetime import datetime

from medsettle.wire.reasons import Reason
from medsettle.wire.states import Event, SaleState
from medsettle_gateway.domain.calendar import day_ends_at, next_business_on
from medsettle_gateway.domain.keys import AnyKey, Facts, MaskedNameKey, SaleKey
from medsettle_gateway.domain.sale import SaleRecord
from medsettle_gateway.domain.transitions import cell, changes
from medsettle_gateway.ledger.transition import By, moves_of
from medsettle_gateway.service.change import ended, tombstone, unwanted
from medsettle_gateway.service.commands import Release, Reverse, SaleAnswer, Seal
from medsettle_gateway.service.desk import Decision, Now
from medsettle_gateway.service.guards import check_right, right_keys
from medsettle_gateway.service.recompute import after_reversal, later_key
from medsettle_gateway.service.refused import unrecorded

Undo = Release | Reverse | Seal


def event_of(command: Undo) -> Event:
    """Returns the table's event of the call."""
    match command:
        case Release():
            return Event.RELEASE
        case Reverse():
            return Event.REVERSE
        case Seal():
            return Event.SEAL


def needs(command: Undo, known: Facts, now: Now) -> tuple[AnyKey, ...]:
    """Returns what to load: the sale; for a reversal, later sales of its member."""
    sale_key = SaleKey(command.request_id.text)
    sale = known.of(sale_key) if sale_key in known else None
    keys: tuple[AnyKey, ...] = (sale_key, *right_keys(command.caller))
    if sale is None or not sale.member:
        return keys
    keys += (MaskedNameKey(sale.member),)
    if not isinstance(command, Reverse) or sale.state is not SaleState.SETTLED:
        return keys
    return (*keys, later_key(sale, now))


def decide(command: Undo, facts: Facts, now: Now) -> Decision:
    """Ends a hold, reverses a settled sale, seals an unknown id, marks one that an authority still decides as
    unwanted, and answers any other as it stands.

    Raises Refused where the caller's right has ended since the request arrived.
    """
    event = event_of(command)
    sale = facts.of(SaleKey(command.request_id.text))
    if sale is None:
        check_right(command.caller, facts, now.at)
        sealed = tombstone(command.request_id, event, command.operator, command.requested_at, now.at)
        return Decision(SaleAnswer(sealed, ""), moves_of(SaleState.ABSENT, sealed, _by(command)))
    name = facts.of(MaskedNameKey(sale.member)) if sale.member else ""
    if not changes(sale.state, event) or (sale.upstream is not None and sale.upstream.unwanted):
        return Decision(SaleAnswer(sale, name))
    check_right(command.caller, facts, now.at)
    if cell(sale.state, event).unwanted:
        undone = unwanted(sale, event, now.at, undone_by=command.caller.terminal)
    elif sale.state is SaleState.SETTLED:
        if now.at >= reversible_until(sale):
            until = reversible_until(sale).isoformat()
            return Decision(unrecorded(Reason.REVERSE_TOO_LATE, command.request_id.text, until=until))
        undone = _reversed(command, sale, facts, now)
    else:
        undone = ended(sale, event, now.at, undone_by=command.caller.terminal)
    return Decision(SaleAnswer(undone, name), moves_of(sale.state, undone, _by(command)))


def reversible_until(sale: SaleRecord) -> datetime:
    """Returns the end of the business day after the one on which the sale was settled, exclusive."""
    if sale.settled_on is None:
        msg = f"{sale.request_id} was never settled"
        raise AssertionError(msg)
    return day_ends_at(next_business_on(sale.settled_on))


def _reversed(command: Undo, sale: SaleRecord, facts: Facts, now: Now) -> SaleRecord:
    return ended(
        sale,
        Event.REVERSE,
        now.at,
        reverse_reason=command.reason if isinstance(command, Reverse) else "",
        recompute_due=after_reversal(sale, facts, now),
        undone_by=command.caller.terminal,
    )


def _by(command: Undo) -> By:
    reason = command.reason if isinstance(command, Reverse) else ""
    return By(command.caller.terminal, command.operator, reason)
