"""A family over one account: returns, reversals, holds that have ended, in a group and one by one."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from medsettle_gateway.domain.asked import Basket, Collect, Consent, Payer
from medsettle_gateway.domain.sale import SaleRecord
from medsettle_gateway.service.commands import Answer, Expire, Quote, QuoteAnswer, Settle, Shown
from medsettle_gateway.service.desk import Rules
from tests.gateway.service.books_hold import check_store
from tests.gateway.service.memory_store import Tables
from tests.gateway.service.queued import ALONE, AT_ONCE
from tests.gateway.service.test_writer_alike import without_order
from tests.gateway.service.world import DAUGHTER, FATHER, World, basket, beside, caller, line, spawn

NOBODY = Shown("", "")
HIS = basket(line(amount_fen=50_000), line("DRUG2", 30_000, "2"))
HERS = replace(HIS, payers=(Payer("a-daughter"), Payer("a-father", Consent.STANDING)))
GOODS = {FATHER: HIS, DAUGHTER: HERS}


@dataclass(frozen=True)
class Family:
    """``late`` has expired; the ends of ``holds`` may be due, and nobody has looked at them yet."""

    world: World
    late: SaleRecord
    holds: tuple[SaleRecord, ...]
    settled: tuple[SaleRecord, ...]

    @classmethod
    async def begun(cls, *, are_over: bool) -> "Family":
        world = await World(rules=AT_ONCE).started(a_father=270_000, a_daughter=3_000)
        late = await world.held(basket=HERS, who=DAUGHTER)
        world.clock.forward(minutes=11)
        first = await world.held(basket=HIS)
        world.clock.forward(seconds=1)
        settled = [await world.settled(basket=GOODS[who], who=who) for who in (FATHER, DAUGHTER, FATHER)]
        second = await world.held(basket=HERS, who=DAUGHTER)
        world.clock.forward(minutes=11 if are_over else 1)
        return cls(world, late, (first, second), tuple(settled))

    async def sells(self, who: str, collect: Collect) -> Settle:
        quote = await self.world.quoted(who, basket=GOODS[who])
        return self.world.settle(
            expected=quote.split, basket=GOODS[who], credential=self.world.credential(who), collect=collect,
            acknowledgements=("POSSIBLE_DUPLICATE",),
        )

    async def takes_back(self, sale: SaleRecord, index: int) -> Settle:
        stays = basket(bought(sale).lines[index])
        asked = Quote(caller("1"), NOBODY, stays, replaces=sale.request_id)
        quote = await self.world.ask(asked)
        assert isinstance(quote, QuoteAnswer), quote
        return self.world.settle(
            basket=stays, expected=quote.split, replaces=sale.request_id, credential=NOBODY
        )


def bought(sale: SaleRecord) -> Basket:
    assert sale.basket is not None
    return sale.basket


async def said(command: Any) -> Any:
    return command


WISHES: Mapping[str, Callable[[Family, int], Awaitable[Any]]] = {
    "he buys": lambda family, _: family.sells(FATHER, Collect.NOW),
    "she buys": lambda family, _: family.sells(DAUGHTER, Collect.NOW),
    "she holds": lambda family, _: family.sells(DAUGHTER, Collect.LATER),
    "return": lambda family, number: family.takes_back(family.settled[number], number % 2),
    "reverse": lambda family, number: said(family.world.reverse(family.settled[number].request_id)),
    "confirm": lambda family, number: said(family.world.confirm(family.holds[number % 2])),
    "confirm late": lambda family, _: said(family.world.confirm(family.late)),
    "release": lambda family, number: said(family.world.release(family.holds[number % 2].request_id)),
    "expire": lambda family, number: said(Expire(family.holds[number % 2].request_id.text)),
}


Wish = tuple[str, int]


async def played(wishes: list[Wish], rules: Rules, *, are_over: bool) -> tuple[list[Answer], Tables, int]:
    """Returns the answers, what is kept then, and how many commits it took."""
    family = await Family.begun(are_over=are_over)
    commands = [await WISHES[name](family, number) for name, number in wishes]
    world = World(store=family.world.store, clock=family.world.clock, rules=rules)
    before_count = world.store.commits
    waiting = [
        beside(world.writer.submit(each) if isinstance(each, Expire) else world.ask(each))
        for each in commands
    ]
    for _ in range(5):
        await asyncio.sleep(0)
    world.writer.start(spawn)
    answers = [await each for each in waiting]
    check_store(world.store)
    assert world.reports == []
    return answers, world.store.tables, world.store.commits - before_count


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(sorted(WISHES)), st.integers(0, 2)), min_size=2, max_size=8),
    st.booleans(),
)
def test_what_a_family_does_at_once_comes_to_what_it_comes_to_one_by_one(
    wishes: list[Wish], are_over: bool
) -> None:
    together, tables, commits_count = asyncio.run(played(wishes, AT_ONCE, are_over=are_over))
    one_by_one, expected, _ = asyncio.run(played(wishes, ALONE, are_over=are_over))
    assert commits_count == 1
    assert together == one_by_one
    assert without_order(tables) == without_order(expected)
