"""A town under bad weather for some days, then a quiet evening; the same seed makes the same days."""

import asyncio
from collections.abc import Mapping
from contextvars import Context
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from random import Random
from typing import Final

from medsettle.aio import AsyncTill
from medsettle.errors import MedsettleError
from medsettle.models import CashState
from tests.gateway.service.world import CLINIC, PHARMACY
from tests.simulation import city, verdict
from tests.simulation.authority import Beyond
from tests.simulation.cashier import Cashier, Counter
from tests.simulation.clocks import MachineClock
from tests.simulation.events import Events
from tests.simulation.gateway import RULES, GatewayMachine
from tests.simulation.line import Line, Weather
from tests.simulation.loop import Process, VirtualLoop, buried
from tests.simulation.store import Database
from tests.simulation.till import DiedError, Drawer, TillMachine

DAY_S: Final = 86_400
OPEN_S: Final = 10_800
"""A small day: from eight in the morning to eleven."""
TO_FIND_OUT: Final = frozenset({CashState.REFUND_ASKED, CashState.UNDONE_ELSEWHERE})
_LOOKS_MOST: Final = 40


@dataclass(frozen=True)
class Result:
    """How the days went. ``digest`` is of every event; ``met`` counts kinds of them."""

    seed: str
    faults: tuple[str, ...]
    digest: str
    till_days: int
    sales_count: int
    deaths_count: int
    met: Mapping[str, int] = field(repr=False)
    events: tuple[str, ...] = field(repr=False, default=())


