"""Comparing a till's journal with the books after a restore with loss: how far it is, and when it is over."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from medsettle_gateway.domain.keys import AnyKey, Facts, RecoveryKey, TerminalKeysKey
from medsettle_gateway.domain.moves import EndRecovery
from medsettle_gateway.domain.recovery import Recovery
from medsettle_gateway.service.commands import Caller, ComparedAnswer
from medsettle_gateway.service.desk import Decision, Now
from medsettle_gateway.service.guards import check_right, right_keys

_MARGIN: Final = timedelta(hours=1)
"""An answer may state an earlier time than the books do: the process that gave it has a clock of its own."""


@dataclass(frozen=True, slots=True)
class Compare:
    """A till asks how far it is or, with ``epoch``, says that it has shown all that its journal has.

    ``journal_began_at``: since when the journal keeps what it is answered.
    """

    caller: Caller
    epoch: int | None = None
    journal_began_at: datetime | None = None


def needs(command: Compare, known: Facts, now: Now) -> tuple[AnyKey, ...]:  # noqa: ARG001 - called alike
    """Returns what to load: what is open for the terminal, and, to end it, since when it has keys.

    The keys only then: they are had with the terminal's lock alone, and its other commands would be put
    aside for a question.
    """
    caller = command.caller
    own = _own_key(caller)
    ends = own in known and _would_end(command, known.of(own))
    of_terminal = (TerminalKeysKey(caller.terminal),) if ends else ()
    return (*right_keys(caller), _open_key(caller), own, *of_terminal)


def decide(command: Compare, facts: Facts, now: Now) -> Decision:
    """Ends the comparison if all of it was shown, and says how far it is.

    A till for which people ended it shows what it has all the same when it comes back: what it was answered
    is not lost because nobody expected it any more. Raises Refused where the caller's right has ended since
    the request arrived.
    """
    check_right(command.caller, facts, now.at)
    recovery = facts.of(_own_key(command.caller))
    if recovery.absent_until is None:
        return Decision(ComparedAnswer(recovery.epoch, compared=True))
    if _would_end(command, recovery) and _covers(command, facts.of(_open_key(command.caller)), facts):
        over = EndRecovery(recovery.epoch, command.caller.terminal, now.at)
        return Decision(ComparedAnswer(recovery.epoch, compared=True), (over,))
    since = None if recovery.lost_from is None else recovery.lost_from - _MARGIN
    return Decision(ComparedAnswer(recovery.epoch, compared=False, since=since))


def _would_end(command: Compare, recovery: Recovery) -> bool:
    return recovery.absent_until is not None and command.epoch == recovery.epoch


def _covers(command: Compare, recovery: Recovery, facts: Facts) -> bool:
    """Whether the journal was there when what is lost was written, as far as anybody still waits for it.

    A new journal at an old terminal knows nothing of it, and proves nothing by its silence. Nor does one at a
    terminal that got its first key after the restore: it may have had another in what is lost. A first key
    that the backup has proves that there was nothing before it.
    """
    if recovery.absent_until is None:
        return True
    lost_from, restored_at = recovery.lost_from, recovery.first_begun_at
    began_at = command.journal_began_at
    if lost_from is None or restored_at is None or began_at is None:
        return False
    keys = facts.of(TerminalKeysKey(command.caller.terminal))
    first_at = min((key.not_before for key in keys), default=lost_from)
    since = first_at if lost_from < first_at <= restored_at else lost_from
    return began_at <= since


def _open_key(caller: Caller) -> RecoveryKey:
    return RecoveryKey(caller.institution, caller.terminal)


def _own_key(caller: Caller) -> RecoveryKey:
    return RecoveryKey(caller.institution, caller.terminal, own=True)
