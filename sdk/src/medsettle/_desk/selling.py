"""Scripts of single money calls: settle, confirm, release, reverse, seal, status."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from medsettle._arguments import fitting
from medsettle._desk.comparing import is_recovering
from medsettle._desk.desk import Desk, error_of
from medsettle._desk.driving import ASKING, Asked, Pass, ending_with, is_open
from medsettle._desk.effects import Ask, Note, Script
from medsettle._desk.questions import binding_for
from medsettle._desk.records import (
    Click,
    attempt_for,
    begun,
    content_of,
    first_id,
    is_anothers,
    last_sale,
    new_record,
    record_for,
    ticket_name,
)
from medsettle._exchange import asking
from medsettle.checks import (
    checked_acknowledgements,
    checked_basket,
    checked_operator,
    checked_reason,
    checked_split,
    checked_tenders,
    checked_warnings,
)
from medsettle.checks_patient import checked_credential, checked_proxy
from medsettle.errors import MedsettleError, OutcomeUnknownError, RefusedError, error_class, refusal_of
from medsettle.models import (
    AcceptedWarning,
    Basket,
    Collect,
    Credential,
    Outcome,
    Proxy,
    Refusal,
    Sale,
    SaleCard,
    SaleState,
    Split,
    Tendered,
)
from medsettle.record import CashCollected, Goal, Known, Reopened, SaleRecord, Step, Unwanted
from medsettle.sale import apply, outcome
from medsettle.tender import Tender
from medsettle.ticket import Ticket
from medsettle.till_reasons import TillReason
from medsettle.wire.calls import GET_SALE

_HOLDS: Final = frozenset({SaleState.HELD, SaleState.EXPIRED})
_ELSEWHERE: Final = frozenset({SaleState.PENDING, SaleState.UNDOING})
_GIVING_UP: Final = ASKING | {Step.RELEASE}
_UNDOING: Final = _GIVING_UP | {Step.REVERSE}


@dataclass(frozen=True, slots=True)
class Settling:
    """What a till is asked to settle, looked through."""

    ticket: Ticket | str | int
    asked: Asked
    expected: Split
    collect: Collect
    operator: str


def settling(  # noqa: PLR0913 - what Settle is asked with
    ticket: Ticket | str | int, credential: Credential | str, basket: Basket, *, expected: Split,
    collect: Collect, operator: str, quote_token: str | None, acknowledgements: Sequence[str],
    proxy: Proxy | None, eligibility_token: str | None, accepted_warnings: Sequence[AcceptedWarning],
) -> Settling:
    """Returns what to settle. Raises RequestError for what the gateway would not take."""
    asked = Asked(
        checked_credential(credential), checked_basket(basket), quote_token,
        checked_acknowledgements(acknowledgements), proxy=checked_proxy(proxy),
        eligibility_token=eligibility_token, accepted_warnings=checked_warnings(accepted_warnings),
    )
    fitting("collect", collect, Collect)
    fitting("quote_token", quote_token, str | None)
    fitting("eligibility_token", eligibility_token, str | None)
    return Settling(ticket, asked, checked_split(expected), collect, checked_operator(operator))


def settle(desk: Desk, what: Settling) -> Script[SaleCard]:
    """Charges or holds, once a ticket: a second click gets the first one's answer."""
    first = first_id(desk, what.ticket)
    name = ticket_name(first)
    yield from desk.taken(name)
    with desk.busy.giving(name):
        content, credential = content_of(what.asked.basket), what.asked.credential
        click = Click(credential, content, what.expected, what.collect)
        attempt = yield from attempt_for(desk, first, click)
        if isinstance(attempt, SaleRecord):
            work = second_click(desk, attempt, ASKING)
            yield from work.drive_again()
        else:
            record = new_record(desk, attempt, content, what.expected, what.collect, what.operator)
            yield from begun(desk, record, credential)
            asked = replace(
                what.asked, eligibility_token=binding_for(desk, credential, what.asked.eligibility_token)
            )
            work = Pass(desk, record, ASKING | {Step.SETTLE}, asked=asked)
            with desk.clicks.staying(record.request_id):
                yield from work.drive()
        return ended(work)


