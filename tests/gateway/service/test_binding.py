"""What a check has said binds: the patient bears no more than by what was known when he was told."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from msgspec import structs

from medsettle.wire.reasons import Reason
from medsettle.wire.states import SaleState
from medsettle_gateway.domain.asked import Collect
from medsettle_gateway.domain.breakdown import FundShare
from medsettle_gateway.domain.member import Enrolment, Scheme, Standing
from medsettle_gateway.domain.people import PersonKind, Registered
from medsettle_gateway.domain.plain import to_raw
from medsettle_gateway.domain.records import DatedRecord, Subject
from medsettle_gateway.domain.sale import SaleRecord
from medsettle_gateway.ledger import books
from medsettle_gateway.service.checked import EligibilityAnswer
from medsettle_gateway.service.commands import CheckEligibility
from medsettle_gateway.service.eligibility_token import Binding, EligibilityTokens
from medsettle_gateway.service.signed_token import signed_token
from tests.gateway.service.books_hold import check_store
from tests.gateway.service.world import (
    CLINIC,
    DAUGHTER,
    FATHER,
    NOON,
    PHARMACY,
    REGION,
    World,
    basket,
    caller,
    line,
    split,
)

TOKENS = EligibilityTokens(b"q" * 32)
"""Those of the world."""
ENDED_ON = date(2026, 6, 30)
AS_COVERED = split(10_000, 0, **{"a-father": 40_000})


@pytest.fixture
async def world() -> World:
    return await World().started(a_father=100_000)


async def checked(world: World, who: str = FATHER, place: str = CLINIC) -> EligibilityAnswer:
    answer = await world.ask(CheckEligibility(caller("1", place), world.credential(who)))
    assert isinstance(answer, EligibilityAnswer)
    return answer


def cover_ended(world: World, who: str = FATHER) -> None:
    """It is entered now that cover ended two days ago."""
    row = Registered(REGION, Scheme.EMPLOYEE, Standing.ACTIVE, Enrolment.POOLED_AND_ACCOUNT)
    begins = date(2020, 1, 1)
    first = DatedRecord(
        PersonKind.REGISTERED.value, begins.isoformat(), begins, None, to_raw(row),
        datetime(2020, 1, 1, tzinfo=UTC),
    )
    last = structs.replace(first, valid_to=ENDED_ON, entered_at=world.clock.at)
    world.store.tables.records[Subject.MEMBER.named(who)] = (first, last)
    member = world.store.tables.members[who]
    world.store.tables.members[who] = replace(member, covered_to=ENDED_ON)


async def told_then_ended(world: World) -> EligibilityAnswer:
    """The patient is told that he is covered; a minute later it is entered that he is not."""
    said = await checked(world)
    assert said.covered is True
    world.clock.forward(minutes=1)
    cover_ended(world)
    return said


def postings(world: World, sale: SaleRecord) -> dict[str, int]:
    """What the books have of the sale in the pooled fund, by account."""
    sums: dict[str, int] = {}
    for entry in world.store.tables.entries.values():
        for posting in entry.postings:
            if entry.request_id == sale.request_id.text and posting.book == f"{REGION}/employee/pooled":
                sums[posting.account] = sums.get(posting.account, 0) + posting.amount_fen
    return sums


async def test_a_sale_without_the_token_is_decided_by_what_is_known_now(world: World) -> None:
    await told_then_ended(world)
    refused = await world.refused(world.settle(expected=AS_COVERED))
    assert refused.refusal.reason is not Reason.QUOTE_CHANGED


async def test_what_was_said_binds_and_what_the_fund_does_not_bear_goes_to_variance(world: World) -> None:
    said = await told_then_ended(world)
    command = world.settle(expected=AS_COVERED, eligibility_token=said.eligibility_token)
    sale = await world.sale(command)
    assert (sale.state, sale.split, sale.bound_at) == (
        SaleState.SETTLED, AS_COVERED, world.clock.at - timedelta(minutes=1)
    )
    assert sale.effect is not None
    assert (sale.effect.fund_variance, sale.effect.counters) == ((FundShare("pooled", 10_000),), ())
    assert postings(world, sale) == {books.VARIANCE: 10_000, books.payable(CLINIC): -10_000}
    check_store(world.store)


async def test_a_quote_shows_what_binds(world: World) -> None:
    said = await told_then_ended(world)
    quote = await world.quoted(eligibility_token=said.eligibility_token)
    assert quote.split == AS_COVERED
    settled = world.settle(
        expected=quote.split, quote_token=quote.quote_token, eligibility_token=said.eligibility_token
    )
    assert (await world.sale(settled)).state is SaleState.SETTLED


async def test_a_check_binds_until_its_end_and_no_longer(world: World) -> None:
    said = await told_then_ended(world)
    world.clock.at = said.binding_until - timedelta(microseconds=1)
    bound = await world.quoted(eligibility_token=said.eligibility_token)
    assert bound.split == AS_COVERED
    world.clock.at = said.binding_until
    refused = await world.refused(
        world.settle(expected=AS_COVERED, eligibility_token=said.eligibility_token)
    )
    assert refused.refusal.reason is not Reason.ELIGIBILITY_INVALID


async def test_a_check_binds_for_two_hours_at_most_and_never_over_midnight(world: World) -> None:
    assert (await checked(world)).binding_until == world.clock.at + timedelta(hours=2)
    world.clock.forward(hours=11, minutes=30)
    said = await checked(world)
    assert said.binding_until == world.clock.at + timedelta(minutes=30)


async def test_deductibles_and_balances_never_bind(world: World) -> None:
    said = await checked(world)
    await world.settled(amount_fen=600_000, collect=Collect.NOW, basket=basket(line(amount_fen=50_000)))
    quote = await world.quoted(eligibility_token=said.eligibility_token)
    assert quote.split == split(25_000, 0, **{"a-father": 25_000})  # the deductible is used up meanwhile
    sale = await world.sale(
        world.settle(
            expected=quote.split, eligibility_token=said.eligibility_token,
            acknowledgements=("POSSIBLE_DUPLICATE",),
        )
    )
    assert sale.bound_at is None


async def test_a_sale_that_comes_to_the_same_is_not_bound(world: World) -> None:
    said = await checked(world)
    sale = await world.sale(world.settle(eligibility_token=said.eligibility_token))
    assert (sale.bound_at, sale.effect is not None and sale.effect.fund_variance) == (None, ())


async def test_what_was_not_said_binds_nobody(world: World) -> None:
    """Who was told no may have it as soon as it is known that he may."""
    cover_ended(world)
    said = await checked(world)
    assert said.covered is False
    world.clock.forward(minutes=1)
    del world.store.tables.records[Subject.MEMBER.named(FATHER)]
    member = world.store.tables.members[FATHER]
    world.store.tables.members[FATHER] = replace(member, covered_to=None)
    quote = await world.quoted(eligibility_token=said.eligibility_token)
    assert quote.split == AS_COVERED


@pytest.mark.parametrize(
    ("token", "why"),
    [
        ("MSE1.e30.AAAA", "not_issued_here"),
        ("no token at all", "not_issued_here"),
        (TOKENS.issue(Binding(DAUGHTER, CLINIC, NOON, NOON + timedelta(hours=1))),
         "other_patient"),
        (TOKENS.issue(Binding(FATHER, PHARMACY, NOON, NOON + timedelta(hours=1))),
         "other_institution"),
    ],
)
async def test_the_token_of_another_check_is_refused(world: World, token: str, why: str) -> None:
    refused = await world.refused(world.settle(eligibility_token=token))
    assert (refused.refusal.reason, refused.refusal.detail, refused.recorded) == (
        Reason.ELIGIBILITY_INVALID, {"eligibility": why}, True
    )


def test_the_token_of_a_quote_is_none_of_a_check_whatever_its_payload() -> None:
    secret, payload = b"q" * 32, b'{"m":"m","i":"i","k":0,"u":0}'
    assert TOKENS.read(signed_token("MSE1", secret, payload)) is not None
    assert TOKENS.read(signed_token("MSQ1", secret, payload)) is None
    assert TOKENS.read(signed_token("MSQ1", secret, payload).replace("MSQ1", "MSE1")) is None


async def test_a_hold_of_what_binds_is_confirmed_late_with_the_same_variance(world: World) -> None:
    said = await told_then_ended(world)
    held = await world.sale(
        world.settle(expected=AS_COVERED, eligibility_token=said.eligibility_token, collect=Collect.LATER)
    )
    world.clock.forward(minutes=11)
    expired = await world.swept(held.request_id)
    assert expired.state is SaleState.EXPIRED
    sale = await world.sale(world.confirm(held))
    assert sale.state is SaleState.SETTLED
    assert postings(world, sale) == {books.VARIANCE: 10_000, books.payable(CLINIC): -10_000}
    check_store(world.store)


async def test_a_reversal_of_what_binds_takes_the_variance_back(world: World) -> None:
    said = await told_then_ended(world)
    sale = await world.sale(world.settle(expected=AS_COVERED, eligibility_token=said.eligibility_token))
    undone = await world.sale(world.reverse(sale.request_id))
    assert undone.state is SaleState.REVERSED
    assert postings(world, sale) == {books.VARIANCE: 0, books.payable(CLINIC): 0}
    check_store(world.store)


async def test_a_part_that_is_returned_leaves_the_rest_of_the_variance(world: World) -> None:
    said = await told_then_ended(world)
    two = basket(line(amount_fen=50_000), line("DRUG2", 20_000, "2"))
    quote = await world.quoted(eligibility_token=said.eligibility_token, basket=two)
    command = world.settle(
        expected=quote.split, eligibility_token=said.eligibility_token, basket=two
    )
    sale = await world.sale(command)
    kept = basket(line(amount_fen=50_000))
    left = await world.quoted(replaces=sale.request_id, basket=kept)
    rest = await world.sale(
        world.settle(replaces=sale.request_id, basket=kept, expected=left.split)
    )
    assert rest.effect is not None
    assert rest.split is not None
    assert (rest.effect.fund_variance, rest.bound_at) == (rest.split.funds, sale.bound_at)
    check_store(world.store)
