"""Time's part in a sale: a hold ends, and a day later nobody may confirm it any more.

What cannot be taken back waits for the tills' comparison after a restore with loss: one of them may have
confirmed the hold, and that be lost.
"""

from datetime import datetime, timedelta

from medsettle.wire.states import Event, SaleState
from medsettle_gateway.domain.ids import RequestId
from medsettle_gateway.domain.keys import AnyKey, Facts, SaleKey
from medsettle_gateway.domain.sale import SaleRecord
from medsettle_gateway.ledger.transition import By, moves_of
from medsettle_gateway.service import recovering
from medsettle_gateway.service.change import ended
from medsettle_gateway.service.commands import Expire, ExpireAnswer
from medsettle_gateway.service.desk import Decision, Now


def needs(command: Expire, known: Facts, now: Now) -> tuple[AnyKey, ...]:  # noqa: ARG001 - called alike
    """Returns what to load: the sale, and for whom a restore left what is open."""
    return recovering.keys(RequestId.parse(command.request_id), known)


def decide(command: Expire, facts: Facts, now: Now) -> Decision:
    """Frees an ended hold, gives an old one up, and leaves alone what is not due."""
    sale = facts.of(SaleKey(command.request_id))
    if sale is None:
        return Decision(ExpireAnswer(None))
    event = due_event(sale, now.at, now.desk.rules.late_confirm)
    if event is None:
        return Decision(ExpireAnswer(sale.state))
    after = ended(sale, event, now.at)
    if after.state is not SaleState.EXPIRED and recovering.awaited_by(sale, facts).tills_count:
        return Decision(ExpireAnswer(sale.state))
    return Decision(ExpireAnswer(after.state), moves_of(sale.state, after, By()))


def due_event(sale: SaleRecord, at: datetime, late_confirm: timedelta) -> Event | None:
    """Returns what time has brought about by the instant and nobody has done yet."""
    if sale.hold_expires_at is None:
        return None
    if sale.state is SaleState.HELD and at >= sale.hold_expires_at:
        return Event.HOLD_ENDED
    if sale.state is SaleState.EXPIRED and at >= sale.hold_expires_at + late_confirm:
        return Event.DAY_ENDED
    return None
