"""The gateway's side: ``wire.states.GATEWAY`` as the use cases mean it, time, and a remote authority."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from medsettle.models import Collect
from medsettle.record import Step
from medsettle.wire.reasons import Reason
from medsettle.wire.states import ALIVE, GATEWAY, UNDONE_AS, Cell, Event, SaleState
from tests.model.graph import Move
from tests.model.state import EVENTS, Answer, Beyond, Charge, First, Now

Table = Mapping[SaleState, Mapping[Event, Cell]]
_S = SaleState
TIME: Final = {
    Event.HOLD_ENDED: "the hold's time is over", Event.DAY_ENDED: "the hold's day is over",
}
_SAID: Final = {
    Charge.CHARGED: Event.AUTHORITY_SETTLED, Charge.REFUSED: Event.AUTHORITY_REFUSED,
    Charge.UNDONE: Event.AUTHORITY_UNDONE,
}


_UNDOING: Final = frozenset({Step.RELEASE, Step.REVERSE, Step.CONFIRM})
"""Calls by which a till undoes a sale, a confirmation that is too late among them."""
_UNDONE: Final = frozenset({_S.RELEASED, _S.REVERSED})


def _answer(at: Step, now: Now) -> Answer:
    """The state, and of an undone sale who did it: another till, this one, or nobody but time."""
    by = True if now.elsewhere else (False if now.mine else None)
    return Answer(at, now.sale, elsewhere=by if now.sale in _UNDONE else None)


@dataclass
class Gateway:
    """What each event may do to a sale. ``alive``: states of which a ticket has one at most.

    ``answers_first`` breaks the order of things: an answer leaves before its commit, which may never come.
    """

    collect: Collect
    remote: bool = False
    table: Table = field(default_factory=lambda: GATEWAY)
    alive: frozenset[SaleState] = ALIVE
    answers_first: bool = False

    def arrives(self, now: Now, at: Step) -> Iterator[tuple[str, Now, Answer]]:
        if at is Step.READ:
            known = now.sale is not _S.ABSENT
            yield now.sale, now, _answer(at, now) if known else Answer(at, reason=Reason.SALE_NOT_FOUND)
            return
        for state in self.follows(now, EVENTS[at]):
            if isinstance(state, Reason):
                yield state, now, Answer(at, reason=state)
                continue
            after = self.moved(now, state, EVENTS[at])
            if after.sale is not now.sale and at in _UNDOING:
                after = after._replace(mine=True)
            if at is Step.SETTLE and state is _S.REFUSED:
                yield state, after, Answer(at, reason=Reason.QUOTE_CHANGED)
            else:
                yield state, after, _answer(at, after)
                if self.answers_first:
                    yield f"{state}, answered and never committed", now, _answer(at, after)

    def follows(self, now: Now, event: Event) -> Iterable[SaleState | Reason]:
        """What the table lets follow, as the use cases mean it."""
        cell = self.table[now.sale][event]
        if cell.refuse is not None:
            return (cell.refuse,)
        if not cell.to:
            return (now.sale,)
        if event is Event.REVERSE and now.late and now.sale is _S.SETTLED:
            return (Reason.REVERSE_TOO_LATE,)
        if event is Event.SETTLE and now.sale is _S.ABSENT:
            return self._begins(now, cell)
        if len(cell.to) > 1 and _S.UNDOING in cell.to:
            # An authority without holds has charged it already, and takes time to undo that.
            return (_S.UNDOING,) if self.remote else tuple(to for to in cell.to if to is not _S.UNDOING)
        return cell.to

    def _begins(self, now: Now, cell: Cell) -> Iterable[SaleState]:
        if self._other_alive(now):
            return (_S.REFUSED,)
        if self.remote:
            return tuple(to for to in cell.to if to in {_S.PENDING, _S.REFUSED})
        never = {_S.PENDING, _S.HELD if self.collect is Collect.NOW else _S.SETTLED}
        return tuple(to for to in cell.to if to not in never)

    def _other_alive(self, now: Now) -> bool:
        return now.first is not None and now.first.sale in self.alive

    def moved(self, now: Now, state: SaleState, event: Event) -> Now:
        settles = state is _S.SETTLED and now.sale is not _S.SETTLED
        beyond = now.beyond
        if beyond is not None:
            if self.table[now.sale][event].unwanted:
                beyond = beyond._replace(unwanted=True)
            if state is _S.UNDOING and now.sale is not _S.UNDOING:
                beyond = beyond._replace(before=now.sale)
        return now._replace(sale=state, settled=now.settled + settles, beyond=beyond)

    def of_first(self, now: Now, first: First, step: Step) -> Iterator[Move[Now]]:
        """What an earlier attempt's call does when it arrives: the attempts change places for a moment."""
        here = First(now.sale, now.settled, 0)
        there = now._replace(sale=first.sale, settled=first.settled, late=False, first=here)
        for state in self.follows(there, EVENTS[step]):
            if not isinstance(state, Reason) and state is not first.sale:
                moved = self.moved(there, state, EVENTS[step])
                left = first._replace(sale=moved.sale, settled=moved.settled)
                yield Move(f"{step} of the first attempt arrives: {state}", now._replace(first=left), False)

    def time(self, now: Now) -> Iterator[Move[Now]]:
        for event, what in TIME.items():
            if self.table[now.sale][event].to:
                for to in self.follows(now, event):
                    if not isinstance(to, Reason):
                        yield Move(what, self.moved(now, to, event), fair=True, alone=True)
        if now.sale is _S.SETTLED and not now.late:
            yield Move("it is too late to reverse", now._replace(late=True), False)

    def authority(self, now: Now, beyond: Beyond) -> Iterator[Move[Now]]:
        """It is asked under a number, late or twice; it charges once, and never once that is undone."""
        asked = now.sale is _S.PENDING and beyond.charge is Charge.NOTHING
        if asked:
            for charge in (Charge.CHARGED, Charge.REFUSED):
                after = now._replace(beyond=beyond._replace(charge=charge))
                yield Move(f"the authority: {charge}", after, fair=True, alone=True)
        to_undo = now.sale in {_S.PENDING, _S.UNDOING}
        if to_undo and beyond.charge in {Charge.CHARGED, Charge.NOTHING}:
            undone = beyond._replace(charge=Charge.UNDONE)
            surely = now.sale is _S.UNDOING
            yield Move("the authority undoes", now._replace(beyond=undone), fair=surely, alone=surely)
        event = _SAID.get(beyond.charge)
        if event is not None and self.table[now.sale][event].to:
            for to in self._decided(now, beyond, event):
                yield Move(f"the gateway hears: {event}", self.moved(now, to, event), fair=True, alone=True)

    def _decided(self, now: Now, beyond: Beyond, event: Event) -> Iterable[SaleState]:
        cell = self.table[now.sale][event]
        if event is Event.AUTHORITY_SETTLED and now.sale is _S.PENDING:
            if beyond.unwanted:
                return (_S.UNDOING,)
            wanted = _S.SETTLED if self.collect is Collect.NOW else _S.HELD
            return tuple(to for to in cell.to if to in {wanted, _S.UNDOING})
        if event is Event.AUTHORITY_UNDONE and now.sale is _S.UNDOING:
            ends = UNDONE_AS[beyond.before]
            return (ends[0] if beyond.unwanted else ends[-1],)
        return cell.to
