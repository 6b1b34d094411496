"""The cells of the table that a remote authority brings to life, one by one."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from medsettle.wire.reasons import Reason
from medsettle.wire.states import GATEWAY, UNDONE_AS, Event, SaleState
from medsettle_gateway.domain.asked import Collect
from medsettle_gateway.domain.ids import RequestId
from medsettle_gateway.domain.sale import SaleRecord
from medsettle_gateway.domain.upstream import Errand
from medsettle_gateway.service.commands import Confirm, ErrandAnswer, RefusedAnswer, SaleAnswer
from medsettle_gateway.service.errands import TakeErrand
from medsettle_gateway.service.remote import RefusedThere, Said, UndoneThere, UnknownThere
from tests.gateway.service.books_hold import check_store
from tests.gateway.service.remote_world import RemoteWorld
from tests.gateway.service.scripted import REQUEST_LOST, settled_there, shifted
from tests.gateway.service.world import basket, caller_of, line, split

S, E = SaleState, Event
STATES = (S.PENDING, S.HELD, S.SETTLED, S.UNDOING)
TIME = {E.HOLD_ENDED: {"minutes": 10}, E.DAY_ENDED: {"hours": 25}}


@pytest.fixture
async def world() -> AsyncIterator[RemoteWorld]:
    """Nobody carries anything: what the authority says is said by the test."""
    begun = await RemoteWorld().begun(courier=False)
    yield begun
    await begun.ends()


async def pending(world: RemoteWorld, collect: Collect = Collect.NOW, **changes: Any) -> RequestId:
    command = world.settle(collect=collect, **changes)
    world.authority.script.append(REQUEST_LOST)
    answer = await world.ask(command, deadline_s=1)
    assert isinstance(answer, SaleAnswer), answer
    assert answer.sale.state is S.PENDING
    return command.request_id


async def a_sale(world: RemoteWorld, state: SaleState) -> RequestId:
    request_id = await pending(world, Collect.LATER if state is S.HELD else Collect.NOW)
    if state is not S.PENDING:
        await world.hears(request_id, settled_there(world.at(request_id)))
    if state is S.UNDOING:
        await world.ask(world.reverse(request_id), deadline_s=1)
    assert world.at(request_id).state is state
    return request_id


def said(sale: SaleRecord, event: Event) -> Said:
    match event:
        case E.AUTHORITY_SETTLED:
            return settled_there(sale)
        case E.AUTHORITY_REFUSED:
            return RefusedThere("E-104", "超过限额")
        case _:
            return UndoneThere()


async def happen(world: RemoteWorld, event: Event, request_id: RequestId) -> None:
    match event:
        case E.SETTLE:
            await world.ask(world.settle(request_id), deadline_s=1)
        case E.CONFIRM:
            tenders = world.at(request_id)
            await world.ask(
                world.confirm(tenders) if tenders.split else
                Confirm(caller_of(request_id), request_id, (), "li", world.clock.at),
                deadline_s=1,
            )
        case E.RELEASE:
            await world.ask(world.release(request_id), deadline_s=1)
        case E.REVERSE:
            await world.ask(world.reverse(request_id), deadline_s=1)
        case E.SEAL:
            await world.ask(world.seal(request_id), deadline_s=1)
        case E.HOLD_ENDED | E.DAY_ENDED:
            world.clock.forward(**TIME[event])
            await world.sweeps(request_id)
        case _:
            await world.hears(request_id, said(world.at(request_id), event))


CELLS = [(state, event) for state in STATES for event in Event]


@pytest.mark.parametrize(("state", "event"), CELLS, ids=[f"{s}-{e}" for s, e in CELLS])
async def test_what_happens_does_what_its_cell_says(
    world: RemoteWorld, state: SaleState, event: Event
) -> None:
    request_id = await a_sale(world, state)
    before, cell = world.at(request_id), GATEWAY[state][event]
    await happen(world, event, request_id)
    after = world.at(request_id)
    if event is E.DAY_ENDED and state is S.HELD:
        assert after.state is S.UNDOING  # a day is longer than ten minutes: the hold has ended
    elif not cell.to:
        assert after == before
    elif state in {S.HELD, S.SETTLED} and event is not E.CONFIRM:
        assert after.state is S.UNDOING  # the authority has charged it
    else:
        assert after.state is cell.to[0]
    assert bool(after.upstream and after.upstream.unwanted) is cell.unwanted
    check_store(world.store)


@pytest.mark.parametrize("event", [E.RELEASE, E.REVERSE, E.SEAL])
async def test_what_nobody_wants_any_more_is_marked_once(world: RemoteWorld, event: Event) -> None:
    request_id = await pending(world)
    await happen(world, event, request_id)
    version = world.at(request_id).version
    for again in (E.RELEASE, E.REVERSE, E.SEAL):
        await happen(world, again, request_id)
    assert world.at(request_id).version == version


async def test_an_unwanted_sale_that_was_charged_is_undone_and_then_sealed(world: RemoteWorld) -> None:
    request_id = await pending(world)
    await happen(world, E.SEAL, request_id)
    await happen(world, E.AUTHORITY_SETTLED, request_id)
    undoing = world.at(request_id)
    assert undoing.state is S.UNDOING
    assert undoing.upstream
    assert [(each.name, each.value) for each in undoing.upstream.refs] == [
        ("setl_id", f"S-{undoing.upstream.number}")
    ]
    check_store(world.store)
    await happen(world, E.AUTHORITY_UNDONE, request_id)
    assert world.at(request_id).state is S.SEALED
    check_store(world.store)


async def test_an_unwanted_sale_that_was_refused_is_refused(world: RemoteWorld) -> None:
    request_id = await pending(world)
    await happen(world, E.SEAL, request_id)
    await happen(world, E.AUTHORITY_REFUSED, request_id)
    assert world.at(request_id).state is S.REFUSED


@pytest.mark.parametrize(
    ("before", "event", "ends_as"),
    [(S.SETTLED, E.REVERSE, S.REVERSED), (S.HELD, E.RELEASE, S.RELEASED), (S.HELD, E.HOLD_ENDED, S.RELEASED)],
)
async def test_an_undone_sale_is_what_it_was_before(
    world: RemoteWorld, before: SaleState, event: Event, ends_as: SaleState
) -> None:
    request_id = await a_sale(world, before)
    await happen(world, event, request_id)
    assert world.at(request_id).state is S.UNDOING
    await happen(world, E.AUTHORITY_UNDONE, request_id)
    assert world.at(request_id).state is ends_as
    assert ends_as in UNDONE_AS[before]
    check_store(world.store)


async def test_other_amounts_than_were_shown_are_undone_and_refused_with_both(world: RemoteWorld) -> None:
    request_id = await pending(world)
    sale = world.at(request_id)
    await world.hears(request_id, settled_there(sale, shifted(sale)))
    assert world.at(request_id).state is S.UNDOING
    await happen(world, E.AUTHORITY_UNDONE, request_id)
    refused = world.at(request_id)
    assert refused.state is S.REFUSED
    assert refused.refusal
    assert sale.upstream
    assert (refused.refusal.reason, refused.refusal.expected, refused.refusal.now) == (
        Reason.QUOTE_CHANGED, sale.upstream.expected, shifted(sale)
    )
    check_store(world.store)


async def test_amounts_that_do_not_add_up_count_as_no_answer(world: RemoteWorld) -> None:
    request_id = await pending(world)
    before = world.at(request_id)
    odd = settled_there(before, split(1, 0))
    answer = await world.hears(request_id, odd)
    assert isinstance(answer, RefusedAnswer)
    assert answer.refusal.reason is Reason.INTERNAL_ERROR
    assert world.at(request_id) == before
    assert "does not add up" in str(world.reports[-1][1])


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        (RefusedThere("E-104", "超过限额"), Reason.REFUSED_BY_AUTHORITY),
        (UndoneThere(), Reason.NOT_CHARGED_BY_AUTHORITY),
    ],
)
async def test_a_sale_that_was_not_charged_names_the_authority_and_frees_the_credential(
    world: RemoteWorld, word: Said, reason: Reason
) -> None:
    request_id = await pending(world)
    assert world.store.tables.credentials
    await world.hears(request_id, word)
    refusal = world.at(request_id).refusal
    assert refusal
    assert refusal.reason is reason
    assert refusal.detail["authority"] == "national"
    if isinstance(word, RefusedThere):
        assert (refusal.detail["code"], refusal.detail["text"]) == ("E-104", "超过限额")
    assert not world.store.tables.credentials
    again = await world.refused(world.settle(request_id))
    assert (again.refusal.reason, again.recorded) == (reason, True)


async def test_the_question_is_on_disk_with_its_number_before_anything_is_sent(world: RemoteWorld) -> None:
    request_id = await pending(world)
    asked = world.at(request_id).upstream
    assert asked
    assert (asked.authority, asked.number) == ("national", "CLINIC202607021200000001")
    assert asked.expected == split(10_000, 0, **{"a-father": 40_000})
    assert world.store.tables.errands[request_id.text].due_at == asked.sent_until
    assert world.store.tables.entries[1].kind == "PENDING"
    assert world.store.tables.entries[1].postings == ()


async def test_a_second_attempt_and_a_second_sale_are_refused_while_the_first_is_pending(
    world: RemoteWorld,
) -> None:
    request_id = await pending(world)
    again = RequestId.parse(request_id.text[:-1] + "2")
    answer = await world.refused(world.settle(again))
    assert answer.refusal.reason is Reason.EARLIER_ATTEMPT_OPEN
    other = await world.refused(world.settle())
    assert other.refusal.reason is Reason.POSSIBLE_DUPLICATE


async def test_a_held_sale_is_confirmed_without_the_authority(world: RemoteWorld) -> None:
    request_id = await pending(world, Collect.LATER, expected=split(10_000, 40_000))
    await happen(world, E.AUTHORITY_SETTLED, request_id)
    held = world.at(request_id)
    assert held.state is S.HELD
    assert held.hold_expires_at
    asked = list(world.authority.asked)
    settled = await world.sale(world.confirm(held))
    assert settled.state is S.SETTLED
    assert settled.receipt_token
    assert world.authority.asked == asked
    check_store(world.store)


async def test_a_remote_hold_that_ended_is_settled_by_no_late_confirmation(world: RemoteWorld) -> None:
    request_id = await a_sale(world, S.HELD)
    held = world.at(request_id)
    world.clock.forward(minutes=11)
    await world.sweeps(request_id)
    late = await world.sale(world.confirm(held))
    assert late.state is S.UNDOING


async def test_another_sale_of_the_member_leaves_a_remote_hold_to_time(world: RemoteWorld) -> None:
    """It reserves nothing here. After a restore it may have been confirmed: only time asks about that."""
    request_id = await a_sale(world, S.HELD)
    world.clock.forward(minutes=11)
    await pending(world, basket=basket(line("DRUG2")))
    assert world.at(request_id).state is S.HELD
    await world.sweeps(request_id)
    assert world.at(request_id).state is S.UNDOING
    check_store(world.store)


async def test_that_nothing_is_known_puts_the_errand_off_longer_each_time(world: RemoteWorld) -> None:
    request_id = await pending(world)
    pauses = []
    for attempts in range(1, 12):
        world.store.tables.errands[request_id.text] = Errand(request_id.text, world.clock.at, attempts)
        await world.hears(request_id, UnknownThere())
        due_at = world.store.tables.errands[request_id.text].due_at
        pauses.append((due_at - world.clock.at).total_seconds())
    assert pauses == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]


async def test_an_errand_is_one_takers_until_it_is_due_again(world: RemoteWorld) -> None:
    request_id = await pending(world)
    assert await take(world, request_id) is None
    world.clock.at = world.store.tables.errands[request_id.text].due_at
    assert await take(world, request_id) == world.at(request_id)
    assert await take(world, request_id) is None
    wait = world.rules.authority_wait + world.rules.errand_margin
    errand = world.store.tables.errands[request_id.text]
    assert (errand.due_at - world.clock.at, errand.attempts) == (wait, 1)
    world.clock.at = errand.due_at
    assert await take(world, request_id) == world.at(request_id)


async def test_a_word_that_comes_after_others_took_the_errand_up_is_left_to_them(world: RemoteWorld) -> None:
    """To find out what became of the question they may have undone it there."""
    request_id = await pending(world)
    charged = settled_there(world.at(request_id))
    for attempts in (0, 1):
        due_at = world.clock.at = world.store.tables.errands[request_id.text].due_at
        await take(world, request_id)
        for late in (charged, UnknownThere()):
            await world.hears(request_id, late, attempts)
        assert world.at(request_id).state is S.PENDING
        assert world.store.tables.errands[request_id.text].due_at > due_at + world.rules.authority_wait
    await world.hears(request_id, UndoneThere(), 2)
    assert world.at(request_id).state is S.REFUSED


async def test_of_a_sale_without_an_errand_nothing_is_taken(world: RemoteWorld) -> None:
    sealed = await world.sale(world.seal(world.request_id()))
    assert await take(world, sealed.request_id) is None
    assert await take(world, world.request_id()) is None


async def take(world: RemoteWorld, request_id: RequestId) -> SaleRecord | None:
    answer = await world.writer.submit(TakeErrand(request_id.text))
    assert isinstance(answer, ErrandAnswer), answer
    return answer.sale


async def test_a_word_about_a_sale_that_no_authority_was_asked_of_changes_nothing(
    world: RemoteWorld,
) -> None:
    sealed = await world.sale(world.seal(world.request_id()))
    await world.hears(sealed.request_id, UndoneThere())
    await world.hears(world.request_id(), UndoneThere())
    assert list(world.store.tables.sales.values()) == [sealed]
