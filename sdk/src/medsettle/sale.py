"""The sale machine: what the till does next with a sale, and what each thing that happens means.

Pure. ``next_step`` looks a record up in ``TABLE`` and returns a step or an outcome; ``apply`` returns
the record after an event. Checkout, the single calls and recovery all drive it, so there is one way
through a sale. How often something was tried decides nothing: a step that brought no answer leaves
the sale OPEN, and no pass takes the same step twice unless its answer was lost in between.
"""

from dataclasses import dataclass, replace
from itertools import product
from typing import Final, assert_never

from medsettle.models import CashState, Outcome, SaleState
from medsettle.record import (
    Answered,
    CashAsked,
    CashCollected,
    CashEvent,
    CashFailed,
    CashRefunded,
    Declined,
    Event,
    Goal,
    Known,
    RefundAsked,
    RefundFailed,
    Reopened,
    Replaced,
    SaleRecord,
    Step,
    Unanswered,
    Unwanted,
)
from medsettle.wire.reasons import Code, Reason
from medsettle.wire.states import outcome_of

_S = SaleState
_HOLDS: Final = frozenset({_S.HELD, _S.EXPIRED})
_REMOTE: Final = frozenset({_S.PENDING, _S.UNDOING, Known.OTHER})
"""Somebody else decides. Seal would say that the sale is unwanted, so these are read, unless it is."""
_ENDED: Final = frozenset({_S.REFUSED, _S.SEALED, _S.RELEASED, _S.REVERSED, Known.FOREIGN})
_TAKEN: Final = frozenset({CashState.ASKED, CashState.COLLECTED})
"""The cash part is with the institution, or may be."""
_UNDONE: Final = frozenset({_S.RELEASED, _S.REVERSED})
_TO_FIND_OUT: Final = frozenset({CashState.REFUND_ASKED, CashState.UNDONE_ELSEWHERE})
"""The patient may have the cash part back: nobody pays it out before a person has found out."""


@dataclass(frozen=True, slots=True)
class Row:
    """What to do in these states; an empty condition always holds."""

    states: frozenset[str]
    do: Step | Outcome
    goal: Goal | None = None
    fresh: bool | None = None
    cash: frozenset[CashState] = frozenset(CashState)

    def fits(self, state: str, goal: Goal, cash: CashState, fresh: bool) -> bool:  # noqa: FBT001
        """Returns whether the row speaks of these facts."""
        wanted = self.goal in (None, goal) and self.fresh in (None, fresh)
        return wanted and state in self.states and cash in self.cash


def _states(*states: str) -> frozenset[str]:
    return frozenset(states)


ROWS: Final = (
    Row(_states(Known.INTENDED), Step.SETTLE, goal=Goal.SELL, fresh=True),
    Row(_states(Known.INTENDED, Known.UNSURE, _S.ABSENT), Step.SEAL),
    Row(_HOLDS, Step.CONFIRM, goal=Goal.SELL, cash=frozenset({CashState.COLLECTED})),
    Row(_states(_S.HELD), Step.CONFIRM, goal=Goal.SELL, fresh=True, cash=frozenset({CashState.NOT_DUE})),
    Row(_states(_S.HELD), Step.COLLECT_CASH, goal=Goal.SELL, fresh=True,
        cash=frozenset({CashState.NOT_ASKED})),
    Row(_HOLDS, Step.RELEASE),
    Row(_states(_S.SETTLED), Outcome.PAID, goal=Goal.SELL),
    Row(_states(_S.SETTLED), Outcome.PAID, goal=Goal.GIVE_UP),
    Row(_states(_S.SETTLED, _S.PENDING), Step.REVERSE, goal=Goal.UNDO),
    Row(_states(_S.PENDING), Step.RELEASE, goal=Goal.GIVE_UP),
    Row(_REMOTE, Step.READ),
    Row(_ENDED, Step.REFUND_CASH, cash=_TAKEN),
    Row(_ENDED, Step.REFUND_AGAIN, cash=frozenset({CashState.REFUND_ASKED})),
    Row(_ENDED, Step.TRACE_CASH, cash=frozenset({CashState.UNDONE_ELSEWHERE})),
    Row(_ENDED, Outcome.NOT_PAID),
)
"""Read from the top: the first row that fits."""

Facts = tuple[str, Goal, CashState, bool]

ALL_FACTS: Final[tuple[Facts, ...]] = tuple(
    product((*Known, *SaleState), Goal, CashState, (True, False))
)
TABLE: Final[dict[Facts, Step | Outcome]] = {
    facts: next(row.do for row in ROWS if row.fits(*facts)) for facts in ALL_FACTS
}
"""``(state, goal, cash, fresh)`` -> step or outcome, for every combination."""

