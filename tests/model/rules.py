"""What must hold in every state, and when all is over."""

from dataclasses import dataclass, field
from typing import Final

from medsettle.models import Outcome
from medsettle.sale import may_be_due
from medsettle.wire.states import OUTCOME, SaleState
from tests.model.graph import Interned
from tests.model.state import UNDONE, Beyond, Charge, Now
from tests.model.till import Machine, TillState

_S = SaleState
_RESERVING: Final = frozenset({_S.HELD, _S.EXPIRED, _S.PENDING, _S.UNDOING})
_CHARGED: Final = frozenset({_S.SETTLED, _S.HELD, _S.EXPIRED})


@dataclass
class Rules:
    """The rules, over tills by their numbers."""

    machine: Machine
    cash_fen: int
    tills: Interned[TillState]
    _known: dict[int, tuple[Outcome, bool, bool]] = field(default_factory=dict)

    def rule(self, now: Now) -> str | None:
        """Returns which rule is broken; None if none is."""
        return self._of_charges(now) or self._of_outcomes(now) or self._of_cash(now)

    def _of_charges(self, now: Now) -> str | None:
        first = now.first
        together = now.sale is _S.SETTLED and first is not None and first.sale is _S.SETTLED
        if together or now.settled > 1 or (first is not None and first.settled > 1):
            return "charged twice"
        if now.beyond is not None and self._charged_for_nothing(now, now.beyond):
            return f"{now.sale} at the gateway, and {now.beyond.charge} by the authority"
        return None

    def _of_outcomes(self, now: Now) -> str | None:
        outcome = self.told(now.till)[0]
        if outcome is Outcome.PAID and now.sale is not _S.SETTLED and not now.elsewhere:
            return f"PAID at the till, and {now.sale} at the gateway"
        if outcome is Outcome.NOT_PAID and now.sale not in UNDONE:
            return f"NOT_PAID at the till, and {now.sale} at the gateway"
        if now.first is not None and now.first.sale not in UNDONE:
            return f"NOT_PAID at the till, and the first attempt {now.first.sale} at the gateway"
        return None

    def _of_cash(self, now: Now) -> str | None:
        outcome, closed, due = self.told(now.till)
        if not 0 <= now.cash <= 1:
            return f"the patient has paid the cash part {now.cash} times"
        if now.cash > 0 and outcome is Outcome.NOT_PAID and not due:
            return "the patient's cash is kept, and nobody owes it"
        paid = closed and outcome is Outcome.PAID and not now.elsewhere
        if paid and self.cash_fen and not now.cash:
            return "PAID, and the cash part is missing"
        return None

    def _charged_for_nothing(self, now: Now, beyond: Beyond) -> bool:
        charged = beyond.charge is Charge.CHARGED
        return (now.sale in UNDONE and charged) or (now.sale in _CHARGED and not charged)

    def told(self, till: int) -> tuple[Outcome, bool, bool]:
        """What the till may say, whether it is closed, and whether cash may be due by its record."""
        if till not in self._known:
            state = self.tills.values[till]
            told = self.machine.outcome(state.record)
            idle = state.work is None
            owed = not idle or may_be_due(state.record)
            self._known[till] = (told, idle and self.machine.is_closed(state.record), owed)
        return self._known[till]

    def is_end(self, now: Now) -> bool:
        """Returns whether all is over: the till knows, owes nothing, and no hold is left."""
        outcome, closed, due = self.told(now.till)
        over = OUTCOME[now.sale] is not Outcome.OPEN and outcome is not Outcome.OPEN
        return over and closed and not due

    def is_free(self, now: Now) -> bool:
        """Returns whether nothing is reserved, and nobody has to decide: what time alone must bring about."""
        return now.sale not in _RESERVING

    def describe(self, now: Now) -> str:
        """Returns the state as a line to read."""
        state = self.tills.values[now.till]
        record, doing = state.record, "at rest" if state.work is None else f"at {state.work.at}"
        flags = [name for name in ("fresh", "stale", "waiting") if getattr(record, name)]
        first = f", first attempt {now.first.sale}" if now.first else ""
        return (
            f"till: {record.state} {record.goal} cash {record.cash} {' '.join(flags)} "
            f"({self.machine.outcome(record)}, {doing}); gateway: {now.sale}{first}; cash paid: {now.cash}"
        )
