"""The receipt as text, for printers of 32 and 48 columns: who pays, from what, and why.

Pure functions of the SDK's models, in Chinese or English; a Chinese character takes two columns.
``verify_token`` checks the signed token of a receipt offline.
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import Final

from medsettle import _receipt_settlement as settled
from medsettle import _receipt_words as words
from medsettle._found import found
from medsettle._paper import Paper
from medsettle._receipt_token import ReceiptFacts, ReceiptInvalidError, check_code, verify_token
from medsettle._refused_lines import steps, told
from medsettle.models import Difference, Refusal, Sale, SaleCard, SaleState
from medsettle.till_reasons import TillReason
from medsettle.wire.called import yuan
from medsettle.wire.states import Outcome, outcome_of

__all__ = [
    "NARROW", "WIDE", "Language", "ReceiptFacts", "ReceiptInvalidError", "check_code", "render",
    "render_card", "verify_token", "yuan",
]

NARROW: Final = 32
WIDE: Final = 48
_COLUMNS_MIN: Final = 24


class Language(StrEnum):
    """Of the words on paper; names of items and benefits are as the gateway has them."""

    ZH = "zh"
    EN = "en"


def render(
    sale: Sale, *, institution_name: str = "", columns: int = NARROW,
    language: Language | str = Language.ZH,
) -> str:
    """Returns the receipt of a sale in any state, its lines at most ``columns`` wide.

    A sale with View.FULL shows its lines, the year's remainders and the why. What is settled names
    each payer, of every benefit and of all together, and what may be applied for afterwards; what was
    refused, sealed or released says that nothing was charged; an open sale that it is not known yet.
    Raises ValueError for fewer than 24 columns.
    """
    paper = _paper(columns, language)
    return "\n".join([*_sale(paper, sale, institution_name), ""])


def render_card(
    card: SaleCard, *, institution_name: str = "", columns: int = NARROW,
    language: Language | str = Language.ZH,
) -> str:
    """Returns the receipt of a card: the sale's, and for one that is open or not paid what to say and do.

    Raises ValueError for fewer than 24 columns.
    """
    paper = _paper(columns, language)
    if card.outcome is Outcome.PAID and card.sale is not None:
        return render(card.sale, institution_name=institution_name, columns=columns, language=language)
    return "\n".join([*_card(paper, card, institution_name), ""])


def _paper(columns: int, language: Language | str) -> Paper:
    if columns < _COLUMNS_MIN:
        raise ValueError(f"纸宽至少{_COLUMNS_MIN}列。 A receipt needs {_COLUMNS_MIN} columns, not {columns}.")
    return Paper(columns, 0 if Language(language) is Language.ZH else 1)


def _sale(paper: Paper, sale: Sale, institution_name: str) -> Iterator[str]:
    title = words.TITLES.get(sale.state, words.OPEN_TITLE)
    yield from paper.head(title, institution_name or sale.institution)
    yield from _identity(paper, sale)
    if outcome_of(sale.state) is Outcome.OPEN:
        yield from paper.text(words.OPEN_NOTE)
    if sale.state in {SaleState.SETTLED, SaleState.REVERSED, SaleState.HELD} and sale.settlements:
        yield from _settlements(paper, sale)
    if sale.difference is not None and sale.state == SaleState.SETTLED:
        yield from _returned(paper, sale, sale.difference)
    if sale.state in words.NOTES:
        yield paper.rule()
        yield from paper.text(words.NOTES[sale.state])
    if sale.state == SaleState.REVERSED:
        yield from _given_back(paper, sale)
    if sale.refusal is not None:
        yield from _refusal(paper, sale.refusal, sale)
    if sale.receipt_token and sale.state == SaleState.SETTLED:
        yield paper.rule()
        yield from paper.row(words.CHECK_CODE, check_code(sale.receipt_token))
    yield paper.double()


def _settlements(paper: Paper, sale: Sale) -> Iterator[str]:
    """Who pays; and, for what was not undone, what is left of the year and why."""
    for each in sale.settlements:
        yield from settled.settlement(paper, each)
    if sale.state == SaleState.REVERSED:
        return
    yield from settled.whole(paper, sale.settlements)
    yield from settled.remainders(paper, sale.settlements)
    for each in sale.settlements:
        yield from settled.why(paper, each, of_several=len(sale.settlements) > 1)
    if not any(each.trace for each in sale.settlements):
        for advisory in sale.advisories:
            yield from paper.text((advisory.zh, advisory.en))


def _card(paper: Paper, card: SaleCard, institution_name: str) -> Iterator[str]:
    lost = card.refusal is not None and card.refusal.reason == TillReason.PAID_SALE_LOST
    if card.sale is not None and card.outcome is not Outcome.OPEN and not lost:
        yield from _sale(paper, card.sale, institution_name)
    else:
        title = words.OPEN_TITLE if card.outcome is Outcome.OPEN else words.NO_CHARGE_TITLE
        title = words.LOST_TITLE if lost else title
        yield from paper.head(title, institution_name)
        if card.request_id:
            yield from paper.row(words.TICKET, card.request_id)
        if card.refusal is not None:
            yield from _why(paper, card.refusal)
        yield from paper.text((card.tell_zh, card.tell_en))
    if card.refund_due_fen:
        yield from paper.amount(words.REFUND_DUE, card.refund_due_fen)
    if card.sale is None or card.sale.refusal is None or card.sale.refusal.next_zh != card.next_zh:
        yield from _next(paper, card.next_zh, card.next_en)


def _identity(paper: Paper, sale: Sale) -> Iterator[str]:
    yield from paper.row(words.TICKET, sale.request_id)
    if sale.service_on is not None:
        yield from paper.row(words.SERVICE_DAY, sale.service_on.isoformat())
    if sale.masked_name:
        yield from paper.row(words.PATIENT, sale.masked_name)


def _returned(paper: Paper, sale: Sale, back: Difference) -> Iterator[str]:
    """Of a return: which sale it is left of, and what went back to each payer."""
    yield paper.rule()
    yield from paper.row(words.REPLACES, sale.replaces)
    yield from paper.text(words.BACK)
    for label, amount in settled.going_back(back, sale.settlements):
        yield from paper.amount(label, amount, indent=2)


def _refusal(paper: Paper, refusal: Refusal, sale: Sale) -> Iterator[str]:
    yield from _why(paper, refusal, sale)
    for zh, en in steps(refusal) or [(refusal.next_zh, refusal.next_en)]:
        yield from _next(paper, zh, en)


def _why(paper: Paper, refusal: Refusal, sale: Sale | None = None) -> Iterator[str]:
    for pair in told(refusal) or [(refusal.zh, refusal.en)]:
        yield from paper.text(pair)
    for finding in found(refusal, sale):
        yield from paper.text((finding.zh, finding.en), indent=2)


def _next(paper: Paper, zh: str, en: str) -> Iterator[str]:
    if paper.word((zh, en)):
        yield from paper.text((words.NEXT[0] + zh, words.NEXT[1] + en))


def _given_back(paper: Paper, sale: Sale) -> Iterator[str]:
    parts = [each.breakdown for each in sale.settlements]
    if any(sum(part.funds.values()) + part.personal_fen - part.cash_fen for part in parts):
        yield from paper.text(words.SHARES_BACK)
    if any(part.cash_fen for part in parts):
        yield from paper.text(words.CASH_BACK)
