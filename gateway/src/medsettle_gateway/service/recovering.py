"""After a restore with loss the gateway proves no absence.

An id that the books do not have may stand for a sale that they lost, until the till of that id has compared:
only that till can have sent a Settle under it, and its journal has every id before the first byte leaves.
So one till's comparison is enough for its own ids, and a till that has compared sells again at once, whatever
the others do. What another till of the institution did to the sale (Confirm, Reverse) is shown by that other
one, and moves the sale on then.

A hold that the books still have may have been confirmed since, and a settled sale been reversed: until the
comparison nobody releases or reverses it, nor does time. Whoever did would give the same cash back again.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

from medsettle.wire.reasons import Reason
from medsettle.wire.states import SaleState
from medsettle_gateway.domain.ids import RequestId
from medsettle_gateway.domain.keys import AnyKey, Facts, RecoveryKey, SaleKey
from medsettle_gateway.domain.recovery import Recovery
from medsettle_gateway.domain.sale import SaleRecord
from medsettle_gateway.service.commands import Confirm, Release, Reverse, SaleAnswer
from medsettle_gateway.service.desk import Decision, Now
from medsettle_gateway.service.refused import unrecorded

ANYBODY = RecoveryKey()
_HOLDS = (SaleState.HELD, SaleState.EXPIRED)
STANDING = (*_HOLDS, SaleState.SETTLED)
"""States that may have been followed by another, which the books have lost."""

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
    """Returns the use case that answers RECOVERING where absence is no proof, and states the epoch.

    ``replaces_of`` names another sale that the command undoes.
    """

    def needs_more(command: object, known: Facts, now: Now) -> tuple[AnyKey, ...]:
        replaces = replaces_of(command)
        replaced = () if replaces is None else keys(replaces, known)
        return (*keys(request_id_of(command), known), *replaced, *needs(command, known, now))

    def decide_unless_hidden(command: object, facts: Facts, now: Now) -> Decision:
        request_id = request_id_of(command)
        sale = facts.of(SaleKey(request_id.text))
        states = STANDING if isinstance(command, Reverse) else _HOLDS
        hidden = hides(request_id, sale, facts, states) and _might_deny(command, sale)
        if hidden or (sale is None and _hides_replaced(replaces_of(command), request_id, facts)):
            return Decision(unrecorded(Reason.RECOVERING, request_id.text))
        return stated(decide(command, facts, now), facts)

    return Guarded(needs_more, decide_unless_hidden)


def _hides_replaced(replaces: RequestId | None, by: RequestId, facts: Facts) -> bool:
    """Whether the sale that is to be replaced may have ended in what was lost."""
    if replaces is None or replaces.institution != by.institution:
        return False
    return hides(replaces, facts.of(SaleKey(replaces.text)), facts, STANDING)


def _might_deny(command: object, sale: SaleRecord | None) -> bool:
    """Whether the call may end as a proof that nothing was paid; a Confirm that comes late may."""
    late = sale is not None and sale.state is SaleState.EXPIRED
    return sale is None or isinstance(command, Release | Reverse) or (late and isinstance(command, Confirm))


def keys(request_id: RequestId, known: Facts) -> tuple[AnyKey, ...]:
    """Returns what to load: the sale, whether anything is open at all, then whether it is for this till."""
    if ANYBODY in known and known.of(ANYBODY).hides(request_id.ticket.day):
        return (SaleKey(request_id.text), ANYBODY, of_till(request_id))
    return (SaleKey(request_id.text), ANYBODY)


def of_till(request_id: RequestId) -> RecoveryKey:
    """Returns the key of what is open for the till of an id."""
    return RecoveryKey(request_id.institution, request_id.terminal)


def hides(
    request_id: RequestId, sale: SaleRecord | None, facts: Facts, states: tuple[SaleState, ...] = _HOLDS
) -> bool:
    """Returns whether what the books have of an id, or that they do not have it, may be what was lost.

    ``states``: those in which a sale that they have may have moved on.
    """
    if not facts.of(ANYBODY).hides(request_id.ticket.day):
        return False
    recovery: Recovery = facts.of(of_till(request_id))
    if not recovery.hides(request_id.ticket.day):
        return False
    if sale is None:
        return True
    begun_at = recovery.begun_at
    # Not when it last changed: time may have ended the hold since, and it may still have been confirmed.
    return sale.state in states and begun_at is not None and sale.created_at <= begun_at


def stated(decision: Decision, facts: Facts) -> Decision:
    """Returns the decision whose answer states the epoch of the books."""
    if not isinstance(decision.answer, SaleAnswer):
        return decision
    return decision._replace(answer=replace(decision.answer, epoch=facts.of(ANYBODY).epoch))


def stating(needs: Needs, decide: Decide) -> Guarded:
    """Returns the use case whose answer states the epoch; it is about a sale that the books have."""
    return Guarded(
        lambda command, known, now: (ANYBODY, *needs(command, known, now)),
        lambda command, facts, now: stated(decide(command, facts, now), facts),
    )
