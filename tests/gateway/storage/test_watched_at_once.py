"""Two gateways on one database, one patient, the same drug at the same moment: supervision sees the other."""

import asyncio
from dataclasses import replace
from datetime import datetime

from msgspec import structs

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.asked import Basket
from medsettle_gateway.domain.calendar import CST
from medsettle_gateway.service.commands import Quote, QuoteAnswer, RefusedAnswer, SaleAnswer, Settle, Shown
from tests.gateway.service.test_watching import watched_packs
from tests.gateway.service.world import World, basket, caller, line
from tests.gateway.storage.postgres_stand import WAITS, PostgresStand
from tests.gateway.storage.shop import PATIENT, Shop, founded, ticket
from tests.gateway.storage.stand import CLINIC, person

PAIRS = 6


async def watched_shop(stand: PostgresStand, refs: dict[str, str]) -> Shop:
    store = await stand.opened(WAITS)
    world = World(store=store, rules=PATIENT, packs=watched_packs())  # type: ignore[arg-type]
    world.clock.at = datetime.now(CST)
    await world.started()
    return Shop(world, store, refs)


async def asked(shop: Shop, number: int, who: str, bought: Basket) -> Settle:
    credential = Shown("ELECTRONIC", f"{shop.refs[who]}#{number}")
    quote = await shop.world.ask(Quote(caller("T1", CLINIC), credential, bought))
    assert isinstance(quote, QuoteAnswer), quote
    command = shop.world.settle(ticket(number), quote.split, basket=bought, credential=credential)
    return replace(command, acknowledgements=("POSSIBLE_DUPLICATE",))


async def test_of_two_tills_that_sell_one_drug_twice_at_once_one_is_warned(database_url: str) -> None:
    stand = PostgresStand(database_url)
    people = [str(number) for number in range(1, PAIRS + 1)]
    refs = await founded(stand, *(person(who, account_fen=100_000) for who in people))
    one, other = await watched_shop(stand, refs), await watched_shop(stand, refs)
    bought = basket(structs.replace(line("XA01", 2_000), days_supply=14))
    commands = [
        (await asked(one, 2 * number, who, bought), await asked(other, 2 * number + 1, who, bought))
        for number, who in enumerate(people, 1)
    ]
    answers = await asyncio.gather(
        *(shop.settle(command) for pair in commands for shop, command in zip((one, other), pair, strict=True))
    )
    pairs = [answers[at : at + 2] for at in range(0, len(answers), 2)]
    for pair in pairs:
        settled = [each for each in pair if isinstance(each, SaleAnswer)]
        warned = [each.refusal for each in pair if isinstance(each, RefusedAnswer)]
        assert len(settled) == 1
        assert [each.reason for each in warned] == [Reason.SUPERVISION_WARNING]
        assert [finding.code for finding in warned[0].findings] == ["REPEATED_DRUG"]
    await one.close()
    await other.close()
