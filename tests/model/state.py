"""What one state of everything consists of."""

from enum import StrEnum
from typing import Final, NamedTuple

from medsettle.models import Refusal
from medsettle.record import Answered, Declined, Step, Unanswered
from medsettle.wire.reasons import REASONS, Reason
from medsettle.wire.states import Event, SaleState
from tests.model.till import unanswered

EVENTS: Final = {
    Step.SETTLE: Event.SETTLE, Step.CONFIRM: Event.CONFIRM, Step.RELEASE: Event.RELEASE,
    Step.REVERSE: Event.REVERSE, Step.SEAL: Event.SEAL,
}
"""Calls that may change something, however late they arrive."""
UNDONE: Final = frozenset({SaleState.REFUSED, SaleState.SEALED, SaleState.RELEASED, SaleState.REVERSED})


class Answer(NamedTuple):
    """What the till hears of a call: the state, why it was refused, or (neither) nothing."""

    step: Step
    state: SaleState | None = None
    reason: Reason | None = None
    elsewhere: bool | None = None

    def event(self, cash_fen: int) -> Answered | Declined | Unanswered:
        """Returns the event that the till's machine takes."""
        if self.state is not None:
            return Answered(self.step, self.state, cash_fen, elsewhere=self.elsewhere)
        if self.reason is None:
            return unanswered(self.step)
        text = REASONS[self.reason]
        return Declined(self.step, Refusal(self.reason, text.recorded, "", ""), text.code)


class Charge(StrEnum):
    """What a remote authority has done under the sale's number."""

    NOTHING = "nothing"
    CHARGED = "charged"
    REFUSED = "refused for ever"
    UNDONE = "undone for ever"


class Beyond(NamedTuple):
    """A sale that a remote authority decides. ``before``: the state before UNDOING."""

    charge: Charge = Charge.NOTHING
    unwanted: bool = False
    before: SaleState = SaleState.ABSENT


class First(NamedTuple):
    """An attempt that ended unpaid: the gateway's state of it, and which of its calls may still arrive."""

    sale: SaleState
    settled: int
    under_way: int


class Now(NamedTuple):
    """One state of everything.

    ``sale`` is the gateway's state, ``settled`` how often it came to SETTLED, ``late`` whether it may no
    longer be reversed. ``under_way`` are the calls that were sent before and may still arrive, as bits.
    ``answer`` is on its way to the pass that waits for it. ``cash`` is how many times the patient has paid
    the cash part and not got it back. ``elsewhere``: another till has undone the sale, knowingly; ``mine``:
    this one has moved it last. ``first`` is what was left of the attempt before.
    """

    till: int
    sale: SaleState
    settled: int = 0
    late: bool = False
    under_way: int = 0
    answer: int = 0
    cash: int = 0
    elsewhere: bool = False
    mine: bool = False
    first: First | None = None
    beyond: Beyond | None = None
