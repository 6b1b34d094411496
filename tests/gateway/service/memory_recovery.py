"""Recoveries in the store that is a model."""

from dataclasses import dataclass, field
from datetime import date, datetime

from medsettle_gateway.domain.keys import RecoveryKey
from medsettle_gateway.domain.moves import EndRecovery, KeepReassertion
from medsettle_gateway.domain.recovery import Reassertion, Recovery


@dataclass
class Recoveries:
    """Restores by epoch, for whom they are over, and what was shown since."""

    begun: dict[int, Recovery] = field(default_factory=dict)
    ended: dict[str, int] = field(default_factory=dict)
    shown: dict[tuple[str, str], Reassertion] = field(default_factory=dict)

    def __copy__(self) -> "Recoveries":
        return Recoveries(dict(self.begun), dict(self.ended), dict(self.shown))

    def begin(self, until: date, lost_from: datetime, at: datetime) -> int:
        epoch = len(self.begun) + 1
        self.begun[epoch] = Recovery(epoch, until, lost_from, at)
        return epoch

    def load(self, key: RecoveryKey) -> Recovery:
        ended = max(self.ended.get(scope, 0) for scope in ("", key.institution, key.terminal))
        left = [each for each in self.begun.values() if each.epoch > ended]
        if not left:
            return Recovery(len(self.begun))
        return Recovery(
            len(self.begun),
            max(each.absent_until for each in left if each.absent_until),
            min(each.lost_from for each in left if each.lost_from),
            max(each.begun_at for each in left if each.begun_at),
        )

    def keep(self, move: KeepReassertion) -> None:
        self.shown.setdefault((move.shown.request_id, move.shown.state), move.shown)

    def end(self, move: EndRecovery) -> None:
        assert move.epoch in self.begun
        self.ended[move.terminal] = max(move.epoch, self.ended.get(move.terminal, 0))
