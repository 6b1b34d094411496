"""Commands that stand on what another process holds: they come back, and nobody waits for them.

They are tried again together, each ever more rarely. The pauses are counted and not read off the clock, which
may be set back meanwhile.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from medsettle_gateway.service.desk import Rules
from medsettle_gateway.service.group import Waiting
from medsettle_gateway.service.ports import Clock

Again = Callable[[Sequence[Waiting]], Awaitable[None]]
"""Runs commands again; those that still cannot be had are put aside anew."""
_DOUBLED_MOST: Final = 16


class Aside:
    """At most ``rules.aside_count`` commands. ``run`` it beside the writer."""

    def __init__(self, clock: Clock, rules: Rules, again: Again) -> None:
        self._clock = clock
        self._rules = rules
        self._again = again
        self._pauses: dict[Waiting, int] = {}
        self._at_hand: dict[Waiting, None] = {}
        self._ended = False
        self._some = asyncio.Event()
        self._none = asyncio.Event()
        self._none.set()

    def room(self) -> bool:
        """Returns whether another command may be put aside."""
        return len(self._pauses) + len(self._at_hand) < self._rules.aside_count

    def put(self, waiting: Waiting) -> bool:
        """Keeps a command for later; returns False once it was tried too often, and it is not kept."""
        if self._ended or waiting.aside_count >= self._rules.aside_again_count:
            return False
        # It waits in one place only: who is being tried again would count twice, and be told twice.
        self._at_hand.pop(waiting, None)
        self._pauses[waiting] = self._pauses_before(waiting.aside_count)
        waiting.aside_count += 1
        self._none.clear()
        self._some.set()
        return True

    async def emptied(self) -> None:
        """Returns when none is left: each is answered, or was given up."""
        await self._none.wait()

    async def run(self) -> None:
        """Tries again what was put aside, until it is cancelled."""
        try:
            while True:
                await self._some.wait()
                await self._try_again()
        finally:
            # However it ends: nothing is tried any more, and nobody may wait for that.
            self._ended = True
            self._none.set()

    async def _try_again(self) -> None:
        await self._clock.sleep(self._rules.aside_wait.total_seconds())
        due = self._due()
        self._at_hand = dict.fromkeys(due)
        if due:
            await self._again(due)
        self._at_hand = {}
        if not self._pauses:
            self._some.clear()
            self._none.set()

    def left(self) -> list[Waiting]:
        """Returns everyone who still waits, those included who are being tried again."""
        return [*self._at_hand, *self._pauses]

    def _due(self) -> list[Waiting]:
        self._pauses = {waiting: pauses - 1 for waiting, pauses in self._pauses.items()}
        due = [waiting for waiting, pauses in self._pauses.items() if pauses <= 0]
        for waiting in due:
            del self._pauses[waiting]
        return due

    def _pauses_before(self, aside_count: int) -> int:
        most = self._rules.aside_wait_most // self._rules.aside_wait
        return int(min(2 ** min(aside_count, _DOUBLED_MOST), most))