_SETTLES_NOTHING_HERE: Final = frozenset({Code.UNAUTHENTICATED, Code.PERMISSION_DENIED})
"""The terminal is refused, not the sale: it waits until the terminal is put right."""
_STANDS: Final = frozenset({Reason.REVERSE_TOO_LATE, Reason.LATER_SALE_EXISTS})
"""The sale itself is refused a reversal. Any other refusal is of the terminal, the form or the moment."""


def next_step(record: SaleRecord) -> Step | Outcome:
    """Returns what to do next, or what the till may say if there is nothing to do now."""
    if record.waiting:
        return outcome(record)
    step = _ask_first(record) if record.stale else TABLE[_facts(record)]
    return outcome(record) if step in record.tried else step


def outcome(record: SaleRecord) -> Outcome:
    """Returns what the till may say now: PAID and NOT_PAID only by a proven state that still holds."""
    undoing = record.state == _S.SETTLED and record.goal is Goal.UNDO
    if record.stale or undoing:
        return Outcome.OPEN
    if record.state == Known.FOREIGN:
        return Outcome.NOT_PAID
    return outcome_of(record.state)


def is_closed(record: SaleRecord) -> bool:
    """Returns whether nothing is left to do: the outcome is proven, and no cash is to be given back
    or looked for.
    """
    return isinstance(next_step(replace(record, tried=frozenset(), waiting=False)), Outcome)


def is_replaceable(record: SaleRecord) -> bool:
    """Returns whether the record does not know yet that its sale was undone, or not how much goes back."""
    return record.state not in _ENDED or record.cash is CashState.UNDONE_ELSEWHERE


def refund_due_fen(record: SaleRecord) -> int:
    """Returns the cash that the patient must get back, in fen: what was certainly taken and not returned."""
    due = record.state in _ENDED and record.cash is CashState.COLLECTED
    return record.cash_fen if due else 0


def may_be_due(record: SaleRecord) -> bool:
    """Returns whether the patient must get the cash back, or may have to: then a person finds out."""
    owed = record.cash in _TAKEN | _TO_FIND_OUT
    return record.state in _ENDED and record.cash_fen > 0 and owed


def apply(record: SaleRecord, event: Event) -> SaleRecord:
    """Returns the record after the event."""
    match event:
        case Answered():
            return _answered(record, event)
        case Declined():
            return _declined(record, event)
        case Unanswered():
            return _unanswered(record, event)
        case Unwanted(reason, refusal, goal):
            wanted = Goal.UNDO if record.goal is Goal.UNDO else goal
            return replace(
                record, goal=wanted, undo_reason=reason, refusal=refusal or record.refusal,
                waiting=False, tried=frozenset(),
            )
        case Reopened():
            return _reopened(record, event)
        case Replaced(back_fen):
            return _replaced(record, back_fen)
        case _:
            return _after_cash(record, event)


def _after_cash(record: SaleRecord, event: CashEvent) -> SaleRecord:
    match event:
        case CashAsked():
            return replace(record, cash=CashState.ASKED, tried=record.tried | {Step.COLLECT_CASH})
        case CashCollected(tenders):
            return replace(record, cash=CashState.COLLECTED, tenders=tenders)
        case CashFailed(refusal, sure):
            cash = CashState.NOT_COLLECTED if sure else CashState.ASKED
            return replace(record, cash=cash, goal=Goal.UNDO, refusal=refusal)
        case RefundAsked():
            tried = record.tried | {Step.REFUND_CASH, Step.REFUND_AGAIN}
            return replace(record, cash=CashState.REFUND_ASKED, tried=tried)
        case CashRefunded():
            return replace(record, cash=CashState.REFUNDED)
        case RefundFailed(cash):
            return replace(record, cash=cash)
        case _:
            assert_never(event)


def _facts(record: SaleRecord) -> Facts:
    state = _known(record.state)
    nothing_due = state in _ENDED and not record.cash_fen
    return state, record.goal, CashState.NOT_DUE if nothing_due else record.cash, record.fresh


def _known(state: str) -> SaleState | Known:
    if state in SaleState.__members__:
        return SaleState(state)
    return Known(state) if state in Known.__members__ else Known.OTHER


def _ask_first(record: SaleRecord) -> Step:
    return Step.READ if _known(record.state) in _REMOTE else Step.SEAL


