"""A gateway on a server, without its front: the writer and the use cases, beside others."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from medsettle_gateway.domain.asked import Collect, Consent, Payer
from medsettle_gateway.domain.calendar import CST
from medsettle_gateway.domain.facts import MemberFacts
from medsettle_gateway.domain.ids import RequestId
from medsettle_gateway.domain.keys import CountersKey, MemberKey
from medsettle_gateway.domain.moves import PutTerminal, PutTerminalKey
from medsettle_gateway.domain.register import FamilyTie, MemberRecord
from medsettle_gateway.service.commands import Answer, Quote, QuoteAnswer, SaleAnswer, Settle, Shown
from medsettle_gateway.service.desk import Rules
from medsettle_gateway.storage.audit import Summary, summarise
from medsettle_gateway.storage.postgres.connecting import Waits
from medsettle_gateway.storage.postgres.store import PostgresStore
from tests.gateway.service.world import World, basket, caller, enrolled, line
from tests.gateway.storage.postgres_stand import WAITS, PostgresStand
from tests.gateway.storage.stand import CLINIC, REGION, write

PATIENT = Rules(aside_again_count=1_000_000)
"""The clock is set by hand: it may go through all tries while another transaction takes its time."""


@dataclass
class Shop:
    """One gateway. ``refs`` are the members' references by number."""

    world: World
    store: PostgresStore
    refs: dict[str, str]

    async def settle(self, command: Settle) -> Answer:
        return await self.world.ask(command)

    async def asked(
        self, number: int, who: str, amount_fen: int = 30_000, **changes: Any
    ) -> Settle:
        """What a till asks after a quote, for its ticket of that number."""
        credential = changes.pop("credential", None) or Shown("ELECTRONIC", f"{self.refs[who]}#{number}")
        payers = tuple(Payer(each.account, Consent.STANDING) for each in (await self.member(who)).accounts)
        bought = basket(line("XA01", amount_fen), payers=payers)
        request_id = ticket(number, changes.pop("till", "T1"))
        quote = await self.world.ask(Quote(caller("T1", CLINIC), credential, bought))
        assert isinstance(quote, QuoteAnswer), quote
        command = self.world.settle(request_id, quote.split, basket=bought, collect=Collect.NOW)
        command = replace(command, credential=credential, acknowledgements=("POSSIBLE_DUPLICATE",))
        return replace(command, **changes)

    async def member(self, who: str) -> MemberFacts:
        key = MemberKey(self.refs[who])
        facts = (await self.store.load((key,))).of(key)
        assert facts is not None
        return facts

    async def paid_fen(self, who: str) -> int:
        """What the pooled fund has paid for a member this year."""
        key = CountersKey(self.refs[who], REGION, "employee", (str(datetime.now(CST).year),))
        counters = (await self.store.load((key,))).of(key)
        return sum(state.used for name, state in counters.items() if name.measure == "paid")

    async def close(self) -> None:
        await self.world.writer.drain()
        await self.store.close()


def ticket(number: int, till: str = "T1") -> RequestId:
    return RequestId.parse(f"{CLINIC}-{till}-{datetime.now(CST):%Y%m%d}-{number}-1")


async def founded(
    stand: PostgresStand, *people: MemberRecord, ties: tuple[FamilyTie, ...] = ()
) -> dict[str, str]:
    """Enters the clinic, its tills and the people; returns their references."""
    stand.enter_places()
    refs = stand.enter(*people, ties=ties)
    store = await stand.opened()
    tills, key = enrolled(CLINIC)
    await write(store, *map(PutTerminal, tills), PutTerminalKey(key))
    await store.close()
    return refs


async def opened(
    stand: PostgresStand, refs: dict[str, str], rules: Rules | None = None, waits: Waits = WAITS
) -> Shop:
    """Another gateway on the database."""
    store = await stand.opened(waits)
    world = World(store=store, rules=rules or PATIENT)  # type: ignore[arg-type]
    world.clock.at = datetime.now(CST)
    await world.started()
    return Shop(world, store, refs)


def is_settled(answer: Answer) -> bool:
    return isinstance(answer, SaleAnswer)


def books(stand: PostgresStand) -> Summary:
    """The books added up; what does not follow from them is in ``faults``."""
    with stand.reading() as connection:
        return summarise(connection)
