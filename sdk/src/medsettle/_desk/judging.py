"""What an answer means for a sale: the gateway's to a call, and the tender's to what it was asked."""

from collections.abc import Callable
from typing import Final

from medsettle._desk.effects import Consult
from medsettle._exchange import answering
from medsettle._exchange.answering import UnreadableError
from medsettle._exchange.signed import OK, Verdict
from medsettle.checks import checked_tenders
from medsettle.errors import MedsettleError, refusal_of
from medsettle.models import CashState, LegKind, Sale
from medsettle.record import (
    Answered,
    CashCollected,
    CashFailed,
    Declined,
    Event,
    SaleRecord,
    Step,
    Unanswered,
)
from medsettle.tender import Collected, Tender
from medsettle.till_reasons import TillReason
from medsettle.wire import calls
from medsettle.wire.reasons import Code
from medsettle.wire.states import SaleState

_NO_DECISION: Final = calls.RETRYABLE | {Code.INTERNAL}
"""Refusals after which an earlier try may still have gone through."""
_CHARGED: Final = frozenset({SaleState.HELD, SaleState.SETTLED})


def event_of(
    step: Step, record: SaleRecord, verdict: Verdict, terminal: str
) -> tuple[Answered | Declined | Unanswered, Sale | None]:
    """Returns what a verdict means for the sale, and the sale as it was answered."""
    if verdict.valid and verdict.code == OK:
        try:
            sale = answering.sale(verdict.body)
            if sale.request_id != record.request_id:
                raise UnreadableError("the answer is about another sale")
        except UnreadableError as error:
            return Unanswered(step, refusal_of(TillReason.ANSWER_UNREADABLE, cause=str(error))), None
        elsewhere = sale.undone_by != terminal if sale.undone_by else None
        if sale.replaced_by:
            # Part of its cash is now the other sale's: only that one says how much goes back.
            elsewhere = True
        refusal = sale.refusal
        if record.state == SaleState.SETTLED and sale.state == SaleState.SEALED:
            refusal = refusal_of(TillReason.PAID_SALE_LOST)
        return Answered(step, sale.state, sale.amount_of(LegKind.CASH), refusal, elsewhere), sale
    facts = verdict.facts
    if facts is None:
        return Unanswered(step, refusal_of(TillReason.ANSWER_UNREADABLE)), None
    decided = verdict.code in Code.__members__ and verdict.code not in _NO_DECISION
    if verdict.valid and decided:
        return Declined(step, facts.refusal, verdict.code), None
    return Unanswered(step, facts.refusal), None


def charges_otherwise(record: SaleRecord, sale: Sale) -> bool:
    """Nobody is charged another amount than the one shown: such a sale is undone at once."""
    charged = sale.state in _CHARGED
    return charged and record.expected is not None and not sale.split().same_as(record.expected)


def cash_event(collected: object, cash_fen: int) -> Event:
    """Returns what a tender's answer means. Whatever is not well said may have been taken."""
    if not isinstance(collected, Collected):
        return not_collected(sure=False, cause="the tender gave no answer")
    if collected.state is not CashState.COLLECTED:
        sure = collected.state is CashState.NOT_COLLECTED
        return not_collected(sure=sure, zh=collected.zh, en=collected.en)
    try:
        return CashCollected(checked_tenders(collected.tenders, cash_fen))
    except MedsettleError as error:
        return CashFailed(error.refusal, sure=False)


def not_collected(*, sure: bool, **details: str) -> CashFailed:
    """Returns that the cash part was not collected; not ``sure``: it may have been."""
    said = {key: text for key, text in details.items() if text}
    reason = TillReason.CASH_NOT_COLLECTED if sure else TillReason.CASH_NOT_KNOWN
    return CashFailed(refusal_of(reason, **said), sure)


def asked_of(tender: Tender, work: Callable[[], object]) -> Consult:
    """Returns the question to a tender, away from the event loop if it says that it blocks."""
    return Consult(work, blocks=getattr(tender, "blocks", False) is True)
