"""The errors of the SDK, by what the till must do next.

::

    MedsettleError
    ├── RefusedError                show why; the sale did not move as asked
    │   ├── QuoteChangedError       show the new split, then settle the next attempt
    │   └── OtherSaleError          finish the sale that is named first
    ├── NotSentError                nothing reached the gateway: correct what is named
    │   ├── RequestError            the basket, ticket or call is wrong (cashier, vendor)
    │   ├── ConfigError             the configuration is wrong
    │   ├── TillUnusableError       the till is closed, or came over a fork: open a new one
    │   └── JournalError            repair the till's disk or file before money moves
    │       ├── JournalFullError
    │       ├── JournalDamagedError
    │       └── JournalLockedError
    ├── TerminalNotReadyError       enrol, unlock or correct the terminal, then do it again
    │   └── ClockError              set the till's clock
    ├── GatewayAwayError            nothing changed: try again later
    └── OutcomeUnknownError         the sale is OPEN: neither charge again nor call it failed; recover

``error_class`` maps each reason of the contract, and for reasons that this release does not know
each gRPC code. A ``RefusedError`` whose ``recorded`` is true proves that nothing was charged.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from medsettle.models import Breakdown, LineRefusal, Refusal, SaleCard, Split
from medsettle.till_reasons import TILL_REASONS, TillReason
from medsettle.wire.reasons import REASONS, Code, Reason


class MedsettleError(Exception):
    """What the SDK raises. ``str`` has both sentences, the next step, the reason and the request id.

    ``card`` is the sale's card, where the error is about a sale of this till.
    """

    def __init__(
        self, refusal: Refusal, request_id: str | None = None, card: SaleCard | None = None
    ) -> None:
        self.refusal = refusal
        self.request_id = request_id or refusal.details.get("request_id")
        self.card = card
        super().__init__(refusal, request_id, card)

    @property
    def reason(self) -> str:
        """Name of a ``Reason`` or ``TillReason``, or one that this release does not know."""
        return self.refusal.reason

    @property
    def recorded(self) -> bool:
        """Whether the refusal is recorded under the request id: a proof that nothing was charged."""
        return self.refusal.recorded

    @property
    def zh(self) -> str:
        """The sentence for the screen, in Chinese."""
        return self.refusal.zh

    @property
    def en(self) -> str:
        """The sentence for the screen, in English."""
        return self.refusal.en

    @property
    def next_zh(self) -> str:
        """What to do next, in Chinese."""
        return self.refusal.next_zh

    @property
    def next_en(self) -> str:
        """What to do next, in English."""
        return self.refusal.next_en

    @property
    def details(self) -> Mapping[str, str]:
        """Facts to act on, such as field, line, limit."""
        return self.refusal.details

    @property
    def lines(self) -> tuple[LineRefusal, ...]:
        """Each line of the basket that was refused for itself; none where it is not about lines."""
        return self.refusal.lines

    def __str__(self) -> str:
        """Both sentences, the next step, the reason, the facts, the lines and the request id."""
        facts = [self.reason]
        facts += [f"{key}={value}" for key, value in sorted(self.details.items()) if key != "request_id"]
        facts += [f"line {each.line_id}: {each.reason} {each.item_code}" for each in self.lines[1:]]
        if self.request_id:
            facts.append(f"request_id={self.request_id}")
        return f"{self.zh}{self.next_zh} {self.en} {self.next_en} [{', '.join(facts)}]"


class RefusedError(MedsettleError):
    """The gateway looked at it and said no. Show why; the sale stands as its card says."""


class QuoteChangedError(RefusedError):
    """The amounts differ from those shown; nothing was charged. Show ``now``, settle the next attempt."""

    expected: Split | None = None
    now: Split | None = None
    breakdown: Breakdown | None = None


class OtherSaleError(RefusedError):
    """Another sale stands in the way: finish ``other_request_id``, or acknowledge the duplicate."""

    other_request_id: str | None = None
    other_state: str | None = None
    other_created_at: datetime | None = None


class NotSentError(MedsettleError):
    """Nothing reached the gateway under this call. Correct what is named, then do it again."""


class RequestError(NotSentError):
    """The basket, the ticket or the call itself is wrong, by the till's or the gateway's check."""


class ConfigError(NotSentError):
    """The configuration cannot be used; ``details['key']`` names the key."""


class TillUnusableError(NotSentError):
    """The till is closed, or was carried over a fork."""


class JournalError(NotSentError):
    """The journal cannot be used, so no money moves."""


class JournalFullError(JournalError):
    """No room for another intent: the disk is full, or too many sales are open."""


class JournalDamagedError(JournalError):
    """The file fails its integrity check."""


class JournalLockedError(JournalError):
    """Another process, or another Till of this process, uses the journal."""


class TerminalNotReadyError(MedsettleError):
    """The gateway does not accept this terminal: enrol it, or have it unlocked."""


class ClockError(TerminalNotReadyError):
    """The till's clock stayed outside the window, though it was corrected once."""


class GatewayAwayError(MedsettleError):
    """The gateway did not answer, or is too busy. Nothing changed by this call; try again later."""


