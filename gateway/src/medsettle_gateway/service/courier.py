"""The courier: takes to remote authorities what was committed, and back to the writer what they said.

It keeps nothing that the store does not: after a restart, and in another process, errands are taken up where
they stand. A question is sent once, by the process that committed it; after that the authority is only asked
what became of it.
"""

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import Any, Final

from medsettle.wire.reasons import Reason
from medsettle.wire.states import SaleState
from medsettle_gateway.domain.errors import Refusal, Refused, refuse
from medsettle_gateway.domain.sale import RefusalRecord, SaleRecord
from medsettle_gateway.domain.upstream import DueErrand
from medsettle_gateway.service.authority import Decided, Question
from medsettle_gateway.service.commands import Answer, ErrandAnswer, RefusedAnswer, SaleAnswer, Shown
from medsettle_gateway.service.desk import Desk
from medsettle_gateway.service.errands import Heard, TakeErrand
from medsettle_gateway.service.patience import Patience
from medsettle_gateway.service.places import Places
from medsettle_gateway.service.ports import Clock, Report, Spawn, Store
from medsettle_gateway.service.refused import unrecorded
from medsettle_gateway.service.remote import RemoteAuthority, Said, SettledThere, UnknownThere
from medsettle_gateway.service.settle import AskedSettle
from medsettle_gateway.service.use_cases import Written
from medsettle_gateway.service.writer import Writer

_ASKED: Final = frozenset({SaleState.PENDING, SaleState.UNDOING})
_LOOKS_COUNT: Final = 16
"""A look for errands is at this many times the places of one authority."""


class AuthorityError(Exception):
    """An authority is named that this process cannot reach, or one contradicts what is recorded."""


