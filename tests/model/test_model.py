"""Every interleaving to small bounds (``world.py`` states them): nobody is charged twice, no outcome is told
that is none, no cash is kept, and all of it ends once the line is back.

Each of these walks its whole graph; how many states that was is printed, and may not shrink unseen.
"""

from typing import Final

import pytest

from medsettle.models import Collect
from tests.model.graph import Broken, Move, check_all_end, walk
from tests.model.world import World, checked

NOW: Final = Collect.NOW
WORLDS: Final[dict[str, tuple[World, int]]] = {
    "cash is collected while held": (World(), 50_000),
    "cash goes back once an id": (World(refunds_once=True), 50_000),
    "held without cash": (World(cash_fen=0), 33_000),
    "paid at once": (World(collect=NOW), 7_000),
    "paid at once without cash": (World(collect=NOW, cash_fen=0), 5_000),
    "another till undoes a held sale": (World(elsewhere=True), 80_000),
    "another till undoes a paid sale": (World(collect=NOW, elsewhere=True), 12_000),
    "a second attempt while held": (World(second_attempt=True, wishes=False, refusals=False), 30_000),
    "a second attempt paid at once": (World(collect=NOW, second_attempt=True), 45_000),
    "a remote authority": (World(remote=True), 190_000),
    "a remote authority, paid at once": (World(collect=NOW, remote=True), 120_000),
    "a remote authority, and another till": (
        World(collect=NOW, cash_fen=0, remote=True, elsewhere=True, refusals=False), 50_000
    ),
}


@pytest.mark.parametrize("name", WORLDS)
def test_no_interleaving_breaks_a_rule_and_every_one_ends(name: str) -> None:
    world, states_least = WORLDS[name]
    found = checked(world)
    print(f"{name}: {len(found.states):,} states, {len(found.fair):,} fair moves")
    assert len(found.states) >= states_least


def test_a_counterexample_tells_how_it_came_about() -> None:
    def moves(number: int) -> list[Move[int]]:
        return [Move(f"{number} and one", number + 1, True)] if number < 5 else []

    def rule(number: int) -> str | None:
        return "too many" if number > 2 else None

    with pytest.raises(Broken) as broken:
        walk([0], moves, rule, str)
    assert str(broken.value).splitlines() == [
        "too many", "   1. 0 and one", "   2. 1 and one", "   3. 2 and one", "  => 3",
    ]


def test_a_state_without_a_fair_way_to_an_end_is_found() -> None:
    def moves(number: int) -> list[Move[int]]:
        unfair = [Move("a trap", 9, False)] if number == 1 else []
        return [*unfair, Move("on", number + 1, True)] if number < 3 else []

    found = walk([0], moves, lambda _: None, str)
    with pytest.raises(Broken, match=r"it never ends[\s\S]*a trap[\s\S]*9"):
        check_all_end(found, found.fair, lambda number: number == 3, str)