def _answered(record: SaleRecord, event: Answered) -> SaleRecord:
    """The state now replaces what was known; one that somebody else must move ends the pass, once that
    one knows what is wished.
    """
    known = _known(event.state)
    tried = record.tried | {event.step}
    hold_was_over = event.step is Step.CONFIRM and known is SaleState.UNDOING
    after = replace(
        record, state=event.state, stale=False, tried=tried, refusal=event.refusal or record.refusal,
        cash_fen=record.cash_fen or event.cash_fen,
        goal=Goal.GIVE_UP if hold_was_over and record.goal is Goal.SELL else record.goal,
    )
    after = replace(after, waiting=known in _REMOTE and _is_known_to_be_wished(after))
    if known is SaleState.SETTLED and after.cash_fen and record.cash not in _TAKEN:
        return replace(after, cash=CashState.COLLECTED)
    if _is_undone_elsewhere(record, event):
        return replace(after, cash=CashState.UNDONE_ELSEWHERE)
    return after


def _is_known_to_be_wished(record: SaleRecord) -> bool:
    """Nothing is left to say of a sale that somebody else decides: it is only read."""
    step = TABLE[_facts(record)]
    return step is Step.READ or step in record.tried


def _is_undone_elsewhere(record: SaleRecord, event: Answered) -> bool:
    """Whoever undid it may have given the cash back there. Where the gateway does not say who: a hold that
    was over when this till came to confirm or release it was never paid elsewhere, its cash is here.
    """
    if record.state == _S.SETTLED and event.state == _S.SEALED:
        # The gateway has lost what it signed as paid: goods went out for it, so people look into the cash.
        return record.cash in _TAKEN
    found = event.state in _UNDONE and record.state not in _ENDED and record.cash in _TAKEN
    if event.elsewhere is not None:
        return found and event.elsewhere
    given_up = record.goal is Goal.GIVE_UP or event.step in (Step.CONFIRM, Step.RELEASE)
    here = record.goal is Goal.UNDO or (event.state == _S.RELEASED and given_up)
    return found and not here


def _declined(record: SaleRecord, event: Declined) -> SaleRecord:
    after = replace(record, refusal=event.refusal, tried=record.tried | {event.step})
    match event.step:
        case Step.SETTLE:
            return replace(after, state=_state_of_refused_settle(event))
        case Step.CONFIRM if event.refusal.recorded:
            return replace(after, state=SaleState.RELEASED, stale=False)
        case Step.CONFIRM if event.code not in _SETTLES_NOTHING_HERE:
            return replace(after, goal=Goal.UNDO)
        case Step.REVERSE if record.state == SaleState.SETTLED and _stands(event):
            # It stands as it was; reversing it is somebody else's to decide.
            return replace(after, goal=Goal.SELL)
        case _:
            return replace(after, waiting=True)


def _stands(event: Declined) -> bool:
    if event.refusal.reason in Reason.__members__:
        return event.refusal.reason in _STANDS
    return event.code == Code.FAILED_PRECONDITION


def _state_of_refused_settle(event: Declined) -> str:
    if event.refusal.reason == Reason.REQUEST_ID_REUSED:
        return Known.FOREIGN
    if not event.refusal.recorded:
        return Known.UNSURE
    return SaleState.SEALED if event.refusal.reason == Reason.SEALED else SaleState.REFUSED


def _unanswered(record: SaleRecord, event: Unanswered) -> SaleRecord:
    """A lost answer to a step that moves: ask before anything else. To a question: OPEN, for now."""
    after = replace(record, refusal=event.refusal)
    if event.step in (Step.SEAL, Step.READ):
        return replace(after, tried=record.tried | {event.step}, waiting=True)
    if event.step is Step.SETTLE:
        return replace(after, state=Known.UNSURE)
    return replace(after, stale=True)


def _replaced(record: SaleRecord, back_fen: int) -> SaleRecord:
    """The gateway reversed it for the sale that is left of it. The rest of its cash is that sale's now."""
    cash = CashState.COLLECTED if back_fen > 0 else CashState.NOT_DUE
    return replace(
        record, state=SaleState.REVERSED, stale=False, waiting=False, goal=Goal.UNDO, cash=cash,
        cash_fen=max(back_fen, 0), tried=frozenset(),
    )


def _reopened(record: SaleRecord, event: Reopened) -> SaleRecord:
    """Whatever was in flight may have arrived, and Settle is never sent again."""
    is_open = outcome(record) is Outcome.OPEN
    return replace(
        record, tried=frozenset(), waiting=False, fresh=record.fresh and event.same_run,
        stale=record.stale or (is_open and event.ask),
        state=Known.UNSURE if record.state == Known.INTENDED else record.state,
    )
