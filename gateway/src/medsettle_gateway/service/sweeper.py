"""The sweeper: frees what ended holds reserve, in bounded batches.

It decides nothing: expiry is a comparison in each decision.
"""

from typing import Final

from medsettle_gateway.service.commands import Expire
from medsettle_gateway.service.desk import Rules
from medsettle_gateway.service.ports import Clock, Report, Spawn, Store
from medsettle_gateway.service.writer import Writer

_ROUND_MOST_BATCHES: Final = 50
"""So many batches are looked past before all that are due are tried again."""


class Sweeper:
    """Asks for what is due, now and then, and hands it to the writer.

    What stays due although it was handed over (its till has not compared yet after a restore, or it fails)
    must not keep the others waiting: it is tried again once all others were.
    """

    def __init__(self, store: Store, clock: Clock, writer: Writer, rules: Rules, report: Report) -> None:
        self._store = store
        self._clock = clock
        self._writer = writer
        self._rules = rules
        self._report = report
        self._tried: dict[str, None] = {}
        self._stopped = False

    def start(self, spawn: Spawn) -> None:
        """Begins to sweep."""
        spawn(self._run(), name="medsettle-sweeper")

    def stop(self) -> None:
        """Ends it after the batch at hand."""
        self._stopped = True

    async def sweep(self) -> int:
        """Returns how many sales were handed to the writer; at most one batch."""
        now, most = self._clock.now(), self._rules.sweep_count
        limit = most + len(self._tried)
        found = await self._store.due_sales(now, now - self._rules.late_confirm, limit)
        due = [request_id for request_id in found if request_id not in self._tried][:most]
        self._tried |= dict.fromkeys(due)
        if len(due) < most or len(self._tried) > _ROUND_MOST_BATCHES * most:
            self._tried.clear()
        for request_id in due:
            await self._writer.submit(Expire(request_id))
        return len(due)

    async def _run(self) -> None:
        while not self._stopped:
            try:
                await self.sweep()
            except Exception as error:  # noqa: BLE001 - whatever it was, the next sweep must come
                self._report("sweep", error)
            await self._clock.sleep(self._rules.sweep_interval.total_seconds())
