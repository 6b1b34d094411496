"""What any till of the institution may have done to a sale in what was lost, nobody does again."""

import asyncio
from collections.abc import Awaitable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from medsettle.errors import MedsettleError, OutcomeUnknownError
from medsettle.models import Outcome, SaleCard
from medsettle_gateway.domain.moves import EndRecovery
from medsettle_gateway.service.commands import Expire
from tests.gateway.recovery.house import House, Seller, on_the_model
from tests.gateway.recovery.sound import assert_sound
from tests.gateway.storage.stand import CLINIC


@pytest.fixture
async def third(house: House) -> Seller:
    await house.enrol("T3")
    return await house.till("T3")


async def listed(seller: Seller, **asked: Any) -> list[tuple[str, str]]:
    return [(sale.request_id, sale.state) async for sale in seller.till.list_sales(**asked)]


async def awaited_after(undoing: Awaitable[SaleCard]) -> str:
    """Whom the answer says that the tills wait for."""
    with pytest.raises(OutcomeUnknownError) as unknown:
        await undoing
    assert unknown.value.refusal.reason == "RECOVERING"
    assert unknown.value.card is not None
    assert unknown.value.card.outcome is Outcome.OPEN
    return unknown.value.refusal.details.get("awaited", "")


@pytest.mark.parametrize("known", [True, False], ids=["the sale is in the backup", "it is lost as well"])
async def test_a_sale_that_one_till_reversed_is_not_reversed_by_another_once_its_own_till_has_compared(
    house: House, till: Seller, other: Seller, third: Seller, known: bool
) -> None:
    if not known:
        await house.backs_up()
    sold, lines = await till.sold_two()
    if known:
        await house.backs_up()
    await other.till.reverse(sold, reason="wrong goods")
    account = await house.account()
    await house.restores()
    await till.till.recover()
    assert await house.state(sold) == "SETTLED"
    assert await awaited_after(third.till.reverse(sold, reason="wrong goods")) == f"{CLINIC}-T2"
    with pytest.raises(MedsettleError):
        await third.took_back(sold, lines[0])
    assert await house.state(sold) == "SETTLED"
    await other.till.recover()
    cards = {card.request_id: card for card in await third.till.recover()}
    assert cards[sold].outcome is Outcome.NOT_PAID
    back = await house.sale(sold)
    assert back is not None
    assert (back.state, back.undone_by) == ("REVERSED", f"{CLINIC}-T2")
    assert await house.account() == account
    await assert_sound(house)


async def test_goods_that_one_till_took_back_in_part_are_not_taken_back_by_another(
    house: House, till: Seller, other: Seller, third: Seller
) -> None:
    sold, lines = await till.sold_two()
    await house.backs_up()
    left = await other.took_back(sold, lines[0])
    account = await house.account()
    await house.restores()
    await till.till.recover()
    with pytest.raises(MedsettleError) as stopped:
        await third.took_back(sold, lines[1])
    assert stopped.value.details["awaited"] == f"{CLINIC}-T2"
    await other.till.recover()
    with pytest.raises(MedsettleError):
        await third.took_back(sold, lines[1])
    assert [await house.state(each) for each in (sold, left)] == ["REVERSED", "SETTLED"]
    assert await house.account() == account
    await assert_sound(house)


async def test_a_hold_that_another_till_confirmed_is_given_up_by_nobody_before_that_one_has_compared(
    house: House, till: Seller, other: Seller
) -> None:
    sold = await till.sold_and_lost_the_confirmation(other)
    assert await awaited_after(till.till.release(sold)) == f"{CLINIC}-T2"
    house.clock.ahead += timedelta(hours=25)
    for _ in range(2):
        await house.writer.submit(Expire(sold))
    assert await house.state(sold) in {"EXPIRED", "HELD"}  # a server has a clock of its own
    await other.till.recover()
    assert await house.state(sold) == "SETTLED"
    await assert_sound(house)


async def test_what_is_sold_after_the_restore_is_reversed_at_once(
    house: House, till: Seller, other: Seller, third: Seller
) -> None:
    await house.backs_up()
    await other.sold(100)
    await house.restores()
    sold = await till.sold()
    assert (await third.till.reverse(sold, reason="wrong goods")).state == "REVERSED"
    await assert_sound(house)


@on_the_model
async def test_a_till_for_which_two_people_ended_it_is_not_awaited(
    house: House, till: Seller, other: Seller, third: Seller
) -> None:
    sold = await other.sold()
    await house.backs_up()
    await house.restores()
    assert await awaited_after(till.till.reverse(sold, reason="wrong goods")) == f"{CLINIC}-T2, {CLINIC}-T3"
    await third.till.recover()
    await house.write(EndRecovery(1, f"{CLINIC}-T2", house.clock.now()))
    (card,) = await till.till.recover()
    assert card.state == "REVERSED"


