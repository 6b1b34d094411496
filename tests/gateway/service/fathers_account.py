"""The father's account, bound to his daughter on one term or another, as tests of payers ask of it."""

from datetime import date, timedelta
from typing import Any

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.accounts import family_counter
from medsettle_gateway.domain.asked import Basket, Consent, Payer
from medsettle_gateway.domain.basket import PERSONAL_ACCOUNT_ONLY
from medsettle_gateway.domain.facts import CounterState
from medsettle_gateway.domain.member import Owner
from medsettle_gateway.service.checked import AccountAnswer, EligibilityAnswer
from medsettle_gateway.service.commands import CheckEligibility, Quote, RefusedAnswer
from tests.gateway.service.books_hold import check_store
from tests.gateway.service.family import LONG_AGO, bind
from tests.gateway.service.world import (
    DAUGHTER,
    NOON,
    World,
    basket,
    caller,
    line,
)

TODAY = NOON.date()
DAY = timedelta(days=1)
EVER = LONG_AGO.date()
FATHERS = "a-father"
STANDING, IN_PERSON = Consent.STANDING, Consent.IN_PERSON


def from_father(amount_fen: int = 50_000, consent: Consent | None = IN_PERSON) -> Basket:
    """What the daughter buys on her father's account, and no fund pays."""
    bought = line(amount_fen=amount_fen)
    return basket(bought, benefit=PERSONAL_ACCOUNT_ONLY, payers=(Payer(FATHERS, consent),))


async def a_world(father_fen: int = 100_000, **terms: Any) -> World:
    """The father's account is bound to his daughter, on these terms if there are any."""
    world = await World().started(a_father=father_fen)
    if terms:
        rebind(world, **terms)
    return world


def rebind(world: World, since: date = EVER, until: date | None = None, **terms: Any) -> None:
    bind(world.store.tables, DAUGHTER, FATHERS, Owner.PARENT, (since, until), at=world.clock.at, **terms)


async def checked(world: World, who: str, as_of: date | None = None) -> EligibilityAnswer:
    answer = await world.ask(CheckEligibility(caller("1"), world.credential(who), as_of=as_of))
    assert isinstance(answer, EligibilityAnswer)
    return answer


async def account_of(world: World, who: str, owner: Owner) -> AccountAnswer:
    (found,) = [each for each in (await checked(world, who)).accounts if each.owner == owner.value]
    return found


async def refusal(world: World, bought: Basket) -> Reason:
    """Why the daughter's sale is refused: a quote and a sale say the same."""
    quote = await world.ask(Quote(caller("1"), world.credential(DAUGHTER), bought))
    assert isinstance(quote, RefusedAnswer)
    command = world.settle(
        basket=bought, credential=world.credential(DAUGHTER), acknowledgements=("POSSIBLE_DUPLICATE",)
    )
    refused = await world.refused(command)
    assert refused.recorded
    assert refused.refusal.reason is quote.refusal.reason
    check_store(world.store)
    return refused.refusal.reason


def used(world: World, year: int = TODAY.year) -> CounterState:
    row = (DAUGHTER, "", "", family_counter(FATHERS, year))
    return world.store.tables.counters.get(row, CounterState())
