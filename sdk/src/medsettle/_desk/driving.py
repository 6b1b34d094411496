"""Drives one record through the sale machine: the only way in which a sale moves at a till."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from medsettle._desk.cards import as_anothers, as_earlier, as_journalled, card_of
from medsettle._desk.comparing import compare, is_recovering
from medsettle._desk.desk import Desk
from medsettle._desk.effects import Ask, Note, Pause, Script
from medsettle._desk.judging import asked_of, cash_event, charges_otherwise, event_of, not_collected
from medsettle._desk.records import last_sale, record_for, ticket_name
from medsettle._exchange import asking
from medsettle._exchange.signed import Verdict
from medsettle.errors import RequestError, refusal_of
from medsettle.hooks import StateChanged
from medsettle.models import (
    AcceptedWarning,
    Basket,
    CashState,
    Credential,
    Outcome,
    Proxy,
    Quote,
    Refusal,
    Sale,
    SaleCard,
)
from medsettle.record import (
    Answered,
    CashAsked,
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
from medsettle.sale import apply, is_replaceable, next_step, outcome
from medsettle.tender import Tender
from medsettle.till_reasons import TillReason
from medsettle.wire import calls
from medsettle.wire.reasons import Reason
from medsettle.wire.states import SaleState

_CALLS: Final = {
    Step.SETTLE: calls.SETTLE, Step.SEAL: calls.SEAL, Step.READ: calls.GET_SALE,
    Step.CONFIRM: calls.CONFIRM, Step.RELEASE: calls.RELEASE, Step.REVERSE: calls.REVERSE,
}
ASKING: Final = frozenset({Step.SEAL, Step.READ})
_CASH_BACK: Final = frozenset({Step.REFUND_CASH, Step.REFUND_AGAIN})
_KEPT_TO_ASK_MS: Final = 4_000
"""Of the wait, for asking what became of a call whose answer was lost."""
_SHORTEST_MS: Final = 1_000
_ELSEWHERE: Final = frozenset({SaleState.PENDING, SaleState.UNDOING})
_ASKED_ON_AFTER_S: Final = 0.5
_ASKED_ON_MOST_S: Final = 4.0


def selling_with(tender: Tender | None) -> frozenset[Step]:
    """Returns all steps that a till takes by itself."""
    return frozenset(Step) - {Step.TRACE_CASH} - (_CASH_BACK if tender is None else set())


def ending_with(tender: Tender | None) -> frozenset[Step]:
    """Returns the steps that finish or undo what an earlier run left: it sells and collects nothing."""
    return selling_with(tender) - {Step.SETTLE, Step.COLLECT_CASH}


@dataclass(frozen=True, slots=True)
class Asked:
    """What Settle sends besides the record: it lives only as long as the call, never in the journal."""

    credential: Credential
    basket: Basket
    quote_token: str | None
    acknowledgements: tuple[str, ...]
    replaces: str | None = None
    proxy: Proxy | None = None
    eligibility_token: str | None = None
    accepted_warnings: tuple[AcceptedWarning, ...] = ()


@dataclass(slots=True)
class Pass:
    """One pass over one record. ``written`` is what the journal holds of it.

    ``performs``: the steps that this pass may take; at any other it stops. ``earlier``: the sale was made
    by another click than the one that is answered. ``asked_in_vain``: the gateway did not say whether the
    journal's PAID still holds, ``recovering``: because it was restored, ``missing``: because it has no such
    sale. ``standing``: the sale to which the id belongs, if that is not this one. ``asks_on``: somebody waits
    at the counter for what a remote authority says.
    """

    desk: Desk
    written: SaleRecord
    performs: frozenset[Step]
    asked: Asked | None = None
    tender: Tender | None = None
    sale: Sale | None = None
    quote: Quote | None = None
    verdict: Verdict | None = None
    earlier: bool = False
    asked_in_vain: bool = False
    recovering: bool = False
    missing: bool = False
    standing: Sale | None = None
    asks_on: bool = True
    _ends_at: float = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        """The wait begins."""
        self._begin_to_wait()

    def ask(self, step: Step, body: bytes) -> Ask:
        """Returns the call of a step, with what is left of the wait: all calls share it, so that nobody
        stands at the counter for the sum of their deadlines.
        """
        left_ms = round(self._left_s() * 1000)
        if step not in ASKING:
            left_ms -= _KEPT_TO_ASK_MS
        return Ask(_CALLS[step], body, self.written.request_id, max(left_ms, _SHORTEST_MS))

    def _begin_to_wait(self) -> None:
        self._ends_at = self.desk.clock.monotonic() + self.desk.config.wait_ms / 1000

    def card(self, trouble: Refusal | None = None) -> SaleCard:
        """Returns the sale's card by what the journal holds."""
        sale = self.sale if self.sale and self.sale.state == self.written.state else None
        card = card_of(self.written, self.desk.clock.now(), sale, self.quote, trouble)
        if self.written.state == Known.FOREIGN:
            return as_anothers(card, self.standing)
        if card.outcome is Outcome.PAID and self.earlier:
            card = as_earlier(card)
        if card.outcome is Outcome.PAID and self.asked_in_vain:
            return as_journalled(card, recovering=self.recovering, missing=self.missing)
        return card

    def happened(self, event: Event, verdict: Verdict | None = None) -> Script[None]:
        """Applies the event and writes the record, with the evidence of a valid answer."""
        before = self.written
        after = replace(apply(before, event), version=before.version + 1)
        evidence = verdict.evidence if verdict else None
        yield Note(lambda: self.desk.journal.write(after, evidence))
        self.written = after
        if before.state != after.state:
            self.desk.hooks.tell(StateChanged(after.request_id, before.state, after.state))

    def drive(self) -> Script[None]:
        """Takes steps until there is an outcome, or a step that this pass may not take.

        Where somebody else decides, it asks on with growing pauses for as long as people wait.
        """
        yield from self._steps()
        pause_s = _ASKED_ON_AFTER_S
        while self.asks_on and self._is_decided_elsewhere() and self._left_s() > pause_s:
            yield Pause(pause_s * (1 + self.desk.chance()) / 2)
            self.written = apply(self.written, Reopened(same_run=True, ask=False))
            yield from self._steps()
            pause_s = min(2 * pause_s, _ASKED_ON_MOST_S)

    def _is_decided_elsewhere(self) -> bool:
        return self.written.waiting and self.written.state in _ELSEWHERE and not self.written.stale

    def _left_s(self) -> float:
        return self._ends_at - self.desk.clock.monotonic()

    def _steps(self) -> Script[None]:
        while (step := next_step(self.written)) in self.performs and isinstance(step, Step):
            if not self._may_ask_back(step):
                return
            yield from self._take(step)

    def _may_ask_back(self, step: Step) -> bool:
        """Whether the tender may be asked for what goes back, if that is the step."""
        if step is Step.REFUND_AGAIN:
            return getattr(self.tender, "refunds_once", False) is True
        untendered = self.written.cash is CashState.COLLECTED and not self.written.tenders
        own_only = getattr(self.tender, "refunds_own_only", False) is True
        return step is not Step.REFUND_CASH or not (untendered and own_only)

    def drive_again(self) -> Script[None]:
        """Drives a sale of which something is known already; its latest answer may be the journal's."""
        yield from self.look_again()
        yield from self._look_whose()
        yield from self.drive()
        self.sale = self.sale or (yield from last_sale(self.desk, self.written))

    def look_again(self) -> Script[None]:
        """Asks whether a sale that the journal has as PAID still is: another till may have undone it."""
        if outcome(self.written) is not Outcome.PAID:
            return
        verdict, event, sale = yield from self.looked_up()
        if not isinstance(event, Answered):
            self.asked_in_vain, self.recovering = True, is_recovering(verdict)
        elif event.state != self.written.state:
            yield from self.happened(event, verdict)
        self.sale = sale or self.sale

    def looked_up(self) -> Script[tuple[Verdict, Answered | Declined | Unanswered, Sale | None]]:
        """Asks how the sale stands. A gateway that knows nothing of what it once said is PAID has lost it: it
        is shown what it said, and asked again.
        """
        verdict: Verdict = yield self.ask(Step.READ, self._body(Step.READ))
        event, sale = self.read(verdict)
        if self.missing and outcome(self.written) is Outcome.PAID:
            yield from compare(self.desk, self._ends_at)
            verdict = yield self.ask(Step.READ, self._body(Step.READ))
            event, sale = self.read(verdict)
        return verdict, event, sale

    def _look_whose(self) -> Script[None]:
        """Asks what stands under an id that another sale has; the journal is told nothing of that one."""
        if self.written.state == Known.FOREIGN:
            verdict: Verdict = yield self.ask(Step.READ, self._body(Step.READ))
            self.standing = self.read(verdict)[1]

    def read(self, verdict: Verdict) -> tuple[Answered | Declined | Unanswered, Sale | None]:
        """Returns what the answer to a look-up means for the sale, and the sale as it was answered."""
        event, sale = event_of(Step.READ, self.written, verdict, self.desk.config.terminal)
        self.missing = isinstance(event, Declined) and event.refusal.reason == Reason.SALE_NOT_FOUND
        return event, sale

    def _take(self, step: Step) -> Script[None]:
        match step:
            case Step.COLLECT_CASH:
                yield from self._collect()
            case Step.REFUND_CASH | Step.REFUND_AGAIN:
                yield from self._refund()
            case _:
                yield from self._send(step)

    def _send(self, step: Step) -> Script[None]:
        if step is Step.RELEASE and self.written.goal is Goal.SELL:
            # Found released later, it must be known that this till wished it.
            yield from self.happened(Unwanted("", goal=Goal.GIVE_UP))
        verdict: Verdict = yield self.ask(step, self._body(step))
        if is_recovering(verdict):
            yield from compare(self.desk, self._ends_at)
            verdict = yield self.ask(step, self._body(step))
        was_pending = self.written.state == SaleState.PENDING
        event, sale = event_of(step, self.written, verdict, self.desk.config.terminal)
        if sale is not None and not (yield from self.carried_over(sale)):
            event, sale = Unanswered(step, refusal_of(TillReason.TICKET_BUSY, ticket=sale.replaces)), None
        counts = verdict if not isinstance(event, Unanswered) else None
        yield from self.happened(event, counts)
        self.verdict, self.sale = verdict, sale or self.sale
        yield from self._look_whose()
        charging = step in (Step.SETTLE, Step.CONFIRM) or was_pending
        if charging and sale is not None and charges_otherwise(self.written, sale):
            said = refusal_of(TillReason.SPLIT_NOT_AS_SHOWN)
            self.performs |= {Step.RELEASE, Step.REVERSE}
            yield from self.happened(Unwanted("another split than was shown", said))

    def carried_over(self, sale: Sale) -> Script[bool]:
        """A return was settled: first the sale that it replaces is told so, or its cash would be forgotten.

        By the till alone that asked for the return: any other would pay the difference once more. Returns
        whether the answer may be written now; not while another click works on the ticket of that sale.
        """
        if sale.difference is None or self.written.expected is None:
            return True
        name = ticket_name(sale.replaces)
        if name == ticket_name(self.written.request_id):
            return (yield from self._told_replaced(sale.replaces, sale.difference.cash_fen))
        try:
            # A return's ticket is taken before that of the sale that it replaces, and nothing else takes two.
            yield from self.desk.taken(name)
        except RequestError:
            return False
        with self.desk.busy.giving(name):
            return (yield from self._told_replaced(sale.replaces, sale.difference.cash_fen))

    def _told_replaced(self, request_id: str, cash_fen: int) -> Script[bool]:
        before = yield from record_for(self.desk, request_id, self.written.operator)
        if is_replaceable(before):
            yield from Pass(self.desk, before, frozenset()).happened(Replaced(cash_fen))
        return True

    def _body(self, step: Step) -> bytes:
        record, now = self.written, self.desk.clock.now()
        request_id, operator = record.request_id, record.operator
        bodies: dict[Step, Callable[[], bytes]] = {
            Step.SETTLE: self._settle_body,
            Step.SEAL: lambda: asking.seal(request_id, operator, now),
            Step.READ: lambda: asking.get_sale(request_id),
            Step.CONFIRM: lambda: asking.confirm(request_id, record.tenders, operator, now),
            Step.RELEASE: lambda: asking.release(request_id, operator, now),
            Step.REVERSE: lambda: asking.reverse(
                request_id, record.undo_reason or "undone by the till", operator, now
            ),
        }
        return bodies[step]()

    def _settle_body(self) -> bytes:
        record, asked = self.written, self.asked
        if asked is None or record.expected is None:
            raise AssertionError("a pass that may settle knows what to settle")
        return asking.settle(
            request_id=record.request_id, basket=asked.basket,
            credential=None if asked.replaces else asked.credential,
            expected=record.expected, collect=record.collect, operator=record.operator,
            requested_at=record.requested_at, acknowledgements=asked.acknowledgements,
            quote_token=asked.quote_token, replaces=asked.replaces, proxy=asked.proxy,
            eligibility_token=asked.eligibility_token, accepted_warnings=asked.accepted_warnings,
        )

    def _collect(self) -> Script[None]:
        yield from self.happened(CashAsked())
        tender, record = self.tender, self.written
        if tender is None:
            raise AssertionError("a pass that may collect has a tender")
        try:
            collected = yield asked_of(tender, lambda: tender.collect(record.cash_fen, record.request_id))
        except Exception as error:  # noqa: BLE001 - whatever a tender raises, the cash may have been taken
            event: Event = not_collected(sure=False, cause=type(error).__name__)
        else:
            event = cash_event(collected, record.cash_fen)
        self._begin_to_wait()
        yield from self.happened(event)

    def _refund(self) -> Script[None]:
        tender, record = self.tender, self.written
        if tender is None:
            raise AssertionError("a pass that may refund has a tender")
        yield from self.happened(RefundAsked())
        work = asked_of(
            tender, lambda: tender.refund(record.cash_fen, record.request_id, record.tenders)
        )
        try:
            refunded = yield work
        except Exception:  # noqa: BLE001 - whatever a tender raises, it may have paid
            refunded = None
        if refunded is True:
            yield from self.happened(CashRefunded())
        else:
            back = record.cash if refunded is False else CashState.REFUND_ASKED
            yield from self.happened(RefundFailed(back))


def is_open(card: SaleCard) -> bool:
    """Returns whether the sale's outcome is not known yet."""
    return card.outcome is Outcome.OPEN
