"""The till's side: its real machine (``medsettle.sale``), and what the driver around it does between two
writes of the journal.

Every value here is what is true after one such write, or while something outside is waited for; a crash
may fall anywhere between them, and leaves the journal.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final, NamedTuple

from medsettle import sale
from medsettle._desk.driving import ASKING, ending_with, selling_with
from medsettle.models import CashState, Collect, Outcome, Refusal, SaleState
from medsettle.record import (
    Answered,
    CashAsked,
    CashCollected,
    CashFailed,
    CashRefunded,
    Declined,
    Event,
    Goal,
    RefundAsked,
    RefundFailed,
    Reopened,
    SaleRecord,
    Step,
    Unanswered,
    Unwanted,
)
from medsettle.tender import CashTender

NOTHING_SAID: Final = Refusal("GATEWAY_AWAY", recorded=False, zh="", en="")
_TENDER: Final = CashTender(lambda _: True, lambda _: True)
SELLING: Final = selling_with(_TENDER)
ENDING: Final = ending_with(_TENDER)
GIVING_UP: Final = ASKING | {Step.RELEASE}
UNDOING: Final = GIVING_UP | {Step.REVERSE}
_HOLDS: Final = frozenset({SaleState.HELD, SaleState.EXPIRED})
_ELSEWHERE: Final = frozenset({SaleState.PENDING, SaleState.UNDOING})


class Work(NamedTuple):
    """A pass under way. ``at`` None: between two writes; else the step that is waited for.

    ``wish``: what the pass does once it knows where the sale stands. ``looks``: it begins with a look whether
    what is known still holds. ``asks_on``: somebody waits for what a remote authority says. ``before``: where
    the cash was before giving it back began.
    """

    performs: frozenset[Step]
    at: Step | None = None
    asks_on: bool = True
    wish: Goal | None = None
    looks: bool = False
    before: CashState = CashState.NOT_DUE


class TillState(NamedTuple):
    """The record, whether this run of the till began it, and what is being done.

    ``journal``: what stands there, as long as the pass under way has written nothing yet.
    """

    record: SaleRecord
    mine: bool
    work: Work | None
    journal: SaleRecord | None = None


class Machine(NamedTuple):
    """The till's rules: the product's, or with something changed in them to see that it is noticed."""

    apply: Callable[[SaleRecord, Event], SaleRecord] = sale.apply
    next_step: Callable[[SaleRecord], Step | Outcome] = sale.next_step
    outcome: Callable[[SaleRecord], Outcome] = sale.outcome
    is_closed: Callable[[SaleRecord], bool] = sale.is_closed


class Till(NamedTuple):
    """What the till does next, and what each thing that happens makes of it.

    ``refunds_once``: the tender promises to pay back once an id, however often it is asked.
    """

    machine: Machine
    refunds_once: bool

    def begun(self, collect: Collect, cash_fen: int) -> TillState:
        """Returns a sale whose intent is in the journal and of which nothing was sent."""
        due = CashState.NOT_ASKED if collect is Collect.LATER else CashState.COLLECTED
        record = SaleRecord(
            "P1-1-20260302-1-1", "run", "001", datetime(2026, 3, 2, tzinfo=UTC), collect,
            cash_fen=cash_fen, cash=due if cash_fen else CashState.NOT_DUE,
        )
        return TillState(record, True, Work(SELLING))

    def after(self, now: TillState, event: Event, work: Work | None) -> TillState:
        """Returns the till once the event is in its journal."""
        record = self.machine.apply(now.record, event)
        told = replace(record, refusal=None, tenders=(), undo_reason="")
        after = TillState(told, now.mine, work)
        return self._at_rest(after) if work is None else after

    def crashed(self, now: TillState) -> TillState:
        """Returns what a new run of the till finds: the journal, and nothing of the pass."""
        return TillState(_as_written(now.journal or now.record), False, None)

    def goes_on(self, now: TillState) -> TillState:
        """Returns the till after the next thing that it does by itself: the next write, or the pass's end."""
        work = now.work
        if work is None or work.at is not None:
            raise AssertionError("only a pass between two writes goes on by itself")
        if work.looks:
            return now._replace(work=work._replace(at=Step.READ))
        step = self.machine.next_step(now.record)
        if not isinstance(step, Step) or step not in work.performs or self._asks_a_person(step):
            return self._ends(now, work)
        if step is Step.COLLECT_CASH:
            return self.after(now, CashAsked(), work._replace(at=step))
        if step in {Step.REFUND_CASH, Step.REFUND_AGAIN}:
            return self.after(now, RefundAsked(), work._replace(at=step, before=now.record.cash))
        if step is Step.RELEASE and now.record.goal is Goal.SELL:
            return self.after(now, Unwanted("", goal=Goal.GIVE_UP), work)
        return now._replace(work=work._replace(at=step))

    def _asks_a_person(self, step: Step) -> bool:
        return step is Step.REFUND_AGAIN and not self.refunds_once

    def asks_on(self, now: TillState) -> TillState | None:
        """Returns the till with one more look at what somebody else decides; None if it takes none."""
        record, work = now.record, now.work
        if work is None or work.at is not None or not work.asks_on or work.looks:
            return None
        if self.machine.next_step(record) in work.performs or not record.waiting or record.stale:
            return None
        if record.state not in _ELSEWHERE:
            return None
        return now._replace(record=self.machine.apply(record, Reopened(same_run=True, ask=False)))

    def _ends(self, now: TillState, work: Work) -> TillState:
        """The pass is at its end; one that has a wish writes it down, and begins to carry it out."""
        if work.wish is None or (work.wish is Goal.GIVE_UP and now.record.state == SaleState.SETTLED):
            return self._at_rest(now)
        in_doubt = now.record.waiting and now.record.state not in _ELSEWHERE
        performs = GIVING_UP if work.wish is Goal.GIVE_UP else UNDOING
        return self.after(now, Unwanted("", goal=work.wish), None if in_doubt else Work(performs))

    def answered(self, now: TillState, event: Answered | Declined | Unanswered) -> TillState:
        """Returns the till with the answer that its pass waited for, or with none."""
        work = now.work
        if work is None:
            raise AssertionError("nobody waits for an answer")
        going = work._replace(at=None, looks=False)
        news = isinstance(event, Answered) and (event.state != now.record.state or now.record.stale)
        if news or not work.looks:
            return self.after(now, event, going)
        return now._replace(work=going)

    def clicks(self, now: TillState) -> Iterator[tuple[str, TillState, bool]]:
        """Yields what people may begin at a till that does nothing, and whether it is begun by itself."""
        record = now.record
        if not self.machine.is_closed(record):
            yield "the till recovers", self._begun(now, Work(ENDING, asks_on=False), ask=True), True
        looked = self._begun(now, Work(frozenset()), ask=False, looks=True)
        yield "the cashier looks the sale up", looked, False
        if self.machine.outcome(record) is not Outcome.NOT_PAID:
            performs = SELLING - {Step.SETTLE} if now.mine else ENDING
            yield "the cashier clicks again", self._begun(now, Work(performs), ask=True), False
            for wish, what in ((Goal.GIVE_UP, "gives the hold up"), (Goal.UNDO, "undoes the sale")):
                begun = self._begun(now, Work(ASKING, wish=wish), ask=False)
                yield f"the cashier {what}", begun, False

    def _begun(self, now: TillState, work: Work, *, ask: bool, looks: bool = False) -> TillState:
        """A pass begins: what that changes is not in the journal before something happens in it."""
        looks = looks or self.machine.outcome(now.record) is Outcome.PAID
        reopened = self.machine.apply(now.record, Reopened(same_run=now.mine, ask=ask))
        return TillState(reopened, now.mine, work._replace(looks=looks), now.record)

    def _at_rest(self, now: TillState) -> TillState:
        """A pass that wrote nothing leaves the journal; what it did write stays known while the till runs."""
        return TillState(_as_written(now.journal or now.record), now.mine, None)

    def collects(self, now: TillState) -> Iterator[tuple[str, TillState, bool, bool]]:
        """Yields how collecting may end: what happened, the till, whether cash was taken, if all is well."""
        work = self._between(now)
        yield "cash is taken", self.after(now, CashCollected(()), work), True, True
        yield "no cash is taken", self.after(now, CashFailed(NOTHING_SAID, sure=True), work), False, True
        unknown = self.after(now, CashFailed(NOTHING_SAID, sure=False), work)
        yield "cash is taken, and the till is not told", unknown, True, False
        yield "no cash is taken, and the till is not told", unknown, False, False

    def refunds(self, now: TillState) -> Iterator[tuple[str, TillState, bool, bool]]:
        """Yields how giving back may end: as ``collects``, with whether it was given back."""
        work = self._between(now)
        before = now.work.before if now.work else CashState.NOT_DUE
        yield "cash is given back", self.after(now, CashRefunded(), work), True, True
        yield "cash is not given back", self.after(now, RefundFailed(before), work), False, False
        unknown = self.after(now, RefundFailed(CashState.REFUND_ASKED), work)
        yield "cash is given back, and the till is not told", unknown, True, False
        yield "cash is not given back, and the till is not told", unknown, False, False

    def person_found(self, now: TillState) -> TillState | None:
        """Returns the till once a person has counted the drawer, paid what is owed and written that down."""
        listed = now.work is None and not self.machine.is_closed(now.record)
        if not listed or not sale.may_be_due(now.record):
            return None
        return self.after(now, CashRefunded(), None)

    def _between(self, now: TillState) -> Work | None:
        return now.work._replace(at=None, before=CashState.NOT_DUE) if now.work else None


def _as_written(record: SaleRecord) -> SaleRecord:
    return replace(record, tried=frozenset(), waiting=False)


def is_asking(step: Step | None) -> bool:
    """Returns whether the step is a call."""
    return step is not None and step in CALLS


CALLS: Final = frozenset(
    {Step.SETTLE, Step.SEAL, Step.READ, Step.CONFIRM, Step.RELEASE, Step.REVERSE}
)


def unanswered(step: Step) -> Unanswered:
    """Returns the event of a call that nobody answered."""
    return Unanswered(step, NOTHING_SAID)


