"""Scripts that change no sale: eligibility, quote, list, probe, key rotation."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import TypeVar

from medsettle._arguments import fitting
from medsettle._desk.comparing import is_recovering
from medsettle._desk.desk import Desk, error_of
from medsettle._desk.effects import Ask, Note, Script
from medsettle._exchange import answering, asking, covering
from medsettle._exchange.answering import UnreadableError
from medsettle._exchange.covering import Rotated
from medsettle._exchange.signed import OK, Verdict
from medsettle.checks import checked_basket, checked_operator, checked_staying
from medsettle.checks_patient import checked_credential, checked_item_codes
from medsettle.errors import till_error
from medsettle.models import (
    Basket,
    Credential,
    Eligibility,
    KeyRotation,
    Line,
    Probe,
    Quote,
    Sale,
    SaleState,
)
from medsettle.ticket import RequestId
from medsettle.till_reasons import TillReason
from medsettle.wire import calls, signing

_T = TypeVar("_T")
PAGE_SIZE_MAX = 100


def answered(verdict: Verdict, read: Callable[[bytes], _T]) -> _T:
    """Returns what a valid answer says. Raises the error of anything else."""
    if not verdict.valid or verdict.code != OK:
        raise error_of(verdict)
    try:
        return read(verdict.body)
    except UnreadableError as error:
        raise till_error(TillReason.ANSWER_UNREADABLE, cause=str(error)) from error


def check_eligibility(
    desk: Desk, credential: Credential | str, *, benefit: str | None, as_of: date | None,
    prescription: str | None, item_codes: Sequence[str], operator: str,
) -> Script[Eligibility]:
    """Asks what the patient may have. What was said of today binds the quote and the sale that follow."""
    shown = checked_credential(credential)
    fitting("benefit", benefit, str | None)
    fitting("as_of", as_of, date | None)
    fitting("prescription", prescription, str | None)
    body = asking.eligibility(
        shown, benefit=benefit, as_of=as_of, prescription=prescription,
        item_codes=checked_item_codes(item_codes), operator=operator and checked_operator(operator),
    )
    verdict = yield Ask(calls.CHECK_ELIGIBILITY, body)
    found = answered(verdict, covering.eligibility)
    if as_of is None:
        desk.bindings.keep(shown, found)
    return found


def quote(
    desk: Desk, credential: Credential | str, basket: Basket, operator: str,
    eligibility_token: str | None = None, *, proxied: bool = False,
) -> Script[Quote]:
    """Asks what a sale would cost."""
    shown, bought = checked_credential(credential), checked_basket(basket)
    binding = binding_for(desk, shown, eligibility_token)
    fitting("proxied", proxied, bool)
    named = operator and checked_operator(operator)
    body = asking.quote(shown, bought, named, binding, proxied=proxied)
    verdict = yield Ask(calls.QUOTE, body)
    return answered(verdict, answering.quote)


def binding_for(desk: Desk, credential: Credential, given: str | None) -> str | None:
    """Returns the token of the check before: the one that is given, else what this till was told."""
    fitting("eligibility_token", given, str | None)
    return given or desk.bindings.of(credential, desk.clock.now())


def quote_return(request_id: str, stay: Sequence[Line], operator: str) -> Script[Quote]:
    """Asks what would be left of a sale, and what would go back."""
    named, basket = str(RequestId.parse(request_id)), checked_staying(stay)
    body = asking.quote_return(named, basket, operator and checked_operator(operator))
    verdict = yield Ask(calls.QUOTE, body)
    return answered(verdict, answering.quote)


def list_page(
    page_token: str, page_size: int, states: Sequence[str], terminal: str | None,
    service_from: date | None, service_to: date | None,
) -> Script[tuple[tuple[Sale, ...], str]]:
    """Asks for one page of the institution's sales, newest first."""
    fitting("page_size", page_size, int)
    fitting("states", states, Sequence[SaleState])
    fitting("terminal", terminal, str | None)
    fitting("service_from", service_from, date | None)
    fitting("service_to", service_to, date | None)
    body = asking.list_sales(
        page_size=max(1, min(page_size, PAGE_SIZE_MAX)), page_token=page_token, states=states,
        terminal=terminal, service_from=service_from, service_to=service_to,
    )
    verdict = yield Ask(calls.LIST_SALES, body)
    return answered(verdict, answering.sales_page)


def probe(desk: Desk) -> Script[Probe]:
    """Asks for a sale that cannot exist: the signed "not found" proves the way there and back."""
    began = desk.clock.monotonic()
    verdict: Verdict = yield Ask(calls.GET_SALE, asking.get_sale(f"{desk.config.terminal}-19700101-1-1"))
    round_trip_ms = round((desk.clock.monotonic() - began) * 1000)
    if not verdict.valid or verdict.evidence is None:
        raise error_of(verdict)
    if verdict.code not in (OK, "NOT_FOUND") and not is_recovering(verdict):
        raise error_of(verdict)
    middle_ms = desk.clock.now_ms() - desk.clock.offset_ms - round_trip_ms // 2
    return Probe(
        round_trip_ms, verdict.evidence.timestamp_ms - middle_ms, desk.keys.signer.key, verdict.evidence.key
    )


def rotate_key(desk: Desk) -> Script[KeyRotation]:
    """Registers a further key, or again the one whose registration was not answered."""
    old = desk.keys.signer
    new: signing.KeySigner = yield Note(lambda: desk.keys.next(signing.KeySigner.generate))
    proof = new.sign(
        signing.key_proof_statement(desk.config.audience, desk.config.terminal, new.key)
    )
    verdict = yield Ask(calls.ROTATE_KEY, asking.rotate_key(new.suite, new.public_key, proof))
    rotated: Rotated = answered(verdict, covering.rotated)
    if rotated.key != new.key:
        raise till_error(TillReason.ANSWER_UNREADABLE, cause="the gateway registered another key")
    yield Note(lambda: desk.keys.proven(new.key))
    return KeyRotation(rotated.key, rotated.not_after, old.key, rotated.old_not_after)
