"""The chainer: covers new entries by blocks of the chain, now and then, in bounded steps."""

from typing import Final

from medsettle_gateway.service.desk import Rules
from medsettle_gateway.service.ports import Clock, Report, Spawn, Store

STEPS_MOST: Final = 100
"""Blocks of one run: after a large import the next runs go on."""


class Chainer:
    """Asks the store to chain what waits. ``start`` it once; ``stop`` ends it with nothing left waiting."""

    def __init__(self, store: Store, clock: Clock, rules: Rules, report: Report) -> None:
        self._store = store
        self._clock = clock
        self._rules = rules
        self._report = report
        self._stopped = False

    def start(self, spawn: Spawn) -> None:
        """Begins to chain."""
        spawn(self._run(), name="medsettle-chainer")

    async def chain(self) -> int:
        """Returns how many entries were chained. Raises StoreUnavailableError."""
        chained_count = 0
        for _ in range(STEPS_MOST):
            step_count = await self._store.chain(self._rules.chain_count, self._clock.now())
            chained_count += step_count
            if step_count < self._rules.chain_count:
                break
        return chained_count

    async def stop(self) -> None:
        """Ends it, and chains what was written last: nobody writes any more."""
        self._stopped = True
        await self._try()

    async def _run(self) -> None:
        while not self._stopped:
            await self._try()
            await self._clock.sleep(self._rules.chain_interval.total_seconds())

    async def _try(self) -> None:
        try:
            await self.chain()
        except Exception as error:  # noqa: BLE001 - whatever it was, the next run must come
            self._report("chain", error)
