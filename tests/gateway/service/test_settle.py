"""Settle: what it charges, what it refuses on record, and what a repeat gets."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from msgspec import structs

from medsettle.wire.reasons import Reason
from medsettle.wire.states import SaleState
from medsettle_gateway.domain.asked import Collect, Consent, Payer
from medsettle_gateway.domain.errors import Refusal
from medsettle_gateway.domain.facts import AccountState, State
from medsettle_gateway.service.commands import RefusedAnswer, SaleAnswer
from tests.gateway.service.books_hold import check_store
from tests.gateway.service.memory_sales import head_of
from tests.gateway.service.world import (
    CLINIC,
    DAUGHTER,
    FATHER,
    NO_ACCOUNT,
    World,
    basket,
    beside,
    caller,
    line,
    split,
)


async def a_world() -> World:
    return await World().started(a_father=100_000, a_daughter=5_000)


async def test_the_first_visit_of_the_year_is_split_as_the_pack_says() -> None:
    world = await a_world()
    sale = await world.sale(world.settle())
    assert sale.state is sale.first_state is SaleState.SETTLED
    assert sale.split == split(10_000, 0, **{"a-father": 40_000})
    assert world.balance("a-father") == (60_000, 0)
    assert sale.receipt_token.startswith("MS1.")
    check_store(world.store)


async def test_a_hold_reserves_the_account_and_books_no_fund() -> None:
    world = await a_world()
    sale = await world.sale(world.settle(collect=Collect.LATER))
    assert sale.state is SaleState.HELD
    assert sale.hold_expires_at == world.clock.at + timedelta(minutes=10)
    assert world.balance("a-father") == (60_000, 40_000)
    assert {posting.book for posting in world.store.tables.entries[3].postings} == {
        "210300/employee/accounts"
    }
    check_store(world.store)


async def test_a_repeat_gets_the_first_answer_and_charges_once() -> None:
    world = await a_world()
    command = world.settle()
    first, second = await world.ask(command), await world.ask(command)
    assert first == second
    assert world.balance("a-father") == (60_000, 0)


async def test_a_repeat_after_a_reversal_tells_the_first_state_and_the_state_now() -> None:
    world = await a_world()
    command = world.settle()
    await world.ask(command)
    await world.ask(world.reverse(command.request_id))
    again = await world.sale(command)
    assert (again.first_state, again.state) == (SaleState.SETTLED, SaleState.REVERSED)


@pytest.mark.parametrize("reason", [Reason.CREDENTIAL_EXPIRED, Reason.CREDENTIAL_INVALID])
async def test_a_repeat_gets_the_first_answer_although_its_credential_is_no_longer_good(
    reason: Reason,
) -> None:
    world = await a_world()
    command = world.settle()
    first = await world.ask(command)
    world.resolver.refusals[command.credential.token] = Refusal(reason)
    assert await world.ask(command) == first


async def test_a_repeat_gets_the_first_answer_although_the_resolver_fails() -> None:
    world = await a_world()
    command = world.settle()
    first = await world.ask(command)
    world.resolver.fault = OSError("away")
    assert await world.ask(command) == first


async def test_a_repeat_gets_the_first_answer_although_the_institution_was_suspended_since() -> None:
    world = await a_world()
    command = world.settle()
    first = await world.ask(command)
    clinic = world.store.tables.institutions[CLINIC]
    world.store.tables.institutions[CLINIC] = replace(clinic, state=State.SUSPENDED)
    assert await world.ask(command) == first


@pytest.mark.parametrize(
    "change",
    [
        {"collect": Collect.LATER},
        {"expected": split(10_001, 0, **{"a-father": 39_999})},
        {"basket": basket(line(), line("DRUG2", line_id="2"))},
        {"basket": basket(benefit="general_outpatient")},
    ],
    ids=["collect", "expected", "lines", "benefit"],
)
async def test_an_id_that_stands_for_something_else_is_refused_and_nothing_changes(
    change: dict[str, object],
) -> None:
    world = await a_world()
    command = world.settle()
    sale = await world.sale(command)
    answer = await world.refused(replace(command, **change))  # type: ignore[arg-type]
    assert answer.refusal.reason is Reason.REQUEST_ID_REUSED
    assert not answer.recorded
    assert await world.sale(world.get(command.request_id)) == sale


async def test_an_id_that_stands_for_another_patient_is_refused() -> None:
    world = await a_world()
    command = world.settle()
    await world.sale(command)
    answer = await world.refused(replace(command, credential=world.credential(DAUGHTER)))
    assert answer.refusal.reason is Reason.REQUEST_ID_REUSED


async def test_what_the_fingerprint_leaves_out_may_differ_in_a_repeat() -> None:
    world = await a_world()
    command = world.settle()
    first = await world.ask(command)
    later = replace(
        command, credential=world.credential(), operator="wang", requested_at=world.clock.at + timedelta(1)
    )
    assert await world.ask(later) == first


async def test_a_refused_settle_is_recorded_and_consumes_nothing() -> None:
    world = await a_world()
    command = world.settle(expected=split(9_999, 1, **{"a-father": 40_000}))
    answer = await world.refused(command)
    assert answer.recorded
    assert answer.refusal.now == split(10_000, 0, **{"a-father": 40_000})
    assert answer.refusal.breakdown is not None
    assert answer.refusal.breakdown.total_fen == 50_000
    assert world.store.tables.credentials == {}
    assert world.balance("a-father") == (100_000, 0)
    assert (await world.sale(world.get(command.request_id))).state is SaleState.REFUSED
    check_store(world.store)


async def test_a_repeat_of_a_refused_settle_gets_the_same_refusal() -> None:
    world = await a_world()
    command = world.settle(expected=split(0, 50_000))
    assert await world.ask(command) == await world.ask(command)


async def test_the_next_attempt_after_a_refusal_settles_with_the_same_credential() -> None:
    world = await a_world()
    shown = world.credential()
    await world.refused(world.settle(expected=split(0, 50_000), credential=shown))
    assert (await world.sale(world.settle(credential=shown))).state is SaleState.SETTLED


async def test_a_credential_settles_once() -> None:
    world = await a_world()
    shown = world.credential()
    await world.sale(world.settle(credential=shown))
    refused = await world.refused(
        world.settle(credential=shown, acknowledgements=("POSSIBLE_DUPLICATE",))
    )
    assert (refused.refusal.reason, refused.recorded) == (Reason.CREDENTIAL_USED, True)


async def test_a_sealed_id_is_refused_whatever_is_asked_under_it() -> None:
    world = await a_world()
    command = world.settle()
    await world.sale(world.seal(command.request_id))
    for asked in (command, replace(command, basket=basket(line("TONIC")))):
        answer = await world.refused(asked)
        assert (answer.refusal.reason, answer.recorded) == (Reason.SEALED, True)
    assert world.balance("a-father") == (100_000, 0)


async def test_another_terminal_of_the_institution_may_not_settle_under_the_id() -> None:
    world = await a_world()
    command = world.settle(caller=caller("2"))
    answer = await world.refused(command)
    assert (answer.refusal.reason, answer.recorded) == (Reason.NOT_YOURS, False)
    assert world.store.tables.sales == {}


@pytest.mark.parametrize("collect", list(Collect))
async def test_the_next_attempt_waits_until_the_one_before_is_over(collect: Collect) -> None:
    world = await a_world()
    first = await world.sale(world.settle(collect=collect))
    text = first.request_id.text
    second = replace(first.request_id, text=f"{text[:-1]}2", attempt=2)
    answer = await world.refused(world.settle(second))
    assert answer.refusal.reason is Reason.EARLIER_ATTEMPT_OPEN
    assert answer.refusal.other == head_of(first)
    await world.sale(world.reverse(first.request_id))
    third = replace(first.request_id, text=f"{text[:-1]}3", attempt=3)
    assert (await world.sale(world.settle(third))).state is SaleState.SETTLED


async def test_the_same_goods_within_ten_minutes_under_another_ticket_are_refused() -> None:
    world = await a_world()
    first = await world.sale(world.settle())
    world.clock.forward(minutes=9)
    answer = await world.refused(world.settle(expected=split(25_000, 0, **{"a-father": 25_000})))
    assert answer.refusal.reason is Reason.POSSIBLE_DUPLICATE
    assert answer.refusal.other == head_of(first)


async def test_the_same_goods_are_settled_once_the_cashier_has_acknowledged_it() -> None:
    world = await a_world()
    await world.sale(world.settle())
    again = world.settle(
        expected=split(25_000, 0, **{"a-father": 25_000}), acknowledgements=("POSSIBLE_DUPLICATE",)
    )
    assert (await world.sale(again)).state is SaleState.SETTLED


@pytest.mark.parametrize("which", ["later", "other goods", "other person", "reversed"])
async def test_what_is_no_duplicate_is_settled(which: str) -> None:
    world = await a_world()
    first = await world.sale(world.settle())
    if which == "reversed":
        await world.sale(world.reverse(first.request_id))
    if which == "later":
        world.clock.forward(minutes=10, seconds=1)
    goods = basket(line("DRUG2")) if which == "other goods" else basket()
    who = DAUGHTER if which == "other person" else FATHER
    quote = await world.quoted(who, basket=goods)
    command = world.settle(expected=quote.split, basket=goods, credential=world.credential(who))
    assert (await world.sale(command)).state is SaleState.SETTLED


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda world: world.store.tables.institutions.pop(CLINIC), Reason.INSTITUTION_UNKNOWN),
        (lambda world: world.store.tables.members.pop(FATHER), Reason.MEMBER_UNKNOWN),
        (lambda world: world.store.tables.catalogue.clear(), Reason.ITEM_UNKNOWN),
    ],
    ids=["institution", "member", "item"],
)
async def test_what_the_register_does_not_know_is_refused_on_record(spoil, reason: Reason) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    world = await a_world()
    spoil(world)
    answer = await world.refused(world.settle())
    assert (answer.refusal.reason, answer.recorded) == (reason, True)


async def test_a_suspended_institution_is_refused() -> None:
    world = await a_world()
    clinic = world.store.tables.institutions[CLINIC]
    world.store.tables.institutions[CLINIC] = replace(clinic, state=State.SUSPENDED)
    assert (await world.refused(world.settle())).refusal.reason is Reason.INSTITUTION_SUSPENDED


async def test_an_item_that_has_ended_is_refused() -> None:
    world = await a_world()
    (goods,) = world.store.tables.catalogue["210300", "DRUG"]
    world.store.tables.catalogue["210300", "DRUG"] = (replace(goods, valid_to=date(2026, 7, 1)),)
    assert (await world.refused(world.settle())).refusal.reason is Reason.ITEM_NOT_VALID


async def test_cover_that_has_not_begun_is_refused() -> None:
    world = await a_world()
    father = world.store.tables.members[FATHER]
    world.store.tables.members[FATHER] = replace(father, covered_from=date(2026, 7, 3))
    assert (await world.refused(world.settle())).refusal.reason is Reason.NOT_COVERED


async def test_who_has_filed_no_care_elsewhere_is_settled_in_no_other_region() -> None:
    world = await a_world()
    clinic = world.store.tables.institutions[CLINIC]
    world.store.tables.institutions[CLINIC] = replace(clinic, region="210200")
    world.store.tables.catalogue["210200", "DRUG"] = world.store.tables.catalogue["210300", "DRUG"]
    assert (await world.refused(world.settle())).refusal.reason is Reason.OUT_OF_AREA_UNFILED


async def test_a_relatives_account_pays_with_consent_after_the_own_one() -> None:
    world = await a_world()
    payers = (Payer("a-father", Consent.IN_PERSON), Payer("a-daughter"))
    sale = await world.settled(who=DAUGHTER, basket=basket(payers=payers))
    assert sale.split == split(10_000, 0, **{"a-daughter": 5_000, "a-father": 35_000})
    check_store(world.store)


@pytest.mark.parametrize(
    ("payer", "reason"),
    [
        (Payer("a-father"), Reason.CONSENT_REQUIRED),
        (Payer("a-stranger", Consent.STANDING), Reason.ACCOUNT_UNKNOWN),
    ],
)
async def test_an_account_that_may_not_pay_is_refused(payer: Payer, reason: Reason) -> None:
    world = await a_world()
    command = world.settle(basket=basket(payers=(payer,)), credential=world.credential(DAUGHTER))
    assert (await world.refused(command)).refusal.reason is reason


def freeze_father(world: World) -> None:
    father = world.store.tables.members[FATHER]
    frozen = tuple(replace(each, state=AccountState.FROZEN) for each in father.accounts)
    world.store.tables.members[FATHER] = replace(father, accounts=frozen)


async def test_a_frozen_account_that_is_named_is_refused() -> None:
    world = await a_world()
    freeze_father(world)
    command = world.settle(basket=basket(payers=(Payer("a-father"),)))
    assert (await world.refused(command)).refusal.reason is Reason.ACCOUNT_FROZEN


async def test_a_frozen_account_that_nobody_named_is_left_out_and_advised() -> None:
    world = await a_world()
    freeze_father(world)
    quote = await world.quoted()
    assert quote.split == split(10_000, 40_000)
    assert [each.code for each in quote.advisories] == ["ACCOUNT_FROZEN"]


async def test_the_same_account_named_twice_pays_once() -> None:
    world = await a_world()
    sale = await world.settled(300_000, basket=basket(
        line(amount_fen=300_000), payers=(Payer("a-father"), Payer("a-father"))
    ))
    assert world.balance("a-father") == (0, 0)
    assert sale.split == split(135_000, 65_000, **{"a-father": 100_000})


async def test_without_accounts_no_account_pays() -> None:
    world = await a_world()
    sale = await world.settled(basket=basket(without_accounts=True))
    assert sale.split == split(10_000, 40_000)


async def test_a_person_without_an_account_pays_cash() -> None:
    world = await a_world()
    assert (await world.settled(who=NO_ACCOUNT)).split == split(10_000, 40_000)


async def test_a_line_of_a_benefit_that_nobody_has_is_refused_on_record() -> None:
    world = await a_world()
    bought = basket(structs.replace(line(), benefit="chronic"), benefit="general_outpatient")
    answer = await world.refused(world.settle(basket=bought))
    assert (answer.refusal.reason, answer.recorded) == (Reason.BENEFIT_UNKNOWN, True)


async def test_a_resolver_that_fails_leaves_the_sale_open() -> None:
    world = await a_world()
    world.resolver.fault = OSError("away")
    answer = await world.refused(world.settle())
    assert (answer.refusal.reason, answer.recorded) == (Reason.INTERNAL_ERROR, False)
    assert world.store.tables.sales == {}
    assert [what for what, _ in world.reports] == ["resolve"]


async def test_of_two_tills_near_the_cap_both_get_an_answer_and_the_cap_holds() -> None:
    world = await World().started()
    await world.settled(620_000)
    near = basket(line(amount_fen=50_000))
    quote = await world.quoted(basket=near)
    assert quote.split == split(5_000, 45_000)
    commands = [
        world.settle(world.request_id(till=till), quote.split, basket=near, credential=world.credential(),
                     acknowledgements=("POSSIBLE_DUPLICATE",))
        for till in ("1", "2")
    ]
    waiting = [beside(world.service(command)) for command in commands]
    answers = [await each for each in waiting]
    assert [type(answer) for answer in answers] == [SaleAnswer, RefusedAnswer]
    assert isinstance(answers[1], RefusedAnswer)
    assert answers[1].refusal.now == split(0, 50_000)
    check_store(world.store)
