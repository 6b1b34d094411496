"""The simulation is worth something: with one thing broken in the product or its disks, it soon says so."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import pytest

from medsettle import sale
from medsettle._desk import driving
from medsettle.evidence import Evidence
from medsettle.models import SaleState
from medsettle.record import CashAsked, Event, SaleRecord, Step, Unanswered
from medsettle_gateway.domain.keys import Facts
from medsettle_gateway.service import undo, use_cases
from medsettle_gateway.service.commands import SaleAnswer, Seal
from medsettle_gateway.service.desk import Decision, Now
from medsettle_gateway.service.sweeper import Sweeper
from medsettle_gateway.service.use_cases import UseCase
from tests.gateway.service.memory_store import MemoryTransaction
from tests.simulation.journal import SimulatedJournal
from tests.simulation.loop import Process
from tests.simulation.running import simulate
from tests.simulation.store import SimulatedStore

SEEDS_MOST: Final = 150


def first_fault(said: str = "") -> str:
    """Returns what the first seed says that fails with such words."""
    for number in range(SEEDS_MOST):
        faults = "\n".join(simulate(f"{number}").faults)
        if faults and said in faults:
            return faults
    return "nothing was found"


Apply = Callable[[SaleRecord, Event], SaleRecord]


def lost_is_refused(record: SaleRecord, event: Event) -> SaleRecord:
    after = sale.apply(record, event)
    lost = isinstance(event, Unanswered) and event.step is Step.SETTLE
    return replace(after, state=SaleState.REFUSED) if lost else after


def cash_is_asked_for_unwritten(record: SaleRecord, event: Event) -> SaleRecord:
    after = sale.apply(record, event)
    return replace(after, cash=record.cash) if isinstance(event, CashAsked) else after


@pytest.mark.parametrize(
    ("habit", "said"),
    [(lost_is_refused, "was NOT_PAID, then PAID"), (cash_is_asked_for_unwritten, "fen of cash for 0")],
    ids=lambda each: getattr(each, "__name__", ""),
)
def test_a_wrong_habit_of_the_till_is_found(
    monkeypatch: pytest.MonkeyPatch, habit: Apply, said: str
) -> None:
    monkeypatch.setattr(driving, "apply", habit)
    assert said in first_fault(said)


def test_a_journal_that_loses_what_it_acknowledged_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    written = SimulatedJournal.write

    def careless(self: SimulatedJournal, record: SaleRecord, evidence: Evidence | None = None) -> None:
        if record.state != SaleState.SETTLED or evidence is None:
            written(self, record, evidence)

    monkeypatch.setattr(SimulatedJournal, "write", careless)
    assert first_fault() != "nothing was found"


def test_a_database_that_acknowledges_before_it_is_durable_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    async def commits_later(self: SimulatedStore, transaction: MemoryTransaction, me: Process) -> None:
        def durable() -> None:
            self.database.tables = transaction.tables

        asyncio.get_running_loop().call_later(0.2, durable)

    monkeypatch.setattr(SimulatedStore, "_commit", commits_later)
    assert first_fault() != "nothing was found"


def test_a_seal_that_leaves_no_tombstone_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def decide(command: Any, facts: Facts, now: Now) -> Decision:
        decision = undo.decide(command, facts, now)
        sealed = isinstance(decision.answer, SaleAnswer) and decision.answer.sale.state is SaleState.SEALED
        return Decision(decision.answer) if sealed else decision

    monkeypatch.setitem(use_cases.USE_CASES, Seal, UseCase(undo.needs, decide))
    assert "SEALED in the journal" in first_fault("SEALED in the journal")


def test_holds_that_nobody_ends_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Sweeper, "start", lambda self, spawn: None)
    assert "for ever" in first_fault()
