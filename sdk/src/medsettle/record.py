"""What the till knows of a sale, and what may happen to it: the values that ``sale`` works on."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from medsettle.models import CashState, Collect, Refusal, Split, Tendered


class Step(StrEnum):
    """What the till does: a call, or something with cash."""

    SETTLE = "SETTLE"
    SEAL = "SEAL"
    READ = "READ"
    CONFIRM = "CONFIRM"
    RELEASE = "RELEASE"
    REVERSE = "REVERSE"
    COLLECT_CASH = "COLLECT_CASH"
    REFUND_CASH = "REFUND_CASH"
    REFUND_AGAIN = "REFUND_AGAIN"
    """A refund was begun before: only a tender that pays back once an id is asked again."""
    TRACE_CASH = "TRACE_CASH"
    """A person finds out where the cash is; the till does nothing by itself."""


class Goal(StrEnum):
    """What the till wants of the sale."""

    SELL = "SELL"
    GIVE_UP = "GIVE_UP"
    """A hold is released; if the sale is settled after all, it stays so."""
    UNDO = "UNDO"


class Known(StrEnum):
    """What the till knows of the gateway's state, where that is none of ``SaleState``."""

    INTENDED = "INTENDED"
    """Journalled in this run; Settle may be sent."""
    UNSURE = "UNSURE"
    """Settle may have been sent; no valid answer."""
    FOREIGN = "FOREIGN"
    """The id stands for a sale with other content, by the gateway's signed word."""
    OTHER = "OTHER"
    """A state that this release does not know."""


@dataclass(frozen=True, slots=True)
class SaleRecord:
    """All that the till knows of a sale; the journal keeps it. It never holds a credential.

    ``fresh``: made in this run of the till. ``stale``: ``state`` may have changed since, by a call
    whose answer was lost or by time. ``version`` counts what was written, so that the journal takes no
    change that was made of an older one. ``tried`` and ``waiting`` are of the present pass only.
    """

    request_id: str
    run: str
    operator: str
    requested_at: datetime
    collect: Collect = Collect.LATER
    content: str = ""
    expected: Split | None = None
    cash_fen: int = 0
    cash: CashState = CashState.NOT_DUE
    tenders: tuple[Tendered, ...] = ()
    goal: Goal = Goal.SELL
    undo_reason: str = ""
    state: str = Known.INTENDED
    stale: bool = False
    fresh: bool = True
    refusal: Refusal | None = None
    version: int = 0
    tried: frozenset[Step] = frozenset()
    waiting: bool = False


@dataclass(frozen=True, slots=True)
class Answered:
    """A verified answer: where the sale stands now.

    ``elsewhere``: whether it was another till, or the operator, that undid it; None where nobody says so.
    """

    step: Step
    state: str
    cash_fen: int = 0
    refusal: Refusal | None = None
    elsewhere: bool | None = None


@dataclass(frozen=True, slots=True)
class Declined:
    """A verified refusal of a call that will not go through by sending it again."""

    step: Step
    refusal: Refusal
    code: str


@dataclass(frozen=True, slots=True)
class Unanswered:
    """The call may or may not have arrived: no answer, or none that is valid."""

    step: Step
    refusal: Refusal


@dataclass(frozen=True, slots=True)
class CashAsked:
    """Collecting begins; written before the patient or a provider is asked."""


@dataclass(frozen=True, slots=True)
class CashCollected:
    """The cash part is in the till, or with the provider."""

    tenders: tuple[Tendered, ...]


@dataclass(frozen=True, slots=True)
class CashFailed:
    """The cash part was not collected. ``sure`` false: a provider may still have taken it."""

    refusal: Refusal
    sure: bool


@dataclass(frozen=True, slots=True)
class CashRefunded:
    """The patient has the cash part back."""


@dataclass(frozen=True, slots=True)
class RefundAsked:
    """Giving back begins; written before the cashier or a provider is asked."""


@dataclass(frozen=True, slots=True)
class RefundFailed:
    """The patient does not have it back. ``cash``: where it is, as it was before the refund was asked
    for; REFUND_ASKED if he may have it after all.
    """

    cash: CashState


@dataclass(frozen=True, slots=True)
class Unwanted:
    """The till wants the sale undone, or only its hold released (``goal``).

    ``refusal``: what is wrong with it, if anything is.
    """

    reason: str
    refusal: Refusal | None = None
    goal: Goal = Goal.UNDO


@dataclass(frozen=True, slots=True)
class Reopened:
    """A new pass begins. ``same_run`` false: after a restart of the till. ``ask``: time has passed, so
    the gateway is asked where the sale stands before anything else.
    """

    same_run: bool
    ask: bool = True


@dataclass(frozen=True, slots=True)
class Replaced:
    """Part of the goods came back: another sale has what is left. ``back_fen``: cash for the patient."""

    back_fen: int


CashEvent: TypeAlias = (
    CashAsked | CashCollected | CashFailed | RefundAsked | CashRefunded | RefundFailed
)
Event: TypeAlias = Answered | Declined | Unanswered | CashEvent | Unwanted | Reopened | Replaced
