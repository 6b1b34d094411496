"""The gateway's process, put together as ``bootstrap`` does, without a socket; and the machine it runs on."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from typing import Any, Final

from medsettle._exchange.signed import Request
from medsettle.wire.signing import Certificate
from medsettle_gateway.config import LimitsSection
from medsettle_gateway.rpc.answering import Answerer, AnsweringKey
from medsettle_gateway.rpc.authentication import milliseconds
from medsettle_gateway.rpc.calls import Calls, Handled, Ports
from medsettle_gateway.service.chainer import Chainer
from medsettle_gateway.service.courier import Courier
from medsettle_gateway.service.desk import Desk, Identity, Rules
from medsettle_gateway.service.embedded import Embedded
from medsettle_gateway.service.front import Service
from medsettle_gateway.service.instants import ClockBehindError
from medsettle_gateway.service.ports import ContendedError, StoreUnavailableError
from medsettle_gateway.service.quote_token import QuoteTokens
from medsettle_gateway.service.receipt import Receipts
from medsettle_gateway.service.recently import Recently
from medsettle_gateway.service.remote import Remotes
from medsettle_gateway.service.rulebook import Rulebook
from medsettle_gateway.service.sweeper import Sweeper
from medsettle_gateway.service.writer import Writer
from tests.gateway.service.world import packs
from tests.simulation.authority import Beyond
from tests.simulation.city import ANSWERING, AUDIENCE, BEGIN, ROOT, Issuer
from tests.simulation.clocks import GatewayClock
from tests.simulation.line import Respond
from tests.simulation.loop import Process, begin
from tests.simulation.signatures import SUITE, read_key
from tests.simulation.store import Database, SimulatedStore

RULES: Final = Rules(
    hold=timedelta(minutes=10), late_confirm=timedelta(hours=1), chain_interval=timedelta(minutes=10),
    errand_interval=timedelta(minutes=1),
)
LIMITS: Final = LimitsSection()
EXPECTED: Final = (StoreUnavailableError, ContendedError, ClockBehindError, ConnectionError)
"""What a gateway may report on a bad day."""
_YEARS: Final = timedelta(days=800)


@cache
def _authority() -> Embedded:
    return Embedded(Rulebook(packs()))


@cache
def _answering() -> AnsweringKey:
    begins, ends = milliseconds(BEGIN - _YEARS), milliseconds(BEGIN + _YEARS)
    return AnsweringKey.of(ANSWERING, Certificate.issue(ROOT, AUDIENCE, ANSWERING, begins, ends))


class _Receipts:
    def sign(self, statement: bytes) -> tuple[bytes, str]:
        return ANSWERING.sign(statement), _answering().line


@dataclass
class GatewayMachine:
    """Runs a gateway, and a new one after it has died."""

    name: str
    database: Database
    rules: Rules
    beyond: Beyond | None = None
    clock: GatewayClock = field(default_factory=GatewayClock)
    process: Process | None = None
    calls: Calls | None = None
    handled: list[Handled] = field(default_factory=list)
    reports: list[tuple[str, BaseException]] = field(default_factory=list)
    processes: list[Process] = field(default_factory=list)

    @property
    def is_up(self) -> bool:
        return self.process is not None and self.process.alive

    def start(self) -> Process:
        """Starts a gateway that knows nothing but what its database holds."""
        process = self.process = Process(f"{self.name} {len(self.processes) + 1}")
        self.processes.append(process)
        begin(process, self._run(process))
        return process

    async def _run(self, process: Process) -> None:
        def spawn(work: Coroutine[Any, Any, None], *, name: str) -> "asyncio.Future[None]":
            return begin(process, work, name)

        store, clock = SimulatedStore(self.database), self.clock
        desk = Desk(
            Identity(AUDIENCE, ROOT.public_key, SUITE), _authority(), QuoteTokens(b"q" * 32),
            Receipts(_Receipts()), read_key, self.rules,
            remotes=self.beyond.remotes() if self.beyond else Remotes(),
        )
        writer = Writer(store, clock, desk, self.report)
        courier = Courier(store, clock, writer, desk, self.report, spawn) if self.beyond else None
        service = Service(store, clock, desk, Issuer(), writer, self.report, courier)
        recently = Recently(store.load, clock)
        ports = Ports(
            AUDIENCE, service, recently.load, clock, read_key, Answerer(_answering), self.report,
            self._observe,
        )
        writer.start(spawn)
        Sweeper(store, clock, writer, self.rules, self.report).start(spawn)
        if courier is not None:
            courier.start()
        Chainer(store, clock, self.rules, self.report).start(spawn)
        self.calls = Calls(ports, LIMITS)

    def _observe(self, handled: Handled) -> None:
        self.handled.append(handled)
        self.database.note(f"{self.name} {handled}", handled.reason)

    def report(self, what: str, error: BaseException) -> None:
        self.database.note(f"{self.name} reports {what}: {type(error).__name__}", "a gateway reported")
        self.reports.append((what, error))

    def handle(self, request: Request, allowed_ms: int, respond: Respond) -> None:
        """Answers a call in the gateway's process; one that dies meanwhile breaks the connection."""
        process, calls = self.process, self.calls
        if process is None or not process.alive or calls is None:
            respond(None)
            return
        work = begin(process, calls.handle(request.call.path, request.metadata, request.body, allowed_ms))
        told = False

        def tell() -> None:
            nonlocal told
            if not told:
                told = True
                respond(work.result() if work.done() and not work.cancelled() else None)

        work.add_done_callback(lambda _: tell())
        process.watch(tell)

    def unexpected(self) -> list[str]:
        """Returns what was reported that no weather explains."""
        return [
            f"{what}: {error!r}" for what, error in self.reports if not isinstance(error, EXPECTED)
        ]
