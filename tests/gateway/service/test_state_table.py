"""The gateway's table, cell by cell, at work: where a row says "changes nothing", nothing changes."""

from dataclasses import replace

import pytest

from medsettle.wire.states import GATEWAY, Event, SaleState
from medsettle_gateway.domain.ids import RequestId
from medsettle_gateway.domain.transitions import follow
from medsettle_gateway.ledger.transition import BOOKINGS
from medsettle_gateway.service.commands import Command, RefusedAnswer
from tests.gateway.service.books_hold import check_store
from tests.gateway.service.world import World, split

S, E = SaleState, Event
REMOTE_STATES = {S.PENDING, S.UNDOING}
REMOTE_EVENTS = {E.AUTHORITY_SETTLED, E.AUTHORITY_REFUSED, E.AUTHORITY_UNDONE}
TIME = {E.HOLD_ENDED: {"minutes": 10}, E.DAY_ENDED: {"hours": 24, "minutes": 10}}

CELLS = [
    (state, event)
    for state in GATEWAY
    for event in GATEWAY[state]
    if state not in REMOTE_STATES and event not in REMOTE_EVENTS
]


async def a_sale(world: World, state: SaleState) -> RequestId:
    """Brings one sale into the state by calls alone."""
    if state is S.ABSENT:
        return world.request_id()
    if state is S.SEALED:
        return (await world.sale(world.seal(world.request_id()))).request_id
    if state is S.REFUSED:
        refused = world.settle(expected=split(0, 1))
        await world.refused(refused)
        return refused.request_id
    if state in {S.SETTLED, S.REVERSED}:
        sale = await world.settled()
        if state is S.REVERSED:
            await world.sale(world.reverse(sale.request_id))
        return sale.request_id
    sale = await world.held()
    if state is S.RELEASED:
        await world.sale(world.release(sale.request_id))
    if state is S.EXPIRED:
        world.clock.forward(minutes=10)
        await world.swept(sale.request_id)
    return sale.request_id


def command_of(world: World, event: Event, request_id: RequestId) -> Command:
    match event:
        case E.SETTLE:
            return world.settle(request_id)
        case E.CONFIRM:
            return replace(world.confirm(world.store.tables.sales[ANY]), request_id=request_id)
        case E.RELEASE:
            return world.release(request_id)
        case E.REVERSE:
            return world.reverse(request_id)
        case _:
            return world.seal(request_id)


ANY = "CLINIC-1-20260702-1-1"


async def happen(world: World, event: Event, request_id: RequestId) -> object:
    if event in TIME:
        world.clock.forward(**TIME[event])
        if request_id.text in world.store.tables.sales:
            await world.swept(request_id)
        return None
    return await world.ask(command_of(world, event, request_id))


def state_of(world: World, request_id: RequestId) -> SaleState:
    sale = world.store.tables.sales.get(request_id.text)
    return sale.state if sale else S.ABSENT


@pytest.mark.parametrize(("state", "event"), CELLS, ids=[f"{s}-{e}" for s, e in CELLS])
async def test_a_call_does_what_its_cell_says(state: SaleState, event: Event) -> None:
    world = await World().started(a_father=100_000)
    await world.sale(world.seal(world.request_id()))
    request_id = await a_sale(world, state)
    assert state_of(world, request_id) is state
    before, cell = world.store.tables.sales.get(request_id.text), GATEWAY[state][event]
    answer = await happen(world, event, request_id)
    after = state_of(world, request_id)
    if event is E.DAY_ENDED and state is S.HELD:
        # A day is longer than ten minutes: the first sweep ends the hold, the next one gives it up.
        assert after is S.EXPIRED
    elif cell.to:
        assert after is cell.to[0]
    else:
        assert world.store.tables.sales.get(request_id.text) == before
    if cell.refuse is not None:
        assert isinstance(answer, RefusedAnswer)
        assert answer.refusal.reason is cell.refuse
    check_store(world.store)


def test_every_way_of_the_table_is_booked_and_no_other() -> None:
    ways = {(state, to) for state, row in GATEWAY.items() for cell in row.values() for to in cell.to}
    assert set(BOOKINGS) == ways


@pytest.mark.parametrize("state", list(GATEWAY))
@pytest.mark.parametrize("event", list(Event))
def test_no_event_leads_where_the_table_does_not(state: SaleState, event: Event) -> None:
    for to in SaleState:
        if to in GATEWAY[state][event].to:
            assert follow(state, event, to) is to
        else:
            with pytest.raises(AssertionError):
                follow(state, event, to)


