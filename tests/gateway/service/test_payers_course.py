"""Whatever a family sells, holds, gives up and brings back, a limit of the year is never passed."""

import random
from collections.abc import Awaitable, Callable

import pytest

from medsettle.wire.states import SaleState
from medsettle_gateway.domain.accounts import family_counter
from medsettle_gateway.domain.asked import Collect, Consent, Payer
from medsettle_gateway.domain.basket import PERSONAL_ACCOUNT_ONLY
from medsettle_gateway.domain.facts import CounterState
from medsettle_gateway.domain.member import Owner
from medsettle_gateway.domain.sale import SaleRecord
from medsettle_gateway.service.commands import Answer, Quote, QuoteAnswer, SaleAnswer
from tests.gateway.service.books_hold import check_store
from tests.gateway.service.family import LONG_AGO, bind
from tests.gateway.service.world import DAUGHTER, World, basket, caller, line

LIMIT_FEN, FATHERS = 50_000, "a-father"
STEPS_COUNT = 40


class Course:
    """A daughter who buys on her father's account, as chance will have it."""

    def __init__(self, world: World, seed: int) -> None:
        self.world, self.chance = world, random.Random(seed)
        self.sales: dict[str, SaleRecord] = {}
        self.most_fen = 0

    async def step(self) -> None:
        acts: list[Callable[[], Awaitable[Answer | None]]] = [
            self.buy, self.buy, self.hold, self.hold, self.confirm, self.give_up, self.bring_back, self.wait,
        ]
        answer = await self.chance.choice(acts)()
        if isinstance(answer, SaleAnswer):
            self.sales[answer.sale.request_id.text] = answer.sale
        state = self.counted()
        assert state.used + state.held <= LIMIT_FEN
        self.most_fen = max(self.most_fen, state.used + state.held)

    def counted(self) -> CounterState:
        key = family_counter(FATHERS, self.world.clock.at.year)
        return self.world.store.tables.counters.get((DAUGHTER, "", "", key), CounterState())

    async def buy(self, collect: Collect = Collect.NOW) -> Answer | None:
        amount_fen = self.chance.choice([5_000, 20_000, 60_000])
        payers = (Payer(FATHERS, Consent.IN_PERSON),)
        bought = basket(line(amount_fen=amount_fen), benefit=PERSONAL_ACCOUNT_ONLY, payers=payers)
        quote = await self.world.ask(Quote(caller("1"), self.world.credential(DAUGHTER), bought))
        if not isinstance(quote, QuoteAnswer):
            return None
        return await self.world.ask(self.world.settle(
            basket=bought, expected=quote.split, credential=self.world.credential(DAUGHTER), collect=collect,
            acknowledgements=("POSSIBLE_DUPLICATE",),
        ))

    async def hold(self) -> Answer | None:
        return await self.buy(Collect.LATER)

    async def confirm(self) -> Answer | None:
        sale = self.one_of(SaleState.HELD, SaleState.EXPIRED)
        return None if sale is None else await self.world.ask(self.world.confirm(sale))

    async def give_up(self) -> Answer | None:
        sale = self.one_of(SaleState.HELD)
        return None if sale is None else await self.world.ask(self.world.release(sale.request_id))

    async def bring_back(self) -> Answer | None:
        sale = self.one_of(SaleState.SETTLED)
        return None if sale is None else await self.world.ask(self.world.reverse(sale.request_id))

    async def wait(self) -> None:
        self.world.clock.forward(minutes=self.chance.choice([1, 6]))

    def one_of(self, *states: SaleState) -> SaleRecord | None:
        live = [text for text in self.sales if self.world.store.tables.sales[text].state in states]
        return self.world.store.tables.sales[self.chance.choice(live)] if live else None


@pytest.mark.parametrize("seed", range(12))
async def test_a_limit_is_never_passed_and_what_comes_back_may_be_used_again(seed: int) -> None:
    world = await World().started(a_father=10_000_000)
    days = (LONG_AGO.date(), None)
    bind(world.store.tables, DAUGHTER, FATHERS, Owner.PARENT, days, limit_fen=LIMIT_FEN, at=world.clock.at)
    course = Course(world, seed)
    for _ in range(STEPS_COUNT):
        await course.step()
    assert course.most_fen == LIMIT_FEN
    check_store(world.store)
    for sale in list(world.store.tables.sales.values()):
        if sale.state is SaleState.SETTLED:
            await world.sale(world.reverse(sale.request_id))
        elif sale.state is SaleState.HELD:
            await world.sale(world.release(sale.request_id))
    assert course.counted() == CounterState(0, 0)
    assert world.balance(FATHERS) == (10_000_000, 0)
    check_store(world.store)
