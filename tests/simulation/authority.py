"""The authority beyond the house: it keeps its contract, and everything on the way to it may go wrong."""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Final

from medsettle_gateway.domain.sale import SaleRecord
from medsettle_gateway.domain.split import Split
from medsettle_gateway.service.remote import Remotes
from tests.gateway.service.scripted import FATES, NAME, SMOOTH, Fate, Scripted, shifted
from tests.simulation.clocks import GatewayClock
from tests.simulation.loop import Process, begin

_REFUSES_RATE: Final = 0.05
_OTHERWISE_RATE: Final = 0.05
_YUAN_FEN: Final = 100


class _Fates(deque[Fate]):
    """What becomes of each call: drawn as it comes, smooth in the evening."""

    def __init__(self, chance: Random, beyond: "Beyond") -> None:
        super().__init__()
        self._chance = chance
        self._beyond = beyond

    def __bool__(self) -> bool:
        return True

    def popleft(self) -> Fate:
        bad = self._beyond.trouble_rate and self._chance.random() < self._beyond.trouble_rate
        return self._chance.choice(FATES) if bad else SMOOTH


@dataclass
class Beyond:
    """The platform, and the numbers under which sales go to it: one after another, whichever gateway asks.

    ``places``: whose sales it decides, by institution.
    """

    chance: Random
    places: tuple[str, ...]
    trouble_rate: float = 0.5
    process: Process = field(default_factory=lambda: Process("beyond"))
    numbers_count: int = 0

    def __post_init__(self) -> None:
        self.platform = Scripted(
            GatewayClock(), lambda work, *, name: begin(self.process, work, name),
            script=_Fates(self.chance, self), refuses=lambda _: self.chance.random() < _REFUSES_RATE,
        )
        self.platform.charging = self._charging
        self._charged: dict[str, Split] = {}

    def remotes(self) -> Remotes:
        """Returns what a gateway is told of it."""
        return Remotes({NAME: self.platform}, dict.fromkeys(self.places, NAME), self._number)

    def _number(self, institution: str, at: datetime) -> str:
        self.numbers_count += 1
        return f"{institution}{at:%Y%m%d}{self.numbers_count:06}"

    def _charging(self, sale: SaleRecord) -> Split:
        """What it charges, always the same of one sale; now and then it is not what was shown."""
        text = sale.request_id.text
        if text not in self._charged:
            assert sale.upstream is not None
            shown = sale.upstream.expected
            can_differ = sum(dict(shown.funds).values()) > _YUAN_FEN
            other = can_differ and self.chance.random() < _OTHERWISE_RATE
            self._charged[text] = shifted(sale) if other else shown
        return self._charged[text]
