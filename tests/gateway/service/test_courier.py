"""The courier: a sale that a remote authority decides comes to one end, whatever goes wrong on the way."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from medsettle.wire.reasons import Reason
from medsettle.wire.states import SaleState
from medsettle_gateway.domain.asked import Collect
from medsettle_gateway.domain.errors import Refusal
from medsettle_gateway.domain.ids import RequestId
from medsettle_gateway.service.authority import Question
from medsettle_gateway.service.commands import Answer, Quote, QuoteAnswer, RefusedAnswer, SaleAnswer, Shown
from medsettle_gateway.service.desk import Rules
from medsettle_gateway.service.front import Service
from medsettle_gateway.service.settle import AskedSettle
from medsettle_gateway.service.use_cases import Written
from tests.gateway.service.books_hold import check_store
from tests.gateway.service.remote_world import RemoteWorld
from tests.gateway.service.scripted import (
    ANSWER_LOST,
    ARRIVES_AFTER_WE_GAVE_UP,
    BROKEN,
    BROKEN_AND_ARRIVES_LATER,
    NEITHER_DONE_NOR_PROVEN,
    NOT_PROVEN,
    REQUEST_LOST,
    SLOW,
    SMOOTH,
    TOO_SLOW,
    TWICE,
    Fate,
    There,
    shifted,
)
from tests.gateway.service.virtual_time import quiet
from tests.gateway.service.world import CLINIC, basket, beside, caller, line, split

S = SaleState


async def settle(world: RemoteWorld, *fates: Fate, **changes: Any) -> RequestId:
    """Settles while the authority's next calls go as told; the answer is not looked at."""
    world.authority.script.extend(fates)
    command = world.settle(**changes)
    await world.ask(command)
    return command.request_id


async def test_a_settle_waits_for_the_authority_and_answers_what_it_said(world: RemoteWorld) -> None:
    world.authority.script.append(SLOW)
    answer = await world.ask(world.settle())
    assert isinstance(answer, SaleAnswer)
    assert answer.sale.state is S.SETTLED
    assert answer.sale.first_state is S.PENDING
    assert answer.sale.receipt_token
    assert len(world.authority.charged()) == 1
    check_store(world.store)


async def test_a_refusal_of_the_authority_is_recorded_and_answered(world: RemoteWorld) -> None:
    world.authority.refuses = lambda _: True
    answer = await world.ask(world.settle())
    assert isinstance(answer, RefusedAnswer)
    assert (answer.refusal.reason, answer.recorded) == (Reason.REFUSED_BY_AUTHORITY, True)
    assert not world.authority.charged()


async def test_an_answer_that_takes_longer_than_the_caller_waits_is_pending_and_comes_later(
    world: RemoteWorld,
) -> None:
    request_id = await settle(world, Fate(answered=25.0))
    assert world.at(request_id).state is S.PENDING
    await world.clock.passes(seconds=10)
    assert world.at(request_id).state is S.SETTLED


async def test_a_caller_is_answered_within_his_deadline(world: RemoteWorld) -> None:
    world.authority.script.append(TOO_SLOW)
    began_at = world.clock.at
    answer = await world.ask(world.settle(), deadline_s=5)
    assert isinstance(answer, SaleAnswer)
    assert answer.sale.state is S.PENDING
    assert world.clock.at - began_at < timedelta(seconds=5)


@pytest.mark.parametrize(
    ("fate", "state"),
    [
        (REQUEST_LOST, S.REFUSED), (ANSWER_LOST, S.SETTLED), (TOO_SLOW, S.SETTLED), (TWICE, S.SETTLED),
        (BROKEN, S.REFUSED), (BROKEN_AND_ARRIVES_LATER, S.REFUSED), (ARRIVES_AFTER_WE_GAVE_UP, S.REFUSED),
        (NOT_PROVEN, S.SETTLED), (NEITHER_DONE_NOR_PROVEN, S.REFUSED),
    ],
)
async def test_what_became_of_a_question_is_found_out_and_never_guessed(
    world: RemoteWorld, fate: Fate, state: SaleState
) -> None:
    request_id = await settle(world, fate)
    await world.clock.passes(minutes=10)
    assert world.at(request_id).state is state
    assert len(world.authority.charged()) == (1 if state is S.SETTLED else 0)
    check_store(world.store)


