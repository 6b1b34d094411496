"""How much a remote authority is asked at once, and that one that does not answer is in nobody's way."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
from msgspec import structs

from medsettle.wire.reasons import Reason
from medsettle.wire.states import SaleState
from medsettle_gateway.domain.ids import RequestId
from medsettle_gateway.domain.upstream import Errand
from medsettle_gateway.service.commands import Quote, QuoteAnswer, RefusedAnswer, SaleAnswer
from medsettle_gateway.service.courier import Courier
from medsettle_gateway.service.desk import Rules
from medsettle_gateway.service.front import Service
from medsettle_gateway.service.places import Places
from medsettle_gateway.service.writer import Writer
from tests.gateway.service.remote_world import DEADLINE_S, RemoteWorld
from tests.gateway.service.scripted import ANSWER_LOST, NAME, REQUEST_LOST, TOO_SLOW, Scripted
from tests.gateway.service.virtual_time import quiet
from tests.gateway.service.world import CLINIC, PHARMACY, REGION, basket, beside, caller, line, split

S = SaleState
OTHER = "provincial"


class TwoAuthorities(RemoteWorld):
    """One place of the region is served by an authority of its own."""

    def _wire(self) -> None:
        self.other = Scripted(self.clock, self.beyond.spawn)
        serving = {REGION: NAME, PHARMACY: OTHER}
        remotes = replace(self.desk.remotes, authorities={NAME: self.authority, OTHER: self.other})
        self.desk = replace(self.desk, remotes=replace(remotes, serving=serving, number=self._number))
        self.writer = Writer(self.store, self.clock, self.desk, self.report)
        self.courier = Courier(
            self.store, self.clock, self.writer, self.desk, self.report, self.process.spawn
        )
        self.service = Service(
            self.store, self.clock, self.desk, self.resolver, self.writer, self.report, self.courier
        )

    def quote(self, place: str = CLINIC) -> Quote:
        return Quote(caller("1", place), self.credential(), basket())


@pytest.fixture
async def world() -> AsyncIterator[TwoAuthorities]:
    two = TwoAuthorities(rules=Rules(group_wait=timedelta(0), errand_count=1))
    await two.begun()
    yield two
    await two.ends()


async def test_an_authority_that_does_not_answer_leaves_the_others_their_sales(world: TwoAuthorities) -> None:
    world.authority.script.append(TOO_SLOW)
    await world.ask(world.settle(), deadline_s=2)
    full = await world.ask(world.settle(basket=basket(line("DRUG2"))))
    assert isinstance(full, RefusedAnswer)
    assert full.refusal.reason is Reason.OVERLOADED
    elsewhere = await world.ask(world.settle(world.request_id(PHARMACY), expected=split(25_000, 25_000)))
    assert isinstance(elsewhere, SaleAnswer)
    assert elsewhere.sale.state is S.SETTLED


async def test_what_is_still_to_be_found_out_takes_no_sale_its_place(world: TwoAuthorities) -> None:
    world.authority.script.extend([REQUEST_LOST, *[ANSWER_LOST] * 9])
    open_sale = world.settle()
    await world.ask(open_sale)
    await world.clock.passes(seconds=45)
    assert world.authority.asked[-1][0] == "resolve"
    world.authority.script.clear()
    answer = await world.ask(world.settle(basket=basket(line("DRUG2"))))
    assert isinstance(answer, SaleAnswer)
    assert answer.sale.state is S.SETTLED
    assert world.at(open_sale.request_id).state is S.PENDING


async def test_what_one_authority_does_not_say_delays_nothing_at_another(world: TwoAuthorities) -> None:
    """More is open at the silent one than a look is at."""
    world.authority.script.append(REQUEST_LOST)
    first = world.settle()
    await world.ask(first)
    sold = await world.ask(world.settle(world.request_id(PHARMACY), expected=split(25_000, 25_000)))
    assert isinstance(sold, SaleAnswer)
    tables, silent = world.store.tables, world.at(first.request_id)
    world.authority.script.extend([TOO_SLOW] * 100)
    for number in range(40):
        text = world.request_id(CLINIC).text
        tables.sales[text] = structs.replace(silent, request_id=RequestId.parse(text))
        tables.errands[text] = Errand(text, world.clock.at - timedelta(seconds=number))
    undone = await world.ask(world.reverse(sold.sale.request_id), deadline_s=10)
    assert isinstance(undone, SaleAnswer)
    assert undone.sale.state is S.REVERSED


async def test_sales_that_come_in_the_same_moment_take_their_places_at_once(world: TwoAuthorities) -> None:
    world.authority.script.extend([TOO_SLOW] * 3)
    deadline_at = world.clock.at + timedelta(seconds=DEADLINE_S)
    goods = [basket(line(code)) for code in ("DRUG", "DRUG2", "TONIC")]
    waiting = [beside(world.service(world.settle(basket=each), deadline_at)) for each in goods]
    await quiet()
    assert len(world.store.tables.sales) == 1
    assert [each.done() for each in waiting] == [False, True, True]
    waiting[0].cancel()


async def test_quotes_that_wait_for_an_authority_are_bounded(world: TwoAuthorities) -> None:
    world.authority.script.append(TOO_SLOW)
    first = beside(world.service(world.quote()))
    await quiet()
    answer = await world.ask(world.quote())
    assert isinstance(answer, RefusedAnswer)
    assert (answer.refusal.reason, answer.recorded) == (Reason.OVERLOADED, False)
    assert isinstance(await world.ask(world.quote(PHARMACY)), QuoteAnswer)
    first.cancel()
    await quiet()
    assert isinstance(await world.ask(world.quote()), QuoteAnswer)


async def test_a_quote_is_answered_within_its_deadline(world: TwoAuthorities) -> None:
    world.authority.script.append(TOO_SLOW)
    began_at = world.clock.at
    answer = await world.ask(world.quote(), deadline_s=5)
    assert isinstance(answer, RefusedAnswer)
    assert (answer.refusal.reason, answer.recorded) == (Reason.AUTHORITY_UNAVAILABLE, False)
    assert world.clock.at - began_at < timedelta(seconds=5)


def test_a_place_is_left_once_for_each_time_that_it_was_taken() -> None:
    places = Places(2)
    with places.taken("a"):
        places.take("a")
        assert (places.left_count("a"), places.left_count("b")) == (0, 2)
    assert places.left_count("a") == 1
    places.leave("a")
    assert places.left_count("a") == 2