def second_click(
    desk: Desk, record: SaleRecord, performs: frozenset[Step], tender: Tender | None = None
) -> Pass:
    """Returns the pass of a click on a ticket that is sold or open: no other sale is begun.

    If the first click was an earlier run's, nobody knows whether it was the same patient's: it is ended
    as recovery ends it, and nothing is collected.
    """
    mine = desk.clicks.knows(record.request_id)
    again = apply(record, Reopened(same_run=mine))
    return Pass(desk, again, performs if mine else ending_with(tender), tender=tender, earlier=not mine)


def confirm(
    desk: Desk, request_id: str, tenders: Sequence[Tendered], operator: str
) -> Script[SaleCard]:
    """Says that the cash part is collected. Of another till's sale it is only asked where it stands: a seal
    would give up what an authority has not decided yet, and what is not confirmed is not this till's to end.
    """
    work = yield from _known(desk, request_id, operator, look_up_others=True)
    with desk.busy.giving(ticket_name(request_id)):
        if work.written.state == SaleState.SETTLED and work.written.goal is not Goal.UNDO:
            return work.card()
        if work.written.state not in _HOLDS or work.written.goal is not Goal.SELL:
            raise _not_allowed(work)
        paid = checked_tenders(tenders, work.written.cash_fen)
        yield from work.happened(CashCollected(paid))
        work.performs = ASKING | {Step.CONFIRM}
        yield from work.drive()
        return ended(work)


def release(desk: Desk, request_id: str, operator: str) -> Script[SaleCard]:
    """Gives a hold up. It does not undo a settled sale."""
    work = yield from _known(desk, request_id, operator)
    with desk.busy.giving(ticket_name(request_id)):
        if work.written.state == SaleState.SETTLED:
            raise _not_allowed(work)
        return (yield from _undone(work, Unwanted("released by the till", goal=Goal.GIVE_UP)))


def reverse(desk: Desk, request_id: str, reason: str, operator: str) -> Script[SaleCard]:
    """Undoes a sale, wherever it stands; but not one that was paid and that the gateway no longer has."""
    why = checked_reason(reason)
    work = yield from _known(desk, request_id, operator)
    with desk.busy.giving(ticket_name(request_id)):
        if work.missing and outcome(work.written) is Outcome.PAID:
            # It would only be sealed, as if it had never been sold.
            raise _by_reason(refusal_of(TillReason.PAID_SALE_LOST), work.card())
        return (yield from _undone(work, Unwanted(why)))


def seal(desk: Desk, request_id: str, operator: str) -> Script[SaleCard]:
    """Makes sure that an id whose fate is unknown can no longer become a sale."""
    work = yield from _known(desk, request_id, operator, ask=True)
    with desk.busy.giving(ticket_name(request_id)):
        card = work.card()
        return card if card.outcome is Outcome.NOT_PAID else ended(work)


def status(desk: Desk, request_id: str) -> Script[SaleCard]:
    """Looks a sale up. With the gateway away, the card is the journal's."""
    name = ticket_name(request_id)
    yield from desk.taken(name)
    with desk.busy.giving(name):
        record = yield from record_for(desk, request_id, "")
        work = Pass(desk, record, frozenset())
        if not (yield from _is_of_journal(desk, request_id)):
            yield from _look_up(work)
            return work.card()
        verdict, event, sale = yield from work.looked_up()
        if sale is not None and _is_news(sale, record) and (yield from work.carried_over(sale)):
            yield from work.happened(event, verdict)
        work.asked_in_vain, work.recovering = sale is None, is_recovering(verdict)
        work.sale = sale or (yield from last_sale(desk, work.written))
        trouble = None if sale or verdict.facts is None else verdict.facts.refusal
        return work.card(trouble if is_open(work.card()) else None)