async def test_a_question_is_sent_once_and_then_only_asked_about(world: RemoteWorld) -> None:
    await settle(world, ANSWER_LOST, ANSWER_LOST, NEITHER_DONE_NOR_PROVEN)
    await world.clock.passes(minutes=10)
    assert [what for what, _ in world.authority.asked] == ["decide", "resolve", "resolve", "resolve"]


async def test_the_pauses_grow_while_nothing_can_be_found_out_and_it_is_never_given_up(
    world: RemoteWorld,
) -> None:
    request_id = await settle(world, *[NEITHER_DONE_NOR_PROVEN] * 50)
    await world.clock.passes(hours=2)
    assert world.at(request_id).state is S.PENDING
    asked_count = len(world.authority.asked)
    assert 28 <= asked_count <= 36
    world.authority.script.clear()
    await world.clock.passes(minutes=6)
    assert world.at(request_id).state is S.REFUSED
    assert len(world.authority.asked) == asked_count + 1


async def test_a_sale_given_up_while_it_is_decided_is_undone_once_it_is_known(world: RemoteWorld) -> None:
    request_id = await settle(world, Fate(answered=25.0))
    sealed = await world.ask(world.seal(request_id))
    assert isinstance(sealed, SaleAnswer)
    assert sealed.sale.state is S.SEALED
    assert list(world.authority.numbers.values()) == [There.UNDONE]
    assert [what for what, _ in world.authority.asked] == ["decide", "undo"]
    check_store(world.store)


async def test_a_reversal_waits_for_the_authority(world: RemoteWorld) -> None:
    request_id = await settle(world)
    world.authority.script.append(SLOW)
    answer = await world.ask(world.reverse(request_id))
    assert isinstance(answer, SaleAnswer)
    assert answer.sale.state is S.REVERSED
    assert answer.sale.reverse_reason == "wrong goods"
    assert not world.authority.charged()
    check_store(world.store)


async def test_an_undo_without_proof_is_repeated_until_there_is_one(world: RemoteWorld) -> None:
    request_id = await settle(world)
    world.authority.script.extend([NOT_PROVEN, ANSWER_LOST, BROKEN, NEITHER_DONE_NOR_PROVEN])
    answer = await world.ask(world.reverse(request_id))
    assert isinstance(answer, SaleAnswer)
    assert answer.sale.state is S.UNDOING
    await world.clock.passes(minutes=10)
    assert world.at(request_id).state is S.REVERSED
    assert [what for what, _ in world.authority.asked].count("undo") == 5
    check_store(world.store)


async def test_other_amounts_than_were_shown_charge_nobody(world: RemoteWorld) -> None:
    world.authority.charging = shifted
    answer = await world.ask(world.settle())
    assert isinstance(answer, RefusedAnswer)
    assert (answer.refusal.reason, answer.recorded) == (Reason.QUOTE_CHANGED, True)
    assert not world.authority.charged()
    check_store(world.store)


async def test_a_hold_that_nobody_confirms_is_undone_at_the_authority(world: RemoteWorld) -> None:
    request_id = await settle(world, collect=Collect.LATER, expected=split(10_000, 40_000))
    assert world.at(request_id).state is S.HELD
    assert world.authority.charged()
    await world.clock.passes(minutes=10)
    await world.sweeps(request_id)
    await world.clock.passes(seconds=5)
    assert world.at(request_id).state is S.RELEASED
    assert not world.authority.charged()
    check_store(world.store)


async def test_after_a_crash_what_was_sent_is_asked_about_and_not_sent_again(world: RemoteWorld) -> None:
    world.authority.script.append(SLOW)
    command = world.settle()
    asking = beside(world.service(command, world.clock.at + timedelta(seconds=20)))
    await quiet()
    assert world.at(command.request_id).state is S.PENDING
    await world.crash_and_restart()
    asking.cancel()
    await world.clock.passes(minutes=2)
    assert world.at(command.request_id).state is S.SETTLED
    assert [what for what, _ in world.authority.asked] == ["decide", "resolve"]


