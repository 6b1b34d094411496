"""The sale's card: all that the till may say of a sale, and what to do next."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from medsettle.models.answered import Leg, Quote, Refusal, Sale
from medsettle.models.asked import Split, Tendered
from medsettle.wire.states import Outcome


class CashState(StrEnum):
    """Where the cash part stands, by the till's own journal."""

    NOT_DUE = "NOT_DUE"
    """The sale has no cash part."""
    NOT_ASKED = "NOT_ASKED"
    ASKED = "ASKED"
    """Collecting was begun, and how it ended is not in the journal."""
    COLLECTED = "COLLECTED"
    NOT_COLLECTED = "NOT_COLLECTED"
    """Collecting failed for certain: nothing was taken."""
    REFUND_ASKED = "REFUND_ASKED"
    """Giving it back was begun, and how that ended is not in the journal: a person finds out."""
    UNDONE_ELSEWHERE = "UNDONE_ELSEWHERE"
    """It was collected here, and the sale was then undone by another till or by time: whether the
    patient has it back is not in this journal, and a person finds out."""
    REFUNDED = "REFUNDED"


@dataclass(frozen=True, slots=True)
class SaleCard:
    """What is known of a sale, what to tell the patient, and what the cashier does next.

    ``outcome`` is PAID only if the gateway's signed SETTLED is in the till's journal, and NOT_PAID
    only with the gateway's signed word or if nothing was ever sent (``request_id`` is then None or
    ``state`` is). OPEN is shown as neither.

    ``legs`` has one entry a payer; its state is UNKNOWN where no signed answer says it.
    ``refund_due_fen`` is cash that the patient must get back; where that has to be found out first
    (``cash`` is ASKED, REFUND_ASKED or UNDONE_ELSEWHERE) it is 0, and ``next_zh`` says so. ``next_query_at``
    is when an open sale should be asked for again (``Till.recover``). ``sale`` is the latest verified
    answer. ``earlier``: the sale was made by an earlier click, perhaps another patient's; this one
    sent nothing, and nothing is collected or handed over for it.
    """

    request_id: str | None
    outcome: Outcome
    state: str | None
    tell_zh: str
    tell_en: str
    next_zh: str
    next_en: str
    legs: tuple[Leg, ...] = ()
    cash: CashState = CashState.NOT_DUE
    tenders: tuple[Tendered, ...] = ()
    refund_due_fen: int = 0
    expected: Split | None = None
    refusal: Refusal | None = None
    sale: Sale | None = None
    quote: Quote | None = None
    next_query_at: datetime | None = None
    earlier: bool = False
