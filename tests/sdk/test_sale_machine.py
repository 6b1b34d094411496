"""The sale machine alone: every way through it ends, and says only what was proven."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medsettle.models import CashState, Collect, Outcome, Refusal, SaleState, Split, Tendered
from medsettle.record import (
    Answered,
    CashAsked,
    CashCollected,
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
from medsettle.sale import (
    ALL_FACTS,
    TABLE,
    apply,
    is_closed,
    is_replaceable,
    may_be_due,
    next_step,
    outcome,
    refund_due_fen,
)
from medsettle.wire.reasons import REASONS, Reason
from medsettle.wire.states import OUTCOME

STATES = [*(state.value for state in SaleState if state is not SaleState.ABSENT), "STATE_OF_TOMORROW"]
NO_ANSWER = Refusal("GATEWAY_AWAY", False, "", "")
WIRE_STEPS = frozenset(Step) - {
    Step.COLLECT_CASH, Step.REFUND_CASH, Step.REFUND_AGAIN, Step.TRACE_CASH,
}
TWICE = 2
TO_FIND_OUT = (CashState.REFUND_ASKED, CashState.UNDONE_ELSEWHERE)


def record(collect: Collect = Collect.LATER, cash_fen: int = 4000) -> SaleRecord:
    cash = CashState.NOT_ASKED if collect is Collect.LATER else CashState.COLLECTED
    return SaleRecord(
        "P1-1-20260302-1-1", "run-1", "001", datetime(2026, 3, 2, tzinfo=UTC), collect, "",
        Split(cash_fen), cash_fen, cash if cash_fen else CashState.NOT_DUE,
    )


def refusal(reason: Reason) -> Refusal:
    return Refusal(reason, REASONS[reason].recorded, "", "")


@st.composite
def what_happens(draw: st.DrawFn, step: Step) -> tuple[Event, ...]:
    """Draws what may follow a step: any answer, any refusal, silence, or how the cash went."""
    match step:
        case Step.COLLECT_CASH:
            ends: list[Event] = [CashCollected((Tendered("cash", 4000),)), CashFailed(NO_ANSWER, sure=True),
                    CashFailed(NO_ANSWER, sure=False)]
            return CashAsked(), draw(st.sampled_from(ends))
        case Step.REFUND_CASH | Step.REFUND_AGAIN:
            refunds: list[Event] = [CashRefunded(), RefundFailed(CashState.COLLECTED),
                                    RefundFailed(CashState.REFUND_ASKED)]
            return RefundAsked(), draw(st.sampled_from(refunds))
        case Step.TRACE_CASH:
            return (CashRefunded(),)
        case _:
            answers = st.sampled_from(STATES).map(lambda state: Answered(step, state, 4000))
            refusals = st.sampled_from(list(Reason)).map(
                lambda reason: Declined(step, refusal(reason), REASONS[reason].code)
            )
            return (draw(st.one_of(answers, refusals, st.just(Unanswered(step, NO_ANSWER)))),)


@st.composite
def lives(draw: st.DrawFn) -> list[tuple[SaleRecord, Event, SaleRecord]]:
    """Draws a whole life of a sale: passes, restarts in the middle, a change of mind."""
    now = record(draw(st.sampled_from(Collect)), draw(st.sampled_from([0, 4000])))
    history: list[tuple[SaleRecord, Event, SaleRecord]] = []

    def happens(event: Event) -> None:
        nonlocal now
        before, now = now, apply(now, event)
        history.append((before, event, now))

    for _ in range(draw(st.integers(1, 4))):
        steps = 0
        interrupted_after = draw(st.integers(0, 12))
        while isinstance(step := next_step(now), Step) and steps < interrupted_after:
            if step is Step.TRACE_CASH:
                break
            steps += 1
            assert steps <= TWICE * len(Step), "a pass ends"
            for event in draw(what_happens(step)):
                happens(event)
        if draw(st.booleans()):
            happens(Unwanted("changed mind", goal=draw(st.sampled_from([Goal.GIVE_UP, Goal.UNDO]))))
        happens(Reopened(same_run=draw(st.booleans())))
    return history


@given(lives())
def test_a_sale_is_paid_only_by_a_settled_answer_that_still_holds(
    life: list[tuple[SaleRecord, Event, SaleRecord]],
) -> None:
    for before, event, after in life:
        if outcome(after) is Outcome.PAID and outcome(before) is not Outcome.PAID:
            settled = isinstance(event, Answered) and event.state == SaleState.SETTLED
            stays = isinstance(event, Declined) and event.step is Step.REVERSE
            assert settled or (stays and before.state == SaleState.SETTLED)


@given(lives())
def test_a_sale_is_not_paid_only_with_proof(life: list[tuple[SaleRecord, Event, SaleRecord]]) -> None:
    for before, event, after in life:
        if outcome(after) is not Outcome.NOT_PAID or outcome(before) is Outcome.NOT_PAID:
            continue
        answered = isinstance(event, Answered) and OUTCOME[SaleState(event.state)] is Outcome.NOT_PAID
        foreign = isinstance(event, Declined) and event.refusal.reason == Reason.REQUEST_ID_REUSED
        assert answered or foreign or (isinstance(event, Declined) and event.refusal.recorded)


@given(lives())
def test_settle_is_sent_at_most_once_and_never_after_a_new_pass_began(
    life: list[tuple[SaleRecord, Event, SaleRecord]],
) -> None:
    reopened = False
    for before, event, after in life:
        assert not (reopened and next_step(before) is Step.SETTLE)
        reopened = reopened or isinstance(event, Reopened)
        if isinstance(event, Answered | Declined | Unanswered) and event.step is Step.SETTLE:
            assert next_step(after) is not Step.SETTLE


@given(lives())
def test_cash_is_never_kept_for_a_sale_that_is_not_paid(
    life: list[tuple[SaleRecord, Event, SaleRecord]],
) -> None:
    for _, _, after in life:
        taken = after.cash in (CashState.COLLECTED, CashState.ASKED) and after.cash_fen
        if outcome(after) is Outcome.NOT_PAID and taken:
            assert refund_due_fen(after) == (after.cash_fen if after.cash is CashState.COLLECTED else 0)
            assert may_be_due(after)
            assert not is_closed(after)
        if outcome(after) is Outcome.NOT_PAID and after.cash_fen and after.cash in TO_FIND_OUT:
            assert refund_due_fen(after) == 0
            assert may_be_due(after)
            assert not is_closed(after)


@given(lives())
def test_cash_is_collected_only_while_the_hold_is_known_to_stand(
    life: list[tuple[SaleRecord, Event, SaleRecord]],
) -> None:
    for before, event, _ in life:
        if isinstance(event, CashAsked):
            assert (before.state, before.stale, before.goal) == (SaleState.HELD, False, Goal.SELL)
            assert before.cash is CashState.NOT_ASKED


@given(st.data())
def test_every_pass_ends_and_takes_few_steps(data: st.DataObject) -> None:
    now = record()
    for _ in range(TWICE * len(Step)):
        step = next_step(now)
        if not isinstance(step, Step):
            return
        for event in data.draw(what_happens(step)):
            now = apply(now, event)
    raise AssertionError("the pass did not end")


def test_every_fact_has_a_cell() -> None:
    assert set(TABLE) == set(ALL_FACTS)
    assert len(TABLE) == (len(Known) + len(SaleState)) * len(Goal) * len(CashState) * 2


@pytest.mark.parametrize("state", [SaleState.PENDING, SaleState.UNDOING, "STATE_OF_TOMORROW"])
def test_what_somebody_else_decides_is_read_and_never_sealed(state: str) -> None:
    now = apply(record(), Answered(Step.SETTLE, state))
    assert next_step(now) is Outcome.OPEN
    assert next_step(apply(now, Reopened(same_run=False))) is Step.READ


def test_after_a_restart_a_hold_without_cash_is_asked_for_and_released() -> None:
    held = apply(record(), Answered(Step.SETTLE, SaleState.HELD))
    assert next_step(held) is Step.COLLECT_CASH
    again = apply(held, Reopened(same_run=False))
    assert next_step(again) is Step.SEAL
    assert next_step(apply(again, Answered(Step.SEAL, SaleState.HELD))) is Step.RELEASE


@pytest.mark.parametrize("state", [SaleState.HELD, SaleState.EXPIRED])
def test_after_a_restart_collected_cash_is_confirmed(state: SaleState) -> None:
    held = apply(record(), Answered(Step.SETTLE, SaleState.HELD))
    paid = apply(apply(held, CashAsked()), CashCollected((Tendered("cash", 4000),)))
    again = apply(paid, Reopened(same_run=False))
    assert next_step(apply(again, Answered(Step.SEAL, state))) is Step.CONFIRM


def test_an_interrupted_collection_is_released_and_then_paid_back() -> None:
    held = apply(record(), Answered(Step.SETTLE, SaleState.HELD))
    again = apply(apply(held, CashAsked()), Reopened(same_run=False))
    released = apply(again, Answered(Step.SEAL, SaleState.HELD))
    assert next_step(released) is Step.RELEASE
    assert next_step(apply(released, Answered(Step.RELEASE, SaleState.RELEASED))) is Step.REFUND_CASH


def test_a_settled_sale_is_reversed_only_if_the_till_wants_it_undone() -> None:
    paid = apply(record(Collect.NOW), Answered(Step.SETTLE, SaleState.SETTLED))
    assert next_step(apply(paid, Reopened(same_run=False))) is Outcome.PAID
    unwanted = apply(paid, Unwanted("returned"))
    assert (next_step(unwanted), outcome(unwanted)) == (Step.REVERSE, Outcome.OPEN)
    kept = apply(unwanted, Declined(Step.REVERSE, refusal(Reason.REVERSE_TOO_LATE), "FAILED_PRECONDITION"))
    assert outcome(kept) is Outcome.PAID


@pytest.mark.parametrize(
    "reason", [Reason.TERMINAL_SUSPENDED, Reason.FIELD_INVALID, Reason.SALE_NOT_FOUND, Reason.KEY_UNKNOWN]
)
def test_a_reversal_refused_for_another_cause_than_the_sale_stays_wished(reason: Reason) -> None:
    paid = apply(record(Collect.NOW), Answered(Step.SETTLE, SaleState.SETTLED))
    unwanted = apply(paid, Unwanted("returned"))
    refused = apply(unwanted, Declined(Step.REVERSE, refusal(reason), REASONS[reason].code))
    assert (next_step(refused), refused.goal, is_closed(refused)) == (Outcome.OPEN, Goal.UNDO, False)
    again = apply(refused, Reopened(same_run=False))
    assert next_step(apply(again, Answered(Step.SEAL, SaleState.SETTLED))) is Step.REVERSE


def test_a_hold_that_is_given_up_and_turns_out_settled_stays_paid() -> None:
    held = apply(record(), Answered(Step.SETTLE, SaleState.HELD))
    given_up = apply(held, Unwanted("released", goal=Goal.GIVE_UP))
    assert next_step(given_up) is Step.RELEASE
    settled = apply(given_up, Answered(Step.RELEASE, SaleState.SETTLED))
    assert (next_step(settled), outcome(settled)) == (Outcome.PAID, Outcome.PAID)


def test_a_wish_to_reverse_is_not_weakened_by_a_wish_to_release() -> None:
    unwanted = apply(record(), Unwanted("returned"))
    assert apply(unwanted, Unwanted("released", goal=Goal.GIVE_UP)).goal is Goal.UNDO


@pytest.mark.parametrize("reason", [Reason.KEY_NOT_ACTIVE, Reason.TERMINAL_SUSPENDED])
def test_a_refused_terminal_undoes_no_sale(reason: Reason) -> None:
    held = apply(record(), Answered(Step.SETTLE, SaleState.HELD))
    paid = apply(apply(held, CashAsked()), CashCollected((Tendered("cash", 4000),)))
    refused = apply(paid, Declined(Step.CONFIRM, refusal(reason), REASONS[reason].code))
    assert (next_step(refused), refused.goal) == (Outcome.OPEN, Goal.SELL)


def test_the_steps_of_the_wire_are_the_calls_that_are_signed_back() -> None:
    assert {step.value for step in WIRE_STEPS} == {"SETTLE", "SEAL", "READ", "CONFIRM", "RELEASE", "REVERSE"}


def test_a_sale_that_a_return_replaced_pays_nothing_back_before_the_return_says_how_much() -> None:
    paid = apply(record(Collect.NOW), Answered(Step.SETTLE, SaleState.SETTLED, 4000))
    found = apply(paid, Answered(Step.READ, SaleState.REVERSED, 4000, None, elsewhere=True))
    assert (next_step(found), refund_due_fen(found)) == (Step.TRACE_CASH, 0)
    assert is_replaceable(found)
    told = apply(found, Replaced(1500))
    assert (next_step(told), refund_due_fen(told)) == (Step.REFUND_CASH, 1500)
    assert not is_replaceable(apply(told, CashRefunded()))
