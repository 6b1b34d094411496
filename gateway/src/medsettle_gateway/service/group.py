"""One transaction for many commands: load for all of them, decide one after another, write as a set.

Each command has its own fate: one that fails fails alone. Of two that share something the second is decided
only once the first one's moves are written, within the same transaction, and so it sees them. What concerns
the queue is in :mod:`medsettle_gateway.service.writer`.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from medsettle_gateway.domain.keys import AnyKey, Facts
from medsettle_gateway.domain.locks import Kind, Lock, Locks, locks_read, locks_written
from medsettle_gateway.domain.moves import Move
from medsettle_gateway.service.commands import Answer
from medsettle_gateway.service.desk import Decision, Desk, Now
from medsettle_gateway.service.instants import Instants
from medsettle_gateway.service.ports import LockedError, Transaction
from medsettle_gateway.service.use_cases import ROUNDS_COUNT, USE_CASES, Written

_NO_LOCKS: Final[Locks] = frozenset()


@dataclass(slots=True, eq=False)
class Waiting:
    """A command in the queue, when it must be begun at the latest, and who waits for the answer.

    ``locks`` is what it stood on when it was last looked at; nothing before its facts were loaded.
    ``aside_count`` is how often it was put aside.
    """

    command: Written
    deadline_at: datetime | None
    answer: "asyncio.Future[Answer]"
    locks: Locks = _NO_LOCKS
    aside_count: int = 0

    def tell(self, answer: Answer) -> None:
        """Answers whoever still waits."""
        if not self.answer.done():
            self.answer.set_result(answer)


Late = Callable[[Iterable[Waiting]], Mapping[Waiting, Answer]]
"""Says which of the commands are not to be begun any more, and why."""
Fault = Callable[[Waiting, Exception], Answer]
"""Takes note of what a command failed of, and says what to answer."""
Outcome = tuple[Waiting, Decision]
_Asked = dict[Waiting, tuple[AnyKey, ...]]


class Group:
    """The commands of one transaction. ``late`` and ``fault`` answer for those that are not decided."""

    def __init__(
        self, transaction: Transaction, desk: Desk, instants: Instants, late: Late, fault: Fault
    ) -> None:
        self._transaction = transaction
        self._desk = desk
        self._instants = instants
        self._late = late
        self._fault = fault
        self._left: dict[Waiting, None] = {}
        self._outcomes: list[Outcome] = []
        self.aside: list[Waiting] = []
        """Those that stand on what others hold: nothing was decided about them."""

    async def run(self, asked: Iterable[Waiting]) -> list[Outcome]:
        """Returns what each command came to but those put ``aside``, as they were decided; all is written.

        Raises what the store raises: then nothing of the transaction may stand.
        """
        self._left = dict.fromkeys(asked)
        while self._left:
            self._drop_late()
            facts, now, keys = await self._load(_apart(self._left))
            self._drop_late()  # the store's locks may have been long in coming
            moves = self._decide(facts, now, keys)
            if moves:
                await self._transaction.write(moves)
        return self._outcomes

    def _decide(self, facts: Facts, now: Now, keys: _Asked) -> list[Move]:
        """Decides what shares nothing with what was changed or put off before it. Returns the moves."""
        moves: list[Move] = []
        behind: set[Lock] = set()
        for waiting in tuple(self._left):
            if waiting in keys:
                waiting.locks = locks_read(facts, keys[waiting])
                if behind.isdisjoint(waiting.locks):
                    decided, written = self._decided(waiting, facts, now)
                    moves += decided
                    behind |= written
                    continue
            behind |= waiting.locks
        return moves

    def _decided(self, waiting: Waiting, facts: Facts, now: Now) -> tuple[Sequence[Move], Locks]:
        """One command's own fate: its moves, and what they change.

        It may change only what it has looked at: the next one relies on that.
        """
        try:
            decision = USE_CASES[type(waiting.command)].decide(waiting.command, facts, now)
            written = locks_written(decision.moves)
            if not written <= waiting.locks:
                msg = f"{type(waiting.command).__name__} changes what it has not looked at"
                raise AssertionError(msg)
        except Exception as error:  # noqa: BLE001 - it fails alone: whatever it was, the others are decided
            decision, written = Decision(self._fault(waiting, error)), _NO_LOCKS
        self._end(waiting, decision)
        return decision.moves, written

    async def _load(self, chosen: Sequence[Waiting]) -> tuple[Facts, Now, _Asked]:
        """The facts of all, the instant that they were asked for, and the keys of each."""
        facts, keys, at = Facts(), _Asked(), self._transaction.at
        now = Now(self._desk, await self._instants.following(at))
        asking: Sequence[Waiting] = chosen
        for _ in range(ROUNDS_COUNT):
            missing: dict[AnyKey, None] = {}
            asking = [waiting for waiting in asking if self._asks(waiting, facts, now, keys, missing)]
            if not missing:
                return facts, now, keys
            facts = facts.joined(await self._loaded(missing, keys))
            asking = [waiting for waiting in asking if waiting in keys]
            if self._transaction.at != at:  # it waited for a lock: what was asked by the hour is asked anew
                at, asking = self._transaction.at, tuple(keys)
                now = Now(self._desk, await self._instants.following(at))
        if not asking:  # those who asked last were put aside: what the others need is there
            return facts, now, keys
        msg = f"{type(asking[0].command).__name__} asks for more after {ROUNDS_COUNT} rounds"
        raise AssertionError(msg)

    async def _loaded(self, missing: dict[AnyKey, None], keys: _Asked) -> Facts:
        """What is missing, for all but those who stand on what others hold: these are put aside."""
        while missing:
            try:
                return await self._transaction.load(tuple(missing))
            except LockedError as error:
                if not self._put_aside(error, keys):
                    raise
            needed = dict.fromkeys(key for asked in keys.values() for key in asked)
            missing = dict.fromkeys(key for key in missing if key in needed)
        return Facts()

    def _put_aside(self, error: LockedError, keys: _Asked) -> bool:
        aside = [waiting for waiting, asked in keys.items() if not set(asked).isdisjoint(error.keys)]
        for waiting in aside:
            del self._left[waiting], keys[waiting]
        self.aside += aside
        return bool(aside)

    def _asks(
        self, waiting: Waiting, facts: Facts, now: Now, keys: _Asked, missing: dict[AnyKey, None]
    ) -> bool:
        """Notes what a command needs to know, and returns whether that is not all there yet."""
        try:
            needed = USE_CASES[type(waiting.command)].needs(waiting.command, facts, now)
        except Exception as error:  # noqa: BLE001 - it fails alone
            keys.pop(waiting, None)
            self._end(waiting, Decision(self._fault(waiting, error)))
            return False
        keys[waiting] = needed
        known = facts.known()
        unknown = [key for key in needed if key not in known]
        missing.update(dict.fromkeys(unknown))
        return bool(unknown)

    def _drop_late(self) -> None:
        for waiting, refused in self._late(self._left).items():
            self._end(waiting, Decision(refused))

    def _end(self, waiting: Waiting, decision: Decision) -> None:
        del self._left[waiting]
        self._outcomes.append((waiting, decision))


def _apart(left: Iterable[Waiting]) -> list[Waiting]:
    """Those that, as far as is known, can be decided now: each stands on nothing that one before it does.

    Of many for one member all but the first would be loaded in vain, again and again. Terminals are looked at
    by all and hardly ever changed.
    """
    chosen: list[Waiting] = []
    taken: set[Lock] = set()
    for waiting in left:
        mine = {lock for lock in waiting.locks if lock.kind is not Kind.TERMINAL}
        if taken.isdisjoint(mine):
            chosen.append(waiting)
        taken |= mine
    return chosen
