"""The writer: one queue, groups of commands in one transaction, answers only after it is on disk."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from medsettle.wire.reasons import Reason
from medsettle_gateway.domain.errors import Refused
from medsettle_gateway.domain.sale import SaleRecord
from medsettle_gateway.service.aside import Aside
from medsettle_gateway.service.commands import Answer, RefusedAnswer, SaleAnswer
from medsettle_gateway.service.desk import Desk
from medsettle_gateway.service.group import Group, Outcome, Waiting
from medsettle_gateway.service.instants import Instants
from medsettle_gateway.service.ports import (
    Clock,
    ContendedError,
    Report,
    Spawn,
    Store,
    StoreUnavailableError,
)
from medsettle_gateway.service.refused import unrecorded, unrecorded_of
from medsettle_gateway.service.replacing import AskedReturn
from medsettle_gateway.service.settle import AskedSettle
from medsettle_gateway.service.use_cases import Written

_END: Final = None

Told = Callable[[SaleRecord], None]
"""Hears of every sale that has just been written, once it is on disk."""


def _nobody(sale: SaleRecord) -> None:
    """Hears nothing."""


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
        self._queue: asyncio.Queue[Waiting | None] = asyncio.Queue()
        self._at_hand: list[Waiting] = []
        self._ended = asyncio.Event()
        self._started = self._draining = False
        self._instants = Instants(store, clock, report)
        self._aside = Aside(clock, desk.rules, self._settle_again)
        self._trying_again: asyncio.Future[None] | None = None

    def start(self, spawn: Spawn) -> None:
        """Begins to take commands from the queue."""
        work: Coroutine[Any, Any, None] = self._run()
        self._started = True
        spawn(work, name="medsettle-writer")
        self._trying_again = spawn(self._aside.run(), name="medsettle-writer-aside")

    async def submit(self, command: Written, deadline_at: datetime | None = None) -> Answer:
        """Returns the answer once it is committed, or that nothing was done.

        OVERLOADED where the queue is full, SHUTTING_DOWN once draining, DEADLINE_PASSED where the command
        was not begun in time. A caller that goes away changes nothing: what is in the queue is done.
        """
        if self._draining:
            return unrecorded(Reason.SHUTTING_DOWN, request_id_of(command))
        rules = self._desk.rules
        if self._queue.qsize() >= rules.queue_count:
            return self._overloaded(command)
        waiting = Waiting(command, deadline_at, asyncio.get_running_loop().create_future())
        self._queue.put_nowait(waiting)
        return await waiting.answer

    async def drain(self) -> None:
        """Returns when everything in the queue is done. Nothing more is accepted.

        If it was never started, what waits is told so: SHUTTING_DOWN.
        """
        if not self._started:
            self._draining = True
            self._give_up()
            return
        if not self._draining:
            self._draining = True
            self._queue.put_nowait(_END)
        await self._ended.wait()

    async def _run(self) -> None:
        try:
            await self._look_at_the_clock()
            while await self._form():
                await self._settle(self._at_hand)
            self._at_hand = []
            await self._aside.emptied()
            if self._trying_again is not None:
                self._trying_again.cancel()  # drained, nothing is put aside any more
        finally:
            self._draining = True
            self._give_up()
            self._ended.set()

    async def _look_at_the_clock(self) -> None:
        try:
            await self._instants.look()
        except Exception as error:  # noqa: BLE001 - whoever comes first asks again: the writer must not end
            self._report("clock", error)

    async def _form(self) -> bool:
        """Takes the next group in hand. Returns False once the end of the queue is all that is in it.

        Who is alone goes at once; where others came meanwhile, still others are on their way.
        """
        rules = self._desk.rules
        self._at_hand = []
        first = await self._queue.get()
        if first is _END:
            return False
        self._at_hand.append(first)
        if self._take() and rules.group_wait and len(self._at_hand) < rules.group_count:
            await self._clock.sleep(rules.group_wait.total_seconds())
            self._take()
        return True

    def _take(self) -> bool:
        """Takes from the queue what the group has room for; returns whether there was anything."""
        found = False
        while len(self._at_hand) < self._desk.rules.group_count and not self._queue.empty():
            waiting = self._queue.get_nowait()
            if waiting is _END:
                self._queue.put_nowait(_END)  # nothing comes after it: it is met again with nothing before it
                return False
            self._at_hand.append(waiting)
            found = True
        return found

    async def _settle(self, group: Sequence[Waiting]) -> None:
        """Answers every command of a group. What cannot be done as a group is run one by one."""
        late = self._late(group)
        for waiting, refused in late.items():
            waiting.tell(refused)
        in_time = [waiting for waiting in group if waiting not in late]
        if not in_time:
            return
        try:
            outcomes, aside = await self._uncontended(in_time)
        except StoreUnavailableError as error:
            self._report(_named(in_time), error)
            _tell_all(in_time, Reason.STORE_UNAVAILABLE)
        except Exception as error:  # noqa: BLE001 - whose fault it is shows when each runs alone
            self._report(_named(in_time), error)
            if len(in_time) == 1:
                contended = isinstance(error, ContendedError)
                _tell_all(in_time, Reason.STORE_UNAVAILABLE if contended else Reason.INTERNAL_ERROR)
            else:
                for waiting in in_time:
                    await self._settle((waiting,))
        else:
            self._answer(outcomes)
            for waiting in aside:
                self._put_aside(waiting)

    async def _settle_again(self, aside: Sequence[Waiting]) -> None:
        """Many may be due at once that were put aside: their groups are as large as any other."""
        most_count = self._desk.rules.group_count
        for begins in range(0, len(aside), most_count):
            await self._settle(aside[begins : begins + most_count])

    def _put_aside(self, waiting: Waiting) -> None:
        """Whoever stands on what another process holds comes back, and keeps nobody else waiting."""
        if not waiting.aside_count and not self._aside.room():
            waiting.tell(self._overloaded(waiting.command))
        elif not self._aside.put(waiting):
            self._report(_named((waiting,)), ContendedError("another process holds it all the time"))
            _tell_all((waiting,), Reason.STORE_UNAVAILABLE)

    async def _uncontended(self, group: Sequence[Waiting]) -> tuple[list[Outcome], list[Waiting]]:
        """Runs a group until nothing changes under it; returns what was decided, and who was put aside.

        Raises ContendedError after too many times.
        """
        rules = self._desk.rules
        for again_count in range(rules.again_count):
            try:
                return await self._transact(group)
            except ContendedError:
                await self._clock.sleep(rules.again_wait.total_seconds() * (again_count + 1))
        return await self._transact(group)

    async def _transact(self, group: Sequence[Waiting]) -> tuple[list[Outcome], list[Waiting]]:
        async with self._store.begin() as transaction:
            running = Group(transaction, self._desk, self._instants, self._late, self._fault)
            return await running.run(group), running.aside

    def _answer(self, outcomes: Sequence[Outcome]) -> None:
        for waiting, decision in outcomes:
            waiting.tell(decision.answer)
            if decision.moves and isinstance(decision.answer, SaleAnswer):
                self._tell_others(decision.answer.sale)

    def _tell_others(self, sale: SaleRecord) -> None:
        try:
            self._told(sale)
        except Exception as error:  # noqa: BLE001 - the sale stands, whatever they make of it
            self._report(f"told of {sale.request_id}", error)

    def _overloaded(self, command: Written) -> Answer:
        refusal = unrecorded(Reason.OVERLOADED, request_id_of(command))
        return RefusedAnswer(refusal.refusal, False, refusal.request_id, self._desk.rules.retry_ms)

    def _late(self, asked: Iterable[Waiting]) -> dict[Waiting, Answer]:
        """Nobody waits for what has passed its deadline: it is not begun."""
        now = self._clock.now()
        return {
            waiting: unrecorded(Reason.DEADLINE_PASSED, request_id_of(waiting.command))
            for waiting in asked if waiting.deadline_at is not None and waiting.deadline_at <= now
        }

    def _fault(self, waiting: Waiting, error: Exception) -> Answer:
        request_id = request_id_of(waiting.command)
        if isinstance(error, Refused):
            return unrecorded_of(error.refusal, request_id)
        self._report(f"{type(waiting.command).__name__} {request_id}", error)
        return unrecorded(Reason.INTERNAL_ERROR, request_id)

    def _give_up(self) -> None:
        """Whoever still waits when the writer ends must not wait for ever."""
        left: list[Waiting | None] = [*self._at_hand, *self._aside.left()]
        while not self._queue.empty():
            left.append(self._queue.get_nowait())
        for waiting in left:
            if waiting is not None:
                waiting.tell(unrecorded(Reason.SHUTTING_DOWN, request_id_of(waiting.command)))


def _tell_all(group: Sequence[Waiting], reason: Reason) -> None:
    for waiting in group:
        waiting.tell(unrecorded(reason, request_id_of(waiting.command)))


def _named(group: Sequence[Waiting]) -> str:
    """For the log: the first command of a group, and how many there are besides."""
    first = group[0].command
    others = f" and {len(group) - 1} more" if len(group) > 1 else ""
    return f"{type(first).__name__} {request_id_of(first)}{others}"


def request_id_of(command: Written) -> str:
    """Returns the request id of a command, or nothing for a terminal's."""
    named = command.command if isinstance(command, AskedSettle | AskedReturn) else command
    return str(getattr(named, "request_id", ""))