class OutcomeUnknownError(MedsettleError):
    """A money call went out and no valid answer came back: the sale is OPEN."""


_NOT_READY: Final = frozenset({
    Reason.SIGNATURE_MISSING, Reason.SIGNATURE_INVALID, Reason.NONCE_REPLAYED, Reason.TERMINAL_UNKNOWN,
    Reason.TERMINAL_SUSPENDED, Reason.KEY_UNKNOWN, Reason.KEY_NOT_ACTIVE, Reason.KEY_INVALID,
    Reason.ENROL_CODE_INVALID, Reason.ENROL_CODE_EXPIRED,
})
_OTHER_SALE: Final = frozenset({
    Reason.EARLIER_ATTEMPT_OPEN, Reason.POSSIBLE_DUPLICATE, Reason.LATER_SALE_EXISTS,
})

BY_CODE: Final[dict[Code, type[MedsettleError]]] = {
    Code.INVALID_ARGUMENT: RequestError,
    Code.DEADLINE_EXCEEDED: GatewayAwayError,
    Code.NOT_FOUND: RefusedError,
    Code.ALREADY_EXISTS: RefusedError,
    Code.PERMISSION_DENIED: RefusedError,
    Code.RESOURCE_EXHAUSTED: GatewayAwayError,
    Code.FAILED_PRECONDITION: RefusedError,
    Code.UNIMPLEMENTED: RequestError,
    Code.INTERNAL: GatewayAwayError,
    Code.UNAVAILABLE: GatewayAwayError,
    Code.UNAUTHENTICATED: TerminalNotReadyError,
}
"""What to raise for a reason that this release does not know."""

_BY_TILL_REASON: Final[dict[TillReason, type[MedsettleError]]] = {
    TillReason.GATEWAY_AWAY: GatewayAwayError,
    TillReason.NUMBERS_UNKNOWN: GatewayAwayError,
    TillReason.ANSWER_UNVERIFIED: GatewayAwayError,
    TillReason.ANSWER_UNREADABLE: GatewayAwayError,
    TillReason.OUTCOME_UNKNOWN: OutcomeUnknownError,
    TillReason.JOURNAL_FULL: JournalFullError,
    TillReason.TOO_MANY_OPEN: JournalFullError,
    TillReason.JOURNAL_DAMAGED: JournalDamagedError,
    TillReason.JOURNAL_LOCKED: JournalLockedError,
    TillReason.JOURNAL_UNAVAILABLE: JournalError,
    TillReason.JOURNAL_TOO_NEW: JournalError,
    TillReason.CONFIG_MISSING: ConfigError,
    TillReason.CONFIG_INVALID: ConfigError,
    TillReason.KEY_UNREADABLE: ConfigError,
    TillReason.ROOT_MISMATCH: TerminalNotReadyError,
    TillReason.USED_AFTER_FORK: TillUnusableError,
    TillReason.TILL_CLOSED: TillUnusableError,
    TillReason.SPLIT_NOT_AS_SHOWN: RefusedError,
    TillReason.PAID_SALE_LOST: RefusedError,
    TillReason.STEP_NOT_ALLOWED: RefusedError,
    TillReason.NOTHING_DUE: RefusedError,
    TillReason.PATIENT_DECLINED: RefusedError,
    TillReason.WARNING_NOT_ACCEPTED: RefusedError,
    TillReason.CASH_NOT_COLLECTED: RefusedError,
    TillReason.CASH_NOT_KNOWN: RefusedError,
    TillReason.REFUND_FIRST: RefusedError,
    TillReason.TILL_FAILED: OutcomeUnknownError,
}


def error_class(reason: str, code: str = "") -> type[MedsettleError]:
    """Returns what to raise for a reason of either side; an unknown one goes by its gRPC code."""
    if reason in TillReason.__members__:
        return _BY_TILL_REASON.get(TillReason(reason), RequestError)
    if reason not in Reason.__members__:
        return BY_CODE[Code(code)] if code in Code.__members__ else GatewayAwayError
    known = Reason(reason)
    if known is Reason.CLOCK_SKEW:
        return ClockError
    if known is Reason.QUOTE_CHANGED:
        return QuoteChangedError
    if known in _NOT_READY:
        return TerminalNotReadyError
    return OtherSaleError if known in _OTHER_SALE else BY_CODE[REASONS[known].code]


def refusal_of(reason: TillReason | Reason, /, **details: str) -> Refusal:
    """Returns a refusal by the till itself, with the texts of its reason; never a recorded one."""
    text = TILL_REASONS[reason] if isinstance(reason, TillReason) else REASONS[reason]
    return Refusal(reason.value, False, text.zh, text.en, text.next_zh, text.next_en, details)


def till_error(reason: TillReason, /, **details: str) -> MedsettleError:
    """Returns the error of a reason of the till's own."""
    return error_class(reason)(refusal_of(reason, **details), details.get("request_id"))


def request_error(reason: Reason, /, **details: str) -> RequestError:
    """Returns the error of a request that the till refuses as the gateway would, before sending it."""
    return RequestError(refusal_of(reason, **details))
