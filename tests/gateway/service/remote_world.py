"""The small city where a remote authority decides; processes of it crash, and others go on over its store."""

import itertools
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from medsettle_gateway.domain.ids import RequestId
from medsettle_gateway.domain.sale import SaleRecord
from medsettle_gateway.service.commands import Answer, Command, Expire
from medsettle_gateway.service.courier import Courier
from medsettle_gateway.service.desk import Rules
from medsettle_gateway.service.errands import Heard
from medsettle_gateway.service.front import Service
from medsettle_gateway.service.remote import Remotes, Said
from medsettle_gateway.service.writer import Writer
from tests.gateway.service.scripted import NAME, Scripted
from tests.gateway.service.virtual_time import Process, VirtualClock
from tests.gateway.service.world import REGION, World

DEADLINE_S = 20


@dataclass
class RemoteWorld(World):
    """``authority`` decides everything in the region. Several of these may share a store, a clock and it."""

    clock: VirtualClock = field(default_factory=VirtualClock)
    rules: Rules = field(default_factory=lambda: Rules(group_wait=timedelta(0)))
    process: Process = field(default_factory=Process)
    beyond: Process = field(default_factory=Process)
    authority: Scripted = field(init=False)
    shared: Scripted | None = None
    sequence: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        super().__post_init__()
        self.authority = self.shared or Scripted(self.clock, self.beyond.spawn)
        self._wire()

    def _wire(self) -> None:
        remotes = Remotes({NAME: self.authority}, {REGION: NAME}, self._number)
        self.desk = replace(self.desk, remotes=remotes)
        self.writer = Writer(self.store, self.clock, self.desk, self.report, self.told.append)
        self.courier = Courier(
            self.store, self.clock, self.writer, self.desk, self.report, self.process.spawn
        )
        self.service = Service(
            self.store, self.clock, self.desk, self.resolver, self.writer, self.report, self.courier
        )

    def _number(self, institution: str, at: datetime) -> str:
        return f"{institution}{at:%Y%m%d%H%M%S}{next(self.sequence):04}"

    async def begun(self, *, courier: bool = True) -> "RemoteWorld":
        self.writer.start(self.process.spawn)
        if courier:
            self.courier.start()
        return self

    async def crash_and_restart(self) -> None:
        """Everything that this process had under way is gone; what is on its way beyond it is not."""
        await self.process.crash()
        self._wire()
        await self.begun()

    def another(self) -> "RemoteWorld":
        """Returns another process over the same store."""
        return RemoteWorld(
            store=self.store, clock=self.clock, rules=self.rules, shared=self.authority,
            numbers=self.numbers, beyond=self.beyond, sequence=self.sequence,
        )

    async def ends(self) -> None:
        await self.process.crash()
        await self.beyond.crash()

    async def ask(self, command: Command, deadline_s: float = DEADLINE_S) -> Answer:
        """Asks with a deadline, and lets time pass until there is an answer."""
        deadline_at = self.clock.at + timedelta(seconds=deadline_s)
        return await self.clock.until(self.service(command, deadline_at))

    async def hears(self, request_id: RequestId, said: Said, attempts: int | None = None) -> Answer:
        return await self.clock.until(self.writer.submit(Heard(request_id.text, said, attempts)))

    async def sweeps(self, request_id: RequestId) -> None:
        await self.clock.until(self.writer.submit(Expire(request_id.text)))

    def at(self, request_id: RequestId) -> SaleRecord:
        return self.store.tables.sales[request_id.text]