async def test_after_a_crash_before_anything_was_sent_the_sale_ends_unpaid(world: RemoteWorld) -> None:
    silent = replace(world.service, courier=None)
    assert isinstance(silent, Service)
    command = world.settle()
    answer = await silent(command)
    assert isinstance(answer, SaleAnswer)
    assert (answer.sale.state, answer.to_send) == (S.PENDING, True)
    await world.crash_and_restart()
    await world.clock.passes(seconds=30)
    assert world.at(command.request_id).state is S.PENDING
    await world.clock.passes(minutes=1)
    assert world.at(command.request_id).state is S.REFUSED


async def test_a_crash_while_it_is_undone_undoes_it_after_the_restart(world: RemoteWorld) -> None:
    request_id = await settle(world)
    world.authority.script.append(REQUEST_LOST)
    asking = beside(world.service(world.reverse(request_id), world.clock.at + timedelta(seconds=20)))
    await quiet()
    assert world.at(request_id).state is S.UNDOING
    await world.crash_and_restart()
    asking.cancel()
    await world.clock.passes(minutes=2)
    assert world.at(request_id).state is S.REVERSED


async def test_of_two_processes_one_asks_and_the_other_leaves_it_alone(world: RemoteWorld) -> None:
    request_id = await settle(world, BROKEN, *[NEITHER_DONE_NOR_PROVEN] * 5)
    other = await world.another().begun()
    await world.clock.passes(minutes=5)
    assert world.at(request_id).state is S.REFUSED
    assert [what for what, _ in world.authority.asked] == ["decide", *["resolve"] * 6]
    await other.process.crash()


async def test_another_process_takes_up_what_a_dead_one_was_at(world: RemoteWorld) -> None:
    request_id = await settle(world, TOO_SLOW)
    other = await world.another().begun()
    await world.process.crash()
    await world.clock.passes(minutes=2)
    assert world.at(request_id).state is S.SETTLED
    await other.process.crash()


async def test_a_repeat_while_it_is_pending_sends_nothing_and_waits_like_the_first(
    world: RemoteWorld,
) -> None:
    world.authority.script.append(SLOW)
    command = world.settle()
    deadline_at = world.clock.at + timedelta(seconds=20)
    first, second = (beside(world.service(command, deadline_at)) for _ in range(2))
    await world.clock.passes(seconds=6)
    for answer in (first.result(), second.result()):
        assert isinstance(answer, SaleAnswer)
        assert answer.sale.state is S.SETTLED
    assert [what for what, _ in world.authority.asked] == ["decide"]


async def test_a_caller_that_goes_away_stops_nothing(world: RemoteWorld) -> None:
    world.authority.script.append(SLOW)
    command = world.settle()
    asking = beside(world.service(command, world.clock.at + timedelta(seconds=20)))
    await quiet()
    asking.cancel()
    await world.clock.passes(seconds=6)
    assert world.at(command.request_id).state is S.SETTLED


async def test_more_questions_than_there_is_room_for_are_refused_and_change_nothing() -> None:
    world = await RemoteWorld(rules=Rules(group_wait=timedelta(0), errand_count=1)).begun()
    world.authority.script.append(TOO_SLOW)
    await world.ask(world.settle(), deadline_s=2)
    answer = await world.ask(world.settle(basket=basket(line("DRUG2"))))
    assert isinstance(answer, RefusedAnswer)
    assert (answer.refusal.reason, answer.recorded) == (Reason.OVERLOADED, False)
    assert answer.retry_after_ms
    assert len(world.store.tables.sales) == 1
    await world.ends()


async def test_an_authority_that_nobody_set_up_leaves_the_sale_open_and_is_reported(
    world: RemoteWorld,
) -> None:
    request_id = await settle(world, BROKEN, *[NEITHER_DONE_NOR_PROVEN] * 9)
    remotes = replace(world.desk.remotes, authorities={})
    stranger = RemoteWorld(store=world.store, clock=world.clock)
    stranger.courier._desk = replace(stranger.desk, remotes=remotes)
    await world.process.crash()
    await stranger.begun()
    await world.clock.passes(minutes=1)
    assert world.at(request_id).state is S.PENDING
    assert any("no authority 'national'" in str(error) for _, error in stranger.reports)
    await stranger.ends()


