"""People at a till: they sell, click twice, give up, undo, take goods back, look up, and pull the plug."""

import asyncio
import contextlib
import secrets
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from random import Random

from medsettle._desk.records import first_id
from medsettle.aio import AsyncTill
from medsettle.config import TillConfig
from medsettle.errors import JournalError, MedsettleError
from medsettle.models import Basket, CashState, Collect, Line, Outcome, Quote, SaleCard, Tendered
from medsettle.record import SaleRecord
from medsettle.tender import Collected
from medsettle.ticket import Ticket, china_day
from medsettle.wire.signing import Signer
from medsettle_gateway.resolvers.demo import DemoIssuer
from tests.chaos.clocks import GatewayClock, TillClock
from tests.chaos.papers import Papers
from tests.chaos.town import REGION, Shop
from tests.e2e.counter import GAUZE, METER, PROTEIN, REMEDY, SCAN, TABLETS

_LIFE = timedelta(seconds=300)
_DEADLINES_MS = {
    "Quote": 1_500, "CheckEligibility": 1_500, "Settle": 3_000, "Confirm": 3_000, "Release": 3_000,
    "Reverse": 3_000, "Seal": 2_000, "GetSale": 2_000, "ListSales": 2_000,
}
_WAIT_MS = 6_000
_KEPT = 200
_PRICES = ("0.01", "49.99", "300.00", "500.01", "1200.00", "2500.00")
_TO_FIND_OUT = frozenset({CashState.REFUND_ASKED, CashState.UNDONE_ELSEWHERE})
_NOTHING_TAKEN = frozenset({CashState.NOT_ASKED, CashState.NOT_COLLECTED, CashState.NOT_DUE})
_KNOWN = ("POSSIBLE_DUPLICATE",)
_EVENING_ROUNDS = 100


class Wallet:
    """A patient who pays, or does not; and who may be called away over it. It pays back once an id."""

    refunds_once = True

    def __init__(self, papers: Papers, chance: Random) -> None:
        self._papers = papers
        self._chance = chance
        self.trouble_rate = 0.04

    async def collect(self, amount_fen: int, request_id: str) -> Collected:
        await asyncio.sleep(self._chance.random() * 0.05)
        if self._chance.random() < 0.05:
            return Collected(CashState.NOT_COLLECTED)
        trouble = self._chance.random() < self.trouble_rate
        if trouble and self._chance.random() < 0.5:
            raise OSError("nobody knows whether he has paid")
        self._papers.take(request_id, amount_fen)
        await asyncio.sleep(self._chance.random() * 0.05)
        if trouble:
            return Collected(CashState.ASKED)
        return Collected(CashState.COLLECTED, (Tendered("cash", amount_fen),))

    async def refund(self, amount_fen: int, request_id: str, tenders: tuple[Tendered, ...]) -> bool:
        trouble = self._chance.random() < self.trouble_rate
        if trouble and self._chance.random() < 0.5:
            return False
        self._papers.refund(request_id, amount_fen)
        await asyncio.sleep(self._chance.random() * 0.05)
        if trouble:
            raise OSError("nobody knows whether he has it back")
        return True


