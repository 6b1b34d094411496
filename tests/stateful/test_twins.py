"""The same calls on the model and on a database: both answer alike, whatever the order."""

import asyncio
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from medsettle_gateway.domain.asked import Collect, Consent, Payer
from medsettle_gateway.domain.facts import MemberFacts
from medsettle_gateway.domain.ids import RequestId
from medsettle_gateway.domain.keys import CountersKey, LaterSalesKey, MemberKey, TicketKey
from medsettle_gateway.domain.member import Owner
from medsettle_gateway.domain.moves import PutTerminal, PutTerminalKey
from medsettle_gateway.domain.sale import SaleRecord
from medsettle_gateway.domain.split import Split
from medsettle_gateway.service.commands import (
    Answer,
    ListSales,
    Quote,
    QuoteAnswer,
    RefusedAnswer,
    SaleAnswer,
    SalesAnswer,
)
from medsettle_gateway.service.ports import Store
from medsettle_gateway.service.sweeper import Sweeper
from medsettle_gateway.storage.audit import summarise
from tests.gateway.service.world import World, basket, caller, enrolled, line
from tests.gateway.storage.memory_stand import MemoryStand
from tests.gateway.storage.postgres_stand import PostgresStand
from tests.gateway.storage.stand import CLINIC, NOW, SqliteStand, Stand, person, tie, write
from tests.postgres import Databases

FATHER, DAUGHTER = "1", "2"
PEOPLE = (person(FATHER, account_fen=400_000), person(DAUGHTER, account_fen=20_000))
Op = tuple[Any, ...]

tickets = st.tuples(st.integers(1, 4), st.sampled_from([1, 1, 2]))
ops = st.lists(
    st.one_of(
        st.tuples(
            st.just("settle"), tickets, st.sampled_from([FATHER, DAUGHTER]),
            st.sampled_from([30_000, 50_001, 650_000]), st.sampled_from(Collect), st.booleans(),
        ),
        st.tuples(st.sampled_from(["confirm", "reverse", "confirm", "release", "seal"]), tickets),
        st.tuples(st.just("time"), st.sampled_from([1, 10, 11, 1_500]), st.booleans()),
    ),
    min_size=12,
    max_size=36,
)