async def test_a_quote_is_the_authoritys(world: RemoteWorld) -> None:
    asked = Quote(caller("1", CLINIC), world.credential(), basket())
    answer = await world.ask(asked)
    assert isinstance(answer, QuoteAnswer)
    assert dict(answer.split.funds) == {"hifp": 25_000}
    settled = await world.ask(world.settle(expected=answer.split, quote_token=answer.quote_token))
    assert isinstance(settled, SaleAnswer)
    assert settled.sale.state is S.SETTLED
    assert settled.sale.effect
    assert dict(settled.sale.effect.funds) == {"hifp": 25_000}


@pytest.mark.parametrize("fate", [BROKEN, REQUEST_LOST, NOT_PROVEN])
async def test_a_quote_that_the_authority_does_not_answer_is_refused(
    world: RemoteWorld, fate: Fate
) -> None:
    world.authority.script.append(fate)
    answer = await world.ask(Quote(caller("1", CLINIC), world.credential(), basket()), deadline_s=60)
    assert isinstance(answer, RefusedAnswer)
    assert (answer.refusal.reason, answer.recorded) == (Reason.AUTHORITY_UNAVAILABLE, False)


async def test_a_quote_that_the_authority_refuses_says_why(world: RemoteWorld) -> None:
    async def refuses(question: Question, credential: Shown) -> Refusal:
        del question, credential
        return Refusal(Reason.NOT_COVERED, {})

    world.authority.quote = refuses  # type: ignore[method-assign]
    answer = await world.ask(Quote(caller("1", CLINIC), world.credential(), basket()))
    assert isinstance(answer, RefusedAnswer)
    assert answer.refusal.reason is Reason.NOT_COVERED


async def test_a_word_that_contradicts_what_is_recorded_is_reported(world: RemoteWorld) -> None:
    """It breaks the contract: it was asked to make its answer final, and charged afterwards."""
    request_id = await settle(world, Fate(answered=25.0))
    await world.ask(world.seal(request_id), deadline_s=1)
    world.authority.numbers.clear()
    number = world.at(request_id).upstream
    assert number
    world.store.tables.errands[request_id.text] = replace(
        world.store.tables.errands[request_id.text], due_at=world.clock.at
    )
    other = await world.another().begun()
    await world.clock.passes(seconds=2)
    assert world.at(request_id).state is S.REFUSED
    await world.clock.passes(seconds=10)
    assert any("charged it after all" in str(error) for _, error in world.reports)
    await other.process.crash()


async def test_a_question_that_was_long_in_coming_to_disk_is_not_sent_any_more(world: RemoteWorld) -> None:
    """Others may have asked what became of it by now: it would be charged after all."""
    submit = world.writer.submit

    async def slow(command: Written, deadline_at: datetime | None = None) -> Answer:
        answer = await submit(command, deadline_at)
        if isinstance(command, AskedSettle):
            world.clock.at += world.rules.errand_margin + timedelta(seconds=1)
        return answer

    world.writer.submit = slow  # type: ignore[method-assign]
    request_id = await settle(world)
    await world.clock.passes(minutes=2)
    assert world.at(request_id).state is S.REFUSED
    assert [what for what, _ in world.authority.asked] == ["resolve"]


async def test_a_courier_that_stops_keeps_nobody_waiting(world: RemoteWorld) -> None:
    world.authority.script.append(TOO_SLOW)
    asking = beside(world.service(world.settle(), world.clock.at + timedelta(seconds=20)))
    await quiet()
    assert not asking.done()
    world.courier.stop()
    await quiet()
    answer = asking.result()
    assert isinstance(answer, SaleAnswer)
    assert answer.sale.state is S.PENDING


async def test_smooth_calls_leave_no_alarm_behind(world: RemoteWorld) -> None:
    await settle(world, SMOOTH)
    await quiet()
    waiting = [each for each in world.clock.sleepers if not each[2].done()]
    assert len(waiting) == 1  # the courier's own look at what is due
