"""A return of part of the goods that the books lost comes back as one thing: never both sales, never none."""

import pytest

from tests.gateway.recovery.conftest import BackUp
from tests.gateway.recovery.house import House
from tests.gateway.recovery.sound import assert_sound, findings


@pytest.mark.parametrize("known", [True, False], ids=["the sale is in the backup", "both are lost"])
async def test_the_sale_that_was_replaced_is_reversed_with_it(
    model: House, model_backed_up: BackUp, known: bool
) -> None:
    till = await model.till("T1")
    restore = await model_backed_up()
    sold, lines = await till.sold_two()
    if known:
        restore = await model_backed_up()
    left = await till.took_back(sold, lines[0])
    account = await model.account()
    await restore()
    await till.till.recover()
    assert [await model.state(each) for each in (sold, left)] == ["REVERSED", "SETTLED"]
    assert await model.account() == account
    sale = await model.sale(sold)
    assert sale is not None
    assert sale.replaced_by == left
    await assert_sound(model)


async def test_a_return_at_another_till_that_is_shown_first_leaves_nothing_to_pay_twice(
    model: House, model_backed_up: BackUp
) -> None:
    till, other = await model.till("T1"), await model.till("T2")
    restore = await model_backed_up()
    sold, lines = await till.sold_two()
    left = await other.took_back(sold, lines[0])
    account = await model.account()
    await restore()
    await other.till.recover()
    assert await findings(model) == {left: ("ENTERED", ("replaced_unknown",))}
    await till.till.recover()
    assert [await model.state(each) for each in (sold, left)] == ["REVERSED", "SETTLED"]
    assert await model.account() == account
    await assert_sound(model)


async def test_a_return_that_pays_from_what_it_gives_back_leaves_no_variance(
    model: House, model_backed_up: BackUp
) -> None:
    till, other = await model.till("T1"), await model.till("T2")
    sold, lines = await till.sold_two()
    restore = await model_backed_up()
    left = await till.took_back(sold, lines[0])
    await restore()
    await other.sold(9_000)
    await other.sold(9_000)
    assert await model.account() == (0, 0)
    await till.till.recover()
    assert await findings(model) == {left: ("ENTERED", ())}
    await assert_sound(model)
