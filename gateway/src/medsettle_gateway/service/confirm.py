"""Confirm: the cash part of a hold is collected. A late one settles only what was shown."""


from msgspec import structs

from medsettle.wire.reasons import Reason
from medsettle.wire.states import Event, SaleState
from medsettle_gateway.domain.errors import Refused
from medsettle_gateway.domain.keys import AnyKey, Facts, MaskedNameKey, SaleKey
from medsettle_gateway.domain.moves import Move
from medsettle_gateway.domain.sale import RefusalRecord, SaleRecord
from medsettle_gateway.domain.transitions import changes, refused
from medsettle_gateway.ledger.transition import By, moves_of
from medsettle_gateway.service.afresh import afresh, keys_afresh
from medsettle_gateway.service.authority import Decided
from medsettle_gateway.service.binding import carried
from medsettle_gateway.service.change import moved
from medsettle_gateway.service.commands import Confirm, SaleAnswer
from medsettle_gateway.service.desk import Decision, Now
from medsettle_gateway.service.guards import check_right, right_keys
from medsettle_gateway.service.recompute import after_confirmation, meanwhile_key
from medsettle_gateway.service.refused import unrecorded


def needs(command: Confirm, known: Facts, now: Now) -> tuple[AnyKey, ...]:
    """Returns what to load: the sale, and what was settled during its hold.

    For one whose hold has ended, today's balances and counters instead.
    """
    sale_key = SaleKey(command.request_id.text)
    sale = known.of(sale_key) if sale_key in known else None
    keys: tuple[AnyKey, ...] = (sale_key, *right_keys(command.caller))
    if sale is None or not sale.member:
        return keys
    keys += (MaskedNameKey(sale.member),)
    if sale.state is SaleState.HELD:
        return (*keys, meanwhile_key(sale, now))
    if sale.state is not SaleState.EXPIRED or sale.effect is None:
        return keys
    return (*keys, *keys_afresh(sale, now))


def decide(command: Confirm, facts: Facts, now: Now) -> Decision:
    """Settles a hold, calculates an ended one again, and answers any other sale as it stands.

    Raises Refused where the caller's right has ended since the request arrived.
    """
    sale = facts.of(SaleKey(command.request_id.text))
    state = sale.state if sale else SaleState.ABSENT
    reason = refused(state, Event.CONFIRM)
    if sale is None or reason is not None:
        return Decision(unrecorded(reason or Reason.SALE_NOT_FOUND, command.request_id.text))
    name = facts.of(MaskedNameKey(sale.member)) if sale.member else ""
    if not changes(state, Event.CONFIRM):
        return Decision(SaleAnswer(sale, name))
    check_right(command.caller, facts, now.at)
    due_fen = sale.split.cash_fen if sale.split else 0
    tendered_fen = sum(tender.amount_fen for tender in command.tenders)
    if tendered_fen != due_fen:
        detail = {"cash_fen": str(due_fen), "tendered_fen": str(tendered_fen)}
        return Decision(unrecorded(Reason.TENDER_MISMATCH, command.request_id.text, **detail))
    if state is not SaleState.EXPIRED:
        meanwhile = after_confirmation(sale, facts, now) if sale.member else ()
        return _settled(command, structs.replace(sale, recompute_due=meanwhile), name, (), now)
    settled, moves = _late(sale, facts, now)
    if settled is None:
        return _too_late(command, sale, name, now)
    return _settled(command, settled, name, moves, now)


def _settled(
    command: Confirm, sale: SaleRecord, name: str, moves: tuple[Move, ...], now: Now
) -> Decision:
    settled = moved(sale, Event.CONFIRM, SaleState.SETTLED, now.at, tenders=command.tenders)
    settled = structs.replace(settled, receipt_token=now.desk.receipts.issue(settled))
    return Decision(SaleAnswer(settled, name), (*moves, *moves_of(sale.state, settled, _by(command))))


def _too_late(command: Confirm, sale: SaleRecord, name: str, now: Now) -> Decision:
    refusal = RefusalRecord(Reason.CONFIRM_TOO_LATE, expected=sale.split)
    by = command.caller.terminal
    released = moved(sale, Event.CONFIRM, SaleState.RELEASED, now.at, refusal=refusal, undone_by=by)
    return Decision(SaleAnswer(released, name), moves_of(sale.state, released, _by(command)))


def _late(sale: SaleRecord, facts: Facts, now: Now) -> tuple[SaleRecord | None, tuple[Move, ...]]:
    """The sale as it would be now, if that is what was shown, with the moves of other holds that ended."""
    ends_at = (sale.hold_expires_at or sale.created_at) + now.desk.rules.late_confirm
    found = afresh(sale, facts, now)
    if found is None or not found.may_stand(sale) or now.at >= ends_at:
        return None, ()
    try:
        decided: Decided = now.desk.authority.again(sale, found.today)
    except Refused:
        return None, ()
    if decided.split != sale.split:
        return None, ()
    again = structs.replace(
        sale, settlements=decided.settlements, effect=carried(decided.effect, sale.effect),
        calculated_at=now.at,
    )
    return again, found.moves


def _by(command: Confirm) -> By:
    return By(command.caller.terminal, command.operator)
