"""People at a till: they sell, click twice, give up, undo, look up, and start it again after it has died."""

import asyncio
import math
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any, Final, TypeVar

from medsettle.aio import AsyncTill
from medsettle.errors import MedsettleError
from medsettle.models import Basket, CashState, Collect, Line, Outcome, Quote, SaleCard, Tendered
from tests.simulation.city import MEMBERS, basket, part_of
from tests.simulation.line import Weather
from tests.simulation.till import DiedError, TillMachine

T = TypeVar("T")
ENDED_UNPAID: Final = frozenset({"REFUSED", "SEALED", "RELEASED", "REVERSED"})


@dataclass
class Counter:
    """What the people of all tills remember: what was last said where, and what was wished undone."""

    told: dict[tuple[str, str], Outcome] = field(default_factory=dict)
    undone: dict[str, None] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    credentials_count: int = 0

    def hears(self, till: str, card: SaleCard) -> None:
        """Takes note of a card that says something. NOT_PAID stays so; and PAID, unless it is undone."""
        if card.request_id is None or card.outcome is Outcome.OPEN:
            return
        known = self.told.get((till, card.request_id))
        if known not in {None, card.outcome}:
            undone = known is Outcome.PAID and card.request_id in self.undone
            if not undone:
                self.wrong.append(f"{till} said {card.request_id} was {known}, then {card.outcome}")
        self.told[till, card.request_id] = card.outcome

    def undoes(self, request_id: str) -> None:
        """Somebody wishes a sale undone."""
        self.undone[request_id] = None

    def is_paid(self, request_id: str) -> bool:
        """Returns whether its own till last said that it is paid, and nobody wished it undone since."""
        till = request_id.rsplit("-", 3)[0]
        return request_id not in self.undone and self.told.get((till, request_id)) is Outcome.PAID