class Courier:
    """Asks remote authorities, a bounded number of sales at once. ``start`` it once; ``stop`` ends it."""

    def __init__(
        self, store: Store, clock: Clock, writer: Writer, desk: Desk, report: Report, spawn: Spawn
    ) -> None:
        self._store = store
        self._clock = clock
        self._writer = writer
        self._desk = desk
        self._report = report
        self._spawn = spawn
        self._patience = Patience(clock, spawn)
        self._settles = Places(desk.rules.errand_count)
        self._quotes = Places(desk.rules.errand_count)
        self._errands = Places(desk.rules.errand_count)
        self._sales = Places(1)
        """Those that this process has in hand, by request id."""
        self._waiting: dict[str, list[asyncio.Future[None]]] = {}
        self._poked: asyncio.Future[None] | None = None
        self._looked: DueErrand | None = None
        """Up to where the last look for errands came, if there were more."""
        self._stopped = False

    def start(self) -> None:
        """Begins to look for errands."""
        self._spawn(self._run(), name="medsettle-courier")

    def stop(self) -> None:
        """Takes no more errands up, and lets nobody wait any longer.

        What is under way may be cancelled: it is found again.
        """
        self._stopped = True
        self._poke()
        for request_id in tuple(self._waiting):
            self._tell(request_id)

    async def settle(self, asked: AskedSettle, name: str, deadline_at: datetime | None) -> Answer:
        """Returns what the writer answered, having seen to it that the authority of that name is asked.

        OVERLOADED where too many sales are with it already. A caller that goes away changes nothing.
        """
        if self._settles.left_count(name) <= 0:
            refusal, request_id = RefusalRecord(Reason.OVERLOADED), asked.command.request_id.text
            return RefusedAnswer(refusal, False, request_id, self._desk.rules.retry_ms)
        answered: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._settles.take(name)
        asking = self._spawn(self._sent(asked, deadline_at, answered), name="medsettle-asking")
        asking.add_done_callback(lambda _: self._settles.leave(name))
        return await answered

    async def quoted(self, question: Question, credential: Shown, deadline_at: datetime | None) -> Decided:
        """Returns what a sale would come to there.

        Raises Refused: its refusal, AUTHORITY_UNAVAILABLE, OVERLOADED where too many quotes wait for it.
        """
        name = self._desk.remotes.of(question.institution)
        authority = self._desk.remotes.authorities.get(name)
        if authority is None:
            raise refuse(Reason.AUTHORITY_UNAVAILABLE, authority=name)
        if self._quotes.left_count(name) <= 0:
            raise refuse(Reason.OVERLOADED, authority=name)
        asking, longest = authority.quote(question, credential), self._desk.rules.authority_wait
        if deadline_at is not None:
            longest = min(longest, deadline_at - self._clock.now() - self._desk.rules.answer_margin)
        try:
            with self._quotes.taken(name):
                said = await self._patience.within(
                    asking, max(0, longest.total_seconds()), name="medsettle-authority"
                )
        except Exception as error:  # noqa: BLE001 - what is beyond the house may fail in any way
            self._report(f"quote {name}", error)
            said = None
        if isinstance(said, Refusal):
            raise Refused(said)
        if said is None or isinstance(said, UnknownThere):
            raise refuse(Reason.AUTHORITY_UNAVAILABLE, authority=name)
        return said

    @contextmanager
    def listening(self, request_id: str) -> Iterator["asyncio.Future[None]"]:
        """Gives what is done once an authority's word has moved the sale on, by this process."""
        told: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(request_id, []).append(told)
        try:
            yield told
        finally:
            left = [each for each in self._waiting[request_id] if each is not told]
            if left:
                self._waiting[request_id] = left
            else:
                del self._waiting[request_id]

    async def answered(
        self, command: Written, first: Answer, told: "asyncio.Future[None]", deadline_at: datetime | None
    ) -> Answer:
        """Returns the answer once the authority has said, or the first one where that takes too long."""
        if not _is_open(first) or deadline_at is None:
            return first
        self._poke()
        left = deadline_at - self._clock.now() - self._desk.rules.answer_margin
        if left.total_seconds() <= 0 or not await self._patience.until(told, left.total_seconds()):
            return first
        again = await self._writer.submit(command, deadline_at)
        # What is known by now must not be hidden by a queue that is full.
        return first if isinstance(again, RefusedAnswer) and not again.recorded else again

    async def sweep(self) -> int:
        """Returns how many errands were begun: those that are due, as far as their authority has room.

        A look goes on where the last one came to: those of an authority that does not answer hide no other's.
        """
        limit = _LOOKS_COUNT * self._desk.rules.errand_count
        due = await self._store.due_errands(self._clock.now(), limit, self._looked)
        self._looked = due[-1] if len(due) == limit else None
        begun_count = 0
        for request_id, _, name in due:
            if self._sales.left_count(request_id) > 0 and self._errands.left_count(name) > 0:
                self._errands.take(name)
                errand = self._spawn(self._errand(request_id), name="medsettle-errand")
                errand.add_done_callback(partial(self._left, name))
                begun_count += 1
        return begun_count

    def _left(self, name: str, _: "asyncio.Future[None]") -> None:
        self._errands.leave(name)

    async def _run(self) -> None:
        interval_s = self._desk.rules.errand_interval.total_seconds()
        while not self._stopped:
            self._poked = asyncio.get_running_loop().create_future()
            try:
                await self.sweep()
            except Exception as error:  # noqa: BLE001 - whatever it was, the next look must come
                self._report("courier", error)
            await self._patience.until(self._poked, interval_s)

    def _poke(self) -> None:
        if self._poked is not None and not self._poked.done():
            self._poked.set_result(None)

    async def _sent(
        self, asked: AskedSettle, deadline_at: datetime | None, answered: "asyncio.Future[Answer]"
    ) -> None:
        """Submits what is asked and, if that committed a question, sends it: this once."""
        request_id, began_at = asked.command.request_id.text, self._clock.now()
        answer: Answer = unrecorded(Reason.SHUTTING_DOWN, request_id)
        with self._sales.taken(request_id):
            try:
                answer = await self._writer.submit(asked, deadline_at)
            finally:
                if not answered.done():
                    answered.set_result(answer)
            # Later than that others may have asked what became of it: then it must not be sent any more.
            in_time = self._clock.now() - began_at <= self._desk.rules.errand_margin
            if isinstance(answer, SaleAnswer) and answer.to_send and in_time:
                await self._sent_on(answer.sale, asked.command.credential)

    async def _sent_on(self, sale: SaleRecord, credential: Shown) -> None:
        authority = self._authority(sale)
        if authority is not None:
            said = await self._said(authority.decide(sale, credential), sale)
            if await self._heard(sale.request_id.text, said, 0):
                await self._errand(sale.request_id.text)

    async def _errand(self, request_id: str) -> None:
        """Asks for as long as each answer leads to the next question; else the errand is due again later."""
        with self._sales.taken(request_id):
            while not self._stopped:
                taken = await self._writer.submit(TakeErrand(request_id))
                if not isinstance(taken, ErrandAnswer) or taken.sale is None:
                    return
                authority = self._authority(taken.sale)
                if authority is None:
                    return
                undoes = taken.sale.state is SaleState.UNDOING
                asking = authority.undo(taken.sale) if undoes else authority.resolve(taken.sale)
                said = await self._said(asking, taken.sale)
                if not await self._heard(request_id, said, taken.attempts):
                    return

    def _authority(self, sale: SaleRecord) -> RemoteAuthority | None:
        name = sale.upstream.authority if sale.upstream else ""
        found = self._desk.remotes.authorities.get(name)
        if found is None:
            self._report(f"ask {sale.request_id}", AuthorityError(f"no authority {name!r} is set up here"))
        return found

    async def _said(self, asking: Coroutine[Any, Any, Said], sale: SaleRecord) -> Said:
        """What the authority said; that nothing is known where it fails or takes too long."""
        longest_s = self._desk.rules.authority_wait.total_seconds()
        try:
            said = await self._patience.within(asking, longest_s, name="medsettle-authority")
        except Exception as error:  # noqa: BLE001 - what is beyond the house may fail in any way
            self._report(f"ask {sale.request_id}", error)
            return UnknownThere()
        return UnknownThere() if said is None else said

    async def _heard(self, request_id: str, said: Said, attempts: int) -> bool:
        """Returns whether the word moved the sale on. One that could not be written is asked for again."""
        answer = await self._writer.submit(Heard(request_id, said, attempts))
        if isinstance(said, UnknownThere) or not isinstance(answer, SaleAnswer):
            return False
        is_asked = answer.sale.state in _ASKED
        if isinstance(said, SettledThere) and not (is_asked or answer.sale.settlements):
            what = f"{answer.sale.state}, and its authority has charged it after all"
            self._report(f"heard of {request_id}", AuthorityError(what))
        if not is_asked:
            self._tell(request_id)
        return True

    def _tell(self, request_id: str) -> None:
        for told in self._waiting.get(request_id, ()):
            if not told.done():
                told.set_result(None)


def _is_open(answer: Answer) -> bool:
    return isinstance(answer, SaleAnswer) and answer.sale.state in _ASKED