@on_the_model
@pytest.mark.parametrize(("before", "waits"), [(True, False), (False, True)])
async def test_a_till_is_awaited_if_its_key_was_valid_in_what_is_lost(
    house: House, till: Seller, third: Seller, before: bool, waits: bool
) -> None:
    sold = await till.sold()
    if before:
        revoke(house, "T2")
    await house.backs_up()
    await house.restores()
    if not before:
        revoke(house, "T2")
    await third.till.recover()
    if waits:
        assert await awaited_after(till.till.reverse(sold, reason="wrong goods")) == f"{CLINIC}-T2"
    else:
        assert (await till.till.reverse(sold, reason="wrong goods")).state == "REVERSED"


def revoke(house: House, till: str) -> None:
    tables: Any = house.store.tables  # type: ignore[attr-defined]
    key = house.keys[till].key
    tables.terminal_keys[key] = replace(tables.terminal_keys[key], revoked_at=house.clock.now())


@on_the_model
async def test_a_till_that_is_enrolled_after_the_restore_is_awaited_until_people_say_that_it_is_new(
    house: House, till: Seller, other: Seller
) -> None:
    """It may have been enrolled before, in what was lost, and have undone the sale."""
    sold = await till.sold()
    await house.backs_up()
    await house.restores()
    await house.enrol("T9", not_before=house.clock.now())
    await other.till.recover()
    assert await awaited_after(till.till.reverse(sold, reason="wrong goods")) == f"{CLINIC}-T9"
    await house.write(EndRecovery(1, f"{CLINIC}-T9", house.clock.now()))
    assert (await till.till.reverse(sold, reason="wrong goods")).state == "REVERSED"


@on_the_model
async def test_a_till_is_never_told_an_older_state_of_what_it_has_undone_itself(
    house: House, till: Seller, other: Seller
) -> None:
    sold = await till.sold()
    await house.backs_up()
    await other.till.reverse(sold, reason="wrong goods")
    await house.restores()
    await till.till.recover()
    assert (await other.till.status(sold)).state == "REVERSED"
    assert (await till.till.status(sold)).state == "SETTLED", "who was shown nothing else may look it up"
    await other.till.recover()
    assert (await other.till.status(sold)).state == "REVERSED"


@on_the_model
async def test_a_list_tells_no_older_state_than_a_look_up(house: House, till: Seller, other: Seller) -> None:
    sold = await till.sold()
    await house.backs_up()
    await other.till.reverse(sold, reason="wrong goods")
    await house.restores()
    with pytest.raises(MedsettleError) as waits:
        await listed(other)
    assert waits.value.reason == "RECOVERING"
    assert await listed(other, states=("SEALED",)) == [], "a page without what may have moved is a page"
    await till.till.recover()
    assert await listed(till) == [(sold, "SETTLED")]
    await other.till.recover()
    assert await listed(till) == await listed(other) == [(sold, "REVERSED")]


@on_the_model
async def test_nobody_collects_the_cash_of_a_hold_that_another_till_may_have_confirmed(
    house: House, till: Seller, other: Seller, third: Seller
) -> None:
    sold = await till.sold_and_lost_the_confirmation(other)
    for each in (till, third):
        await each.till.recover()
    with pytest.raises(MedsettleError) as waits:
        await third.till.confirm(sold)
    assert (waits.value.reason, waits.value.details["awaited"]) == ("RECOVERING", f"{CLINIC}-T2")
    assert await house.state(sold) == "HELD"
    await other.till.recover()
    assert (await third.till.status(sold)).state == "SETTLED"


async def test_whoever_undoes_while_another_till_compares_gives_nothing_back_twice(
    house: House, till: Seller, other: Seller, third: Seller
) -> None:
    sold = [await till.sold(100) for _ in range(6)]
    await house.backs_up()
    for each in sold:
        await other.till.reverse(each, reason="wrong goods")
    await house.restores()
    await till.till.recover()
    undoing = (third.till.reverse(each, reason="wrong goods") for each in reversed(sold))
    ends = await asyncio.gather(other.till.recover(), *undoing, return_exceptions=True)
    assert all(isinstance(end, SaleCard | OutcomeUnknownError) for end in ends[1:])
    await third.till.recover()
    for each in sold:
        back = await house.sale(each)
        assert back is not None
        assert (back.state, back.undone_by) == ("REVERSED", f"{CLINIC}-T2")
    await assert_sound(house)
