"""What the engine takes and what it returns."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from medsettle_gateway.domain.basket import Dispensed, EmergencyOrder, Encounter, Line
from medsettle_gateway.domain.breakdown import Breakdown
from medsettle_gateway.domain.counters import CounterKey, Remainder
from medsettle_gateway.domain.member import Account, Patient
from medsettle_gateway.domain.place import Institution
from medsettle_gateway.policy.notices import Raised
from medsettle_gateway.policy.trace import PlainStep, TraceEntry


@dataclass(frozen=True, slots=True)
class CaseInput:
    """Everything that a calculation depends on besides the pack.

    ``counters`` holds what was used before, in fen; a key that is absent is 0.
    ``accounts`` are the payers; those of one kind of owner are used in the order given, and no
    entry for the patient means that there is no account. ``dispensed`` are the drugs handed out
    in the days before and on this day. ``order`` is an emergency order that holds here today.
    """

    service_on: date
    patient: Patient
    institution: Institution
    encounter: Encounter
    lines: tuple[Line, ...]
    counters: Mapping[CounterKey, int] = field(default_factory=dict)
    accounts: tuple[Account, ...] = ()
    dispensed: tuple[Dispensed, ...] = ()
    order: EmergencyOrder | None = None


class Calculation(NamedTuple):
    """The result.

    ``deltas`` is what the settlement adds to each counter, in fen, without zeros.
    ``remainders`` says where each limit stands afterwards. ``steps`` are the entries of the
    trace as plain tuples, empty if it was not asked for. ``raised`` are the warnings that this
    settlement raises.
    """

    breakdown: Breakdown
    deltas: tuple[tuple[CounterKey, int], ...]
    remainders: tuple[Remainder, ...]
    steps: tuple[PlainStep, ...]
    raised: tuple[Raised, ...] = ()

    @property
    def trace(self) -> tuple[TraceEntry, ...]:
        """The steps, to be read: made anew at each call."""
        return TraceEntry.of(self.steps)
