"""One prescription over any course of sales, holds, returns and ends: never beyond its quantity."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from medsettle.wire.states import SaleState
from medsettle_gateway.service.commands import Command, SaleAnswer
from tests.gateway.service.books_hold import check_store
from tests.gateway.service.rx import circulating, drawn, rx_basket, rx_line, withdraw
from tests.gateway.service.test_dispensing import settle
from tests.gateway.service.test_replacing import returning
from tests.gateway.service.world import PHARMACY, World, caller, split

ACTS = ("sell", "hold", "release", "confirm", "reverse", "end", "withdraw", "return")


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(ACTS), st.integers(1, 4)), max_size=14))
async def test_whatever_is_done_the_store_holds_and_no_drug_comes_to_more_than_is_prescribed(
    acts: list[tuple[str, int]]
) -> None:
    world = await World().started()
    await circulating(world, dispensings=2)
    sales: list[Any] = []
    for act, quantity in acts:
        await _done(world, act, quantity, sales)
        assert 0 <= drawn(world) <= 6
        check_store(world.store)


async def _done(world: World, act: str, quantity: int, sales: list[Any]) -> None:
    latest = sales[-1] if sales else None
    if act in {"sell", "hold"}:
        command = settle(world, rx_basket(rx_line(quantity=quantity)))
        if act == "hold":
            command = replace(command, collect=type(command.collect).LATER)
        answer = await world.ask(command)
        if isinstance(answer, SaleAnswer):
            sales.append(answer.sale)
    elif act == "withdraw":
        await world.ask(withdraw())
    elif act == "return":
        await _returned(world, quantity, sales)
    elif act == "end":
        world.clock.at += timedelta(minutes=11)
    elif latest is not None:
        end: Command = world.confirm(latest)
        if act != "confirm":
            end = world.release(latest.request_id) if act == "release" else world.reverse(latest.request_id)
        await world.ask(end)


async def _returned(world: World, quantity: int, sales: list[Any]) -> None:
    """All but so much of the latest sale comes back."""
    if not sales:
        return
    command = returning(
        world, sales[-1], rx_line(quantity=quantity), request_id=world.request_id(PHARMACY),
        caller=caller("1", PHARMACY), expected=split(0, quantity * 10_000),
    )
    answer = await world.ask(command)
    if isinstance(answer, SaleAnswer):
        assert answer.sale.state is SaleState.SETTLED
        sales.append(answer.sale)
