"""Two tills sell the same pack at the same moment: one does, in one process and in two, in both databases."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import pytest
from msgspec import structs

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.calendar import CST
from medsettle_gateway.domain.keys import TraceCodesKey
from medsettle_gateway.service.commands import Answer, RefusedAnswer, SaleAnswer, Settle
from medsettle_gateway.service.ports import Store
from tests.gateway.service.world import World
from tests.gateway.storage.postgres_stand import PostgresStand
from tests.gateway.storage.shop import Shop, founded, opened
from tests.gateway.storage.stand import SqliteStand, load, person

PEOPLE = tuple(person(str(number), account_fen=None) for number in range(1, 5))
CODE = "8123456789012345678{}"


@dataclass
class Tills:
    """Who asks first and who asks second: two gateways, or one."""

    first: Shop
    second: Shop

    async def race(self, number: int, *, split: bool = False) -> list[Answer]:
        """Both sell the pack of that number, each to another patient."""
        asked = [
            with_code(await shop.asked(2 * number + place + 1, who, 1_000), CODE.format(number), split=split)
            for place, (shop, who) in enumerate([(self.first, "1"), (self.second, "2")])
        ]
        return list(await asyncio.gather(self.first.settle(asked[0]), self.second.settle(asked[1])))

    @property
    def store(self) -> Store:
        return self.first.store


def with_code(command: Settle, code: str, *, split: bool) -> Settle:
    (bought,) = command.basket.lines
    coded = structs.replace(bought, traceability_codes=(code,), split_pack=split)
    return replace(command, basket=replace(command.basket, lines=(coded,)))


@pytest.fixture(params=["file", "server"])
def stand(request: pytest.FixtureRequest, tmp_path: Path) -> SqliteStand | PostgresStand:
    if request.param == "file":
        return SqliteStand(tmp_path)
    return PostgresStand(request.getfixturevalue("database_url"))


@pytest.fixture
async def tills(stand: SqliteStand | PostgresStand) -> AsyncIterator[Tills]:
    """Of one gateway on a file; of two on a server."""
    refs = await founded(stand, *PEOPLE)  # type: ignore[arg-type]
    if isinstance(stand, PostgresStand):
        shops = [await opened(stand, refs), await opened(stand, refs)]
    else:
        world = World(store=stand.open())  # type: ignore[arg-type]
        world.clock.at = datetime.now(CST)
        await world.started()
        shops = [Shop(world, world.store, refs)]  # type: ignore[arg-type]
    yield Tills(shops[0], shops[-1])
    for shop in shops:
        await shop.close()


def sold(answers: Sequence[Answer]) -> list[str]:
    return [each.sale.request_id.text for each in answers if isinstance(each, SaleAnswer)]


def reasons(answers: Sequence[Answer]) -> list[Reason]:
    return [
        fault.reason for each in answers if isinstance(each, RefusedAnswer) for fault in each.refusal.lines
    ]


async def test_of_two_that_sell_one_pack_at_once_one_does_and_the_other_hears_why(tills: Tills) -> None:
    for number in range(5):
        answers = await tills.race(number)
        (by,) = sold(answers)
        assert reasons(answers) == [Reason.TRACE_CODE_SOLD]
        states = await load(tills.store, TraceCodesKey((CODE.format(number),)))
        assert [(state.request_id, state.standing_count) for state in states.values()] == [(by, 1)]


async def test_parts_of_one_pack_are_sold_at_once_and_both_count(tills: Tills) -> None:
    answers = await tills.race(7, split=True)
    assert len(sold(answers)) == 2
    states = await load(tills.store, TraceCodesKey((CODE.format(7),)))
    assert states[CODE.format(7)].standing_count == 2


async def test_a_pack_that_comes_back_is_sold_once_more_and_not_twice(tills: Tills) -> None:
    (first,) = sold(await tills.race(8))
    shop = tills.first
    request_id = type(shop.world.request_id()).parse(first)
    await shop.world.ask(shop.world.reverse(request_id))
    assert len(sold(await tills.race(8 + 10))) == 1  # another pack: the tickets are new
    again = [
        with_code(await each.asked(100 + place, who, 1_000), CODE.format(8), split=False)
        for place, (each, who) in enumerate([(tills.first, "3"), (tills.second, "4")])
    ]
    answers = list(await asyncio.gather(tills.first.settle(again[0]), tills.second.settle(again[1])))
    assert (len(sold(answers)), reasons(answers)) == (1, [Reason.TRACE_CODE_SOLD])