@dataclass
class Twin:
    """A service on one kind of store, with its own names for people and accounts."""

    world: World
    store: Store
    refs: dict[str, str]
    stand: Stand

    @classmethod
    async def on(cls, stand: Stand) -> "Twin":
        stand.enter_places()
        refs = stand.enter(*PEOPLE, ties=(tie(DAUGHTER, FATHER),))
        if isinstance(stand, PostgresStand):
            await stand.stop_clock(NOW)
        store = await stand.opened()
        world = World(store=store)  # type: ignore[arg-type]
        world.clock.at = NOW
        return cls(world, store, refs, stand)

    async def facts(self, number: str) -> MemberFacts:
        key = MemberKey(self.refs[number])
        facts = (await self.store.load((key,))).of(key)
        assert facts is not None
        return facts

    async def do(self, op: Op) -> object:
        match op:
            case ("settle", ticket, who, amount_fen, collect, acknowledged):
                return await self._settle(ticket, who, amount_fen, collect, acknowledged)
            case ("time", minutes, sweep):
                return await self._time_passes(minutes, sweep)
            case ("confirm", ticket):
                return await self._confirm(request_id(ticket))
            case _:
                how, ticket = op
                return await self._shown(await self.world.ask(getattr(self.world, how)(request_id(ticket))))

    async def _settle(
        self, ticket: tuple[int, int], who: str, amount_fen: int, collect: Collect, acknowledged: bool
    ) -> object:
        accounts = [account.account for account in (await self.facts(who)).accounts]
        payers = tuple(Payer(account, Consent.STANDING) for account in accounts)
        bought = basket(line("XA01", amount_fen), payers=payers)
        shown = self.world.credential(self.refs[who])
        quote = await self.world.ask(Quote(caller("T1", CLINIC), shown, bought))
        assert isinstance(quote, QuoteAnswer), quote
        command = replace(
            self.world.settle(request_id(ticket), quote.split, basket=bought, collect=collect),
            credential=shown,
            acknowledgements=("POSSIBLE_DUPLICATE",) if acknowledged else (),
        )
        return await self._shown(await self.world.ask(command))

    async def _confirm(self, text: RequestId) -> object:
        known = await self.world.ask(self.world.get(text))
        if not isinstance(known, SaleAnswer):
            return await self._shown(known)
        return await self._shown(await self.world.ask(self.world.confirm(known.sale)))

    async def _time_passes(self, minutes: int, sweep: bool) -> int:
        self.world.clock.forward(minutes=minutes)
        if isinstance(self.stand, PostgresStand):
            await self.stand.set_clock(self.world.clock.at)
        sweeper = Sweeper(
            self.store, self.world.clock, self.world.writer, self.world.rules, self.world.report
        )
        return await sweeper.sweep() if sweep else 0

    async def _shown(self, answer: Answer) -> object:
        """The answer with people and accounts under the names that both twins share."""
        if isinstance(answer, RefusedAnswer):
            refusal = answer.refusal
            other = refusal.other
            return refusal.reason, answer.recorded, other, await self._split(refusal.now)
        assert isinstance(answer, SaleAnswer), answer
        return await self._sale(answer.sale), answer.masked_name

    async def _sale(self, sale: SaleRecord) -> object:
        facts = (sale.state, sale.first_state, sale.version, sale.service_on, sale.business_on)
        times = (sale.created_at, sale.committed_at, sale.hold_expires_at, sale.calculated_at)
        return facts, times, sale.recompute_due, sale.tenders, await self._split(sale.split)

    async def _split(self, split: Split | None) -> object:
        if split is None:
            return None
        names = {
            account.account: number
            for number in (DAUGHTER, FATHER)
            for account in (await self.facts(number)).accounts
            if account.owner is Owner.SELF
        }
        return split.funds, sorted((names[each.account], each.amount_fen) for each in split.accounts), (
            split.cash_fen
        )

    async def remembered(self) -> list[object]:
        """What the store says of everything at the end."""
        found: list[object] = []
        for number in (FATHER, DAUGHTER):
            member = await self.facts(number)
            found.append([(each.owner, each.balance_fen, each.held_fen) for each in member.accounts])
            counters = CountersKey(member.member, member.region, member.scheme.value, ("2026",))
            later = LaterSalesKey(member.member, NOW, 10)
            facts = await self.store.load((counters, later))
            # A row of zeros and no row are the same.
            kept = facts.of(counters).items()
            found.append({key: state for key, state in kept if state.used or state.held})
            found.append([sale.request_id.text for sale in facts.of(later)])
        for number_of_ticket in range(1, 5):
            ticket = TicketKey(request_id((number_of_ticket, 1)).ticket)
            found.append((await self.store.load((ticket,))).of(ticket))
        answer = await self.world.ask(ListSales(caller("T1", CLINIC), page_size=100))
        assert isinstance(answer, SalesAnswer)
        found.append([each.sale.request_id.text for each in answer.sales])
        return found


def request_id(ticket: tuple[int, int]) -> RequestId:
    number, attempt = ticket
    return RequestId.parse(f"{CLINIC}-T1-20260302-{number}-{attempt}")


async def compare(course: list[Op], model: MemoryStand, database: SqliteStand | PostgresStand) -> None:
    twins = [await Twin.on(model), await Twin.on(database)]
    for twin in twins:
        await twin.world.started()
        tills, key = enrolled(CLINIC)
        await write(twin.store, *map(PutTerminal, tills), PutTerminalKey(key))
    try:
        for op in course:
            told = [await twin.do(op) for twin in twins]
            assert told[0] == told[1], op
        remembered = [await twin.remembered() for twin in twins]
        assert remembered[0] == remembered[1]
        assert [twin.world.reports for twin in twins] == [[], []]
        with database.reading() as connection:
            assert summarise(connection).faults == ()
    finally:
        for twin in twins:
            await twin.world.writer.drain()
            await twin.store.close()


@settings(max_examples=40)
@given(ops)
def test_the_model_and_the_embedded_database_answer_alike(course: list[Op]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(compare(course, MemoryStand(Path(folder)), SqliteStand(Path(folder))))


@settings(max_examples=15)
@given(ops)
def test_the_model_and_a_server_answer_alike(
    databases: Databases, migrated_database: str, course: list[Op]
) -> None:
    url = databases.new(migrated_database)
    asyncio.run(compare(course, MemoryStand(Path()), PostgresStand(url)))
    databases.drop(url)
