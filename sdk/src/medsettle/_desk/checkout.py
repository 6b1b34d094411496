"""The whole sale in one script: quote, show, hold, collect, confirm; undone in order if anything fails."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Final

from medsettle._arguments import fitting_show, fitting_tender
from medsettle._desk import questions
from medsettle._desk.cards import card_busy, card_not_sent, card_of
from medsettle._desk.desk import Desk
from medsettle._desk.driving import Asked, Pass, selling_with
from medsettle._desk.effects import Consult, Note, Script
from medsettle._desk.records import Click, attempt_for, begun, content_of, first_id, new_record, ticket_name
from medsettle._desk.selling import second_click
from medsettle.checks import (
    checked_acknowledgements,
    checked_basket,
    checked_operator,
    checked_warnings,
)
from medsettle.checks_patient import checked_credential, checked_proxy
from medsettle.errors import MedsettleError, refusal_of
from medsettle.models import (
    AcceptedWarning,
    Advisory,
    Basket,
    Collect,
    Credential,
    Outcome,
    Proxy,
    Quote,
    SaleCard,
    Verdict,
)
from medsettle.record import SaleRecord, Step
from medsettle.sale import outcome
from medsettle.tender import Tender
from medsettle.ticket import RequestId, Ticket
from medsettle.till_reasons import TillReason

_LOG: Final = logging.getLogger("medsettle")


@dataclass(frozen=True, slots=True)
class Wish:
    """What a checkout is asked for. ``show`` is given the quote and says whether the patient agrees,
    ``accept`` the warnings that nobody has accepted yet.
    """

    ticket: Ticket | str | int
    credential: Credential | str = field(repr=False)
    basket: Basket
    show: Callable[[Quote], Any]
    tender: Tender
    operator: str
    acknowledgements: Sequence[str] = ()
    proxy: Proxy | None = None
    eligibility_token: str | None = None
    accepted_warnings: Sequence[AcceptedWarning] = ()
    accept: Callable[[tuple[Advisory, ...]], Any] | None = None


def checkout(desk: Desk, wish: Wish) -> Script[SaleCard]:
    """Does the whole sale. Ends in a card, whatever happens after the basket was found in order."""
    asked = Asked(
        checked_credential(wish.credential), checked_basket(wish.basket), None,
        checked_acknowledgements(wish.acknowledgements), proxy=checked_proxy(wish.proxy),
        accepted_warnings=checked_warnings(wish.accepted_warnings),
    )
    asked = replace(
        asked, eligibility_token=questions.binding_for(desk, asked.credential, wish.eligibility_token)
    )
    checked_operator(wish.operator)
    fitting_show(wish.show)
    if wish.accept is not None:
        fitting_show(wish.accept, "accept")
    fitting_tender(wish.tender)
    first = first_id(desk, wish.ticket)
    name = ticket_name(first)
    try:
        yield from desk.taken(name)
    except MedsettleError as error:
        return (yield from _card_of_first_click(desk, first, _click(asked), error))
    with desk.busy.giving(name):
        return (yield from _checkout(desk, wish, asked, first))


def _click(asked: Asked) -> Click:
    return Click(asked.credential, content_of(asked.basket))


def _checkout(desk: Desk, wish: Wish, asked: Asked, first: RequestId) -> Script[SaleCard]:
    click = _click(asked)
    performs = selling_with(wish.tender)
    try:
        attempt = yield from attempt_for(desk, first, click)
        if isinstance(attempt, SaleRecord):
            again = second_click(desk, attempt, performs - {Step.SETTLE}, wish.tender)
            return (yield from _to_the_end(again, again.drive_again()))
        quote = yield from questions.quote(
            desk, asked.credential, asked.basket, wish.operator, asked.eligibility_token,
            proxied=asked.proxy is not None,
        )
    except MedsettleError as error:
        return error.card or card_not_sent(error.refusal)
    if (yield Consult(lambda: wish.show(quote))) is not True:
        return card_not_sent(refusal_of(TillReason.PATIENT_DECLINED), quote)
    warned = _open_warnings(quote, asked.accepted_warnings)
    if wish.accept is not None and warned:
        accepted = yield Consult(partial(wish.accept, warned))
        asked = replace(asked, accepted_warnings=(*asked.accepted_warnings, *checked_warnings(accepted)))
        if _open_warnings(quote, asked.accepted_warnings):
            return card_not_sent(refusal_of(TillReason.WARNING_NOT_ACCEPTED), quote)
    collect = Collect.LATER if quote.split.cash_fen else Collect.NOW
    record = new_record(desk, attempt, click.content, quote.split, collect, wish.operator)
    asked = replace(asked, quote_token=quote.quote_token or None)
    try:
        yield from begun(desk, record, asked.credential)
    except MedsettleError as error:
        return card_not_sent(error.refusal, quote)
    work = Pass(desk, record, performs, asked, wish.tender, quote=quote)
    return (yield from _to_the_end(work, work.drive()))


def _open_warnings(quote: Quote, accepted: Sequence[AcceptedWarning]) -> tuple[Advisory, ...]:
    codes = {each.code for each in accepted}
    return tuple(
        each for each in quote.advisories if each.verdict is Verdict.WARN and each.code not in codes
    )


def _to_the_end(work: Pass, drive: Script[None]) -> Script[SaleCard]:
    """Drives to an outcome. If the till itself fails, the card says what the journal holds: OPEN, mostly."""
    try:
        with work.desk.clicks.staying(work.written.request_id):
            yield from drive
    except MedsettleError as error:
        return work.card(error.refusal)
    except Exception as error:  # noqa: BLE001 - the counter must have an answer to show
        _LOG.error("a sale was interrupted by %s", type(error).__name__)
        return work.card(refusal_of(TillReason.TILL_FAILED, request_id=work.written.request_id))
    return work.card()


def _card_of_first_click(
    desk: Desk, first: RequestId, click: Click, busy: MedsettleError
) -> Script[SaleCard]:
    """Whatever earlier attempts came to, the first click is still at it: nothing is said to have failed."""
    attempts = yield Note(lambda: desk.journal.attempts(first))
    if attempts and outcome(attempts[-1]) is Outcome.OPEN:
        last = attempts[-1]
        if click.is_for(last) and desk.clicks.is_of(last.request_id, click.credential):
            return card_of(last, desk.clock.now(), trouble=busy.refusal)
    return card_busy(busy.refusal, desk.clock.now())
