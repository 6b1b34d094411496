"""A return of part of the goods that the books lost comes back as one thing: never both sales, never none."""

import pytest

from tests.gateway.recovery.house import House, Seller, on_the_model
from tests.gateway.recovery.sound import assert_sound, findings


@pytest.mark.parametrize("known", [True, False], ids=["the sale is in the backup", "both are lost"])
@on_the_model
async def test_the_sale_that_was_replaced_is_reversed_with_it(
    house: House, till: Seller, known: bool
) -> None:
    await house.backs_up()
    sold, lines = await till.sold_two()
    if known:
        await house.backs_up()
    left = await till.took_back(sold, lines[0])
    account = await house.account()
    await house.restores()
    await till.till.recover()
    assert [await house.state(each) for each in (sold, left)] == ["REVERSED", "SETTLED"]
    assert await house.account() == account
    sale = await house.sale(sold)
    assert sale is not None
    assert sale.replaced_by == left
    await assert_sound(house)


@on_the_model
async def test_a_return_at_another_till_that_is_shown_first_leaves_nothing_to_pay_twice(
    house: House, till: Seller, other: Seller
) -> None:
    await house.backs_up()
    sold, lines = await till.sold_two()
    left = await other.took_back(sold, lines[0])
    account = await house.account()
    await house.restores()
    await other.till.recover()
    assert await findings(house) == {left: ("ENTERED", ("replaced_unknown",))}
    await till.till.recover()
    assert [await house.state(each) for each in (sold, left)] == ["REVERSED", "SETTLED"]
    assert await house.account() == account
    await assert_sound(house)


@on_the_model
async def test_a_return_that_pays_from_what_it_gives_back_leaves_no_variance(
    house: House, till: Seller, other: Seller
) -> None:
    sold, lines = await till.sold_two()
    await house.backs_up()
    left = await till.took_back(sold, lines[0])
    await house.restores()
    await other.sold(9_000)
    await other.sold(9_000)
    assert await house.account() == (0, 0)
    await till.till.recover()
    assert await findings(house) == {left: ("ENTERED", ())}
    await assert_sound(house)
