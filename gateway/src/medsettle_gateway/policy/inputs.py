"""What the engine takes and what it returns."""

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from msgspec import Struct

from medsettle_gateway.domain.basket import Dispensed, EmergencyOrder, Encounter, Line, Waiver
from medsettle_gateway.domain.breakdown import Breakdown
from medsettle_gateway.domain.counters import CounterKey, Remainder
from medsettle_gateway.domain.member import Account, Patient
from medsettle_gateway.domain.place import Institution
from medsettle_gateway.policy.notices import Raised
from medsettle_gateway.policy.trace import PlainStep, TraceEntry


class CaseInput(Struct, frozen=True):
    """Everything that a calculation depends on besides the pack.

    ``counters`` holds what was used before, in fen; a key that is absent is 0.
    ``accounts`` are the payers; those of one kind of owner are used in the order given, and no
    entry for the patient means that there is no account. ``dispensed`` are the drugs handed out
    in the days before and on this day. ``orders`` are the emergency orders for this institution: what
    they lift of a line follows the line's own day, limits follow the day of the bill.
    """

    service_on: date
    patient: Patient
    institution: Institution
    encounter: Encounter
    lines: tuple[Line, ...]
    counters: Mapping[CounterKey, int] = {}
    accounts: tuple[Account, ...] = ()
    dispensed: tuple[Dispensed, ...] = ()
    orders: tuple[EmergencyOrder, ...] = ()

    def day_of(self, line: Line) -> date:
        """The day of a line."""
        return line.service_on or self.service_on

    def waives_on(self, day: date) -> tuple[Waiver, ...]:
        """What the orders lift on a day, together."""
        lifted = {waiver for order in self.orders if order.holds_on(day) for waiver in order.waives}
        return tuple(waiver for waiver in Waiver if waiver in lifted)

    def order_lifting(self, waiver: Waiver, day: date) -> EmergencyOrder | None:
        """The first order that lifts this on a day."""
        holding = (order for order in self.orders if order.holds_on(day))
        return next((order for order in holding if waiver in order.waives), None)

    def orders_held(self) -> tuple[EmergencyOrder, ...]:
        """The orders that held on the day of the bill or of any of its lines."""
        if not self.orders:
            return ()
        days = dict.fromkeys((self.service_on, *map(self.day_of, self.lines)))
        return tuple(order for order in self.orders if any(order.holds_on(day) for day in days))


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
