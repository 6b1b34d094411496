"""A till and its people: it is opened and closed, gives tickets, and what it says is written down."""

import asyncio
import secrets
from collections import deque
from dataclasses import replace
from datetime import timedelta
from random import Random

from medsettle._desk.records import first_id
from medsettle.aio import AsyncTill
from medsettle.config import TillConfig
from medsettle.errors import JournalError
from medsettle.models import Basket, CashState, Line, Outcome, SaleCard
from medsettle.record import SaleRecord
from medsettle.ticket import Ticket, china_day
from medsettle.wire.signing import Signer
from medsettle_gateway.resolvers.demo import DemoIssuer
from tests.chaos.clocks import GatewayClock, TillClock
from tests.chaos.papers import Papers
from tests.chaos.town import REGION, Shop
from tests.chaos.wallet import Wallet
from tests.e2e.counter import GAUZE, METER, PROTEIN, REMEDY, SCAN, TABLETS

NOTHING_TAKEN = frozenset({CashState.NOT_ASKED, CashState.NOT_COLLECTED})
_LIFE = timedelta(seconds=300)
_DEADLINES_MS = {
    "Quote": 1_500, "CheckEligibility": 1_500, "Settle": 3_000, "Confirm": 3_000, "Release": 3_000,
    "Reverse": 3_000, "Seal": 2_000, "GetSale": 2_000, "ListSales": 2_000,
}
_WAIT_MS = 6_000
_KEPT = 200
_PRICES = ("0.01", "49.99", "300.00", "500.01", "1200.00", "2500.00")


class Post:
    """One till of a shop, whatever its program lives through."""

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

    def _money_that_no_till_knows(self) -> None:
        """The patient stood there with the money counted when the till died before it wrote anything."""
        mine = [
            each for each, fen in self.papers.taken_fen.items()
            if fen > 0 and each.startswith(f"{self.terminal}-")
        ]
        for request_id in mine:
            self.unless_known(request_id)

    def unless_known(self, request_id: str) -> None:
        """Where the till never came so far as to know of the money, the patient has it back at once."""
        record = self.record(request_id)
        if record is None or record.cash in NOTHING_TAKEN:  # NOT_DUE is also what a return leaves
            taken_fen = self.papers.taken_fen.get(request_id, 0)
            if taken_fen > 0:
                self.papers.take(request_id, -taken_fen)

    def record(self, request_id: str) -> SaleRecord | None:
        return self.till._desk.journal.load(request_id)

    async def new_ticket(self) -> tuple[Ticket, str]:
        """Returns a ticket that was never used, and its first id: people count cash by it."""
        while True:
            ticket = Ticket(await self.till.next_number(), china_day(self.till._desk.clock.now()))
            request_id = str(first_id(self.till._desk, ticket))
            if self.record(request_id) is None:  # the clock may have been set to another day in between
                return ticket, request_id

    def sold(self, card: SaleCard, bought: Basket) -> None:
        self.hears(card)
        if card.request_id is not None:
            self.mine.append(card.request_id)
            self.others.append(card.request_id)
            if len(bought.lines) > 1 and card.outcome is Outcome.PAID:
                self.bought[card.request_id] = bought.lines
                while len(self.bought) > _KEPT:
                    del self.bought[next(iter(self.bought))]

    def hears(self, card: SaleCard) -> None:
        if card.request_id is not None and card.outcome is not Outcome.OPEN:
            self.papers.says(self.terminal, card.request_id, card.outcome)

    def somebody(self) -> str:
        return self.chance.choice(self.shop.hot if self.chance.random() < 0.15 else self.shop.members)

    def credential(self, member: str) -> str:
        """What the patient's telephone shows."""
        return self._issuer.issue(secrets.token_hex(12), member, REGION, self._gateway_clock.now(), _LIFE)

    def basket(self) -> Basket:
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
