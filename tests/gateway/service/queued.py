"""Commands that stand in the queue together before the writer begins, so that they are one group."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from medsettle.wire.reasons import Reason
from medsettle.wire.states import SaleState
from medsettle_gateway.service.authority import Decided, Question
from medsettle_gateway.service.commands import Answer, Command, RefusedAnswer, SaleAnswer
from medsettle_gateway.service.desk import Rules
from medsettle_gateway.service.embedded import Embedded
from tests.gateway.service.memory_store import MemoryStore
from tests.gateway.service.world import World, a_city, beside, spawn, split

AT_ONCE = Rules(group_wait=timedelta(0))
ALONE = replace(AT_ONCE, group_count=1)
BRITTLE_FEN = 66_600
SPLITS = (
    split(10_000, 0, **{"a-father": 40_000}), split(25_000, 0, **{"a-father": 25_000}),
    split(25_000, 15_000, **{"a-father": 10_000}), split(10_000, 40_000), split(25_000, 25_000),
)


class Brittle(Embedded):
    """Breaks on one amount."""

    def decide(self, question: Question) -> Decided:
        if question.basket.lines[0].amount_fen == BRITTLE_FEN:
            raise RuntimeError("broken")
        return super().decide(question)


async def answers_of(world: World, commands: Sequence[Command]) -> list[Answer]:
    """Returns the answers to commands that all stand in the queue before the writer begins."""
    waiting = [beside(world.service(command)) for command in commands]
    for _ in range(3):
        await asyncio.sleep(0)
    world.writer.start(spawn)
    return [await each for each in waiting]


async def city(rules: Rules = AT_ONCE, store: MemoryStore | None = None) -> World:
    world = World(store=store or a_city(), rules=rules, deciding=Brittle)
    await world.open("a-father", 100_000)
    world.store.commits = 0
    return world


def states(answers: Sequence[Answer]) -> list[SaleState | Reason]:
    return [
        answer.sale.state if isinstance(answer, SaleAnswer) else answer.refusal.reason
        for answer in answers
        if isinstance(answer, SaleAnswer | RefusedAnswer)
    ]
