"""The check is worth something: with one cell, row or habit changed, it finds what that would cost.

Changes that cost nothing are not here: a Settle that is sent again under its id, for one, is answered as the
first time.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import pytest

from medsettle import sale
from medsettle.models import CashState, Collect, Outcome
from medsettle.record import (
    CashAsked,
    Declined,
    Event,
    Goal,
    RefundAsked,
    SaleRecord,
    Step,
    Unanswered,
)
from medsettle.wire import states
from medsettle.wire.states import GATEWAY, Cell, SaleState
from tests.model.gateway import Table
from tests.model.graph import Broken
from tests.model.till import Machine
from tests.model.world import World, checked

S, E = SaleState, states.Event
AT_ONCE, AFAR = World(collect=Collect.NOW), World(collect=Collect.NOW, remote=True)
CHARGED_TWICE, NEVER_ENDS = "charged twice", "it never ends"

CELLS: Final[dict[tuple[SaleState, states.Event], tuple[Cell, World, str]]] = {
    (S.SEALED, E.SETTLE): (Cell((S.SETTLED,)), AT_ONCE, "NOT_PAID at the till, and SETTLED"),
    (S.ABSENT, E.SEAL): (Cell(), AT_ONCE, NEVER_ENDS),
    (S.REFUSED, E.SETTLE): (Cell((S.HELD,)), World(), "NOT_PAID at the till, and HELD"),
    (S.RELEASED, E.SETTLE): (Cell((S.HELD,)), World(), "NOT_PAID at the till, and HELD"),
    (S.RELEASED, E.CONFIRM): (Cell((S.SETTLED,)), World(), "NOT_PAID at the till, and SETTLED"),
    (S.REVERSED, E.SETTLE): (Cell((S.SETTLED,)), AT_ONCE, CHARGED_TWICE),
    (S.SETTLED, E.SEAL): (Cell((S.REVERSED,)), AT_ONCE, "PAID at the till, and REVERSED"),
    (S.SETTLED, E.RELEASE): (Cell((S.REVERSED,)), World(cash_fen=0), "PAID at the till, and REVERSED"),
    (S.SETTLED, E.CONFIRM): (Cell((S.REVERSED,)), World(), "PAID at the till, and REVERSED"),
    (S.HELD, E.SETTLE): (Cell((S.SETTLED,)), World(), "the cash part is missing"),
    (S.HELD, E.RELEASE): (Cell((S.SETTLED,)), World(), "the cash part is missing"),
    (S.EXPIRED, E.RELEASE): (Cell((S.SETTLED,)), World(), "the cash part is missing"),
    (S.HELD, E.HOLD_ENDED): (Cell(), World(), NEVER_ENDS),
    (S.EXPIRED, E.DAY_ENDED): (Cell(), World(), NEVER_ENDS),
    (S.PENDING, E.SEAL): (Cell((S.SEALED,)), World(remote=True), "by the authority"),
    (S.PENDING, E.AUTHORITY_REFUSED): (Cell(), World(remote=True), NEVER_ENDS),
    (S.PENDING, E.AUTHORITY_SETTLED): (Cell((S.REFUSED,)), AFAR, NEVER_ENDS),
    (S.UNDOING, E.AUTHORITY_UNDONE): (Cell(), World(remote=True), NEVER_ENDS),
}


def with_cell(state: SaleState, event: states.Event, cell: Cell) -> Table:
    row = dict(GATEWAY[state])
    row[event] = cell
    return {**GATEWAY, state: row}


def found_in(world: World) -> str:
    """Returns what the check says of a world with something changed in it."""
    with pytest.raises(Broken) as broken:
        checked(replace(world))  # anew: what was worked out before does not count
    return str(broken.value)


@pytest.mark.parametrize(("state", "event"), CELLS)
def test_a_wrong_cell_of_the_gateways_table_is_found(state: SaleState, event: states.Event) -> None:
    cell, world, said = CELLS[state, event]
    assert said in found_in(replace(world, table=with_cell(state, event, cell)))


def test_an_authority_that_holds_nothing_must_be_undone_when_time_or_people_end_a_hold() -> None:
    for event in (E.HOLD_ENDED, E.RELEASE):
        plain = Cell(GATEWAY[S.HELD][event].to[:1])
        assert "at the gateway, and" in found_in(World(remote=True, table=with_cell(S.HELD, event, plain)))


@pytest.mark.parametrize(
    ("state", "means", "world", "said"),
    [
        (S.HELD, Outcome.NOT_PAID, World(), "NOT_PAID at the till, and HELD"),
        (S.EXPIRED, Outcome.NOT_PAID, World(), "NOT_PAID at the till, and EXPIRED"),
        (S.PENDING, Outcome.PAID, World(remote=True), "PAID at the till, and PENDING"),
        (S.UNDOING, Outcome.NOT_PAID, World(remote=True), "NOT_PAID at the till, and UNDOING"),
        (S.REVERSED, Outcome.PAID, AT_ONCE, "PAID at the till, and REVERSED"),
        (S.REFUSED, Outcome.OPEN, AT_ONCE, NEVER_ENDS),
    ],
)
def test_a_wrong_outcome_of_a_state_is_found(
    monkeypatch: pytest.MonkeyPatch, state: SaleState, means: Outcome, world: World, said: str
) -> None:
    monkeypatch.setitem(states.OUTCOME, state, means)
    assert said in found_in(world)


ROWS: Final[dict[str, tuple[Callable[[sale.Facts], bool], Step | Outcome, World, str]]] = {
    "a hold is confirmed before its cash is collected": (
        lambda facts: facts[0] == S.HELD and facts[1] is Goal.SELL and facts[2] is CashState.NOT_ASKED,
        Step.CONFIRM, World(), "the cash part is missing",
    ),
    "cash of a sale that is none is forgotten": (
        lambda facts: facts[0] in {S.RELEASED, S.REFUSED, S.SEALED} and facts[2] is CashState.COLLECTED,
        Outcome.NOT_PAID, AT_ONCE, NEVER_ENDS,
    ),
    "a refund of unknown end is simply paid again": (
        lambda facts: facts[2] is CashState.REFUND_ASKED, Step.REFUND_CASH, AT_ONCE,
        "-1 times",
    ),
    "what another till has undone is paid back here too": (
        lambda facts: facts[2] is CashState.UNDONE_ELSEWHERE, Step.REFUND_CASH,
        World(collect=Collect.NOW, elsewhere=True), "-1 times",
    ),
    "a wish to undo a paid sale is dropped": (
        lambda facts: facts[0] == S.SETTLED and facts[1] is Goal.UNDO, Outcome.PAID,
        AT_ONCE, NEVER_ENDS,
    ),
}


@pytest.mark.parametrize("name", ROWS)
def test_a_wrong_row_of_the_tills_table_is_found(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    fits, step, world, said = ROWS[name]
    for facts in sale.ALL_FACTS:
        if fits(facts):
            monkeypatch.setitem(sale.TABLE, facts, step)
    assert said in found_in(world)


def lost_answer_is_a_refusal(record: SaleRecord, event: Event) -> SaleRecord:
    after = sale.apply(record, event)
    lost = isinstance(event, Unanswered) and event.step is Step.SETTLE
    return replace(after, state=S.REFUSED) if lost else after


def unread_refusal_is_a_refusal(record: SaleRecord, event: Event) -> SaleRecord:
    after = sale.apply(record, event)
    unread = isinstance(event, Declined) and event.step is Step.SETTLE and not event.refusal.recorded
    return replace(after, state=S.REFUSED) if unread else after


def cash_is_asked_for_unwritten(record: SaleRecord, event: Event) -> SaleRecord:
    after = sale.apply(record, event)
    return replace(after, cash=record.cash) if isinstance(event, CashAsked) else after


def refund_is_begun_unwritten(record: SaleRecord, event: Event) -> SaleRecord:
    after = sale.apply(record, event)
    return replace(after, cash=record.cash) if isinstance(event, RefundAsked) else after


HABITS: Final = [
    (lost_answer_is_a_refusal, AT_ONCE, "NOT_PAID at the till"),
    (unread_refusal_is_a_refusal, AT_ONCE, "NOT_PAID at the till"),
    (cash_is_asked_for_unwritten, World(), "nobody owes it"),
    (refund_is_begun_unwritten, AT_ONCE, "-1 times"),
]


@pytest.mark.parametrize(("habit", "world", "said"), HABITS, ids=lambda each: getattr(each, "__name__", ""))
def test_a_wrong_habit_of_the_till_is_found(
    habit: Callable[[SaleRecord, Event], SaleRecord], world: World, said: str
) -> None:
    assert said in found_in(replace(world, machine=Machine(apply=habit)))


def test_a_till_that_reads_what_it_should_seal_is_found() -> None:
    def reads(record: SaleRecord) -> Step | Outcome:
        step = sale.next_step(record)
        return Step.READ if step is Step.SEAL else step

    assert NEVER_ENDS in found_in(replace(AT_ONCE, machine=Machine(next_step=reads)))


def test_a_gateway_that_answers_before_its_commit_is_found() -> None:
    assert "and ABSENT at the gateway" in found_in(World(cash_fen=0, answers_first=True))
