"""After a restore with loss: what a remote authority was asked comes back by the till's evidence."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
from msgspec import structs

from medsettle.wire.calls import GET_SALE
from medsettle.wire.reasons import Reason
from medsettle.wire.states import SaleState
from medsettle.wire.v1.settlement_pb2 import GetSaleResponse
from medsettle_gateway.domain.asked import Collect
from medsettle_gateway.domain.facts import State, TerminalFacts
from medsettle_gateway.domain.ids import RequestId
from medsettle_gateway.domain.moves import EndRecovery
from medsettle_gateway.domain.recovery import Became, Evidence, Finding
from medsettle_gateway.domain.sale import SaleRecord
from medsettle_gateway.rpc.codec.sale import sale as to_wire
from medsettle_gateway.rpc.codec.shown import sale_of
from medsettle_gateway.service.commands import ReassertedAnswer, RefusedAnswer, SaleAnswer
from medsettle_gateway.service.reassert import Reenter
from tests.gateway.service.books_hold import check_store
from tests.gateway.service.remote_world import RemoteWorld
from tests.gateway.service.scripted import ANSWER_LOST, NOT_PROVEN, Fate
from tests.gateway.service.world import KEY, caller_of, split

S = SaleState


@pytest.fixture
async def restored(world: RemoteWorld) -> AsyncIterator[RemoteWorld]:
    """A gateway over a copy of the books that is older than any sale."""
    begun = await RemoteWorld(
        clock=world.clock, shared=world.authority, numbers=world.numbers, beyond=world.beyond,
        sequence=world.sequence,
    ).begun()
    yield begun
    await begun.process.crash()


def shown(sale: SaleRecord) -> tuple[SaleRecord, Evidence]:
    """The sale as a till shows it by an answer of the gateway's; the signature is looked at elsewhere."""
    answer = GetSaleResponse(sale=to_wire(SaleAnswer(sale, ""), full=False)).SerializeToString()
    evidence = Evidence(GET_SALE.path, "", "", "", 0, "OK", answer, "", "")
    read = sale_of(evidence)
    assert read is not None
    return read, evidence


async def reasserted(world: RemoteWorld, sale: SaleRecord) -> ReassertedAnswer:
    read, evidence = shown(sale)
    answer = await world.writer.submit(Reenter(caller_of(sale.request_id), read, evidence))
    assert isinstance(answer, ReassertedAnswer), answer
    return answer


async def pending(world: RemoteWorld, *fates: Fate, collect: Collect = Collect.NOW) -> RequestId:
    world.authority.script.extend(fates)
    command = world.settle(collect=collect, expected=split(10_000, 40_000))
    await world.ask(command, deadline_s=1)
    assert world.at(command.request_id).state is S.PENDING
    await world.process.crash()
    return command.request_id


@pytest.mark.parametrize(("collect", "state"), [(Collect.NOW, S.SETTLED), (Collect.LATER, S.HELD)])
async def test_a_question_that_the_books_lost_is_found_out(
    world: RemoteWorld, restored: RemoteWorld, collect: Collect, state: SaleState
) -> None:
    request_id = await pending(world, ANSWER_LOST, collect=collect)
    answer = await reasserted(restored, world.at(request_id))
    assert (answer.became, answer.state) == (Became.ENTERED, S.PENDING)
    assert restored.at(request_id).upstream == world.at(request_id).upstream
    await restored.clock.passes(minutes=2)
    assert restored.at(request_id).state is state
    assert len(restored.authority.charged()) == 1
    check_store(restored.store)


async def test_what_was_being_undone_is_undone(world: RemoteWorld, restored: RemoteWorld) -> None:
    settled = await world.ask(world.settle())
    assert isinstance(settled, SaleAnswer)
    request_id = settled.sale.request_id
    world.authority.script.append(NOT_PROVEN)
    await world.ask(world.reverse(request_id), deadline_s=1)
    undoing = world.at(request_id)
    assert undoing.state is S.UNDOING
    await world.process.crash()
    answer = await reasserted(restored, undoing)
    assert (answer.became, answer.state) == (Became.ENTERED, S.UNDOING)
    check_store(restored.store)
    await restored.clock.passes(minutes=2)
    assert restored.at(request_id).state is S.REVERSED
    assert not restored.authority.charged()
    check_store(restored.store)


async def test_a_settled_sale_that_came_back_is_undone_at_the_authority_when_it_is_reversed(
    world: RemoteWorld, restored: RemoteWorld
) -> None:
    settled = await world.ask(world.settle())
    assert isinstance(settled, SaleAnswer)
    await reasserted(restored, settled.sale)
    assert restored.at(settled.sale.request_id).state is S.SETTLED
    answer = await restored.ask(restored.reverse(settled.sale.request_id))
    assert isinstance(answer, SaleAnswer)
    assert answer.sale.state is S.REVERSED
    assert not restored.authority.charged()
    check_store(restored.store)


async def test_a_question_without_what_it_was_asked_by_is_left_to_the_operator(
    world: RemoteWorld, restored: RemoteWorld
) -> None:
    request_id = await pending(world, ANSWER_LOST)
    read, evidence = shown(world.at(request_id))
    bare = Reenter(caller_of(request_id), structs.replace(read, upstream=None), evidence)
    answer = await restored.writer.submit(bare)
    assert isinstance(answer, ReassertedAnswer)
    assert answer.became is Became.LEFT_TO_OPERATOR
    (kept,) = restored.store.tables.recoveries.shown.values()
    assert kept.findings == (Finding.ASKED_OF_AUTHORITY,)
    assert request_id.text not in restored.store.tables.sales


@pytest.mark.parametrize("state", [S.PENDING, S.SETTLED])
async def test_what_another_till_may_have_undone_at_the_authority_waits_for_that_one(
    world: RemoteWorld, restored: RemoteWorld, state: SaleState
) -> None:
    if state is S.PENDING:
        request_id = await pending(world, ANSWER_LOST)
    else:
        settled = await world.ask(world.settle())
        assert isinstance(settled, SaleAnswer)
        request_id = settled.sale.request_id
    await reasserted(restored, world.at(request_id))
    terminal = f"{request_id.institution}-T9"
    tables, now = restored.store.tables, restored.clock.at
    tables.terminals[terminal] = TerminalFacts(terminal, request_id.institution, "T9", State.ACTIVE)
    tables.terminal_keys["k9"] = replace(tables.terminal_keys[KEY], key="k9", terminal=terminal)
    tables.recoveries.begin(now.date() + timedelta(days=1), now - timedelta(days=1), now)
    for till in sorted(tables.terminals.keys() - {terminal}):
        tables.recoveries.end(EndRecovery(1, till, now))
    undoing = restored.reverse(request_id)
    waits = await restored.writer.submit(undoing)
    assert isinstance(waits, RefusedAnswer)
    assert (waits.refusal.reason, waits.refusal.detail) == (Reason.RECOVERING, {"awaited": terminal})
    assert restored.at(request_id).state is state
    restored.store.tables.recoveries.end(EndRecovery(1, terminal, now))
    assert isinstance(await restored.writer.submit(undoing), SaleAnswer)
    assert restored.at(request_id).state is not S.SETTLED
