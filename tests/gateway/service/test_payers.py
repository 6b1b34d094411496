"""Accounts at the counter: none, empty and frozen; bindings with days and consent."""

from dataclasses import replace

import pytest

from medsettle.wire.reasons import Reason
from medsettle.wire.states import SaleState
from medsettle_gateway.domain.asked import Payer
from medsettle_gateway.domain.breakdown import AccountNote
from medsettle_gateway.domain.facts import AccountState
from medsettle_gateway.domain.member import Owner
from tests.gateway.service.books_hold import check_store
from tests.gateway.service.family import bind
from tests.gateway.service.fathers_account import (
    DAY,
    FATHERS,
    IN_PERSON,
    STANDING,
    TODAY,
    a_world,
    account_of,
    checked,
    from_father,
    rebind,
    refusal,
)
from tests.gateway.service.world import (
    DAUGHTER,
    FATHER,
    NO_ACCOUNT,
    World,
    basket,
    split,
)


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
