"""What stood a moment ago is answered again for a second, and not longer."""

from collections.abc import Sequence
from dataclasses import replace

from medsettle_gateway.domain.facts import State
from medsettle_gateway.domain.keys import AnyKey, Facts, TerminalKey
from medsettle_gateway.service.recently import Recently
from tests.gateway.service.world import CLINIC, HandClock, a_city

TILL, UNKNOWN = TerminalKey(f"{CLINIC}-1"), TerminalKey("nobody")


class Counted:
    """A store whose loads are counted."""

    def __init__(self) -> None:
        self.store = a_city()
        self.asked: list[AnyKey] = []

    async def load(self, keys: Sequence[AnyKey]) -> Facts:
        self.asked += keys
        return await self.store.load(keys)

    def suspend(self) -> None:
        tables = self.store.tables
        tables.terminals[TILL.terminal] = replace(tables.terminals[TILL.terminal], state=State.SUSPENDED)


async def test_what_was_seen_within_the_second_is_not_asked_for_again() -> None:
    counted, clock = Counted(), HandClock()
    recently = Recently(counted.load, clock)
    first = await recently.load((TILL,))
    clock.forward(seconds=0.9)
    assert (await recently.load((TILL,))).of(TILL) == first.of(TILL)
    assert counted.asked == [TILL]


async def test_a_suspension_reaches_everyone_within_a_second() -> None:
    counted, clock = Counted(), HandClock()
    recently = Recently(counted.load, clock)
    await recently.load((TILL,))
    counted.suspend()
    clock.forward(seconds=1)
    found = (await recently.load((TILL,))).of(TILL)
    assert found is not None
    assert found.state is State.SUSPENDED


async def test_what_was_seen_before_the_clock_was_set_back_is_asked_for_again() -> None:
    counted, clock = Counted(), HandClock()
    recently = Recently(counted.load, clock)
    await recently.load((TILL,))
    clock.forward(hours=-1)
    await recently.load((TILL,))
    assert counted.asked == [TILL, TILL]


async def test_what_is_not_there_is_asked_for_each_time() -> None:
    counted = Counted()
    recently = Recently(counted.load, HandClock())
    for _ in range(2):
        assert (await recently.load((UNKNOWN,))).of(UNKNOWN) is None
    assert counted.asked == [UNKNOWN, UNKNOWN]


async def test_no_more_is_kept_than_its_limit() -> None:
    counted = Counted()
    recently = Recently(counted.load, HandClock())
    recently.most_count = 1  # type: ignore[misc]
    for key in (TILL, TerminalKey(f"{CLINIC}-2"), TILL):
        await recently.load((key,))
    assert len(counted.asked) == 3
