"""Sales that dispense registered prescriptions: each line for itself, and never more than is prescribed."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from msgspec import structs

from medsettle.wire.reasons import Reason
from medsettle.wire.states import SaleState
from medsettle_gateway.domain.asked import Basket
from medsettle_gateway.domain.basket import Prescription
from medsettle_gateway.domain.records import Subject
from medsettle_gateway.domain.staff import StaffFact, StaffStopped
from medsettle_gateway.service.commands import Quote, RefusedAnswer, SaleAnswer, Settle
from tests.gateway.eligibility.entered import recorded
from tests.gateway.service.books_hold import check_store
from tests.gateway.service.operators import reverses
from tests.gateway.service.rx import (
    KEY,
    circulating,
    dispensed,
    drawn,
    fetch,
    named,
    one,
    register,
    review,
    rx_basket,
    rx_line,
    several,
    withdraw,
)
from tests.gateway.service.test_replacing import returning
from tests.gateway.service.world import DAUGHTER, PHARMACY, World, beside, caller, split


def settle(world: World, bought: Basket, **changes: Any) -> Settle:
    """All from the patient's pocket: what is refused for its lines is refused before amounts are compared."""
    cash_fen = sum(each.amount_fen for each in bought.lines)
    command = world.settle(
        world.request_id(PHARMACY), basket=bought, expected=split(0, cash_fen),
        acknowledgements=("POSSIBLE_DUPLICATE",),
    )
    return replace(command, **changes)


async def faults(world: World, bought: Basket, **changes: Any) -> list[tuple[str, Reason]]:
    answer = await world.refused(settle(world, bought, **changes))
    assert answer.recorded
    return [(each.line_id, each.reason) for each in answer.refusal.lines]


async def test_a_sale_draws_what_its_lines_name() -> None:
    world = await World().started()
    await circulating(world)
    sale = await dispensed(world, rx_line(quantity=2), rx_line("DRUG2", 1, "2"))
    assert sale.state is SaleState.SETTLED
    assert (drawn(world), drawn(world, "DRUG2")) == (2, 1)
    (left,) = await several(world, fetch(world))
    assert (left.facts.left_e4("DRUG"), left.facts.sales) == (10_000, (sale.request_id.text,))


async def test_a_prescription_is_dispensed_in_parts_until_nothing_is_left() -> None:
    world = await World().started()
    await circulating(world)
    for _ in range(3):
        await dispensed(world, rx_line())
    assert await faults(world, rx_basket()) == [("1", Reason.PRESCRIPTION_DISPENSED)]
    assert drawn(world) == 3


async def test_each_line_is_refused_for_itself_and_all_at_once() -> None:
    world = await World().started()
    await circulating(world)
    await dispensed(world, rx_line("DRUG2"))
    bought = rx_basket(rx_line(quantity=4), rx_line("DRUG2", 1, "2"), rx_line("TONIC", 1, "3"))
    assert await faults(world, bought) == [
        ("1", Reason.PRESCRIPTION_QUANTITY_EXCEEDED),
        ("2", Reason.PRESCRIPTION_DISPENSED),
        ("3", Reason.PRESCRIPTION_NOT_FOR_ITEM),
    ]
    assert drawn(world) == 0


async def test_a_refused_line_says_what_is_left() -> None:
    world = await World().started()
    await circulating(world)
    answer = await world.refused(settle(world, rx_basket(rx_line(quantity=4))))
    detail = answer.refusal.lines[0].detail
    assert (detail["left"], detail["wanted"], detail["prescription"]) == ("3", "4", "RX-1")


async def test_lines_of_one_drug_count_together() -> None:
    world = await World().started()
    await circulating(world)
    bought = rx_basket(rx_line(quantity=2), rx_line(quantity=2, line_id="2"))
    assert await faults(world, bought) == [("2", Reason.PRESCRIPTION_QUANTITY_EXCEEDED)]
    await dispensed(world, rx_line(quantity=2), rx_line(quantity=1, line_id="2"))
    assert drawn(world) == 3


