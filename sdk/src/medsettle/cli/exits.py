"""What the command ends with, so that a script can tell what to do."""

from typing import Final

from medsettle.cli.parser import NOT_PAID, OPEN, PAID, TROUBLE, USAGE
from medsettle.errors import MedsettleError, OutcomeUnknownError, RefusedError, RequestError, error_class
from medsettle.models import Outcome, SaleCard
from medsettle.till_reasons import TillReason
from medsettle.wire.reasons import Reason

_OUTCOMES: Final[dict[Outcome, int]] = {
    Outcome.PAID: PAID, Outcome.NOT_PAID: NOT_PAID, Outcome.OPEN: OPEN,
}
_UNKNOWN: Final = frozenset({Reason.SALE_NOT_FOUND, TillReason.SALE_UNKNOWN})
_TICKET_IN_USE: Final = frozenset({
    TillReason.TICKET_BUSY, TillReason.TICKET_REUSED, TillReason.ATTEMPTS_USED_UP, Reason.TENDER_MISMATCH,
})
"""Well formed; it does not go with what was sold before."""


def of_card(card: SaleCard) -> int:
    """Returns 0 for a paid sale, 3 for an open one, 1 for one that is not paid.

    2 if nothing was sent because it was asked wrongly, 4 if the till or the gateway is in trouble.
    """
    if card.outcome is Outcome.NOT_PAID and card.request_id is None and card.refusal is not None:
        return of_reason(card.refusal.reason, error_class(card.refusal.reason))
    return _OUTCOMES[card.outcome]


def of_reason(reason: str, kind: type[MedsettleError]) -> int:
    """Returns 1 for what was refused, 2 for what was asked wrongly, 3 for what is not known, 4 for a till or
    a gateway in trouble.

    A sale that nobody knows is not known: its request may still be on its way.
    """
    if reason in _UNKNOWN or issubclass(kind, OutcomeUnknownError):
        return OPEN
    if issubclass(kind, RequestError):
        return NOT_PAID if reason in _TICKET_IN_USE else USAGE
    return NOT_PAID if issubclass(kind, RefusedError) else TROUBLE
