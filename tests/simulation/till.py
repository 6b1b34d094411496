"""A till's machine: its program with the real core, the disk that outlives it, and the drawer beside it."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Final, TypeVar

from medsettle._desk.bindings import Bindings
from medsettle._desk.clicks import Clicks
from medsettle._desk.desk import Desk
from medsettle._desk.keys import Keys
from medsettle._exchange.signed import Peer
from medsettle.aio import AsyncTill
from medsettle.clock import CorrectedClock
from medsettle.config import TillConfig
from medsettle.hooks import Hooks, StateChanged
from medsettle.models import CashState, Tendered
from medsettle.tender import Collected
from medsettle.wire.signing import NONCE_CHARS, KeySigner
from tests.simulation.city import AUDIENCE, ROOT, key_of
from tests.simulation.clocks import TillClock
from tests.simulation.events import Note
from tests.simulation.journal import Disk, SimulatedJournal
from tests.simulation.line import Line, Wire
from tests.simulation.loop import Process, begin
from tests.simulation.signatures import read_key

T = TypeVar("T")
_NOWHERE: Final = Path("simulated")
_NO_ROOT: Final = KeySigner.generate().public_key
"""The configuration wants a key of a real suite; the peer is given the simulated root."""


class DiedError(Exception):
    """The till's program died over it."""


@dataclass
class Drawer:
    """What patients have paid and not got back, over all tills, in fen.

    A sale and what is left of it after a return are one: their cash is under the id of the first.
    """

    taken_fen: dict[str, int] = field(default_factory=dict)
    first_of: dict[str, str] = field(default_factory=dict)
    paid_back: dict[str, None] = field(default_factory=dict)

    def replaces(self, request_id: str, before: str) -> None:
        """Takes note that a sale is what is left of another."""
        self.first_of[request_id] = self.first(before)

    def first(self, request_id: str) -> str:
        """Returns the sale under which the cash of a sale is."""
        return self.first_of.get(request_id, request_id)

    def take(self, request_id: str, amount_fen: int) -> None:
        first = self.first(request_id)
        self.taken_fen[first] = self.taken_fen.get(first, 0) + amount_fen

    def give_back(self, request_id: str, amount_fen: int) -> None:
        """Whoever gives back counts what was taken."""
        self.take(request_id, -min(amount_fen, self.taken_fen.get(self.first(request_id), 0)))

    def put_right(self, request_id: str, due_fen: int) -> None:
        """A person has found out what the patient must have paid."""
        self.taken_fen[self.first(request_id)] = due_fen


@dataclass
class SimulatedTender:
    """A patient who pays, or does not; and a provider or a cashier who may fall silent over it."""

    drawer: Drawer
    chance: Random
    trouble_rate: float
    refunds_once: bool

    async def collect(self, amount_fen: int, request_id: str) -> Collected:
        await asyncio.sleep(self.chance.random() * 20)
        if self.chance.random() < 0.05:
            return Collected(CashState.NOT_COLLECTED)
        trouble = self.chance.random() < self.trouble_rate
        if trouble and self.chance.random() < 0.5:
            raise OSError
        self.drawer.take(request_id, amount_fen)
        await asyncio.sleep(self.chance.random() * 5)
        if trouble:
            return Collected(CashState.ASKED)
        return Collected(CashState.COLLECTED, (Tendered("cash", amount_fen),))

    async def refund(self, amount_fen: int, request_id: str, tenders: tuple[Tendered, ...]) -> bool:
        await asyncio.sleep(self.chance.random() * 5)
        trouble = self.chance.random() < self.trouble_rate
        if trouble and self.chance.random() < 0.5:
            return False
        if not (self.refunds_once and request_id in self.drawer.paid_back):
            self.drawer.give_back(request_id, amount_fen)
        self.drawer.paid_back[request_id] = None
        await asyncio.sleep(self.chance.random() * 2)
        if trouble:
            raise OSError
        return True


@dataclass
class TillMachine:
    """Runs a till's program, and a new one after it has died."""

    terminal: str
    line: Line
    drawer: Drawer
    chance: Random
    note: Note
    refunds_once: bool
    disk: Disk = field(default_factory=Disk)
    clock: TillClock = field(default_factory=TillClock)
    process: Process | None = None
    till: AsyncTill | None = None
    processes: list[Process] = field(default_factory=list)
    nonces_count: int = 0
    trouble_rate: float = 0.0

    @property
    def tender(self) -> SimulatedTender:
        return SimulatedTender(self.drawer, self.chance, self.trouble_rate, self.refunds_once)

    def start(self) -> None:
        """Starts a program that knows nothing but what its journal holds."""
        self.process = Process(f"{self.terminal} {len(self.processes) + 1}")
        self.processes.append(self.process)
        self.till = AsyncTill(self._desk(), Wire(self.terminal, self.line))

    def die(self) -> None:
        """Ends the program, at once."""
        if self.process is not None and self.process.alive:
            self.note(f"{self.process.name} dies", "a till died")
            self.process.die()

    async def do(self, work: Callable[[AsyncTill], Coroutine[Any, Any, T]]) -> T:
        """Returns what the program comes to. Raises DiedError if it does not live to see it."""
        process, till = self.process, self.till
        if process is None or till is None or not process.alive:
            raise DiedError
        ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        task = begin(process, work(till))

        def end(_: object = None) -> None:
            if not ended.done():
                ended.set_result(None)

        task.add_done_callback(end)
        process.watch(end)
        await ended
        if not task.done():
            raise DiedError
        return task.result()

    def _desk(self) -> Desk:
        journal = SimulatedJournal(self.disk)
        config = TillConfig(
            address="127.0.0.1:1", terminal=self.terminal, audience=AUDIENCE, root_public_key=_NO_ROOT,
            key_file=_NOWHERE / f"{self.terminal}.key", journal=_NOWHERE, operator="001", insecure=True,
        )
        clicks = Clicks(self.terminal.encode())
        return Desk(
            config=config, journal=journal, clock=CorrectedClock(self.clock, journal.proven_ms()),
            keys=Keys(key_of(self.terminal), config.key_file),
            peer=Peer(AUDIENCE, ROOT, read_key), hooks=Hooks([self._hook]), chance=self.chance.random,
            fresh_nonce=self._nonce, run=f"{self.terminal} {len(self.processes)}",
            clicks=clicks, bindings=Bindings(clicks.digest),
        )

    def _hook(self, told: object) -> None:
        if isinstance(told, StateChanged):
            self.note(f"{self.terminal} {told}")

    def _nonce(self) -> str:
        self.nonces_count += 1
        return f"{self.terminal}-{self.nonces_count:0>{NONCE_CHARS - len(self.terminal) - 1}}"