async def test_another_patients_prescription_is_refused() -> None:
    world = await World().started()
    await circulating(world)
    command = settle(world, rx_basket(), credential=world.credential(DAUGHTER))
    answer = await world.refused(command)
    assert answer.refusal.reason is Reason.PRESCRIPTION_NOT_PATIENTS


async def test_what_nobody_has_reviewed_is_not_dispensed() -> None:
    world = await World().started()
    await one(world, register(world))
    assert await faults(world, rx_basket()) == [("1", Reason.PRESCRIPTION_NOT_REVIEWED)]
    await one(world, review())
    await dispensed(world)
    assert drawn(world) == 1


async def test_what_a_pharmacist_rejected_is_not_dispensed() -> None:
    world = await World().started()
    await circulating(world)
    await one(world, review(pharmacist="PH2", approved=False, note="interaction"))
    assert await faults(world, rx_basket()) == [("1", Reason.PRESCRIPTION_REJECTED)]


async def test_who_prescribed_a_registered_one_is_not_for_the_till_to_say() -> None:
    """The one who registered it was suspended on the day of issue, as became known only later."""
    world = await World().started()
    await circulating(world)
    record = recorded(StaffFact.SUSPENSION, "a", date(2026, 7, 1), None, StaffStopped("违规", "王某"))
    world.store.tables.records[Subject.STAFF.named("D1")] = (record,)
    bought = rx_basket(prescriptions=(replace(named(), prescriber="D2", issued_on=date(2026, 6, 1)),))
    assert (await world.refused(settle(world, bought))).refusal.reason is Reason.PRESCRIBER_SUSPENDED


async def test_what_was_withdrawn_is_not_dispensed_and_what_was_stays_so() -> None:
    world = await World().started()
    await circulating(world)
    await dispensed(world)
    await one(world, withdraw())
    assert await faults(world, rx_basket()) == [("1", Reason.PRESCRIPTION_WITHDRAWN)]
    assert drawn(world) == 1


async def test_a_prescription_is_good_to_the_end_of_its_last_day() -> None:
    world = await World().started()
    await circulating(world, valid_to=date(2026, 7, 3))
    world.clock.forward(days=1)
    await dispensed(world)
    world.clock.forward(days=1)
    assert await faults(world, rx_basket()) == [("1", Reason.PRESCRIPTION_EXPIRED)]


async def test_nothing_is_claimed_of_a_day_before_it_was_prescribed() -> None:
    world = await World().started()
    await circulating(world)
    early = rx_basket(service_on=date(2026, 7, 1), late_reason="line was down")
    assert await faults(world, early) == [("1", Reason.PRESCRIPTION_NOT_YET_VALID)]


@pytest.mark.parametrize(
    ("on", "reason"),
    [(date(2026, 7, 1), Reason.PRESCRIPTION_NOT_YET_VALID), (date(2026, 7, 2), None),
     (date(2026, 7, 3), Reason.PRESCRIPTION_EXPIRED)],
)
async def test_of_a_stay_the_day_of_the_line_counts(on: date, reason: Reason | None) -> None:
    world = await World().started()
    await circulating(world, valid_to=date(2026, 7, 2))
    world.clock.forward(days=2)
    bought = rx_basket(structs.replace(rx_line(), service_on=on), admitted_on=date(2026, 7, 1))
    if reason is not None:
        assert await faults(world, bought) == [("1", reason)]
    else:
        answer = await world.ask(settle(world, bought))
        assert not isinstance(answer, RefusedAnswer) or not answer.refusal.lines


async def test_a_sale_takes_no_more_than_the_rest_of_one_dispensing() -> None:
    world = await World().started()
    await circulating(world, dispensings=2)
    assert await faults(world, rx_basket(rx_line(quantity=4))) == [
        ("1", Reason.PRESCRIPTION_QUANTITY_EXCEEDED)
    ]
    await dispensed(world, rx_line(quantity=2))
    assert await faults(world, rx_basket(rx_line(quantity=2))) == [
        ("1", Reason.PRESCRIPTION_QUANTITY_EXCEEDED)
    ]
    await dispensed(world, rx_line(quantity=1))
    await dispensed(world, rx_line(quantity=3))
    assert await faults(world, rx_basket()) == [("1", Reason.PRESCRIPTION_DISPENSED)]
    assert drawn(world) == 6


