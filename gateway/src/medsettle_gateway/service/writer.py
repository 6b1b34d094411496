"""The writer: one queue, one command at a time, an answer only after its commit is on disk."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.errors import Refused, refuse
from medsettle_gateway.domain.sale import SaleRecord
from medsettle_gateway.service.commands import Answer, RefusedAnswer, SaleAnswer
from medsettle_gateway.service.desk import Decision, Desk, Now
from medsettle_gateway.service.instants import Instants
from medsettle_gateway.service.ports import Clock, Report, Spawn, Store, StoreUnavailableError
from medsettle_gateway.service.refused import unrecorded, unrecorded_of
from medsettle_gateway.service.settle import AskedSettle
from medsettle_gateway.service.use_cases import USE_CASES, Written, load_facts

_END: Final = None

Told = Callable[[SaleRecord], None]
"""Hears of every sale that has just been written, once it is on disk."""


def _nobody(sale: SaleRecord) -> None:
    """Hears nothing."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A command in the queue, when it must be begun at the latest, and who waits for the answer."""

    command: Written
    deadline_at: datetime | None
    answer: "asyncio.Future[Answer]"


class Writer:
    """Owns everything that is written. ``start`` it once; ``drain`` ends it."""

    def __init__(
        self, store: Store, clock: Clock, desk: Desk, report: Report, told: Told = _nobody
    ) -> None:
        self._told = told
        self._store = store
        self._clock = clock
        self._desk = desk
        self._report = report
        self._queue: asyncio.Queue[_Waiting | None] = asyncio.Queue()
        self._ended = asyncio.Event()
        self._draining = False
        self._instants = Instants(store, clock, report)

    def start(self, spawn: Spawn) -> None:
        """Begins to take commands from the queue."""
        work: Coroutine[Any, Any, None] = self._run()
        spawn(work, name="medsettle-writer")

    async def submit(self, command: Written, deadline_at: datetime | None = None) -> Answer:
        """Returns the answer once it is committed, or that nothing was done.

        OVERLOADED where the queue is full, SHUTTING_DOWN once draining, DEADLINE_PASSED where the command
        was not begun in time. A caller that goes away changes nothing: what is in the queue is done.
        """
        if self._draining:
            return unrecorded(Reason.SHUTTING_DOWN, request_id_of(command))
        rules = self._desk.rules
        if self._queue.qsize() >= rules.queue_count:
            refusal = unrecorded(Reason.OVERLOADED, request_id_of(command))
            return RefusedAnswer(refusal.refusal, False, refusal.request_id, rules.retry_ms)
        waiting = _Waiting(command, deadline_at, asyncio.get_running_loop().create_future())
        self._queue.put_nowait(waiting)
        return await waiting.answer

    async def drain(self) -> None:
        """Returns when everything in the queue is done. Nothing more is accepted."""
        if not self._draining:
            self._draining = True
            self._queue.put_nowait(_END)
        await self._ended.wait()

    async def _run(self) -> None:
        waiting: _Waiting | None = None
        try:
            while (waiting := await self._queue.get()) is not _END:
                _tell(waiting, await self._answer(waiting))
        finally:
            self._draining = True
            self._give_up(waiting)
            self._ended.set()

    def _give_up(self, at_hand: _Waiting | None) -> None:
        """Whoever still waits when the writer ends must not wait for ever."""
        left = [at_hand]
        while not self._queue.empty():
            left.append(self._queue.get_nowait())
        for waiting in left:
            if waiting is not None:
                _tell(waiting, unrecorded(Reason.SHUTTING_DOWN, request_id_of(waiting.command)))

    async def _answer(self, waiting: _Waiting) -> Answer:
        command, request_id = waiting.command, request_id_of(waiting.command)
        try:
            self._check_deadline(waiting)
            return await self._decide(waiting)
        except Refused as refused:
            return unrecorded_of(refused.refusal, request_id)
        except StoreUnavailableError as error:
            self._report(f"{type(command).__name__} {request_id}", error)
            return unrecorded(Reason.STORE_UNAVAILABLE, request_id)
        except Exception as error:  # noqa: BLE001 - it fails alone: whatever it was, the next one must be heard
            self._report(f"{type(command).__name__} {request_id}", error)
            return unrecorded(Reason.INTERNAL_ERROR, request_id)

    async def _decide(self, waiting: _Waiting) -> Answer:
        command, use_case = waiting.command, USE_CASES[type(waiting.command)]
        async with self._store.begin() as transaction:
            self._check_deadline(waiting)  # the database's lock may have been long in coming
            now = Now(self._desk, await self._instants.following())
            facts = await load_facts(transaction.load, use_case.needs, command, now)
            decision: Decision = use_case.decide(command, facts, now)
            if decision.moves:
                await transaction.write(decision.moves)
        if decision.moves and isinstance(decision.answer, SaleAnswer):
            self._told(decision.answer.sale)
        return decision.answer

    def _check_deadline(self, waiting: _Waiting) -> None:
        """Raises Refused, DEADLINE_PASSED, once nobody waits for the answer any more."""
        if waiting.deadline_at is not None and self._clock.now() >= waiting.deadline_at:
            raise refuse(Reason.DEADLINE_PASSED)


def _tell(waiting: _Waiting, answer: Answer) -> None:
    if not waiting.answer.done():
        waiting.answer.set_result(answer)


def request_id_of(command: Written) -> str:
    """Returns the request id of a command, or nothing for a terminal's."""
    named = command.command if isinstance(command, AskedSettle) else command
    return str(getattr(named, "request_id", ""))