class World:
    """Everything of one seed."""

    def __init__(self, seed: str, days: int = 1, *, keep_events: bool = False) -> None:
        self.seed = seed
        self.days = days
        self.chance = Random(seed)
        self.weather = Weather.of(self.chance)
        self.loop = VirtualLoop(lambda: self.chance.random() * 0.005)
        self.events = Events(self.loop.time, kept=keep_events)
        self.note = self.events.note
        self.drawer, self.counter = Drawer(), Counter()
        self.deaths_count = 0
        self.is_over = False

    def run(self) -> Result:
        """Returns how it went."""
        try:
            return self.loop.run(self._run())
        finally:
            self.loop.close()

    async def _run(self) -> Result:
        await self._build()
        for gateway in self.gateways:
            self._start(gateway)
        if self.weather.restores:
            self.loop.call_later(self.chance.random() * OPEN_S, self._disks_are_gone, context=Context())
        for day in range(self.days):
            await self._day(day)
        await self._evening()
        found = tuple(verdict.faults(self.gateways, self.tills, self.counter, self.drawer))
        found += tuple(f"nobody awaited: {fault}" for fault in self.loop.faults)
        self._bury()
        return Result(
            self.seed, found, self.events.digest, self.days * len(self.tills),
            len(self.database.tables.sales), self.deaths_count, self.events.met,
            tuple(self.events.lines or ()),
        )

    async def _build(self) -> None:
        weather = self.weather
        self.note(f"{weather}")
        count = self.chance.choice((1, 1, 1, 2))
        database = self.database = Database(
            await city.tables(self.chance), self.chance, self.note, shared=count > 1
        )
        database.slow_s = self.chance.choice((0.001, 0.02))
        database.dies_rate, database.fails_rate = weather.commit_dies_rate, weather.store_fails_rate
        database.contended_rate = weather.contended_rate
        sweeps = timedelta(seconds=self.chance.choice((60, 300, 900)))
        self.beyond = self._beyond()
        self.rules = replace(RULES, sweep_interval=sweeps)
        self.gateways = [
            GatewayMachine(f"gateway {number}", database, self.rules, self.beyond)
            for number in range(1, count + 1)
        ]
        line = Line(self.gateways, self.chance, self.note, weather)
        trouble_rate = self.chance.choice((0.0, 0.0, 0.3))
        self.tills = [
            TillMachine(
                terminal, line, self.drawer, self.chance, self.note, self.chance.random() < 0.5,
                trouble_rate=trouble_rate,
            )
            for terminal in city.TERMINALS[: self.chance.choice((2, 2, 3, 4))]
        ]

    def _beyond(self) -> Beyond | None:
        """Some towns have an authority beyond the house: for one of the two institutions, or for both."""
        places = self.chance.choice(((), (), (), (PHARMACY,), (CLINIC, PHARMACY)))
        return Beyond(self.chance, places, self.chance.choice((0.0, 0.3, 0.7))) if places else None

    async def _day(self, day: int) -> None:
        until_s = day * DAY_S + OPEN_S
        between_s = OPEN_S / self.chance.choice((4, 8))
        made: list[str] = []
        outside = asyncio.get_running_loop()
        working = [
            outside.create_task(
                Cashier(till, self.counter, self.chance, self.weather, made).works(until_s, between_s)
            )
            for till in self.tills
        ]
        for each in working:
            await each
        if day + 1 < self.days:
            await asyncio.sleep((day + 1) * DAY_S - self.loop.time())

    def _start(self, gateway: GatewayMachine) -> None:
        """Starts it; when it dies, somebody starts it again. Sometimes it dies of nothing."""
        process = gateway.start()
        process.watch(partial(self._died, gateway))
        mean_s = self.weather.gateway_dies_s
        if mean_s:
            self.loop.call_later(self.chance.expovariate(1 / mean_s), self._dies, process, context=Context())

    def _dies(self, process: Process) -> None:
        if process.alive and self.weather.gateway_dies_s:
            self.note(f"{process.name} dies", "a gateway died")
            process.die()

    def _disks_are_gone(self) -> None:
        """The database is restored as it was some commits ago, while no gateway runs."""
        for gateway in self.gateways:
            if gateway.process is not None:
                gateway.process.die()
        if self.database.backups and self.beyond is None:
            self.database.restore()

    def _died(self, gateway: GatewayMachine) -> None:
        if self.is_over:
            return
        self.deaths_count += 1
        if self.chance.random() < self.weather.clock_jumps_rate * 3:
            self._set_clock(gateway.clock)
        after_s = self.chance.choice((0.5, 5, 30))
        self.loop.call_later(after_s, self._start, gateway, context=Context())

    def _set_clock(self, clock: MachineClock) -> None:
        """Gateways that share a database must not be further apart than a till's clock may be wrong."""
        furthest_s = 120 if self.database.shared else 400
        clock.off = timedelta(seconds=self.chance.choice((-90, 0, 20, furthest_s)))
        self.note(f"the gateway's clock is {clock.off} off")

    # The evening.

    async def _evening(self) -> None:
        """The weather clears; tills recover until nothing is open, and every hold has had its time."""
        self.note("evening")
        self._clear_up()
        for till in self.tills:
            self.deaths_count += len(till.processes) - 1
            if till.process is None or not till.process.alive:
                till.start()
        self.database.end_recovery_for({*city.TERMINALS} - {till.terminal for till in self.tills})
        longest_s = (RULES.hold + RULES.late_confirm + 2 * self.rules.sweep_interval).total_seconds()
        for _ in range(2):
            for till in self.tills:
                await self._end(till)
            await asyncio.sleep(longest_s)
        for till in self.tills:
            await self._look_again(till)
            await self._end(till)

    def _clear_up(self) -> None:
        clear = Weather()
        for name in vars(clear):
            setattr(self.weather, name, getattr(clear, name))
        database = self.database
        database.dies_rate = database.fails_rate = database.contended_rate = 0.0
        if self.beyond is not None:
            self.beyond.trouble_rate = 0.0
        self.tills[0].line.clear()
        for till in self.tills:
            till.trouble_rate = 0.0

    async def _end(self, till: TillMachine) -> None:
        for _ in range(_LOOKS_MOST):
            for card in await till.do(partial(AsyncTill.recover, tender=till.tender)):
                self.counter.hears(till.terminal, card)
            open_ = await till.do(AsyncTill.open_sales)
            for card in open_:
                if card.cash in TO_FIND_OUT and card.request_id is not None:
                    due_fen = verdict.dues_fen(self.drawer, self.database.tables)
                    self.drawer.put_right(card.request_id, due_fen.get(self.drawer.first(card.request_id), 0))
                    await till.do(partial(AsyncTill.cash_returned, request_id=card.request_id))
            if not open_:
                return
            await asyncio.sleep(60)

    async def _look_again(self, till: TillMachine) -> None:
        """Asks for what the journal has as paid: another till may have undone it."""
        for request_id in tuple(till.disk.records):
            try:
                card = await till.do(partial(AsyncTill.status, request_id=request_id))
            except (MedsettleError, DiedError) as error:
                self.note(f"{request_id} cannot be looked up: {error!r}")
            else:
                self.counter.hears(till.terminal, card)

    def _bury(self) -> None:
        self.is_over = True
        machines: tuple[GatewayMachine | TillMachine, ...] = (*self.gateways, *self.tills)
        beyond = [self.beyond.process] if self.beyond else []
        for process in (*beyond, *(each for machine in machines for each in machine.processes)):
            process.die()
            buried(process)
