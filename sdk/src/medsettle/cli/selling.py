"""The commands about sales: check, quote, sell, status, reverse, recover, refunded."""

from typing import Final

from medsettle.cli.counter import Counter, UsageError
from medsettle.cli.exits import of_card
from medsettle.cli.parser import OPEN, PAID
from medsettle.hooks import HookEvent, Sent
from medsettle.models import Outcome, Quote, SaleCard
from medsettle.receipt import render_card, yuan
from medsettle.tender import CashTender
from medsettle.till import Till
from medsettle.wire.calls import CALLS, Repeat

_MONEY_CALLS: Final = frozenset(call.method for call in CALLS if call.repeat is Repeat.SAME_ID)


def check(counter: Counter) -> int:
    """Shows what the patient may have. Returns 0."""
    credential = counter.credential()
    with _till(counter) as till:
        found = till.check_eligibility(credential)
    counter.answer(found, lambda: counter.screen.eligibility(found))
    return PAID


def quote(counter: Counter) -> int:
    """Shows what a sale would cost. Returns 0."""
    basket, credential = counter.basket(), counter.credential()
    with _till(counter) as till:
        quoted = till.quote(credential, basket, operator=counter.arguments.operator)
    counter.answer(quoted, lambda: counter.screen.quote(quoted))
    return PAID


def sell(counter: Counter) -> int:
    """Quotes, asks, settles and prints the receipt. Returns what ``exits`` says of the card."""
    given = counter.arguments
    if counter.wants_json and not given.yes:
        raise UsageError("--json 不提问,须同时给出 --yes。 With --json nobody is asked: give --yes too.")
    basket, credential = counter.basket(), counter.credential()
    with _till(counter) as till:
        card = till.checkout(
            given.ticket or till.next_number(), credential, basket, show=lambda q: _shown(counter, q),
            tender=_cash(counter), operator=given.operator, acknowledgements=given.acknowledge,
        )
        _answer(counter, till, card, paper=card.outcome is Outcome.PAID and not card.earlier)
    return of_card(card)


def status(counter: Counter) -> int:
    """Shows where a sale stands. Returns 0 if it is paid, 1 if not, 3 if that is not known."""
    with _till(counter) as till:
        card = till.status(counter.arguments.request_id)
        _answer(counter, till, card, paper=card.outcome is Outcome.PAID)
    return of_card(card)


def reverse(counter: Counter) -> int:
    """Undoes a sale. Returns 0 once it is undone, 3 if that is not known."""
    given = counter.arguments
    with _till(counter) as till:
        card = till.reverse(given.request_id, reason=given.reason, operator=given.operator)
        _answer(counter, till, card, paper=True)
    return OPEN if card.outcome is Outcome.OPEN else PAID


def recover(counter: Counter) -> int:
    """Ends what is open. Returns 0 if nothing is open any more, else 3."""
    with _till(counter) as till:
        tender = _cash(counter) if counter.interactive and not counter.wants_json else None
        cards = till.recover(tender)
    counter.answer({"sales": cards}, lambda: _show_all(counter, cards))
    return OPEN if any(card.outcome is Outcome.OPEN for card in cards) else PAID


def refunded(counter: Counter) -> int:
    """Writes down that the cash part of a sale was given back. Returns 0."""
    with _till(counter) as till:
        card = till.cash_returned(counter.arguments.request_id)
        _answer(counter, till, card, paper=False)
    return PAID


def _till(counter: Counter) -> Till:
    def see(event: HookEvent) -> None:
        if isinstance(event, Sent) and event.method in _MONEY_CALLS and event.request_id:
            counter.moved.append(event.request_id)

    return Till.open(counter.arguments.config, hooks=[see])


def _shown(counter: Counter, quoted: Quote) -> bool:
    """Nobody agrees to amounts that could not be shown."""
    if not counter.wants_json:
        counter.screen.quote(quoted)
    if counter.arguments.yes:
        return True
    return not counter.screen.dark and counter.agrees("患者同意 does the patient agree?")


def _cash(counter: Counter) -> CashTender:
    """With ``--yes`` the cash part counts as collected, and never as given back: nobody was asked."""

    def take(amount_fen: int) -> bool:
        question = f"已收现金 is the cash in the till: {yuan(amount_fen)}?"
        return bool(counter.arguments.yes) or counter.agrees(question)

    def give_back(amount_fen: int) -> bool:
        unasked = getattr(counter.arguments, "yes", False)
        return not unasked and counter.agrees(f"已退现金 was the cash given back: {yuan(amount_fen)}?")

    return CashTender(take, give_back)


def _answer(counter: Counter, till: Till, card: SaleCard, *, paper: bool) -> None:
    counter.answer(card, lambda: _show(counter, till, card, paper=paper))


def _show(counter: Counter, till: Till, card: SaleCard, *, paper: bool) -> None:
    counter.screen.card(card)
    if not paper:
        return
    text = render_card(
        card, institution_name=till.config.institution_name, language=counter.arguments.language,
        columns=counter.arguments.columns or till.config.columns,
    )
    counter.screen.show([text.rstrip("\n")])


def _show_all(counter: Counter, cards: tuple[SaleCard, ...]) -> None:
    if not cards:
        counter.screen.show(["没有未了结的业务。 Nothing is open."])
    for card in cards:
        counter.screen.card(card)