def _is_news(sale: Sale, record: SaleRecord) -> bool:
    """What another sale under the id came to is nothing that the record of this one is told."""
    return record.state != Known.FOREIGN and (sale.state != record.state or record.stale)


def open_sales(desk: Desk) -> Script[tuple[SaleCard, ...]]:
    """Returns the cards of what is not closed, by the journal alone."""
    records = yield Note(desk.journal.unfinished)
    return tuple(Pass(desk, record, frozenset()).card() for record in records)


def ended(work: Pass) -> SaleCard:
    """Returns the card of a sale that is held or paid. Raises the error of any other end."""
    card = work.card()
    held = card.state in _HOLDS and not work.written.stale
    if card.outcome is Outcome.PAID or (is_open(card) and held):
        return card
    if is_open(card):
        refusal = card.refusal or refusal_of(TillReason.OUTCOME_UNKNOWN)
        raise OutcomeUnknownError(refusal, card.request_id, card)
    raise _refused(work, card)


def _known(
    desk: Desk, request_id: str, operator: str, *, ask: bool = False, look_up_others: bool = False
) -> Script[Pass]:
    """Takes the ticket and returns its record, having asked where the sale stands if that is not known."""
    name = ticket_name(request_id)
    checked_operator(operator)
    yield from desk.taken(name)
    try:
        record = yield from record_for(desk, request_id, operator, ask=ask)
        work = Pass(desk, record, ASKING)
        if look_up_others and not (yield from _is_of_journal(desk, request_id)):
            yield from _look_up(work)
        else:
            yield from work.drive_again()
    except BaseException:
        desk.busy.give(name)
        raise
    return work


def _is_of_journal(desk: Desk, request_id: str) -> Script[bool]:
    known = yield Note(lambda: desk.journal.load(request_id))
    return known is not None and not is_anothers(known)


def _look_up(work: Pass) -> Script[None]:
    """Asks where a sale stands that the journal does not hold, and tells the journal nothing of it."""
    request_id = work.written.request_id
    verdict = yield Ask(GET_SALE, asking.get_sale(request_id), request_id)
    event, work.sale = work.read(verdict)
    if work.sale is None:
        raise error_of(verdict, request_id)
    work.written = apply(work.written, event)


def _undone(work: Pass, wish: Unwanted) -> Script[SaleCard]:
    """The wish is in the journal first: if no answer comes now, recovery carries it out."""
    in_doubt = work.written.waiting and work.written.state not in _ELSEWHERE
    yield from work.happened(wish)
    if not in_doubt:
        work.performs = _GIVING_UP if wish.goal is Goal.GIVE_UP else _UNDOING
        yield from work.drive()
    card = work.card()
    if card.outcome is Outcome.NOT_PAID:
        return card
    if is_open(card):
        refusal = card.refusal or refusal_of(TillReason.OUTCOME_UNKNOWN)
        raise OutcomeUnknownError(refusal, card.request_id, card)
    if wish.goal is Goal.GIVE_UP:
        raise _not_allowed(work)
    raise _refused(work, card)


def _refused(work: Pass, card: SaleCard) -> MedsettleError:
    named = work.written.state == Known.FOREIGN and card.refusal is not None
    if not named and work.verdict is not None and work.verdict.facts is not None:
        error = error_of(work.verdict, card.request_id, card)
        return error if isinstance(error, RefusedError) else _by_reason(error.refusal, card)
    return _by_reason(card.refusal or refusal_of(TillReason.STEP_NOT_ALLOWED), card)


def _by_reason(refusal: Refusal, card: SaleCard) -> MedsettleError:
    return error_class(refusal.reason)(refusal, card.request_id, card)


def _not_allowed(work: Pass) -> MedsettleError:
    card = work.card()
    refusal = refusal_of(TillReason.STEP_NOT_ALLOWED, state=card.state or "unknown")
    return RefusedError(refusal, card.request_id, card)
