"""The whole sale in one script: quote, show, hold, collect, confirm; undone in order if anything fails."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from medsettle._arguments import fitting_show, fitting_tender
from medsettle._desk import questions
from medsettle._desk.cards import card_busy, card_not_sent, card_of
from medsettle._desk.desk import Desk
from medsettle._desk.driving import Asked, Pass
from medsettle._desk.effects import Consult, Note, Script
from medsettle._desk.records import attempt_for, content_of, first_id, last_sale, new_record, reopened
from medsettle._desk.selling import ticket_name
from medsettle.checks import (
    checked_acknowledgements,
    checked_basket,
    checked_credential,
    checked_operator,
)
from medsettle.errors import MedsettleError, refusal_of
from medsettle.models import Basket, Collect, Credential, Outcome, Quote, SaleCard
from medsettle.record import SaleRecord, Step
from medsettle.sale import outcome
from medsettle.tender import Tender
from medsettle.ticket import RequestId, Ticket
from medsettle.till_reasons import TillReason

_LOG: Final = logging.getLogger("medsettle")
_ALL: Final = frozenset(Step)


@dataclass(frozen=True, slots=True)
class Wish:
    """What a checkout is asked for. ``show`` is given the quote and says whether the patient agrees."""

    ticket: Ticket | str | int
    credential: Credential | str = field(repr=False)
    basket: Basket
    show: Callable[[Quote], Any]
    tender: Tender
    operator: str
    acknowledgements: Sequence[str] = ()


def checkout(desk: Desk, wish: Wish) -> Script[SaleCard]:
    """Does the whole sale. Ends in a card, whatever happens after the basket was found in order."""
    asked = Asked(
        checked_credential(wish.credential), checked_basket(wish.basket), None,
        checked_acknowledgements(wish.acknowledgements),
    )
    fitting_show(wish.show)
    fitting_tender(wish.tender)
    checked_operator(wish.operator)
    first = first_id(desk, wish.ticket)
    name = ticket_name(first)
    try:
        yield from desk.taken(name)
    except MedsettleError as error:
        return (yield from _card_of_first_click(desk, first, error))
    with desk.busy.giving(name):
        return (yield from _checkout(desk, wish, asked, first))


def _checkout(desk: Desk, wish: Wish, asked: Asked, first: RequestId) -> Script[SaleCard]:
    content = content_of(asked.basket)
    try:
        attempt = yield from attempt_for(desk, first, content)
        if isinstance(attempt, SaleRecord):
            return (yield from _second_click(desk, attempt, wish.tender))
        quote = yield from questions.quote(asked.credential, asked.basket, wish.operator)
    except MedsettleError as error:
        return card_not_sent(error.refusal)
    if (yield Consult(lambda: wish.show(quote))) is not True:
        return card_not_sent(refusal_of(TillReason.PATIENT_DECLINED), quote)
    collect = Collect.LATER if quote.split.cash_fen else Collect.NOW
    record = new_record(desk, attempt, content, quote.split, collect, wish.operator)
    asked = Asked(asked.credential, asked.basket, quote.quote_token or None, asked.acknowledgements)
    try:
        yield Note(lambda: desk.journal.begin(record))
    except MedsettleError as error:
        return card_not_sent(error.refusal, quote)
    return (yield from _to_the_end(Pass(desk, record, _ALL, asked, wish.tender, quote=quote)))


def _second_click(desk: Desk, record: SaleRecord, tender: Tender) -> Script[SaleCard]:
    """The ticket was sold, or is open: the same sale is finished, never another one begun."""
    work = Pass(desk, reopened(desk, record, ask=True), _ALL - {Step.SETTLE}, tender=tender)
    card = yield from _to_the_end(work)
    if card.sale is None:
        work.sale = yield from last_sale(desk, work.written)
        card = work.card()
    return card


def _to_the_end(work: Pass) -> Script[SaleCard]:
    """Drives to an outcome. If the till itself fails, the card says what the journal holds: OPEN, mostly."""
    try:
        yield from work.drive()
    except MedsettleError as error:
        return work.card(error.refusal)
    except Exception as error:  # noqa: BLE001 - the counter must have an answer to show
        _LOG.error("a sale was interrupted by %s", type(error).__name__)
        return work.card(refusal_of(TillReason.TILL_FAILED, request_id=work.written.request_id))
    return work.card()


def _card_of_first_click(desk: Desk, first: RequestId, busy: MedsettleError) -> Script[SaleCard]:
    """Whatever earlier attempts came to, the first click is still at it: nothing is said to have failed."""
    attempts = yield Note(lambda: desk.journal.attempts(first))
    if attempts and outcome(attempts[-1]) is not Outcome.NOT_PAID:
        return card_of(attempts[-1], desk.clock.now(), trouble=busy.refusal)
    return card_busy(busy.refusal, desk.clock.now())
