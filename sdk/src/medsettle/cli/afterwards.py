"""The commands about a sale that was begun: status, explain, reverse, release, seal, recover, refunded."""

from dataclasses import replace

from medsettle.checks import checked_reason
from medsettle.cli.at_till import answer, cash, configured, manned, open_till
from medsettle.cli.counter import Counter, UsageError
from medsettle.cli.exits import of_card
from medsettle.cli.parser import OPEN, PAID
from medsettle.errors import MedsettleError, till_error
from medsettle.explanation import COLUMNS, explain, explanation
from medsettle.models import Outcome, SaleCard
from medsettle.till import Till
from medsettle.till_reasons import TillReason
from medsettle.wire.reasons import Reason


def status(counter: Counter) -> int:
    """Shows where a sale stands. Returns 0 if it is paid, 1 if not, 3 if that is not known."""
    with open_till(counter, configured(counter)) as till:
        card = till.status(counter.arguments.request_id)
        answer(counter, till, card, paper=card.outcome is Outcome.PAID)
    return of_card(card)


def explained(counter: Counter) -> int:
    """Explains a sale; one that no answer has come of is shown as it is known. Returns as ``status``."""
    given = counter.arguments
    with open_till(counter, configured(counter)) as till:
        card = till.status(given.request_id)
        sale = card.sale
        if sale is None:
            answer(counter, till, card, paper=False)
        else:
            text = explain(sale, given.language, given.columns or COLUMNS)
            counter.answer(explanation(sale), lambda: counter.screen.show([text.rstrip("\n")]))
    return of_card(card)


def reverse(counter: Counter) -> int:
    """Undoes a sale. Returns 0 once it is undone, 3 if that is not known."""
    given = counter.arguments
    checked_reason(given.reason)
    with open_till(counter, manned(counter)) as till:
        _sure(counter, till)
        card = till.reverse(given.request_id, reason=given.reason)
        answer(counter, till, card, paper=True)
    return _done(card)


def release(counter: Counter) -> int:
    """Gives a hold up. Returns 0 once it is free, 3 if that is not known."""
    with open_till(counter, manned(counter)) as till:
        _sure(counter, till)
        card = till.release(counter.arguments.request_id)
        answer(counter, till, card, paper=False)
    return _done(card)


def seal(counter: Counter) -> int:
    """Makes sure that an id can no longer become a sale. Returns as ``status``."""
    with open_till(counter, manned(counter)) as till:
        card = till.seal(counter.arguments.request_id)
        answer(counter, till, card, paper=False)
    return of_card(card)


def recover(counter: Counter) -> int:
    """Ends what is open. Returns 0 if nothing is left to do, else 3: cash that is to be given back, too."""
    with open_till(counter, configured(counter)) as till:
        told = {card.request_id for card in till.open_sales() if card.outcome is Outcome.NOT_PAID}
        tender = cash(counter) if counter.interactive and not counter.wants_json else None
        cards = till.recover(tender)
        left = till.open_sales()
    shown = tuple(_once_more(card) if card.request_id in told else card for card in cards)
    counter.answer({"sales": cards}, lambda: _show_all(counter, shown))
    return OPEN if left else PAID


def refunded(counter: Counter) -> int:
    """Writes down that the cash part of a sale was given back. Returns 0."""
    with open_till(counter, configured(counter)) as till:
        card = till.cash_returned(counter.arguments.request_id)
        answer(counter, till, card, paper=False)
    return PAID


def _done(card: SaleCard) -> int:
    return OPEN if card.outcome is Outcome.OPEN else PAID


def _sure(counter: Counter, till: Till) -> None:
    """An id that nobody knows is sealed, not undone: a slip of the finger must not close a good ticket."""
    request_id = counter.arguments.request_id
    try:
        till.status(request_id)
    except MedsettleError as error:
        if error.reason != Reason.SALE_NOT_FOUND:
            raise
    else:
        return
    warning = (
        f"本机和网关都没有 {request_id} 这笔业务:继续只会封存该流水号。",
        f"Neither this till nor the gateway knows {request_id}: going on only seals that id.",
    )
    counter.complaints.show(warning)
    if counter.arguments.yes:
        return
    if counter.wants_json or not counter.interactive:
        raise UsageError(
            "请核对流水号;确要封存请加 --yes。", "Check the id; to seal it after all, add --yes."
        )
    if not counter.agrees("继续封存 seal it?"):
        raise till_error(TillReason.SALE_UNKNOWN, request_id=request_id)


def _once_more(card: SaleCard) -> SaleCard:
    """What was said before is no new order: it may have been done since."""
    en = card.next_en[:1].lower() + card.next_en[1:]
    return replace(card, next_zh=f"如尚未办理:{card.next_zh}", next_en=f"Unless it is done already: {en}")


def _show_all(counter: Counter, cards: tuple[SaleCard, ...]) -> None:
    if not cards:
        counter.screen.show(["没有未了结的业务。 Nothing is open."])
    for card in cards:
        counter.screen.card(card)
