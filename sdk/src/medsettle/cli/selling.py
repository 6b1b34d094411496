"""The commands before and of a sale: check, quote, sell, return."""

from dataclasses import fields

from medsettle.checks import checked_staying
from medsettle.cli.at_till import answer, cash, configured, manned, open_till
from medsettle.cli.counter import Counter, UsageError
from medsettle.cli.eligible import show_eligibility
from medsettle.cli.exits import of_card
from medsettle.cli.lines import line_of
from medsettle.cli.parser import PAID
from medsettle.errors import till_error
from medsettle.explanation import explain, explanation
from medsettle.models import Outcome, Quote
from medsettle.till_reasons import TillReason


def check(counter: Counter) -> int:
    """Shows what the patient may have. Returns 0."""
    given = counter.arguments
    config, credential = configured(counter), counter.credential()
    with open_till(counter, config) as till:
        found = till.check_eligibility(
            credential, benefit=given.benefit, as_of=given.on, prescription=given.prescription,
            item_codes=given.item, operator=given.operator,
        )
    counter.answer(found, lambda: show_eligibility(counter.screen, found))
    return PAID


def quote(counter: Counter) -> int:
    """Shows what a sale would cost, and with ``--why`` why. Returns 0."""
    config, basket = manned(counter), counter.basket()
    credential = counter.credential()
    with open_till(counter, config) as till:
        quoted = till.quote(credential, basket, eligibility_token=counter.arguments.eligibility_token)
    if counter.arguments.why:
        counter.answer(_with_explanation(quoted), lambda: _explained(counter, quoted))
    else:
        counter.answer(quoted, lambda: counter.screen.quote(quoted))
    return PAID


def _with_explanation(quoted: Quote) -> dict[str, object]:
    """The quote's own keys, and one more."""
    known = {each.name: getattr(quoted, each.name) for each in fields(quoted)}
    return {**known, "explanation": explanation(quoted)}


def _explained(counter: Counter, quoted: Quote) -> None:
    counter.screen.quote(quoted)
    counter.screen.show(["", explain(quoted, counter.arguments.language).rstrip("\n")])


def sell(counter: Counter) -> int:
    """Quotes, asks, settles and prints the receipt. Returns what ``exits`` says of the card."""
    given = counter.arguments
    if counter.wants_json and not given.yes:
        raise UsageError("--json 不提问,须同时给出 --yes。", "With --json nobody is asked: give --yes too.")
    config, basket, accepted = manned(counter), counter.basket(), counter.accepted()
    credential, proxy = counter.credential(), counter.proxy()
    with open_till(counter, config) as till:
        card = till.checkout(
            given.ticket or till.next_number(), credential, basket, show=lambda q: _shown(counter, q),
            tender=cash(counter), acknowledgements=given.acknowledge, proxy=proxy,
            eligibility_token=given.eligibility_token, accepted_warnings=accepted,
            accept=None if given.yes or not counter.interactive else counter.accept,
        )
        answer(counter, till, card, paper=card.outcome is Outcome.PAID and not card.earlier)
    return of_card(card)


def _shown(counter: Counter, quoted: Quote) -> bool:
    """Nobody agrees to amounts that could not be shown."""
    if not counter.wants_json:
        counter.screen.quote(quoted)
    if counter.arguments.yes:
        return True
    return not counter.screen.dark and counter.agrees("患者同意 does the patient agree?")


def return_goods(counter: Counter) -> int:
    """Shows what goes back, asks, and settles what stays. Returns what ``exits`` says of the card."""
    given = counter.arguments
    if counter.wants_json and not given.yes:
        raise UsageError("--json 不提问,须同时给出 --yes。", "With --json nobody is asked: give --yes too.")
    config, stay = manned(counter), checked_staying(tuple(map(line_of, given.lines)))
    with open_till(counter, config) as till:
        quoted = till.quote_return(given.request_id, stay.lines)
        if not _shown(counter, quoted):
            raise till_error(TillReason.PATIENT_DECLINED)
        card = till.return_goods(
            given.ticket or till.next_number(), given.request_id, stay.lines, expected=quoted.split,
            tender=cash(counter),
        )
        answer(counter, till, card, paper=card.outcome is Outcome.PAID)
    return of_card(card)
