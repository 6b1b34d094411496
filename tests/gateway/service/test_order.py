"""The order of checks: of several faults, the first one is told."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest
from msgspec import structs

from medsettle.wire.reasons import REASONS, Reason
from medsettle_gateway.domain.asked import Payer
from medsettle_gateway.domain.facts import State
from medsettle_gateway.service.commands import Settle
from tests.gateway.service.world import CLINIC, FATHER, World, caller, line, split

Fault = Callable[[World, Settle], Settle]


SETTLED = "CLINIC-1-20260702-3-1"


def anothers(_: World, command: Settle) -> Settle:
    return replace(command, caller=caller("2"))


def earlier_attempt(world: World, command: Settle) -> Settle:
    """The settled sale becomes an attempt of the same ticket."""
    sale = world.store.tables.sales.pop(SETTLED)
    ticket = command.request_id.ticket
    text = f"{command.request_id.text[:-1]}9"
    other = structs.replace(sale, request_id=replace(sale.request_id, text=text, ticket=ticket, attempt=9))
    world.store.tables.sales[text] = other
    return command


def not_acknowledged(_: World, command: Settle) -> Settle:
    return replace(command, acknowledgements=())


def foreign_quote(_: World, command: Settle) -> Settle:
    return replace(command, quote_token="MSQ1.x.y")


def suspended(world: World, command: Settle) -> Settle:
    clinic = world.store.tables.institutions[CLINIC]
    world.store.tables.institutions[CLINIC] = replace(clinic, state=State.SUSPENDED)
    return command


def tomorrow(_: World, command: Settle) -> Settle:
    return replace(command, basket=replace(command.basket, service_on=date(2026, 7, 3)))


def used(world: World, command: Settle) -> Settle:
    world.store.tables.credentials[command.credential.token] = "another"
    return command


def unknown_item(world: World, command: Settle) -> Settle:
    world.store.tables.catalogue.clear()
    return command


def unknown_payer(_: World, command: Settle) -> Settle:
    return replace(command, basket=replace(command.basket, payers=(Payer("a-stranger"),)))


def ended_cover(world: World, command: Settle) -> Settle:
    father = world.store.tables.members[FATHER]
    world.store.tables.members[FATHER] = replace(father, covered_to=date(2026, 6, 30))
    return command


def wrong_amount(_: World, command: Settle) -> Settle:
    lines = (structs.replace(line(), amount_fen=50_001),)
    return replace(command, basket=replace(command.basket, lines=lines))


def other_split(_: World, command: Settle) -> Settle:
    return replace(command, expected=split(0, 1))


FAULTS: tuple[tuple[Fault, Reason], ...] = (
    (anothers, Reason.NOT_YOURS),
    (earlier_attempt, Reason.EARLIER_ATTEMPT_OPEN),
    (not_acknowledged, Reason.POSSIBLE_DUPLICATE),
    (foreign_quote, Reason.QUOTE_INVALID),
    (suspended, Reason.INSTITUTION_SUSPENDED),
    (tomorrow, Reason.SERVICE_DATE_INVALID),
    (used, Reason.CREDENTIAL_USED),
    (ended_cover, Reason.NOT_COVERED),
    (unknown_item, Reason.ITEM_UNKNOWN),
    (unknown_payer, Reason.ACCOUNT_UNKNOWN),
    (other_split, Reason.QUOTE_CHANGED),
)


@pytest.mark.parametrize("first", range(len(FAULTS)), ids=[reason.value for _, reason in FAULTS])
async def test_of_all_faults_from_here_on_the_first_is_told(first: int) -> None:
    world = await World().started(a_father=1_000_000)
    settled = await world.settled()
    assert settled.request_id.text == SETTLED
    command = world.settle(acknowledgements=("POSSIBLE_DUPLICATE",))
    for fault, _ in FAULTS[first:][::-1]:
        command = fault(world, command)
    reason = FAULTS[first][1]
    answer = await world.refused(command)
    assert (answer.refusal.reason, answer.recorded) == (reason, REASONS[reason].recorded)
    assert (command.request_id.text in world.store.tables.sales) == answer.recorded


async def test_the_id_comes_before_every_other_fault() -> None:
    world = await World().started(a_father=1_000_000)
    sealed = world.settle()
    await world.sale(world.seal(sealed.request_id))
    first = world.settle()
    answer = await world.ask(first)
    for fault in (suspended, unknown_item, ended_cover, used):
        fault(world, first)
    assert await world.ask(first) == answer
    assert (await world.refused(sealed)).refusal.reason is Reason.SEALED
    reused = other_split(world, first)
    assert (await world.refused(reused)).refusal.reason is Reason.REQUEST_ID_REUSED


async def test_a_line_that_does_not_add_up_is_refused_on_record() -> None:
    world = await World().started(a_father=1_000_000)
    answer = await world.refused(wrong_amount(world, world.settle()))
    assert (answer.refusal.reason, answer.recorded) == (Reason.LINE_AMOUNT_MISMATCH, True)
