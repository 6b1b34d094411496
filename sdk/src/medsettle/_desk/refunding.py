"""The script of writing down that nothing is owed to the patient any more."""

from medsettle._desk.cards import as_noted
from medsettle._desk.desk import Desk, error_of
from medsettle._desk.driving import Pass, is_open
from medsettle._desk.effects import Ask, Note, Script
from medsettle._desk.records import is_anothers, record_for, ticket_name
from medsettle._exchange import asking
from medsettle.errors import MedsettleError, RefusedError, refusal_of, till_error
from medsettle.models import CashState, Outcome, SaleCard
from medsettle.record import CashRefunded, Declined
from medsettle.sale import may_be_due, outcome
from medsettle.ticket import RequestId
from medsettle.till_reasons import TillReason
from medsettle.wire.calls import GET_SALE


def cash_returned(desk: Desk, request_id: str) -> Script[SaleCard]:
    """Writes down that the patient has the cash part back; if that is written already, the card says so."""
    name = ticket_name(request_id)
    yield from desk.taken(name)
    with desk.busy.giving(name):
        known = yield Note(lambda: desk.journal.load(str(RequestId.parse(request_id))))
        if known is not None and known.cash is CashState.REFUNDED and outcome(known) is Outcome.NOT_PAID:
            return as_noted(Pass(desk, known, frozenset()).card())
        record = yield from record_for(desk, request_id, "")
        work = Pass(desk, record, frozenset())
        if known is None or is_anothers(known):
            raise (yield from _not_here(work))
        if not may_be_due(record):
            raise _not_due(work.card())
        yield from work.happened(CashRefunded())
        return work.card()


def _not_here(work: Pass) -> Script[MedsettleError]:
    """Why nothing can be written down of a sale that the journal does not hold: it is nobody's, or
    another till's.
    """
    request_id = work.written.request_id
    verdict = yield Ask(GET_SALE, asking.get_sale(request_id), request_id)
    event, _ = work.read(verdict)
    if isinstance(event, Declined):
        return error_of(verdict, request_id)
    return till_error(TillReason.SALE_UNKNOWN, request_id=request_id)


def _not_due(card: SaleCard) -> MedsettleError:
    reason = TillReason.STEP_NOT_ALLOWED if is_open(card) else TillReason.NOTHING_DUE
    refusal = refusal_of(reason, state=card.state or "unknown")
    return RefusedError(refusal, card.request_id, card)
