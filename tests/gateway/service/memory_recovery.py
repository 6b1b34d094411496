"""Recoveries in the store that is a model."""

from dataclasses import dataclass, field
from datetime import date, datetime

from medsettle_gateway.domain.facts import KeyRecord, TerminalFacts
from medsettle_gateway.domain.keys import AwaitedKey, RecoveryKey
from medsettle_gateway.domain.moves import EndRecovery, KeepReassertion
from medsettle_gateway.domain.recovery import Awaited, Reassertion, Recovery
from medsettle_gateway.storage.recovery import AWAITED_MOST


@dataclass
class Recoveries:
    """Restores by epoch, for whom they are over, and what was shown since."""

    begun: dict[int, Recovery] = field(default_factory=dict)
    ended: dict[str, int] = field(default_factory=dict)
    compared: dict[str, int] = field(default_factory=dict)
    shown: dict[tuple[str, str], Reassertion] = field(default_factory=dict)

    def __copy__(self) -> "Recoveries":
        return Recoveries(dict(self.begun), dict(self.ended), dict(self.compared), dict(self.shown))

    def begin(self, until: date, lost_from: datetime, at: datetime) -> int:
        epoch = len(self.begun) + 1
        self.begun[epoch] = Recovery(epoch, until, lost_from, at)
        return epoch

    def load(self, key: RecoveryKey) -> Recovery:
        left = self._left(key.institution, key.terminal, own=key.own)
        if not left:
            return Recovery(len(self.begun))
        return Recovery(
            len(self.begun),
            max(each.absent_until for each in left if each.absent_until),
            min(each.lost_from for each in left if each.lost_from),
            max(each.begun_at for each in left if each.begun_at),
            min(each.begun_at for each in left if each.begun_at),
        )

    def awaited(
        self, key: AwaitedKey, terminals: dict[str, TerminalFacts], records: dict[str, KeyRecord]
    ) -> Awaited:
        begun: dict[str, datetime] = {}
        for name in sorted(each for each, facts in terminals.items() if facts.institution == key.institution):
            own = [record for record in records.values() if record.terminal == name]
            for each in self._left(key.institution, name):
                if each.begun_at and any(_worked(record, each) for record in own):
                    begun[name] = max(each.begun_at, begun.get(name, each.begun_at))
        if not begun:
            return Awaited()
        return Awaited(tuple(begun)[:AWAITED_MOST], len(begun), max(begun.values()))

    def _left(self, institution: str, terminal: str, *, own: bool = False) -> list[Recovery]:
        ended = self.compared.get(terminal, 0)
        if not own:
            ended = max(ended, *(self.ended.get(scope, 0) for scope in ("", institution, terminal)))
        return [each for each in self.begun.values() if each.epoch > ended]

    def keep(self, move: KeepReassertion) -> None:
        self.shown.setdefault((move.shown.request_id, move.shown.state), move.shown)

    def end(self, move: EndRecovery) -> None:
        assert move.epoch in self.begun
        self.compared[move.terminal] = max(move.epoch, self.compared.get(move.terminal, 0))


def _worked(record: KeyRecord, lost: Recovery) -> bool:
    """Whether the key was valid at any time since what is left."""
    ends = (record.not_after, record.revoked_at, record.compromised_at)
    return lost.lost_from is not None and min(end for end in ends if end) > lost.lost_from
