"""Release, Reverse and Seal: a sale that shall not be, whatever became of it.

On an id that nobody has seen each of them writes a tombstone, so that a late Settle is refused.
"""

from collections.abc import Sequence
from datetime import datetime

from medsettle.wire.reasons import Reason
from medsettle.wire.states import Event, SaleState
from medsettle_gateway.domain.calendar import day_ends_at, next_business_on
from medsettle_gateway.domain.counters import CounterKey
from medsettle_gateway.domain.keys import AnyKey, Facts, LaterSalesKey, MaskedNameKey, SaleKey
from medsettle_gateway.domain.plain import to_plain
from medsettle_gateway.domain.sale import SaleRecord
from medsettle_gateway.domain.transitions import changes, plain
from medsettle_gateway.ledger.transition import By, moves_of
from medsettle_gateway.service.change import moved, tombstone
from medsettle_gateway.service.commands import Release, Reverse, SaleAnswer, Seal
from medsettle_gateway.service.desk import Decision, Now
from medsettle_gateway.service.guards import check_right, right_keys
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
    return (*keys, _later_key(sale, now))


def _later_key(sale: SaleRecord, now: Now) -> LaterSalesKey:
    return LaterSalesKey(
        sale.member or "", sale.calculated_at or sale.created_at, now.desk.rules.later_sales_count
    )


def decide(command: Undo, facts: Facts, now: Now) -> Decision:
    """Ends a hold, reverses a settled sale, seals an unknown id, and answers any other as it stands.

    Raises Refused where the caller's right has ended since the request arrived.
    """
    event = event_of(command)
    sale = facts.of(SaleKey(command.request_id.text))
    if sale is None:
        check_right(command.caller, facts, now.at)
        sealed = tombstone(command.request_id, event, command.operator, command.requested_at, now.at)
        return Decision(SaleAnswer(sealed, ""), moves_of(SaleState.ABSENT, sealed, _by(command)))
    name = facts.of(MaskedNameKey(sale.member)) if sale.member else ""
    if not changes(sale.state, event):
        return Decision(SaleAnswer(sale, name))
    check_right(command.caller, facts, now.at)
    if sale.state is SaleState.SETTLED:
        if now.at >= reversible_until(sale):
            until = reversible_until(sale).isoformat()
            return Decision(unrecorded(Reason.REVERSE_TOO_LATE, command.request_id.text, until=until))
        undone = _reversed(command, sale, facts, now)
    else:
        undone = moved(sale, event, plain(sale.state, event), now.at)
    return Decision(SaleAnswer(undone, name), moves_of(sale.state, undone, _by(command)))


def reversible_until(sale: SaleRecord) -> datetime:
    """Returns the end of the business day after the one on which the sale was settled, exclusive."""
    if sale.settled_on is None:
        msg = f"{sale.request_id} was never settled"
        raise AssertionError(msg)
    return day_ends_at(next_business_on(sale.settled_on))


def _reversed(command: Undo, sale: SaleRecord, facts: Facts, now: Now) -> SaleRecord:
    return moved(
        sale,
        Event.REVERSE,
        plain(sale.state, Event.REVERSE),
        now.at,
        reverse_reason=command.reason if isinstance(command, Reverse) else "",
        recompute_due=_recompute_due(sale, facts.of(_later_key(sale, now))),
    )


def _recompute_due(sale: SaleRecord, later: tuple[SaleRecord, ...]) -> tuple[str, ...]:
    """Later sales whose calculation read a counter that this one had moved, or a drug that it handed out."""
    effect = sale.effect
    if effect is None:
        return ()
    moved_keys = [delta.key for delta in effect.counters]
    drugs = [to_plain(drug) for drug in effect.dispensed]
    return tuple(
        other.request_id.text
        for other in later
        if other.request_id.text != sale.request_id.text
        and (_reads(other, moved_keys) or _looks_at(other, drugs))
    )


def _reads(sale: SaleRecord, keys: Sequence[CounterKey]) -> bool:
    """Some counters have no limit that a remainder tells of: the stored input has them."""
    listed = [list(key) for key in keys]
    return any(
        any(left.key in keys for left in settlement.remainders)
        or any(counter[:3] in listed for counter in settlement.case_input.get("counters", ()))
        for settlement in sale.settlements
    )


def _looks_at(sale: SaleRecord, drugs: Sequence[object]) -> bool:
    return any(
        drug in drugs for settlement in sale.settlements
        for drug in settlement.case_input.get("dispensed", ())
    )


def _by(command: Undo) -> By:
    reason = command.reason if isinstance(command, Reverse) else ""
    return By(command.caller.terminal, command.operator, reason)
