"""Registered prescriptions: what every store keeps of them, counts of them and refuses."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec import structs

from medsettle.wire.states import SaleState
from medsettle_gateway.domain.keys import OpenPrescriptionsKey, PrescriptionKey
from medsettle_gateway.domain.moves import (
    DrawPrescriptions,
    GiveBackPrescriptions,
    KeepPrescription,
    KeepReview,
    KeepWithdrawal,
    PutSale,
)
from medsettle_gateway.domain.prescriptions import Draw, PrescriptionFacts, RegisteredPrescription
from medsettle_gateway.service.ports import Store
from tests.gateway.domain.prescribed import DRAW, ONE_E4, REVIEW, WITHDRAWAL, registered
from tests.gateway.storage.stand import Stand, load, person, request_id, sale, write

KEY = PrescriptionKey("H1", "RX-1")
OF_B = Draw("H1", "RX-1", "drug-b", ONE_E4)


async def put(
    stand: Stand, store: Store, *numbers: str, member: str = "1", **changes: Any
) -> RegisteredPrescription:
    reference = stand.enter(person(member))[member]
    of_each = [registered(member=reference, number=each, **changes) for each in numbers or ("RX-1",)]
    await write(store, *map(KeepPrescription, of_each))
    return of_each[-1]


async def draw(store: Store, number: int, *draws: Draw) -> str:
    text = request_id(number).text
    await write(
        store, PutSale(sale(number, state=SaleState.SETTLED)), DrawPrescriptions(text, draws or (DRAW,))
    )
    return text


async def found(store: Store) -> PrescriptionFacts:
    facts = await load(store, KEY)
    assert isinstance(facts, PrescriptionFacts)
    return facts


async def test_what_was_registered_comes_back_as_it_was(stand: Stand, store: Store) -> None:
    prescription = await put(stand, store, diagnoses=("I10",), dispensings=3, dual_channel=True)
    facts = await found(store)
    assert facts.prescription == prescription
    assert (facts.reviews, facts.withdrawal, facts.sales) == ((), None, ())
    assert dict(facts.drawn_e4) == {"drug-a": 0, "drug-b": 0}
    assert await load(store, PrescriptionKey("H1", "RX-2")) is None


async def test_a_number_is_registered_once_for_an_institution(stand: Stand, store: Store) -> None:
    prescription = await put(stand, store)
    with pytest.raises(AssertionError):
        await write(store, KeepPrescription(structs.replace(prescription, prescriber="D2")))
    await write(store, KeepPrescription(structs.replace(prescription, institution="H2")))
    assert (await found(store)).prescription.prescriber == "D1"


async def test_reviews_come_in_their_order_and_a_withdrawal_only_once(stand: Stand, store: Store) -> None:
    await put(stand, store)
    second = structs.replace(REVIEW, approved=False, note="interaction")
    await write(store, KeepReview("H1", "RX-1", REVIEW))
    await write(store, KeepReview("H1", "RX-1", second), KeepWithdrawal("H1", "RX-1", WITHDRAWAL))
    facts = await found(store)
    assert (facts.reviews, facts.withdrawal) == ((REVIEW, second), WITHDRAWAL)
    with pytest.raises(AssertionError):
        await write(store, KeepWithdrawal("H1", "RX-1", WITHDRAWAL))


async def test_what_sales_draw_is_counted_and_they_are_named_oldest_first(stand: Stand, store: Store) -> None:
    await put(stand, store)
    second = await draw(store, 2)
    first = await draw(store, 1, DRAW, OF_B)
    facts = await found(store)
    assert dict(facts.drawn_e4) == {"drug-a": 2 * ONE_E4, "drug-b": ONE_E4}
    assert facts.sales == (second, first)


async def test_what_a_sale_gives_back_is_left_again(stand: Stand, store: Store) -> None:
    await put(stand, store)
    text = await draw(store, 1, DRAW, OF_B)
    await write(store, GiveBackPrescriptions(text, (DRAW, OF_B)))
    facts = await found(store)
    assert dict(facts.drawn_e4) == {"drug-a": 0, "drug-b": 0}
    assert facts.sales == ()


async def test_one_may_take_in_the_same_write_what_another_gives_back(stand: Stand, store: Store) -> None:
    await put(stand, store)
    text = await draw(store, 1, OF_B)
    again = request_id(2).text
    await write(
        store, PutSale(sale(2, state=SaleState.SETTLED)), GiveBackPrescriptions(text, (OF_B,)),
        DrawPrescriptions(again, (OF_B,)),
    )
    facts = await found(store)
    assert (dict(facts.drawn_e4), facts.sales) == ({"drug-a": 0, "drug-b": ONE_E4}, (again,))


async def test_several_may_give_back_of_one_drug_in_the_same_write(stand: Stand, store: Store) -> None:
    await put(stand, store)
    texts = [await draw(store, number) for number in (1, 2)]
    await write(store, *(GiveBackPrescriptions(text, (DRAW,)) for text in texts))
    assert dict((await found(store)).drawn_e4) == {"drug-a": 0, "drug-b": 0}


@pytest.mark.parametrize("draws", [
    (OF_B._replace(quantity_e4=ONE_E4 + 1),),
    (DRAW._replace(item_code="drug-c"),),
    (DRAW._replace(number="RX-2"),),
], ids=["more than is prescribed", "a drug that is not prescribed", "an unknown prescription"])
async def test_the_store_refuses_what_no_prescription_has(
    stand: Stand, store: Store, draws: tuple[Draw, ...]
) -> None:
    await put(stand, store)
    with pytest.raises(AssertionError):
        await draw(store, 1, *draws)
    assert (await found(store)).sales == ()


async def test_all_dispensings_together_are_the_limit(stand: Stand, store: Store) -> None:
    await put(stand, store, dispensings=2)
    for number in (1, 2):
        await draw(store, number, OF_B)
    with pytest.raises(AssertionError):
        await draw(store, 3, OF_B)


async def test_the_store_refuses_to_give_back_what_was_not_drawn(stand: Stand, store: Store) -> None:
    await put(stand, store)
    text = await draw(store, 1)
    for wrong in (OF_B, DRAW._replace(quantity_e4=1)):
        with pytest.raises(AssertionError):
            await write(store, GiveBackPrescriptions(text, (wrong,)))
    assert (await found(store)).drawn_e4["drug-a"] == ONE_E4


async def test_open_are_those_of_the_member_that_something_is_left_of_oldest_first(
    stand: Stand, store: Store
) -> None:
    prescription = await put(stand, store, "RX-1", "RX-2", "RX-3", "RX-4")
    later = prescription.registered_at + timedelta(seconds=1)
    await put(stand, store, "RX-0", registered_at=later)
    await put(stand, store, "RX-9", member="2")
    await write(store, KeepWithdrawal("H1", "RX-2", WITHDRAWAL))
    whole = (DRAW._replace(number="RX-3", quantity_e4=3 * ONE_E4), OF_B._replace(number="RX-3"))
    await draw(store, 1, *whole)
    await draw(store, 2, whole[0]._replace(number="RX-4"))
    key = OpenPrescriptionsKey(prescription.member, prescription.valid_to, 10)
    assert [each.prescription.number for each in await load(store, key)] == ["RX-1", "RX-4", "RX-0"]
    assert [each.prescription.number for each in await load(store, key.__class__(key.member, key.on, 1))] == [
        "RX-1"
    ]
    for number, institution, found_there in (
        ("RX-0", "", ["RX-0"]), ("", "H1", ["RX-1"]), ("RX-0", "H1", ["RX-0"]), ("RX-0", "H2", []),
        ("RX-2", "", []), ("RX-9", "", []),
    ):
        meant = OpenPrescriptionsKey(key.member, key.on, 1, number, institution)
        assert [each.prescription.number for each in await load(store, meant)] == found_there
    for day in (prescription.issued_on - timedelta(days=1), prescription.valid_to + timedelta(days=1)):
        assert await load(store, OpenPrescriptionsKey(prescription.member, day, 10)) == ()


async def test_many_are_loaded_at_once(stand: Stand, store: Store) -> None:
    await put(stand, store, "RX-1", "RX-2", "RX-3")
    await draw(store, 1, DRAW, OF_B._replace(number="RX-3"))
    async with store.begin() as transaction:
        keys = [PrescriptionKey("H1", f"RX-{number}") for number in (3, 4, 1, 2)]
        facts = await transaction.load(keys)
    drawn = [sum(each.drawn_e4.values()) if each else None for each in map(facts.of, keys)]
    assert drawn == [ONE_E4, None, ONE_E4, 0]
