"""What a check has said comes true: what is left, when again, whose account pays how much, what binds."""

import random
from collections.abc import Callable, Mapping
from datetime import date, timedelta

import pytest
from msgspec import structs

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.asked import Collect
from medsettle_gateway.domain.counters import CounterKey, Remainder
from medsettle_gateway.domain.filings import FilingFact, Reviewed
from medsettle_gateway.domain.people import Arrears, PersonKind, Suspension
from medsettle_gateway.domain.place import PlaceFact, Stopped
from medsettle_gateway.service.checked import BenefitAnswer, EligibilityAnswer
from medsettle_gateway.service.commands import CheckEligibility, Quote, QuoteAnswer, RefusedAnswer
from tests.gateway.service import borough, county, fathers_account, test_watching
from tests.gateway.service.books_hold import check_store
from tests.gateway.service.borough import MEI, TAO, enter, person, pill, place, prescribed
from tests.gateway.service.fathers_account import EVER, FATHERS, IN_PERSON, STANDING
from tests.gateway.service.world import CLINIC, DAUGHTER, FATHER, NOON, World, basket, caller, line

TODAY = NOON.date()
DAY = timedelta(days=1)
SEEDS = range(20)


async def checked(
    world: World, who: str = FATHER, codes: tuple[str, ...] = (), as_of: date | None = None
) -> EligibilityAnswer:
    answer = await world.ask(
        CheckEligibility(caller("1"), world.credential(who), item_codes=codes, as_of=as_of)
    )
    assert isinstance(answer, EligibilityAnswer), answer
    return answer


def left(remainders: tuple[Remainder, ...]) -> Mapping[CounterKey, Remainder]:
    return {each.key: each for each in remainders}


def of(answer: EligibilityAnswer, benefit: str) -> BenefitAnswer:
    (found,) = [each for each in answer.benefits if each.benefit == benefit]
    return found


@pytest.mark.parametrize("seed", SEEDS)
async def test_what_is_left_of_limits_is_what_a_sale_finds_and_leaves(seed: int) -> None:
    chance = random.Random(seed)
    world = await county.a_world(20_000)
    for _ in range(6):
        who = chance.choice([county.HONG, county.LAN])
        benefit = chance.choice(["general_outpatient", "chronic_outpatient"])
        said = of(await checked(world, who), benefit)
        assert said.may_have is True
        code = chance.choice([county.COLD, county.PILL, county.PILL2])
        goods = line(code, chance.choice([1, 999, 33_333, 250_000]))
        bought = structs.replace(goods, condition="hypertension")
        sale = await world.settled(who=who, basket=basket(bought, benefit=benefit))
        (settlement,) = sale.settlements
        before, after = left(said.remainders), left(settlement.remainders)
        assert [(key, each.limit_fen) for key, each in after.items()] == [
            (key, before[key].limit_fen) for key in after
        ]
        pays_fen = sum(each.amount_fen for each in settlement.breakdown.funds if each.fund != "relief")
        caps = [each.left_fen for each in said.remainders if each.key.measure == "paid"]
        assert all(cap_fen is None or pays_fen <= cap_fen for cap_fen in caps)
        now = left(of(await checked(world, who), benefit).remainders)
        assert {key: now[key] for key in after} == after
        world.clock.forward(days=chance.choice([0, 1, 20]))
    check_store(world.store)


@pytest.mark.parametrize("seed", SEEDS)
async def test_a_drug_is_warned_of_until_the_day_that_was_said_and_not_on_it(seed: int) -> None:
    chance = random.Random(seed)
    world = await test_watching.a_world()
    for _ in range(6):
        answer = await checked(world, codes=("DRUG",))
        (said,) = answer.items
        drug = test_watching.drug(days=chance.choice([3, 7, 14, 15]))
        quote = await world.quoted(basket=basket(drug))
        is_early = "REPEATED_DRUG" in [each.code for each in quote.advisories]
        assert is_early is (said.next_on is not None)
        assert is_early is ("REPEATED_DRUG" in [each.code for each in answer.advisories])
        if said.next_on is not None:
            days = (said.next_on - DAY, said.next_on)
            eve, again = [(await checked(world, codes=("DRUG",), as_of=day)).items[0] for day in days]
            assert (eve.next_on is None, again.next_on) == (False, None)
        accepted = (test_watching.EARLY,) if is_early else ()
        sale = await world.sale(await test_watching.asked(world, drug, accepted_warnings=accepted))
        if chance.random() < 0.2:
            await world.ask(world.reverse(sale.request_id))
        world.clock.forward(days=chance.choice([0, 1, 3, 8, 15]))