class Cashier:
    """Works one till of a shop."""

    def __init__(
        self, shop: Shop, config: TillConfig, papers: Papers, chance: Random, issuer: Signer,
        others: deque[str],
    ) -> None:
        self.shop = shop
        self.config = replace(config, deadlines_ms=_DEADLINES_MS, wait_ms=_WAIT_MS, operator="7")
        self.papers = papers
        self.chance = chance
        self.clock = TillClock()
        self.wallet = Wallet(papers, chance)
        self.others = others
        self.mine: deque[str] = deque(maxlen=_KEPT)
        self.bought: dict[str, tuple[Line, ...]] = {}
        self._issuer = DemoIssuer(issuer)
        self._gateway_clock = GatewayClock(shop.clock)
        self._till: AsyncTill | None = None

    @property
    def terminal(self) -> str:
        return self.config.terminal

    @property
    def till(self) -> AsyncTill:
        assert self._till is not None
        return self._till

    async def opens(self) -> None:
        """Opens the till as soon as its disk lets it, and puts right what its people know of."""
        while self._till is None:
            try:
                self._till = await AsyncTill.open(self.config, clock=self.clock)
            except JournalError:
                await asyncio.sleep(0.1)
        while True:
            try:
                self._money_that_no_till_knows()
            except JournalError:
                await asyncio.sleep(0.1)
            else:
                return

    async def closes(self) -> None:
        if self._till is not None:
            till, self._till = self._till, None
            await till.close()

    async def works(self, closing: asyncio.Event) -> None:
        """Serves patients until the evening."""
        await self._doing(self._recover)
        while not closing.is_set():
            await asyncio.sleep(self.chance.expovariate(1 / 0.02))
            if self.chance.random() < 0.01:
                self.clock.jump(self.chance)
            await self._serve()

    async def _serve(self) -> None:
        what = self.chance.choices(
            (self._checkout, self._hold, self._pay_at_once, self._undo, self._undo_elsewhere, self._return,
             self._look, self._list, self._recover),
            (50, 16, 16, 6, 2, 4, 4, 1, 3),
        )[0]
        if self.chance.random() < 0.01:
            await self._pull_the_plug(what)
        else:
            await self._doing(what)

    async def _doing(self, what: Callable[[], Awaitable[None]]) -> None:
        """Does it; whatever the till says or fails of, the next patient is served."""
        try:
            await what()
        except MedsettleError as error:
            if error.card is not None:
                self._hears(error.card)

    async def _pull_the_plug(self, what: Callable[[], Awaitable[None]]) -> None:
        """The program is started anew in the middle of what it does."""
        doing = asyncio.create_task(self._doing(what))
        await asyncio.wait({doing}, timeout=self.chance.random() ** 2)
        doing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await doing
        await self.closes()
        await self.opens()
        await self._doing(self._recover)

    # What people do.

    async def _checkout(self) -> None:
        bought, credential = self._basket(), self._credential(self._somebody())
        ticket = await self.till.next_number()
        card = await self._one_checkout(ticket, credential, bought)
        if card.outcome is Outcome.OPEN or self.chance.random() < 0.1:
            await asyncio.sleep(self.chance.random())
            await self._one_checkout(ticket, credential, bought)

    async def _one_checkout(self, ticket: str, credential: str, bought: Basket) -> SaleCard:
        async def show(_: Quote) -> bool:
            return self.chance.random() < 0.95

        card = await self.till.checkout(
            ticket, credential, bought, show=show, tender=self.wallet, acknowledgements=_KNOWN
        )
        self._sold(card, bought)
        return card

    async def _hold(self) -> None:
        """Holds, collects by hand and confirms; or confirms late, or gives up, or goes away."""
        request_id = await self._settled(Collect.LATER)
        record = self._record(request_id)
        if record is None or record.state != "HELD":
            return
        await asyncio.sleep(self.chance.choice((0, 0, 0, 0.2, 0.5, 9)))
        after = self.chance.random()
        if after < 0.7:
            await self._confirm(request_id)
        elif after < 0.85:
            self.papers.undoes(self.terminal, request_id)
            self._hears(await self.till.release(request_id))

    async def _confirm(self, request_id: str) -> None:
        record = self._record(request_id)
        if record is None or record.cash not in {CashState.NOT_ASKED, CashState.NOT_DUE}:
            return
        tenders = (Tendered("cash", record.cash_fen),) if record.cash_fen else ()
        if record.cash_fen:
            self.papers.take(request_id, record.cash_fen)
        try:
            self._hears(await self.till.confirm(request_id, tenders))
        finally:
            self._unless_known(request_id)

    async def _pay_at_once(self) -> None:
        await self._settled(Collect.NOW)

    async def _settled(self, collect: Collect) -> str:
        """Returns the id of a sale by hand; the cash of what is settled at once is taken before."""
        credential, bought = self._credential(self._somebody()), self._basket()
        quote = await self.till.quote(credential, bought)
        ticket, request_id = await self._new_ticket()
        if collect is Collect.NOW and quote.split.cash_fen:
            self.papers.take(request_id, quote.split.cash_fen)
        try:
            card = await self.till.settle(
                ticket, credential, bought, expected=quote.split, collect=collect,
                quote_token=quote.quote_token or None, acknowledgements=_KNOWN,
            )
        finally:
            self._unless_known(request_id)
        self._sold(card, bought)
        return request_id

    async def _undo(self) -> None:
        if self.mine:
            request_id = self.chance.choice(self.mine)
            self.papers.undoes(self.terminal, request_id)
            self._hears(await self.till.reverse(request_id, reason="goods returned"))

    async def _undo_elsewhere(self) -> None:
        """A sale of another till of the shop, which said that it is paid and is done with it."""
        chosen = [
            each for each in self.others
            if not each.startswith(f"{self.terminal}-") and self.papers.is_paid(each)
        ]
        if chosen:
            request_id = self.chance.choice(chosen)
            self.papers.undoes(self.terminal, request_id)
            self._hears(await self.till.reverse(request_id, reason="goods returned"))

    async def _return(self) -> None:
        """A patient brings part of the goods back."""
        chosen = [each for each in self.bought if self.papers.is_paid(each)]
        if not chosen:
            return
        before = self.chance.choice(chosen)
        stay = self.bought.pop(before)[:-1]
        quote = await self.till.quote_return(before, stay)
        ticket, request_id = await self._new_ticket()
        self.papers.undoes(self.terminal, before)
        self.papers.replaces(request_id, before)
        card = await self.till.return_goods(
            ticket, before, stay, expected=quote.split,
            tender=self.wallet if self.chance.random() < 0.7 else None,
        )
        self._sold(card, Basket(stay))

    async def _look(self) -> None:
        if self.mine:
            self._hears(await self.till.status(self.chance.choice(self.mine)))

    async def _list(self) -> None:
        count = 0
        async for _ in self.till.list_sales(page_size=20):
            count += 1
            if count == 40:
                return

    async def _recover(self) -> None:
        for card in await self.till.recover(self.wallet):
            self._hears(card)

    # The evening.

    async def tidies_up(self) -> None:
        """Recovers until nothing is open; where a till must not guess, its people find out."""
        self.wallet.trouble_rate = 0.0
        self.clock.off = timedelta()
        for _ in range(_EVENING_ROUNDS):
            if await self._closed():
                return
            await asyncio.sleep(0.2)
        self.papers.trouble(f"{self.terminal} has open sales that do not end")

    async def _closed(self) -> bool:
        try:
            await self._recover()
            for card in await self.till.open_sales():
                if card.request_id is not None:
                    await self._sees_to(card, card.request_id)
            return not await self.till.open_sales()
        except MedsettleError:
            return False

    async def _sees_to(self, card: SaleCard, request_id: str) -> None:
        """Gives up a hold for which nobody came back; finds out where cash is that may be given back."""
        if card.state == "HELD" and card.cash in _NOTHING_TAKEN:
            self.papers.undoes(self.terminal, request_id)
            self._hears(await self.till.release(request_id))
        elif card.cash in _TO_FIND_OUT:
            self.papers.give_back(request_id)
            self._hears(await self.till.cash_returned(request_id))

    async def looks_again(self, request_id: str) -> bool:
        """Asks for a sale that another till has undone, which this journal may have as paid."""
        for _ in range(_EVENING_ROUNDS):
            with contextlib.suppress(MedsettleError):
                self._hears(await self.till.status(request_id))
                return True
            await asyncio.sleep(0.1)
        return False

    # What they do it with.

    def _money_that_no_till_knows(self) -> None:
        """The patient stood there with the money counted when the till died before it wrote anything."""
        mine = [
            each for each, fen in self.papers.taken_fen.items()
            if fen > 0 and each.startswith(f"{self.terminal}-")
        ]
        for request_id in mine:
            self._unless_known(request_id)

    def _unless_known(self, request_id: str) -> None:
        """Where the till never came so far as to know of the money, the patient has it back at once."""
        record = self._record(request_id)
        if record is None or record.cash in _NOTHING_TAKEN:
            taken_fen = self.papers.taken_fen.get(request_id, 0)
            if taken_fen > 0:
                self.papers.take(request_id, -taken_fen)

    def _record(self, request_id: str) -> SaleRecord | None:
        return self.till._desk.journal.load(request_id)

    async def _new_ticket(self) -> tuple[Ticket, str]:
        """Returns a ticket that was never used, and its first id: people count cash by it."""
        while True:
            ticket = Ticket(await self.till.next_number(), china_day(self.till._desk.clock.now()))
            request_id = str(first_id(self.till._desk, ticket))
            if self._record(request_id) is None:  # the clock may have been set to another day in between
                return ticket, request_id

    def _sold(self, card: SaleCard, bought: Basket) -> None:
        self._hears(card)
        if card.request_id is not None:
            self.mine.append(card.request_id)
            self.others.append(card.request_id)
            if len(bought.lines) > 1 and card.outcome is Outcome.PAID:
                self.bought[card.request_id] = bought.lines
                while len(self.bought) > _KEPT:
                    del self.bought[next(iter(self.bought))]

    def _hears(self, card: SaleCard) -> None:
        if card.request_id is not None and card.outcome is not Outcome.OPEN:
            self.papers.says(self.terminal, card.request_id, card.outcome)

    def _somebody(self) -> str:
        return self.chance.choice(self.shop.hot if self.chance.random() < 0.15 else self.shop.members)

    def _credential(self, member: str) -> str:
        """What the patient's telephone shows."""
        return self._issuer.issue(secrets.token_hex(12), member, REGION, self._gateway_clock.now(), _LIFE)

    def _basket(self) -> Basket:
        goods = (REMEDY, METER, GAUZE, TABLETS)
        chosen = [self.chance.choice(goods) for _ in range(self.chance.choice((1, 1, 2)))]
        if self.shop.benefit:
            return Basket(_numbered(chosen), benefit=self.shop.benefit)
        if self.chance.random() < 0.6:
            chosen.append(replace(SCAN, unit_price=self.chance.choice(_PRICES)))
        if self.chance.random() < 0.1:
            chosen.append(PROTEIN)
        return Basket(_numbered(chosen), without_accounts=self.chance.random() < 0.3)


def _numbered(lines: list[Line]) -> tuple[Line, ...]:
    return tuple(replace(line, line_id=str(number)) for number, line in enumerate(lines, 1))