async def test_a_number_that_nobody_registered_is_paper() -> None:
    world = await World().started()
    sale = await dispensed(world, basket=rx_basket(prescriptions=(named("PAPER-7"),)))
    assert (sale.state, sale.drawn) == (SaleState.SETTLED, ())


async def test_a_space_around_the_number_makes_no_paper_of_what_is_registered() -> None:
    world = await World().started()
    await circulating(world)
    spaced = named(" RX-1 ", institution=f"{KEY.institution} ")
    await dispensed(world, basket=rx_basket(prescriptions=(spaced,)))
    assert drawn(world) == 1


async def test_an_own_prescription_of_that_number_draws_nothing() -> None:
    world = await World().started()
    await circulating(world)
    own = replace(named(), kind=Prescription.OWN)
    sale = await dispensed(world, basket=rx_basket(prescriptions=(own,)))
    assert (sale.drawn, drawn(world)) == ((), 0)


async def test_a_quote_says_what_a_settle_would_be_refused_for_and_draws_nothing() -> None:
    world = await World().started()
    await circulating(world)
    asked = Quote(caller("1", PHARMACY), world.credential(), rx_basket(rx_line(quantity=4)))
    answer = await world.refused(asked)
    assert (answer.refusal.reason, answer.recorded) == (Reason.PRESCRIPTION_QUANTITY_EXCEEDED, False)
    await world.quoted(basket=rx_basket(rx_line(quantity=3)), place=PHARMACY)
    assert drawn(world) == 0


async def test_a_repeat_draws_nothing_a_second_time() -> None:
    world = await World().started()
    await circulating(world)
    command = settle(world, rx_basket(rx_line(quantity=3)))
    first, again = await world.sale(command), await world.sale(command)
    assert first == again
    assert drawn(world) == 3


async def test_a_hold_reserves_what_it_dispenses_and_a_release_gives_it_back() -> None:
    world = await World().started()
    await circulating(world)
    hold = await world.held(basket=rx_basket(rx_line(quantity=3)), place=PHARMACY)
    assert await faults(world, rx_basket()) == [("1", Reason.PRESCRIPTION_DISPENSED)]
    await world.sale(world.release(hold.request_id))
    assert drawn(world) == 0
    await dispensed(world, rx_line(quantity=3))


async def test_a_confirmed_hold_keeps_what_it_reserved() -> None:
    world = await World().started()
    await circulating(world)
    hold = await world.held(basket=rx_basket(rx_line(quantity=2)), place=PHARMACY)
    await world.sale(world.confirm(hold))
    assert drawn(world) == 2


@pytest.mark.parametrize("swept", [False, True])
async def test_a_hold_that_ended_reserves_nothing_swept_or_not(swept: bool) -> None:
    world = await World().started()
    await circulating(world)
    hold = await world.held(basket=rx_basket(rx_line(quantity=3)), place=PHARMACY)
    world.clock.forward(minutes=11)
    if swept:
        await world.swept(hold.request_id)
        assert drawn(world) == 0
    await dispensed(world, rx_line(quantity=3))
    assert drawn(world) == 3
    check_store(world.store)


async def test_a_late_confirmation_settles_where_it_is_left_still() -> None:
    world = await World().started()
    await circulating(world)
    hold = await world.held(basket=rx_basket(rx_line(quantity=3)), place=PHARMACY)
    world.clock.forward(minutes=11)
    await world.swept(hold.request_id)
    sale = await world.sale(world.confirm(hold))
    assert (sale.state, drawn(world)) == (SaleState.SETTLED, 3)


