"""A sale that the books lost had dispensed a prescription: it is drawn again, as far as it is there."""

from datetime import timedelta

import pytest

from medsettle.models import (
    Basket,
    Collect,
    Line,
    PrescribedDrug,
    PrescriptionOrder,
    RegisteredPrescription,
)
from medsettle_gateway.domain.calendar import day_of
from medsettle_gateway.domain.keys import PrescriptionKey
from tests.gateway.recovery.house import House, Seller, on_the_model
from tests.gateway.recovery.sound import assert_sound, findings
from tests.gateway.recovery.test_evidence import outcome, proof, shown
from tests.gateway.storage.stand import CLINIC

KEY = PrescriptionKey(CLINIC, "RX-1")


async def registered(house: House, till: Seller) -> RegisteredPrescription:
    today = day_of(house.clock.now())
    order = PrescriptionOrder(
        "RX-1", "D1", today, today + timedelta(days=9), (PrescribedDrug("XA01", 3),)
    )
    await till.till.register_prescription(house.credential(), order)
    return await till.till.review_prescription("RX-1", CLINIC, pharmacist="PH1", approved=True)


async def dispensed(
    house: House, till: Seller, known: RegisteredPrescription, units: int, collect: Collect = Collect.NOW
) -> str:
    line = Line("XA01", units, 10, prescription_id="rx")
    basket = Basket((line,), prescriptions=(known.named("rx"),))
    quote = await till.till.quote(house.credential(), basket)
    card = await till.till.settle(
        await till.till.next_number(), house.credential(), basket, expected=quote.split, collect=collect,
        acknowledgements=("POSSIBLE_DUPLICATE",),
    )
    assert card.request_id is not None
    return card.request_id


async def drawn(house: House) -> int | None:
    facts = (await house.store.load((KEY,))).of(KEY)
    return None if facts is None else facts.drawn_e4["XA01"] // 10_000


async def test_a_lost_sale_draws_its_prescription_again(
    house: House, till: Seller, other: Seller
) -> None:
    known = await registered(house, till)
    await house.backs_up()
    sold = await dispensed(house, till, known, 2)
    await house.restores()
    assert await drawn(house) == 0
    await till.till.recover()
    assert await findings(house) == {sold: ("ENTERED", ())}
    assert await drawn(house) == 2
    await other.till.recover()
    await till.till.reverse(sold, reason="the wrong box")
    assert await drawn(house) == 0
    await assert_sound(house)


@on_the_model
@pytest.mark.parametrize("ended", ["released", "reversed"])
async def test_one_that_was_undone_meanwhile_draws_nothing(house: House, till: Seller, ended: str) -> None:
    known = await registered(house, till)
    await house.backs_up()
    if ended == "released":
        sold = await dispensed(house, till, known, 2, Collect.LATER)
        await till.till.release(sold)
    else:
        sold = await dispensed(house, till, known, 2)
        await till.till.reverse(sold, reason="the wrong box")
    await house.restores()
    await till.till.recover()
    assert await drawn(house) == 0
    await assert_sound(house)


@on_the_model
async def test_a_confirmation_that_was_lost_draws_again_what_time_had_given_back(
    house: House, till: Seller
) -> None:
    known = await registered(house, till)
    sold = await dispensed(house, till, known, 2, Collect.LATER)
    await house.backs_up()
    await till.till.confirm(sold)
    await house.restores()
    await till.till.recover()
    assert (await house.state(sold), await drawn(house)) == ("SETTLED", 2)
    await assert_sound(house)


@on_the_model
async def test_of_a_prescription_that_is_lost_too_nothing_is_drawn_and_the_operator_is_told(
    house: House, till: Seller
) -> None:
    await house.backs_up()
    known = await registered(house, till)
    sold = await dispensed(house, till, known, 2)
    await house.restores()
    await till.till.recover()
    assert await findings(house) == {sold: ("ENTERED", ("prescription_unknown",))}
    assert (await house.state(sold), await drawn(house)) == ("SETTLED", None)
    await assert_sound(house)


@on_the_model
@pytest.mark.parametrize("taken", [3, 2], ids=["all", "some"])
async def test_what_others_dispensed_since_is_theirs_and_what_they_left_is_dispensed_to_nobody_again(
    house: House, till: Seller, other: Seller, taken: int
) -> None:
    known = await registered(house, till)
    await house.backs_up()
    sold = await dispensed(house, till, known, 2)
    await house.restores()
    await dispensed(house, other, known, taken)
    await till.till.recover()
    assert await findings(house) == {sold: ("ENTERED", ("prescription_exceeded",))}
    assert (await house.state(sold), await drawn(house)) == ("SETTLED", 3)
    await till.till.reverse(sold, reason="the wrong box")
    assert await drawn(house) == taken
    await assert_sound(house)


@on_the_model
async def test_a_hold_whose_prescription_others_dispensed_since_comes_back_as_one_that_ended(
    house: House, till: Seller, other: Seller
) -> None:
    known = await registered(house, till)
    await house.backs_up()
    held = await dispensed(house, till, known, 2, Collect.LATER)
    await house.restores()
    await dispensed(house, other, known, 2)
    assert outcome(await shown(till, proof(till, held)))[0] == "ENTERED"
    assert (await house.state(held), await drawn(house)) == ("EXPIRED", 2)
    assert await findings(house) == {held: ("ENTERED", ())}
    await till.till.recover()
    assert (await house.state(held), await drawn(house)) == ("RELEASED", 2)
    await assert_sound(house)


@on_the_model
async def test_a_return_that_is_lost_with_its_sale_draws_what_is_left_of_it(
    house: House, till: Seller
) -> None:
    known = await registered(house, till)
    await house.backs_up()
    sold = await dispensed(house, till, known, 3)
    stay = (Line("XA01", 1, 10, line_id="1", prescription_id="rx"),)
    quote = await till.till.quote_return(sold, stay)
    await till.till.return_goods(await till.till.next_number(), sold, stay, expected=quote.split)
    assert await drawn(house) == 1
    await house.restores()
    await till.till.recover()
    assert await drawn(house) == 1
    await assert_sound(house)