def rebound(world: World, chance: random.Random) -> None:
    """The father changes his mind about what he agreed to."""
    since = chance.choice([EVER, TODAY - DAY, TODAY, TODAY + DAY])
    until = chance.choice([None, TODAY + DAY, TODAY + 5 * DAY])
    fathers_account.rebind(
        world, since, until, limit_fen=chance.choice([None, 0, 1, 30_000, 60_000]),
        consented_on=chance.choice([None, TODAY - DAY, TODAY, TODAY + DAY]),
    )


@pytest.mark.parametrize("seed", SEEDS)
async def test_a_relatives_account_pays_exactly_what_a_check_leaves_it(seed: int) -> None:
    chance = random.Random(seed)
    world = await fathers_account.a_world(chance.choice([0, 20_000, 100_000]))
    for _ in range(5):
        if chance.random() < 0.5:
            rebound(world, chance)
        found = [
            each for each in (await checked(world, DAUGHTER)).accounts
            if each.account is not None and each.account.account == FATHERS
        ]
        amount_fen, consent = chance.choice([1, 10_000, 50_000]), chance.choice([IN_PERSON, STANDING])
        bought = fathers_account.from_father(amount_fen, consent)
        quote = await world.ask(Quote(caller("1"), world.credential(DAUGHTER), bought))
        account = found[0].account if found else None
        if isinstance(quote, RefusedAnswer):
            reasons = {Reason.BINDING_NOT_BEGUN, Reason.BINDING_ENDED}
            if account is not None:
                no = found[0].refusal
                reasons = {no.reason} if no else {Reason.STANDING_CONSENT_NOT_GIVEN}
                assert no is not None or (consent is STANDING and not account.standing_consent)
            assert quote.refusal.reason in reasons
            continue
        assert isinstance(quote, QuoteAnswer)
        assert account is not None
        limit_fen = amount_fen if account.limit_left_fen is None else account.limit_left_fen
        paid_fen = sum(part.amount_fen for part in quote.split.accounts)
        assert paid_fen == min(amount_fen, account.balance_fen, limit_fen)
        collect = chance.choice([Collect.NOW, Collect.LATER])
        await world.settled(who=DAUGHTER, basket=bought, collect=collect)
        world.clock.forward(minutes=chance.choice([1, 11]))
        check_store(world.store)


Event = Callable[[World, str], None]
EVENTS: list[Event] = [
    lambda world, _: enter(
        world.store, place(CLINIC), PlaceFact.SUSPENSION, Stopped("x"), TODAY, TODAY, at=world.clock.at
    ),
    lambda world, _: enter(
        world.store, place(CLINIC), PlaceFact.EXIT, Stopped("x"), TODAY, at=world.clock.at
    ),
    lambda world, who: enter(
        world.store, person(who), PersonKind.SUSPENSION, Suspension("x"), TODAY, at=world.clock.at
    ),
    lambda world, who: enter(
        world.store, person(who), PersonKind.ARREARS, Arrears(), date(2026, 6, 1), at=world.clock.at
    ),
    lambda world, who: enter(
        world.store, person(who), FilingFact.REVIEW, Reviewed("hypertension", passed=False), TODAY, TODAY,
        at=world.clock.at,
    ),
]
"""What somebody enters after the patient was told."""


@pytest.mark.parametrize("seed", SEEDS)
async def test_whatever_is_entered_after_a_check_the_sale_is_as_it_was_shown(seed: int) -> None:
    chance = random.Random(seed)
    world = await borough.a_world()
    who, benefit = chance.choice([
        (MEI, "chronic_outpatient"), (MEI, "general_outpatient"), (TAO, "general_outpatient")
    ])
    condition = "hypertension" if benefit == "chronic_outpatient" else None
    bought = prescribed(pill(condition), benefit=benefit)
    answer = await checked(world, who)
    assert of(answer, benefit).may_have is True
    shown = (await world.quoted(who, basket=bought, eligibility_token=answer.eligibility_token)).split
    world.clock.forward(minutes=1)
    for event in chance.sample(EVENTS, chance.randint(1, 3)):
        event(world, who)
    world.clock.forward(minutes=chance.choice([0, 5, 100]))
    sale = await world.sale(world.settle(
        basket=bought, credential=world.credential(who), expected=shown,
        eligibility_token=answer.eligibility_token,
    ))
    assert sale.split == shown
    check_store(world.store)
