"""A group comes to what its commands come to one by one."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from medsettle.wire.states import Event
from medsettle_gateway.domain.asked import Collect
from medsettle_gateway.domain.ids import RequestId
from medsettle_gateway.domain.sale import SaleRecord
from medsettle_gateway.service.change import tombstone
from medsettle_gateway.service.commands import Expire, Shown
from medsettle_gateway.service.desk import Rules
from tests.gateway.service.memory_store import Tables
from tests.gateway.service.queued import ALONE, AT_ONCE, BRITTLE_FEN, SPLITS, answers_of, city
from tests.gateway.service.world import CLINIC, DAUGHTER, FATHER, NO_ACCOUNT, NOON, World, basket, line


def request_ids() -> st.SearchStrategy[RequestId]:
    parts = st.tuples(st.sampled_from("12"), st.integers(1, 3), st.integers(1, 2))
    return parts.map(lambda found: RequestId.parse(f"{CLINIC}-{found[0]}-20260702-{found[1]}-{found[2]}"))


@dataclass(frozen=True)
class Wish:
    """A command that can be made for any world."""

    make: Callable[[World], Any]
    name: str

    def __repr__(self) -> str:
        return self.name


@st.composite
def wishes(draw: st.DrawFn) -> Wish:
    request_id = draw(request_ids())
    kind = draw(st.sampled_from(("settle",) * 3 + ("confirm", "release", "reverse", "seal", "expire")))
    if kind == "settle":
        return draw(settles(request_id))
    name = f"{kind} {request_id}"
    if kind == "expire":
        return Wish(lambda _: Expire(request_id.text), name)
    if kind == "confirm":
        return Wish(lambda world: world.confirm(sealed(request_id)), name)
    return Wish(lambda world: getattr(world, kind)(request_id), name)


@st.composite
def settles(draw: st.DrawFn, request_id: RequestId) -> Wish:
    who = draw(st.sampled_from((FATHER, DAUGHTER, NO_ACCOUNT, "m-nobody")))
    shown = Shown("ELECTRONIC", f"{who}#{draw(st.integers(1, 4))}")
    amount_fen = draw(st.sampled_from((50_000, 50_000, 50_000, BRITTLE_FEN)))
    changes: dict[str, Any] = {
        "credential": shown,
        "basket": basket(line(amount_fen=amount_fen)),
        "expected": draw(st.sampled_from(SPLITS)),
        "collect": draw(st.sampled_from(Collect)),
        "acknowledgements": draw(st.sampled_from(((), ("POSSIBLE_DUPLICATE",)))),
    }
    name = f"settle {request_id} {changes}"
    return Wish(lambda world: world.settle(request_id, **changes), name)


def sealed(request_id: RequestId) -> SaleRecord:
    """Returns as much of a sale as a confirmation is made of."""
    return tombstone(request_id, Event.SEAL, "li", NOON, NOON)


@settings(max_examples=150, deadline=None)
@given(st.lists(wishes(), min_size=2, max_size=12))
def test_a_group_comes_to_what_its_commands_come_to_one_by_one(found: list[Wish]) -> None:
    async def played(rules: Rules) -> tuple[list[Any], Tables]:
        world = await city(rules)
        answers = await answers_of(world, [wish.make(world) for wish in found])
        await world.writer.drain()
        return answers, world.store.tables

    together, tables = asyncio.run(played(AT_ONCE))
    one_by_one, expected = asyncio.run(played(ALONE))
    assert together == one_by_one
    assert without_order(tables) == without_order(expected)


def without_order(tables: Tables) -> dict[str, Any]:
    """Everything that is kept; entries of sales that share nothing may stand in any order."""
    return {**vars(tables), "entries": sorted(map(repr, tables.entries.values()))}
