"""What the owner of an account allows a patient in a year: counted, reserved, given back, never passed."""

import asyncio
from dataclasses import replace

import pytest
from msgspec import structs

from medsettle.wire.reasons import Reason
from medsettle.wire.states import SaleState
from medsettle_gateway.domain.asked import Collect, Payer
from medsettle_gateway.domain.breakdown import FundShare
from medsettle_gateway.domain.facts import CounterState
from medsettle_gateway.domain.member import Enrolment, Owner, Scheme, Standing
from medsettle_gateway.domain.people import PersonKind, Registered
from medsettle_gateway.domain.plain import to_raw
from medsettle_gateway.domain.records import DatedRecord, Subject
from medsettle_gateway.domain.sale import SaleRecord
from medsettle_gateway.service.commands import RefusedAnswer, SaleAnswer
from medsettle_gateway.service.office import PayAsShown
from tests.gateway.service.books_hold import check_store
from tests.gateway.service.family import LONG_AGO
from tests.gateway.service.fathers_account import (
    DAY,
    EVER,
    FATHERS,
    IN_PERSON,
    TODAY,
    a_world,
    account_of,
    checked,
    from_father,
    rebind,
    refusal,
    used,
)
from tests.gateway.service.operators import repairs
from tests.gateway.service.world import (
    DAUGHTER,
    FATHER,
    REGION,
    basket,
    beside,
    line,
    split,
)


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


async def test_a_patient_who_is_of_another_scheme_meanwhile_has_no_second_limit() -> None:
    """What the owner allows is for the year, whatever scheme the patient is of."""
    world = await a_world(limit_fen=30_000)
    held = await world.held(who=DAUGHTER, basket=from_father(20_000))
    row = Registered(REGION, Scheme.EMPLOYEE, Standing.ACTIVE, Enrolment.POOLED_AND_ACCOUNT)
    now = structs.replace(row, scheme=Scheme.RESIDENT)
    kind = PersonKind.REGISTERED.value
    tables, subject = world.store.tables, Subject.MEMBER.named(DAUGHTER)
    tables.records[subject] = (
        *tables.records[subject],
        DatedRecord(kind, "1", EVER, TODAY - DAY, to_raw(row), world.clock.at),
        DatedRecord(kind, "2", TODAY, None, to_raw(now), world.clock.at),
    )
    tables.members[DAUGHTER] = replace(tables.members[DAUGHTER], scheme=Scheme.RESIDENT)
    fathers = await account_of(world, DAUGHTER, Owner.PARENT)
    assert fathers.account is not None
    assert fathers.account.limit_left_fen == 10_000
    world.clock.forward(minutes=10)
    fathers = await account_of(world, DAUGHTER, Owner.PARENT)
    assert fathers.account is not None
    assert fathers.account.limit_left_fen == 30_000  # the hold of before reserves nothing any more
    assert (await world.swept(held.request_id)).state is SaleState.EXPIRED
    assert used(world) == CounterState(0, 0)
    check_store(world.store)


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


@pytest.mark.parametrize("ended", [False, True], ids=["limit", "unbound"])
async def test_what_is_paid_as_it_was_shown_takes_no_more_of_an_account_than_its_owner_allows(
    ended: bool,
) -> None:
    """The patient has left with the goods: what the owner does not allow any more is the operator's."""
    world = await a_world(limit_fen=30_000)
    held = await world.held(who=DAUGHTER, basket=from_father(20_000))
    world.clock.forward(minutes=11)
    await world.swept(held.request_id)
    await world.settled(who=DAUGHTER, basket=from_father(25_000))
    if ended:
        world.clock.forward(seconds=1)
        rebind(world, EVER, TODAY - DAY)
    late = await world.sale(world.confirm(held))
    assert late.state is SaleState.RELEASED
    sale = await repairs(world, PayAsShown(late.request_id, "left", ("wang", "li")))
    paid_fen = 0 if ended else 5_000
    assert sale.effect is not None
    (booking,) = sale.effect.accounts
    assert (booking.amount_fen, booking.variance_fen) == (20_000, 20_000 - paid_fen)
    assert world.balance(FATHERS) == (75_000 - paid_fen, 0)
    assert used(world) == CounterState(25_000 + paid_fen, 0)
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
