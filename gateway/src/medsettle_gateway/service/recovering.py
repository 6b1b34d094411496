"""After a restore with loss the gateway proves no absence, and lets nobody end what may have ended otherwise.

An id that the books do not have may stand for a sale that they lost, until the till of that id has compared:
only that till can have sent a Settle under it, and its journal has every id before the first byte leaves.
So one till's comparison is enough for its own ids, and a till that has compared sells again at once, whatever
the others do.

A sale that the books have may have moved on since, and any till of the institution may have done it: have
confirmed the hold, reversed the sale, or taken part of the goods back. Until all that could have compared,
nobody gives it up, reverses or replaces it, nor does time: whoever did would give the same cash back again.
A look-up waits for the till of the id and for the one that asks, so that no till is told an older state than
it was shown; that of a hold waits for all.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from msgspec import structs

from medsettle.wire.reasons import Reason
from medsettle.wire.states import ALIVE, SaleState
from medsettle_gateway.domain.ids import RequestId
from medsettle_gateway.domain.keys import AnyKey, AwaitedKey, Facts, RecoveryKey, SaleKey
from medsettle_gateway.domain.recovery import Awaited
from medsettle_gateway.domain.sale import SaleRecord
from medsettle_gateway.domain.transitions import changes
from medsettle_gateway.service.commands import (
    Caller,
    Confirm,
    RefusedAnswer,
    Release,
    Reverse,
    SaleAnswer,
    Seal,
)
from medsettle_gateway.service.desk import Decision, Now
from medsettle_gateway.service.refused import unrecorded
from medsettle_gateway.service.undo import event_of

ANYBODY = RecoveryKey()
NOBODY = Awaited()
_HOLDS = (SaleState.HELD, SaleState.EXPIRED)


def _nothing(_: object) -> RequestId | None:
    return None


Needs = Callable[[Any, Facts, Now], tuple[AnyKey, ...]]
Decide = Callable[[Any, Facts, Now], Decision]


class Guarded(NamedTuple):
    """A use case about a sale, with the same two functions."""

    needs: Needs
    decide: Decide


def guarded(
    needs: Needs,
    decide: Decide,
    request_id_of: Callable[[Any], RequestId],
    replaces_of: Callable[[Any], RequestId | None] = _nothing,
) -> Guarded:
    """Returns the use case that answers RECOVERING where it must not decide yet, and states the epoch.

    ``replaces_of`` names another sale that the command undoes.
    """

    def needs_more(command: object, known: Facts, now: Now) -> tuple[AnyKey, ...]:
        replaces = replaces_of(command)
        replaced = () if replaces is None else keys(replaces, known)
        return (*keys(request_id_of(command), known), *replaced, *needs(command, known, now))

    def decide_unless_hidden(command: object, facts: Facts, now: Now) -> Decision:
        request_id = request_id_of(command)
        sale = facts.of(SaleKey(request_id.text))
        if sale is None and hides_absence(request_id, facts):
            return Decision(recovering(request_id))
        awaited = awaited_by(sale, facts) if sale is not None and _ends(command, sale) else NOBODY
        if sale is None:
            awaited = _awaited_to_replace(replaces_of(command), request_id, facts)
        if awaited.tills_count:
            return Decision(recovering(request_id, awaited))
        return stated(decide(command, facts, now), facts)

    return Guarded(needs_more, decide_unless_hidden)


def keys(request_id: RequestId, known: Facts) -> tuple[AnyKey, ...]:
    """Returns what to load: the sale, whether anything is open at all, then for whom it is."""
    if ANYBODY in known and known.of(ANYBODY).hides(request_id.ticket.day):
        own = RecoveryKey(request_id.institution, request_id.terminal)
        return (SaleKey(request_id.text), ANYBODY, own, AwaitedKey(request_id.institution))
    return (SaleKey(request_id.text), ANYBODY)


def keys_to_look_up(request_id: RequestId, caller: Caller, known: Facts) -> tuple[AnyKey, ...]:
    """Returns what to load, and what is open for the one who asks."""
    found = keys(request_id, known)
    return (*found, _of_caller(caller)) if AwaitedKey(request_id.institution) in found else found


def hides_absence(request_id: RequestId, facts: Facts) -> bool:
    """Returns whether it is no proof that the books do not have an id."""
    day = request_id.ticket.day
    if not facts.of(ANYBODY).hides(day):
        return False
    return facts.of(RecoveryKey(request_id.institution, request_id.terminal)).hides(day)


def hidden_from(
    caller: Caller, request_id: RequestId, sale: SaleRecord | None, facts: Facts
) -> RefusedAnswer | None:
    """Returns the refusal of a look-up, if the caller must not be told what the books have; else None.

    Of a hold that any till may have confirmed: whoever were told that it stands would collect the cash again.
    """
    if sale is None:
        return recovering(request_id) if hides_absence(request_id, facts) else None
    if sale.state not in ALIVE or not facts.of(ANYBODY).hides(request_id.ticket.day):
        return None
    if sale.state in _HOLDS:
        awaited = awaited_by(sale, facts)
        return recovering(request_id, awaited) if awaited.tills_count else None
    for key in (RecoveryKey(request_id.institution, request_id.terminal), _of_caller(caller)):
        begun_at = facts.of(key).begun_at
        if begun_at is not None and sale.created_at <= begun_at:
            return recovering(request_id)
    return None


def awaited_by(sale: SaleRecord, facts: Facts) -> Awaited:
    """Returns the tills of which one may have moved the sale on in what was lost."""
    if sale.state not in ALIVE or not facts.of(ANYBODY).hides(sale.request_id.ticket.day):
        return NOBODY
    awaited = facts.of(AwaitedKey(sale.institution))
    return awaited if awaited.may_have_moved(sale) else NOBODY


def recovering(request_id: RequestId, awaited: Awaited = NOBODY) -> RefusedAnswer:
    """Returns the refusal; it names the tills that are awaited, as far as there is room."""
    if not awaited.tills_count:
        return unrecorded(Reason.RECOVERING, request_id.text)
    return unrecorded(Reason.RECOVERING, request_id.text, awaited=named(awaited))


def named(awaited: Awaited) -> str:
    """Returns the tills that are awaited, as far as there is room, and how many more there are."""
    more_count = awaited.tills_count - len(awaited.terminals)
    return ", ".join(awaited.terminals) + (f", +{more_count}" if more_count else "")


def _ends(command: object, sale: SaleRecord) -> bool:
    """Whether the call may prove that nothing is paid: a Confirm that comes late may, and whatever undoes."""
    if isinstance(command, Confirm):
        return sale.state is SaleState.EXPIRED
    return isinstance(command, Release | Reverse | Seal) and changes(sale.state, event_of(command))


def _awaited_to_replace(replaces: RequestId | None, by: RequestId, facts: Facts) -> Awaited:
    if replaces is None or replaces.institution != by.institution:
        return NOBODY
    replaced = facts.of(SaleKey(replaces.text))
    if replaced is not None:
        return awaited_by(replaced, facts)
    own = Awaited((replaces.terminal,), 1)
    return own if hides_absence(replaces, facts) else NOBODY


def _of_caller(caller: Caller) -> RecoveryKey:
    return RecoveryKey(caller.institution, caller.terminal)


def stated(decision: Decision, facts: Facts) -> Decision:
    """Returns the decision whose answer states the epoch of the books."""
    if not isinstance(decision.answer, SaleAnswer):
        return decision
    return decision._replace(answer=structs.replace(decision.answer, epoch=facts.of(ANYBODY).epoch))


def stating(needs: Needs, decide: Decide) -> Guarded:
    """Returns the use case whose answer states the epoch; it is about a sale that the books have."""
    return Guarded(
        lambda command, known, now: (ANYBODY, *needs(command, known, now)),
        lambda command, facts, now: stated(decide(command, facts, now), facts),
    )
