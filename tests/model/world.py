"""Till x network x gateway x cash, as one finite graph.

The inputs are the product's own: ``wire.states.GATEWAY``, ``OUTCOME`` and ``UNDONE_AS``, ``medsettle.sale``,
and the steps that a pass may take. The bounds:

- one till, one ticket, one sale at a time; a second attempt where ``second_attempt`` says so; one other till
  of the institution that may reverse or release the sale once (``elsewhere``), and who undid it the gateway
  says;
- a message that was once sent may arrive now, later, or never, any number of times, in any order: all copies
  of one kind of call count as one. An answer belongs to the call that waits for it: a later one counts as
  none, as its nonce is another's;
- the gateway answers what it has committed, and keeps nothing else: its crash before the commit is a request
  that never arrived, its crash after it an answer that is lost;
- the till may crash before and after every write of its journal, and while something outside is waited for;
- any call may be refused before the sale was looked at, for the terminal's sake or the form's (``refusals``);
- people may click again, look up, give up and undo whenever the till does nothing (``wishes``);
- time is not counted: whatever it may do (end a hold, end its day, end the days of reversal) may happen at
  any moment;
- a remote authority (``remote``) charges once a number or refuses it for ever, at any time, also after nobody
  wants it any more; undone, it charges nothing more.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from medsettle.models import CashState, Collect, Outcome
from medsettle.record import Step
from medsettle.wire.reasons import Reason
from medsettle.wire.states import ALIVE, GATEWAY, Event, SaleState
from tests.model.gateway import Gateway, Table
from tests.model.graph import Interned, Move, Walk, check_all_end, walk
from tests.model.rules import Rules
from tests.model.state import EVENTS, Answer, Beyond, First, Now
from tests.model.till import CALLS, Machine, Till, TillState

_S = SaleState
CASH_FEN: Final = 4_000
_LATER_STEPS: Final = tuple(EVENTS)


@dataclass
class World:
    """The graph. What differs from the product is given to it, to see that it is noticed."""

    collect: Collect = Collect.LATER
    cash_fen: int = CASH_FEN
    refunds_once: bool = False
    elsewhere: bool = False
    refusals: bool = True
    wishes: bool = True
    second_attempt: bool = False
    remote: bool = False
    table: Table = field(default_factory=lambda: GATEWAY)
    machine: Machine = field(default_factory=Machine)
    alive: frozenset[SaleState] = ALIVE
    answers_first: bool = False

    def __post_init__(self) -> None:
        self.gateway = Gateway(self.collect, self.remote, self.table, self.alive, self.answers_first)
        self.till = Till(self.machine, self.refunds_once)
        self.tills: Interned[TillState] = Interned()
        self.rules = Rules(self.machine, self.cash_fen, self.tills)
        self.answers: Interned[Answer | None] = Interned()
        self.answers.number(None)
        self._clicks: dict[int, list[tuple[str, int, bool]]] = {}
        self._goes_on: dict[int, int] = {}
        self._crashed: dict[int, int] = {}
        self._heard: dict[tuple[int, int], int] = {}
        self._cash: dict[int, list[tuple[str, int, int, bool]]] = {}

    def start(self) -> Now:
        """Returns a sale whose intent is written; cash that is paid at once is in the drawer already."""
        paid = self.collect is Collect.NOW and self.cash_fen > 0
        begun = self.till.begun(self.collect, self.cash_fen)
        beyond = Beyond() if self.remote else None
        return Now(self.tills.number(begun), _S.ABSENT, cash=int(paid), beyond=beyond)

    def moves(self, now: Now) -> Iterator[Move[Now]]:
        """Yields all that may happen next."""
        yield from self._at_the_till(now)
        yield from self._late_arrivals(now)
        yield from self.gateway.time(now)
        if now.beyond is not None:
            yield from self.gateway.authority(now, now.beyond)
        if self.elsewhere and not now.elsewhere:
            yield from self._other_till(now)

    # The till.

    def _at_the_till(self, now: Now) -> Iterator[Move[Now]]:
        state = self.tills.values[now.till]
        if state.work is None:
            yield from self._people(now, state)
            if state.mine:
                yield self._crash(now, None)
            return
        at = state.work.at
        if at is None:
            yield Move("the till writes and goes on", now._replace(till=self._next(now.till)), True)
            asking = self.till.asks_on(state)
            if asking is not None:
                yield Move("the till asks on", now._replace(till=self.tills.number(asking)), False)
            yield self._crash(now, None)
        elif at in CALLS:
            yield from self._waiting(now, at)
        else:
            yield from self._with_cash(now, state)

    def _next(self, till: int) -> int:
        if till not in self._goes_on:
            self._goes_on[till] = self.tills.number(self.till.goes_on(self.tills.values[till]))
        return self._goes_on[till]

    def _crash(self, now: Now, at: Step | None) -> Move[Now]:
        if now.till not in self._crashed:
            self._crashed[now.till] = self.tills.number(self.till.crashed(self.tills.values[now.till]))
        after = now._replace(till=self._crashed[now.till])
        return Move("THE TILL CRASHES and is started again", self._left(after, at), False)

    def _left(self, now: Now, at: Step | None) -> Now:
        """Nobody waits for the call any more; it may still arrive."""
        bit = 1 << _LATER_STEPS.index(at) if at in EVENTS else 0
        return now._replace(under_way=now.under_way | bit, answer=0)

    def _people(self, now: Now, state: TillState) -> Iterator[Move[Now]]:
        if now.till not in self._clicks:
            self._clicks[now.till] = [
                (what, self.tills.number(after), fair) for what, after, fair in self.till.clicks(state)
            ]
        for what, after, fair in self._clicks[now.till]:
            if fair or self.wishes:
                yield Move(what, now._replace(till=after), fair)
        found = self.till.person_found(state)
        if found is not None:
            paid_back = now._replace(till=self.tills.number(found), cash=0)
            yield Move("a person finds out and pays back", paid_back, True)
        if self.second_attempt and now.first is None and self._ended_unpaid(now.till):
            begun = self.till.begun(self.collect, self.cash_fen)
            paid = self.collect is Collect.NOW and self.cash_fen > 0
            left = First(now.sale, now.settled, now.under_way)
            beyond = Beyond() if self.remote else None
            again = Now(self.tills.number(begun), _S.ABSENT, cash=now.cash + paid, first=left, beyond=beyond)
            yield Move("the cashier begins the next attempt", again, False)

    def _ended_unpaid(self, till: int) -> bool:
        outcome, closed, _ = self.rules.told(till)
        return closed and outcome is Outcome.NOT_PAID

    def _waiting(self, now: Now, at: Step) -> Iterator[Move[Now]]:
        for what, after, answer in self.gateway.arrives(now, at):
            yield Move(f"{at} arrives: {what}", after._replace(answer=self.answers.number(answer)), True)
        if self.refusals:
            for reason in (Reason.TERMINAL_SUSPENDED, Reason.FIELD_INVALID):
                declined = self.answers.number(Answer(at, reason=reason))
                yield Move(f"{at} is refused unread: {reason}", now._replace(answer=declined), False)
        if now.answer:
            heard = now._replace(till=self._hears(now.till, now.answer))
            yield Move("the till hears the answer", self._left(heard, at), True)
        lost = self.answers.number(Answer(at))
        nothing = now._replace(till=self._hears(now.till, lost))
        yield Move(f"NO ANSWER to {at}", self._left(nothing, at), False)
        yield self._crash(now, at)

    def _hears(self, till: int, answer: int) -> int:
        key = (till, answer)
        if key not in self._heard:
            event = self.answers.values[answer]
            if event is None:
                raise AssertionError("there is no answer to hear")
            heard = self.till.answered(self.tills.values[till], event.event(self.cash_fen))
            self._heard[key] = self.tills.number(heard)
        return self._heard[key]

    def _with_cash(self, now: Now, state: TillState) -> Iterator[Move[Now]]:
        collecting = state.work is not None and state.work.at is Step.COLLECT_CASH
        if now.till not in self._cash:
            ends = self.till.collects(state) if collecting else self.till.refunds(state)
            self._cash[now.till] = [
                (what, self.tills.number(after), self._cash_after(moved, collecting=collecting), well)
                for what, after, moved, well in ends
            ]
        for what, after, delta, well in self._cash[now.till]:
            yield Move(what, now._replace(till=after, cash=self._paid(now, state, delta)), well)
        yield self._crash(now, None)
        moved = self._paid(now, state, self._cash_after(moved=True, collecting=collecting))
        yield self._crash(now._replace(cash=moved), None)

    def _cash_after(self, moved: bool, *, collecting: bool) -> int:
        return 0 if not moved else 1 if collecting else -1

    def _paid(self, now: Now, state: TillState, delta: int) -> int:
        """What was certainly taken is given back as it stands; of what is not known, whatever was taken.

        A tender that pays back once an id pays nothing more.
        """
        counts = self.refunds_once or (state.work is not None and state.work.before is CashState.ASKED)
        return max(0, now.cash + delta) if delta < 0 and counts else now.cash + delta

    # The gateway.

    def _late_arrivals(self, now: Now) -> Iterator[Move[Now]]:
        for bit, step in enumerate(_LATER_STEPS):
            if now.under_way >> bit & 1:
                for what, after, _ in self.gateway.arrives(now, step):
                    if after != now:
                        yield Move(f"an earlier {step} arrives: {what}", after, False)
            if now.first is not None and now.first.under_way >> bit & 1:
                yield from self.gateway.of_first(now, now.first, step)

    def _other_till(self, now: Now) -> Iterator[Move[Now]]:
        """Another till undoes the sale; who reverses a paid one there may give the cash back, or not."""
        for event in (Event.REVERSE, Event.RELEASE):
            cell = self.gateway.table[now.sale][event]
            if not cell.to or (now.late and now.sale is _S.SETTLED):
                continue
            to = next(each for each in self.gateway.follows(now, event) if not isinstance(each, Reason))
            undone = self.gateway.moved(now, to, event)._replace(elsewhere=True)
            yield Move(f"another till: {event}", undone, False)
            if now.sale is _S.SETTLED and now.cash > 0:
                there = undone._replace(cash=now.cash - 1)
                yield Move(f"another till: {event}, and gives the cash back", there, False)


def checked(world: World) -> Walk[Now]:
    """Returns everything that can happen. Raises Broken if a rule does not hold, or something never ends."""
    found = walk([world.start()], world.moves, world.rules.rule, world.rules.describe)
    check_all_end(found, found.fair, world.rules.is_end, world.rules.describe)
    check_all_end(found, found.alone, world.rules.is_free, world.rules.describe)
    return found
