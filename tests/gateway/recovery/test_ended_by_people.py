"""Two people ended the comparison of a till that nobody expected any more, and then it comes back."""

from medsettle.models import Outcome
from tests.gateway.recovery.house import House, Seller
from tests.gateway.recovery.sound import assert_sound, findings
from tests.gateway.storage.recovering import end_by_people


async def lost_and_ended(house: House, till: Seller) -> str:
    """A sale that its till has as paid, and that the books have lost for good as far as people know."""
    await house.backs_up()
    sold = await till.sold()
    await house.restores()
    await end_by_people(house.stand, house.store, "", house.clock.now())
    assert await house.state(sold) == "ABSENT"
    return sold


async def test_what_it_was_answered_is_entered_all_the_same_and_once(house: House, till: Seller) -> None:
    sold = await lost_and_ended(house, till)
    await till.till.recover()
    assert await house.state(sold) == "SETTLED"
    await till.till.recover()
    assert [(each.compared, each.entered, each.shown) for each in house.compared] == [(True, 1, 1)]
    await assert_sound(house)


async def test_a_sale_is_undone_as_the_paid_one_that_it_is(house: House, till: Seller) -> None:
    sold = await lost_and_ended(house, till)
    card = await till.till.reverse(sold, reason="wrong goods")
    assert (card.outcome, card.state) == (Outcome.NOT_PAID, "REVERSED")
    assert await house.state(sold) == "REVERSED"
    await assert_sound(house)


async def test_a_look_up_says_that_it_is_paid(house: House, till: Seller) -> None:
    sold = await lost_and_ended(house, till)
    assert (await till.till.status(sold)).outcome is Outcome.PAID
    assert await house.state(sold) == "SETTLED"


async def test_what_was_given_up_meanwhile_is_left_to_people(
    house: House, till: Seller, other: Seller
) -> None:
    sold = await lost_and_ended(house, till)
    await other.till.seal(sold)
    await till.till.recover()
    assert await house.state(sold) == "SEALED"
    assert await findings(house) == {sold: ("LEFT_TO_OPERATOR", ("conflict",))}
    await assert_sound(house)
