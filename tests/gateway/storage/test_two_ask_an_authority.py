"""A remote authority behind two gateways on one database: whoever takes an errand has it for himself."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from medsettle.wire.states import SaleState
from medsettle_gateway.domain.keys import SaleKey
from medsettle_gateway.domain.moves import PutErrand
from medsettle_gateway.domain.sale import SaleRecord
from medsettle_gateway.domain.split import Split
from medsettle_gateway.domain.upstream import Errand
from medsettle_gateway.service.commands import Answer, ErrandAnswer, SaleAnswer, Settle
from medsettle_gateway.service.courier import Courier
from medsettle_gateway.service.desk import Rules
from medsettle_gateway.service.errands import TakeErrand
from medsettle_gateway.service.front import Service
from medsettle_gateway.service.remote import Remotes
from medsettle_gateway.service.writer import Writer
from tests.gateway.service.scripted import ANSWER_LOST, BROKEN, NAME, NOT_PROVEN, Scripted
from tests.gateway.service.virtual_time import Process
from tests.gateway.service.world import basket, line
from tests.gateway.storage.postgres_stand import PostgresStand
from tests.gateway.storage.shop import Shop, books, founded, opened, ticket
from tests.gateway.storage.stand import REGION, person, write

S = SaleState
RULES = Rules(
    authority_wait=timedelta(milliseconds=500), errand_margin=timedelta(seconds=1),
    errand_pause=timedelta(milliseconds=20), errand_interval=timedelta(milliseconds=20),
)
"""Within the margin a sale must be committed, or its question is not sent: a busy machine has time enough."""
TRIES_COUNT = 3_000


class RealClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def _number(institution: str, at: datetime) -> str:
    return f"{institution}-{at.timestamp()}"


@dataclass
class Gateway:
    """One gateway on the server that asks the authority; ``process`` is all that it has under way."""

    shop: Shop
    authority: Scripted
    process: Process = field(default_factory=Process)

    def __post_init__(self) -> None:
        world, clock = self.shop.world, RealClock()
        remotes = Remotes({NAME: self.authority}, {REGION: NAME}, _number)
        desk = replace(world.desk, remotes=remotes, rules=RULES)
        self.writer = Writer(self.shop.store, clock, desk, world.report)
        self.courier = Courier(self.shop.store, clock, self.writer, desk, world.report, self.process.spawn)
        self.service = Service(
            self.shop.store, clock, desk, world.resolver, self.writer, world.report, self.courier
        )
        self.writer.start(self.process.spawn)

    async def asks(self, command: object, wait_s: float = 0.0) -> Answer:
        deadline_at = datetime.now(UTC) + timedelta(seconds=wait_s + 2)
        return await self.service(command, deadline_at)  # type: ignore[arg-type]

    def settle(self, number: int) -> Settle:
        bought = basket(line("XA01", 30_000))
        return self.shop.world.settle(
            ticket(number), Split.make({"hifp": 20_000}, {}, 10_000), basket=bought,
            credential=self.shop.world.credential(self.shop.refs["1"]),
            acknowledgements=("POSSIBLE_DUPLICATE",),
        )

    async def at(self, command: Settle) -> SaleRecord:
        key = SaleKey(command.request_id.text)
        sale = (await self.shop.store.load((key,))).of(key)
        assert sale is not None
        return sale

    async def becomes(self, command: Settle, state: SaleState) -> SaleRecord:
        for _ in range(TRIES_COUNT):
            if (await self.at(command)).state is state:
                break
            await asyncio.sleep(0.02)
        sale = await self.at(command)
        assert sale.state is state
        return sale


@dataclass
class Two:
    one: Gateway
    other: Gateway
    authority: Scripted
    stand: PostgresStand


@pytest.fixture
async def two(database_url: str) -> AsyncIterator[Two]:
    stand, beyond = PostgresStand(database_url), Process()
    refs = await founded(stand, person("1"))
    authority = Scripted(RealClock(), beyond.spawn)
    shops = [await opened(stand, refs) for _ in range(2)]
    gateways = [Gateway(shop, authority) for shop in shops]
    yield Two(gateways[0], gateways[1], authority, stand)
    for gateway in gateways:
        await gateway.process.crash()
        await gateway.shop.close()
    await beyond.crash()


def asked(two: Two, what: str) -> int:
    return [each for each, _ in two.authority.asked].count(what)


async def test_a_lost_answer_is_found_out_by_one_of_them(two: Two) -> None:
    two.authority.script = deque([ANSWER_LOST])
    command = two.one.settle(1)
    answer = await two.one.asks(command)
    assert isinstance(answer, SaleAnswer), answer
    assert answer.sale.state is S.PENDING
    two.one.courier.start()
    two.other.courier.start()
    await two.one.becomes(command, S.SETTLED)
    assert (asked(two, "decide"), asked(two, "resolve")) == (1, 1)
    assert books(two.stand).faults == ()


async def test_what_a_dead_gateway_was_at_another_one_undoes(two: Two) -> None:
    command = two.one.settle(1)
    two.one.courier.start()
    await two.one.asks(command, wait_s=5)
    await two.one.becomes(command, S.SETTLED)
    two.authority.script = deque([BROKEN, NOT_PROVEN])
    await two.one.asks(two.one.shop.world.reverse(command.request_id))
    await two.one.process.crash()
    two.other.courier.start()
    await two.other.becomes(command, S.REVERSED)
    assert not two.authority.charged()
    assert books(two.stand).faults == ()


async def test_an_errand_is_taken_once_though_both_reach_for_it(two: Two) -> None:
    two.authority.script = deque([BROKEN])
    command = two.one.settle(1)
    await two.one.asks(command)
    take = TakeErrand(command.request_id.text)
    await write(two.one.shop.store, PutErrand(Errand(take.request_id, datetime.now(UTC) - timedelta(days=1))))
    answers = await asyncio.gather(two.one.writer.submit(take), two.other.writer.submit(take))
    taken = [each.sale for each in answers if isinstance(each, ErrandAnswer) and each.sale is not None]
    assert [each.request_id for each in taken] == [command.request_id]


