"""Accounts at the counter: none, empty and frozen; bindings with days, consent and limits."""

import asyncio
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from msgspec import structs

from medsettle.wire.reasons import Reason
from medsettle.wire.states import SaleState
from medsettle_gateway.domain.accounts import family_counter
from medsettle_gateway.domain.asked import Basket, Collect, Consent, Payer
from medsettle_gateway.domain.basket import PERSONAL_ACCOUNT_ONLY
from medsettle_gateway.domain.breakdown import AccountNote, FundShare
from medsettle_gateway.domain.facts import AccountState, CounterState
from medsettle_gateway.domain.member import Enrolment, Owner, Scheme, Standing
from medsettle_gateway.domain.people import PersonKind, Registered
from medsettle_gateway.domain.plain import to_raw
from medsettle_gateway.domain.records import DatedRecord, Subject
from medsettle_gateway.domain.sale import SaleRecord
from medsettle_gateway.service.checked import AccountAnswer, EligibilityAnswer
from medsettle_gateway.service.commands import CheckEligibility, Quote, RefusedAnswer, SaleAnswer
from tests.gateway.service.books_hold import check_store
from tests.gateway.service.family import LONG_AGO, bind
from tests.gateway.service.world import (
    DAUGHTER,
    FATHER,
    NO_ACCOUNT,
    NOON,
    REGION,
    World,
    basket,
    beside,
    caller,
    line,
    split,
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


def freeze(world: World, account: str) -> None:
    members = world.store.tables.members
    for name, member in members.items():
        accounts = tuple(
            replace(each, state=AccountState.FROZEN) if each.account == account else each
            for each in member.accounts
        )
        members[name] = replace(member, accounts=accounts)


# None, empty and frozen are three answers.


async def test_a_check_says_of_no_account_that_there_is_none() -> None:
    own = await account_of(await a_world(), NO_ACCOUNT, Owner.SELF)
    assert own.account is None
    assert own.may_pay is False
    assert own.refusal is not None
    assert own.refusal.reason is Reason.NO_OWN_ACCOUNT


async def test_a_check_says_of_an_empty_account_that_it_has_nothing_and_may_pay() -> None:
    own = await account_of(await a_world(), DAUGHTER, Owner.SELF)
    assert own.account is not None
    assert (own.account.balance_fen, own.may_pay, own.refusal) == (0, True, None)


async def test_a_check_says_of_a_frozen_account_that_it_is_frozen() -> None:
    world = await a_world()
    freeze(world, FATHERS)
    own = await account_of(world, FATHER, Owner.SELF)
    assert own.account is not None
    assert own.account.state is AccountState.FROZEN
    assert own.refusal is not None
    assert own.refusal.reason is Reason.ACCOUNT_FROZEN


async def test_who_has_no_account_pays_in_cash_and_has_the_pooled_benefit_all_the_same() -> None:
    world = await a_world()
    quote = await world.quoted(NO_ACCOUNT)
    assert quote.split == split(10_000, 40_000)
    assert quote.settlements[0].breakdown.accounts == ()
    told = [step for step in quote.settlements[0].trace if step.step == "no_account"]
    assert [step.inputs["enrolled"] for step in told] == [0]
    sale = await world.settled(who=NO_ACCOUNT)
    assert (sale.state, sale.split) == (SaleState.SETTLED, quote.split)


async def test_an_empty_account_pays_nothing_and_says_that_it_is_empty() -> None:
    quote = await (await a_world()).quoted(DAUGHTER)
    (share,) = quote.settlements[0].breakdown.accounts
    assert (share.amount_fen, share.note) == (0, AccountNote.BALANCE_ZERO)


async def test_a_frozen_account_that_nobody_names_is_left_alone_and_advised_of() -> None:
    world = await a_world()
    freeze(world, FATHERS)
    quote = await world.quoted(FATHER)
    assert quote.split == split(10_000, 40_000)
    assert [each.code for each in quote.advisories] == ["ACCOUNT_FROZEN"]


# Consent.


async def test_a_relatives_account_needs_consent() -> None:
    assert await refusal(await a_world(), from_father(consent=None)) is Reason.CONSENT_REQUIRED


async def test_a_standing_consent_that_was_never_given_is_refused() -> None:
    world = await a_world(consented_on=None)
    assert await refusal(world, from_father(consent=STANDING)) is Reason.STANDING_CONSENT_NOT_GIVEN
    sale = await world.settled(who=DAUGHTER, basket=from_father(consent=IN_PERSON))
    assert sale.split == split(0, 0, **{FATHERS: 50_000})


async def test_a_standing_consent_counts_from_the_day_on_which_it_was_given() -> None:
    world = await a_world(consented_on=TODAY + DAY)
    assert await refusal(world, from_father(consent=STANDING)) is Reason.STANDING_CONSENT_NOT_GIVEN
    world.clock.forward(days=1)
    sale = await world.settled(who=DAUGHTER, basket=from_father(consent=STANDING))
    assert sale.state is SaleState.SETTLED


async def test_a_check_says_whether_there_is_a_standing_consent() -> None:
    world = await a_world(consented_on=TODAY)
    fathers = await account_of(world, DAUGHTER, Owner.PARENT)
    assert fathers.account is not None
    assert fathers.account.standing_consent
    rebind(world)
    fathers = await account_of(world, DAUGHTER, Owner.PARENT)
    assert fathers.account is not None
    assert not fathers.account.standing_consent


# Days.


async def test_a_binding_that_has_not_begun_pays_nothing_and_is_shown_to_nobody() -> None:
    world = await a_world(since=TODAY + DAY)
    assert await refusal(world, from_father()) is Reason.BINDING_NOT_BEGUN
    assert [each.owner for each in (await checked(world, DAUGHTER)).accounts] == ["self"]
    tomorrow = await checked(world, DAUGHTER, TODAY + DAY)
    assert [each.owner for each in tomorrow.accounts] == ["self", "parent"]


async def test_a_binding_that_has_ended_pays_nothing_and_is_shown_to_nobody() -> None:
    world = await a_world(until=TODAY - DAY)
    assert await refusal(world, from_father()) is Reason.BINDING_ENDED
    for as_of in (None, TODAY - DAY):
        assert [each.owner for each in (await checked(world, DAUGHTER, as_of)).accounts] == ["self"]


async def test_on_its_last_day_a_binding_still_pays() -> None:
    world = await a_world(until=TODAY)
    sale = await world.settled(who=DAUGHTER, basket=from_father())
    assert sale.split == split(0, 0, **{FATHERS: 50_000})


async def test_a_binding_that_never_held_is_no_account_of_the_patients() -> None:
    world = await a_world(withdrawn=True)
    assert await refusal(world, from_father()) is Reason.ACCOUNT_UNKNOWN


async def test_an_owner_who_unbinds_between_check_and_sale_is_obeyed_whatever_the_check_said() -> None:
    world = await a_world()
    token = (await checked(world, DAUGHTER)).eligibility_token
    world.clock.forward(minutes=1)
    rebind(world, until=TODAY - DAY)
    command = world.settle(
        basket=from_father(), credential=world.credential(DAUGHTER), eligibility_token=token
    )
    assert (await world.refused(command)).refusal.reason is Reason.BINDING_ENDED
    assert world.balance(FATHERS) == (100_000, 0)


async def test_goods_that_come_back_pay_the_account_back_though_it_was_unbound_since() -> None:
    world = await a_world()
    sale = await world.settled(who=DAUGHTER, basket=from_father())
    rebind(world, until=TODAY - DAY)
    reversed_ = await world.sale(world.reverse(sale.request_id))
    assert reversed_.state is SaleState.REVERSED
    assert world.balance(FATHERS) == (100_000, 0)
    check_store(world.store)


# Relatives.


@pytest.mark.parametrize("relation", [Owner.SIBLING, Owner.OTHER])
async def test_a_relative_whom_the_pack_does_not_name_pays_nothing_and_is_said_so(relation: Owner) -> None:
    world = await a_world()
    bind(world.store.tables, DAUGHTER, FATHERS, relation, at=world.clock.at)
    shown = await account_of(world, DAUGHTER, relation)
    assert shown.refusal is not None
    assert shown.refusal.reason is Reason.RELATIVE_NOT_ALLOWED
    quote = await world.quoted(DAUGHTER, basket=from_father())
    assert quote.split == split(0, 50_000)
    (share,) = quote.settlements[0].breakdown.accounts
    assert share.note is AccountNote.OWNER_NOT_ALLOWED


async def test_the_patient_has_the_benefit_and_the_payer_pays() -> None:
    """Counters move for the patient, the account of the payer pays, and the books say whose it is."""
    world = await a_world()
    sale = await world.settled(who=DAUGHTER, basket=basket(payers=(Payer(FATHERS, IN_PERSON),)))
    assert sale.member == DAUGHTER
    assert sale.split == split(10_000, 0, **{FATHERS: 40_000})
    moved = {row[0] for row, state in world.store.tables.counters.items() if state.used}
    assert moved == {DAUGHTER}
    assert world.balance(FATHERS) == (60_000, 0)


# Limits of a year.


def used(world: World, year: int = TODAY.year) -> CounterState:
    row = (DAUGHTER, REGION, "employee", family_counter(FATHERS, year))
    return world.store.tables.counters.get(row, CounterState())


async def test_a_limit_caps_what_the_account_pays_and_the_rest_is_cash() -> None:
    world = await a_world(limit_fen=30_000)
    sale = await world.settled(who=DAUGHTER, basket=from_father())
    assert sale.split == split(0, 20_000, **{FATHERS: 30_000})
    assert used(world) == CounterState(30_000, 0)
    assert world.balance(FATHERS) == (70_000, 0)


async def test_a_check_shows_what_is_left_of_the_limit() -> None:
    world = await a_world(limit_fen=60_000)
    await world.settled(who=DAUGHTER, basket=from_father())
    fathers = await account_of(world, DAUGHTER, Owner.PARENT)
    assert fathers.account is not None
    assert fathers.account.limit_left_fen == 10_000
    assert fathers.may_pay


async def test_a_limit_that_is_used_up_refuses_the_payer_and_a_check_says_so_before() -> None:
    world = await a_world(limit_fen=50_000)
    await world.settled(who=DAUGHTER, basket=from_father())
    fathers = await account_of(world, DAUGHTER, Owner.PARENT)
    assert fathers.refusal is not None
    assert fathers.refusal.reason is Reason.FAMILY_LIMIT_REACHED
    assert await refusal(world, from_father()) is Reason.FAMILY_LIMIT_REACHED


async def test_what_was_paid_before_a_limit_was_set_counts_toward_it() -> None:
    world = await a_world()
    await world.settled(who=DAUGHTER, basket=from_father(20_000))
    rebind(world, limit_fen=50_000)
    quote = await world.quoted(DAUGHTER, basket=from_father())
    assert quote.split == split(0, 20_000, **{FATHERS: 30_000})


async def test_the_limit_is_the_patients_and_not_the_owners() -> None:
    world = await a_world(limit_fen=30_000)
    own = await world.settled(who=FATHER)
    assert own.split == split(10_000, 0, **{FATHERS: 40_000})
    assert used(world) == CounterState()


async def test_a_new_year_has_its_whole_limit() -> None:
    world = await a_world(limit_fen=30_000)
    await world.settled(who=DAUGHTER, basket=from_father())
    world.clock.forward(days=200)
    sale = await world.settled(who=DAUGHTER, basket=from_father())
    assert sale.split == split(0, 20_000, **{FATHERS: 30_000})
    assert used(world, world.clock.at.year) == CounterState(30_000, 0)


async def test_a_hold_reserves_of_the_limit_and_gives_back_when_it_is_given_up() -> None:
    world = await a_world(limit_fen=30_000)
    held = await world.held(who=DAUGHTER, basket=from_father(20_000))
    assert used(world) == CounterState(0, 20_000)
    second = await world.quoted(DAUGHTER, basket=from_father(20_000))
    assert second.split == split(0, 10_000, **{FATHERS: 10_000})
    await world.sale(world.release(held.request_id))
    assert used(world) == CounterState(0, 0)
    check_store(world.store)


async def test_a_hold_that_has_ended_reserves_nothing_of_the_limit_swept_or_not() -> None:
    world = await a_world(limit_fen=30_000)
    await world.held(who=DAUGHTER, basket=from_father(20_000))
    world.clock.forward(minutes=10)
    sale = await world.settled(who=DAUGHTER, basket=from_father(30_000))
    assert sale.split == split(0, 0, **{FATHERS: 30_000})
    check_store(world.store)


async def test_a_hold_that_is_confirmed_after_its_end_pays_within_what_is_left_of_the_limit() -> None:
    world = await a_world(limit_fen=30_000)
    first = await world.held(who=DAUGHTER, basket=from_father(20_000))
    second = await world.held(who=DAUGHTER, basket=from_father(10_000))
    world.clock.forward(minutes=10)
    for held in (first, second):
        await world.swept(held.request_id)
    assert (await world.sale(world.confirm(first))).state is SaleState.SETTLED
    await world.settled(who=DAUGHTER, basket=from_father(5_000))
    assert (await world.sale(world.confirm(second))).state is SaleState.RELEASED
    assert used(world) == CounterState(25_000, 0)
    check_store(world.store)


async def test_a_reversal_gives_back_of_the_limit() -> None:
    world = await a_world(limit_fen=30_000)
    sale = await world.settled(who=DAUGHTER, basket=from_father())
    await world.sale(world.reverse(sale.request_id))
    assert used(world) == CounterState(0, 0)
    again = await world.settled(who=DAUGHTER, basket=from_father())
    assert again.split == sale.split


async def test_two_tills_at_once_never_pass_the_limit_together() -> None:
    world = await a_world(limit_fen=30_000)
    bought = from_father(30_000)
    commands = [
        world.settle(
            world.request_id(till=till), split(0, 0, **{FATHERS: 30_000}), basket=bought,
            credential=world.credential(DAUGHTER), acknowledgements=("POSSIBLE_DUPLICATE",),
        )
        for till in ("1", "2")
    ]
    answers = await asyncio.gather(*(beside(world.ask(each)) for each in commands))
    sales = [answer.sale for answer in answers if isinstance(answer, SaleAnswer)]
    refusals = [each.refusal.reason for each in answers if isinstance(each, RefusedAnswer)]
    assert [sale.state for sale in sales] == [SaleState.SETTLED]
    assert refusals == [Reason.FAMILY_LIMIT_REACHED]
    assert used(world) == CounterState(30_000, 0)
    check_store(world.store)


async def test_part_of_the_goods_that_comes_back_gives_back_its_part_of_the_limit() -> None:
    world = await a_world(limit_fen=30_000)
    goods = (line(amount_fen=20_000), line("DRUG2", 10_000, "2"))
    bought = replace(from_father(), lines=goods)
    sale = await world.settled(who=DAUGHTER, basket=bought)
    kept = replace(bought, lines=goods[:1])
    left: SaleRecord = await world.sale(world.settle(
        basket=kept, replaces=sale.request_id, expected=split(0, 0, **{FATHERS: 20_000}),
        collect=Collect.NOW,
    ))
    assert left.split == split(0, 0, **{FATHERS: 20_000})
    assert used(world) == CounterState(20_000, 0)
    assert world.balance(FATHERS) == (80_000, 0)
    check_store(world.store)


async def test_what_a_check_made_binding_counts_toward_the_limit_as_it_is_paid() -> None:
    """The fund does not bear its part by what is known now; the father has paid all the same."""
    world = await a_world(limit_fen=100_000)
    said = await checked(world, DAUGHTER)
    world.clock.forward(minutes=1)
    row = Registered(REGION, Scheme.EMPLOYEE, Standing.ACTIVE, Enrolment.POOLED_AND_ACCOUNT)
    kind = PersonKind.REGISTERED.value
    first = DatedRecord(kind, EVER.isoformat(), EVER, None, to_raw(row), LONG_AGO)
    last = structs.replace(first, valid_to=TODAY - DAY, entered_at=world.clock.at)
    tables = world.store.tables
    subject = Subject.MEMBER.named(DAUGHTER)
    tables.records[subject] = (first, *tables.records[subject], last)
    tables.members[DAUGHTER] = replace(tables.members[DAUGHTER], covered_to=TODAY - DAY)
    sale = await world.sale(world.settle(
        basket=basket(payers=(Payer(FATHERS, IN_PERSON),)), credential=world.credential(DAUGHTER),
        expected=split(10_000, 0, **{FATHERS: 40_000}), eligibility_token=said.eligibility_token,
    ))
    assert sale.effect is not None
    assert sale.effect.fund_variance == (FundShare("pooled", 10_000),)
    assert used(world) == CounterState(40_000, 0)
    await world.sale(world.reverse(sale.request_id))
    assert used(world) == CounterState(0, 0)
    check_store(world.store)
