"""The receipt as text, for printers of 32 and 48 columns: who pays, from what, and why.

Pure functions of the SDK's models, in Chinese or English; a Chinese character takes two columns.
``verify_token`` checks the signed token of a receipt offline.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from medsettle import _receipt_words as words
from medsettle._columns import centre, row, width, wrap
from medsettle._receipt_token import ReceiptFacts, ReceiptInvalidError, check_code, verify_token
from medsettle.models import (
    AccountShare,
    Breakdown,
    LineBreakdown,
    Refusal,
    Remainder,
    Sale,
    SaleCard,
    SaleState,
    Settlement,
    TraceEntry,
)
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


def yuan(amount_fen: int) -> str:
    """Returns fen as yuan with two decimals: 12345 is 123.45."""
    sign = "-" if amount_fen < 0 else ""
    return f"{sign}{abs(amount_fen) // 100}.{abs(amount_fen) % 100:02d}"


def render(
    sale: Sale, *, institution_name: str = "", columns: int = NARROW,
    language: Language | str = Language.ZH,
) -> str:
    """Returns the receipt of a sale in any state, its lines at most ``columns`` wide.

    A sale with View.FULL shows its lines, the year's remainders and the why. What is settled names
    each payer; what was refused, sealed or released says that nothing was charged; an open sale
    says that it is not known yet. Raises ValueError for fewer than 24 columns.
    """
    paper = _paper(columns, language)
    return "\n".join([*paper.sale(sale, institution_name), ""])


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
    return "\n".join([*paper.card(card, institution_name), ""])


def _paper(columns: int, language: Language | str) -> "_Paper":
    if columns < _COLUMNS_MIN:
        raise ValueError(f"纸宽至少{_COLUMNS_MIN}列。 A receipt needs {_COLUMNS_MIN} columns, not {columns}.")
    return _Paper(columns, 0 if Language(language) is Language.ZH else 1)


@dataclass(frozen=True, slots=True)
class _Paper:
    """Lays a receipt out. ``tongue`` picks the word of a pair."""

    columns: int
    tongue: int

    def sale(self, sale: Sale, institution_name: str) -> Iterator[str]:
        yield from self._head(self._title(sale.state), institution_name or sale.institution)
        yield from self._identity(sale)
        if outcome_of(sale.state) is Outcome.OPEN:
            yield from self._text(words.OPEN_NOTE)
        if sale.state in {SaleState.SETTLED, SaleState.REVERSED, SaleState.HELD}:
            for settlement in sale.settlements:
                yield from self._settlement(settlement)
                if sale.state != SaleState.REVERSED:
                    yield from self._remainders(settlement)
                    yield from self._why(settlement)
        if sale.state in words.NOTES:
            yield from self._rule()
            yield from self._text(words.NOTES[sale.state])
        if sale.state == SaleState.REVERSED:
            yield from self._given_back(sale)
        if sale.refusal is not None:
            yield from self._refusal(sale.refusal)
        if sale.receipt_token and sale.state == SaleState.SETTLED:
            yield from self._rule()
            yield from self._row(words.CHECK_CODE, check_code(sale.receipt_token))
        yield self._double()

    def card(self, card: SaleCard, institution_name: str) -> Iterator[str]:
        if card.sale is not None and card.outcome is not Outcome.OPEN:
            yield from self.sale(card.sale, institution_name)
        else:
            title = words.OPEN_TITLE if card.outcome is Outcome.OPEN else words.NO_CHARGE_TITLE
            yield from self._head(title, institution_name)
            if card.request_id:
                yield from self._row(words.TICKET, card.request_id)
            if card.refusal is not None:
                yield from self._text((card.refusal.zh, card.refusal.en))
            yield from self._text((card.tell_zh, card.tell_en))
        if card.refund_due_fen:
            yield from self._row(words.REFUND_DUE, yuan(card.refund_due_fen))
        if card.sale is None or card.sale.refusal is None or card.sale.refusal.next_zh != card.next_zh:
            yield from self._next(card.next_zh, card.next_en)

    def _head(self, title: words.Pair, institution_name: str) -> Iterator[str]:
        yield self._double()
        for line in (*wrap(institution_name, self.columns), self._word(title)):
            yield centre(line, self.columns)
        yield self._double()

    def _identity(self, sale: Sale) -> Iterator[str]:
        yield from self._row(words.TICKET, sale.request_id)
        if sale.service_on is not None:
            yield from self._row(words.SERVICE_DAY, sale.service_on.isoformat())
        if sale.masked_name:
            yield from self._row(words.PATIENT, sale.masked_name)

    def _settlement(self, settlement: Settlement) -> Iterator[str]:
        yield from self._rule()
        title = (settlement.title_zh, settlement.title_en)
        yield from self._row(words.BENEFIT, self._word(title) or settlement.benefit)
        for line in settlement.lines:
            yield from self._line(line)
        yield from self._rule()
        yield from self._split(settlement.breakdown)

    def _remainders(self, settlement: Settlement) -> Iterator[str]:
        left = [remainder for remainder in settlement.remainders if remainder.left_fen is not None]
        if left:
            yield from self._rule()
        for remainder in left:
            yield from self._remainder(remainder)

    def _line(self, line: LineBreakdown) -> Iterator[str]:
        item_class = self._word(words.CLASSES.get(line.item_class, (line.item_class, line.item_class)))
        mark = f" [{item_class}]" if item_class else ""
        yield from row((line.name or line.item_code) + mark, yuan(line.amount_fen), self.columns)
        parts = [(label, amount) for name, label in words.PARTS.items() if (amount := getattr(line, name))]
        if len(parts) == 1 and parts[0][1] == line.amount_fen:
            yield from self._text((words.ALL_OF_IT[0].format(parts[0][0][0]),
                                   words.ALL_OF_IT[1].format(parts[0][0][1].lower())), indent=2)
            return
        for label, amount in parts:
            yield from self._row(label, yuan(amount), indent=2)

    def _split(self, breakdown: Breakdown) -> Iterator[str]:
        yield from self._row(words.TOTAL, yuan(breakdown.total_fen))
        for name, label in words.DIVISION.items():
            if amount := getattr(breakdown, name):
                yield from self._row(label, yuan(amount), indent=2)
        for fund, amount in breakdown.funds.items():
            yield from self._row(words.FUNDS.get(fund, (fund, fund)), yuan(amount))
        if breakdown.provider_borne_fen:
            yield from self._row(words.PROVIDER, yuan(breakdown.provider_borne_fen))
        for share in breakdown.accounts:
            yield from self._account(share)
        yield from self._row(words.CASH, yuan(breakdown.cash_fen))

    def _account(self, share: AccountShare) -> Iterator[str]:
        label = words.OWN_ACCOUNT if share.owner == "self" else words.FAMILY_ACCOUNT
        owner = words.OWNERS.get(share.owner, (share.owner, share.owner))
        named = self._word(words.NAMED).format(self._word(label), self._word(owner))
        yield from row(named, yuan(share.amount_fen), self.columns)
        yield from self._text((share.note_zh, share.note_en), indent=2)

    def _remainder(self, remainder: Remainder) -> Iterator[str]:
        label = self._word(words.LEFT.get(remainder.measure, (remainder.measure, remainder.measure)))
        yield from row(f"{remainder.period} {label}", yuan(remainder.left_fen or 0), self.columns)

    def _why(self, settlement: Settlement) -> Iterator[str]:
        told = [entry for entry in settlement.trace if self._worth_telling(entry, settlement)]
        if not told:
            return
        yield from self._rule()
        yield self._word(words.WHY)
        for number, entry in enumerate(told, 1):
            clause = f" ({words.clause(entry.clause)})" if entry.clause else ""
            lead = f"{number}. "
            sentence = self._word((entry.zh, entry.en))
            yield from wrap(lead + sentence + clause, self.columns, hanging=width(lead))

    def _worth_telling(self, entry: TraceEntry, settlement: Settlement) -> bool:
        """That a line is wholly in scope stands above; why nothing of it is self-paid does not."""
        plain = {(line.line_id, line.amount_fen) for line in settlement.lines
                 if line.in_scope_fen == line.amount_fen}
        return bool(self._word((entry.zh, entry.en))) and (entry.line_id, entry.amount_fen) not in plain

    def _refusal(self, refusal: Refusal) -> Iterator[str]:
        yield from self._text((refusal.zh, refusal.en))
        yield from self._next(refusal.next_zh, refusal.next_en)

    def _next(self, zh: str, en: str) -> Iterator[str]:
        if self._word((zh, en)):
            yield from self._text((words.NEXT[0] + zh, words.NEXT[1] + en))

    def _given_back(self, sale: Sale) -> Iterator[str]:
        parts = [settlement.breakdown for settlement in sale.settlements]
        if any(sum(part.funds.values()) + part.personal_fen - part.cash_fen for part in parts):
            yield from self._text(words.SHARES_BACK)
        if any(part.cash_fen for part in parts):
            yield from self._text(words.CASH_BACK)

    def _title(self, state: str) -> words.Pair:
        return words.TITLES.get(state, words.OPEN_TITLE)

    def _row(self, label: words.Pair, value: str, indent: int = 0) -> list[str]:
        word = self._word(label)
        if width(word) + width(value) + indent >= self.columns:
            return [*wrap(word, self.columns, indent), *wrap(value, self.columns, indent + 1)]
        return row(word, value, self.columns, indent)

    def _text(self, pair: words.Pair, indent: int = 0) -> list[str]:
        return wrap(self._word(pair), self.columns, indent)

    def _rule(self) -> Iterator[str]:
        yield "-" * self.columns

    def _double(self) -> str:
        return "=" * self.columns

    def _word(self, pair: words.Pair) -> str:
        return pair[self.tongue]