class Cashier:
    """Works one till for a day."""

    def __init__(
        self, machine: TillMachine, counter: Counter, chance: Random, weather: Weather, others: list[str]
    ) -> None:
        self.machine = machine
        self.counter = counter
        self.chance = chance
        self.weather = weather
        self.others = others
        self.mine: list[str] = []
        self.bought: dict[str, tuple[Line, ...]] = {}
        self.cards_count = 0

    async def works(self, until_s: float, between_s: float) -> None:
        """Serves patients until the evening."""
        self.machine.start()
        while asyncio.get_running_loop().time() < until_s:
            await asyncio.sleep(self._pause_s(between_s))
            await self._serve()

    def _pause_s(self, between_s: float) -> float:
        """Until the next patient; in a rush they come to all tills at once."""
        pause_s = self.chance.expovariate(1 / between_s)
        if not self.weather.rush_s:
            return pause_s
        now_s = asyncio.get_running_loop().time()
        comes_s = math.ceil((now_s + pause_s) / self.weather.rush_s) * self.weather.rush_s
        return comes_s - now_s + self.chance.random()

    async def _serve(self) -> None:
        what = self.chance.choices(
            (self._checkout, self._hold, self._pay_at_once, self._undo, self._undo_elsewhere, self._look,
             self._recover, self._return),
            (45, 18, 12, 8, 3, 6, 8, 9),
        )[0]
        if self.chance.random() < self.weather.clock_jumps_rate:
            self._set_clock()
        await self._doing(what)

    async def _doing(self, what: Callable[[], Awaitable[None]]) -> None:
        """Does it; whatever the till says or fails of, the next patient is served."""
        machine = self.machine
        if self.chance.random() < self.weather.till_dies_rate:
            asyncio.get_running_loop().call_later(self.chance.random() ** 2 * 20, self._power_fails)
        try:
            await what()
        except DiedError:
            await asyncio.sleep(self.chance.random() * 60)
            machine.start()
            await self._quietly(self._recover)
        except MedsettleError as error:
            if error.card is not None:
                self.counter.hears(self.machine.terminal, error.card)

    def _power_fails(self) -> None:
        if self.weather.till_dies_rate:
            self.machine.die()

    async def _quietly(self, what: Callable[[], Awaitable[None]]) -> None:
        try:
            await what()
        except (DiedError, MedsettleError):
            if self.machine.process is None or not self.machine.process.alive:
                self.machine.start()

    # What people do.

    async def _checkout(self) -> None:
        number, who = await self._number(), self.chance.choice(MEMBERS)
        bought, credential = basket(self.chance, who), self._credential(who)
        card = await self._told(lambda till: self._one_checkout(till, number, credential, bought), bought)
        if card.outcome is Outcome.OPEN or self.chance.random() < 0.1:
            await asyncio.sleep(self.chance.random() * 30)
            await self._told(lambda till: self._one_checkout(till, number, credential, bought))

    async def _one_checkout(
        self, till: AsyncTill, number: str, credential: str, bought: Basket
    ) -> SaleCard:
        async def show(_: Quote) -> bool:
            await asyncio.sleep(self.chance.random() * 10)
            return self.chance.random() < 0.95

        return await till.checkout(
            number, credential, bought, show=show, tender=self.machine.tender,
            acknowledgements=("POSSIBLE_DUPLICATE",),
        )

    async def _hold(self) -> None:
        """Holds, collects by hand and confirms; or gives up, or goes away."""
        card = await self._settled(Collect.LATER)
        if card is None or card.request_id is None or card.state != "HELD":
            return
        await asyncio.sleep(self.chance.choice((5, 60, 700)))
        after, request_id = self.chance.random(), card.request_id
        if after < 0.65:
            await self._confirm(request_id)
        elif after < 0.8:
            self.counter.undoes(request_id)
            await self._told(lambda till: till.release(request_id))

    async def _confirm(self, request_id: str) -> None:
        record = self.machine.disk.records[request_id]
        if record.cash is not CashState.NOT_ASKED and record.cash is not CashState.NOT_DUE:
            return
        tenders = (Tendered("cash", record.cash_fen),) if record.cash_fen else ()
        self.machine.drawer.take(request_id, record.cash_fen)
        try:
            await self._told(lambda till: till.confirm(request_id, tenders))
        finally:
            written = self.machine.disk.records[request_id]
            if written.cash is CashState.NOT_ASKED:
                # The till never came so far: the patient has the money back at once.
                self.machine.drawer.give_back(request_id, record.cash_fen)

    async def _pay_at_once(self) -> None:
        await self._settled(Collect.NOW)

    async def _settled(self, collect: Collect) -> SaleCard | None:
        number, who = await self._number(), self.chance.choice(MEMBERS)
        bought, credential = basket(self.chance, who), self._credential(who)
        quote = await self.machine.do(lambda till: till.quote(credential, bought))
        await asyncio.sleep(self.chance.random() * 30)
        before = set(self.machine.disk.records)
        try:
            return await self._told(lambda till: till.settle(
                number, credential, bought, expected=quote.split, collect=collect,
                quote_token=quote.quote_token or None, acknowledgements=("POSSIBLE_DUPLICATE",),
            ), bought)
        finally:
            for request_id in sorted(set(self.machine.disk.records) - before):
                if collect is Collect.NOW:
                    self.machine.drawer.take(request_id, quote.split.cash_fen)

    async def _undo(self) -> None:
        if self.mine:
            request_id = self.chance.choice(self.mine)
            self.counter.undoes(request_id)
            await self._told(lambda till: till.reverse(request_id, reason="goods returned"))

    async def _return(self) -> None:
        """A patient brings part of the goods back."""
        several = [each for each, lines in self.bought.items() if len(lines) > 1 or lines[0].quantity == "2"]
        chosen = [each for each in several if self.counter.is_paid(each)]
        if not chosen:
            return
        before = self.chance.choice(chosen)
        stay = part_of(self.bought[before], self.chance)
        number = await self._number()
        quote = await self.machine.do(lambda till: till.quote_return(before, stay))
        self.counter.undoes(before)
        tender = self.machine.tender if self.chance.random() < 0.7 else None
        known = dict.fromkeys(self.machine.disk.records)
        try:
            await self._told(lambda till: till.return_goods(
                number, before, stay, expected=quote.split, tender=tender
            ), Basket(stay))
            self.machine.note(f"{before} in part", "goods came back")
        finally:
            for request_id in self.machine.disk.records:
                if request_id not in known:
                    self.machine.drawer.replaces(request_id, before)

    async def _undo_elsewhere(self) -> None:
        """A sale of another till of the institution, which said that it is paid and is done with it."""
        place = self.machine.terminal.partition("-")[0]
        chosen = [
            each for each in self.others
            if each.startswith(place) and not each.startswith(f"{self.machine.terminal}-")
            and self.counter.is_paid(each)
        ]
        if chosen:
            request_id = self.chance.choice(chosen)
            self.counter.undoes(request_id)
            await self._told(lambda till: till.reverse(request_id, reason="goods returned"))

    async def _look(self) -> None:
        if self.mine:
            request_id = self.chance.choice(self.mine)
            await self._told(lambda till: till.status(request_id))

    async def _recover(self) -> None:
        for card in await self.machine.do(lambda till: till.recover(self.machine.tender)):
            self.counter.hears(self.machine.terminal, card)

    # What they do it with.

    async def _number(self) -> str:
        return await self.machine.do(lambda till: till.next_number())

    def _credential(self, who: str) -> str:
        self.counter.credentials_count += 1
        return f"{who}#{self.counter.credentials_count}"

    async def _told(
        self, work: Callable[[AsyncTill], Coroutine[Any, Any, SaleCard]], bought: Basket | None = None
    ) -> SaleCard:
        """Returns the card, and remembers the sale and what was said of it."""
        known = set(self.machine.disk.records)
        try:
            card = await self.machine.do(work)
        finally:
            for request_id in sorted(set(self.machine.disk.records) - known):
                if request_id.startswith(f"{self.machine.terminal}-"):
                    self.mine.append(request_id)
                    self.others.append(request_id)
                    if bought is not None:
                        self.bought[request_id] = bought.lines
        self.cards_count += 1
        self.counter.hears(self.machine.terminal, card)
        return card

    def _set_clock(self) -> None:
        hours = self.chance.choice((0, 0, 0.02, 1, 30))
        self.machine.clock.off = timedelta(hours=hours * self.chance.choice((1, -1)))
        self.machine.note(f"{self.machine.terminal} clock {self.machine.clock.off}")
