"""GetSale, ListSales and CheckEligibility: they tell and write nothing."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from medsettle.wire.reasons import Reason
from medsettle.wire.states import SaleState
from medsettle_gateway.domain.basket import Prescription
from medsettle_gateway.domain.calendar import CST
from medsettle_gateway.domain.errors import Refusal
from medsettle_gateway.domain.facts import AccountState
from medsettle_gateway.domain.keys import AnyKey, Facts
from medsettle_gateway.domain.legs import LegKind, LegState, legs_of
from medsettle_gateway.domain.moves import EndRecovery
from medsettle_gateway.domain.sale import SaleRecord
from medsettle_gateway.service.checked import EligibilityAnswer
from medsettle_gateway.service.commands import (
    CheckEligibility,
    ListSales,
    SaleAnswer,
    SalesAnswer,
)
from medsettle_gateway.service.ports import SaleFilter, SalePosition
from tests.gateway.service.world import (
    DAUGHTER,
    FATHER,
    NO_ACCOUNT,
    PHARMACY,
    World,
    caller,
)


async def a_world() -> World:
    return await World().started(a_father=100_000, a_daughter=5_000)


async def checked(
    world: World, who: str = FATHER, place: str = "CLINIC", **asked: Any
) -> EligibilityAnswer:
    command = CheckEligibility(caller("1", place), world.credential(who), **asked)
    answer = await world.ask(command)
    assert isinstance(answer, EligibilityAnswer), answer
    return answer


async def test_a_sale_is_shown_with_the_masked_name() -> None:
    world = await a_world()
    sale = await world.settled()
    assert await world.ask(world.get(sale.request_id)) == SaleAnswer(sale, "张*")


async def test_a_hold_is_not_shown_as_it_was_before_the_last_till_compared_while_it_was_looked_up() -> None:
    """Whoever were told that it stands would collect the cash again."""
    world = await a_world()
    held, at = await world.held(who=NO_ACCOUNT), world.clock.at
    load = world.store.load
    world.store.tables.recoveries.begin(at.date() + timedelta(days=1), at - timedelta(days=1), at)

    async def before_it_is_over(asked: Sequence[AnyKey]) -> Facts:
        found = await load(asked)
        world.store.load = load  # type: ignore[method-assign]
        await world.sale(world.confirm(held))
        world.store.tables.recoveries.end(EndRecovery(1, "", at))
        return found

    world.store.load = before_it_is_over  # type: ignore[method-assign]
    assert (await world.sale(world.get(held.request_id))).state is SaleState.SETTLED


async def test_a_list_shows_no_hold_as_it_was_before_the_last_till_compared_while_it_was_made() -> None:
    world = await a_world()
    held, at = await world.held(who=NO_ACCOUNT), world.clock.at
    listed = world.store.list_sales
    world.store.tables.recoveries.begin(at.date() + timedelta(days=1), at - timedelta(days=1), at)

    async def before_it_is_over(
        chosen: SaleFilter, page_size: int, after: SalePosition | None
    ) -> tuple[SaleRecord, ...]:
        found = await listed(chosen, page_size, after)
        world.store.list_sales = listed  # type: ignore[method-assign]
        await world.sale(world.confirm(held))
        world.store.tables.recoveries.end(EndRecovery(1, "", at))
        return found

    world.store.list_sales = before_it_is_over  # type: ignore[method-assign]
    answer = await world.ask(ListSales(caller("1")))
    assert isinstance(answer, SalesAnswer)
    assert [each.sale.state for each in answer.sales] == [SaleState.SETTLED]


async def test_what_is_not_recorded_is_not_found() -> None:
    world = await a_world()
    answer = await world.refused(world.get(world.request_id()))
    assert (answer.refusal.reason, answer.recorded) == (Reason.SALE_NOT_FOUND, False)


async def test_the_legs_of_a_sale_follow_its_state() -> None:
    world = await a_world()
    held = await world.held(who=NO_ACCOUNT)
    assert [(leg.kind, leg.amount_fen, leg.state) for leg in legs_of(held)] == [
        (LegKind.FUND, 10_000, LegState.RESERVED),
        (LegKind.CASH, 40_000, LegState.RESERVED),
    ]
    released = await world.sale(world.release(held.request_id))
    assert {leg.state for leg in legs_of(released)} == {LegState.FREED}
    sealed = await world.sale(world.seal(world.request_id()))
    assert legs_of(sealed) == ()


async def pages(world: World, asked: ListSales) -> list[list[str]]:
    found: list[list[str]] = []
    while True:
        answer = await world.ask(asked)
        assert isinstance(answer, SalesAnswer), answer
        found.append([each.sale.request_id.text for each in answer.sales])
        if not answer.next_page_token:
            return found
        asked = replace(asked, page_token=answer.next_page_token)


async def test_pages_are_newest_first_and_miss_none() -> None:
    world = await a_world()
    made = []
    for _ in range(5):
        made.append((await world.sale(world.seal(world.request_id()))).request_id.text)
        world.clock.forward(seconds=1)
    found = await pages(world, ListSales(caller("1"), page_size=2))
    assert [len(page) for page in found] == [2, 2, 1]
    assert [text for page in found for text in page] == made[::-1]


async def test_a_list_shows_the_institutions_own_sales_as_they_were_asked_for() -> None:
    world = await a_world()
    settled = await world.settled()
    sealed = await world.sale(world.seal(world.request_id(till="2")))
    await world.sale(world.seal(world.request_id(PHARMACY)))
    asked = ListSales(caller("1"))
    assert await pages(world, asked) == [[sealed.request_id.text, settled.request_id.text]]
    for chosen, text in (
        ({"states": (SaleState.SETTLED,)}, settled.request_id.text),
        ({"terminal": "CLINIC-2"}, sealed.request_id.text),
    ):
        assert await pages(world, replace(asked, **chosen)) == [[text]]
    assert await pages(world, replace(asked, service_from=date(2026, 7, 3))) == [[]]
    assert await pages(world, replace(asked, service_to=date(2026, 7, 1))) == [[]]


@pytest.mark.parametrize("token", ["x", "e30", "中文", "W10", "WzEsMiwzXQ", "A" * 600])
async def test_a_page_token_that_was_not_given_is_refused(token: str) -> None:
    world = await a_world()
    answer = await world.refused(ListSales(caller("1"), page_token=token))
    assert answer.refusal.reason is Reason.PAGE_TOKEN_INVALID


async def test_a_page_token_is_good_for_its_own_filter_only() -> None:
    world = await a_world()
    for _ in range(2):
        await world.sale(world.seal(world.request_id()))
    answer = await world.ask(ListSales(caller("1"), page_size=1))
    assert isinstance(answer, SalesAnswer)
    other = ListSales(caller("1"), page_token=answer.next_page_token, terminal="CLINIC-1")
    assert (await world.refused(other)).refusal.reason is Reason.PAGE_TOKEN_INVALID


async def test_a_check_tells_benefits_accounts_and_advice() -> None:
    world = await a_world()
    answer = await checked(world)
    assert answer.covered
    assert [(each.benefit, each.may_have) for each in answer.benefits] == [("general_outpatient", True)]
    assert {left.key.measure: left.left_fen for left in answer.benefits[0].remainders} == {
        "deductible": 30_000, "paid": 300_000,
    }
    assert {left.title_zh for left in answer.benefits[0].remainders} == {"普通门诊统筹"}
    (advice,) = answer.advisories
    assert advice.code == "DEDUCTIBLE_LEFT"
    assert advice.zh == "普通门诊统筹起付标准还差300.00元。"
    assert advice.en.endswith(": 300.00 yuan of the deductible are left.")
    (own,) = answer.accounts
    assert own.may_pay
    assert own.account is not None
    assert own.account.balance_fen == 100_000
    assert answer.binding_until == datetime(2026, 7, 2, 14, tzinfo=CST)
    assert answer.pack == "anshan-employee-outpatient"


async def test_a_check_uses_nothing_up() -> None:
    world = await a_world()
    commits = world.store.commits
    await checked(world)
    assert world.store.commits == commits


async def test_a_family_account_stands_behind_the_own_one() -> None:
    world = await a_world()
    answer = await checked(world, DAUGHTER)
    assert [(each.owner, each.may_pay) for each in answer.accounts] == [("self", True), ("parent", True)]


async def test_no_account_is_another_answer_than_a_balance_of_0() -> None:
    world = await a_world()
    (none,) = (await checked(world, NO_ACCOUNT)).accounts
    assert (none.owner, none.account, none.may_pay) == ("self", None, False)


async def test_a_frozen_account_is_shown_and_may_not_pay() -> None:
    world = await a_world()
    father = world.store.tables.members[FATHER]
    frozen = tuple(replace(each, state=AccountState.FROZEN) for each in father.accounts)
    world.store.tables.members[FATHER] = replace(father, accounts=frozen)
    answer = await checked(world)
    assert [each.may_pay for each in answer.accounts] == [False]
    assert "ACCOUNT_FROZEN" in {each.code for each in answer.advisories}


async def test_a_benefit_that_the_place_may_not_give_says_why() -> None:
    world = await a_world()
    answer = await checked(world, place=PHARMACY, prescription=Prescription.NONE)
    (benefit,) = answer.benefits
    assert benefit.may_have is False
    assert benefit.refusal is not None
    assert benefit.refusal.reason is Reason.SWITCH_OFF
    assert answer.covered


async def test_a_benefit_that_the_region_does_not_have_is_unknown() -> None:
    world = await a_world()
    (benefit,) = (await checked(world, benefit="dental")).benefits
    assert benefit.refusal is not None
    assert benefit.refusal.reason is Reason.BENEFIT_UNKNOWN


async def test_ended_cover_is_a_no_with_its_reason() -> None:
    world = await a_world()
    father = world.store.tables.members[FATHER]
    world.store.tables.members[FATHER] = replace(father, covered_to=date(2026, 6, 30))
    answer = await checked(world)
    assert answer.covered is False
    assert answer.refusal is not None
    assert answer.refusal.reason is Reason.NOT_COVERED
    assert (await checked(world, as_of=date(2026, 6, 30))).covered


async def test_a_day_without_a_pack_is_a_no_with_its_reason() -> None:
    world = await a_world()
    answer = await checked(world, as_of=date(2021, 6, 30))
    assert answer.refusal is not None
    assert answer.refusal.reason is Reason.PACK_NOT_IN_FORCE


async def test_nobody_is_told_of_an_unknown_credential() -> None:
    world = await a_world()
    shown = world.credential()
    world.resolver.refusals[shown.token] = Refusal(Reason.CREDENTIAL_INVALID)
    answer = await world.refused(CheckEligibility(caller("1"), shown))
    assert (answer.refusal.reason, answer.recorded) == (Reason.CREDENTIAL_INVALID, False)


@pytest.mark.parametrize(
    ("spent_fen", "code"),
    [(620_000, "CAP_NEARLY_REACHED"), (700_000, "CAP_REACHED"), (500_000, None)],
)
async def test_a_cap_that_is_nearly_reached_is_said(spent_fen: int, code: str | None) -> None:
    world = await a_world()
    await world.settled(spent_fen)
    assert [each.code for each in (await checked(world)).advisories] == ([code] if code else [])
