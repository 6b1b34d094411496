"""Packs that a restore forgot were sold: they come back with their sales, unless others sold them since."""

from medsettle.models import Basket, Collect, Line
from medsettle_gateway.domain.keys import TraceCodesKey
from tests.gateway.recovery.house import OTHER_MEMBER, House, Seller, on_the_model
from tests.gateway.recovery.sound import assert_sound, findings
from tests.gateway.recovery.test_evidence import outcome, proof, shown

ONE, TWO = "81234567890123456789", "81234567890123456790"


async def sells(
    seller: Seller, *codes: str, who: str | None = None, collect: Collect = Collect.NOW
) -> str:
    basket = Basket((Line("XA01", str(len(codes)), "20.00", traceability_codes=codes),))
    tokens = [seller.house.credential(who) if who else seller.house.credential() for _ in range(2)]
    quote = await seller.till.quote(tokens[0], basket)
    card = await seller.till.settle(
        await seller.till.next_number(), tokens[1], basket, expected=quote.split, collect=collect,
        acknowledgements=("POSSIBLE_DUPLICATE",),
    )
    assert card.request_id is not None
    return card.request_id


async def standing(house: House) -> dict[str, str]:
    """Which sale each code stands sold by."""
    key = TraceCodesKey((ONE, TWO))
    states = (await house.store.load((key,))).of(key)
    return {code: state.request_id for code, state in states.items()}


async def test_packs_that_were_sold_after_the_backup_stand_sold_again(house: House, till: Seller) -> None:
    await house.backs_up()
    sold = await sells(till, ONE, TWO)
    await house.restores()
    assert await standing(house) == {}
    await till.till.recover()
    assert await standing(house) == {ONE: sold, TWO: sold}
    assert await findings(house) == {sold: ("ENTERED", ())}
    await assert_sound(house)


@on_the_model
async def test_a_pack_that_others_sold_since_is_left_out_and_named_for_the_operator(
    house: House, till: Seller, other: Seller
) -> None:
    await house.backs_up()
    lost = await sells(till, ONE, TWO)
    await house.restores()
    since = await sells(other, TWO, who=OTHER_MEMBER)
    await till.till.recover()
    assert await standing(house) == {ONE: lost, TWO: since}
    assert await findings(house) == {lost: ("ENTERED", ("codes_sold",))}
    sale = await house.sale(lost)
    assert sale is not None
    assert [each.code for each in sale.codes] == [ONE]
    await assert_sound(house)


@on_the_model
async def test_a_hold_whose_pack_others_sold_since_comes_back_as_one_that_ended(
    house: House, till: Seller, other: Seller
) -> None:
    await house.backs_up()
    held = await sells(till, ONE, TWO, collect=Collect.LATER)
    await house.restores()
    since = await sells(other, TWO, who=OTHER_MEMBER)
    assert outcome(await shown(till, proof(till, held)))[0] == "ENTERED"
    assert (await house.state(held), await standing(house)) == ("EXPIRED", {TWO: since})
    await till.till.recover()
    assert (await house.state(held), await standing(house)) == ("RELEASED", {TWO: since})
    await assert_sound(house)


@on_the_model
async def test_what_is_left_out_is_not_given_back_when_the_sale_is_reversed(
    house: House, till: Seller, other: Seller
) -> None:
    await house.backs_up()
    lost = await sells(till, ONE, TWO)
    await house.restores()
    since = await sells(other, TWO, who=OTHER_MEMBER)
    await till.till.recover()
    await till.till.reverse(lost, reason="wrong goods")
    assert await standing(house) == {TWO: since}


@on_the_model
async def test_a_reversal_that_was_lost_gives_its_packs_back_again(house: House, till: Seller) -> None:
    sold = await sells(till, ONE)
    await house.backs_up()
    await till.till.reverse(sold, reason="wrong goods")
    await house.restores()
    assert await standing(house) == {ONE: sold}
    await till.till.recover()
    assert await standing(house) == {}
    await assert_sound(house)