@pytest.mark.parametrize("meanwhile", ["dispensed", "withdrawn", "rejected"])
async def test_a_late_confirmation_is_refused_where_it_is_not(meanwhile: str) -> None:
    world = await World().started()
    await circulating(world)
    hold = await world.held(basket=rx_basket(rx_line(quantity=3)), place=PHARMACY)
    world.clock.forward(minutes=11)
    await world.swept(hold.request_id)
    if meanwhile == "dispensed":
        await dispensed(world, rx_line(quantity=1))
    elif meanwhile == "withdrawn":
        await one(world, withdraw())
    else:
        await one(world, review(approved=False, note="interaction"))
    late = await world.sale(world.confirm(hold))
    assert late.refusal is not None
    assert (late.state, late.refusal.reason) == (SaleState.RELEASED, Reason.CONFIRM_TOO_LATE)
    assert drawn(world) == (1 if meanwhile == "dispensed" else 0)


async def test_a_reversal_gives_back_what_was_dispensed() -> None:
    world = await World().started()
    await circulating(world)
    sale = await dispensed(world, rx_line(quantity=3))
    await world.sale(world.reverse(sale.request_id))
    assert drawn(world) == 0
    await dispensed(world, rx_line(quantity=3))
    check_store(world.store)


async def test_the_office_gives_back_as_a_till_does() -> None:
    world = await World().started()
    await circulating(world)
    sale = await dispensed(world, rx_line(quantity=3))
    world.clock.forward(days=5)
    await reverses(world, sale.request_id)
    assert drawn(world) == 0


async def test_sealing_a_settled_sale_gives_nothing_back() -> None:
    world = await World().started()
    await circulating(world)
    sale = await dispensed(world)
    await world.sale(world.seal(sale.request_id))
    assert drawn(world) == 1


async def test_a_settle_under_a_sealed_id_draws_nothing() -> None:
    world = await World().started()
    await circulating(world)
    command = settle(world, rx_basket())
    await world.sale(world.seal(command.request_id))
    assert (await world.refused(command)).refusal.reason is Reason.SEALED
    assert drawn(world) == 0


async def test_a_partial_return_gives_back_what_comes_back() -> None:
    world = await World().started()
    await circulating(world)
    bought = (rx_line(quantity=3), rx_line("DRUG2", 1, "2"))
    sale = await dispensed(world, *bought)
    command = returning(
        world, sale, rx_line(quantity=1), request_id=world.request_id(PHARMACY), caller=caller("1", PHARMACY)
    )
    kept = await world.sale(replace(command, expected=split(0, 10_000)))
    assert (drawn(world), drawn(world, "DRUG2")) == (1, 0)
    (left,) = await several(world, fetch(world))
    assert left.facts.sales == (kept.request_id.text,)
    await dispensed(world, rx_line(quantity=2), rx_line("DRUG2", 1, "2"))
    check_store(world.store)
    await world.sale(world.reverse(kept.request_id))
    assert drawn(world) == 2


async def test_lines_of_a_paper_prescription_of_that_number_keep_nothing_that_comes_back() -> None:
    world = await World().started()
    await circulating(world)
    paper = replace(named(prescription_id="B"), kind=Prescription.OWN)
    own = rx_line(quantity=2, line_id="2", prescription_id="B")
    sale = await dispensed(world, basket=rx_basket(rx_line(), own, prescriptions=(named(), paper)))
    command = returning(world, sale, own, request_id=world.request_id(PHARMACY), caller=caller("1", PHARMACY))
    await world.sale(replace(command, expected=split(0, 20_000)))
    assert drawn(world) == 0


async def test_two_tills_that_dispense_the_same_rest_at_once_do_not_both_get_it() -> None:
    world = await World().started()
    await circulating(world)
    commands = [settle(world, rx_basket(rx_line(quantity=3))) for _ in range(2)]
    answers = [await each for each in [beside(world.ask(command)) for command in commands]]
    assert [type(each) for each in answers] == [SaleAnswer, RefusedAnswer]
    assert isinstance(answers[1], RefusedAnswer)
    assert answers[1].refusal.reason is Reason.PRESCRIPTION_DISPENSED
    assert drawn(world) == 3
