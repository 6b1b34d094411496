"""Which record a ticket or a request id stands for: a new one, the last one, or one to be asked for."""

from dataclasses import dataclass, replace
from datetime import date, datetime

from medsettle._arguments import fitting
from medsettle._desk.cards import card_of, card_of_another
from medsettle._desk.desk import Desk
from medsettle._desk.effects import Note, Script
from medsettle._exchange import answering, asking
from medsettle._exchange.answering import UnreadableError
from medsettle._exchange.signed import OK
from medsettle.errors import RefusedError, RequestError, refusal_of, request_error
from medsettle.models import Basket, CashState, Collect, Credential, Outcome, Sale, Split
from medsettle.record import Known, Reopened, SaleRecord
from medsettle.sale import apply, is_closed, outcome
from medsettle.ticket import RequestId, Ticket, china_day
from medsettle.till_reasons import TillReason
from medsettle.wire.calls import LIST_SALES
from medsettle.wire.reasons import Reason
from medsettle.wire.signing import digest


@dataclass(frozen=True, slots=True)
class Click:
    """What a click asks for. ``expected`` and ``collect`` None: nothing was shown yet."""

    credential: Credential
    content: str
    expected: Split | None = None
    collect: Collect | None = None

    def is_for(self, record: SaleRecord) -> bool:
        """Returns whether goods, amounts and the time of collecting are those of the sale."""
        expected, shown = self.expected, record.expected
        same_split = expected is None or shown is None or expected.same_as(shown)
        return self.content == record.content and same_split and self.collect in (None, record.collect)


def content_of(basket: Basket) -> str:
    """Returns the fingerprint of what is bought: two clicks on one ticket have the same."""
    return digest(asking.basket(basket))


def first_id(desk: Desk, ticket: Ticket | str | int) -> RequestId:
    """Returns the first attempt of a ticket of this till, today's unless it names its day."""
    named = ticket if isinstance(ticket, Ticket) else Ticket(ticket)
    fitting("ticket.on", named.on, date | None)
    on = named.on or china_day(desk.clock.now())
    return RequestId.first(desk.config.terminal, on, named.number)


def attempt_for(desk: Desk, first: RequestId, click: Click) -> Script[RequestId | SaleRecord]:
    """Returns the id of a new attempt, or the record of the one that a second click means.

    Raises RequestError: TICKET_REUSED if the ticket stands for another credential, other goods or
    amounts, ATTEMPTS_USED_UP; RefusedError: REFUND_FIRST while cash of an attempt is not given back.
    """
    attempts = yield Note(lambda: desk.journal.attempts(first))
    if not attempts:
        return first
    last: SaleRecord = attempts[-1]
    if outcome(last) is Outcome.NOT_PAID and last.state != Known.FOREIGN:
        for each in attempts:
            if outcome(each) is Outcome.NOT_PAID and not is_closed(each):
                raise _refund_first(desk, each)
        return RequestId.parse(last.request_id).next_attempt()
    if not click.is_for(last) or (
        desk.clicks.knows(last.request_id) and not desk.clicks.is_of(last.request_id, click.credential)
    ):
        refusal = refusal_of(TillReason.TICKET_REUSED, request_id=last.request_id)
        raise RequestError(refusal, last.request_id, card_of_another(last, refusal, desk.clock.now()))
    return last


def _refund_first(desk: Desk, record: SaleRecord) -> RefusedError:
    refusal = refusal_of(TillReason.REFUND_FIRST, request_id=record.request_id)
    return RefusedError(refusal, record.request_id, card_of(record, desk.clock.now(), trouble=refusal))


def begun(desk: Desk, record: SaleRecord, credential: Credential) -> Script[None]:
    """Writes the intent, and remembers whose it is for as long as the till runs."""
    desk.clicks.keep(record.request_id, credential)
    yield Note(lambda: desk.journal.begin(record))


def new_record(
    desk: Desk, request_id: RequestId, content: str, expected: Split, collect: Collect, operator: str
) -> SaleRecord:
    """Returns the intent of a sale."""
    if expected.cash_fen == 0:
        cash = CashState.NOT_DUE
    else:
        cash = CashState.COLLECTED if collect is Collect.NOW else CashState.NOT_ASKED
    return SaleRecord(
        request_id=str(request_id), run=desk.run, operator=operator, requested_at=_second(desk),
        collect=collect, content=content, expected=expected, cash_fen=expected.cash_fen, cash=cash,
    )


def record_for(desk: Desk, request_id: str, operator: str, *, ask: bool = False) -> Script[SaleRecord]:
    """Returns the record of a request id, reopened; for a sale that the journal does not hold, a new
    one that knows nothing yet: it may be another till's.

    Raises RequestError: NOT_YOURS for one of another institution, which could never be ended from here.
    """
    parsed = RequestId.parse(request_id)
    if parsed.institution != desk.config.institution:
        raise request_error(Reason.NOT_YOURS, request_id=str(parsed))
    found = yield Note(lambda: desk.journal.load(str(parsed)))
    if found is None or is_anothers(found):
        return SaleRecord(
            request_id=str(parsed), run=desk.run, operator=operator, requested_at=_second(desk),
            state=Known.UNSURE, fresh=False, version=found.version if found else 0,
        )
    return replace(reopened(desk, found, ask=ask), operator=operator or found.operator)


def ticket_name(request_id: RequestId | str) -> str:
    """Returns the id without its attempt: what one click at a time works on."""
    parsed = request_id if isinstance(request_id, RequestId) else RequestId.parse(request_id)
    return str(parsed).rpartition("-")[0]


def is_anothers(record: SaleRecord) -> bool:
    """Returns whether the id is an earlier sale's, and nothing of the click that met it is left to do."""
    return record.state == Known.FOREIGN and is_closed(record)


def reopened(desk: Desk, record: SaleRecord, *, ask: bool) -> SaleRecord:
    """Returns the record at the beginning of a new pass."""
    mine = record.run == desk.run and not desk.clicks.left(record.request_id)
    return apply(record, Reopened(same_run=mine, ask=ask))


def last_sale(desk: Desk, record: SaleRecord) -> Script[Sale | None]:
    """Returns the sale as the journal's latest evidence has it, if that is of the record's state."""
    proofs = yield Note(lambda: desk.journal.evidence(record.request_id))
    for proof in reversed(proofs):
        if proof.code != OK or proof.method == LIST_SALES.path:
            continue
        try:
            sale = answering.sale(proof.answer)
        except UnreadableError:
            continue
        return sale if sale.state == record.state else None
    return None


def _second(desk: Desk) -> datetime:
    """A whole millisecond, so that the journal and the wire have the same instant."""
    now = desk.clock.now()
    return now.replace(microsecond=now.microsecond // 1000 * 1000)
