"""Operators at work in the world: what they do is one transaction, and the books hold afterwards."""

from collections.abc import Callable
from typing import Any

from medsettle_gateway.domain.ids import RequestId
from medsettle_gateway.domain.keys import Facts
from medsettle_gateway.domain.sale import SaleRecord
from medsettle_gateway.service import office
from medsettle_gateway.service.commands import SaleAnswer
from medsettle_gateway.service.desk import Now
from medsettle_gateway.service.office import PayAsShown, ReverseByOffice, SettleAgain
from medsettle_gateway.service.use_cases import load_facts
from tests.gateway.service.books_hold import check_store
from tests.gateway.service.world import World

TWO = ("wang", "zhao")


async def does(
    world: World, command: Any, needs: Callable[..., Any], decide: Callable[..., Any]
) -> SaleRecord:
    now = Now(world.desk, world.clock.at)
    async with world.store.begin() as transaction:
        facts: Facts = await load_facts(transaction.load, needs, command, now)
        decision = decide(command, facts, now)
        await transaction.write(decision.moves)
    assert isinstance(decision.answer, SaleAnswer)
    check_store(world.store)
    return decision.answer.sale


async def repairs(world: World, command: SettleAgain | PayAsShown) -> SaleRecord:
    return await does(world, command, office.needs_repair, office.repair)


async def reverses(world: World, request_id: RequestId, authors: tuple[str, ...] = TWO) -> SaleRecord:
    command = ReverseByOffice(request_id, "counted twice", authors)
    return await does(world, command, office.needs_reverse, office.reverse)
